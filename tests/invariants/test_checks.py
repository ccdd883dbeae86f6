"""The checkers see what they are for: a good plan spoilt in one place is found by the invariant that the place belongs to, and by that one.

A checker that never speaks proves nothing, whatever number of cases it has read.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.plan import Dose, GateState, PlanState, Step, StepKind, TaperPlan, Units
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import AtMost
from tests.invariants.cases import case
from tests.invariants.checks import CHECKS
from tests.invariants.life import LIFE, i13_collisions
from tests.invariants.reading import Subject
from tests.plans.tapers.made_requests import planned, request, tablets

_DAY = timedelta(days=1)
_FOUR = (Slot.MORNING, Slot.NOON, Slot.EVENING, Slot.NIGHT)
Spoil = Callable[[TaperPlan], TaperPlan]


@lru_cache(maxsize=1)
def good() -> Subject:
    """Diazepam 10 mg a day in halves of 2 and 5 mg tablets, linear: reductions, limited and unit-limited steps."""
    at_most = tuple(AtMost(slot, Decimal(5)) for slot in (Slot.MORNING, Slot.NIGHT))
    asked = request("diazepam", "10", tablets("diazepam", "2", "5", parts=2), "morning", "night", strategy="linear", at_most=at_most)
    return Subject(asked, planned(asked), load())


def at(plan: TaperPlan, number: int, change: Callable[[Step], Step]) -> TaperPlan:
    """The plan with one step changed."""
    return replace(plan, steps=tuple(change(step) if step.number == number else step for step in plan.steps))


def taking(mg: str, parts: str = "1") -> tuple[Dose, ...]:
    """Some of a 2 mg tablet at night."""
    rxcui = next(product.rxcui for product in good().plan.products if product.mg == 2)
    return (Dose("diazepam", (Units(rxcui, Decimal(mg), ((Slot.NIGHT, Decimal(parts)),)),)),)


@dataclass(frozen=True)
class Spoilt:
    says: str
    invariant: str
    spoil: Spoil


def step_with(number: int, **fields: Any) -> Spoil:
    """Other fields of one step."""
    return lambda plan: at(plan, number, lambda step: replace(step, **fields))


def unit_limited_as_reduction(plan: TaperPlan) -> TaperPlan:
    """The first unit-limited cut with another label."""
    number = next(step.number for step in plan.steps if step.kind is StepKind.UNIT_LIMITED)
    return at(plan, number, lambda step: replace(step, kind=StepKind.REDUCTION))


def a_day_longer(plan: TaperPlan) -> TaperPlan:
    """Step 2 ends a day later, and step 3 starts as before."""
    return at(plan, 2, lambda step: replace(step, end=(step.end or step.start) + _DAY))


def quarters(plan: TaperPlan) -> TaperPlan:
    """A quarter of a tablet in one step, and products that say that it may be."""
    cut = at(plan, 4, lambda step: replace(step, doses=taking("2", "0.25")))
    return replace(cut, products=tuple(replace(product, parts=4) for product in cut.products))


def under_the_tongue(plan: TaperPlan) -> TaperPlan:
    """The same halves, of tablets that melt under the tongue."""
    return replace(plan, products=tuple(replace(product, name=f"{product.name} Sublingual Tablet") for product in plan.products))


def limits_with(**fields: Any) -> Spoil:
    """Other fields of the limits row."""
    return lambda plan: replace(plan, limits=replace(plan.limits, **fields))


def without_the_last(plan: TaperPlan) -> TaperPlan:
    """The plan ends one step early."""
    return replace(plan, steps=(*plan.steps[:-2], replace(plan.steps[-2], end=None)))


def methadone_after_four_days(plan: TaperPlan) -> TaperPlan:
    """A step of four days of a medicine that needs a week to settle."""
    return at(replace(plan, ingredient="methadone"), 2, lambda step: replace(step, start=plan.steps[1].start + 4 * _DAY))


def all_reviews_passed(plan: TaperPlan) -> TaperPlan:
    """Reviews that nobody has to make."""
    return replace(plan, gates=tuple(replace(gate, state=GateState.PASSED) for gate in plan.gates))


SPOILT = (
    Spoilt("a dose that rises", "i01", lambda plan: at(plan, 3, lambda step: replace(step, doses=plan.steps[0].doses))),
    Spoilt("all of a day's dose at night", "i01", step_with(3, doses=taking("2", "6"))),
    Spoilt("two doses at one time", "i01_no_intake", step_with(2, doses=taking("2", "3"))),
    Spoilt("a gap of a day", "i02", lambda plan: at(plan, 2, lambda step: replace(step, start=step.start + _DAY))),
    Spoilt("a day that belongs to two steps", "i02", a_day_longer),
    Spoilt("a step without end", "i02", step_with(2, end=None)),
    Spoilt("another dose than the baseline", "i02", step_with(0, doses=taking("2"))),
    Spoilt("a third of a tablet", "i03", step_with(4, doses=taking("2", "0.3"))),
    Spoilt("a strength that its product does not have", "i03", step_with(4, doses=taking("2.5"))),
    Spoilt("twenty tablets at once", "i03", step_with(4, doses=taking("2", "20"))),
    Spoilt("quarters of a tablet that is permitted in halves", "i03", quarters),
    Spoilt("halves of a tablet that is not swallowed", "i03", under_the_tongue),
    Spoilt("a step skipped", "i04_limits", step_with(1, doses=taking("2", "3"))),
    Spoilt("a unit-limited cut with another label", "i04_limits", unit_limited_as_reduction),
    Spoilt("a label that no limit asks for", "i04_limits", step_with(2, kind=StepKind.UNIT_LIMITED)),
    Spoilt("a unit-limited cut that is not said", "i04_what", lambda plan: replace(plan, findings=())),
    Spoilt("another row of limits", "i04_the_row", limits_with(row="opioid-1y")),
    Spoilt("limits edited away", "i04_the_row", limits_with(limits=())),
    Spoilt("a unit rule of the plan's own", "i04_the_row", limits_with(unit=None)),
    Spoilt("methadone changed after four days", "i04_steps", methadone_after_four_days),
    Spoilt("a first cut beyond its cap", "i05", step_with(1, doses=taking("2", "3"))),
    Spoilt("a last step above the target", "i06", without_the_last),
    Spoilt("a plan that is too long", "i07", limits_with(max_days=20)),
    Spoilt("another plan for the same request", "i08", lambda plan: replace(plan, key="other")),
    Spoilt("a day without a dose", "i15", step_with(3, every_days=2)),
    Spoilt("a dose beside its ideal", "i17_doses", step_with(2, ideal_mg=Decimal("0.1"))),
    Spoilt("an ideal that is no point of the curve", "i17_ideals", step_with(2, ideal_mg=Decimal("8.05"))),
    Spoilt("an approved plan", "i18", lambda plan: replace(plan, state=PlanState.ACTIVE)),
    Spoilt("a float", "i19", step_with(2, ideal_mg=8.0)),
    Spoilt("a reduction without a review", "i11", lambda plan: replace(plan, gates=plan.gates[1:])),
    Spoilt("reviews that nobody has to make", "i11", all_reviews_passed),
)


def test_the_good_plan_breaks_nothing_and_has_every_kind_of_step() -> None:
    assert not [says for check in (CHECKS | LIFE).values() for says in check(good())]
    kinds = {step.kind for step in good().plan.steps}
    assert kinds >= {StepKind.BASELINE, StepKind.REDUCTION, StepKind.UNIT_LIMITED}


@pytest.mark.parametrize("spoilt", SPOILT, ids=lambda one: one.says)
def test_a_spoilt_plan_is_found(spoilt: Spoilt) -> None:
    subject = Subject(good().request, spoilt.spoil(good().plan), good().tables)
    checks = [check for name, check in (CHECKS | LIFE).items() if name.startswith(spoilt.invariant)]
    assert [says for check in checks for says in check(subject)]


def test_times_that_rise_by_more_than_they_must_are_found() -> None:
    products = tablets("diazepam", "2", "5", parts=2)
    asked = request("diazepam", "20", products, *(slot.value for slot in _FOUR), strategy="proportional")
    plan = planned(asked)
    rising = next(step.number for step in plan.steps if step.mg_per_day("diazepam") == Decimal("4.5"))
    wider = (
        Units(products[0].rxcui, Decimal(2), ((Slot.MORNING, Decimal(1)),)),
        Units(products[1].rxcui, Decimal(5), ((Slot.NIGHT, Decimal("0.5")),)),
    )
    spoilt = at(plan, rising, lambda step: replace(step, doses=(Dose("diazepam", wider),)))

    assert not list(CHECKS["i01_daily_dose_never_rises"](Subject(asked, plan, load())))
    assert "in all, and 1/2 mg would do" in " ".join(CHECKS["i01_daily_dose_never_rises"](Subject(asked, spoilt, load())))


def test_a_crossing_that_gives_less_than_nine_tenths_is_found() -> None:
    subject = _first("benzodiazepine", "substitution")
    stage = subject.crossing[0]
    less = at(subject.plan, stage, lambda step: replace(step, doses=step.doses[:1]))
    spoilt = replace(
        less,
        steps=(
            *less.steps[:stage],
            replace(less.steps[stage], doses=(*less.steps[stage].doses, Dose(subject.agent))),
            *less.steps[stage + 1 :],
        ),
    )
    assert list(CHECKS["i14_crossing_gives_90_to_100_percent"](Subject(subject.request, spoilt, subject.tables)))


def test_a_shorter_hold_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from fhir_taper.plans.tapers import revision
    from tests.invariants import life

    monkeypatch.setattr(life, "hold", lambda plan, decision, days: revision.hold(plan, decision, days + 1))
    assert list(LIFE["i09_i10_a_hold_moves_everything_later_by_as_much"](good()))


def test_a_supply_that_is_too_short_or_stops_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from fhir_taper.plans.tapers import dispensing, windows
    from tests.invariants import life

    monkeypatch.setattr(
        life, "windows", lambda plan, rules: tuple(replace(w, quantity=w.quantity - 1) for w in windows.windows(plan, rules))
    )
    monkeypatch.setattr(life, "next_window", lambda *_, **__: dispensing.NextSupply(dispensing.SupplyKind.NOTHING, (), ""))
    assert list(LIFE["i16_supply_covers_the_doses_and_hardly_more"](good()))
    assert list(LIFE["i12_on_hold_todays_dose_goes_on"](good()))


def test_two_plans_that_collide_unnamed_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.invariants import life

    opioid = _first("opioid", "linear")
    beside = propose(replace(opioid.request, start=good().request.start), opioid.tables)
    assert isinstance(beside, TaperPlan)
    monkeypatch.setattr(life, "collisions", lambda *_: ())
    monkeypatch.setattr(life, "days_to_wait", lambda *_: 0)
    assert list(i13_collisions(beside, good().plan, good()))


def _first(drug_class: str, way: str) -> Subject:
    """The first plan of a cell."""
    found = (one for one in map(case, range(1000)) if one.cell == (drug_class, way))
    made = ((one, propose(one.request, load())) for one in found)
    return next(Subject(one.request, plan, load()) for one, plan in made if isinstance(plan, TaperPlan))
