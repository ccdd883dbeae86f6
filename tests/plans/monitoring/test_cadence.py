"""What a patient is asked on a day. The plan: diazepam from 2026-01-05, a step down every four weeks (2026-02-02, 2026-03-02, ...)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.cadence import BY_PATIENT, BY_TIER, due_forms, rechosen, schedule_of
from fhir_taper.plans.monitoring.timeline import CheckInSchedule
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tapers.plan import Phase, PlanState, Tier
from tests.plans.monitoring.watched import plan

START = date(2026, 1, 5)
STEP_DOWN = date(2026, 2, 2)
SAFETY = load().safety
WEEKLY = CheckInSchedule(START, 7, 7, BY_TIER)


def due(day: date, schedule: CheckInSchedule = WEEKLY, filled: dict[str, date] | None = None, **changes: Any) -> list[str]:
    return [one.form.id for one in due_forms(replace(plan(), **changes), schedule, load_forms(), day, filled)]


@pytest.mark.parametrize(("tier", "every", "daily"), [(Tier.LOW, 7, 0), (Tier.STANDARD, 7, 0), (Tier.HIGH, 7, 7), (None, 7, 7)])
def test_the_tier_says_how_often_at_least_and_an_unknown_tier_counts_as_the_highest(tier: Tier | None, every: int, daily: int) -> None:
    schedule = schedule_of(plan(tier=tier), SAFETY, START)
    assert (schedule.every_days, schedule.daily_days, schedule.chosen_by) == (every, daily, BY_TIER)


@pytest.mark.parametrize(("chosen", "every", "by"), [(2, 2, BY_PATIENT), (7, 7, BY_PATIENT), (8, 7, BY_TIER), (30, 7, BY_TIER)])
def test_a_patient_may_choose_to_be_asked_more_often_and_not_more_rarely_while_tapering(chosen: int, every: int, by: str) -> None:
    schedule = schedule_of(plan(tier=Tier.LOW), SAFETY, START, chosen)
    assert (schedule.every_days, schedule.chosen_by) == (every, by)


def test_after_the_last_step_the_rhythm_is_the_patients() -> None:
    after = replace(plan(tier=Tier.HIGH), phase=Phase.AFTERCARE, state=PlanState.COMPLETED)
    chosen = schedule_of(after, SAFETY, START, 30)
    assert (chosen.every_days, chosen.daily_days, chosen.chosen_by) == (30, 0, BY_PATIENT)
    assert schedule_of(after, SAFETY, START).every_days == 7


def test_a_new_rhythm_keeps_the_one_before_until_its_own_first_day() -> None:
    low = plan(tier=Tier.LOW)
    first = rechosen(schedule_of(low, SAFETY, START), low, SAFETY, STEP_DOWN, 3)
    assert (first.start, first.every_days, first.earlier) == (STEP_DOWN, 3, (CheckInSchedule(START, 7, 0, BY_TIER),))
    again = rechosen(first, low, SAFETY, STEP_DOWN, 2)
    assert (again.every_days, again.earlier) == (2, first.earlier)
    later = rechosen(again, low, SAFETY, STEP_DOWN + timedelta(days=9), 1)
    assert [(one.start, one.every_days) for one in (*later.earlier, later)] == [
        (START, 7),
        (STEP_DOWN, 2),
        (STEP_DOWN + timedelta(days=9), 1),
    ]


@pytest.mark.parametrize("days", [0, -1])
def test_a_rhythm_is_a_number_of_days(days: int) -> None:
    with pytest.raises(WrongUsage):
        schedule_of(plan(), SAFETY, START, days)


@pytest.mark.feature("F15")
def test_a_weekly_day_asks_the_check_in_and_what_comes_every_week() -> None:
    assert due(START) == ["daily", "phq9", "gad7"]


def test_those_with_opioids_are_asked_about_pain_too() -> None:
    assert due(START, drug_class=DrugClass.OPIOID) == ["daily", "phq9", "gad7", "peg"]


@pytest.mark.feature("F63")
def test_after_a_step_down_every_day_asks_the_check_in_alone() -> None:
    filled = {"phq9": STEP_DOWN, "gad7": STEP_DOWN}
    days = [STEP_DOWN + timedelta(days=n) for n in range(9)]
    assert [due(day, filled=filled) for day in days] == [["daily"]] * 7 + [["daily", "phq9", "gad7"], []]


def test_between_the_days_of_its_rhythm_nothing_is_due() -> None:
    assert due(START + timedelta(days=3)) == []


def test_what_was_filled_in_today_is_not_due_again() -> None:
    assert due(START, filled={"daily": START, "phq9": START}) == ["gad7"]


@pytest.mark.parametrize(("ago", "is_due"), [(6, False), (7, True), (8, True)])
def test_an_instrument_comes_again_after_its_own_days(ago: int, is_due: bool) -> None:
    every_day = CheckInSchedule(START, 1)
    day = START + timedelta(days=20)
    assert ("phq9" in due(day, every_day, {"phq9": day - timedelta(days=ago)})) is is_due


def test_a_missed_instrument_is_asked_at_the_next_check_in() -> None:
    assert "gad7" in due(START + timedelta(days=1), CheckInSchedule(START, 1), {"phq9": START})


@pytest.mark.feature("F46")
def test_after_the_last_step_the_form_of_aftercare_is_asked() -> None:
    asked = due(START, state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    assert asked[0] == "aftercare"
    assert "daily" not in asked


@pytest.mark.parametrize("state", [PlanState.DRAFT, PlanState.REVOKED, PlanState.ENTERED_IN_ERROR, PlanState.COMPLETED])
def test_nothing_is_due_of_a_plan_that_nobody_follows(state: PlanState) -> None:
    assert due(START, state=state) == []


def test_a_plan_on_hold_is_followed_as_before() -> None:
    assert due(START, state=PlanState.ON_HOLD) == due(START)


def test_why_a_form_is_due_is_said() -> None:
    first = due_forms(plan(), WEEKLY, load_forms(), START)
    daily = due_forms(plan(), WEEKLY, load_forms(), STEP_DOWN + timedelta(days=1))
    assert first[0].why == "asked every 7 days, as chosen by the risk tier"
    assert (first[1].why, daily[0].why) == ("asked every 7 days", "asked every day after a step down")


@given(st.integers(-30, 200), st.integers(1, 40), st.integers(0, 14), st.sampled_from(list(DrugClass)), st.sampled_from(list(Phase)))
def test_a_patient_is_never_handed_a_form_that_a_person_must_ask(
    after: int, every: int, daily: int, drug_class: DrugClass, phase: Phase
) -> None:
    followed = replace(plan(), drug_class=drug_class, phase=phase)
    found = due_forms(followed, CheckInSchedule(START, every, daily), load_forms(), START + timedelta(days=after))
    assert not any(one.form.needs_person or not one.form.items for one in found)
    assert after >= 0 or not found
