"""Whose a resource is: the patients that it names where its type names its patient."""

from collections.abc import Iterator
from typing import Any, Final

from fhir_taper.records import Json

_OF_A_PATIENT: Final = ("subject", "patient", "for", "beneficiary", "individual", "target")


def is_anothers(resource: Json, patient_id: str) -> bool:
    """Whether a resource is of a patient, and not of this one. A Practitioner or Medication is nobody's."""
    return any(one != patient_id for one in patients_of(resource))


def patients_of(resource: Json) -> set[str]:
    """The ids of the patients that it is about."""
    if resource.get("resourceType") == "Patient":
        return {str(resource.get("id", ""))}
    return {named for element in _OF_A_PATIENT for named in _named(resource.get(element))} | {
        named for participant in _listed(resource.get("participant")) for named in _named(participant.get("actor"))
    }


def _named(value: Any) -> Iterator[str]:
    for one in _listed(value):
        head, _, name = str(one.get("reference", "")).partition("/_history")[0].rpartition("/")
        if head == "Patient" or head.endswith("/Patient"):
            yield name


def _listed(value: Any) -> list[Json]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
