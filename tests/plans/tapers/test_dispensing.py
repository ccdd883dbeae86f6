"""What is prescribed next: one window ahead, always a continuation while reductions are paused, and an alarm before supply ends."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.dispensing import SupplyKind, next_window, supply_signal
from fhir_taper.plans.tapers.in_force import keep_taking, step_in_force
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import hold, stop_at
from tests.plans.tapers.made_plans import DIAZEPAM_2, START, active, decided, diazepam_plan, falling_plans, go_on, passed, plan_of

RULES = load_life_rules()
STEP_1 = date(2026, 2, 2)


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_on_the_first_day_the_next_window_is_the_first_reduction() -> None:
    supply = next_window(diazepam_plan(), START, RULES)
    (window,) = supply.windows
    assert (supply.kind, window.start, window.quantity) == (SupplyKind.NEXT, STEP_1, 42)


def test_before_the_plan_starts_the_next_window_is_the_baseline() -> None:
    (window,) = next_window(diazepam_plan(), START - timedelta(days=3), RULES).windows
    assert (window.start, window.quantity) == (START, 56)


def test_only_one_window_is_proposed() -> None:
    assert len(next_window(diazepam_plan(), day(30), RULES).windows) == 1


def test_before_the_stop_nothing_more_is_dispensed() -> None:
    plan = diazepam_plan()
    passed = replace(active(plan), gates=())
    assert next_window(passed, plan.steps[-1].start - timedelta(days=1), RULES).kind is SupplyKind.NOTHING


def test_supply_that_lasts_into_a_window_is_followed_by_the_rest_of_it() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(STEP_1))
    (window,) = next_window(plan, day(29), RULES, supplied_until=day(34)).windows
    assert (window.start, window.days, window.quantity) == (day(35), 21, 32)


def test_on_hold_the_next_window_is_todays_dose() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(STEP_1))
    held = hold(plan, decided(day(40)), 14)
    supply = next_window(held, day(40), RULES)
    (window,) = supply.windows
    assert (supply.kind, window.sig) == (SupplyKind.CONTINUATION, "Take 1/2 tablet in the morning and 1 tablet at night")
    assert (window.start, window.days, window.quantity) == (day(56), 14, 21)
    assert supply.says == "pause reductions, keep taking 3 mg a day"


def test_on_hold_past_its_days_the_dose_still_goes_on() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(STEP_1))
    held = hold(plan, decided(day(40)), 14)
    supply = next_window(held, day(90), RULES, supplied_until=day(92))
    (window,) = supply.windows
    assert (supply.kind, window.start, window.days, window.quantity) == (SupplyKind.CONTINUATION, day(93), 28, 42)


def test_an_overdue_review_holds_the_plan_and_supply_goes_on() -> None:
    supply = next_window(active(diazepam_plan()), day(30), RULES)
    (window,) = supply.windows
    assert (supply.kind, window.start, window.quantity) == (SupplyKind.CONTINUATION, day(30), 56)
    assert supply.says == "pause reductions, keep taking 4 mg a day"


def test_after_an_overdose_nothing_continues_without_a_clinician() -> None:
    held = hold(active(diazepam_plan()), decided(START), 14)
    supply = next_window(held, day(1), RULES, needs_clinician=True)
    assert (supply.kind, supply.windows) == (SupplyKind.CLINICIAN_DECIDES, ())


@pytest.mark.parametrize("state", [PlanState.REVOKED, PlanState.COMPLETED, PlanState.ENTERED_IN_ERROR])
def test_an_ended_plan_proposes_nothing(state: PlanState) -> None:
    assert next_window(replace(diazepam_plan(), state=state), START, RULES).kind is SupplyKind.NOTHING


def test_a_maintenance_dose_goes_on_window_after_window() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {Slot.NIGHT: "1"}], DrugClass.BENZODIAZEPINE)
    kept = stop_at(active(plan), decided(day(20)))
    (window,) = next_window(kept, day(400), RULES).windows
    assert (window.sig, window.days) == ("Take 2 tablets at night", 28)
    assert window.start > day(400)


def test_supply_that_ends_in_seven_days_without_a_next_window_is_urgent() -> None:
    plan = active(diazepam_plan())
    assert supply_signal(plan, day(20), day(27), RULES) is not None
    assert supply_signal(plan, day(20), day(28), RULES) is None
    assert supply_signal(plan, day(20), day(27), RULES, is_next_arranged=True) is None


def test_supply_that_has_ended_says_so_and_that_the_dose_goes_on() -> None:
    held = hold(active(diazepam_plan()), decided(day(20)), 14)
    signal = supply_signal(held, day(30), day(27), RULES)
    assert signal is not None
    assert (signal.days_left, "ended on 2026-02-01" in signal.says, "keep taking 4 mg" in signal.says) == (-3, True, True)


def test_supply_that_ends_with_the_last_dose_is_no_alarm() -> None:
    plan = replace(active(diazepam_plan()), gates=())
    assert supply_signal(plan, day(110), day(111), RULES) is None


@given(falling_plans(), st.integers(0, 400), st.integers(1, 60), st.integers(0, 60))
def test_on_hold_no_reduction_is_ever_proposed_and_a_dose_always_is(plan: TaperPlan, at: int, days: int, later: int) -> None:
    ungated = replace(plan, gates=())
    now = step_in_force(ungated, day(at))
    if now.number == ungated.steps[-1].number:
        return
    held = hold(ungated, decided(day(at)), days)
    supply = next_window(held, day(at + later), RULES)
    assert supply.kind is SupplyKind.CONTINUATION
    assert [line.units for window in supply.windows for line in window.lines] == [unit for dose in now.doses for unit in dose.units]
    assert keep_taking(held, day(at + later)).startswith("pause reductions, keep taking")


@given(falling_plans(), st.integers(0, 200))
def test_after_a_resume_the_schedule_goes_on_and_nothing_is_held(plan: TaperPlan, at: int) -> None:
    ungated = replace(plan, gates=())
    if step_in_force(ungated, day(at)).number == ungated.steps[-1].number:
        return
    resumed = go_on(hold(ungated, decided(day(at)), 14), decided(day(at + 14)))
    assert keep_taking(resumed, day(at + 14)) == ""


def test_days_without_supply_that_are_past_are_not_prescribed_for() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(STEP_1))
    (window,) = next_window(plan, day(40), RULES, supplied_until=day(30)).windows
    assert (window.start, window.end, window.quantity) == (day(40), day(55), 24)


def test_on_hold_days_that_are_past_are_not_prescribed_for_either() -> None:
    held = hold(active(diazepam_plan()), decided(START), 60)
    (window,) = next_window(held, day(40), RULES, supplied_until=day(30)).windows
    assert (window.start, window.days) == (day(40), 28)


def test_a_continuation_does_not_leave_two_days_to_the_next_one() -> None:
    held = hold(active(diazepam_plan()), decided(START), 30)
    (window,) = next_window(held, START, RULES, supplied_until=day(27)).windows
    assert (window.start, window.days) == (day(28), 15)
