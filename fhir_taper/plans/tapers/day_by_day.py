"""The limits of a finished plan, day by day, from nothing but its own data.

Written apart from the walk on purpose: D(t) is spread out over every day of the plan, exactly, and each reduction is held against each
limit as domain §4 words it. What the walk kept in its books is not looked at.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import NamedTuple

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass, Form, RxNormCode, SourceState
from fhir_taper.plans.medicines.dose import ZERO
from fhir_taper.plans.medicines.dose_words import amount, daily
from fhir_taper.plans.medicines.measure import Measure
from fhir_taper.plans.medicines.products import Product, Source
from fhir_taper.plans.medicines.rounding import Grid
from fhir_taper.plans.tables.rows import Basis, Limit
from fhir_taper.plans.tapers.limits_words import limit_in_words
from fhir_taper.plans.tapers.pace import longest_window
from fhir_taper.plans.tapers.plan import PlanProduct, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.reductions import is_own_cut
from fhir_taper.plans.tapers.request import Past

_UNSOURCED = Source("plan", "plan", "plan", SourceState.READ)


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a plan breaks: which, in which step, and in words."""

    rule: str
    step: int
    says: str


def daily_doses(plan: TaperPlan, past: Past | None = None) -> dict[date, Fraction]:
    """D(t) for every day from the first step to the first day of the last one: mean mg a day, of the agent that limits judge.

    With two benzodiazepines both count, in mg of the last one by the plan's own equivalents; a rotated opioid counts from its own first
    full dose.
    """
    days: dict[date, Fraction] = {}
    for stretch in _stretches(plan, past):
        days.update(dict.fromkeys(map(date.fromordinal, stretch.days), stretch.mg))
    return days


class _Stretch(NamedTuple):
    """Days (as ordinals) on which one amount is in force."""

    days: range
    mg: Fraction


def as_of(agent: str, plan: TaperPlan, steps: Sequence[Step]) -> list[Fraction]:
    """Mean mg a day of the first steps of a plan as the limits of `agent` see them, which alone is taken in the last of these.

    With two benzodiazepines both count, in mg of the agent by the plan's own equivalents; of a rotated opioid its first full dose stands
    for all before. Raises NotAllowed where the plan has no equivalent of what was taken.
    """
    names = dict.fromkeys(dose.ingredient for step in steps for dose in step.doses)
    if set(names) == {agent}:
        return [_weighted(step, {agent: Fraction(1)}) for step in steps]
    if plan.drug_class is DrugClass.OPIOID:
        own = [_weighted(step, {agent: Fraction(1)}) for step in steps]
        crossed = max(number for number, step in enumerate(steps) if step.kind is StepKind.SUBSTITUTION)
        return [own[max(number, crossed)] for number in range(len(own))]
    factors = {factor.ingredient: Fraction(factor.low) for factor in plan.equivalents}
    for name in names:
        if not factors.get(name):
            raise NotAllowed(f"the plan has no equivalent of {name}, which was taken before {agent}: make a new plan instead")
    return [_weighted(step, {name: factors[name] / factors[agent] for name in names}) for step in steps]


def _stretches(plan: TaperPlan, past: Past | None) -> list[_Stretch]:
    """Every step's days and mean mg a day, after those of the past, none of them empty; the last step counts as one day."""
    weights = _weights(plan)
    starts = [step.start.toordinal() for step in plan.steps]
    ends = [*starts[1:], starts[-1] + 1]
    amounts = [_weighted(step, weights) for step in plan.steps]
    if plan.drug_class is DrugClass.OPIOID and len(weights) < len(ingredients_in(plan)):
        crossed = plan.steps.index(_after_crossing(plan))
        amounts[:crossed] = [amounts[crossed]] * crossed
    stretches = [_Stretch(range(start, end), mg) for start, end, mg in zip(starts, ends, amounts, strict=True)]
    return [one for one in (*_of_past(plan, past, starts[0]), *stretches) if one.days]


def _weighted(step: Step, weights: Mapping[str, Fraction]) -> Fraction:
    """Mean mg a day of a step, of the agent that limits judge."""
    found = [(Fraction(step.mg_per_day(name)), weight) for name, weight in weights.items()]
    return found[0][0] if len(found) == 1 and found[0][1] == 1 else sum((mg * weight for mg, weight in found), Fraction(0))


def _weight_of_past(plan: TaperPlan) -> Fraction:
    """mg of the agent that limits judge per mg of the plan's medicine, which the past is in; 0 of a rotated opioid."""
    return _weights(plan).get(plan.ingredient, Fraction(0))


def _of_past(plan: TaperPlan, past: Past | None, start: int) -> Iterator[_Stretch]:
    # A plan that is changed on its first day has a past without a dose.
    weight = _weight_of_past(plan)
    if past is None or not past.doses or not weight:
        return
    days = [day.toordinal() for day, _ in past.doses]
    for (_, mg), day, until in zip(past.doses, days, [*days[1:], start], strict=True):
        yield _Stretch(range(day, min(until, start)), Fraction(mg) * weight)


def broken_limits(plan: TaperPlan, past: Past | None) -> Iterator[Violation]:
    """Each reduction against each limit on its day, in whole numbers of the finest part of a mg that any dose of the plan needs."""
    stretches = _stretches(plan, past)
    of_past = Fraction(past.original_mg) * _weight_of_past(plan) if past else Fraction(0)
    mg = of_past or min(stretches, key=lambda one: one.days.start).mg
    grain = lcm(mg.denominator, *(stretch.mg.denominator for stretch in stretches))
    original, agent = int(mg * grain), plan.steps[-1].doses[-1].ingredient
    is_patch = any(product.form is Form.PATCH for product in plan.products if product.ingredient == agent)
    days: dict[int, int] = {}
    for stretch in stretches:
        days.update(dict.fromkeys(stretch.days, stretch.mg.numerator * (grain // stretch.mg.denominator)))
    has_cut = past is not None and past.has_cut
    cap, unit, hard = plan.limits.first_cut, plan.limits.unit, plan.limits.hard
    for earlier, step in pairwise(plan.steps):
        day = step.start.toordinal()
        before, now = days.get(day - 1, original), days.get(day, original)
        if step.kind is StepKind.SUBSTITUTION or now >= before:
            continue
        broken = [limit for limit in hard if _is_broken(limit, days.get(day - limit.days, original), before, now, original)]
        if cap is not None and not has_cut and _is_more(before - now, cap.fraction, original):
            broken.append(cap)
        has_cut = has_cut or is_own_cut(step)
        if step.kind is not StepKind.UNIT_LIMITED:
            for limit in broken:
                yield Violation("limit", step.number, f"{daily(Fraction(now, grain), is_patch=is_patch)} is {limit_in_words(limit)}")
            continue
        if unit is None or before - now > Fraction(unit.unit_max_mg) * grain:
            cut = amount(Fraction(before - now, grain), is_patch=is_patch)
            yield Violation("unit-rule", step.number, f"a cut of {cut} is more than the unit rule allows")
        window = longest_window(plan.limits)
        if any(days.get(one, original) < days.get(one - 1, original) for one in range(day - window + 1, day)):
            yield Violation("unit-rule", step.number, f"it is unit-limited, and another reduction lies within {window} days before it")
        if step.every_days == 1 and _skips_a_notch(plan, earlier, step, Fraction(before, grain), Fraction(now, grain)):
            yield Violation("unit-rule", step.number, "it is unit-limited, and more than one notch")


def _is_broken(limit: Limit, then: int, before: int, now: int, original: int) -> bool:
    if not _is_more(before, limit.above, original) or (limit.up_to is not None and _is_more(before, limit.up_to, original)):
        return False
    return _is_more(then - now, limit.fraction, original if limit.basis is Basis.ORIGINAL else then)


def _is_more(amount: int, share: Decimal, of: int) -> bool:
    """True where an amount is more than a share of another; exact."""
    above, below = share.as_integer_ratio()
    return amount * below > above * of


def _skips_a_notch(plan: TaperPlan, earlier: Step, step: Step, before: Fraction, now: Fraction) -> bool:
    """True where a dose between the two could have been made at the times of the baseline."""
    name = step.doses[-1].ingredient
    group = tuple(product for product in plan.products if product.ingredient == name)
    for release in {product.release for product in group} if len({product.release for product in group}) > 1 else ():
        kept = {product.rxcui for product in group if product.release is not release}
        if _mg_of(earlier, kept) == _mg_of(step, kept):  # the other release stays as it is: judge this one alone
            group = tuple(product for product in group if product.release is release)
            before, now = before - _mg_of(earlier, kept), now - _mg_of(earlier, kept)
            break
    if not group:
        return False  # reported as a dose that is not made
    codes = {product.rxcui for product in group}
    slots = {slot for one in plan.steps for dose in one.doses for unit in dose.units if unit.rxcui in codes for slot, _ in unit.slots}
    products = tuple(_as_product(product, plan.drug_class) for product in group)
    measure = Measure(products)
    if (before - now) * measure.per_mg <= measure.quantum:
        return False  # every dose is a multiple of the quantum: no other one lies between the two
    at_once = Fraction(max(mg_at_a_time(earlier, codes).values(), default=before))  # no intake of a plan is larger than the ones before
    grid = Grid(products, max(1, len(slots)), plan.limits.max_pieces, max(before, Fraction(1)), at_once)
    lower = grid.below(int(before * grid.measure.per_mg))
    return lower is not None and grid.measure.mg(lower) > now


def _mg_of(step: Step, codes: set[str]) -> Fraction:
    """mg per dosing day of some products in a step."""
    units = (unit for dose in step.doses for unit in dose.units if unit.rxcui in codes)
    return sum((Fraction(unit.strength_mg * unit.per_day) for unit in units), Fraction(0))


def _as_product(product: PlanProduct, drug_class: DrugClass) -> Product:
    return Product(
        rxcui=RxNormCode(product.rxcui),
        name=product.name,
        ingredient_rxcui=RxNormCode(""),
        ingredient=product.ingredient,
        drug_class=drug_class,
        form=product.form,
        release=product.release,
        route="oral",  # what may be cut is said by `parts`
        mg=product.mg,
        source=_UNSOURCED,
        parts=product.parts,
        smallest_ml=product.smallest_ml,
        wear_h=product.wear_h,
    )


def _weights(plan: TaperPlan) -> dict[str, Fraction]:
    """mg of the last agent per mg of each: one agent alone, or two by the plan's equivalents; of a rotated opioid only the last counts."""
    names = ingredients_in(plan)
    last = plan.steps[-1].doses[-1].ingredient
    if len(names) == 1 or plan.drug_class is DrugClass.OPIOID:
        return {last: Fraction(1)}
    factors = {factor.ingredient: Fraction(factor.low) for factor in plan.equivalents}
    return {name: factors[name] / factors[last] for name in names}


def _after_crossing(plan: TaperPlan) -> Step:
    """The step of the last stage, from which on only the new agent is taken."""
    return [step for step in plan.steps if step.kind is StepKind.SUBSTITUTION][-1]


def ingredients_in(plan: TaperPlan) -> tuple[str, ...]:
    """Every ingredient of a plan, in the order in which it comes in."""
    return tuple(dict.fromkeys(dose.ingredient for step in plan.steps for dose in step.doses))


def mg_at_a_time(step: Step, codes: Collection[str]) -> dict[str, Decimal]:
    """mg of some products at each time of day."""
    amounts: dict[str, Decimal] = {}
    for unit in (unit for dose in step.doses for unit in dose.units if unit.rxcui in codes):
        for slot, units in unit.slots:
            amounts[slot] = amounts.get(slot, ZERO) + units * unit.strength_mg
    return amounts
