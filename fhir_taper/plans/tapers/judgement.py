"""A finished plan judged again, day by day, from nothing but its own data.

Written apart from the walk on purpose: D(t) is spread out over every day of the plan as exact fractions, and each reduction is held
against each limit as domain §4 words it. What the walk kept in its books is not looked at. Used on every plan that tests make, on
revisions, and on every plan before anybody sees it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from fhir_taper.errors import BrokenPlan
from fhir_taper.plans.medicines.codes import DrugClass, RxNormCode, SourceState
from fhir_taper.plans.medicines.products import Product, Source
from fhir_taper.plans.medicines.rounding import Grid
from fhir_taper.plans.tables.rows import Basis, Limit
from fhir_taper.plans.tapers.pace import longest_window
from fhir_taper.plans.tapers.plan import PlanProduct, Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.request import Past

_ONE_DAY = timedelta(days=1)
_UNSOURCED = Source("plan", "plan", "plan", SourceState.READ)
RISE = "slot-rise"
_OF_A_PERSON = frozenset({"dose-rises", "slot-rises", "limit", "unit-rule"})


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a plan breaks: which, in which step, and in words."""

    rule: str
    step: int
    says: str


def check(plan: TaperPlan, past: Past | None = None) -> tuple[Violation, ...]:
    """Everything that is wrong with a plan: its order of days, its doses, and its limits on every day. `past` is that of a re-plan."""
    if not plan.steps:
        return (Violation("no-steps", 0, "a plan has steps"),)
    return (*_order(plan), *_doses(plan), *_falls(plan), *_limits(plan, past))


def check_ends(plan: TaperPlan) -> tuple[Violation, ...]:
    """The part of `check` that costs next to nothing: the order of days, baseline and target, and that every dose is made of units."""
    return (*_order(plan), *_doses(plan)) if plan.steps else check(plan)


def sound(plan: TaperPlan, broken: Iterable[Violation]) -> TaperPlan:
    """The plan, where nothing of it is broken. Raises BrokenPlan naming what is: such a plan goes to nobody."""
    says = "; ".join(f"{one.rule} in step {one.step}: {one.says}" for one in broken)
    if says:
        raise BrokenPlan(f"the plan of {plan.drug} that was made breaks its own rules and is not shown ({says})")
    return plan


Judge = Callable[[TaperPlan], Iterable[Violation]]
"""What a plan breaks of its own limits: `check`, another one in tests."""


def broken_from(plan: TaperPlan, since: date | None, judge: Judge = check) -> tuple[Violation, ...]:
    """What is wrong with the steps that a revision of the day `since` made; None: with all of them, where the plan was never revised.

    Steps before that day were taken and can be changed no more, a rise that a clinician decided among them. On the day itself a person
    entered the dose that is taken, which may be above or below the plan's: that one is theirs. The length of the whole plan is no reason
    against a new and slower schedule.
    """
    broken = tuple(judge(plan))
    if since is None:
        return broken
    starts = [step.start for step in plan.steps]
    return tuple(
        one
        for one in broken
        if one.rule != "duration" and starts[one.step] >= since and not (starts[one.step] == since and one.rule in _OF_A_PERSON)
    )


def daily_doses(plan: TaperPlan, past: Past | None = None) -> dict[date, Fraction]:
    """D(t) for every day from the first step to the first day of the last one: mean mg a day, of the agent that limits judge.

    With two benzodiazepines both count, in mg of the last one by the plan's own equivalents; a rotated opioid counts from its own first
    full dose.
    """
    weights = _weights(plan)
    days: dict[date, Fraction] = {}
    for index, step in enumerate(plan.steps):
        end = plan.steps[index + 1].start if index + 1 < len(plan.steps) else step.start + _ONE_DAY
        amount = sum((Fraction(step.mg_per_day(name)) * weight for name, weight in weights.items()), Fraction(0))
        for offset in range((end - step.start).days):
            days[step.start + timedelta(days=offset)] = amount
    if plan.drug_class is DrugClass.OPIOID and len(weights) < len(_ingredients(plan)):
        first = _after_crossing(plan)
        days = {day: days[first.start] if day < first.start else amount for day, amount in days.items()}
    if past is not None:
        _add_past(days, past, plan.steps[0].start)
    return days


def _order(plan: TaperPlan) -> Iterator[Violation]:
    for index, step in enumerate(plan.steps):
        if step.number != index:
            yield Violation("numbering", index, f"step {index} is numbered {step.number}")
    yield from _days(plan)
    first, last = plan.steps[0], plan.steps[-1]
    if last.end is not None:
        yield Violation("open-end", len(plan.steps) - 1, "the last step has no end")
    if first.kind is not StepKind.BASELINE or first.mg_per_day(plan.ingredient) != plan.baseline.mg:
        yield Violation("starts-at-baseline", 0, "step 0 is not the baseline")
    total = sum((Fraction(last.mg_per_day(name)) for name in _ingredients(plan)), Fraction(0))
    if total != plan.target_mg:
        yield Violation("target", last.number, f"the last step is {total} mg, the target {plan.target_mg} mg")
    if (last.start - first.start).days > plan.limits.max_days:
        yield Violation("duration", last.number, f"longer than {plan.limits.max_days} days")


def _days(plan: TaperPlan) -> Iterator[Violation]:
    """Steps follow each other day by day, each as long as the medicine asks; the stages of a cross-over have days of their own."""
    shortest, multiple = plan.limits.min_step_days, plan.limits.step_multiple_days
    is_measured = plan.strategy != "substitution"
    for index, (step, after) in enumerate(pairwise(plan.steps)):
        day, next_day = step.start.toordinal(), after.start.toordinal()
        if step.end is None or step.end.toordinal() + 1 != next_day or next_day <= day:
            yield Violation("contiguous", index, f"step {index} ends {step.end} and the next starts {after.start}")
        length = next_day - day
        if is_measured and (length < shortest or length % multiple):
            yield Violation("step-length", index, f"a step of {length} days")


def _doses(plan: TaperPlan) -> Iterator[Violation]:
    products = {product.rxcui: product for product in plan.products}
    for step in plan.steps:
        for dose in step.doses:
            for unit in dose.units:
                product = products.get(unit.rxcui)
                if product is None or product.ingredient != dose.ingredient or product.mg != unit.strength_mg:
                    yield Violation("dose-not-made", step.number, f"{unit.rxcui} is not a product of this plan")
                elif not all(_can_be_measured(units, product.parts, product.smallest_ml) for _, units in unit.slots):
                    yield Violation("dose-not-made", step.number, f"units of {product.name} that cannot be measured off")


@lru_cache(maxsize=4096)
def _can_be_measured(units: Decimal, parts: int, smallest_ml: Decimal | None) -> bool:
    """True for a whole number, above zero, of the smallest part of a unit, or of the smallest volume."""
    if smallest_ml:
        return units > 0 and Fraction(units) % Fraction(smallest_ml) == 0
    above, below = units.as_integer_ratio()
    return units > 0 and above * parts % below == 0


def _falls(plan: TaperPlan) -> Iterator[Violation]:
    """No dose rises but the incoming agent's in a crossing; no time of day rises but where a finding says so."""
    flagged = {finding.code for finding in plan.findings}
    for before, step in pairwise(plan.steps):
        for dose in before.doses:
            name = dose.ingredient
            incoming = step.kind is StepKind.SUBSTITUTION and name != plan.ingredient
            if step.mg_per_day(name) > before.mg_per_day(name) and not incoming:
                yield Violation("dose-rises", step.number, f"{name} rises to {step.mg_per_day(name)} mg")
            if not incoming and RISE not in flagged and step.every_days == 1 and _rises_at_a_time(before, step, name):
                yield Violation("slot-rises", step.number, f"{name} rises at one time of day")


def _rises_at_a_time(before: Step, step: Step, ingredient: str) -> bool:
    codes = {unit.rxcui for one in (before, step) for dose in one.doses if dose.ingredient == ingredient for unit in dose.units}
    earlier, later = _at_a_time(before, codes), _at_a_time(step, codes)
    return any(amount > earlier.get(slot, Fraction(0)) for slot, amount in later.items())


def _at_a_time(step: Step, codes: Collection[str]) -> dict[str, Fraction]:
    """mg of some products at each time of day."""
    amounts: dict[str, Fraction] = {}
    for unit in (unit for dose in step.doses for unit in dose.units if unit.rxcui in codes):
        for slot, units in unit.slots:
            amounts[slot] = amounts.get(slot, Fraction(0)) + Fraction(units * unit.strength_mg)
    return amounts


def _limits(plan: TaperPlan, past: Past | None) -> Iterator[Violation]:
    days = daily_doses(plan, past)
    first_day = min(days)
    original = Fraction(past.original_mg) if past else days[first_day]
    has_cut = past is not None and any(amount < original for day, amount in days.items() if day < plan.steps[0].start)

    def dose(day: date) -> Fraction:
        return days.get(day, original)

    for earlier, step in pairwise(plan.steps):
        if step.kind is StepKind.SUBSTITUTION or dose(step.start) >= dose(step.start - _ONE_DAY):
            continue
        before, now = dose(step.start - _ONE_DAY), dose(step.start)
        broken = [
            limit for limit in plan.limits.hard if _is_broken(limit, dose(step.start - timedelta(days=limit.days)), before, now, original)
        ]
        cap = plan.limits.first_cut
        if cap is not None and not has_cut and before - now > Fraction(cap.fraction) * original:
            broken.append(cap)
        has_cut = True
        if step.kind is not StepKind.UNIT_LIMITED:
            for limit in broken:
                yield Violation("limit", step.number, f"{now} mg breaks {limit.fraction} of {limit.basis} in {limit.days} days")
            continue
        unit = plan.limits.unit
        if unit is None or before - now > Fraction(unit.unit_max_mg):
            yield Violation("unit-rule", step.number, f"a unit-limited cut of {before - now} mg")
        since = longest_window(plan.limits)
        if any(dose(step.start - timedelta(days=back)) < dose(step.start - timedelta(days=back + 1)) for back in range(1, since)):
            yield Violation("unit-rule", step.number, f"another reduction within {since} days")
        if step.every_days == 1 and _skips_a_notch(plan, earlier, step, before, now):
            yield Violation("unit-rule", step.number, "more than one notch")


def _is_broken(limit: Limit, then: Fraction, before: Fraction, now: Fraction, original: Fraction) -> bool:
    if before <= Fraction(limit.above) * original or (limit.up_to is not None and before > Fraction(limit.up_to) * original):
        return False
    return then - now > Fraction(limit.fraction) * (original if limit.basis is Basis.ORIGINAL else then)


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
    at_once = max(_at_a_time(earlier, codes).values(), default=before)  # no intake of a plan is larger than the ones before
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


def _ingredients(plan: TaperPlan) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dose.ingredient for step in plan.steps for dose in step.doses))


def _weights(plan: TaperPlan) -> dict[str, Fraction]:
    """mg of the last agent per mg of each: one agent alone, or two by the plan's equivalents; of a rotated opioid only the last counts."""
    names = _ingredients(plan)
    last = plan.steps[-1].doses[-1].ingredient
    if len(names) == 1 or plan.drug_class is DrugClass.OPIOID:
        return {last: Fraction(1)}
    factors = {factor.ingredient: Fraction(factor.low) for factor in plan.equivalents}
    return {name: factors[name] / factors[last] for name in names}


def _after_crossing(plan: TaperPlan) -> Step:
    """The step of the last stage, from which on only the new agent is taken."""
    return [step for step in plan.steps if step.kind is StepKind.SUBSTITUTION][-1]


def _add_past(days: dict[date, Fraction], past: Past, start: date) -> None:
    for index, (day, mg) in enumerate(past.doses):
        until = past.doses[index + 1][0] if index + 1 < len(past.doses) else start
        for offset in range((min(until, start) - day).days):
            days[day + timedelta(days=offset)] = Fraction(mg)
