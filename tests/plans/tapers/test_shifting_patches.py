"""Whatever moves the steps of patches moves them to a change of patch: 72-hour patches are changed every third day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.review import pass_gate
from fhir_taper.plans.tapers.revision import hold, resume
from tests.plans.tapers.made_plans import FENTANYL_12, LIFE, START, active, decided, diazepam_plan, plan_of


def patches() -> TaperPlan:
    """Three patches, two, one, none; thirty days each."""
    plan = plan_of(FENTANYL_12, [{Slot.MORNING: "3"}, {Slot.MORNING: "2"}, {Slot.MORNING: "1"}, {}], DrugClass.OPIOID, 30)
    return active(replace(plan, limits=replace(plan.limits, step_multiple_days=3)))


def day(number: int) -> date:
    return START + timedelta(days=number)


def lengths(plan: TaperPlan) -> list[int]:
    return [(step.end - step.start).days + 1 for step in plan.steps if step.end is not None]


@pytest.mark.parametrize(("days", "moved"), [(1, 3), (2, 3), (3, 3), (7, 9), (9, 9), (28, 30)])
def test_a_hold_lasts_to_the_next_change_of_patch(days: int, moved: int) -> None:
    assert lengths(hold(patches(), decided(day(10)), days)) == [30 + moved, 30, 30]


def test_the_hold_says_that_it_is_longer_than_asked_and_why() -> None:
    assert "later steps move by 9 days (not 7: patches are changed every 3 days)" in hold(patches(), decided(day(10)), 7).revisions[-1].says
    assert "patches" not in hold(patches(), decided(day(10)), 9).revisions[-1].says


def test_a_late_resume_goes_on_with_the_next_change_of_patch() -> None:
    held = hold(patches(), decided(day(10)), 7)
    late = resume(held, decided(day(50)), LIFE, ())

    assert late.state is PlanState.ACTIVE
    assert late.steps[1].start >= day(50)
    assert lengths(late)[0] % 3 == 0
    assert "patches are changed every 3 days" in late.revisions[-1].says


def test_a_resume_on_the_planned_day_moves_nothing_more() -> None:
    held = hold(patches(), decided(day(10)), 7)

    assert lengths(resume(held, decided(day(17)), LIFE, ())) == [39, 30, 30]


def test_a_late_review_lets_the_reduction_start_with_the_next_change_of_patch() -> None:
    late = pass_gate(patches(), 1, decided(day(34)), LIFE, ())

    assert lengths(late) == [36, 30, 30]
    assert "move by 6 days (not 4: patches are changed every 3 days)" in late.revisions[-1].says


def test_tablets_move_by_exactly_what_was_asked() -> None:
    assert lengths(hold(active(diazepam_plan()), decided(day(10)), 7)) == [35, 28, 28, 28]
