"""CarePlan: one version of one taper plan, whole.

Plain elements carry what FHIR R4 has an element for; `extensions` carry the rest; the steps stand in the RequestGroup that the activity
refers to. With that RequestGroup alone, `read.care_plan` gives back the plan. It always has a narrative, and the US Core category.
"""

from collections.abc import Iterable, Sequence

from fhir_taper.mappers.systems import SNOMED
from fhir_taper.mappers.write.extensions import plan_extensions
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.ids import CARE_PLAN, Ids
from fhir_taper.mappers.write.labels import Label, to_security
from fhir_taper.mappers.write.namespace import US_CORE_CARE_PLAN, US_CORE_CATEGORY, Json, code_system
from fhir_taper.mappers.write.narrative import to_narrative
from fhir_taper.mappers.write.plan_references import AUTHORS, to_protocol, to_reference, to_replaced, to_subject
from fhir_taper.mappers.write.wording import StepWords, plan_description, plan_title
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan

OPIOID_TAPERING = "874903005"
"""SNOMED CT: tapering of the dosage of an opioid. There is no such code for benzodiazepines."""

CATEGORY_SYSTEM = code_system("care-plan-category")


def to_care_plan(
    plan: TaperPlan,
    ids: Ids,
    labels: Iterable[Label],
    words: Sequence[StepWords],
    goals: Iterable[str] = (),
    addresses: Iterable[str] = (),
) -> Json:
    """The CarePlan of a plan. `words` are its `steps_in_words`, `goals` fullUrls of its Goals, `addresses` references of the Conditions
    that it addresses."""
    said = care_plan_says(plan, words)
    resource: Json = {
        "resourceType": "CarePlan",
        "id": ids.of(CARE_PLAN),
        "meta": {"profile": [US_CORE_CARE_PLAN], "security": to_security(labels)},
        "text": said["text"],
        "extension": plan_extensions(plan),
        "identifier": ids.plan_identifiers(CARE_PLAN),
        "instantiatesCanonical": [to_protocol(plan.protocol)] if plan.protocol is not None else [],
        "replaces": [to_replaced(plan.replaces)] if plan.replaces is not None else [],
        "status": str(plan.state),
        "intent": said["intent"],
        "category": _categories(plan),
        "title": said["title"],
        "description": said["description"],
        "subject": to_subject(plan.patient),
        "period": said.get("period", {}),
        "created": plan.created.isoformat(),
        "author": to_reference(plan.author, AUTHORS) if plan.author else {},
        "addresses": [{"reference": condition} for condition in addresses],
        "supportingInfo": [to_reference(source) for source in plan.sources],
        "goal": [{"reference": goal} for goal in goals],
        "activity": [{"reference": {"reference": ids.urn("RequestGroup")}}],
    }
    return without_empty(resource)


def care_plan_says(plan: TaperPlan, words: Sequence[StepWords]) -> Json:
    """What a person reads in the CarePlan of a plan: it is written again, and compared, when the plan is read."""
    return without_empty(
        {
            "text": to_narrative(plan, words),
            "intent": "plan",
            "title": plan_title(plan),
            "description": plan_description(plan),
            "period": plan_period(plan),
        }
    )


def plan_period(plan: TaperPlan) -> Json:
    """From the first step to the last day that has an order: a stop ends the taper, an open maintenance dose does not."""
    if not plan.steps:
        return {}
    last = plan.steps[-1]
    end = last.end or (last.start if last.kind is StepKind.STOP else None)
    return {"start": plan.steps[0].start.isoformat()} | ({"end": end.isoformat()} if end else {})


def without_empty(resource: Json) -> Json:
    """FHIR knows no empty lists, objects or texts: an element without content is not there."""
    return {name: value for name, value in resource.items() if value not in ([], {}, "")}


def _categories(plan: TaperPlan) -> list[Json]:
    assess_plan = {"coding": [{"system": US_CORE_CATEGORY, "code": "assess-plan"}], "text": "Assessment and plan of treatment"}
    codings = [{"system": CATEGORY_SYSTEM, "code": "taper", "display": "Taper"}]
    if plan.drug_class is DrugClass.OPIOID:
        codings.append({"system": SNOMED, "code": OPIOID_TAPERING})
    return [assess_plan, {"coding": codings, "text": shown(f"Taper of a medicine ({plan.drug_class})")}]
