"""What a step comes to, for people: its equivalent, and its change from the step before and from the baseline.

Derived from the plan, never stored in it. Percents are rounded to two decimals and everything else to six, here and only here; nothing is
computed from a rounded number. In a cross-over mg of two drugs are not compared: changes then go by the equivalents of the plan's table.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.dose import Exact, add, canonical, multiply, six_places
from fhir_taper.plans.tapers.plan import Step, TaperPlan

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class StepFigures:
    """`equivalent` in the plan's measure (diazepam mg or MME a day), a pair where table or choice leaves a range, None without a factor.

    `change_mg` is None for step 0 and where the drug changes; percents are negative where the dose falls.
    """

    equivalent: Decimal | tuple[Decimal, Decimal] | None
    change_mg: Decimal | None
    change_pct_of_previous: Decimal | None
    change_pct_of_baseline: Decimal | None


def step_figures(plan: TaperPlan) -> tuple[StepFigures, ...]:
    """Figures of every step, in order."""
    return tuple(_figures(plan, number) for number in range(len(plan.steps)))


def equivalent_range(plan: TaperPlan, step: Step) -> tuple[Exact, Exact] | None:
    """Equivalent of a step as (low, high), exact; None where an ingredient that is given has no factor in the plan."""
    factors = {factor.ingredient: factor for factor in plan.equivalents}
    given = dict.fromkeys(dose.ingredient for dose in step.doses if dose.mg)
    if not plan.equivalents or any(ingredient not in factors for ingredient in given):
        return None
    zero = Decimal(0)
    low = add(zero, *(multiply(step.mg_per_day(ingredient), factors[ingredient].low) for ingredient in given))
    high = add(zero, *(multiply(step.mg_per_day(ingredient), factors[ingredient].high) for ingredient in given))
    return low, high


def _figures(plan: TaperPlan, number: int) -> StepFigures:
    step = plan.steps[number]
    equivalent = _shown_range(equivalent_range(plan, step))
    if number == 0:
        return StepFigures(equivalent, None, None, None)
    return StepFigures(
        equivalent,
        _change_mg(plan.steps[number - 1], step),
        _change_pct(plan, plan.steps[number - 1], step, plan.steps[number - 1]),
        _change_pct(plan, plan.steps[number - 1], step, plan.steps[0]),
    )


def _change_mg(before: Step, step: Step) -> Decimal | None:
    amounts = _comparable(before, step)
    return None if amounts is None else _six(Fraction(amounts[1]) - Fraction(amounts[0]))


def _change_pct(plan: TaperPlan, before: Step, step: Step, reference: Step) -> Decimal | None:
    """Change from `before` to `step` in percent of `reference`."""
    ingredients = _given(before) | _given(step) | _given(reference)
    if len(ingredients) == 1:
        (ingredient,) = ingredients
        amounts = [Fraction(one.mg_per_day(ingredient)) for one in (before, step, reference)]
    else:
        ranges = [equivalent_range(plan, one) for one in (before, step, reference)]
        amounts = [Fraction(pair[1]) for pair in ranges if pair is not None]
    if len(amounts) < 3 or amounts[2] == 0:  # noqa: PLR2004 - before, step and reference
        return None
    return _hundredths((amounts[1] - amounts[0]) / amounts[2] * _HUNDRED)


def _comparable(before: Step, step: Step) -> tuple[Exact, Exact] | None:
    """Both steps in mg of the one ingredient that they give, or None."""
    ingredients = _given(before) | _given(step)
    if len(ingredients) != 1:
        return None
    (ingredient,) = ingredients
    return before.mg_per_day(ingredient), step.mg_per_day(ingredient)


def _given(step: Step) -> set[str]:
    return {dose.ingredient for dose in step.doses if dose.mg}


def _shown_range(pair: tuple[Exact, Exact] | None) -> Decimal | tuple[Decimal, Decimal] | None:
    if pair is None:
        return None
    low, high = (_six(amount) for amount in pair)
    return low if low == high else (low, high)


def _six(amount: Exact) -> Decimal:
    return six_places(amount)


def _hundredths(percent: Fraction) -> Decimal:
    return canonical(Decimal(round(percent * _HUNDRED)).scaleb(-2))
