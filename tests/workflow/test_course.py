"""A plan that runs is held, resumed, slowed, stepped back or ended: first seen, then saved, by whom it may be, with a reason."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict, WrongUsage
from fhir_taper.plans.tapers.in_force import keep_taking, step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import Phase, PlanState
from fhir_taper.workflow.course import Asked, Turn, Turned, running_plans, save_turn, turned, waiting_for_answers
from fhir_taper.workflow.watching import fill_form
from tests.workflow.followed import Followed

HOLD = Asked(Turn.HOLD, "a cold", days=10)


def show(followed: Followed, asked: Asked) -> Turned:
    found = turned(followed.services, followed.chart, followed.loaded, followed.newest().version.id, asked)
    assert isinstance(found, Turned), found
    return found


def save(followed: Followed, asked: Asked) -> None:
    save_turn(followed.services, followed.chart, followed.newest().version.id, asked, show(followed, asked).seen)


@pytest.mark.feature("F11")
def test_a_hold_is_shown_before_it_is_saved_and_keeps_todays_dose(followed: Followed) -> None:
    found = show(followed, HOLD)
    assert followed.newest().version.version == 4
    save(followed, HOLD)
    held = followed.newest()
    assert (held.version.version, held.plan.state, held.plan) == (5, PlanState.ON_HOLD, found.after)
    day = followed.chart.day(followed.services.clock(), held.plan.zone)
    assert keep_taking(held.plan, day) == "pause reductions, keep taking 9 mg a day"
    assert [(one.start - other.start).days for one, other in zip(held.plan.steps[3:], followed.plan.steps[3:], strict=True)] == [10] * 16
    assert ("revise-hold", "done") in followed.actions()


def test_a_plan_that_is_resumed_goes_on_as_it_was_moved(followed: Followed) -> None:
    save(followed, HOLD)
    followed.answer_alerts()
    save(followed, Asked(Turn.RESUME, "well again"))
    resumed = followed.newest().plan
    assert (resumed.version, resumed.state, resumed.revisions[-1].reason) == (6, PlanState.ACTIVE, "well again")


def test_a_step_back_raises_the_dose_for_the_reason_that_a_prescriber_gives(followed: Followed) -> None:
    save(followed, Asked(Turn.STEP_BACK, "hard to bear", step=1, days=28))
    plan = followed.newest().plan
    day = followed.chart.day(followed.services.clock(), plan.zone)
    assert step_in_force(plan, day).mg_per_day("diazepam") == Decimal("9.5")
    assert plan.revisions[-1].kind == "step-back"


@pytest.mark.feature("F28")
def test_a_review_lets_the_next_reduction_go_and_may_be_overridden_for_a_reason(followed: Followed) -> None:
    followed.answer_alerts()
    save(followed, Asked(Turn.REVIEW, "slept well", step=3, is_override=True))
    gate = next(one for one in followed.newest().plan.gates if one.step == 3)
    assert (gate.state, gate.reason) == ("overridden", "slept well")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(Turn.RESUME, "x"), "a plan that is active is not resumed"),
        (Asked(Turn.HOLD, "x", days=0), "a hold lasts a day or more"),
        (Asked(Turn.STEP_BACK, "x", step=5, days=7), "is not a step before today's"),
        (Asked(Turn.REVIEW, "x", step=5), "the review of step 3 comes first"),
        (Asked(Turn.COMPLETE, "x"), "is not in force"),
        (Asked(Turn.HOLD, "  ", days=7), "needs a reason"),
        (Asked(Turn.SLOW, ""), "needs a reason"),
    ],
)
def test_what_the_plan_does_not_allow_is_refused_with_the_rule(followed: Followed, asked: Asked, says: str) -> None:
    followed.answer_alerts()
    with pytest.raises(NotAllowed, match=says):
        turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, asked)


@pytest.mark.parametrize("asked", [Asked(Turn.RESUME, "x"), Asked(Turn.REVIEW, "slept well", step=3)])
def test_no_reduction_goes_on_before_every_alert_is_answered(followed: Followed, asked: Asked) -> None:
    if asked.turn is Turn.RESUME:
        save(followed, HOLD)
    waiting = waiting_for_answers(followed.watched())
    assert waiting
    with pytest.raises(NotAllowed) as refused:
        show(followed, asked)
    assert all(any(hit.message in line for line in refused.value.reasons) for hit in waiting)
    assert all("page of alerts" in line for line in refused.value.reasons)
    followed.answer_alerts()
    assert waiting_for_answers(followed.watched()) == ()
    show(followed, asked)


@pytest.mark.feature("F64")
def test_lost_function_pauses_the_taper_until_somebody_answers(followed: Followed) -> None:
    followed.answer_alerts()
    fill_form(followed.services, followed.chart, followed.plan, "daily", {"function": ("not-met",)})
    seen = followed.watched()
    (hit,) = waiting_for_answers(seen)
    assert (hit.rule, "hold" in seen.assessment.actions, seen.assessment.blocks_reduction) == ("B09", True, True)
    assert seen.assessment.keep_taking == "pause reductions, keep taking 9 mg diazepam a day, and keep it supplied"
    with pytest.raises(NotAllowed, match="What the patient must at least be able to do is not possible now"):
        show(followed, Asked(Turn.REVIEW, "slept well", step=3))


def test_an_alert_keeps_nobody_from_a_hold_a_step_back_or_an_end(followed: Followed) -> None:
    assert waiting_for_answers(followed.watched())
    for asked in (HOLD, Asked(Turn.STEP_BACK, "hard to bear", step=1, days=28), Asked(Turn.SLOW, "x"), Asked(Turn.REVOKE, "x")):
        show(followed, asked)


def test_a_form_that_does_not_name_its_step_is_refused(followed: Followed) -> None:
    with pytest.raises(WrongUsage, match="which step"):
        show(followed, Asked(Turn.STEP_BACK, "x", days=7))


def test_only_a_prescriber_turns_a_plan_and_a_pharmacist_may_draft_another_schedule(followed: Followed) -> None:
    pharmacist, reader = followed.as_user("pharmacist"), followed.as_user("reader")
    for chart, asked in ((pharmacist, HOLD), (reader, HOLD), (reader, Asked(Turn.SLOW, "x"))):
        with pytest.raises(LaunchRefused) as refused:
            turned(followed.services, chart, followed.loaded, followed.kept.version.id, asked)
        assert refused.value.reason == "role"
    drafted = turned(followed.services, pharmacist, followed.loaded, followed.kept.version.id, Asked(Turn.SLOW, "x"))
    assert isinstance(drafted, Turned)
    assert drafted.is_draft


def test_what_is_saved_is_what_was_seen(followed: Followed) -> None:
    seen = show(followed, HOLD).seen
    with pytest.raises(StoreConflict, match="changed since this was shown"):
        save_turn(followed.services, followed.chart, followed.kept.version.id, replace(HOLD, days=20), seen)
    with pytest.raises(StoreConflict, match="changed since this was shown"):
        save_turn(followed.later(1), followed.chart, followed.kept.version.id, HOLD, seen)
    assert followed.newest().version.version == 4


def test_a_version_that_is_history_is_not_turned(followed: Followed) -> None:
    save(followed, HOLD)
    with pytest.raises(StoreConflict, match="not the newest"):
        turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, HOLD)


def test_a_new_schedule_is_not_saved_past_its_approval(followed: Followed) -> None:
    with pytest.raises(WrongUsage, match="approved first"):
        save_turn(followed.services, followed.chart, followed.kept.version.id, Asked(Turn.SLOW, "x"), "")


def test_slower_keeps_what_was_taken_and_ends_later(followed: Followed) -> None:
    slower = show(followed, Asked(Turn.SLOW, "too fast")).after
    day = followed.chart.day(followed.services.clock(), slower.zone)
    assert slower.state is PlanState.DRAFT
    assert slower.steps[-1].start > followed.plan.steps[-1].start
    assert slower.step_on(day - timedelta(days=1)).doses == followed.plan.step_on(day - timedelta(days=1)).doses
    assert step_in_force(slower, day).mg_per_day("diazepam") == 9
    assert "taper-exists" not in {one.code for one in slower.findings}
    assert slower.contingency.advice == followed.plan.contingency.advice


def test_another_way_starts_from_the_dose_that_is_really_taken_and_a_rise_is_the_persons_word(followed: Followed) -> None:
    asked = Asked(Turn.CHANGE_STRATEGY, "takes less already", strategy="linear", params=(("percent", "10"), ("interval_days", "28")))
    day = followed.chart.day(followed.services.clock(), followed.plan.zone)
    less = show(followed, replace(asked, actual_mg=Decimal(8))).after
    assert step_in_force(less, day).mg_per_day("diazepam") == 8
    more = show(followed, replace(asked, actual_mg=Decimal("9.5"))).after
    assert step_in_force(more, day).mg_per_day("diazepam") == Decimal("9.5")
    assert "baseline-above-chart" in {one.code for one in more.findings}


def test_a_way_that_cannot_be_made_is_said_and_changes_nothing(followed: Followed) -> None:
    asked = Asked(Turn.CHANGE_STRATEGY, "x", strategy="interval-extension")
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, asked)
    assert isinstance(found, Infeasible)
    assert followed.newest().version.version == 4


def test_a_plan_that_ended_runs_no_more(followed: Followed) -> None:
    save(followed, Asked(Turn.REVOKE, "moved away"))
    assert running_plans(followed.services, followed.chart) == ()
    assert followed.services.plans.latest(followed.kept.version.plan).state is PlanState.REVOKED  # type: ignore[union-attr]


def test_ending_at_todays_dose_is_a_goal_that_was_reached(followed: Followed) -> None:
    save(followed, Asked(Turn.STOP_AT, "better than before"))
    plan = followed.newest().plan
    assert (plan.phase, plan.target_mg) == (Phase.MAINTENANCE, Decimal(9))
