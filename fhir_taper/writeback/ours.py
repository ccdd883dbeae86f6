"""What in an EHR is of this very plan: what its own versions wrote, known by our write identifiers, or by where our ledger says they stand.

A reference to something of ours, the same words, or the write identifier of another plan make nothing ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.mappers.references import key_of
from fhir_taper.mappers.write.ids import Ids
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, WRITE_SYSTEM, Json
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.writeback.belonging import replaced
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.recorded import PlanIds, Recorded

_MOST_MILESTONES: Final = 40
"""Milestones of an earlier version whose identifiers are made again; the ledger knows any number."""


@dataclass(frozen=True, slots=True)
class Ours:
    """`plans` are ids of this plan's versions, `writes` their write identifiers, `references` ("Goal/7") where what they wrote stands.

    `bodies` is what we last wrote, by reference.
    """

    plans: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    bodies: Mapping[str, Json] = field(default_factory=dict)

    def holds(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource that the EHR holds is of this plan: by its identifiers; where it has none of ours, by where it stands."""
        plan, write = identifier_value(resource, PLAN_SYSTEM), identifier_value(resource, WRITE_SYSTEM)
        if plan or write:
            return plan in self.plans or write in self.writes or write in self.plans
        return key_of(resource) in self.references


def ours_of(bundle: Json, known: Recorded, ids: PlanIds) -> Ours:
    """What is of the plan of a Bundle of ours, by what it is, by what our ledger has of it, and by which of its versions are kept."""
    resources = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] != "Device"]
    care_plans = [one for one in resources if one["resourceType"] == "CarePlan"]
    plans = {*ids.this, *(one for plan in care_plans for one in (*replaced(plan), identifier_value(plan, PLAN_SYSTEM)))}
    mine = {identifier_value(one, WRITE_SYSTEM) for one in resources}
    bodies = {one.reference: one.body for one in known.kept if one.body is not None}
    return Ours(frozenset(plans - {""}), frozenset((mine | ids.writes | known.writes) - {""}), frozenset(known.of_plan), bodies)


def write_ids_of(plan: TaperPlan, tenant: str) -> frozenset[str]:
    """The write identifiers of the steps and goals of every version of a plan so far: they follow from what the plan is."""
    roles = ("RequestGroup", "Goal/aim", "Goal/function", *(f"Goal/milestone-{index}" for index in range(_MOST_MILESTONES)))
    return frozenset(Ids(plan, tenant).of_version(role, version) for version in range(plan.version + 1) for role in roles)
