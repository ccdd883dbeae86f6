"""That one time of day takes more than before, and in which steps: told from the steps of the very plan that says it.

A plan whose steps are numbered anew (a new schedule, a step back, an earlier end) says it anew, with the numbers under which it shows them:
a person acknowledges the sentence and looks the steps up. Who accepted it before accepted the same steps, and goes on to.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from fhir_taper.plans.listed import listed
from fhir_taper.plans.medicines.codes import Release, Slot
from fhir_taper.plans.medicines.dose import ZERO
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity, ranked
from fhir_taper.plans.tapers.plan import Step, StepKind, TaperPlan

RISE = "slot-rise"
_LATER = "split, later steps"
_DESIGN = "design: what a schedule does is said"
_Place = tuple[str, Release, Slot]


class _Product(Protocol):
    @property
    def rxcui(self) -> str: ...
    @property
    def ingredient(self) -> str: ...
    @property
    def release(self) -> Release: ...


def rising_steps(steps: Iterable[Step], products: Iterable[_Product], first_ingredient: str) -> Iterator[int]:
    """Numbers of the steps in which one time of day takes more of a release than before, although no more of it is taken a day.

    The agent that comes in with a crossing from `first_ingredient` rises by intent.
    """
    releases = {str(product.rxcui): (product.ingredient, product.release) for product in products}
    for before, step in pairwise(steps):
        earlier, later = _taken(before, releases), _taken(step, releases)
        for place, mg in later.items():
            name, is_stage = place[0], step.kind is StepKind.SUBSTITUTION
            is_meant = (is_stage and name != first_ingredient) or step.mg_per_day(name) > before.mg_per_day(name)
            if mg > earlier.get(place, ZERO) and not is_meant:
                yield step.number
                break


def _taken(step: Step, releases: Mapping[str, tuple[str, Release]]) -> dict[_Place, Decimal]:
    taken: dict[_Place, Decimal] = {}
    for unit in (unit for dose in step.doses for unit in dose.units if unit.rxcui in releases):
        for slot, units in unit.slots:
            place = (*releases[unit.rxcui], slot)
            taken[place] = taken.get(place, ZERO) + units * unit.strength_mg
    return taken


def rises_at_first(number: int = 0) -> Finding:
    """That the first dose of a schedule, which is step `number` of the plan, holds more at one time than the chart's orders do."""
    since, orders = f"step {number}" if number else "the first day", "by the orders of the chart"
    says = f"From {since} on one time of day holds more than it does {orders}: check that so much is really taken at once."
    clears = "A baseline that the orders can supply, the orders corrected, or products that divide it as it is taken."
    step = f"step {number}"
    return Finding(Severity.ACKNOWLEDGE, RISE, says, _DESIGN, step, f"split, {step}", clears)


def rises_later(numbers: Iterable[int]) -> Iterator[Finding]:
    """That one time of day takes more in these steps; nothing where there are none."""
    rises = [str(number) for number in numbers]
    if rises:
        steps = listed(rises)
        says = f"A time of day takes more in step {steps}, although the day's dose does not rise: these products cannot be divided without."
        clears = "Products that make smaller doses, or other times of day."
        yield Finding(Severity.ACKNOWLEDGE, RISE, says, _DESIGN, f"step {steps}", _LATER, clears)


def is_of_first(finding: Finding) -> bool:
    """True for what `rises_at_first` says."""
    return finding.code == RISE and finding.rule != _LATER


def first_of(finding: Finding) -> int:
    """The step that `rises_at_first` speaks of."""
    return int(finding.value.removeprefix("step "))


def with_rises_anew(plan: TaperPlan, moved: Mapping[int, int]) -> TaperPlan:
    """The plan whose steps were numbered anew, saying of its own steps in which a time of day takes more.

    `moved` has the new number of each old step at which a schedule may have begun; what spoke of a step that is gone goes with it. What a
    person accepted of it stays accepted: they are the same doses after the same doses, under other numbers.
    """
    first = tuple(rises_at_first(moved[first_of(one)]) for one in plan.findings if is_of_first(one) and first_of(one) in moved)
    said = (*first, *rises_later(rising_steps(plan.steps, plan.products, plan.ingredient)))
    old = {one.rule: one for one in plan.findings if one.code == RISE}
    came_of = {f"split, step {number}": f"split, step {new}" for number, new in moved.items()} | {_LATER: _LATER}
    now = {one.rule: one for one in said}
    others = (one for one in plan.findings if one.code != RISE)
    return replace(
        plan,
        findings=ranked((*others, *said)),
        acknowledgements=tuple(kept for one in plan.acknowledgements if (kept := _accepted(one, old, now, came_of)) is not None),
    )


def _accepted(
    one: Acknowledgement, old: Mapping[str, Finding], now: Mapping[str, Finding], came_of: Mapping[str, str]
) -> Acknowledgement | None:
    """What a person accepted, in the words of now; None where nothing of it is left. What was not accepted as it stood stays as it is."""
    if one.code != RISE or one.rule not in old or not one.accepts(old[one.rule]):
        return one
    finding = now.get(came_of.get(one.rule, ""))
    return None if finding is None else replace(one, rule=finding.rule, message=finding.message)
