"""What a plan and its steps say to people, in the short texts of FHIR resources: titles, descriptions, what to take when.

English, for clinicians; the patient's handout is `render`. Every number comes from the plan. A dose of zero is said as "stop", a hold as
"keep taking". Nothing here is read back, but it is written again when a plan is read, to see whether somebody changed it.
"""

from decimal import Decimal

from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.units import counted, number
from fhir_taper.plans.medicines.codes import Form, Release, Slot
from fhir_taper.plans.medicines.dose import divide, multiply
from fhir_taper.plans.tapers.plan import Dose, PlanGoal, PlanProduct, Step, StepKind, TaperPlan, Units

WHEN = {Slot.MORNING: "in the morning", Slot.NOON: "at noon", Slot.EVENING: "in the evening", Slot.NIGHT: "at night"}


def drug_of(plan: TaperPlan) -> str:
    """What is tapered, as people read it."""
    return shown(plan.drug) or shown(plan.ingredient) or "the medicine"


def plan_title(plan: TaperPlan) -> str:
    """Say what is tapered, from where, to where: `Taper of diazepam: 10 mg a day to stop`."""
    return f"Taper of {drug_of(plan)}: {number(plan.baseline.mg)} mg a day to {aim(plan)}"


def aim(plan: TaperPlan) -> str:
    """What the taper ends at."""
    return "stop" if plan.goal is PlanGoal.DISCONTINUE and plan.target_mg == 0 else f"{number(plan.target_mg)} mg a day"


def plan_description(plan: TaperPlan) -> str:
    """One paragraph: why, how, how long, within which limits."""
    params = ", ".join(f"{name} {value}" for name, value in plan.params)
    how = f"protocol {plan.protocol}" if plan.protocol else f"strategy {plan.strategy}"
    last = plan.steps[-1].start.isoformat() if plan.steps else "no date"
    sentences = (
        f"{plan_title(plan)}, in {len(plan.steps)} steps, the last from {last}",
        f"By {how}{f' ({params})' if params else ''}, within the limits {plan.limits.row!r}",
        f"Reason: {plan.reason}" if plan.reason else "",
        f"Minimum acceptable function: {plan.minimum_function}" if plan.minimum_function else "",
    )
    return shown(". ".join(sentence for sentence in sentences if sentence) + ".")


def step_title(plan: TaperPlan, step: Step) -> str:
    """Say dose and days of a step: `Step 1: diazepam 3 mg a day, from 2026-02-02 to 2026-03-01`."""
    until = f" to {step.end.isoformat()}" if step.end else " on"
    return f"Step {step.number}: {dose_words(plan, step)}, from {step.start.isoformat()}{until}"


def step_description(plan: TaperPlan, step: Step) -> str:
    """What to take of which product at which time of day, and the remark of the step."""
    hold = "Reductions are paused; keep taking the same dose" if step.kind is StepKind.HOLD else ""
    lines = [take_words(plan, unit) for dose in step.doses for unit in dose.units]
    every = f"On one day in {step.every_days}" if step.every_days > 1 and lines else ""
    taken = "; ".join(lines) or "Nothing to take"
    return ". ".join(part for part in (hold, every, taken, shown(step.note)) if part)


def dose_words(plan: TaperPlan, step: Step) -> str:
    """The daily dose of a step: "diazepam 3 mg a day", "stop diazepam"."""
    if not any(dose.mg for dose in step.doses):
        return f"stop {drug_of(plan)}"
    return " and ".join(_one_dose(dose, step.every_days) for dose in step.doses)


def take_words(plan: TaperPlan, unit: Units) -> str:
    """One product: "diazepam 2 MG Oral Tablet: 0.5 tablet in the morning, 1 tablet at night"."""
    product = product_of(plan, unit)
    return f"{shown(product.name)}: {slot_words(unit, product)}"


def slot_words(unit: Units, product: PlanProduct) -> str:
    """Units per time of day. A patch is worn, not taken; a volume is said in mg too."""
    if product.form is Form.PATCH:
        changed = f", changed every {product.wear_h} hours" if product.wear_h else ""
        return f"wear {counted(unit.per_day, product.form)}{changed}"
    return ", ".join(f"{amount_words(units, unit, product)} {WHEN[slot]}" for slot, units in unit.slots)


def amount_words(units: Decimal, unit: Units, product: PlanProduct) -> str:
    """Units, with the mg that they hold where that is not plain from the strength: "0.5 tablet (1 mg)", "1.5 mL (7.5 mg)"."""
    said = counted(units, product.form)
    return said if units == 1 else f"{said} ({number(multiply(unit.strength_mg, units))} mg)"


def product_of(plan: TaperPlan, unit: Units) -> PlanProduct:
    """The product of the plan behind these units; of one that the plan does not list, the code is all there is to say."""
    for product in plan.products:
        if product.rxcui == unit.rxcui:
            return product
    return PlanProduct(unit.rxcui, f"RxNorm {unit.rxcui}", "", Form.OTHER, Release.IMMEDIATE, unit.strength_mg)


def _one_dose(dose: Dose, every_days: int) -> str:
    if not dose.mg:
        return f"no {shown(dose.ingredient)}"
    said = f"{shown(dose.ingredient)} {number(dose.mg)} mg"
    return (
        f"{said} a day"
        if every_days == 1
        else f"{said} on one day in {every_days} (mean {number(divide(dose.mg, Decimal(every_days)))} mg a day)"
    )
