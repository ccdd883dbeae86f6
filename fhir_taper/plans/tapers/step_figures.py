"""What a step comes to, for people: its equivalent, and its change from the step before and from the baseline.

Derived from the plan, never stored in it, and exact: whoever shows a figure rounds it once. In documents percents have two decimals and
everything else six (`rounded`). In a cross-over mg of two drugs are not compared: changes then go by the equivalents of the plan's table.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.dose import ZERO, Exact, add, as_exact, canonical, multiply, six_places
from fhir_taper.plans.tapers.plan import Step, TaperPlan

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class StepFigures:
    """`equivalent` in the plan's measure (diazepam mg or MME a day), a pair where table or choice leaves a range, None without a factor.

    `change_mg` is None for step 0 and where the drug changes; percents are negative where the dose falls.
    """

    equivalent: Exact | tuple[Exact, Exact] | None
    change_mg: Exact | None
    change_pct_of_previous: Exact | None
    change_pct_of_baseline: Exact | None

    @property
    def rounded(self) -> "StepFigures":
        """The figures as documents hold them."""
        equivalent = self.equivalent
        return StepFigures(
            (six_places(equivalent[0]), six_places(equivalent[1])) if isinstance(equivalent, tuple) else _six_places(equivalent),
            _six_places(self.change_mg),
            _hundredths(self.change_pct_of_previous),
            _hundredths(self.change_pct_of_baseline),
        )


def step_figures(plan: TaperPlan) -> tuple[StepFigures, ...]:
    """Figures of every step, in order."""
    given = [_given(step) for step in plan.steps]
    ranges = [_range(plan, amounts) for amounts in given]
    amounts = [_Amounts(mg, pair) for mg, pair in zip(given, ranges, strict=True)]
    return tuple(_figures(amounts, number) for number in range(len(amounts)))


def equivalent_range(plan: TaperPlan, step: Step) -> tuple[Exact, Exact] | None:
    """Equivalent of a step as (low, high), exact; None where an ingredient that is given has no factor in the plan."""
    return _range(plan, _given(step))


@dataclass(frozen=True, slots=True)
class _Amounts:
    """One step: mean mg a day by ingredient that is given, and their equivalent."""

    mg: dict[str, Exact]
    equivalent: tuple[Exact, Exact] | None


def _given(step: Step) -> dict[str, Exact]:
    return {dose.ingredient: step.mg_per_day(dose.ingredient) for dose in step.doses if dose.units}


def _range(plan: TaperPlan, given: dict[str, Exact]) -> tuple[Exact, Exact] | None:
    factors = {factor.ingredient: factor for factor in plan.equivalents}
    if not factors or any(ingredient not in factors for ingredient in given):
        return None
    low = add(ZERO, *(multiply(mg, factors[ingredient].low) for ingredient, mg in given.items()))
    high = add(ZERO, *(multiply(mg, factors[ingredient].high) for ingredient, mg in given.items()))
    return low, high


def _figures(steps: list[_Amounts], number: int) -> StepFigures:
    step = steps[number]
    equivalent = _one_or_both(step.equivalent)
    if number == 0:
        return StepFigures(equivalent, None, None, None)
    before = steps[number - 1]
    return StepFigures(equivalent, _change_mg(before, step), _change_pct(before, step, before), _change_pct(before, step, steps[0]))


def _change_mg(before: _Amounts, step: _Amounts) -> Exact | None:
    """The change in mg of the one ingredient that both steps give, or None."""
    ingredients = before.mg.keys() | step.mg.keys()
    if len(ingredients) != 1:
        return None
    (ingredient,) = ingredients
    return as_exact(Fraction(step.mg.get(ingredient, ZERO)) - Fraction(before.mg.get(ingredient, ZERO)))


def _change_pct(before: _Amounts, step: _Amounts, reference: _Amounts) -> Exact | None:
    """Change from `before` to `step` in percent of `reference`."""
    ingredients = before.mg.keys() | step.mg.keys() | reference.mg.keys()
    if len(ingredients) == 1:
        (ingredient,) = ingredients
        amounts = [Fraction(one.mg.get(ingredient, ZERO)) for one in (before, step, reference)]
    else:
        amounts = [Fraction(one.equivalent[1]) for one in (before, step, reference) if one.equivalent is not None]
    if len(amounts) < 3 or amounts[2] == 0:  # noqa: PLR2004 - before, step and reference
        return None
    return as_exact((amounts[1] - amounts[0]) / amounts[2] * _HUNDRED)


def _one_or_both(pair: tuple[Exact, Exact] | None) -> Exact | tuple[Exact, Exact] | None:
    return pair[0] if pair and Fraction(pair[0]) == Fraction(pair[1]) else pair


def _six_places(amount: Exact | None) -> Decimal | None:
    return None if amount is None else six_places(amount)


def _hundredths(percent: Exact | None) -> Decimal | None:
    return None if percent is None else canonical(Decimal(round(Fraction(percent) * _HUNDRED)).scaleb(-2))
