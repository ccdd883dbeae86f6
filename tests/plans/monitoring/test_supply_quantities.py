"""What was handed over, and what comes next: 2 mg of diazepam a day since 2026-03-02, 13 days before the question."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.monitoring.condition import Op, Quantity
from fhir_taper.plans.monitoring.derived import NOTHING, Derived
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import DoseStretch, Ordered, Record, Supplied, Unread
from fhir_taper.plans.tapers.plan import Dose, GateState, PlanState, RevisionNote, Step, TaperPlan, Units
from tests.plans.monitoring.watched import NOW, moment, plan, rule, timeline
from tests.plans.tapers.made_plans import DIAZEPAM_2, units

TODAY = NOW.date()


def worked(name: str, of: TaperPlan | None = None, within: Span | None = None, **rest: Any) -> Derived:
    asked = Quantity(name, Op.AT_LEAST, Decimal(0), within=within)
    return QUANTITIES[name](moment(timeline([], **rest), rule(asked), of=of), asked)


def value(name: str, of: TaperPlan | None = None, **rest: Any) -> Exact | None:
    return worked(name, of, **rest).value


def supply(
    ago: int, days: int | None, of: str = "diazepam", words: str = "diazepam 2 mg", *, oud: bool = False, rxcui: str = ""
) -> Supplied:
    return Supplied(of, TODAY - ago * DAY, days, f"MedicationDispense/{words}-{ago}", words, oud, rxcui)


def order(since: int, until: int | None = None, mg: str | None = "2", written: int | None = None, of: str = "diazepam") -> Ordered:
    """From so many days ago until so many days ago, negative in the future."""
    end, known = None if until is None else TODAY - until * DAY, None if written is None else NOW - written * DAY
    exact = None if mg is None else Decimal(mg)
    return Ordered(
        of, DrugClass.BENZODIAZEPINE, TODAY - since * DAY, end, f"MedicationRequest/{since}", f"{of} {mg} mg", exact, written=known
    )


def of_step(*doses: Dose) -> TaperPlan:
    """The plan with another dose in the step of today."""
    return replace(plan(), steps=tuple(replace(step, doses=doses) if step.number == 2 else step for step in plan().steps))


TWO_STRENGTHS = Dose("diazepam", (*units(DIAZEPAM_2, {Slot.NIGHT: "0.5"}), Units("other", Decimal(1), ((Slot.MORNING, Decimal(1)),))))


@pytest.mark.parametrize(
    ("supplies", "left"),
    [
        ([supply(13, 28)], 14),
        ([supply(27, 28)], 0),
        ([supply(28, 28)], -1),
        ([supply(30, 28), supply(5, 28)], 25),  # 3 days early, and then they ran on: 28 + 28 days from 30 days ago
        ([supply(40, 28), supply(5, 28)], 22),  # after a gap: from the day on which it was handed over
        ([supply(13, 28), supply(13, 14, words="diazepam 1 mg")], 0),  # two strengths on one day: the shorter
        ([supply(13, 28), supply(-3, 28)], 14),  # not handed over yet
        ([supply(0, 1)], 0),
    ],
)
def test_days_until_supply_runs_out(supplies: list[Supplied], left: int) -> None:
    assert value("supply-left", supplies=tuple(supplies)) == left


OWN = DIAZEPAM_2.rxcui
"""The product of the plan; "other" is the second of TWO_STRENGTHS."""


@pytest.mark.parametrize(
    ("supplies", "left"),
    [
        ([supply(48, 28, rxcui="other"), supply(10, 28, rxcui=OWN)], -21),  # the other strength ran out, and without it there is no dose
        ([supply(13, 28, rxcui="other"), supply(11, 28, rxcui=OWN)], 14),
        ([supply(13, 28, rxcui="other"), supply(11, 28, rxcui=OWN), supply(5, 28, rxcui="third")], 14),  # which nobody takes today
        ([supply(13, 28), supply(11, 28, words="diazepam 1 mg")], 14),  # no codes: the two newest
        ([supply(48, 28), supply(11, 28, words="diazepam 1 mg")], -21),
        ([supply(80, 28, words="diazepam 10 mg"), supply(13, 28), supply(11, 28, words="diazepam 1 mg")], 14),
    ],
)
def test_of_two_strengths_of_one_dose_the_first_to_run_out_counts(supplies: list[Supplied], left: int) -> None:
    assert worked("supply-left", of_step(TWO_STRENGTHS), supplies=tuple(supplies)).value == left


def test_of_two_strengths_of_which_one_was_never_handed_over_the_supply_lasts_no_longer_than_the_other() -> None:
    one = worked("supply-left", of_step(TWO_STRENGTHS), supplies=(supply(13, 28, rxcui=OWN),))
    assert one.value == 14
    assert one.why == "a supply of 2 products of diazepam is needed, and 1 is on record"


@pytest.mark.parametrize(
    ("supplies", "left"),
    [
        ([supply(30, 28, rxcui="other"), supply(28, 28, rxcui=OWN)], -1),  # two strengths before, each used by itself
        ([supply(48, 28, rxcui=OWN), supply(10, 28, rxcui="other")], -21),  # of another strength today's dose is not made
        ([supply(48, 28, rxcui="other")], -21),
        ([supply(48, 28, rxcui=OWN), supply(10, 28)], 17),  # which product it was nobody knows
        ([supply(13, 28), supply(11, 20, words="diazepam 1 mg")], 8),
    ],
)
def test_another_strength_is_no_supply_of_the_product_that_is_taken(supplies: list[Supplied], left: int) -> None:
    assert value("supply-left", supplies=tuple(supplies)) == left


@pytest.mark.parametrize(("ago", "left"), [(28, 13), (27, 14), (26, 14), (14, 14)])
def test_of_what_is_left_over_at_most_two_weeks_still_count(ago: int, left: int) -> None:
    assert value("supply-left", supplies=(supply(ago, 28), supply(13, 14))) == left


def test_old_stock_does_not_hide_that_weekly_supplies_have_stopped() -> None:
    weekly = tuple(supply(100 - 7 * week, 7) for week in range(12))
    assert value("supply-left", supplies=(supply(105, 90), *weekly)) == -3


def test_of_two_medicines_the_one_that_ends_first_counts() -> None:
    crossing = of_step(Dose("diazepam", units(DIAZEPAM_2, {Slot.NIGHT: "1"})), Dose("lorazepam", units(DIAZEPAM_2, {Slot.NIGHT: "1"})))
    both = (supply(13, 28), supply(13, 16, "lorazepam"))
    assert worked("supply-left", crossing, supplies=both).says == "The supply of lorazepam ends on 2026-03-17"
    assert value("supply-left", supplies=both) == 14
    assert value("supply-left", crossing, supplies=both[:1]) == 14


def test_supply_that_nobody_knows() -> None:
    assert worked("supply-left").why == "no supply of diazepam is on record"
    assert worked("supply-left", supplies=(supply(3, None),)).why == "a supply does not say for how many days it lasts"
    unread = (Unread(Record.DISPENSE, "403"),)
    assert worked("supply-left", supplies=(supply(3, 28),), unread=unread).why == "supplies were not read (403)"


def last_step(start: date) -> TaperPlan:
    """The plan with its stop on a day."""
    steps: tuple[Step, ...] = (*plan().steps[:3], replace(plan().steps[4], number=3, start=start))
    return replace(plan(), steps=steps, gates=tuple(gate for gate in plan().gates if gate.step < 3))


def test_nothing_runs_out_where_the_plan_stops() -> None:
    assert worked("supply-left", last_step(date(2026, 3, 20)), supplies=(supply(13, 18),)) == NOTHING
    assert value("supply-left", last_step(date(2026, 3, 21)), supplies=(supply(13, 18),)) == 4  # a day is missing
    assert worked("supply-left", last_step(date(2026, 3, 15)), supplies=(supply(40, 18),)) == NOTHING


def test_while_the_plan_is_held_the_dose_goes_on_and_runs_out() -> None:
    hold = RevisionNote("hold", 2, TODAY - 2 * DAY, "Dr. A", "", "")
    of = replace(last_step(date(2026, 3, 20)), revisions=(hold,), state=PlanState.ON_HOLD)
    assert value("supply-left", of, supplies=(supply(13, 18),)) == 4
    waiting = replace(last_step(date(2026, 3, 20)), gates=tuple(replace(gate, step=3, state=GateState.OPEN) for gate in plan().gates[:1]))
    assert value("supply-left", waiting, supplies=(supply(13, 18),)) == 4


@pytest.mark.parametrize(
    ("orders", "signed"),
    [
        ([], 0),
        ([order(13, -14, written=15)], 0),  # the one that was filled
        ([order(11, -16, written=15)], 0),  # filled two days early
        ([order(10, -17, written=15)], 1),
        ([order(-14, -42, written=1)], 1),  # the next window, signed ahead
        ([order(-14, -42, written=-1)], 0),  # not written yet
        ([order(5, -42, written=5)], 1),
        ([order(5, 1, written=5)], 0),  # over
        ([order(20, None, written=12)], 1),
        ([order(5, -42, written=5, of="lorazepam")], 0),
    ],
)
def test_whether_the_next_order_is_signed(orders: list[Ordered], signed: int) -> None:
    assert value("next-signed", orders=tuple(orders), supplies=(supply(13, 28),)) == signed


def test_what_somebody_says_is_taken_is_no_signed_order() -> None:
    report = replace(order(5, written=5), is_report=True)
    assert value("next-signed", orders=(report,), supplies=(supply(13, 10),)) == 0
    assert value("next-signed", orders=(report, order(4, written=4)), supplies=(supply(13, 10),)) == 1
    assert value("step-without-order-days", orders=(report,)) == 13
    told = DoseStretch("diazepam", TODAY - 5 * DAY, TODAY, Decimal(2), (report.source,))
    assert value("step-without-order-days", orders=(report,), doses=(told,)) == 13
    both = replace(told, sources=(report.source, "MedicationRequest/4"))
    assert value("step-without-order-days", orders=(report,), doses=(both,)) is None


def test_an_order_that_was_read_is_signed_whatever_was_not_read_beside_it() -> None:
    unread = (Unread(Record.ORDER, "403"),)
    assert value("next-signed", orders=(order(-2, written=1),), supplies=(supply(13, 14),), unread=unread) == 1
    assert worked("next-signed", supplies=(supply(13, 14),), unread=unread) == Derived(why="orders were not read (403)")


def test_without_any_supply_an_order_is_the_next() -> None:
    assert value("next-signed", orders=(order(5),)) == 1
    assert worked("next-signed", unread=(Unread(Record.ORDER, "403"),)).why == "orders were not read (403)"


def used(*supplies: Supplied, of: TaperPlan | None = None, **rest: Any) -> Derived:
    return worked("refill-used-percent", of, Span(14, "d"), supplies=supplies, **rest)


@pytest.mark.parametrize(
    ("supplies", "percent"),
    [
        ([supply(11, 10), supply(2, 28)], 90),
        ([supply(11, 10), supply(1, 28)], 100),
        ([supply(11, 10), supply(3, 28)], 80),
        ([supply(11, 10), supply(5, 28), supply(1, 28)], Decimal(400) / 28),  # the least of both: 4 of 28 days
        ([supply(10, 28), supply(10, 28, words="diazepam 1 mg")], None),  # on one day
        ([supply(40, 10), supply(14, 28)], None),  # too long ago
        ([supply(13, 28)], None),
        ([], None),
    ],
)
def test_how_much_was_used_when_the_next_supply_was_fetched(supplies: list[Supplied], percent: Decimal | None) -> None:
    found = used(*supplies).value
    assert (None if found is None else round(Decimal(float(found)), 6)) == (None if percent is None else round(percent, 6))


def test_a_supply_for_another_dose_is_not_early() -> None:
    """The step began 13 days ago, and its window may be filled two days before."""
    assert used(supply(20, 28), supply(13, 28)).value is None
    assert used(supply(16, 28), supply(5, 28)).value is None
    assert used(supply(15, 28), supply(5, 28)).value is not None  # both for the dose of today


def test_the_second_strength_of_a_dose_is_not_early() -> None:
    both = (supply(11, 28), supply(10, 28, words="diazepam 1 mg"))
    assert used(*both, of=of_step(TWO_STRENGTHS)).value is None
    assert used(*both).value is not None


def test_a_refill_that_nobody_can_judge() -> None:
    assert used(supply(11, None), supply(2, 28)).why == "the supply before does not say for how many days it lasts"
    assert used(unread=(Unread(Record.DISPENSE, "403"),)).why == "supplies were not read (403)"


@pytest.mark.parametrize(("days", "is_known"), [(366, True), (367, False), (1_000_000, False)])
def test_a_supply_of_more_than_a_year_does_not_say_how_long_it_lasts(days: int, is_known: bool) -> None:
    why = worked("supply-left", supplies=(supply(13, days),)).why
    assert why == ("" if is_known else "a supply does not say for how many days it lasts")
    assert (used(supply(11, days), supply(2, 28)).value is not None) is is_known
    given = (supply(13, days, "buprenorphine", oud=True),)
    assert (value("oud-supply-days", supplies=given) is not None, value("oud-overdue-days", supplies=given) is not None) == (is_known,) * 2


def test_treatment_of_opioid_use_disorder_that_is_overdue() -> None:
    def overdue(*supplies: Supplied, orders: tuple[Ordered, ...] = ()) -> list[Exact | None]:
        return [value(name, supplies=supplies, orders=orders) for name in ("oud-supply-days", "oud-overdue-days")]

    def given(ago: int, days: int | None) -> Supplied:
        return supply(ago, days, "buprenorphine", oud=True)

    assert overdue(given(4, 1)) == [1, 3]
    assert overdue(given(14, 7)) == [7, 7]
    assert overdue(given(28, 28)) == [28, 0]
    assert overdue(given(27, 28)) == [28, -1]
    assert overdue(given(35, 28), given(6, 7)) == [7, -1]
    assert overdue() == [None, None]
    assert worked("oud-overdue-days", supplies=(given(4, None),)).why == "a supply of the treatment does not say for how long it lasts"
    on_it = (replace(order(40, of="buprenorphine"), is_oud_treatment=True),)
    assert worked("oud-overdue-days", orders=on_it).why == "supplies of the treatment: none is on record"


def test_treatment_of_two_strengths_is_overdue_when_the_first_of_them_is() -> None:
    def overdue(*supplies: Supplied) -> list[Exact | None]:
        return [value(name, supplies=supplies) for name in ("oud-supply-days", "oud-overdue-days")]

    def given(ago: int, days: int, rxcui: str) -> Supplied:
        return supply(ago, days, "buprenorphine", oud=True, rxcui=rxcui)

    assert overdue(given(55, 28, "8 mg"), given(54, 28, "2 mg")) == [28, 27]
    assert overdue(given(55, 28, "8 mg"), given(28, 28, "8 mg"), given(54, 28, "2 mg")) == [28, 26]  # only one was fetched
    assert overdue(given(55, 28, "8 mg"), given(28, 28, "12 mg"), given(57, 28, "2 mg")) == [28, 0]  # replaced when they had run out


def test_a_step_that_began_without_its_order() -> None:
    def without(*orders: Ordered, supplies: tuple[Supplied, ...] = (), doses: tuple[DoseStretch, ...] = ()) -> Exact | None:
        return value("step-without-order-days", orders=orders, supplies=supplies, doses=doses)

    assert without() == 13
    assert without(order(13)) is None
    assert without(order(60, mg="3")) == 13
    assert without(order(60, mg="1"), order(59, mg="1")) is None
    assert without(order(60, mg=None)) == 13
    assert without(order(13, of="lorazepam")) == 13
    assert without(supplies=(supply(15, 28),)) is None
    assert without(supplies=(supply(16, 28),)) == 13
    assert without(doses=(DoseStretch("diazepam", TODAY - 5 * DAY, TODAY, Decimal(2)),)) is None
    assert without(order(13), doses=(DoseStretch("diazepam", TODAY - 5 * DAY, TODAY, Decimal(3)),)) == 13


def test_no_step_is_without_order_before_the_first_or_where_orders_were_not_read() -> None:
    first = replace(plan(), steps=(replace(plan().steps[0], end=None),), gates=())
    assert worked("step-without-order-days", first) == NOTHING
    assert worked("step-without-order-days", last_step(date(2026, 3, 1))) == NOTHING
    assert worked("step-without-order-days", unread=(Unread(Record.ORDER, "403"),)).why == "orders were not read (403)"
    hold = RevisionNote("hold", 2, date(2026, 2, 20), "Dr. A", "", "")
    of = replace(plan(revisions=(hold,)), state=PlanState.ON_HOLD)
    assert value("step-without-order-days", of, orders=(order(41, mg="3"),)) is None


@pytest.mark.parametrize("name", ["supply-left", "refill-used-percent"])
def test_supplies_that_nobody_asked_for_are_not_normal(name: str) -> None:
    asked_for = worked(name, within=Span(14, "d"), read=frozenset({Record.OBSERVATION}))
    assert asked_for == Derived(why="supplies were not read (no dispense was there, nor asked for)")
