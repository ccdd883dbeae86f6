"""The authorization endpoint: what an app may ask, who decides it, and the code that comes of it (SMART 2.2; RFC 6749, 7636, 9207).

A launch from the EHR carries who is signed in and whose chart is open, so no page is shown. A standalone launch asks a person to say
who they are and, where the app asks for a patient, whose chart to open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.granted_scopes import granted_to_user
from fhir_taper.sandbox.grants import AuthorizationRequest, Code, Grants, LaunchContext, new_grant
from fhir_taper.sandbox.refusal import Refusal, with_query

_CHALLENGE_CHARACTERS: Final = 43
"""Of a SHA-256 in base64url without padding."""


@dataclass(frozen=True, slots=True)
class AuthorizationEndpoint:
    """What it takes to answer."""

    clients: Mapping[str, Client]
    grants: Grants
    issuer: str

    def request(self, asked: Mapping[str, str]) -> AuthorizationRequest:
        """The request, checked. Raises Refusal: without a redirect where client or redirect_uri are not known together."""
        client = self.clients.get(asked.get("client_id", ""))
        redirect_uri = asked.get("redirect_uri", "")
        if client is None or client.is_backend:
            raise Refusal("invalid_client", "This app is not registered here.")
        if redirect_uri not in client.redirect_uris:
            raise Refusal("invalid_request", "This redirect_uri is not registered for this app.")

        wrong = _wrong_with(asked, self.issuer)
        launched = self.grants.take_launch(asked["launch"]) if "launch" in asked and not wrong else None
        if "launch" in asked and not wrong and launched is None:
            wrong = "invalid_request", "this launch is unknown, expired or used"
        if wrong:
            raise Refusal(*wrong, redirect_uri=redirect_uri, state=asked.get("state"))
        return AuthorizationRequest(
            client, redirect_uri, asked["state"], asked["scope"], asked["code_challenge"], asked.get("nonce"), launched
        )

    def grant(self, request: AuthorizationRequest, context: LaunchContext) -> str:
        """The redirect that brings the app its code."""
        scopes = granted_to_user(request.scope, context.user, in_ehr=request.launched is not None)
        grant = new_grant(request.client, scopes, context, request.nonce)
        code = self.grants.new_code(Code(grant, request.redirect_uri, request.challenge))
        return with_query(request.redirect_uri, {"code": code, "state": request.state, "iss": self.issuer})

    def deny(self, request: AuthorizationRequest) -> str:
        """The redirect that tells the app that the person said no."""
        said_no = Refusal("access_denied", "the person said no", redirect_uri=request.redirect_uri, state=request.state)
        return said_no.location(self.issuer)


def _wrong_with(asked: Mapping[str, str], issuer: str) -> tuple[str, str] | None:
    """The OAuth error and its words, or None."""
    scopes = asked.get("scope", "").split()
    wrong = (
        (asked.get("response_type") != "code", "unsupported_response_type", "response_type is not code"),
        (not asked.get("state"), "invalid_request", "state is absent"),
        (asked.get("aud") != issuer, "invalid_request", f"aud is not {issuer}"),
        (
            asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != _CHALLENGE_CHARACTERS,
            "invalid_request",
            "PKCE with S256 is required",
        ),
        (not scopes, "invalid_scope", "scope is absent"),
        (("launch" in scopes) != ("launch" in asked), "invalid_scope", "the scope launch and the parameter launch come together"),
    )
    return next(((error, words) for is_wrong, error, words in wrong if is_wrong), None)


def wants_patient(request: AuthorizationRequest) -> bool:
    """Whether a standalone launch asks for a patient: by name, or by scopes that make no sense without one."""
    scopes = request.scope.split()
    return "launch/patient" in scopes or any(one.startswith("patient/") for one in scopes)
