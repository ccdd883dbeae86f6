"""Hold, resume and stopping at a lower dose: dates by hand, and the invariants of shifting over many plans."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tapers.gates import overdue_gate
from fhir_taper.plans.tapers.in_force import in_force, step_in_force
from fhir_taper.plans.tapers.plan import GateState, Phase, PlanGoal, PlanState, TaperPlan
from fhir_taper.plans.tapers.review import override_gate, pass_gate
from fhir_taper.plans.tapers.revision import hold, stop_at
from fhir_taper.plans.tapers.shifting import shifted_from
from tests.plans.tapers.made_plans import (
    DIAZEPAM_2,
    LIFE,
    START,
    active,
    crossed_over_plan,
    decided,
    diazepam_plan,
    falling_plans,
    go_on,
    passed,
    plan_of,
)


def day(number: int) -> date:
    return START + timedelta(days=number)


def starts(plan: TaperPlan) -> list[int]:
    return [(step.start - START).days for step in plan.steps]


@pytest.mark.feature("F11")
def test_a_hold_moves_every_later_step_by_exactly_its_days() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert starts(held) == [0, 42, 70, 98, 126]


def test_a_hold_lengthens_todays_step_and_leaves_no_gap() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert (held.steps[0].end, held.state) == (day(41), PlanState.ON_HOLD)


def test_reviews_and_milestones_move_with_their_steps() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert [(gate.due - START).days for gate in held.gates] == [42, 70, 98, 126]
    assert held.milestones[0].due == day(70)


def test_a_hold_says_who_why_and_what_changed_and_replaces_the_old_version() -> None:
    plan = active(diazepam_plan())
    held = hold(plan, decided(day(10), "sleep is poor"), 14)
    (note,) = held.revisions
    assert (held.version, held.replaces, held.id != plan.id) == (2, plan.id, True)
    assert (note.kind, note.version, note.by, note.reason, note.days) == ("hold", 2, "Practitioner/dr-a", "sleep is poor", 14)
    assert note.says == "reductions paused, 4 mg a day goes on; later steps move by 14 days, the last to 2026-05-11"


def test_the_same_decision_on_the_same_version_has_the_same_id() -> None:
    plan = active(diazepam_plan())
    assert hold(plan, decided(day(10)), 14) == hold(plan, decided(day(10)), 14)
    assert hold(plan, decided(day(10)), 14).id != hold(plan, decided(day(10)), 15).id


def test_resuming_after_the_days_of_the_hold_moves_nothing_more() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert starts(go_on(held, decided(day(24)))) == [0, 42, 70, 98, 126]


def test_resuming_late_moves_later_steps_by_the_days_that_the_hold_lasted_longer() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert starts(go_on(held, decided(day(30)))) == [0, 48, 76, 104, 132]


def test_resuming_early_never_shortens() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert starts(go_on(held, decided(day(12)))) == [0, 42, 70, 98, 126]


def test_a_hold_that_is_lengthened_counts_once_when_it_ends() -> None:
    once = hold(active(diazepam_plan()), decided(day(10)), 14)
    twice = hold(once, decided(day(20)), 7)
    assert starts(go_on(twice, decided(day(31)))) == [0, 49, 77, 105, 133]
    assert starts(go_on(twice, decided(day(32)))) == [0, 50, 78, 106, 134]


def test_a_second_hold_after_a_resume_counts_from_its_own_start() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(day(28)))
    once = go_on(hold(plan, decided(day(30)), 7), decided(day(37)))
    twice = hold(once, decided(day(40)), 7)
    assert starts(go_on(twice, decided(day(48)))) == [0, 28, 71, 99, 127]


def test_todays_dose_stays_in_force_however_long_the_hold_lasts() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    assert step_in_force(held, day(300)).number == 0


def test_an_overdue_review_holds_by_itself_and_a_late_review_moves_the_rest() -> None:
    plan = active(diazepam_plan())
    assert in_force(plan, day(35)).why == "the review of step 1 was due on 2026-02-02"
    reviewed = passed(plan, 1, decided(day(35)))
    assert starts(reviewed) == [0, 35, 63, 91, 119]
    assert step_in_force(reviewed, day(35)).number == 1
    assert reviewed.revisions[-1].says == "review of step 1 passed; it and later steps move by 7 days"


def test_a_review_in_time_moves_nothing() -> None:
    reviewed = passed(active(diazepam_plan()), 1, decided(day(26)))
    assert (starts(reviewed), overdue_gate(reviewed, day(28))) == ([0, 28, 56, 84, 112], None)


def test_reviews_are_passed_in_order() -> None:
    with pytest.raises(NotAllowed, match="review of step 1 comes first"):
        passed(active(diazepam_plan()), 2, decided(day(28)))


def test_a_review_is_not_passed_before_the_dose_that_it_speaks_of() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(START))
    with pytest.raises(NotAllowed, match="begins on 2026-02-02: it takes place on 2026-01-31 or later"):
        passed(plan, 2, decided(day(25)))
    assert passed(plan, 2, decided(day(26))).gates[1].state is GateState.PASSED


def test_the_reviews_of_a_whole_plan_are_not_passed_or_overridden_on_its_first_day() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(START))
    for close in (pass_gate, override_gate):
        with pytest.raises(NotAllowed, match="speaks of the dose of step 1"):
            close(plan, 2, decided(START), LIFE, ())


def test_the_reviews_of_a_plan_wait_for_its_first_day_too() -> None:
    with pytest.raises(NotAllowed, match="2026-01-03 or later"):
        passed(active(diazepam_plan()), 1, decided(START - timedelta(days=3)))


def test_after_a_hold_a_review_waits_for_the_dose_that_the_hold_moved() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(day(26)))
    held = hold(plan, decided(day(26)), 14)
    with pytest.raises(NotAllowed, match="begins on 2026-02-16"):
        passed(held, 2, decided(day(39)))
    assert passed(held, 2, decided(day(40))).gates[1].state is GateState.PASSED


def test_a_draft_has_no_reviews_to_pass() -> None:
    with pytest.raises(NotAllowed, match="draft has no reviews to pass"):
        passed(diazepam_plan(), 1, decided(START))


def test_a_late_review_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(NotAllowed, match="there is no date any more"):
        passed(active(diazepam_plan()), 1, decided(date.max))


def test_a_review_is_overridden_only_with_a_reason() -> None:
    with pytest.raises(NotAllowed, match="only with a reason"):
        override_gate(active(diazepam_plan()), 1, decided(day(28), " "), LIFE, ())
    assert override_gate(active(diazepam_plan()), 1, decided(day(28), "seen yesterday"), LIFE, ()).gates[0].reason == "seen yesterday"


def test_a_review_cannot_be_passed_twice_or_where_there_is_none() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(day(28)))
    with pytest.raises(NotAllowed, match="passed already"):
        passed(plan, 1, decided(day(28)))
    with pytest.raises(NotAllowed, match="no review gate"):
        passed(plan, 0, decided(day(28)))


def test_a_review_passed_during_a_hold_never_puts_a_reduction_in_the_past() -> None:
    held = hold(active(diazepam_plan()), decided(day(35)), 2)
    reviewed = passed(held, 1, decided(day(60)))
    resumed = go_on(reviewed, decided(day(62)))
    assert (step_in_force(reviewed, day(61)).number, resumed.steps[1].start) == (0, day(62))


def test_a_draft_is_not_held_and_a_plan_that_is_not_held_is_not_resumed() -> None:
    with pytest.raises(NotAllowed, match="draft is not revised"):
        hold(diazepam_plan(), decided(day(1)), 14)
    with pytest.raises(NotAllowed, match="active is not resumed"):
        go_on(active(diazepam_plan()), decided(day(1)))


def test_a_hold_of_no_days_or_after_the_last_step_is_refused() -> None:
    plan = replace(active(diazepam_plan()), gates=())
    with pytest.raises(NotAllowed, match="a day or more"):
        hold(plan, decided(day(1)), 0)
    with pytest.raises(NotAllowed, match="no later step"):
        hold(plan, decided(day(112)), 14)


def test_resuming_before_the_hold_began_is_refused() -> None:
    held = hold(active(diazepam_plan()), decided(day(10)), 14)
    with pytest.raises(NotAllowed, match="the hold began on 2026-01-15"):
        go_on(held, decided(day(9)))


def test_stopping_at_todays_dose_is_a_goal_that_was_reached() -> None:
    plan = passed(active(diazepam_plan()), 1, decided(day(28)))
    ended = stop_at(plan, decided(day(40)))
    assert (ended.target_mg, ended.goal, ended.phase, ended.state) == (
        Decimal(3),
        PlanGoal.MAINTENANCE,
        Phase.MAINTENANCE,
        PlanState.ACTIVE,
    )
    assert (len(ended.steps), ended.steps[-1].end, len(ended.gates)) == (2, None, 1)
    assert ended.revisions[-1].says == "the taper ends at 3 mg a day: the lower dose is the goal that was reached"


def test_stopping_at_a_later_step_keeps_the_taper_until_there() -> None:
    ended = stop_at(active(diazepam_plan()), decided(day(5)), 2)
    assert (ended.target_mg, ended.goal, ended.phase, len(ended.steps)) == (Decimal(2), PlanGoal.TARGET, Phase.TAPER, 3)
    assert ended.steps[-1].mg_per_day("diazepam") == ended.target_mg


@pytest.mark.parametrize(
    ("step", "why"), [(4, "one dose of one medicine"), (0, "not a step still to come"), (9, "not a step still to come")]
)
def test_stopping_is_only_at_a_dose_still_to_come(step: int, why: str) -> None:
    plan = passed(active(diazepam_plan()), 1, decided(day(28)))
    with pytest.raises(NotAllowed, match=why):
        stop_at(plan, decided(day(40)), step)


def test_a_dose_of_every_other_day_is_no_end() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "1"}, {Slot.NIGHT: "1"}, {}], DrugClass.BENZODIAZEPINE)
    every_other = replace(plan.steps[1], every_days=2)
    with pytest.raises(NotAllowed, match="every day"):
        stop_at(active(replace(plan, steps=(plan.steps[0], every_other, plan.steps[2]))), decided(day(1)), 1)


def test_a_shift_is_never_negative_and_never_of_the_baseline() -> None:
    with pytest.raises(ValueError, match="cannot move"):
        shifted_from(diazepam_plan(), 1, -1)
    with pytest.raises(ValueError, match="cannot move"):
        shifted_from(diazepam_plan(), 0, 7)


@pytest.mark.feature("F11", "F57")
@given(falling_plans(), st.integers(0, 400), st.integers(1, 90))
def test_a_hold_shifts_later_steps_by_its_days_and_changes_no_dose(plan: TaperPlan, at: int, days: int) -> None:
    plan = replace(plan, gates=())
    now = step_in_force(plan, day(at)).number
    if now == plan.steps[-1].number:
        return
    held = hold(plan, decided(day(at)), days)
    moved = [(after.start - before.start).days for before, after in zip(plan.steps, held.steps, strict=True)]
    assert moved == [days if number > now else 0 for number in range(len(plan.steps))]
    assert [step.doses for step in held.steps] == [step.doses for step in plan.steps]
    assert all(
        one.end is not None and one.end + timedelta(days=1) == other.start for one, other in zip(held.steps, held.steps[1:], strict=False)
    )


@given(falling_plans(), st.integers(0, 400), st.integers(1, 60), st.integers(0, 90))
def test_a_resume_never_shortens_and_never_starts_a_reduction_in_the_past(plan: TaperPlan, at: int, days: int, later: int) -> None:
    plan = replace(plan, gates=())
    now = step_in_force(plan, day(at)).number
    if now == plan.steps[-1].number:
        return
    resumed = go_on(hold(plan, decided(day(at)), days), decided(day(at + later)))
    lasted = max(days, later)
    moved = [(after.start - before.start).days for before, after in zip(plan.steps, resumed.steps, strict=True)]
    assert moved == [lasted if number > now else 0 for number in range(len(plan.steps))]
    assert resumed.steps[now + 1].start > day(at + later)


@given(falling_plans(), st.integers(0, 400), st.integers(1, 60))
def test_what_was_reduced_in_14_days_is_never_more_after_a_hold(plan: TaperPlan, at: int, days: int) -> None:
    plan = replace(plan, gates=())
    if step_in_force(plan, day(at)).number == plan.steps[-1].number:
        return
    held = hold(plan, decided(day(at)), days)
    assert max(_cuts(held)) <= max(_cuts(plan))


def _cuts(plan: TaperPlan) -> list[float]:
    """Falls over 14 days at each step's start, as parts of the dose 14 days earlier."""
    cuts = []
    for step in plan.steps:
        before = plan.step_on(step.start - timedelta(days=14)).mg_per_day("diazepam")
        cuts.append(float((before - step.mg_per_day("diazepam")) / before) if before else 0.0)  # type: ignore[operator]
    return cuts


def test_a_hold_at_an_overdue_review_counts_from_the_day_of_the_hold() -> None:
    held = hold(active(diazepam_plan()), decided(day(35)), 14)
    assert (starts(held), held.revisions[-1].days) == ([0, 49, 77, 105, 133], 21)
    assert starts(go_on(held, decided(day(40)))) == [0, 49, 77, 105, 133]
    assert starts(go_on(held, decided(day(52)))) == [0, 52, 80, 108, 136]


def test_a_hold_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(NotAllowed, match="there is no date any more"):
        hold(active(diazepam_plan()), decided(day(10)), 9_999_999)


def test_after_a_cross_over_a_taper_may_stop_at_a_dose_of_the_new_agent() -> None:
    stopped = stop_at(active(crossed_over_plan()), decided(day(30)))
    assert (stopped.target_mg, stopped.goal, stopped.phase) == (Decimal(3), PlanGoal.MAINTENANCE, Phase.MAINTENANCE)
