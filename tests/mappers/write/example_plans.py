"""Plans made by hand that show each way of dosing, and the FHIR that is written for them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import Dose, PlanProduct, Step, StepKind, TaperPlan, Units
from tests.plans.tapers.made_plans import (
    DIAZEPAM_2,
    DIAZEPAM_LIQUID,
    FENTANYL_12,
    diazepam_plan,
    oxycodone_plan,
    plan_of,
)

NOW = datetime(2026, 1, 4, 10, tzinfo=UTC)
BEFORE = date(2026, 1, 4)
OXYCODONE_10 = PlanProduct("1049611", "oxycodone hydrochloride 10 MG Oral Tablet", "oxycodone", Form.TABLET, Release.IMMEDIATE, Decimal(10))
STOP_FINDING = Finding(Severity.STOP, "pregnancy", "Pregnancy is on record: refer.", "findings.toml")


def liquid_plan() -> TaperPlan:
    """Build diazepam 4 mg to 3.5 mg in the 5 mg/mL solution."""
    doses = [{Slot.MORNING: "0.4", Slot.NIGHT: "0.4"}, {Slot.MORNING: "0.35", Slot.NIGHT: "0.35"}, {}]
    return plan_of(DIAZEPAM_LIQUID, doses, DrugClass.BENZODIAZEPINE, 10)


def patch_plan() -> TaperPlan:
    """Build two fentanyl 12 patches, one, none; steps of 15 days."""
    return plan_of(FENTANYL_12, [{Slot.MORNING: "2"}, {Slot.MORNING: "1"}, {}], DrugClass.OPIOID, [15, 15, 3])


def weekly_plan() -> TaperPlan:
    """Build the diazepam plan with a step a week and no review gates: one window holds four doses."""
    slots = ({Slot.MORNING: "1", Slot.NIGHT: "1"}, {Slot.MORNING: "0.5", Slot.NIGHT: "1"}, {Slot.MORNING: "0.5", Slot.NIGHT: "0.5"})
    return replace(plan_of(DIAZEPAM_2, [*slots, {Slot.NIGHT: "0.5"}, {}], DrugClass.BENZODIAZEPINE, 7), gates=())


def alternate_day_plan() -> TaperPlan:
    """Build diazepam 2 mg every night, then every other night, then stop."""
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "1"}, {Slot.NIGHT: "1"}, {}], DrugClass.BENZODIAZEPINE, 14)
    baseline, spaced, stop = plan.steps
    return replace(plan, gates=(), steps=(baseline, replace(spaced, every_days=2, kind=StepKind.INTERVAL), stop))


def two_strengths_plan() -> TaperPlan:
    """Build oxycodone 15 mg made of a 10 mg and a 5 mg tablet."""
    plan = oxycodone_plan()
    ten = Units(OXYCODONE_10.rxcui, OXYCODONE_10.mg, ((Slot.MORNING, Decimal(1)),))
    five = Units(plan.products[0].rxcui, plan.products[0].mg, ((Slot.NIGHT, Decimal(1)),))
    steps = tuple(replace(step, doses=(Dose("oxycodone", (ten, five)),)) if step.number == 1 else step for step in plan.steps)
    return replace(plan, products=(*plan.products, OXYCODONE_10), steps=steps)


def substitution_step(plan: TaperPlan) -> Step:
    """Build a stage that holds two ingredients, one of them at zero."""
    dose = plan.steps[1].doses[0]
    return replace(plan.steps[1], kind=StepKind.SUBSTITUTION, doses=(Dose("lorazepam"), dose))


EXAMPLES = {
    "diazepam": diazepam_plan(author="Practitioner/dr1"),
    "oxycodone": oxycodone_plan(),
    "liquid": liquid_plan(),
    "patch": patch_plan(),
    "weekly": weekly_plan(),
    "alternate-day": alternate_day_plan(),
    "two-strengths": two_strengths_plan(),
}


def written(plan: TaperPlan, as_of: date = BEFORE, **options: Any) -> Json:
    """Write a plan with the window that is next on a day."""
    windows = next_window(plan, as_of, load_life_rules()).windows
    return to_bundle(plan, as_of=as_of, instant=NOW, windows=windows, **options)


def resources(bundle: Json, resource_type: str) -> list[Json]:
    """Pick the resources of one type."""
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == resource_type]


def only(bundle: Json, resource_type: str) -> Json:
    """Pick the one resource of a type."""
    (resource,) = resources(bundle, resource_type)
    return resource
