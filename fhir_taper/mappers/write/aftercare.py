"""Aftercare plan as a FHIR R4 CarePlan: what goes on after a taper that was completed. `read.aftercare` gives back the same plan.

It is based on the version of the taper that was completed, and takes the place of it or of an earlier aftercare plan. Its identifier is
in a system of its own: it is no taper, and never read as one. Nothing in it orders, changes or stops a medicine.
"""

from collections.abc import Iterable
from typing import Final

from fhir_taper.mappers.systems import SNOMED
from fhir_taper.mappers.write.care_plan import CATEGORY_SYSTEM, without_empty
from fhir_taper.mappers.write.extensions import Published
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.labels import NORMAL, Label, refuse_restricted, to_security
from fhir_taper.mappers.write.namespace import BASE, US_CORE_CARE_PLAN, US_CORE_CATEGORY, Json, identifier
from fhir_taper.mappers.write.plan_references import AUTHORS, to_reference, to_replaced, to_subject
from fhir_taper.mappers.write.shapes import Kind, Shape, code, groups, number, text
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.aftercare import Activity, AftercarePlan

AFTERCARE_SYSTEM: Final = f"{BASE}/aftercare"
"""Identifier of one aftercare plan: AftercarePlan.id."""

ACTIVITY: Final = Shape(
    Activity,
    (text("id", "Its row."), text("says", "What goes on."), text("snomed", "Its SNOMED CT code.", "")),
)
AFTERCARE: Final = Published(
    "taper-aftercare",
    Shape(
        dict,
        (
            text("ingredient", "What was tapered."),
            text("drug", "The same, as people read it."),
            code("drugClass", DrugClass, "drug-class", "Its class."),
            number("everyDays", Kind.POSITIVE, "Check-ins every so many days, as the patient chose."),
            text("hardDays", "Id of the filled form that holds the patient's plan for hard days.", ""),
            groups("activity", ACTIVITY, "What goes on.", "activities"),
        ),
    ),
    "What goes on after a taper",
    is_required=True,
)


def to_aftercare(plan: AftercarePlan, labels: Iterable[Label] = (NORMAL,)) -> Json:
    """The CarePlan. Raises RestrictedData where the labels forbid writing."""
    kept = tuple(labels)
    refuse_restricted(kept)
    drug = shown(plan.drug) or shown(plan.ingredient)
    return without_empty(
        {
            "resourceType": "CarePlan",
            "id": plan.id,
            "meta": {"profile": [US_CORE_CARE_PLAN], "security": to_security(kept)},
            "text": {"status": "generated", "div": _div(plan, drug)},
            "extension": [AFTERCARE.written(plan)],
            "identifier": [identifier(AFTERCARE_SYSTEM, plan.id)],
            "basedOn": [to_replaced(plan.based_on)],
            "replaces": [_replaced(plan)],
            "status": "active",
            "intent": "plan",
            "category": [
                {"coding": [{"system": US_CORE_CATEGORY, "code": "assess-plan"}], "text": "Assessment and plan of treatment"},
                {"coding": [{"system": CATEGORY_SYSTEM, "code": "aftercare", "display": "Aftercare"}], "text": "Aftercare of a taper"},
            ],
            "title": f"Aftercare of the taper of {drug}",
            "description": "What goes on after the last step. No medicine is changed or stopped by it.",
            "subject": to_subject(plan.patient),
            "period": {"start": plan.start.isoformat()},
            "author": to_reference(plan.author, AUTHORS) if plan.author else {},
            "supportingInfo": [{"reference": f"QuestionnaireResponse/{plan.hard_days}"}] if plan.hard_days else [],
            "activity": [{"detail": _detail(plan, one)} for one in plan.activities],
        }
    )


def _replaced(plan: AftercarePlan) -> Json:
    """The taper that it follows, or the aftercare plan before it, by identifier: ids on a server are not ours to know."""
    if plan.replaces == plan.based_on:
        return to_replaced(plan.based_on)
    return {"type": "CarePlan", "identifier": {"system": AFTERCARE_SYSTEM, "value": plan.replaces}}


def _detail(plan: AftercarePlan, one: Activity) -> Json:
    coding = [{"system": SNOMED, "code": one.snomed}] if one.snomed else []
    every = {"repeat": {"frequency": 1, "period": plan.every_days, "periodUnit": "d"}} if one.id == "check-ins" else {}
    return without_empty(
        {
            "code": without_empty({"coding": coding, "text": shown(one.says)}),
            "status": "in-progress",
            "doNotPerform": False,
            "scheduledTiming": every,
            "description": shown(one.says),
        }
    )


def _div(plan: AftercarePlan, drug: str) -> str:
    listed = "".join(f"<li>{_escaped(shown(one.says))}</li>" for one in plan.activities)
    often = f"Check-ins every {plan.every_days} days." if plan.every_days > 1 else "A check-in every day."
    return (
        f'<div xmlns="http://www.w3.org/1999/xhtml"><p>Aftercare of the taper of {_escaped(drug)}, from {plan.start.isoformat()}. '
        f"{often}</p><ul>{listed}</ul></div>"
    )


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
