"""The apps that the authorization server knows: exactly these redirect URIs, exactly this way to prove who they are."""

from dataclasses import dataclass

from fhir_taper.records import AuthMethod, Json, Secret


@dataclass(frozen=True, slots=True)
class Client:
    """One registered app. Asymmetric clients give their public keys inline (`jwks`) or as an address on loopback (`jwks_uri`)."""

    id: str
    auth: AuthMethod
    redirect_uris: tuple[str, ...] = ()
    secret: Secret | None = None
    jwks: Json | None = None
    jwks_uri: str | None = None
    is_backend: bool = False
    """May ask for client_credentials and system scopes, and for nothing else."""
    name: str = ""
    """As the sign-in page calls it; empty: its id."""
