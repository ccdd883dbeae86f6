"""References from our resources to the patient, to people and to what a plan rests on; and the reading of the same.

A reference that cannot be written as `Type/id` is not bent into one: a person without a resource is a display, a patient whose id FHIR
does not allow is an identifier. Reading gives back exactly the text that the plan had.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from fhir_taper.errors import BadInput
from fhir_taper.mappers.references import address
from fhir_taper.mappers.write.fhir_text import from_fhir, to_fhir
from fhir_taper.mappers.write.namespace import PATIENT_SYSTEM, PLAN_SYSTEM, PROTOCOL_ROOT, Json

_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_BARE_ID: Final = re.compile(_ID)
_RELATIVE: Final = re.compile(rf"([A-Z][A-Za-z]+)/{_ID}(/_history/{_ID})?")

AUTHORS: Final = frozenset({"Patient", "Practitioner", "PractitionerRole", "Device", "RelatedPerson", "Organization", "CareTeam"})
AGENTS: Final = AUTHORS - {"CareTeam"}
ANYTHING: Final = frozenset[str]()


def to_subject(patient: str) -> Json:
    """The patient of a plan as a reference."""
    if _BARE_ID.fullmatch(patient):
        return {"reference": f"Patient/{patient}"}
    return {"type": "Patient", "identifier": {"system": PATIENT_SYSTEM, "value": to_fhir(patient)}}


def from_subject(reference: object, place: str) -> str:
    """The patient of a plan. Raises BadInput where the reference is not to a patient."""
    target = address(reference)
    known_as = _identifier(reference, PATIENT_SYSTEM)
    if target.resource_type == "Patient" and target.id:
        return target.id
    if known_as is not None:
        return from_fhir(known_as)
    raise BadInput("is not a reference to a patient", place)


def to_reference(text: str, types: frozenset[str] = ANYTHING) -> Json:
    """A person or resource named by a plan: `Type/id` of one of these types (none: any) as a reference, everything else as a display."""
    found = _RELATIVE.fullmatch(text)
    if found and (not types or found[1] in types):
        return {"reference": text}
    return {"display": to_fhir(text)}


def from_reference(reference: object, place: str) -> str:
    """The text that `to_reference` was given."""
    if isinstance(reference, Mapping):
        for key, read in (("reference", str), ("display", from_fhir)):
            if isinstance(reference.get(key), str):
                return read(reference[key])
    raise BadInput("is neither a reference nor a display", place)


def to_replaced(plan_id: str) -> Json:
    """The previous version of a plan, by its identifier: its id on a server is not ours to know."""
    return {"type": "CarePlan", "identifier": {"system": PLAN_SYSTEM, "value": to_fhir(plan_id)}}


def from_replaced(reference: object, place: str) -> str:
    """The id of the previous version of a plan."""
    known_as = _identifier(reference, PLAN_SYSTEM)
    if known_as is None:
        raise BadInput("does not carry our plan identifier", place)
    return from_fhir(known_as)


def to_protocol(protocol: str) -> str:
    """The canonical address of a protocol."""
    return PROTOCOL_ROOT + quote(protocol, safe="", errors="surrogatepass")


def from_protocol(canonical: object, place: str) -> str | None:
    """The protocol behind a canonical address, or None where it is not one of ours. A business version after `|` is not ours to keep."""
    if not isinstance(canonical, str):
        raise BadInput("is not a canonical address", place)
    if not canonical.startswith(PROTOCOL_ROOT):
        return None
    return unquote(canonical.removeprefix(PROTOCOL_ROOT).partition("|")[0], errors="surrogatepass")


def plan_ids(resource: Mapping[str, Any]) -> list[str]:
    """Our plan identifiers on a CarePlan or RequestGroup; none where there is no list of identifiers."""
    listed = resource.get("identifier")
    found = [item for item in listed if isinstance(item, Mapping) and item.get("system") == PLAN_SYSTEM] if isinstance(listed, list) else []
    return [from_fhir(item["value"]) for item in found if isinstance(item.get("value"), str)]


def _identifier(reference: object, system: str) -> str | None:
    found = reference.get("identifier") if isinstance(reference, Mapping) else None
    if isinstance(found, Mapping) and found.get("system") == system and isinstance(found.get("value"), str):
        return str(found["value"])
    return None
