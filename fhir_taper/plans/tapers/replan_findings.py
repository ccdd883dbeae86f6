"""What a new schedule of a running plan says of itself: that the dose rises, by whose decision; what original dose its limits look back to.

Words only; the schedule is made in `replanning`.
"""

from collections.abc import Iterator

from fhir_taper.plans.medicines.codes import DrugClass, Form
from fhir_taper.plans.medicines.dose import Exact, canonical, plain, shown
from fhir_taper.plans.medicines.dose_words import daily
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Step, TaperPlan
from fhir_taper.plans.tapers.restart import Restart

DOSE_RAISED, ORIGINAL_CONVERTED = "dose-raised", "original-converted"
_DESIGN = "design: a dose above the plan's is entered by a person and said"
_OF_A_CLINICIAN = "design: a dose rises only by a clinician's decision"
_DESIGN_OF_ROTATION = "design: a rotated opioid counts from its own first full dose"


def raised(restart: Restart) -> Iterator[Finding]:
    """That the new schedule begins above the plan's dose in force."""
    planned = shown(restart.now.mg_per_day(restart.ingredient))
    if restart.mg > planned:
        says = f"the dose rises from {plain(canonical(planned))} to {plain(canonical(restart.mg))} mg {restart.ingredient} a day"
        on = restart.on.isoformat()
        yield Finding(Severity.ACKNOWLEDGE, DOSE_RAISED, f"From {on} on {says}, the amount that was entered as taken.", _DESIGN, says)


def stepped_back(plan: TaperPlan, now: Step, back_to: Step, decision: Decision, days: int) -> Finding:
    """That a step back raises the dose, of each medicine that it raises."""
    on, names = decision.on.isoformat(), dict.fromkeys(dose.ingredient for dose in back_to.doses)
    pairs = ((name, now.mg_per_day(name), back_to.mg_per_day(name)) for name in names)
    rises = [f"{_of(plan, name, then)} to {_daily(plan, name, mg)}" for name, then, mg in pairs if mg > then]
    says = f"the dose rises: {' and '.join(rises)}"
    message = f"From {on} on {says}, for {days} day{'' if days == 1 else 's'}. A step back is a clinician's decision."
    return Finding(Severity.ACKNOWLEDGE, DOSE_RAISED, message, _OF_A_CLINICIAN, says, f"step back of {on}")


def converted(restart: Restart) -> Iterator[Finding]:
    """What original dose the limits look back to, where another medicine was taken first, and by which table."""
    plan, agent = restart.plan, restart.ingredient
    if agent == plan.ingredient:
        return
    now = _of(plan, agent, restart.past.original_mg)
    first = _of(plan, plan.ingredient, plan.steps[0].mg_per_day(plan.ingredient))
    if plan.drug_class is DrugClass.OPIOID:
        says = f"The limits count from {now}, the first full dose after the rotation from {first}."
        yield Finding(Severity.INFORMATION, ORIGINAL_CONVERTED, says, _DESIGN_OF_ROTATION, now)
        return
    rows = {one.ingredient: f"{one.table}: {one.source}" for one in plan.equivalents}
    source = "; ".join(dict.fromkeys((rows[plan.ingredient], rows[agent])))
    says = f"The limits count from the original dose, {first}, which is {now} by the equivalents of this plan."
    yield Finding(Severity.INFORMATION, ORIGINAL_CONVERTED, says, source, now)


def _of(plan: TaperPlan, ingredient: str, mg: Exact) -> str:
    return f"{ingredient} {_daily(plan, ingredient, mg)}"


def _daily(plan: TaperPlan, ingredient: str, mg: Exact) -> str:
    return daily(mg, is_patch=any(one.form is Form.PATCH for one in plan.products if one.ingredient == ingredient))
