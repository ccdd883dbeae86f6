"""Where an EHR's endpoints are: its smart-configuration, resolved against the FHIR base and pinned to hosts that the tenant names.

SMART 2.2 conformance. Nothing is followed elsewhere: a redirect is a refusal, and an endpoint on a strange host stops the launch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_taper.errors import EhrAnswered
from fhir_taper.records import Tenant
from fhir_taper.smart.origins import allowed_address, resolved
from fhir_taper.smart.transport import Transport

WELL_KNOWN: Final = "/.well-known/smart-configuration"
_OPENID: Final = "/.well-known/openid-configuration"
_DISCOVERY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """What an EHR says about its authorization server. Endpoints are absolute and on the tenant's hosts; "" where it names none."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str = ""
    """The OpenID issuer: what `iss` of an id_token and of a callback must be. Never a FHIR base."""
    jwks_uri: str = ""
    introspection_endpoint: str = ""
    revocation_endpoint: str = ""
    capabilities: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    challenge_methods: tuple[str, ...] = ()
    signing_algorithms: tuple[str, ...] = ()
    names_itself_in_callbacks: bool = False

    def offers(self, capability: str) -> bool:
        """Whether the server declares this SMART capability."""
        return capability in self.capabilities


def discover(tenant: Tenant, transport: Transport) -> SmartConfiguration:
    """The tenant's smart-configuration. Raises HostRefused, EhrAnswered (not there, not JSON, no endpoints), EhrUnreachable."""
    document = _document(transport, tenant.issuer.rstrip("/") + WELL_KNOWN)

    def endpoint(key: str) -> str:
        url = _text(document, key)
        return allowed_address(tenant, resolved(tenant.issuer, url)).url if url else ""

    missing = [key for key in ("authorization_endpoint", "token_endpoint") if not _text(document, key)]
    if missing:
        raise EhrAnswered(200, f"its smart-configuration has no {missing[0]}")
    return SmartConfiguration(
        endpoint("authorization_endpoint"),
        endpoint("token_endpoint"),
        _text(document, "issuer"),
        endpoint("jwks_uri"),
        endpoint("introspection_endpoint"),
        endpoint("revocation_endpoint"),
        _texts(document, "capabilities"),
        _texts(document, "scopes_supported"),
        _texts(document, "code_challenge_methods_supported"),
        _texts(document, "token_endpoint_auth_signing_alg_values_supported"),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def keys_address(tenant: Tenant, configuration: SmartConfiguration, transport: Transport) -> str:
    """Where the OpenID issuer publishes its keys: as configured, else by its openid-configuration, which must name the same issuer."""
    if configuration.jwks_uri:
        return configuration.jwks_uri
    if not configuration.issuer:
        raise EhrAnswered(200, "its smart-configuration names neither keys nor an OpenID issuer")
    document = _document(transport, configuration.issuer.rstrip("/") + _OPENID)
    if _text(document, "issuer") != configuration.issuer or not _text(document, "jwks_uri"):
        raise EhrAnswered(200, "its openid-configuration is of another issuer, or has no keys")
    return allowed_address(tenant, resolved(configuration.issuer, _text(document, "jwks_uri"))).url


def _document(transport: Transport, url: str) -> Mapping[str, Any]:
    answer = transport.send("GET", url, headers={"Accept": "application/json"}, timeout=_DISCOVERY_SECONDS)
    if not answer.is_success:
        raise answer.refusal()
    document = answer.json()
    if not isinstance(document, dict):
        raise EhrAnswered(answer.status, "its configuration is no JSON object")
    return document


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
