"""A SMART app in a few lines of plain `requests`, written from the specification: what the sandbox is tested with."""

import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fhir_taper.records import AuthMethod
from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.demo import Demo

SCOPE = "launch openid fhirUser patient/*.cruds offline_access"
STANDALONE_SCOPE = "launch/patient openid fhirUser patient/*.rs offline_access"
SECONDS = 30


@dataclass
class PlainApp:
    """One run of one client: a verifier and a state of its own."""

    demo: Demo
    client: Client
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    algorithm: str = "ES384"

    @property
    def configuration(self) -> dict[str, Any]:
        """What the server says of itself."""
        found: dict[str, Any] = requests.get(f"{self.demo.issuer}/.well-known/smart-configuration", timeout=SECONDS).json()
        return found

    def question(self, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request; a change to None leaves one out."""
        asked = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": self.demo.redirect_uri,
            "scope": SCOPE,
            "state": self.state,
            "aud": self.demo.issuer,
            "code_challenge": urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "nonce": self.nonce,
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}

    def authorize(self, **changes: str | None) -> requests.Response:
        """The answer of the authorization endpoint, no redirect followed."""
        url = self.configuration["authorization_endpoint"]
        return requests.get(f"{url}?{urlencode(self.question(**changes))}", allow_redirects=False, timeout=SECONDS)

    def authorize_by_form(self, **changes: str | None) -> requests.Response:
        """The same by a form POST."""
        url = self.configuration["authorization_endpoint"]
        return requests.post(url, data=self.question(**changes), allow_redirects=False, timeout=SECONDS)

    def code(self, patient: str = "lorazepam-elder", user: str = "prescriber", **changes: str | None) -> str:
        """A code from an EHR launch."""
        return redirected(self.authorize(launch=self.demo.new_launch(patient, user), **changes))["code"]

    def exchange(self, code: str, **changes: str | None) -> requests.Response:
        """The answer to a code."""
        return self.token(
            **{"grant_type": "authorization_code", "code": code, "redirect_uri": self.demo.redirect_uri, "code_verifier": self.verifier}
            | changes
        )

    def refresh(self, refresh_token: str, **changes: str | None) -> requests.Response:
        """The answer to a refresh token."""
        return self.token(**{"grant_type": "refresh_token", "refresh_token": refresh_token} | changes)

    def token(self, **form: str | None) -> requests.Response:
        """The token endpoint's answer to a form, with the client's own proof."""
        return self.post("token", **form)

    def post(self, endpoint: str, **form: str | None) -> requests.Response:
        """The same for token, introspection and revocation."""
        url = self.configuration[f"{endpoint}_endpoint"]
        sent: dict[str, str | None] = {"client_id": self.client.id}
        if self.client.auth is AuthMethod.ASYMMETRIC:
            sent["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            sent["client_assertion"] = self.assertion()
        secret = self.client.secret
        basic = (self.client.id, secret.reveal()) if secret else None
        return requests.post(url, data={k: v for k, v in (sent | form).items() if v is not None}, auth=basic, timeout=SECONDS)

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client assertion; changes are claims."""
        elliptic, rsa = (key.reveal() for key in self.demo.clients.signing_keys)
        key = ECKey.import_key(elliptic) if self.algorithm == "ES384" else RSAKey.import_key(rsa)
        now = int(time.time())
        claims = {
            "iss": self.client.id,
            "sub": self.client.id,
            "aud": self.configuration["token_endpoint"],
            "exp": now + 240,
            "jti": secrets.token_urlsafe(16),
        } | changes
        described = {"alg": self.algorithm, "kid": key.thumbprint(), "typ": "JWT"} | (header or {})
        return jwt.encode(described, claims, key, algorithms=[self.algorithm])


def redirected(answer: requests.Response) -> dict[str, str]:
    """The parameters that a redirect brings to the app."""
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def bearer(token: str, **headers: str) -> dict[str, str]:
    """Headers of a FHIR request."""
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json", **headers}
