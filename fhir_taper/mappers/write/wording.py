"""What a plan and its steps say to people, in the short texts of FHIR resources: titles, descriptions, what to take when.

English, for clinicians; the patient's handout is `render`, and directions for one product are `plans.tapers.sig`. Every number comes from
the plan. A dose of zero is said as "stop", a hold as "keep taking". Nothing here is read back, but it is written again when a plan is
read, to see whether somebody changed it.
"""

from dataclasses import dataclass
from decimal import Decimal

from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.medicines.dose import brief, divide
from fhir_taper.plans.tapers.limits_words import limits_in_words
from fhir_taper.plans.tapers.plan import Dose, PlanGoal, PlanProduct, Step, StepKind, TaperPlan, Units
from fhir_taper.plans.tapers.sig import sig


def drug_of(plan: TaperPlan) -> str:
    """What is tapered, as people read it."""
    return shown(plan.drug) or shown(plan.ingredient) or "the medicine"


def plan_title(plan: TaperPlan) -> str:
    """Say what is tapered, from where, to where: `Taper of diazepam: 10 mg a day to stop`."""
    return f"Taper of {drug_of(plan)}: {brief(plan.baseline.mg)} mg a day to {aim(plan)}"


def aim(plan: TaperPlan) -> str:
    """What the taper ends at."""
    return "stop" if plan.goal is PlanGoal.DISCONTINUE and plan.target_mg == 0 else f"{brief(plan.target_mg)} mg a day"


def plan_description(plan: TaperPlan) -> str:
    """One paragraph: how long, how, within which limits, why, and what must not be lost."""
    params = ", ".join(f"{name} {value}" for name, value in plan.params)
    how = f"protocol {plan.protocol}" if plan.protocol else f"strategy {plan.strategy}"
    last = f", the last from {plan.steps[-1].start.isoformat()}" if plan.steps else ""
    sentences = (
        f"{len(plan.steps)} steps{last}",
        f"By {how}{f' ({params})' if params else ''}",
        f"Limits: {limits_in_words(plan.limits)}",
        f"Reason: {plan.reason}" if plan.reason else "",
        f"Minimum acceptable function: {plan.minimum_function}" if plan.minimum_function else "",
    )
    return shown(". ".join(sentence for sentence in sentences if sentence) + ".")


def step_title(step: Step, dose: str) -> str:
    """Say dose and days of a step: `Step 1: diazepam 3 mg a day, from 2026-02-02 to 2026-03-01`."""
    until = f" to {step.end.isoformat()}" if step.end else " on"
    return f"Step {step.number}: {dose}, from {step.start.isoformat()}{until}"


@dataclass(frozen=True, slots=True)
class StepWords:
    """One step in words: its daily dose, all that is to be taken, and name and directions of each product, dose by dose."""

    dose: str
    description: str
    products: tuple[tuple[str, str], ...]


def steps_in_words(plan: TaperPlan) -> tuple[StepWords, ...]:
    """Every step of a plan in words: they are made once, and stand in its narrative and in its actions."""
    return tuple(step_words(plan, step) for step in plan.steps)


def step_words(plan: TaperPlan, step: Step) -> StepWords:
    """What to take of which product at which time of day, and the remark of the step: a product as `diazepam 2 MG Oral Tablet: Take 1/2
    tablet in the morning and 1 tablet at night`."""
    products = tuple(_directions(product_of(plan, unit), step, unit) for dose in step.doses for unit in dose.units)
    hold = "Reductions are paused; keep taking the same dose" if step.kind is StepKind.HOLD else ""
    taken = "; ".join(f"{name}: {directions}" for name, directions in products) or "Nothing to take"
    return StepWords(dose_words(plan, step), ". ".join(part for part in (hold, taken, shown(step.note)) if part), products)


def dose_words(plan: TaperPlan, step: Step) -> str:
    """The daily dose of a step: `diazepam 3 mg a day`, `stop diazepam`."""
    if not any(dose.units for dose in step.doses):
        return f"stop {drug_of(plan)}"
    return " and ".join(_one_dose(dose, step.every_days) for dose in step.doses)


def name_of(product: PlanProduct) -> str:
    """A product's name as people read it."""
    return shown(product.name) or f"RxNorm {shown(product.rxcui)}"


def product_of(plan: TaperPlan, unit: Units) -> PlanProduct:
    """The product of the plan behind these units; of one that the plan does not list, the code is all there is to say."""
    for product in plan.products:
        if product.rxcui == unit.rxcui:
            return product
    return PlanProduct(unit.rxcui, "", "", Form.OTHER, Release.IMMEDIATE, unit.strength_mg)


def _directions(product: PlanProduct, step: Step, unit: Units) -> tuple[str, str]:
    return name_of(product), sig(unit, product, step.every_days)


def _one_dose(dose: Dose, every_days: int) -> str:
    name = shown(dose.ingredient)
    if not dose.units:
        return f"no {name}"
    if every_days == 1:
        return f"{name} {brief(dose.mg)} mg a day"
    return f"{name} {brief(dose.mg)} mg on one day in {every_days} (mean {brief(divide(dose.mg, Decimal(every_days)))} mg a day)"
