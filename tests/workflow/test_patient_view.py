"""What a patient reads of an approved plan, day by day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tables.patient_words import load_patient_words
from fhir_taper.plans.tapers.plan import Phase, PlanGoal, PlanState, RevisionNote
from fhir_taper.workflow.patient_view import own_plan, praise_due, praise_to_approve, words_for
from tests.mappers.write.example_plans import EXAMPLES

PLAN = replace(EXAMPLES["diazepam"], state=PlanState.ACTIVE, gates=(), revisions=())
FIRST = PLAN.steps[0].start
PRAISE = {row.at_percent: row for row in load_patient_words().values() if row.at_percent}


def test_a_draft_is_never_a_patients_plan() -> None:
    with pytest.raises(WrongUsage):
        own_plan(replace(PLAN, state=PlanState.DRAFT), FIRST)


def test_the_dose_of_the_day_is_that_of_the_step_in_force_and_the_next_one_is_named() -> None:
    for number, step in enumerate(PLAN.steps):
        own = own_plan(PLAN, step.start)
        assert own.steps[0].is_now
        assert own.steps[0].start == step.start
        assert len(own.steps) == len(PLAN.steps) - number
        assert (own.upcoming is None) == (step is PLAN.steps[-1])
        assert own.takes == own.steps[0].takes
        assert bool(own.takes) == any(dose.units for dose in step.doses)


def test_before_its_first_day_a_plan_has_not_begun() -> None:
    assert not own_plan(PLAN, FIRST - timedelta(days=1)).has_begun
    assert own_plan(PLAN, FIRST).has_begun


def test_a_wish_to_pause_keeps_the_dose_of_its_day_until_it_is_answered() -> None:
    """What the tap promises: also where the review of the next step was passed before the wish."""
    before, after = PLAN.steps[1], PLAN.steps[2]
    own = own_plan(PLAN, after.start, asked_pause=before.start)
    assert own.takes == own_plan(PLAN, before.start).takes != own_plan(PLAN, after.start).takes
    assert (own.upcoming, own.waits, own.steps[0].until, own.held) == (None, False, None, False)
    finished = replace(PLAN, state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    assert own_plan(finished, after.start, asked_pause=before.start).asked_pause is None


def test_after_a_step_back_the_higher_dose_is_the_one_that_is_taken_whatever_was_asked() -> None:
    """The step of the wish is an earlier one, and lower."""
    lower, higher = PLAN.steps[2], PLAN.steps[1]
    back = replace(higher, number=3, start=PLAN.steps[3].start, end=None)
    plan = replace(PLAN, steps=(*PLAN.steps[:3], back))
    own = own_plan(plan, back.start, asked_pause=lower.start)
    assert own.takes == own_plan(PLAN, higher.start).takes


def test_where_nobody_knows_since_when_a_plan_is_held_no_dose_is_named() -> None:
    """Its steps go on by their dates: a lower dose would be named while the cuts are paused."""
    own = own_plan(replace(PLAN, state=PlanState.ON_HOLD), PLAN.steps[2].start)
    assert (own.is_dose_known, own.takes, own.steps, own.upcoming, own.next_dose) == (False, (), (), None, None)
    assert [one.id for one in words_for(own)] == ["held-unknown", "do-not-stop"]


def test_a_plan_on_hold_names_no_next_step_and_keeps_its_dose() -> None:
    hold = RevisionNote("hold", 2, PLAN.steps[1].start, "Practitioner/dr1", "sleeps badly", "on hold")
    own = own_plan(replace(PLAN, state=PlanState.ON_HOLD, revisions=(hold,)), PLAN.steps[2].start)
    assert own.takes == own_plan(PLAN, PLAN.steps[1].start).takes
    assert (own.held, own.upcoming, len(own.steps)) == (True, None, 1)
    assert own.takes
    assert own.steps[0].until is None
    assert words_for(own)[0].id == "held"


def test_of_a_step_taken_every_other_day_there_is_no_dose_in_between_and_the_day_of_the_next_is_said() -> None:
    step = replace(PLAN.steps[1], every_days=2)
    plan = replace(PLAN, steps=(PLAN.steps[0], step, *PLAN.steps[2:]))
    assert own_plan(plan, step.start).next_dose is None
    between = own_plan(plan, step.start + timedelta(days=1))
    assert (between.takes, between.next_dose) == ((), step.start + timedelta(days=2))


def test_the_way_is_said_in_percent_of_one_medicine_and_in_steps_alone_of_a_cross_over() -> None:
    start, end = own_plan(PLAN, FIRST).progress, own_plan(PLAN, PLAN.steps[-1].start).progress
    assert (start.percent, start.done) == (0, 0)
    assert (end.percent, end.done) == (100, end.of)
    crossing = replace(PLAN, ingredient="lorazepam")
    assert own_plan(crossing, FIRST).progress.percent is None


def test_praise_is_that_of_the_way_so_far_only_where_its_words_were_approved() -> None:
    end = own_plan(PLAN, PLAN.steps[-1].start)
    assert praise_due(end, ()) is None
    assert praise_due(end, (PRAISE[75].words,)) is None
    assert praise_due(end, (PRAISE[75].words, PRAISE[100].words)) == PRAISE[100]
    assert praise_due(own_plan(PLAN, FIRST), tuple(row.words for row in PRAISE.values())) is None
    assert [row.at_percent for row in praise_to_approve((PRAISE[50].words,))] == [25, 75, 100]


def test_a_lower_dose_that_stays_is_a_success_and_is_kept_taking() -> None:
    kept = replace(PLAN, phase=Phase.MAINTENANCE, goal=PlanGoal.MAINTENANCE)
    own = own_plan(kept, date(2026, 12, 1))
    assert own.is_at_goal
    assert [one.id for one in words_for(own)] == ["at-a-lower-dose", "do-not-stop"]


def test_after_the_last_step_lost_tolerance_is_said_and_treatment_of_opioid_use_disorder_goes_on() -> None:
    done = replace(EXAMPLES["oxycodone"], state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    assert [one.id for one in words_for(own_plan(done, done.steps[-1].start))] == ["finished", "lost-tolerance", "treatment-goes-on"]
    benzo = replace(PLAN, state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    assert [one.id for one in words_for(own_plan(benzo, PLAN.steps[-1].start))] == ["finished", "lost-tolerance"]
