"""Whose a resource is, by its references: the check that no other patient's resource gets past the client (privacy S3).

It only reads the elements that FHIR R4 uses for the patient; it fetches nothing. What is not stated is not guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fhir_taper.records import Json
from fhir_taper.smart.origins import under

_ELEMENTS: Final = ("subject", "patient", "for", "beneficiary", "individual")


class Whose(StrEnum):
    """The answer of the check."""

    OURS = "ours"
    ANOTHER = "another"
    UNSAID = "unsaid"
    """No patient is named, or only in a way that cannot be compared (an identifier, a contained copy)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A resource that was not handed on, and why. Holds an id, nothing clinical."""

    resource_type: str
    id: str
    why: str


def whose(resource: Json, patient_id: str, base: str) -> Whose:
    """Whether a resource is of this patient of the server at `base`. One naming of somebody else makes it another's."""
    if resource.get("resourceType") == "Patient":
        return Whose.OURS if resource.get("id") == patient_id else Whose.ANOTHER
    named = [_names(reference, patient_id, base) for reference in _references(resource)]
    if resource.get("resourceType") == "Appointment":  # several take part; ours must be among them
        return Whose.OURS if Whose.OURS in named else Whose.ANOTHER if Whose.ANOTHER in named else Whose.UNSAID
    if Whose.ANOTHER in named:
        return Whose.ANOTHER
    return Whose.OURS if Whose.OURS in named else Whose.UNSAID


def _references(resource: Json) -> Iterator[Mapping[str, Any]]:
    for name in _ELEMENTS:
        value = resource.get(name)
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping))
    if resource.get("resourceType") == "Appointment":
        taking_part = resource.get("participant")
        for one in taking_part if isinstance(taking_part, list) else ():
            if isinstance(one, Mapping) and isinstance(one.get("actor"), Mapping):
                yield one["actor"]


def _names(reference: Mapping[str, Any], patient_id: str, base: str) -> Whose:
    text = reference.get("reference")
    if not isinstance(text, str) or text.startswith(("#", "urn:")):
        return Whose.UNSAID
    path = text.partition("/_history/")[0]
    if "://" in path and not under(base, path):
        return Whose.ANOTHER if "/Patient/" in path else Whose.UNSAID
    kind, _, name = path.rpartition("/")
    if kind.rpartition("/")[2] != "Patient":
        return Whose.UNSAID
    return Whose.OURS if name == patient_id else Whose.ANOTHER
