"""Numbers that the plan itself says: steps that really began, holds, reviews, half-life, age."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.monitoring.condition import Op, Quantity
from fhir_taper.plans.monitoring.derived import Derived
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.tapers.plan import GateState, PlanState, RevisionNote, TaperPlan
from tests.plans.monitoring.watched import NOW, moment, plan, rule, timeline

TODAY = NOW.date()


def worked(name: str, of: TaperPlan | None = None, days: int = 0, **rest: object) -> Derived:
    """The derived number, so many days after 2026-03-15."""
    asked = Quantity(name, Op.AT_LEAST, Decimal(0))
    at = replace(moment(timeline([], **rest), rule(asked), of=of), as_of=NOW + timedelta(days=days))
    return QUANTITIES[name](at, asked)


def value(name: str, of: TaperPlan | None = None, days: int = 0, **rest: object) -> Exact | None:
    return worked(name, of, days, **rest).value


def note(kind: str, on: date, version: int = 2) -> RevisionNote:
    return RevisionNote(kind, version, on, "Dr. A", "agreed", kind)


def held(on: date, *more: RevisionNote) -> TaperPlan:
    return replace(plan(revisions=(*more, note("hold", on))), state=PlanState.ON_HOLD)


def test_the_dose_of_the_day_is_that_of_the_step_in_force() -> None:
    assert [value("plan-dose", days=days) for days in (0, 14, 15, 43, 400)] == [2, 2, 1, 0, 0]
    assert value("plan-dose", held(date(2026, 2, 20))) == 3


@pytest.mark.parametrize(("days", "since"), [(-42, None), (-41, 0), (-14, 27), (-13, 0), (0, 13), (14, 27), (15, 0)])
def test_days_since_the_last_reduction(days: int, since: int | None) -> None:
    """The reductions of the plan begin on 2026-02-02, 03-02, 03-30 and 04-27."""
    assert value("days-since-step", days=days) == since


def test_a_reduction_that_is_held_or_not_reviewed_has_not_begun() -> None:
    assert value("days-since-step", held(date(2026, 2, 20))) == 41
    waiting = plan()
    gates = tuple(replace(gate, state=GateState.OPEN) if gate.due == date(2026, 3, 2) else gate for gate in waiting.gates)
    assert value("days-since-step", replace(waiting, gates=gates)) == 41


def test_holds_are_counted_once_each_and_not_before_their_day() -> None:
    revisions = tuple(
        note(kind, TODAY - days * DAY)
        for kind, days in (("hold", 40), ("hold", 35), ("resume", 30), ("hold", 20), ("resume", 10), ("hold", -1))
    )
    assert value("holds", plan(revisions=revisions)) == 2
    assert value("holds") == 0


def test_how_long_a_hold_has_lasted() -> None:
    assert [value(name, held(TODAY - 28 * DAY)) for name in ("hold-days", "on-hold")] == [28, 1]
    assert [value(name, held(TODAY)) for name in ("hold-days", "on-hold")] == [0, 1]
    assert [value(name, held(TODAY + DAY)) for name in ("hold-days", "on-hold")] == [None, 0]
    assert [value(name) for name in ("hold-days", "on-hold")] == [None, 0]


def test_a_hold_of_which_nobody_noted_the_day_is_not_known_to_be_long() -> None:
    of = replace(plan(), state=PlanState.ON_HOLD)
    assert worked("hold-days", of).why == "the plan is on hold, and since when is not recorded"
    assert value("on-hold", of) == 1


@pytest.mark.parametrize(("days", "overdue"), [(-14, -1), (-13, 0), (-12, 1), (0, 13)])
def test_days_since_the_next_review_was_due(days: int, overdue: int) -> None:
    waiting = plan()
    gates = tuple(replace(gate, state=GateState.OPEN) if gate.due >= date(2026, 3, 2) else gate for gate in waiting.gates)
    assert value("review-overdue-days", replace(waiting, gates=gates), days) == overdue


def test_no_review_is_overdue_where_all_took_place_or_the_plan_is_held() -> None:
    assert value("review-overdue-days") is None
    waiting = held(date(2026, 2, 20))
    gates = tuple(replace(gate, state=GateState.OPEN) for gate in waiting.gates)
    assert worked("review-overdue-days", replace(waiting, gates=gates)) == Derived()


def test_the_shorter_end_of_a_half_life() -> None:
    assert worked("half-life-hours").says.startswith("half-life of diazepam from ")
    assert worked("half-life-hours", replace(plan(), ingredient="nothing")).why == "the half-life of nothing is not in our table"


@pytest.mark.parametrize(
    ("born", "years"), [(date(1961, 3, 15), 65), (date(1961, 3, 16), 64), (date(1960, 2, 29), 66), (date(2026, 3, 15), 0)]
)
def test_age_is_in_whole_years(born: date, years: int) -> None:
    assert value("age", birth_date=born) == years


def test_an_age_that_nobody_knows_is_not_guessed() -> None:
    assert worked("age").why == "the birth date is not known"
