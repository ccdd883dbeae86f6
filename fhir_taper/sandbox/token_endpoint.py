"""The token endpoint: a code, a refresh token or a backend's own word becomes an access token; introspection and revocation.

Everything told is a refusal with a reason, or what SMART 2.2 says stands beside the token. A refresh token is good once: the answer
brings the next.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fhir_taper.records import AuthMethod, Json
from fhir_taper.sandbox.client_authentication import Door, authenticated
from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.granted_scopes import REFRESHING, granted_to_system
from fhir_taper.sandbox.grants import AccessToken, Grant, LaunchContext, new_grant, token_answer_of
from fhir_taper.sandbox.keys import SigningKey, s256
from fhir_taper.sandbox.refusal import Refusal

_ID_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """What it takes to answer."""

    door: Door
    key: SigningKey
    issuer: str
    style_url: str

    def token(self, form: Mapping[str, str], authorization: str) -> Json:
        """The answer to a token request. Raises Refusal."""
        client = authenticated(self.door, form, authorization)
        match form.get("grant_type"):
            case "authorization_code" if not client.is_backend:
                return self._of_code(client, form)
            case "refresh_token" if not client.is_backend:
                return self._refreshed(client, form)
            case "client_credentials" if client.is_backend and client.auth is AuthMethod.ASYMMETRIC:
                return self._of_system(client, form)
            case "authorization_code" | "refresh_token" | "client_credentials":
                raise Refusal("unauthorized_client", "this client may not use this grant type")
        raise Refusal("unsupported_grant_type", "grant_type is none of authorization_code, refresh_token, client_credentials")

    def introspect(self, form: Mapping[str, str], authorization: str) -> Json:
        """What a token of the caller's own is worth (RFC 7662): `active: false` for any other."""
        client = authenticated(self.door, form, authorization)
        text = form.get("token", "")
        if (token := self.door.grants.access(text)) and token.grant.client_id == client.id:
            return self._introspected(token)
        if (grant := self.door.grants.refresh(text)) and grant.client_id == client.id:
            return {"active": True, "client_id": client.id, "scope": " ".join(grant.scopes)}
        return {"active": False}

    def revoke(self, form: Mapping[str, str], authorization: str) -> None:
        """End a token of the caller's (RFC 7009); whatever else is named is no error."""
        client = authenticated(self.door, form, authorization)
        self.door.grants.revoke(form.get("token", ""), client.id)

    def _of_code(self, client: Client, form: Mapping[str, str]) -> Json:
        code = self.door.grants.take_code(form.get("code", ""))
        if code.grant.client_id != client.id:
            raise Refusal("invalid_grant", "the code is another client's")
        if code.redirect_uri != form.get("redirect_uri"):
            raise Refusal("invalid_grant", "redirect_uri is not that of the authorization request")
        if not hmac.compare_digest(code.challenge.encode(), s256(form.get("code_verifier", "")).encode()):
            raise Refusal("invalid_grant", "code_verifier does not fit the challenge")
        return self._answer(code.grant, code.grant.scopes, is_first=True)

    def _refreshed(self, client: Client, form: Mapping[str, str]) -> Json:
        wanted = form.get("scope")
        held = self.door.grants.refresh(form.get("refresh_token", ""))
        if wanted is not None and held is not None and not set(wanted.split()) <= set(held.scopes):
            raise Refusal("invalid_scope", "a refresh cannot bring more than was granted")
        grant = self.door.grants.take_refresh(form.get("refresh_token", ""), client.id)
        return self._answer(grant, grant.scopes if wanted is None else tuple(wanted.split()), is_first=False)

    def _of_system(self, client: Client, form: Mapping[str, str]) -> Json:
        scopes = granted_to_system(form.get("scope", ""))
        if not scopes:
            raise Refusal("invalid_scope", "none of these scopes is one of the system's")
        return self._bearer(new_grant(client, scopes), scopes)

    def _answer(self, grant: Grant, scopes: tuple[str, ...], *, is_first: bool) -> Json:
        answer = self._bearer(grant, scopes)
        if grant.context:
            answer |= {"smart_style_url": self.style_url} | token_answer_of(grant.context)
        if REFRESHING & set(grant.scopes):
            answer["refresh_token"] = self.door.grants.new_refresh(grant)
        if is_first and grant.context and "openid" in grant.scopes:
            answer["id_token"] = self._id_token(grant, grant.context, answer["access_token"])
        return answer

    def _bearer(self, grant: Grant, scopes: tuple[str, ...]) -> Json:
        token = self.door.grants.new_access(grant, scopes)
        seconds = int(self.door.grants.lifetimes.access)
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": " ".join(scopes)}

    def _id_token(self, grant: Grant, context: LaunchContext, access_token: str) -> str:
        now = int(self.door.clock.now())
        user = context.user
        claims: Json = {"iss": self.issuer, "sub": user.id, "aud": grant.client_id, "iat": now, "exp": now + _ID_SECONDS}
        claims |= {"nonce": grant.nonce} if grant.nonce else {}
        claims |= {"fhirUser": f"{self.issuer}/{user.reference}"} if "fhirUser" in grant.scopes else {}
        claims |= {"name": user.name} if "profile" in grant.scopes else {}
        return self.key.id_token(claims, access_token)

    def _introspected(self, token: AccessToken) -> Json:
        said: Json = {
            "active": True,
            "client_id": token.grant.client_id,
            "scope": " ".join(token.scopes),
            "exp": int(token.expires),
            "iss": self.issuer,
        }
        context = token.grant.context
        if context is None:
            return said
        said |= {"sub": context.user.id, "fhirUser": f"{self.issuer}/{context.user.reference}"}
        return said | ({"patient": context.patient_id} if context.patient_id else {})
