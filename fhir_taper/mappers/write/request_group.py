"""RequestGroup: the steps of a plan, one action per step, in order, each with its days, kind, exact doses and the review it waits for.

FHIR R4 wants every action to have a resource or actions (rqg-1): a step has one action per product, and each refers to the
prescription of the next window where it is proposed, else says that it will be. Two strengths for one dose are two actions under one
step. A stop is an action of its own and never a dose of 0.
"""

from collections.abc import Iterable, Mapping, Sequence

from fhir_taper.mappers.systems import RXNORM
from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.extensions import step_extension
from fhir_taper.mappers.write.fhir_text import to_fhir
from fhir_taper.mappers.write.ids import Ids
from fhir_taper.mappers.write.labels import Label, to_security
from fhir_taper.mappers.write.namespace import Json, code_system
from fhir_taper.mappers.write.plan_references import to_protocol, to_subject
from fhir_taper.mappers.write.wording import StepWords, drug_of, step_title
from fhir_taper.plans.tapers.plan import GateState, ReviewGate, Step, TaperPlan, Units

KIND_SYSTEM = code_system("step-kind")
_ACTION_TYPE = "http://terminology.hl7.org/CodeSystem/action-type"

Proposals = Mapping[tuple[int, str], str]
"""(step number, rxcui) → fullUrl of the MedicationRequest that proposes it."""


def to_request_group(
    plan: TaperPlan, ids: Ids, labels: Iterable[Label], words: Sequence[StepWords], device: str, proposals: Proposals | None = None
) -> Json:
    """The RequestGroup of a plan. `words` are its `steps_in_words`, `device` is the fullUrl of the program's Device, `proposals` what the
    next window proposes."""
    said = request_group_says(plan, words)
    resource: Json = {
        "resourceType": "RequestGroup",
        "id": ids.of("RequestGroup"),
        "meta": {"security": to_security(labels)},
        "identifier": ids.plan_identifiers("RequestGroup"),
        "instantiatesCanonical": [to_protocol(plan.protocol)] if plan.protocol is not None else [],
        "status": said["status"],
        "intent": said["intent"],
        "code": {"text": f"Taper of {drug_of(plan)}"},
        "subject": to_subject(plan.patient),
        "authoredOn": plan.created.isoformat(),
        "author": {"reference": device},
        "reasonCode": said.get("reasonCode", []),
        "action": [_action(plan, index, action, proposals or {}) for index, action in enumerate(said.get("action", []))],
    }
    return without_empty(resource)


def request_group_says(plan: TaperPlan, words: Sequence[StepWords]) -> Json:
    """What a person reads in the RequestGroup of a plan, step by step: it is written again, and compared, when the plan is read."""
    return without_empty(
        {
            "status": str(plan.state),
            "intent": "plan",
            "reasonCode": [{"text": to_fhir(plan.reason)}] if plan.reason else [],
            "action": [_step_says(plan, step, said) for step, said in zip(plan.steps, words, strict=True)],
        }
    )


def to_timing(step: Step) -> Json:
    """The days of a step: both inclusive, in the patient's zone; no end on the last."""
    return {"start": step.start.isoformat()} | ({"end": step.end.isoformat()} if step.end else {})


def to_kind(step: Step) -> Json:
    """The kind of a step as a concept of our code system."""
    return {"coding": [{"system": KIND_SYSTEM, "code": str(step.kind)}]}


def _step_says(plan: TaperPlan, step: Step, said: StepWords) -> Json:
    units = (unit for dose in step.doses for unit in dose.units)
    products = [_product_says(unit, *words) for unit, words in zip(units, said.products, strict=True)]
    return without_empty(
        {
            "prefix": str(step.number),
            "title": step_title(step, said.dose),
            "description": said.description,
            "condition": [_condition(gate) for gate in plan.gates if gate.step == step.number],
            "type": {"coding": [{"system": _ACTION_TYPE, "code": "update" if products else "remove"}]},
            "action": products,
        }
    )


def _product_says(unit: Units, name: str, directions: str) -> Json:
    code = {"coding": [{"system": RXNORM, "code": to_fhir(unit.rxcui)}], "text": name}
    return {"title": name, "description": directions, "code": [code]}


def _action(plan: TaperPlan, index: int, said: Json, proposals: Proposals) -> Json:
    step = plan.steps[index]
    units = (unit for dose in step.doses for unit in dose.units)
    products = [
        product | {"resource": _proposed(step, unit, proposals)} for product, unit in zip(said.get("action", []), units, strict=True)
    ]
    action: Json = {
        "id": f"step-{index}",
        "extension": [step_extension(step)],
        "prefix": said["prefix"],
        "title": said["title"],
        "description": said["description"],
        "code": [to_kind(step)],
        "condition": said.get("condition", []),
        "relatedAction": [{"actionId": f"step-{index - 1}", "relationship": "after-end"}] if index else [],
        "timingPeriod": to_timing(step),
        "type": said["type"],
    }
    if products:
        action |= {"groupingBehavior": "logical-group", "selectionBehavior": "all", "action": products}
    else:
        action["resource"] = {"display": f"Stop: no {drug_of(plan)} from {step.start.isoformat()}"}
    return without_empty(action)


def _proposed(step: Step, unit: Units, proposals: Proposals) -> Json:
    reference = proposals.get((step.number, unit.rxcui))
    waits = {"type": "MedicationRequest", "display": "Proposed when its prescription window is next"}
    return {"reference": reference} if reference else waits


def _condition(gate: ReviewGate) -> Json:
    """A constant expression: a reader that knows nothing of ours still sees that the step may not start while its review is open."""
    is_passed = gate.state is not GateState.OPEN
    says = f"The review due {gate.due.isoformat()} is {gate.state}; the reduction starts only when it is passed or overridden"
    return {
        "kind": "start",
        "expression": {"description": says, "language": "text/fhirpath", "expression": "true" if is_passed else "false"},
    }
