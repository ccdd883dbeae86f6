"""A plan that runs, in the words of its page."""

from datetime import timedelta

from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.web.course_views import charted, paused_step, running_view
from fhir_taper.workflow.course import Turn
from fhir_taper.workflow.versions import Kept
from tests.plans.tapers.made_plans import START, active, decided, diazepam_plan, passed
from tests.store.kept import NOW

LATER = START + timedelta(days=30)
PLAN = passed(active(diazepam_plan()), 1, decided(START + timedelta(days=28)))
HELD = hold(PLAN, decided(LATER), 14)


def kept(plan: TaperPlan) -> Kept:
    name = PlanName("hospital", plan.patient, plan.ingredient, plan.key)
    return Kept(PlanVersion(plan.id, name, plan.version, PlanState(plan.state), b"", "Practitioner/pr1", NOW), plan)


def test_a_running_plan_says_what_is_taken_now_what_comes_next_and_what_may_be_asked() -> None:
    shown = running_view(kept(PLAN), LATER)
    assert (shown.now, shown.next, shown.held) == ("3 mg a day since 2026-02-02 (step 1)", "2 mg a day from 2026-03-02", "")
    assert [one.pair for one in shown.earlier] == [("0", "step 0: 4 mg a day, from 2026-01-05")]
    assert [one.value for one in shown.later] == ["2", "3"]
    assert shown.review is not None
    assert shown.review.value == "2"
    assert Turn.HOLD in shown.turns
    assert not {Turn.RESUME, Turn.COMPLETE} & shown.turns


def test_a_plan_on_hold_says_to_go_on_taking_todays_dose_and_may_be_resumed() -> None:
    shown = running_view(kept(HELD), LATER)
    assert shown.held == "pause reductions, keep taking 3 mg a day"
    assert shown.why_held == "on hold since 2026-02-04"
    assert Turn.RESUME in shown.turns
    assert paused_step(HELD, LATER) == "1"
    assert paused_step(PLAN, LATER) == ""


def test_a_line_on_hold_is_marked_from_the_day_of_the_hold() -> None:
    marked = [level.start for level in charted(HELD, LATER, "now").levels if level.is_pause]
    assert marked == [LATER]
    assert not any(level.is_pause for level in charted(PLAN, LATER, "now").levels)


def test_on_the_last_step_nothing_is_left_to_pause_and_the_plan_may_be_completed() -> None:
    reviewed = PLAN
    for number in (2, 3, 4):
        reviewed = passed(reviewed, number, decided(reviewed.steps[number].start))
    shown = running_view(kept(reviewed), reviewed.steps[-1].start)
    assert Turn.COMPLETE in shown.turns
    assert not {Turn.HOLD, Turn.REVIEW} & shown.turns
