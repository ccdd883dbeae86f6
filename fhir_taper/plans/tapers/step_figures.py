"""What a step comes to, for people: its equivalent, and its change from the step before and from the baseline.

Derived from the plan, never stored in it, and exact: whoever shows a figure rounds it once. In documents percents have two decimals and
everything else six (`rounded`). In a cross-over mg of two drugs are not compared: changes then go by the equivalents of the plan's table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fhir_taper.plans.medicines.dose import ZERO, Exact, add, as_exact, multiply, six_places, to_places
from fhir_taper.plans.tapers.plan import EquivalentFactor, Step, TaperPlan
from fhir_taper.plans.worked_out import worked_out

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
    """Figures of every step, in order. Worked out once for a plan: what is saved and what is shown of it are the same figures."""
    return worked_out(plan, _step_figures)


def _step_figures(plan: TaperPlan) -> tuple[StepFigures, ...]:
    factors = _factors(plan)
    amounts = [_amounts(_given(step), factors) for step in plan.steps]
    return tuple(_figures(before, step, amounts[0]) for before, step in zip((None, *amounts), amounts, strict=False))


def equivalent_range(plan: TaperPlan, step: Step) -> tuple[Exact, Exact] | None:
    """Equivalent of a step as (low, high), exact; None where an ingredient that is given has no factor in the plan."""
    return _range(_factors(plan), _given(step))


@dataclass(frozen=True, slots=True)
class _Amounts:
    """One step: mean mg a day by ingredient that is given, and their equivalent, as it is said (the one, where both ends are one)."""

    mg: dict[str, Exact]
    equivalent: Exact | tuple[Exact, Exact] | None

    @property
    def highest(self) -> Exact | None:
        """The upper end of the equivalent."""
        return self.equivalent[1] if isinstance(self.equivalent, tuple) else self.equivalent


def _amounts(given: dict[str, Exact], factors: Mapping[str, EquivalentFactor]) -> _Amounts:
    pair = _range(factors, given)
    return _Amounts(given, pair[0] if pair and pair[0] == pair[1] else pair)


def _factors(plan: TaperPlan) -> dict[str, EquivalentFactor]:
    return {factor.ingredient: factor for factor in plan.equivalents}


def _given(step: Step) -> dict[str, Exact]:
    return {dose.ingredient: step.mg_per_day(dose.ingredient) for dose in step.doses if dose.units}


def _range(factors: Mapping[str, EquivalentFactor], given: dict[str, Exact]) -> tuple[Exact, Exact] | None:
    if not factors or any(ingredient not in factors for ingredient in given):
        return None
    low = add(ZERO, *[multiply(mg, factors[ingredient].low) for ingredient, mg in given.items()])
    if all(factors[ingredient].low == factors[ingredient].high for ingredient in given):
        return low, low
    return low, add(ZERO, *[multiply(mg, factors[ingredient].high) for ingredient, mg in given.items()])


def _figures(before: _Amounts | None, step: _Amounts, first: _Amounts) -> StepFigures:
    if before is None:
        return StepFigures(step.equivalent, None, None, None)
    of_previous = _change_pct(before, step, before)
    of_baseline = of_previous if before is first else _change_pct(before, step, first)
    return StepFigures(step.equivalent, _change_mg(before, step), of_previous, of_baseline)


def _change_mg(before: _Amounts, step: _Amounts) -> Exact | None:
    """The change in mg of the one ingredient that both steps give, or None."""
    ingredients = before.mg.keys() | step.mg.keys()
    if len(ingredients) != 1:
        return None
    (ingredient,) = ingredients
    change, parts = _change(before.mg.get(ingredient, ZERO), step.mg.get(ingredient, ZERO))
    return as_exact(Fraction(change, parts))


def _change_pct(before: _Amounts, step: _Amounts, reference: _Amounts) -> Exact | None:
    """Change from `before` to `step` in percent of `reference`."""
    ingredients = before.mg.keys() | step.mg.keys() | reference.mg.keys()
    if len(ingredients) == 1:
        (ingredient,) = ingredients
        amounts = [one.mg.get(ingredient, ZERO) for one in (before, step, reference)]
    else:
        amounts = [one.highest for one in (before, step, reference) if one.highest is not None]
    if len(amounts) < 3 or not amounts[2]:  # noqa: PLR2004 - before, step and reference
        return None
    change, parts = _change(amounts[0], amounts[1])
    above, below = amounts[2].as_integer_ratio()
    return as_exact(Fraction(change * below * _HUNDRED, parts * above))


def _change(then: Exact, now: Exact) -> tuple[int, int]:
    """The change in so many parts of a mg. Whole numbers: each operation on fractions looks for common factors again."""
    (before, parts_before), (after, parts_after) = then.as_integer_ratio(), now.as_integer_ratio()
    return after * parts_before - before * parts_after, parts_before * parts_after


def _six_places(amount: Exact | None) -> Decimal | None:
    return None if amount is None else six_places(amount)


def _hundredths(percent: Exact | None) -> Decimal | None:
    return None if percent is None else to_places(percent, 2)
