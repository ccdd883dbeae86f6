"""What is ordered, against the plan: 4, 3 and 2 mg of diazepam a day, the last since 2026-03-02, 13 days before the question."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.dose import Exact, as_exact
from fhir_taper.plans.monitoring.condition import Op, Quantity
from fhir_taper.plans.monitoring.derived import Derived
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import DoseStretch, Ordered, Record, Unread
from fhir_taper.plans.tapers.plan import Contingency, EquivalentFactor, GateState, PlanState, RevisionNote, TaperPlan
from tests.plans.monitoring.watched import NOW, moment, plan, rule, timeline
from tests.plans.tapers.made_plans import OXYCODONE_5, plan_of

TODAY = NOW.date()
NOT_READ = (Unread(Record.ORDER, "403"),)


def worked(
    name: str, of: TaperPlan | None = None, percent: int | None = None, within: Span | None = None, groups: str = "", **rest: Any
) -> Derived:
    op, bound = (Op.ABOVE, Decimal(7)) if name.endswith("above-plan") else (Op.AT_LEAST, Decimal(0))
    asked = Quantity(name, op, bound, groups, within, None if percent is None else Decimal(percent))
    return QUANTITIES[name](moment(timeline([], **rest), rule(asked), of=of), asked)


def ordered(amount: str | None, since: int, until: int = 0, of: str = "diazepam", why: str = "") -> DoseStretch:
    """What is ordered from so many days ago until so many days ago."""
    exact = None if amount is None else Decimal(amount)
    return DoseStretch(of, TODAY - since * DAY, TODAY - until * DAY, exact, ("MedicationRequest/1",), why)


def above(*doses: DoseStretch, of: TaperPlan | None = None, **rest: Any) -> Derived:
    return worked("days-above-plan", of, doses=doses, **rest)


@pytest.mark.parametrize(
    ("doses", "days"),
    [
        ([ordered("2", 90)], 0),
        ([ordered("2", 90, 7), ordered("2.5", 6)], 7),
        ([ordered("2.5", 7)], 8),
        ([ordered("3", 90)], 14),  # what the plan said until the step began
        ([ordered("3.5", 90)], 42),
        ([ordered("5", 400)], 70),  # not before the plan began
        ([ordered("3", 20, 5), ordered("2", 4)], 0),
        ([ordered("2", 20, 5), ordered("3", 4)], 5),
        ([ordered("2.5", 20, 10), ordered("3", 9)], 14),
        ([ordered("3", 20, 10), ordered("3", 8)], 9),  # of the day between nothing is known
        ([ordered("1", 90)], 0),
        ([ordered("2", 90, 7), ordered(None, 6, 6), ordered("3", 5)], 6),  # seven days at most
        ([ordered("3", 90, 10), ordered(None, 9, 9), ordered("2", 8)], 0),  # within the plan today
    ],
)
def test_days_on_which_more_is_ordered_than_the_plan_says(doses: list[DoseStretch], days: int) -> None:
    assert above(*doses).value == days


def test_what_the_orders_make_is_said() -> None:
    assert above(ordered("3", 9)).says == "3 mg diazepam a day ordered, the plan says 2, for 10 days"
    assert above(ordered("2", 9)).says == "2 mg diazepam a day is not above the plan"


def test_what_nobody_can_compute_is_not_below_the_plan() -> None:
    assert above(ordered(None, 9, why="a range")).why == "a range"
    assert above(ordered("2", 90, 1)).why == "what is ordered of diazepam today is not known"
    assert above().why == "what is ordered of diazepam today is not known"
    assert above(ordered("3", 9), unread=NOT_READ).why == "orders were not read (403)"


@pytest.mark.parametrize(
    "doses",
    [
        [ordered("6", 13, 8), ordered(None, 7, 7), ordered("6", 6)],
        [ordered("6", 13, 8), ordered("6", 6)],  # of the day between nothing is known
        [ordered(None, 20, 3, why="a range"), ordered("3", 2)],
        [ordered("2", 20, 8), ordered(None, 7, 7), ordered("3", 6)],  # eight days at most
    ],
)
def test_days_that_nobody_can_compute_are_no_days_within_the_plan(doses: list[DoseStretch]) -> None:
    found = above(*doses)
    assert (found.value, found.why.endswith("is not known")) == (None, True)


def test_a_medicine_that_nobody_can_compute_hides_no_other_that_is_above_the_plan() -> None:
    crossing = replace(
        plan(), steps=tuple(replace(step, doses=(*step.doses, replace(step.doses[0], ingredient="lorazepam"))) for step in plan().steps)
    )
    unclear = ordered(None, 90, of="lorazepam", why="a range")
    assert above(ordered("3", 7), unclear, of=crossing).value == 8
    assert above(ordered("2", 90, 7), ordered("3", 6), unclear, of=crossing).why == "a range"


def test_on_hold_and_before_its_review_the_dose_of_before_is_the_plans() -> None:
    hold = RevisionNote("hold", 2, date(2026, 2, 20), "Dr. A", "", "")
    assert above(ordered("3", 90), of=replace(plan(revisions=(hold,)), state=PlanState.ON_HOLD)).value == 0
    waiting = tuple(replace(gate, state=GateState.OPEN) if gate.due >= date(2026, 3, 2) else gate for gate in plan().gates)
    assert above(ordered("3", 90), of=replace(plan(), gates=waiting)).value == 0


def test_the_other_medicine_of_a_crossing_counts_as_well() -> None:
    crossing = replace(
        plan(), steps=tuple(replace(step, doses=(*step.doses, replace(step.doses[0], ingredient="lorazepam"))) for step in plan().steps)
    )
    both = (ordered("2", 90), ordered("2", 90, 5, of="lorazepam"), ordered("3", 4, of="lorazepam"))
    assert above(*both, of=crossing).value == 5
    assert above(ordered("2", 90), of=crossing).value == 0
    assert above(ordered("2", 90), ordered(None, 90, of="lorazepam", why="a range"), of=crossing).why == "a range"
    assert above(*both).value == 0  # another plan has lorazepam


def oxycodone(*, with_factor: bool = True) -> TaperPlan:
    """Oxycodone 20, 15, 10 mg a day: 30, 22.5 and 15 MME, the last since 2026-03-02."""
    made = plan_of(OXYCODONE_5, [{Slot.MORNING: str(many)} for many in (4, 3, 2, 1)], DrugClass.OPIOID)
    factor = EquivalentFactor("oxycodone", "cdc", Decimal("1.5"), Decimal("1.5"), "mme", "CDC")
    gates = tuple(replace(gate, state=GateState.PASSED) for gate in made.gates)
    return replace(made, equivalents=(factor,) if with_factor else (), state=PlanState.ACTIVE, gates=gates)


def mme(*doses: DoseStretch, percent: int = 10, of: TaperPlan | None = None) -> Derived:
    return worked("days-mme-above-plan", of or oxycodone(), percent, doses=doses)


def of_all(amount: str | None, since: int, until: int = 0) -> DoseStretch:
    return ordered(amount, since, until, of="mme")


@pytest.mark.parametrize(
    ("doses", "days"),
    [
        ([of_all("30", 90, 14), of_all("16.5", 13)], 0),  # 15 and a tenth of it
        ([of_all("30", 90, 42), of_all("22.5", 41, 14), of_all("16.6", 13)], 14),
        ([of_all("40", 90, 14), of_all("27.5", 13)], 0),  # 10 stood beside the plan from its first day
        ([of_all("40", 90, 42), of_all("32.5", 41, 8), of_all("27.6", 7)], 14),
        ([of_all("40", 90, 14), of_all("25", 13, 8), of_all("27.6", 7)], 8),
        ([of_all("20", 90, 14), of_all("16.5", 13)], 0),  # less than the plan's own: nothing beside it
    ],
)
def test_all_opioids_are_compared_with_the_plan_and_what_stood_beside_it(doses: list[DoseStretch], days: int) -> None:
    assert mme(*doses).value == days


def test_without_knowing_what_stood_beside_it_nothing_is_said_to_be_above() -> None:
    assert mme(of_all("27", 20)).why == "what was ordered beside the plan on its first day is not known"
    assert mme(of_all(None, 90, 21), of_all("27", 20)).why == "what was ordered beside the plan on its first day is not known"
    assert mme(of_all("15", 20)).value == 0
    assert mme(of_all("27", 90), of=oxycodone(with_factor=False)).why == "oxycodone has no MME factor in this plan"


def test_mme_of_today_against_that_of_four_weeks_ago() -> None:
    def change(*doses: DoseStretch) -> Derived:
        return worked("mme-change", within=Span(28, "d"), doses=doses)

    assert change(of_all("30", 90, 28), of_all("45", 27)).value == 15
    assert change(of_all("30", 90, 29), of_all("45", 28)).value == 0
    assert change(of_all("30", 27)).why == "the MME of then or of today is not known"


def order(name: str, since: int, until: int | None = None, written: int | None = None, drug_class: DrugClass = DrugClass.OTHER) -> Ordered:
    """An order from so many days ago until so many days ago (negative: in the future), written so many days ago."""
    end = None if until is None else TODAY - until * DAY
    known = NOW - (since if written is None else written) * DAY
    source = f"MedicationRequest/{name}{since}"
    return Ordered(name, drug_class, TODAY - since * DAY, end, source, name, written=known, groups=("sedative",))


def new(*orders: Ordered, of: TaperPlan | None = None, **rest: Any) -> Derived:
    return worked("new-order-days", of, groups="sedative opioid", orders=orders, **rest)


@pytest.mark.parametrize(
    ("orders", "days"),
    [
        ([order("x", 2, -1)], 4),
        ([order("x", 2, 0)], 3),
        ([order("x", 2, 1)], None),  # over
        ([order("x", -1, -9)], None),  # not begun
        ([order("x", 2)], 10_000),  # without end
        ([order("x", 5, 3), order("x", 2, 0)], 6),  # three days twice
        ([order("x", 20, 10), order("x", 2, 0)], 21),  # renewed after a week
        ([order("x", 20, 11), order("x", 2, 0)], 3),  # after eight days
        ([order("x", 300, 10), order("x", 2, -20)], None),
        ([order("x", 300, 11), order("x", 2, -20)], 23),
        ([order("x", 300, 3), order("x", 2, -20)], None),  # a renewal of what stood before the plan
        ([order("x", 300, None), order("x", 2, -20)], None),
        ([order("x", 300, -20, written=5)], 321),  # written after the plan, as if it had begun before
        ([order("diazepam", 2, -20)], None),  # the plan's own
    ],
)
def test_orders_that_are_new_beside_the_plan(orders: list[Ordered], days: int | None) -> None:
    assert new(*orders).value == days


@pytest.mark.parametrize(
    ("began", "written", "sources", "days"),
    [
        (70, 70, (), 10_000),  # on the plan's own day, and the plan was not made of it
        (70, 70, ("MedicationRequest/x70/_history/3",), None),
        (300, 70, (), 10_000),
        (70, 71, (), None),
        (300, 300, (), None),
    ],
)
def test_an_order_of_the_plans_own_day_is_new_where_the_plan_was_not_made_of_it(
    began: int, written: int, sources: tuple[str, ...], days: int | None
) -> None:
    of = replace(plan(), created=TODAY - 70 * DAY, sources=sources)
    assert new(replace(order("x", began, written=written), source=f"MedicationRequest/x{began}/_history/1"), of=of).value == days


def test_comfort_medicines_of_the_plan_and_other_groups_are_not_new() -> None:
    of = replace(plan(), contingency=Contingency(comfort_plan="Hydroxyzine 25 mg at night"))
    assert new(order("hydroxyzine", 2, -20), of=of).value is None
    assert new(replace(order("x", 2, -20), groups=())).value is None
    assert new(replace(order("x", 2, -20), groups=(), drug_class=DrugClass.OPIOID)).value == 23


@pytest.mark.parametrize(
    ("drug_class", "name", "words", "is_new"),
    [
        (DrugClass.BENZODIAZEPINE, "lorazepam", "Never give lorazepam or other sedatives.", True),
        (DrugClass.Z_DRUG, "zolpidem", "Zolpidem for some nights", True),
        (DrugClass.OPIOID, "codeine", "codeine", True),
        (DrugClass.OTHER, "codeine", "dihydrocodeine 30 mg", True),
        (DrugClass.OTHER, "hydroxyzine", "pre-hydroxyzine talk", True),
        (DrugClass.OTHER, "hydroxyzine", "At night: HYDROXYZINE.", False),
    ],
)
def test_a_comfort_plan_lets_pass_what_it_names_in_whole_words_and_never_what_is_tapered(
    drug_class: DrugClass, name: str, words: str, is_new: bool
) -> None:
    of = replace(plan(), contingency=Contingency(comfort_plan=words))
    assert (new(order(name, 2, -20, drug_class=drug_class), of=of).value is not None) is is_new


def test_orders_that_were_not_read_may_be_new() -> None:
    assert new(unread=NOT_READ).why == "orders were not read (403)"
    assert new(order("x", 2, -1), unread=NOT_READ).value == 4


def changed(*orders: Ordered, **rest: Any) -> Derived:
    return worked("interaction-change-days", orders=tuple(replace(one, groups=("cyp3a4-inhibitor",)) for one in orders), **rest)


@pytest.mark.parametrize(
    ("orders", "days"),
    [
        ([order("x", 14)], 14),
        ([order("x", 20, 6)], 5),  # stopped on the day after its last
        ([order("x", 20, 0)], 20),  # its last day is today
        ([order("x", 300)], None),  # before the plan
        ([order("x", 300, 6)], 5),
        ([order("x", 300, 10), order("x", 9)], None),  # renewed
        ([order("x", 300, 10), order("x", 2)], None),  # after a week
        ([order("x", 300, 10), order("x", 1)], 1),  # after eight days
        ([order("x", 300, 10), order("x", 5, 3), order("x", 1)], None),
        ([order("x", 300, 3), order("x", -1)], 2),  # not renewed yet
        ([order("x", 300, 10), order("y", 9)], 9),
        ([order("x", -2)], None),
    ],
)
def test_days_since_another_medicine_changed_the_level(orders: list[Ordered], days: int | None) -> None:
    assert changed(*orders).value == days


def test_a_medicine_that_changes_nothing_of_what_is_tapered_is_none() -> None:
    assert worked("interaction-change-days", orders=(replace(order("x", 5), groups=("cyp2d6-inhibitor",)),)).value is None
    assert changed(unread=NOT_READ).why == "orders were not read (403)"


def seconds(work: Callable[[], object]) -> float:
    def once() -> float:
        began = perf_counter()
        work()
        return perf_counter() - began

    return min(once() for _ in range(3))


def test_days_above_a_plan_grow_with_pieces_and_not_with_their_square() -> None:
    def every_day(many: int) -> Callable[[], object]:
        doses = tuple(replace(ordered("9", day, day), amount=as_exact(9 + day % 2)) for day in range(many))
        begun = TODAY - many * DAY
        of = replace(plan(), steps=(replace(plan().steps[0], start=begun), *plan().steps[1:]))
        asked = Quantity("days-above-plan", Op.ABOVE, Decimal(7))
        at = moment(timeline([], doses=doses), rule(asked), of=of)
        assert QUANTITIES["days-above-plan"](at, asked).value == many
        return lambda: QUANTITIES["days-above-plan"](at, asked)

    assert seconds(every_day(4000)) < 12 * seconds(every_day(1000))


def test_the_value_is_the_exact_one() -> None:
    found: Exact | None = above(ordered("2", 90, 4), ordered("2.0001", 3)).value
    assert found == 4


@pytest.mark.parametrize("name", ["days-above-plan", "new-order-days", "interaction-change-days", "step-without-order-days", "next-signed"])
def test_orders_that_nobody_asked_for_are_not_normal(name: str) -> None:
    asked_for = worked(name, groups="sedative", read=frozenset({Record.OBSERVATION}), doses=(ordered("0", 90),))
    assert asked_for == Derived(why="orders were not read (no order was there, nor asked for)")
