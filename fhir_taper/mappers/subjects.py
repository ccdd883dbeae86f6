"""Whose chart is this? One patient, or a refusal that names both.

A dose of somebody else's chart is the worst kind of wrong number: a server without the search parameter was seen to answer with
another patient's resource. So every resource that names a patient must name the same one. Subjects that are no patient (a group, a
device, a place) say nothing. A record that its server has replaced by another is the same patient (`merged_patients`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_taper.errors import ChartConflict
from fhir_taper.mappers.merged_patients import NO_MERGES, Merges
from fhir_taper.mappers.references import Address, address, has_identifier, identifier_pairs
from fhir_taper.mappers.unfold import Found
from fhir_taper.mappers.versions import identity_of

_SUBJECT_ELEMENTS = ("subject", "patient", "beneficiary")


@dataclass(frozen=True, slots=True)
class _Person:
    """A patient as named somewhere: by logical id, by the server ("" where that is not said), or by an identifier alone."""

    id: str
    base: str
    place: str

    @property
    def words(self) -> str:
        return f"Patient/{self.id} of {self.base}" if self.base else f"Patient/{self.id}"


def patient_of(found: Sequence[Found], merges: Merges = NO_MERGES) -> str:
    """The logical id of the one patient of the chart; "" where nothing names one. Raises ChartConflict for two.

    Records that `merges` makes one go under the id of the one that took the other's place.
    """
    patients = [copy for copy in found if copy.resource["resourceType"] == "Patient"]
    kinds_by_url = {copy.full_url: str(copy.resource["resourceType"]) for copy in found if copy.full_url}
    one: _Person | None = None
    for person in (_patient(copy) for copy in patients):
        one = _the_same(one, person, merges)
    named_before: set[Address] = set()
    for copy in found:
        reference = _subject_of(copy)
        target = address(reference)
        if reference is None or target in named_before:
            continue
        if target.key:  # who that is depends on nothing else; nearly all resources of a chart name one person in one way
            named_before.add(target)
        person_named = _person(target, reference, copy, patients, kinds_by_url)
        if person_named is not None:
            one = _the_same(one, person_named, merges)
    return one.id if one else ""


def has_no_subject(resource: Mapping[str, Any]) -> bool:
    """Whether the resource leaves open whose it is."""
    for name in _SUBJECT_ELEMENTS:  # noqa: SIM110 — asked of every resource of a chart
        if _addresses_someone(resource.get(name)):
            return False
    return True


def _the_same(one: _Person | None, other: _Person, merges: Merges) -> _Person:
    """The better known of two namings of one person. Raises ChartConflict where they are two people."""
    if other.id in merges.successor:
        other = replace(other, id=merges.living(other.id))
    if one is None:
        return other
    if one.id != other.id or (one.base and other.base and one.base != other.base):
        why = merges.why_two(one.id, other.id)
        raise ChartConflict(f"two patients in one chart: {one.words} ({one.place}) and {other.words} ({other.place}){why}")
    return one if one.base or not other.base else other


def _patient(copy: Found) -> _Person:
    name = identity_of(copy).partition("/")[2]
    return _Person(name or f"at {copy.place}", address(copy.full_url).base, copy.place)


def _subject_of(copy: Found) -> Mapping[str, Any] | None:
    for name in _SUBJECT_ELEMENTS:
        reference = copy.resource.get(name)
        if isinstance(reference, dict):
            return reference
    return None


def _person(
    target: Address, reference: Mapping[str, Any], copy: Found, patients: Iterable[Found], kinds_by_url: Mapping[str, str]
) -> _Person | None:
    if target.urn:
        return _by_urn(target.urn, copy, patients, kinds_by_url)
    if target.key:
        return _Person(target.id, target.base, copy.place) if target.resource_type == "Patient" else None
    if target.fragment:
        return _contained_patient(copy, target.fragment)
    return _by_identifier(target, reference, copy, patients)


def _by_urn(urn: str, copy: Found, patients: Iterable[Found], kinds_by_url: Mapping[str, str]) -> _Person | None:
    if kinds_by_url.get(urn, "Patient") != "Patient":
        return None
    named = next((patient for patient in patients if patient.full_url == urn), None)
    name = identity_of(named).partition("/")[2] if named else urn.rpartition(":")[2]
    return _Person(name, "", copy.place)


def _by_identifier(target: Address, reference: Mapping[str, Any], copy: Found, patients: Iterable[Found]) -> _Person | None:
    if target.resource_type not in ("", "Patient") or reference.get("type") not in (None, "Patient"):
        return None
    pairs = list(identifier_pairs(target, reference))
    for patient in patients:
        if any(has_identifier(patient.resource, pair) for pair in pairs):
            return _Person(identity_of(patient).partition("/")[2] or f"at {patient.place}", "", copy.place)
    if pairs:
        return _Person("|".join(part for part in pairs[0] if part), "", copy.place)
    return _Person(target.id, "", copy.place) if target.id else None


def _contained_patient(copy: Found, fragment: str) -> _Person | None:
    """A patient who lives inside the resource has no id outside it: an identifier can tell two of them apart; without it, nobody is."""
    inside = copy.resource.get("contained")
    for resource in inside if isinstance(inside, list) else ():
        if isinstance(resource, dict) and resource.get("id") == fragment and resource.get("resourceType") == "Patient":
            listed = resource.get("identifier")
            first = listed[0] if isinstance(listed, list) and listed else None
            if isinstance(first, dict) and isinstance(first.get("value"), str):
                return _Person("|".join(str(part) for part in (first.get("system"), first["value"]) if part), "", copy.place)
    return None


def _addresses_someone(reference: object) -> bool:
    if not isinstance(reference, dict):
        return False
    target = address(reference)
    return bool(target.id or target.urn or target.fragment or target.query or reference.get("identifier"))
