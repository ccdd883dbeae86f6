from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.tapers.plan import Milestone, PlanGoal, PlanState
from tests.mappers.write.example_plans import EXAMPLES, resources, written

PLAN = EXAMPLES["diazepam"]


@pytest.mark.feature("F01")
def test_the_aim_and_each_milestone_are_goals_with_a_dose_and_a_due_date() -> None:
    aim, milestone = resources(written(PLAN), "Goal")
    assert (aim["description"]["text"], milestone["description"]["text"]) == ("Discontinue diazepam", "half of the dose")
    assert [(goal["target"][0]["dueDate"], goal["target"][0]["detailQuantity"]["value"]) for goal in (aim, milestone)] == [
        ("2026-04-27", 0),
        ("2026-03-02", 2),
    ]


def test_the_care_plan_refers_to_every_goal() -> None:
    bundle = written(replace(PLAN, minimum_function="walks to the shop"))
    goals = [{"reference": f"urn:uuid:{goal['id']}"} for goal in resources(bundle, "Goal")]
    assert len(goals) == 3
    assert resources(bundle, "CarePlan")[0]["goal"] == goals


def test_the_minimum_function_is_a_goal_until_the_end_of_the_taper() -> None:
    goal = resources(written(replace(PLAN, minimum_function="walks to the shop")), "Goal")[-1]
    assert goal["description"]["text"] == "Minimum acceptable function during the taper: walks to the shop"
    assert goal["target"] == [{"dueDate": "2026-04-27"}]


@pytest.mark.parametrize(
    ("goal", "says"),
    [(PlanGoal.TARGET, "Reduce diazepam to 1.5 mg a day"), (PlanGoal.MAINTENANCE, "Maintain diazepam at 1.5 mg a day")],
)
def test_a_lower_dose_as_the_aim_says_the_dose(goal: PlanGoal, says: str) -> None:
    assert resources(written(replace(PLAN, goal=goal, target_mg=Decimal("1.50"))), "Goal")[0]["description"]["text"] == says


@pytest.mark.parametrize(
    ("state", "lifecycle"),
    [
        (PlanState.DRAFT, "proposed"),
        (PlanState.ACTIVE, "active"),
        (PlanState.ON_HOLD, "on-hold"),
        (PlanState.COMPLETED, "completed"),
        (PlanState.REVOKED, "cancelled"),
        (PlanState.ENTERED_IN_ERROR, "entered-in-error"),
    ],
)
def test_goals_live_as_long_as_their_plan(state: PlanState, lifecycle: str) -> None:
    assert {goal["lifecycleStatus"] for goal in resources(written(replace(PLAN, state=state)), "Goal")} == {lifecycle}


def test_a_milestone_of_a_step_that_is_gone_keeps_its_date() -> None:
    goal = resources(written(replace(PLAN, milestones=(Milestone("sleep", 9, PLAN.created),))), "Goal")[1]
    assert goal["target"] == [{"dueDate": "2026-01-05"}]
