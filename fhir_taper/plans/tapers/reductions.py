"""Where in a plan the dose falls: the one definition of "reduction" that gates, revisions, programmes and findings share.

A step is a reduction when its mean mg a day of any ingredient is below the step before. In a cross-over the outgoing ingredient falls at
every stage, so a stage waits for its review like any other reduction.

The first cut of a taper, which the risk tier caps, is the first reduction that the plan itself makes. A stage of a crossing is none, and
neither is what a person took less without the plan: nobody has seen yet how a cut of this plan is borne.
"""

from datetime import date
from typing import Final

from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.tapers.plan import Step, StepKind, TaperPlan

AS_TAKEN: Final = "as it is taken"
"""How the note of a step ends whose dose a person entered as the one that is really taken."""


def is_reduction(plan: TaperPlan, number: int) -> bool:
    """True where step `number` gives less of something than the step before it. Step 0 and holds do not."""
    if number <= 0 or number >= len(plan.steps):
        return False
    before, step = plan.steps[number - 1], plan.steps[number]
    return any(step.mg_per_day(ingredient) < before.mg_per_day(ingredient) for ingredient in ingredients_of(before))


def reduction_numbers(plan: TaperPlan) -> tuple[int, ...]:
    """Numbers of all steps that reduce the dose, in order."""
    return tuple(number for number in range(1, len(plan.steps)) if is_reduction(plan, number))


def reduction_days(plan: TaperPlan) -> tuple[date, ...]:
    """First days of all steps that reduce the dose, in order."""
    return tuple(plan.steps[number].start for number in reduction_numbers(plan))


def is_own_cut(step: Step) -> bool:
    """Whether a fall to this step is a cut of the plan's own: no stage of a crossing, and no dose below the plan's that a person took."""
    is_of_a_person = step.kind is StepKind.REDUCTION and step.note.endswith(AS_TAKEN)
    return step.kind is not StepKind.SUBSTITUTION and not is_of_a_person


def ingredients_of(step: Step) -> tuple[str, ...]:
    """Ingredients that the step gives or stops, each once, in order."""
    return tuple(dict.fromkeys(dose.ingredient for dose in step.doses))


def dose_on(plan: TaperPlan, day: date, ingredient: str | None = None) -> Exact:
    """Mean mg a day of an ingredient (the plan's own unless said otherwise) in force on a day."""
    return plan.step_on(day).mg_per_day(ingredient or plan.ingredient)
