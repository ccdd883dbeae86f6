"""The authorization server's own key: what it signs identities with, and what it publishes."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final, cast

from joserfc import jwt
from joserfc.jwk import RSAKey

from fhir_taper.records import Json

_ALGORITHM: Final = "RS256"
_BITS: Final = 2048


class SigningKey:
    """An RSA key that lives as long as the sandbox."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(_BITS, {"use": "sig", "alg": _ALGORITHM}, private=True)
        self._key.ensure_kid()

    def jwks(self) -> Json:
        """The public key set."""
        return {"keys": [cast("dict[str, Any]", self._key.as_dict(private=False))]}

    def id_token(self, claims: Json, access_token: str) -> str:
        """A signed id_token with these claims, bound to its access token (OpenID Connect Core, at_hash)."""
        left_half = sha256(access_token.encode()).digest()[:16]
        bound = claims | {"at_hash": base64url(left_half)}
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.kid, "typ": "JWT"}, bound, self._key)


def base64url(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636, S256)."""
    return base64url(sha256(verifier.encode()).digest())
