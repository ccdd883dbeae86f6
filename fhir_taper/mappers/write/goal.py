"""Goals of a taper: what it ends at, its milestones, and the function that must not be lost. Each has a date where the plan has one.

Projections for people and other systems: the CarePlan's extensions carry the same, so nothing is read back from a Goal.
"""

from collections.abc import Iterable
from datetime import date

from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.ids import Ids
from fhir_taper.mappers.write.labels import Label, to_security
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.mappers.write.plan_references import to_subject
from fhir_taper.mappers.write.units import to_daily_mg
from fhir_taper.mappers.write.wording import drug_of
from fhir_taper.plans.medicines.dose import Exact, brief
from fhir_taper.plans.tapers.plan import PlanGoal, PlanState, TaperPlan

_LIFECYCLE = {
    PlanState.DRAFT: "proposed",
    PlanState.ACTIVE: "active",
    PlanState.ON_HOLD: "on-hold",
    PlanState.COMPLETED: "completed",
    PlanState.REVOKED: "cancelled",
    PlanState.ENTERED_IN_ERROR: "entered-in-error",
}


def to_goals(plan: TaperPlan, ids: Ids, labels: Iterable[Label]) -> list[Json]:
    """The aim first, then each milestone, then the minimum function. A plan without steps has no dates."""
    shared = tuple(labels)
    last = plan.steps[-1].start if plan.steps else None
    goals = [_goal(plan, ids, shared, "Goal/aim", _aim_says(plan), [_target(plan, plan.target_mg, last)])]
    for index, milestone in enumerate(plan.milestones):
        target = _target(plan, _dose_at(plan, milestone.step), milestone.due)
        goals.append(_goal(plan, ids, shared, f"Goal/milestone-{index}", shown(milestone.says), [target]))
    if plan.minimum_function:
        says = f"Minimum acceptable function during the taper: {shown(plan.minimum_function)}"
        goals.append(_goal(plan, ids, shared, "Goal/function", says, [{"dueDate": last.isoformat()}] if last else []))
    return goals


def _goal(plan: TaperPlan, ids: Ids, labels: tuple[Label, ...], role: str, says: str, targets: list[Json]) -> Json:
    resource: Json = {
        "resourceType": "Goal",
        "id": ids.of(role),
        "meta": {"security": to_security(labels)},
        "identifier": ids.identifiers(role),
        "lifecycleStatus": _LIFECYCLE[plan.state],
        "category": [{"text": "Taper"}],
        "description": {"text": says or f"Milestone of the taper of {drug_of(plan)}"},
        "subject": to_subject(plan.patient),
        "startDate": plan.steps[0].start.isoformat() if plan.steps else "",
        "target": targets,
    }
    return without_empty(resource)


def _target(plan: TaperPlan, mg_per_day: Exact | None, due: date | None) -> Json:
    measured: Json = {}
    if mg_per_day is not None:
        measured = {"measure": {"text": f"Daily dose of {drug_of(plan)}"}, "detailQuantity": to_daily_mg(mg_per_day)}
    return measured | ({"dueDate": due.isoformat()} if due else {})


def _dose_at(plan: TaperPlan, number_of_step: int) -> Exact | None:
    return next((step.mg_per_day(plan.ingredient) for step in plan.steps if step.number == number_of_step), None)


def _aim_says(plan: TaperPlan) -> str:
    if plan.goal is PlanGoal.DISCONTINUE:
        return f"Discontinue {drug_of(plan)}"
    verb = "Reduce" if plan.goal is PlanGoal.TARGET else "Maintain"
    return f"{verb} {drug_of(plan)} {'to' if plan.goal is PlanGoal.TARGET else 'at'} {brief(plan.target_mg)} mg a day"
