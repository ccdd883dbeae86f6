"""Ids of what we write: the same plan gets the same ids everywhere, so that a second writing finds the first.

UUIDv5 of (tenant, patient, ingredient, plan key, version, role). `local` is the tenant of the command line. No clock, no randomness.
"""

import json
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from fhir_taper.mappers.write.fhir_text import to_fhir
from fhir_taper.mappers.write.namespace import BASE, PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM, Json, identifier
from fhir_taper.plans.tapers.plan import TaperPlan

LOCAL_TENANT: Final = "local"
_OURS: Final = uuid5(NAMESPACE_URL, BASE)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of the resources of one version of one plan, by role ("CarePlan", "Goal/milestone-0", …)."""

    plan: TaperPlan
    tenant: str = LOCAL_TENANT

    def of(self, role: str) -> str:
        """The id of the resource in this role. The CarePlan has the plan's own id where that is a UUID."""
        plan = self.plan
        if role == "CarePlan" and _is_uuid(plan.id):
            return plan.id
        return stable_id(self.tenant, plan.patient, plan.ingredient, plan.key, plan.version, role)

    def urn(self, role: str) -> str:
        """The fullUrl of the resource in this role."""
        return f"urn:uuid:{self.of(role)}"

    def identifiers(self, role: str) -> list[Json]:
        """Our write identifier of the resource in this role."""
        return [identifier(WRITE_SYSTEM, self.of(role))]

    def plan_identifiers(self, role: str) -> list[Json]:
        """For CarePlan and RequestGroup: which plan this is, which taper it belongs to, and which write it was."""
        return [
            identifier(PLAN_SYSTEM, to_fhir(self.plan.id)),
            *self.identifiers(role),
            identifier(TAPER_SYSTEM, self.taper(), use="secondary"),
        ]

    def taper(self) -> str:
        """The same in every version of this patient's taper of this ingredient: at most one of it may be active."""
        return stable_id(self.tenant, self.plan.patient, self.plan.ingredient, "taper")


def stable_id(*parts: str | int) -> str:
    """The UUIDv5 of these parts, kept apart from each other whatever they contain."""
    return str(uuid5(_OURS, json.dumps(parts, separators=(",", ":"))))


def active_taper_query(plan: TaperPlan, tenant: str = LOCAL_TENANT) -> str:
    """Search (or If-None-Exist) for a CarePlan that already tapers this ingredient of this patient: there must be none of another plan."""
    return f"identifier={TAPER_SYSTEM}|{Ids(plan, tenant).taper()}&status=active,on-hold"


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
