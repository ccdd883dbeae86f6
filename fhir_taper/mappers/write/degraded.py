"""A plan for a server that cannot store a RequestGroup: the steps inside the CarePlan itself, marked as the lesser form that this is.

`contained` keeps the RequestGroup, inside the CarePlan; `detail` writes each step as activity.detail (which some care-plan profiles
forbid, and which loses the review conditions for readers other than us). Both still carry the whole plan. The mark is the extension
`taper-degraded-form`.
"""

from datetime import date

from fhir_taper.mappers.write.degraded_mark import DEGRADED, DegradedMark
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.mappers.write.request_group import to_kind, to_timing
from fhir_taper.mappers.write.units import to_daily_mg
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.mappers.write.wording import drug_of
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.plan import PlanState, Step, TaperPlan

CONTAINED_ID = "steps"
_STATUS = {
    PlanState.DRAFT: "not-started",
    PlanState.COMPLETED: "completed",
    PlanState.REVOKED: "cancelled",
    PlanState.ENTERED_IN_ERROR: "entered-in-error",
}


def to_degraded(bundle: Json, plan: TaperPlan, form: DegradedForm, as_of: date) -> Json:
    """The same Bundle without a RequestGroup. `bundle` is what `to_bundle` made of `plan`; it is not changed."""
    care_plan = _resource(bundle, "CarePlan")
    group = _resource(bundle, "RequestGroup")
    steps = _contained(group) if form is DegradedForm.CONTAINED else _details(plan, group, as_of)
    marked = {**care_plan, "extension": [*care_plan["extension"], DEGRADED.written(DegradedMark(form))], **steps}
    url = f"urn:uuid:{group['id']}"
    entries = [
        {**entry, "resource": marked if entry["resource"] is care_plan else _without_target(entry["resource"], url)}
        for entry in bundle["entry"]
        if entry["resource"] is not group
    ]
    return {**bundle, "entry": entries}


def _resource(bundle: Json, resource_type: str) -> Json:
    found: Json = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == resource_type)
    return found


def _without_target(resource: Json, url: str) -> Json:
    """Provenance speaks of what was written: not of a resource that no longer is one."""
    if resource["resourceType"] != "Provenance":
        return resource
    return {**resource, "target": [target for target in resource["target"] if target["reference"] != url]}


def _contained(group: Json) -> Json:
    """A contained resource has no labels, and no life, of its own (dom-4, dom-5)."""
    inside = {key: value for key, value in group.items() if key not in {"meta", "id"}}
    return {
        "contained": [{"resourceType": "RequestGroup", "id": CONTAINED_ID} | inside],
        "activity": [{"reference": {"reference": f"#{CONTAINED_ID}"}}],
    }


def _details(plan: TaperPlan, group: Json, as_of: date) -> Json:
    actions = group.get("action", [])
    return {"activity": [{"detail": _detail(plan, step, action, as_of)} for step, action in zip(plan.steps, actions, strict=True)]}


def _detail(plan: TaperPlan, step: Step, action: Json, as_of: date) -> Json:
    is_dosed = any(dose.units for dose in step.doses)
    product = {"productCodeableConcept": {"text": drug_of(plan)}}
    dose = step.mg_per_day(plan.ingredient)
    return (
        {"extension": action["extension"], "kind": "MedicationRequest" if is_dosed else "Task", "code": to_kind(step)}
        | {"status": _status(plan, step, as_of), "scheduledPeriod": to_timing(step)}
        | (product if is_dosed else {})
        | ({"dailyAmount": to_daily_mg(dose)} if dose else {})
        | {"description": detail_description(action)}
    )


def detail_description(action: Json) -> str:
    """The one text that a detail has: title and description of the step's action."""
    return f"{action['title']}. {action['description']}"


def _status(plan: TaperPlan, step: Step, as_of: date) -> str:
    """Where a step stands. Held (by the plan's state or an overdue review), the step in force goes on and the next reductions wait."""
    if plan.state in _STATUS:
        return _STATUS[plan.state]
    now = in_force(plan, as_of)
    if step.number < now.step.number:
        return "completed"
    if step.number == now.step.number and step.start <= as_of:
        return "in-progress"
    return "on-hold" if now.is_held else "scheduled"
