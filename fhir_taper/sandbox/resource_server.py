"""What stands at the FHIR base: it looks at the token, its scopes and its patient, and only then asks the FHIR server behind it.

No token, or one that no longer counts: 401. Scopes that do not cover the interaction, or another patient's resource under `patient/`
scopes: 403. Search answers are confined to the token's patient, unless `confines_searches` is off: then they are as the server behind
gives them, which answers a parameter that it does not know with everybody's resources.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from fhir_taper.errors import NotJson, SandboxError
from fhir_taper.exact_json import encode
from fhir_taper.records import Json
from fhir_taper.sandbox.compartments import is_anothers
from fhir_taper.sandbox.forwarding import Answer, send
from fhir_taper.sandbox.granted_scopes import resource_scope
from fhir_taper.sandbox.grants import AccessToken, Grants
from fhir_taper.sandbox.interactions import Interaction, interactions

Forward = Callable[[], Answer]
Intercept = Callable[[str, str, Forward], Answer]
"""Method, path under the base, and what asks the server behind: what a test puts between to delay, refuse or lose."""

FHIR_JSON: Final = "application/fhir+json"
_NOT_FORWARDED: Final = frozenset(
    {"authorization", "connection", "content-length", "cookie", "accept-encoding", "expect", "host", "te", "transfer-encoding", "upgrade"}
)
_NOT_RETURNED: Final = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_SMART_SERVICE: Final = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_FAILED: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BAD_GATEWAY: Final = 502


@dataclass(slots=True)
class ResourceServer:
    """One FHIR base. `notices` are OperationOutcomes that go with searches of a type for a patient: (patient, type) to resource."""

    base: str
    behind: str
    grants: Grants
    endpoints: Mapping[str, str]
    """token and authorize, for the CapabilityStatement."""
    notices: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    confines_searches: bool = True
    heeds_prefer: bool = True
    """Off: a server that ignores `Prefer`, as many do, and so answers a strict search leniently."""
    intercept: Intercept | None = None
    answered: Counter[str] = field(default_factory=Counter)
    """How often which method was answered how: "GET 200"."""

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request; `path` is that under the base, header names are in lower case."""
        answer = self._answer(method, path, query, headers, body)
        self.answered[f"{method} {answer.status}"] += 1
        return answer

    def _answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        def forward() -> Answer:
            return self._forward(method, path, query, headers, body)

        if path.strip("/") == "metadata":
            return self._with_security(forward())
        scheme, _, text = headers.get("authorization", "").partition(" ")
        token = self.grants.access(text) if scheme.lower() == "bearer" else None
        if token is None:
            return _no_access("invalid_token" if text else None)
        asked = interactions(method, unquote(path), query, body)
        confined_to = ""
        for one in asked:
            level = _level(token, one)
            if level is None:
                return _refusal(_FORBIDDEN, "forbidden", f"the token's scopes do not cover {one.resource_type}.{one.letter}")
            if level == "patient":
                confined_to = (token.grant.context.patient_id if token.grant.context else None) or "(none)"
                if self._is_anothers(one, confined_to):
                    return _refusal(_FORBIDDEN, "forbidden", "the token is for another patient")
        found = self.intercept(method, path, forward) if self.intercept else forward()
        return self._noticed(asked, self._confined(found, confined_to) if confined_to else found)

    def _forward(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        dropped = _NOT_FORWARDED if self.heeds_prefer else _NOT_FORWARDED | {"prefer"}
        kept = {name: value for name, value in headers.items() if name not in dropped}
        url = f"{self.behind}/{path}" if path else self.behind
        try:
            found = send(method, f"{url}{f'?{query}' if query else ''}", kept, body or None)
        except SandboxError as error:
            return _refusal(_BAD_GATEWAY, "transient", str(error))
        return Answer(found.status, {name: value for name, value in found.headers.items() if name not in _NOT_RETURNED}, found.body)

    def _is_anothers(self, asked: Interaction, patient_id: str) -> bool:
        if any(one != patient_id for one in asked.patients) or (asked.resource is not None and is_anothers(asked.resource, patient_id)):
            return True
        if not asked.changes:
            return False
        held = self._forward("GET", f"{asked.resource_type}/{asked.resource_id}", "", {}, b"")
        return held.status < _FAILED and is_anothers(held.json(), patient_id)

    def _confined(self, found: Answer, patient_id: str) -> Answer:
        try:
            resource = found.json() if found.status < _FAILED and found.body else None
        except NotJson:
            return found
        if not isinstance(resource, dict):
            return found
        if resource.get("resourceType") != "Bundle":
            is_refused = is_anothers(resource, patient_id)
            return _refusal(_FORBIDDEN, "forbidden", "the token is for another patient") if is_refused else found
        if not self.confines_searches:
            return found
        entries = resource.get("entry", [])
        kept = [one for one in entries if not is_anothers(one.get("resource") or {}, patient_id)]
        if len(kept) == len(entries):
            return found
        confined = {name: value for name, value in resource.items() if name != "total"} | {"entry": kept}
        return Answer(found.status, found.headers, encode(confined))

    def _noticed(self, asked: tuple[Interaction, ...], found: Answer) -> Answer:
        told = [self.notices[key] for one in asked for name in one.patients if (key := (name, one.resource_type)) in self.notices]
        if not told or found.status >= _FAILED:
            return found
        bundle = found.json()
        entries = [*bundle.get("entry", []), *({"resource": one, "search": {"mode": "outcome"}} for one in told)]
        return Answer(found.status, found.headers, encode(bundle | {"entry": entries}))

    def _with_security(self, found: Answer) -> Answer:
        if found.status >= _FAILED:
            return found
        statement = found.json()
        uris = [{"url": name, "valueUri": url} for name, url in self.endpoints.items()]
        statement["rest"][0]["security"] = {
            "extension": [{"url": _OAUTH_URIS, "extension": uris}],
            "service": [{"coding": [_SMART_SERVICE], "text": "SMART on FHIR"}],
        }
        return Answer(found.status, found.headers, encode(statement))


def _level(token: AccessToken, asked: Interaction) -> str | None:
    """The widest level of scopes that covers an interaction: a user's or the system's is not confined to a patient."""
    scopes = [scope for text in token.scopes if (scope := resource_scope(text))]
    levels = {scope.level for scope in scopes if scope.allows(asked.resource_type, asked.letter)}
    return next((level for level in ("system", "user", "patient") if level in levels), None)


def _no_access(error: str | None) -> Answer:
    refused = _refusal(_UNAUTHORIZED, "login", "a valid bearer token is required")
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return Answer(refused.status, {**refused.headers, "www-authenticate": challenge}, refused.body)


def _refusal(status: int, code: str, words: str) -> Answer:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": words}]}
    return Answer(status, {"content-type": FHIR_JSON}, encode(outcome))
