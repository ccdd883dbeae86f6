"""The FHIR interface of one EHR, for one patient: read, search, and the writes that the guard permitted. FHIR R4, http.html.

The token goes to the FHIR base and nowhere else: a reference or a link to another server is refused before anything is sent. Another
patient's resource is never handed on. A write is one request; what its answer means is for the ledger.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from fhir_taper import exact_json
from fhir_taper.errors import AccessEnded, EhrAnswered, HostRefused, WrongPatient
from fhir_taper.records import Fetched, Secret
from fhir_taper.smart.answer import Answer
from fhir_taper.smart.origins import under
from fhir_taper.smart.patients import Refusal, Whose, whose
from fhir_taper.smart.permitted import Leaving, Permitted
from fhir_taper.smart.search import Found, Parameters, Search, version_tag
from fhir_taper.smart.transport import Transport, at_any_time

FHIR_JSON: Final = "application/fhir+json"
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
# Wider than FHIR's own grammar: vendors' ids have underscores and more than 64 characters.
_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,256}")
_UNAUTHORIZED: Final = 401
_OWN_HEADERS: Final = frozenset({"authorization", "host", "cookie"})


class FhirClient:
    """Requests at `base` for `patient_id`. `token` gives the access token that counts now; `renew`, if given, a new one for one refused."""

    def __init__(
        self,
        base: str,
        transport: Transport,
        token: Callable[[], Secret],
        patient_id: str,
        on_refused: Callable[[Refusal], None],
        *,
        renew: Callable[[Secret], Secret] | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.patient_id = patient_id
        self._transport = transport
        self._token = token
        self._renew = renew
        self._on_refused = on_refused

    def read(self, resource_type: str, resource_id: str) -> Fetched:
        """One resource. Raises WrongPatient, AccessEnded, EhrAnswered (404: it is not there), EhrUnreachable."""
        answer = self._get(f"{self.base}/{_path(resource_type, resource_id)}", {})
        if not answer.is_success:
            raise answer.refusal()
        resource = answer.json()
        if not isinstance(resource, dict) or resource.get("resourceType") != resource_type or resource.get("id") != resource_id:
            raise EhrAnswered(answer.status, f"what it sent is not the {resource_type} that was asked for")
        if whose(resource, self.patient_id, self.base) is Whose.ANOTHER:
            self._on_refused(Refusal(resource_type, resource_id, "it is another patient's"))
            raise WrongPatient(f"the EHR answered with another patient's {resource_type}; it is not shown")
        return Fetched(resource, f"{self.base}/{resource_type}/{resource_id}", answer.etag or version_tag(resource))

    def read_reference(self, reference: str) -> Fetched:
        """The resource that a reference names: relative, or absolute under this base. Raises HostRefused for any other; nothing is sent."""
        path = reference.partition("/_history/")[0]
        if "://" in path:
            if not under(self.base, path):
                raise HostRefused("a reference to another server was not followed")
            path = path[len(self.base) :]
        kind, _, name = path.strip("/").rpartition("/")
        return self.read(kind, name)

    def search(self, resource_type: str, parameters: Mapping[str, str] | Parameters) -> Found:
        """All pages of a search; see `Found`. Raises EhrError where not even a first page came."""
        _path(resource_type)
        pairs = list(parameters.items()) if isinstance(parameters, Mapping) else list(parameters)
        return Search(self._get, self.base, self.patient_id, self._on_refused, resource_type, pairs).run()

    def capability_statement(self) -> dict[str, Any]:
        """What the server says it can do (GET metadata)."""
        answer = self._get(f"{self.base}/metadata", {})
        document = answer.json() if answer.is_success else None
        if not isinstance(document, dict) or document.get("resourceType") != "CapabilityStatement":
            raise answer.refusal()
        return document

    def create(self, permitted: Permitted, leaving: Leaving = at_any_time) -> Answer:
        """One POST of a new resource, whatever its answer. Raises EhrUnreachable: then nobody knows whether it was done.

        `leaving` is asked when the token is there and the turn has come; what it raises is raised, and nothing was sent.
        """
        return self._write(permitted, "POST", parts=1, leaving=leaving)

    def update(self, permitted: Permitted, leaving: Leaving = at_any_time) -> Answer:
        """One PUT of a resource, whatever its answer. Raises as `create`."""
        return self._write(permitted, "PUT", parts=2, leaving=leaving)

    def transaction(self, permitted: Permitted, leaving: Leaving = at_any_time) -> Answer:
        """One POST of a transaction Bundle, whatever its answer. Raises as `create`."""
        return self._write(permitted, "POST", parts=0, leaving=leaving)

    def validate(self, permitted: Permitted) -> Answer:
        """One POST to `$validate` of a resource that may be written, whatever its answer; nothing is stored. Raises as `create`."""
        kind = permitted.path.partition("/")[0]
        if not kind:
            raise ValueError("resources are validated one by one")
        return self._send("POST", f"{self.base}/{_path(kind)}/$validate", {}, permitted)

    def _write(self, permitted: Permitted, method: str, *, parts: int, leaving: Leaving) -> Answer:
        path = [part for part in permitted.path.split("/") if part]
        if permitted.method != method or len(path) != parts:
            raise ValueError(f"{permitted.method} of {len(path)} path parts is not this interaction")
        given = {name: value for name, value in permitted.headers if name.lower() not in _OWN_HEADERS}
        return self._send(method, f"{self.base}/{_path(*path)}" if path else self.base, given, permitted, leaving)

    def _send(self, method: str, url: str, given: Mapping[str, str], permitted: Permitted, leaving: Leaving = at_any_time) -> Answer:
        headers = {**given, "Accept": FHIR_JSON, "Content-Type": FHIR_JSON, **_bearer(self._token())}
        return self._transport.send(method, url, headers=headers, body=exact_json.encode(permitted.body), leaving=leaving)

    def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        token = self._token()
        answer = self._transport.send("GET", url, headers={"Accept": FHIR_JSON, **headers, **_bearer(token)})
        if answer.status == _UNAUTHORIZED and self._renew is not None:
            renewed = self._renew(token)
            answer = self._transport.send("GET", url, headers={"Accept": FHIR_JSON, **headers, **_bearer(renewed)})
        if answer.status == _UNAUTHORIZED:
            raise AccessEnded("the EHR no longer takes this session's token: launch again from the chart")
        return answer


def _bearer(token: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"}


def _path(resource_type: str, resource_id: str | None = None) -> str:
    """Type and id as a path, both judged: an id that could change the path is refused before anything is sent."""
    if not _TYPE.fullmatch(resource_type):
        raise HostRefused("a reference that names no resource type was not followed")
    if resource_id is None:
        return resource_type
    if not _ID.fullmatch(resource_id) or resource_id in (".", ".."):
        raise HostRefused(f"an id of a {resource_type} that is no id was not followed")
    return f"{resource_type}/{quote(resource_id)}"
