"""Our key pairs: how this app proves who it is, and the public half that we publish. SMART 2.2 asymmetric client authentication.

RSA keys sign RS384, P-384 keys ES384. The id of a key is its RFC 7638 thumbprint, so that it is the same everywhere. Private halves leave
this module in no form but the PEM of a key just made.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fhir_taper.errors import SettingsError
from fhir_taper.records import Json, Secret, Tenant

RS384: Final = "RS384"
ES384: Final = "ES384"
JWKS_HEADERS: Final = (("Content-Type", "application/json"), ("Cache-Control", "public, max-age=3600"))
"""A server may keep our keys for an hour: a new key is published at least that long before it signs."""
_RSA_BITS: Final = 3072
_SMALLEST_RSA: Final = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One private key: its id, the one algorithm it signs with, and its public half as a JWK."""

    kid: str
    algorithm: str
    public: Json
    _key: RSAKey | ECKey = field(repr=False, compare=False)

    def sign(self, claims: Json) -> Secret:
        """A signed JWT with typ and kid in its header."""
        header = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}
        return Secret(jwt.encode(header, claims, self._key, algorithms=[self.algorithm]))


@lru_cache(maxsize=64)  # checking an RSA key costs more than signing with it
def signing_key(pem: Secret) -> SigningKey:
    """The key in a PEM text. Raises SettingsError where it is no RSA (2048 bits or more) or P-384 private key."""
    try:
        private = load_pem_private_key(pem.reveal().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    key: RSAKey | ECKey
    if isinstance(private, RSAPrivateKey) and private.key_size >= _SMALLEST_RSA:
        key, algorithm = RSAKey.import_key(private), RS384
    elif isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP384R1):
        key, algorithm = ECKey.import_key(_pem(private).reveal()), ES384
    else:
        raise SettingsError(f"a signing key is neither an RSA key of {_SMALLEST_RSA} bits or more nor a P-384 key, in PEM without password")
    kid = key.thumbprint()
    return SigningKey(kid, algorithm, {**key.as_dict(private=False), "kid": kid, "alg": algorithm, "use": "sig"}, key)


def key_that_signs(tenant: Tenant, supported: tuple[str, ...] = ()) -> SigningKey:
    """The first of the tenant's keys whose algorithm its token endpoint takes; the first of all where it does not say."""
    keys = [signing_key(pem) for pem in tenant.signing_keys]
    if not keys:
        raise SettingsError(f"tenant {tenant.id}: there is no private key to sign with")
    return next((key for key in keys if key.algorithm in supported), keys[0])


def published_keys(tenants: Iterable[Tenant]) -> Json:
    """Our JWKS: the public half of each tenant's keys, the one that signs and those in rotation, each once."""
    keys = {key.kid: key.public for tenant in tenants for key in map(signing_key, tenant.signing_keys)}
    return {"keys": list(keys.values())}


def new_key(algorithm: str) -> Secret:
    """A new private key as PEM, for RS384 or ES384."""
    if algorithm == RS384:
        return _pem(generate_rsa(public_exponent=65537, key_size=_RSA_BITS))
    if algorithm == ES384:
        return _pem(generate_ec(SECP384R1()))
    raise SettingsError(f"keys are made for {RS384} or {ES384}, not for {algorithm}")


def _pem(key: RSAPrivateKey | EllipticCurvePrivateKey) -> Secret:
    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
