"""The apps that the demo EHR knows from the start: one of each kind of client, and a backend. Keys and secrets live as long as it does."""

import secrets
from dataclasses import dataclass
from typing import Any, Final, cast

from joserfc.jwk import ECKey, RSAKey

from fhir_taper.records import AuthMethod, Json, Secret
from fhir_taper.sandbox.clients import Client

BACKEND_ID: Final = "fhir-taper-backend"
_NAME: Final = "fhir-taper"
_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class DemoClients:
    """What an app needs to be one of them. `signing_keys` are PEM texts, ES384 first, RS384 second; ids are RFC 7638 thumbprints."""

    public: Client
    symmetric: Client
    asymmetric: Client
    backend: Client
    signing_keys: tuple[Secret, Secret]

    @property
    def all(self) -> tuple[Client, ...]:
        """Every one."""
        return self.public, self.symmetric, self.asymmetric, self.backend

    def of(self, method: AuthMethod) -> Client:
        """The app that proves itself in this way."""
        return next(client for client in self.all if client.auth is method)


def demo_clients(redirect_uri: str) -> DemoClients:
    """New clients for one run, all with this redirect URI."""
    elliptic, rsa = ECKey.generate_key("P-384"), RSAKey.generate_key(_RSA_BITS)
    jwks: Json = {"keys": [_public(elliptic, "ES384"), _public(rsa, "RS384")]}
    back = (redirect_uri,)
    return DemoClients(
        Client("fhir-taper-public", AuthMethod.PUBLIC, back, name=_NAME),
        Client("fhir-taper-symmetric", AuthMethod.SYMMETRIC, back, secret=Secret(secrets.token_urlsafe(32)), name=_NAME),
        Client("fhir-taper", AuthMethod.ASYMMETRIC, back, jwks=jwks, name=_NAME),
        Client(BACKEND_ID, AuthMethod.ASYMMETRIC, jwks=jwks, is_backend=True, name=_NAME),
        (_pem(elliptic), _pem(rsa)),
    )


def _public(key: ECKey | RSAKey, algorithm: str) -> dict[str, Any]:
    return {**cast("dict[str, Any]", key.as_dict(private=False)), "kid": key.thumbprint(), "alg": algorithm, "use": "sig"}


def _pem(key: ECKey | RSAKey) -> Secret:
    return Secret(key.as_pem(private=True).decode())
