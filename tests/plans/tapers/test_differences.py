"""What is otherwise between two versions: moved, lengthened, gone and new steps, and fields."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.tapers.differences import differences
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.revision import hold, stop_at
from tests.plans.tapers.made_plans import START, active, decided, diazepam_plan, falling_plans

PLAN = active(diazepam_plan())


def test_a_plan_and_itself_are_the_same() -> None:
    found = differences(PLAN, PLAN)
    assert found.is_none
    assert [one.is_same for one in found.steps] == [True] * len(PLAN.steps)


def test_after_a_hold_todays_step_is_longer_and_every_later_one_moved() -> None:
    found = differences(PLAN, hold(PLAN, decided(START), 10))
    assert [(one.moved_days, one.longer_days) for one in found.steps] == [(0, 10), (10, 0), (10, 0), (10, 0), (10, 0)]
    assert {one.name for one in found.fields} == {"state", "gates", "milestones", "revisions"}


def test_steps_that_are_left_out_are_gone_and_the_rest_stays() -> None:
    found = differences(PLAN, stop_at(PLAN, decided(START), 2))
    gone = [one.before.number for one in found.steps if one.after is None and one.before is not None]
    assert gone == [3, 4]
    assert "target_mg" in {one.name for one in found.fields}


def test_a_dose_that_is_another_one_is_one_step_gone_and_one_new() -> None:
    doses = (replace(PLAN.steps[1].doses[0], units=(replace(PLAN.steps[1].doses[0].units[0], strength_mg=Decimal(3)),)),)
    other = replace(PLAN, steps=(PLAN.steps[0], replace(PLAN.steps[1], doses=doses), *PLAN.steps[2:]))
    changed = [one for one in differences(PLAN, other).steps if not one.is_same]
    assert [(one.before is None, one.after is None) for one in changed] == [(True, False), (False, True)]


@given(falling_plans(), st.integers(1, 60))
def test_every_step_of_both_versions_stands_in_the_comparison_once(plan: TaperPlan, days: int) -> None:
    later = replace(
        plan,
        steps=tuple(
            replace(one, start=one.start + timedelta(days=days), end=one.end and one.end + timedelta(days=days)) for one in plan.steps
        ),
    )
    found = differences(plan, later).steps
    assert [one.before for one in found if one.before] == list(plan.steps)
    assert [one.after for one in found if one.after] == list(later.steps)
    assert all(one.moved_days == days for one in found if one.before and one.after)
