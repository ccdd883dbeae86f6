"""The authorization request, and what comes back at our redirect URL. SMART 2.2; RFC 6749, 7636 (PKCE, S256 only), 9207.

The state is made here and kept by the store, single use; this module only makes values and judges them.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Secret, Tenant
from fhir_taper.smart.launch.discovery import SmartConfiguration

_RANDOM_BYTES: Final = 32
# Beyond this a query string is cut off by some server or proxy on its way.
_LONGEST_URL: Final = 1900
_OWN: Final = frozenset({"code", "state", "error", "error_description", "error_uri", "iss"})


def new_secret() -> Secret:
    """256 unguessable bits for a state, a nonce or a PKCE verifier (43 characters of the URL-safe alphabet)."""
    return Secret(secrets.token_urlsafe(_RANDOM_BYTES))


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to send the browser: by GET to `url`, or by a form POST of `form` to `action` where `by_form` says so."""

    url: str = field(repr=False)
    action: str
    form: tuple[tuple[str, str], ...] = field(repr=False)
    by_form: bool
    warnings: tuple[str, ...] = ()


def authorization_request(
    tenant: Tenant,
    configuration: SmartConfiguration,
    *,
    launch: Secret | None,
    state: Secret,
    verifier: Secret,
    nonce: Secret,
    redirect_uri: str,
    scope: str,
) -> AuthorizationRequest:
    """The request for a code. `launch` is the EHR's value, passed on unchanged; None for a standalone launch (ask for context)."""
    if launch is None and "launch" in scope.split():
        raise LaunchRefused("scope", "a launch from outside the chart cannot use the scope of a launch inside it")
    warnings = []
    parameters = {"aud": tenant.audience or tenant.issuer, "nonce": nonce.reveal()}
    if launch is not None:
        parameters["launch"] = launch.reveal()
    if tenant.pkce:
        parameters |= {"code_challenge": create_s256_code_challenge(verifier.reveal()), "code_challenge_method": "S256"}
        if configuration.challenge_methods and "S256" not in configuration.challenge_methods:
            warnings.append("the EHR does not declare PKCE with S256; it is sent all the same")
    else:
        warnings.append("PKCE is switched off for this tenant: whoever sees the code can use it")
    core = {
        "response_type": "code",
        "client_id": tenant.client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state.reveal(),
        **parameters,
    }
    endpoint = configuration.authorization_endpoint
    url = prepare_grant_uri(endpoint, tenant.client_id, "code", redirect_uri=redirect_uri, scope=scope, state=state.reveal(), **parameters)
    by_form = configuration.offers("authorize-post") and len(url) > _LONGEST_URL
    return AuthorizationRequest(str(url), endpoint, tuple(core.items()), by_form, tuple(warnings))


def callback_state(parameters: Sequence[tuple[str, str]]) -> Secret:
    """The state that came back, to look up what we asked. Raises LaunchRefused where it is missing or there twice."""
    states = [value for name, value in parameters if name == "state"]
    if len(states) != 1 or not states[0]:
        raise LaunchRefused("state", "This answer does not belong to a launch that began here.")
    return Secret(states[0])


def callback_code(tenant: Tenant, configuration: SmartConfiguration, parameters: Sequence[tuple[str, str]]) -> Secret:
    """The code that came back. Raises LaunchRefused (`reason`: the EHR's error code, "issuer" or "code").

    `iss` (RFC 9207) is compared with the issuer that discovery named; it is never read as a FHIR base, and nothing is fetched from it.
    """
    given = {name: [value for key, value in parameters if key == name] for name in _OWN}
    if any(len(values) > 1 for values in given.values()):
        raise LaunchRefused("code", "The EHR's answer says a thing twice.")
    issuer = next(iter(given["iss"]), "")
    known = {configuration.issuer} if configuration.issuer else {tenant.issuer}
    if (issuer and issuer not in known) or (configuration.names_itself_in_callbacks and not issuer):
        raise LaunchRefused("issuer", "The answer came from another authorization server than the one asked.")
    error = next(iter(given["error"]), "")
    if error:
        raise LaunchRefused(_known_error(error), _words(error))
    code = next(iter(given["code"]), "")
    if not code:
        raise LaunchRefused("code", "The EHR answered without a code.")
    return Secret(code)


def _known_error(error: str) -> str:
    return error if error.isascii() and error.replace("_", "").isalnum() and len(error) <= 40 else "error"  # noqa: PLR2004


def _words(error: str) -> str:
    if error == "access_denied":
        return "The EHR, or the person asked there, did not allow this app to open the chart."
    if error == "invalid_scope":
        return "The EHR does not allow this app what it asked for. Its registration there must be looked at."
    return f"The EHR refused the launch ({_known_error(error)})."
