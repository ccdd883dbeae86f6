"""The box in which a prescriber says what stands among the care plans in the EHR, where nobody here can read them."""

from dataclasses import dataclass

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.web.dependencies import Visit
from fhir_taper.workflow.look import look_of
from fhir_taper.workflow.unread import care_plans_unread


@dataclass(frozen=True, slots=True)
class LookView:
    """`says`: what could not be read. `seen`: what was said of it, by whom and when; empty where nothing was. `may_say`: who reads this
    page may say it."""

    says: str
    seen: str
    may_say: bool


def look_view(visit: Visit, draft: TaperPlan) -> LookView | None:
    """None where the site does not let a look count, or the care plans can be read."""
    says = care_plans_unread(visit.loaded())
    if not says or not visit.chart.tenant.approve_with_care_plans_unread:
        return None
    done = look_of(draft)
    seen = f"{done.reason} ({done.by}, {done.on.isoformat()})" if done else ""
    return LookView(says, seen, visit.chart.may(Role.PRESCRIBER))
