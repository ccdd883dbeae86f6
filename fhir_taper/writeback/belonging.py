"""Whose a care plan of ours is: of this plan, of another one of the patient, or of one that cannot be told any more.

Somebody in the EHR may strip what we wrote: then it is known by its identifiers (plan, write), or by where our ledger says that it stands.
The identifier of the taper alone says which medicine, and not which plan; a reference to something of ours says nothing: others link it.
"""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

from fhir_taper.errors import BadInput
from fhir_taper.mappers.references import key_of
from fhir_taper.mappers.write.extensions import read_core
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, WRITE_SYSTEM, Json
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.recorded import PlanIds


class Belongs(Enum):
    """To which plan."""

    THIS = "this plan"
    OTHER = "another plan"
    UNTOLD = "cannot be told"


def belongs(ours: Json, theirs: Json, ids: PlanIds, recorded: Collection[str] = ()) -> Belongs:
    """Whose a care plan is. `recorded`: references of this plan's resources, as our ledger has them."""
    named = set(version_ids(theirs))
    if is_same_write(ours, theirs) or named & (ids.this | replaced(ours)):
        return Belongs.THIS
    mine, other = core_of(ours), core_of(theirs)
    if other:
        is_same = (mine.get("key"), mine.get("ingredient")) == (other.get("key"), other.get("ingredient"))
        return Belongs.THIS if is_same else Belongs.OTHER
    if named & ids.others:
        return Belongs.OTHER
    return Belongs.THIS if key_of(theirs) in recorded else Belongs.UNTOLD


def is_same_write(ours: Json, theirs: Json) -> bool:
    """Whether what stands is what we wrote as this very resource of this version."""
    written = identifier_value(ours, WRITE_SYSTEM)
    return bool(written) and identifier_value(theirs, WRITE_SYSTEM) == written


def version_ids(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids by which a resource of ours names the version that it is of, that of the plan first; none where both are gone."""
    return tuple(filter(None, (identifier_value(resource, system) for system in (PLAN_SYSTEM, WRITE_SYSTEM))))


def core_of(care_plan: Json) -> dict[str, Any]:
    """What our extensions say of the plan; empty where they are gone or damaged."""
    try:
        return read_core(care_plan)
    except BadInput:
        return {}


def replaced(ours: Json) -> set[str]:
    """The ids of the versions of which a care plan takes the place."""
    return {str(one.get("identifier", {}).get("value")) for one in ours.get("replaces", []) if isinstance(one, Mapping)}
