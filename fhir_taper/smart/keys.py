"""Our key pairs: how this app proves who it is, and the public half that we publish. SMART 2.2 asymmetric client authentication.

RSA keys sign RS384, P-384 keys ES384. The id of a key is its RFC 7638 thumbprint, so that it is the same everywhere. Private halves leave
this module in no form but the PEM of a key just made.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
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
    key = _imported(pem.reveal())
    if isinstance(key, RSAKey) and key.is_private and key.raw_value.key_size >= _SMALLEST_RSA:
        algorithm = RS384
    elif isinstance(key, ECKey) and key.is_private and key.curve_name == "P-384":
        algorithm = ES384
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
    if algorithm not in (RS384, ES384):
        raise SettingsError(f"keys are made for {RS384} or {ES384}, not for {algorithm}")
    key = RSAKey.generate_key(_RSA_BITS) if algorithm == RS384 else ECKey.generate_key("P-384")
    return Secret(key.as_pem(private=True).decode())


def _imported(pem: str) -> RSAKey | ECKey | None:
    for kind in (RSAKey, ECKey) if "PRIVATE KEY" in pem else ():
        try:
            return kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
    return None
