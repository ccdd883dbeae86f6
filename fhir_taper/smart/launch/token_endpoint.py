"""The token endpoint: a code or a refresh token becomes an access token; tokens are looked into and taken back.

SMART 2.2; RFC 6749, 7009, 7662.

Each request is sent once. One exception, because it was refused and so did nothing: where the server does not take our assertion and its
clock is not ours, the request is made again by its clock: a skew must not end a launch.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote_plus

from authlib.oauth2.rfc6749.parameters import prepare_token_request

from fhir_taper.errors import EhrAnswered, TokenRefused
from fhir_taper.records import AuthMethod, Secret, Tenant, TokenSet
from fhir_taper.smart.answer import Answer
from fhir_taper.smart.keys import key_that_signs
from fhir_taper.smart.launch.assertion import ASSERTION_TYPE, client_assertion
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.transport import Transport

FORM: Final = "application/x-www-form-urlencoded"
TIMEOUT_SECONDS: Final = 15.0
"""How long one request may take: others wait while a grant is renewed."""
# The standard recommends at most an hour; a server that does not say is taken at that, and a 401 ends it earlier.
_UNSAID_LIFE: Final = timedelta(hours=1)
_LONGEST_LIFE: Final = timedelta(hours=24)
_NOTICEABLE_SKEW: Final = timedelta(seconds=2)
_SENDABLE: Final = re.compile(r"[!-~]+")
_ERROR_CODE: Final = re.compile(r"[a-z_]{1,40}")
_ASKED_TOO_EARLY_OR_LATE: Final = frozenset({400, 401})
_NOT_THE_CLOCK: Final = frozenset({"invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type", "access_denied"})
_SECRET_KEYS: Final = frozenset({"access_token", "refresh_token", "id_token"})


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the endpoint gave: the tokens, the id_token if any, and everything beside them (the launch context).

    `says_scope`: whether it said what it granted; else the tokens carry what was asked for, or what was granted before (RFC 6749,
    5.1 and 6).
    """

    tokens: TokenSet
    id_token: Secret | None
    beside: Mapping[str, Any] = field(repr=False)
    says_scope: bool = True


def exchange_code(
    tenant: Tenant,
    configuration: SmartConfiguration,
    transport: Transport,
    *,
    code: Secret,
    verifier: Secret,
    redirect_uri: str,
    requested_scope: str,
) -> TokenAnswer:
    """The tokens for a code; `requested_scope` is what they grant where the answer does not say it.

    Raises TokenRefused, EhrAnswered, EhrUnreachable (then the code is spent or not: launch again).
    """
    form = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri}
    if tenant.pkce:
        form["code_verifier"] = verifier.reveal()
    return _token_answer(_post(tenant, configuration, transport, configuration.token_endpoint, form), transport, requested_scope)


def refresh(
    tenant: Tenant, configuration: SmartConfiguration, transport: Transport, *, held: TokenSet, scope: str | None = None
) -> TokenAnswer:
    """New tokens for those held; without `scope`, the same as granted. The answer carries the old refresh token where no new one came."""
    if held.refresh_token is None:
        raise TokenRefused(400, "invalid_grant")
    form = {"grant_type": "refresh_token", "refresh_token": held.refresh_token.reveal(), **({"scope": scope} if scope else {})}
    answer = _post(tenant, configuration, transport, configuration.token_endpoint, form)
    return _token_answer(answer, transport, scope or held.scope, held.refresh_token)


def client_credentials(
    tenant: Tenant, configuration: SmartConfiguration, transport: Transport, *, client_id: str, scope: str
) -> TokenAnswer:
    """A token for this program itself (SMART backend services): asymmetric, system scopes, no refresh token."""
    form = {"grant_type": "client_credentials", "scope": scope}
    answer = _post(tenant, configuration, transport, configuration.token_endpoint, form, backend=client_id)
    return _token_answer(answer, transport, scope)


def revoke(tenant: Tenant, configuration: SmartConfiguration, transport: Transport, *, token: Secret, hint: str = "refresh_token") -> bool:
    """Take a token back at the EHR (on log-out). False where the EHR offers no such thing. Raises EhrError where it refuses."""
    if not configuration.revocation_endpoint:
        return False
    form = {"token": token.reveal(), "token_type_hint": hint}
    answer = _post(tenant, configuration, transport, configuration.revocation_endpoint, form)
    if not answer.is_success:
        raise _refusal(answer)
    return True


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of a token ("refresh_token", "access_token", or "all" of a set): "done", "failed", "not-offered"."""

    which: str
    outcome: str
    error: Exception | None = None
    """Why it failed."""


def take_back(tenant: Tenant, configuration: SmartConfiguration, transport: Transport, tokens: TokenSet) -> tuple[TakenBack, ...]:
    """Take back all tokens of a set: some servers end the access token with its refresh token, others do not.

    Each is tried, whatever became of the other. Raises nothing: an error of whatever kind is part of what became of a token, and none may
    stand in front of what the caller goes on to do (the session is over, the launch refused).
    """
    held = {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token}
    return tuple(_taken_back(tenant, configuration, transport, token, hint) for hint, token in held.items() if token is not None)


def in_short(taken: Sequence[TakenBack]) -> tuple[TakenBack, ...]:
    """What is to be told of a set: each token, where one failed; else one word for all of them."""
    return tuple(taken) if any(one.error for one in taken) else (replace(taken[-1], which="all"),)


def _taken_back(tenant: Tenant, configuration: SmartConfiguration, transport: Transport, token: Secret, hint: str) -> TakenBack:
    try:
        return TakenBack(hint, "done" if revoke(tenant, configuration, transport, token=token, hint=hint) else "not-offered")
    except Exception as error:  # noqa: BLE001 (a key that is no longer configured, too: the other token is tried all the same)
        return TakenBack(hint, "failed", error)


def introspect(tenant: Tenant, configuration: SmartConfiguration, transport: Transport, *, token: Secret) -> Mapping[str, Any] | None:
    """What the EHR knows of a token (`active` at least). None where it offers no introspection. Raises EhrError where it refuses."""
    if not configuration.introspection_endpoint:
        return None
    answer = _post(tenant, configuration, transport, configuration.introspection_endpoint, {"token": token.reveal()})
    document = answer.json() if answer.is_success else None
    if not isinstance(document, dict) or not isinstance(document.get("active"), bool):
        raise _refusal(answer)
    return document


def _post(
    tenant: Tenant,
    configuration: SmartConfiguration,
    transport: Transport,
    url: str,
    form: Mapping[str, str],
    *,
    backend: str | None = None,
) -> Answer:
    answer = _send(tenant, configuration, transport, url, form, backend)
    signs = backend is not None or tenant.auth is AuthMethod.ASYMMETRIC
    if signs and answer.status in _ASKED_TOO_EARLY_OR_LATE and _error_code(answer) not in _NOT_THE_CLOCK:
        changed = transport.learn_offset(answer)
        if abs(changed) >= _NOTICEABLE_SKEW:
            answer = _send(tenant, configuration, transport, url, form, backend)
    return answer


def _send(
    tenant: Tenant, configuration: SmartConfiguration, transport: Transport, url: str, form: Mapping[str, str], backend: str | None
) -> Answer:
    """One request with the proof of who we are (a new assertion each time): SMART 2.2 client authentication."""
    headers = {"Accept": "application/json", "Content-Type": FORM, "Cache-Control": "no-store"}
    proof: dict[str, str] = {}
    if backend is not None or tenant.auth is AuthMethod.ASYMMETRIC:
        key = key_that_signs(tenant, configuration.signing_algorithms)
        # The audience is the token endpoint, also where the proof goes to its neighbours (RFC 7523, section 3).
        assertion = client_assertion(backend or tenant.client_id, configuration.token_endpoint, key, transport.now())
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion.reveal()}
    elif tenant.auth is AuthMethod.SYMMETRIC and tenant.client_secret is not None:
        pair = f"{quote_plus(tenant.client_id)}:{quote_plus(tenant.client_secret.reveal())}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        proof = {"client_id": tenant.client_id}
    rest = {**form, **proof}
    body = prepare_token_request(rest.pop("grant_type"), **rest) if "grant_type" in rest else _encoded(rest)
    return transport.send("POST", url, headers=headers, body=body.encode(), timeout=TIMEOUT_SECONDS)


def _encoded(form: Mapping[str, str]) -> str:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in form.items())


def _token_answer(answer: Answer, transport: Transport, asked_scope: str, held: Secret | None = None) -> TokenAnswer:
    if not answer.is_success:
        raise _refusal(answer)
    document = answer.json()
    if not isinstance(document, dict):
        raise EhrAnswered(answer.status, "its token endpoint sent no JSON object")
    access, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(access, str) or not access or not isinstance(kind, str) or kind.lower() != "bearer":
        raise EhrAnswered(answer.status, "its token endpoint sent no bearer token")
    if not _SENDABLE.fullmatch(access):
        raise EhrAnswered(answer.status, "its token endpoint sent a token that cannot be sent back")
    renewed, identity, scope = document.get("refresh_token"), document.get("id_token"), _said_scope(document.get("scope"))
    return TokenAnswer(
        TokenSet(
            Secret(access),
            transport.local_now() + _life(document.get("expires_in")),
            asked_scope if scope is None else scope,
            Secret(renewed) if isinstance(renewed, str) and renewed else held,
        ),
        Secret(identity) if isinstance(identity, str) and identity else None,
        {name: value for name, value in document.items() if name not in _SECRET_KEYS},
        scope is not None,
    )


def _said_scope(scope: object) -> str | None:
    """What an answer says that it grants; None where it does not say. A list of words is taken as they mean it; nonsense grants nothing."""
    if isinstance(scope, list):
        return " ".join(one for one in scope if isinstance(one, str))
    return scope if scope is None or isinstance(scope, str) else ""


def _life(expires_in: object) -> timedelta:
    text = str(expires_in)
    return min(timedelta(seconds=int(text)), _LONGEST_LIFE) if text.isdecimal() and len(text) < 10 else _UNSAID_LIFE  # noqa: PLR2004


def _refusal(answer: Answer) -> EhrAnswered:
    code = _error_code(answer)
    return TokenRefused(answer.status, code) if code else answer.refusal()


def _error_code(answer: Answer) -> str:
    try:
        document = answer.json()
    except EhrAnswered:
        return ""
    code = document.get("error") if isinstance(document, dict) else None
    return code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""
