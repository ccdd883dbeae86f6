"""The one choke point: nothing reaches an EHR but what the WriteGuard permits, and nothing else constructs `Permitted`.

It looks at the request itself, not at how it was made: every path out of the program, now and later, ends here. It refuses more than a
proposal, a raised dose without a clinician's decision, another patient, weaker labels, restricted data, another recipient than the EHR of
the launch, and addresses that are not plain. It does no I/O and changes nothing: a request leaves as it was judged, or not at all.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.errors import WriteRefused
from fhir_taper.mappers.write.labels import Label
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.plans.tables.life_rules import LifeRules, load_life_rules
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Fetched
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback import examine
from fhir_taper.writeback.doses import other_doses, raises_a_dose
from fhir_taper.writeback.known import is_only_ended, unknown
from fhir_taper.writeback.left_out import left_out
from fhir_taper.writeback.ours import Ours
from fhir_taper.writeback.overlay import Overlay
from fhir_taper.writeback.remade import remade

_ID: Final = r"(?!\.{1,2}$)[A-Za-z0-9\-.]{1,64}"
_TYPE: Final = r"[A-Z][A-Za-z]+"
_CREATE: Final = re.compile(_TYPE)
_UPDATE: Final = re.compile(rf"({_TYPE})/({_ID})")
_FULL_URL: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONDITION: Final = re.compile(rf"identifier={re.escape(WRITE_SYSTEM)}\|[0-9a-f\-]{{36}}")
_VERSION: Final = re.compile(r'(W/)?"[^"\x00-\x1f\x7f]{1,200}"')
_PREFER: Final = "return=representation"


@dataclass(frozen=True, slots=True)
class Draft:
    """A request that asks to leave: "POST" with path "" (transaction) or "Type", "PUT" with "Type/id". `recipient` is a FHIR base."""

    method: str
    path: str
    body: Json
    headers: tuple[tuple[str, str], ...]
    recipient: str
    standing: Mapping[str, Fetched] = field(default_factory=dict)
    """"Type/id" → what stands there in the version that is updated: what somebody else put there may stay."""


@dataclass(frozen=True, slots=True)
class WriteGuard:
    """What one launch may write: its patient, its own EHR, the labels of the inputs, the plan, and what a clinician decided about it.

    `decision` is the recorded decision of a clinician for exactly this version of the plan; None before anybody approved it.
    """

    patient_id: str
    own_ehr: str
    overlay: Overlay
    labels: tuple[Label, ...]
    plan: TaperPlan
    decision: Decision | None = None
    rules: LifeRules = field(default_factory=load_life_rules)
    notes: tuple[str, ...] = ()
    """What a prescription may say beside what follows from the plan."""
    ours: Ours = field(default_factory=Ours)
    """What in the EHR is of this plan: nothing else is changed, and of that only what is ours."""

    def permit(self, draft: Draft) -> Permitted:
        """The request as it may leave. Raises WriteRefused with every reason against it."""
        body = deepcopy(draft.body)
        reasons = tuple(dict.fromkeys(self._reasons(draft, body)))
        if reasons:
            raise WriteRefused(*reasons)
        return Permitted(draft.method, draft.path, body, draft.headers)

    def _reasons(self, draft: Draft, body: Json) -> Iterator[str]:
        if draft.recipient != self.own_ehr:
            yield "the only recipient is the EHR of this launch"
        yield from _headers(draft)
        yield from self._requests(draft, body)
        yield from examine.wrong_types(body, self.overlay.types())
        yield from examine.orders(body)
        yield from examine.other_patients(body, self.patient_id)
        yield from examine.foreign_references(body)
        yield from examine.weak_labels(body, self.labels)
        yield from examine.recipients(body)
        yield from self._plan(body)

    def _plan(self, body: Json) -> Iterator[str]:
        if self.plan.patient != self.patient_id:
            yield "the plan is another patient's"
        yield from other_doses(body, self.plan)
        if self.decision is None and raises_a_dose(self.plan):
            yield "the plan raises a dose, and no clinician's decision about it is recorded"

    def _requests(self, draft: Draft, body: Json) -> Iterator[str]:
        if draft.method == "POST" and draft.path == "":
            yield from self._allowed("Bundle", "transaction")
            yield from self._entries(body, draft)
        else:
            given = dict(draft.headers)
            yield from self._request(draft.method, draft.path, body, given.get("If-Match"), given.get("If-None-Exist"))
            yield from self._unknown(body, draft, draft.path, given.get("If-Match"))

    def _entries(self, body: Json, draft: Draft) -> Iterator[str]:
        entries = body.get("entry")
        if body.get("resourceType") != "Bundle" or body.get("type") != "transaction" or not isinstance(entries, list) or not entries:
            yield "it is not a transaction with entries"
            return
        if set(body) != {"resourceType", "type", "entry"}:
            yield "the transaction holds more than its entries"
        for entry in entries:
            request = entry.get("request") if isinstance(entry, Mapping) else None
            if not isinstance(request, Mapping) or not isinstance(entry.get("resource"), Mapping):
                yield "an entry of the transaction is not a resource with a request"
                continue
            if set(request) - {"method", "url", "ifMatch", "ifNoneExist"} or set(entry) - {"fullUrl", "resource", "request"}:
                yield "an entry of the transaction asks for something that is not known here"
            if not _FULL_URL.fullmatch(str(entry.get("fullUrl"))):
                yield "an entry of the transaction has no urn:uuid as its fullUrl"
            method, url = request.get("method"), request.get("url")
            yield from self._request(str(method), str(url), entry["resource"], request.get("ifMatch"), request.get("ifNoneExist"))
            yield from self._unknown(entry["resource"], draft, str(url), request.get("ifMatch"))

    def _unknown(self, resource: Mapping[str, Any], draft: Draft, path: str, version: object) -> Iterator[str]:
        """What is not as this program writes the plan: of all that it may write, the one that comes nearest is told of."""
        fetched = draft.standing.get(path)
        there = fetched.resource if fetched is not None and version is not None and fetched.etag == version else None
        row = self.overlay.row(str(resource.get("resourceType")), "create" if version is None else "update")
        may_lack = frozenset(row.strip if row else ())
        if version is not None and there is None:
            yield f"what stands at {path} in the version that would be updated is not known"
        elif there is not None and not self.ours.holds(there):
            yield f"{path} is not of this plan"
        elif there is not None:
            yield from left_out(resource, there, self.ours, may_lack)
        if is_only_ended(resource, there):
            return
        differing = [unknown(resource, one, there, may_lack, self.notes) for one in remade(resource, self.plan, self.rules)]
        if not differing:
            yield f"a {resource.get('resourceType')} is nothing that this program writes of the plan"
        elif all(differing):
            yield from (f"{place} is not what this program writes of the plan" for place in min(differing, key=len))

    def _request(self, method: str, path: str, resource: Mapping[str, object], version: object, condition: object) -> Iterator[str]:
        kind = resource.get("resourceType")
        updated = _UPDATE.fullmatch(path)
        if method == "POST" and _CREATE.fullmatch(path):
            yield from self._allowed(path, "create")
            if path != kind:
                yield f"a {kind} is sent where a {path} belongs"
            if condition is not None and not _CONDITION.fullmatch(str(condition)):
                yield "the condition of a create is not our write identifier"
            if version is not None:
                yield "a create cannot have a version"
        elif method == "PUT" and updated:
            yield from self._allowed(updated[1], "update")
            if updated[1] != kind or updated[2] != resource.get("id"):
                yield f"{path} is not the resource that is sent"
            if not isinstance(version, str) or not _VERSION.fullmatch(version):
                yield f"{path} would be overwritten whatever its version"
            if condition is not None:
                yield "an update cannot have the condition of a create"
        else:
            yield f"{method[:10]} {path[:80]!r} is no request that may leave"

    def _allowed(self, kind: str, interaction: str) -> Iterator[str]:
        row = self.overlay.row(kind, interaction)
        if row is None or not row.allowed:
            yield f"{kind}.{interaction} is not allowed on {self.overlay.name}"
        elif row.sign_off == "before" and self.decision is None:
            yield f"{kind}.{interaction} waits for a clinician's decision"


def _headers(draft: Draft) -> Iterator[str]:
    checks: Mapping[str, re.Pattern[str]] = {
        "If-Match": _VERSION,
        "If-None-Exist": _CONDITION,
        "Prefer": re.compile(re.escape(_PREFER)),
    }
    for name, value in draft.headers:
        if name not in checks or not checks[name].fullmatch(value):
            yield f"the header {name[:40]!r} may not leave like that"
    if len({name for name, _ in draft.headers}) != len(draft.headers):
        yield "a header stands twice"
