"""What the sandbox says of itself: the SMART configuration and the OpenID configuration, both under the FHIR base."""

from collections.abc import Mapping
from typing import Final

from fhir_taper.records import Json
from fhir_taper.sandbox.client_authentication import ALGORITHMS

_CAPABILITIES: Final = (
    "launch-ehr launch-standalone authorize-post client-public client-confidential-symmetric client-confidential-asymmetric "
    "sso-openid-connect context-banner context-style context-ehr-patient context-ehr-encounter context-standalone-patient "
    "permission-offline permission-online permission-patient permission-user permission-v1 permission-v2"
).split()
_SCOPES: Final = (
    "openid fhirUser profile launch launch/patient launch/encounter offline_access online_access "
    "patient/*.cruds user/*.cruds system/*.cruds"
).split()


def endpoints(origin: str) -> dict[str, str]:
    """Every endpoint by its name in a configuration."""
    return {
        "authorization_endpoint": f"{origin}/auth/authorize",
        "token_endpoint": f"{origin}/auth/token",
        "introspection_endpoint": f"{origin}/auth/introspect",
        "revocation_endpoint": f"{origin}/auth/revoke",
        "jwks_uri": f"{origin}/auth/jwks.json",
    }


def smart_configuration(issuer: str, where: Mapping[str, str]) -> Json:
    """As SMART 2.2 describes it."""
    return {
        "issuer": issuer,
        **where,
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "scopes_supported": _SCOPES,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "capabilities": _CAPABILITIES,
    }


def openid_configuration(issuer: str, where: Mapping[str, str]) -> Json:
    """As OpenID Connect Discovery describes it."""
    return {
        "issuer": issuer,
        **where,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
