"""A reduction that an open hit does not keep back: its review was passed before anything was found.

Nobody takes a review back but a person; so it is said, wherever the hit is.
"""

from collections.abc import Iterable
from datetime import date

from fhir_taper.plans.monitoring.assessment import Hit
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.tapers.gates import released_days
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan


def released_reduction(plan: TaperPlan, hits: Iterable[Hit], today: date) -> date | None:
    """The day of the first reduction after the first of the hits of level 1 and more that nobody answered, where nothing keeps it back.

    None for a draft, after the last step, for a plan that is held, and where every later reduction waits for its review.
    """
    since = min((hit.since.date() for hit in hits if hit.answer is None and hit.level >= Level.HOLD), default=None)
    if since is None or plan.state is PlanState.DRAFT or plan.phase is Phase.AFTERCARE or in_force(plan, today).is_held:
        return None
    return next((day for day in released_days(plan, plan.step_on(since).number + 1) if day > since), None)
