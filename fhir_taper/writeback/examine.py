"""Looking through a body, at every depth, for what may not leave: pure checks, each giving its reasons as sentences.

Nothing is trusted for where it stands: a resource is what says `resourceType`, wherever it is (entry, contained, inside another element),
and whatever names a patient must name this one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fhir_taper.mappers.write.labels import Label, is_restricted
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY

_SUBJECTS: Final = frozenset({"subject", "patient", "for", "beneficiary", "individual"})
_HAVE_NO_SUBJECT: Final = frozenset({"Bundle", "Device", "Provenance"})
_PROPOSED: Final = frozenset({"proposal", "plan"})
_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]*/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?")
_URN: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FRAGMENT: Final = re.compile(r"#[A-Za-z0-9\-.]{1,64}")
_ADDRESSES: Final = frozenset({"reference", "url", "uri"})
_PATIENT: Final = re.compile(r"(^|/)Patient/", re.IGNORECASE)
_DOTS: Final = re.compile(r"/\.{1,2}(/|$)")
_LEVELS: Final = "ULMNRV"
_DEEPEST: Final = 64


def resources(value: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Every object that calls itself a resource. One nested too deep to look through is given out as a resource without a type."""
    if depth > _DEEPEST:
        yield {"resourceType": None}
        return
    if isinstance(value, Mapping):
        if any(str(name).lower() == "resourcetype" for name in value):
            yield value
        for item in value.values():
            yield from resources(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from resources(item, depth + 1)


def wrong_types(body: object, may_go_out: Iterable[str]) -> Iterator[str]:
    """Resources of a type that nothing allows, or that hide their type."""
    known = {*may_go_out, "Bundle", "RequestGroup"}
    for resource in resources(body):
        kind = resource.get("resourceType")
        if not (isinstance(kind, str) and kind in known):
            yield f"it holds a resource of the type {kind!r}, which may not go out"


def orders(body: object) -> Iterator[str]:
    """Anything that is more than a proposal: no status but draft, no intent but proposal or plan, on a medication request at any depth."""
    for resource in resources(body):
        kind = resource.get("resourceType")
        if kind == "MedicationRequest":
            if resource.get("status") != "draft":
                yield f"a MedicationRequest has the status {resource.get('status')!r}: only a draft may go out"
            if not _is_proposed(resource):
                yield f"a MedicationRequest has the intent {resource.get('intent')!r}: only a proposal may go out"
            if resource.get("reportedBoolean") is True or "reportedReference" in resource:
                yield "a MedicationRequest says that it was reported: it would count as a medicine that is taken"
        elif "intent" in resource and not _is_proposed(resource):
            yield f"a {kind} has the intent {resource['intent']!r}: only proposals and plans may go out"


def _is_proposed(resource: Mapping[str, Any]) -> bool:
    intent = resource.get("intent")
    return isinstance(intent, str) and intent in _PROPOSED


def other_patients(body: object, patient_id: str) -> Iterator[str]:
    """Whatever names a patient other than this one, and a resource that should name this one and does not."""
    us = f"Patient/{patient_id}"
    if any(resource.get("resourceType") == "Patient" for resource in resources(body)):
        yield "it holds a Patient: only references to the patient may go out"
    for top in _top_level(body):
        subject = top.get("subject") or top.get("patient") or top.get("for")
        if top.get("resourceType") not in _HAVE_NO_SUBJECT and not (isinstance(subject, Mapping) and subject.get("reference") == us):
            yield f"a {top.get('resourceType')} is not about this patient"
    for place, text in _strings(body):
        if place in _ADDRESSES and _PATIENT.search(text) and text.partition("/_history/")[0] != us:
            yield f"it refers to {text}, and this is {us}"
    for element in _elements(body, _SUBJECTS):
        named = [one for one in (element if isinstance(element, list) else [element]) if isinstance(one, Mapping)]
        if any(one.get("reference") != us for one in named if "reference" in one or "identifier" in one):
            yield "a subject is not this patient"
    if any(one.get("type") == "Patient" and "identifier" in one for one in _mappings(body)):
        yield "a patient is named by an identifier, which cannot be compared"


def foreign_references(body: object) -> Iterator[str]:
    """References that are not `Type/id`, of this very write, or into the same resource: absolute addresses, searches, path tricks."""
    for place, text in _strings(body):
        if place == "reference" and not is_plain_reference(text):
            yield f"it refers to {text[:80]!r}, which is not a plain reference on this EHR"


def is_plain_reference(text: str) -> bool:
    """Whether a reference is relative, a urn of this write, or a fragment."""
    plain = _RELATIVE.fullmatch(text) or _URN.fullmatch(text) or _FRAGMENT.fullmatch(text)
    return plain is not None and not _DOTS.search(text)


def weak_labels(body: object, labels: Iterable[Label]) -> Iterator[str]:
    """Labels that are weaker than those of the inputs, and data that may not be passed on at all."""
    wanted = tuple(labels)
    for label in wanted:
        if is_restricted(label):
            yield f"it rests on data labelled {label.code}: nothing derived from them is written without a consent"
    needed = {label for label in wanted if label.system != CONFIDENTIALITY}
    level = max((_rank(label.code) for label in wanted if label.system == CONFIDENTIALITY), default=_rank("N"))
    for top in _top_level(body):
        carried = set(_labels(top))
        for label in sorted(carried):
            if is_restricted(label):
                yield f"a {top.get('resourceType')} is labelled {label.code}: it is not written without a consent"
        reached = max((_rank(label.code) for label in carried if label.system == CONFIDENTIALITY), default=-1)
        if needed - carried or reached < level:
            yield f"a {top.get('resourceType')} is labelled weaker than what it is made from"


def recipients(body: object) -> Iterator[str]:
    """Anything that would be sent on by the EHR: until consent can be checked, the only recipient is the EHR itself."""
    for name in ("recipient", "endpoint"):
        if any(element for element in _elements(body, frozenset({name}))):
            yield f"it names a {name}: the only recipient is the EHR of this launch"


def _top_level(body: object) -> Iterator[Mapping[str, Any]]:
    """The resources that will stand on their own: the body, or the entries of a Bundle."""
    if not isinstance(body, Mapping):
        return
    if body.get("resourceType") != "Bundle":
        yield body
        return
    for entry in body.get("entry") or ():
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        yield resource if isinstance(resource, Mapping) else {"resourceType": None}


def _strings(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """(name of the member, text) of every text, with those of lists under the list's name; `valueUrl` and its kind count as `url`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, {"valueUri": "uri", "valueUrl": "url"}.get(str(key), str(key)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, name)
    elif isinstance(value, str):
        yield name, value


def _elements(value: object, names: frozenset[str]) -> Iterator[Any]:
    for one in _mappings(value):
        yield from (item for name, item in one.items() if name in names)


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from _mappings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _mappings(item)


def _labels(resource: Mapping[str, Any]) -> Iterator[Label]:
    meta = resource.get("meta")
    for item in (meta.get("security") or ()) if isinstance(meta, Mapping) else ():
        if isinstance(item, Mapping):
            yield Label(str(item.get("system", "")), str(item.get("code", "")))


def _rank(code: str) -> int:
    return _LEVELS.find(code)
