"""A finished plan judged again from nothing but its own data: its order of days, its doses, and its limits (`day_by_day`).

Used on every plan that tests make, on revisions, and on every plan before anybody sees it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from fhir_taper.errors import BrokenPlan
from fhir_taper.plans.medicines.dose import ZERO
from fhir_taper.plans.tapers.day_by_day import Violation, broken_limits, ingredients_in, mg_at_a_time
from fhir_taper.plans.tapers.plan import Step, StepKind, TaperPlan
from fhir_taper.plans.tapers.request import Past
from fhir_taper.plans.tapers.rise_findings import RISE

__all__ = ["Judge", "Violation", "broken_from", "check", "check_ends", "sound"]

_OF_A_PERSON = frozenset({"dose-rises", "slot-rises", "limit", "unit-rule"})


def check(plan: TaperPlan, past: Past | None = None) -> tuple[Violation, ...]:
    """Everything that is wrong with a plan: its order of days, its doses, and its limits on every day. `past` is that of a re-plan."""
    if not plan.steps:
        return (Violation("no-steps", 0, "a plan has steps"),)
    return (*_order(plan), *_doses(plan), *_falls(plan), *broken_limits(plan, past))


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
    total = sum((Fraction(last.mg_per_day(name)) for name in ingredients_in(plan)), Fraction(0))
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
    mg = {name: [step.mg_per_day(name) for step in plan.steps] for name in ingredients_in(plan)}
    for index, (before, step) in enumerate(pairwise(plan.steps)):
        for dose in before.doses:
            name = dose.ingredient
            incoming = step.kind is StepKind.SUBSTITUTION and name != plan.ingredient
            if mg[name][index + 1] > mg[name][index] and not incoming:
                yield Violation("dose-rises", step.number, f"{name} rises to {mg[name][index + 1]} mg")
            if not incoming and RISE not in flagged and step.every_days == 1 and _rises_at_a_time(before, step, name):
                yield Violation("slot-rises", step.number, f"{name} rises at one time of day")


def _rises_at_a_time(before: Step, step: Step, ingredient: str) -> bool:
    codes = {unit.rxcui for one in (before, step) for dose in one.doses if dose.ingredient == ingredient for unit in dose.units}
    earlier, later = mg_at_a_time(before, codes), mg_at_a_time(step, codes)
    return any(amount > earlier.get(slot, ZERO) for slot, amount in later.items())
