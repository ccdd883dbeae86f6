"""Ids of what we write: the same plan gets the same ids everywhere, so that a second writing finds the first.

UUIDv5 of (tenant, patient, ingredient, plan key, version, role), as `plans.tapers.identity` makes them: the CarePlan has the plan's own id.
`local` is the tenant of the command line. No clock, no randomness.
"""

from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from fhir_taper.mappers.write.fhir_text import to_fhir
from fhir_taper.mappers.write.namespace import BASE, PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM, Json, identifier
from fhir_taper.plans.tapers.identity import plan_id
from fhir_taper.plans.tapers.plan import TaperPlan

LOCAL_TENANT: Final = "local"
CARE_PLAN: Final = "plan"
"""The role whose id is the plan's."""


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of the resources of one version of one plan, by role (CARE_PLAN, "RequestGroup", "Goal/milestone-0", …)."""

    plan: TaperPlan
    tenant: str = LOCAL_TENANT

    def of(self, role: str) -> str:
        """The id of the resource in this role. The CarePlan keeps the plan's own id where that is a UUID."""
        if role == CARE_PLAN and _is_uuid(self.plan.id):
            return self.plan.id
        return self.of_version(role, self.plan.version)

    def of_version(self, role: str, version: int) -> str:
        """The id that the resource in this role has in any version of the plan."""
        return plan_id(self.tenant, self.plan.patient, self.plan.ingredient, self.plan.key, version, role)

    def urn(self, role: str) -> str:
        """The fullUrl of the resource in this role."""
        return f"urn:uuid:{self.of(role)}"

    def identifiers(self, role: str) -> list[Json]:
        """Our write identifier of the resource in this role."""
        return [identifier(WRITE_SYSTEM, self.of(role))]

    def plan_identifiers(self, role: str) -> list[Json]:
        """For CarePlan and RequestGroup: which plan this is, which write it was, and which taper it belongs to."""
        plan = identifier(PLAN_SYSTEM, to_fhir(self.plan.id))
        return [plan, *self.identifiers(role), identifier(TAPER_SYSTEM, self.taper(), use="secondary")]

    def taper(self) -> str:
        """The same in every version and for every key: of this patient's tapers of this ingredient at most one may be active."""
        return plan_id(self.tenant, self.plan.patient, self.plan.ingredient, "", 0, "taper")


def active_taper_query(plan: TaperPlan, tenant: str = LOCAL_TENANT) -> str:
    """Search for CarePlans that already taper this ingredient of this patient: there must be none but versions of this plan."""
    return f"identifier={TAPER_SYSTEM}|{Ids(plan, tenant).taper()}&status=active,on-hold"


def device_id(program_version: str) -> str:
    """The same Device for every plan that one version of the program writes."""
    return str(uuid5(NAMESPACE_URL, f"{BASE}/Device/{program_version}"))


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
