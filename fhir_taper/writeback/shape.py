"""Our Bundle (collection, urn:uuid) as requests for one EHR: one transaction, or single requests in order, ids filled in as they come back.

A create carries If-None-Exist where the EHR can search our identifier, an update always If-Match with the version as it was given. What the
EHR cannot hold is taken out or written in a lesser form, and said. A reference to what is not there yet becomes one by identifier.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any, Final

from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.writeback.changes import Change, Doing
from fhir_taper.writeback.element_references import identifier_value, with_references
from fhir_taper.writeback.guard import Draft
from fhir_taper.writeback.ladder import MEDICATION_REQUEST, Choice
from fhir_taper.writeback.negotiate import Allowed

_WHOLE: Final = ("Prefer", "return=representation")
_INSTEAD: Final[Mapping[str, Json]] = {
    "Device": {"display": "fhir-taper"},
    "MedicationRequest": {"type": "MedicationRequest", "display": "Not written to this EHR: shown to the prescriber as text"},
}
_DROPPED: Final[Mapping[str, str]] = {
    "Goal": "without its goals: this EHR does not take them",
    "Provenance": "without provenance: this EHR does not take it",
    "Device": "the program is named in words: this EHR does not take a Device",
    "MedicationRequest": "without the proposed prescriptions: they are shown as text",
}


def for_target(bundle: Json, plan: TaperPlan, proposals: Choice, allowed: Allowed, as_of: date) -> tuple[Json, tuple[str, ...]]:
    """The Bundle with what this EHR can hold, and what that took away, each a sentence.

    `proposals` is the choice for dose proposals: prescriptions stay only on the rung of their own kind.
    """
    degraded: list[str] = []
    unwritable = {kind for kind in _DROPPED if not allowed.may(kind, "create")}
    if "Device" not in allowed.searchable:
        unwritable.add("Device")  # one Device for all plans: where it cannot be found again, each plan would file another
    if proposals.rung is not MEDICATION_REQUEST:
        unwritable.add("MedicationRequest")
    there = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    for kind in [kind for kind in _DROPPED if kind in unwritable & there]:
        bundle = without(bundle, kind)
        degraded.append(_DROPPED[kind])
    if not (allowed.may("RequestGroup", "create") and allowed.may("RequestGroup", "update")):
        bundle = to_degraded(bundle, plan, DegradedForm.CONTAINED, as_of)
        degraded.append("with its steps inside the care plan: this EHR does not take a RequestGroup")
    return bundle, tuple(degraded)


def without(bundle: Json, kind: str) -> Json:
    """The Bundle without the resources of one type; references to them become words, or are left out of lists."""
    gone = {entry["fullUrl"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind}
    kept = [entry for entry in bundle["entry"] if entry["fullUrl"] not in gone]
    return {**bundle, "entry": [{**entry, "resource": _left(entry["resource"], gone, _INSTEAD.get(kind))} for entry in kept]}


def transaction(changes: Iterable[Change], known: Mapping[str, str], allowed: Allowed, recipient: str) -> Draft:
    """Everything that changes as one request, the care plan first: where a server commits only some entries, it is the one to look for."""
    everything = sorted(changes, key=lambda change: change.resource_type != "CarePlan")
    entries = [_entry(change, known, allowed) for change in everything if change.doing is not Doing.NONE]
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    standing = {change.reference: change.standing for change in everything if change.standing is not None}
    return Draft("POST", "", body, (_WHOLE,), recipient, standing)


def single(change: Change, others: Iterable[Change], known: Mapping[str, str], allowed: Allowed, recipient: str) -> Draft:
    """One change as one request. `known` holds what was there and what came back so far; `others` are all changes of this write."""
    resource = _logical(_resolved(change.resource, known), {one.urn: one.resource for one in others})
    if change.doing is Doing.UPDATE and change.standing is not None:
        version = str(change.standing.etag)
        return Draft("PUT", change.reference, resource, (("If-Match", version), _WHOLE), recipient, {change.reference: change.standing})
    condition = _condition(change, allowed)
    headers = (("If-None-Exist", condition), _WHOLE) if condition else (_WHOLE,)
    return Draft("POST", change.resource_type, _without_id(resource), headers, recipient)


def sent_resource(change: Change, draft: Draft) -> Json:
    """The resource of a change as a request carries it."""
    if draft.path:
        return draft.body
    body: Json = next(entry["resource"] for entry in draft.body["entry"] if entry["fullUrl"] == change.urn)
    return body


def _entry(change: Change, known: Mapping[str, str], allowed: Allowed) -> Json:
    resource = _resolved(change.resource, known)
    if change.doing is Doing.UPDATE and change.standing is not None:
        request = {"method": "PUT", "url": change.reference, "ifMatch": str(change.standing.etag)}
        return {"fullUrl": change.urn, "resource": resource, "request": request}
    condition = _condition(change, allowed)
    request = {"method": "POST", "url": change.resource_type} | ({"ifNoneExist": condition} if condition else {})
    return {"fullUrl": change.urn, "resource": _without_id(resource), "request": request}


def _condition(change: Change, allowed: Allowed) -> str:
    """If-None-Exist on our write identifier, where the EHR can search it."""
    value = identifier_value(change.resource, WRITE_SYSTEM)
    return f"identifier={WRITE_SYSTEM}|{value}" if value and change.resource_type in allowed.searchable else ""


def _resolved(resource: Json, known: Mapping[str, str]) -> Json:
    made: Json = with_references(resource, known.get)
    return made


def _without_id(resource: Json) -> Json:
    """The server gives a new resource its id."""
    return {name: value for name, value in resource.items() if name != "id"}


def _logical(value: Any, ours: Mapping[str, Json]) -> Any:
    """References to what is not written yet, by our identifier."""
    if isinstance(value, Mapping):
        target = ours.get(str(value.get("reference", "")))
        if target is not None:
            known_as = {"system": WRITE_SYSTEM, "value": identifier_value(target, WRITE_SYSTEM)}
            return {"type": target["resourceType"], "identifier": known_as}
        return {name: _logical(item, ours) for name, item in value.items()}
    return [_logical(item, ours) for item in value] if isinstance(value, list) else value


def _left(value: Any, gone: AbstractSet[str], instead: Json | None) -> Any:
    if isinstance(value, Mapping):
        if isinstance(value.get("reference"), str) and value["reference"] in gone:
            return dict(instead) if instead else None
        made = {name: _left(item, gone, instead) for name, item in value.items()}
        return {name: item for name, item in made.items() if item not in (None, [])}
    if isinstance(value, list):
        return [item for one in value if (item := _left(one, gone, None if _is_reference(one) else instead)) is not None]
    return value


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("reference"), str)
