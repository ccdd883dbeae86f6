"""The step that is really in force: what a hold that was set in another program means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.dispensing import SupplyKind, next_window
from fhir_taper.plans.tapers.in_force import held_since, in_force, keep_taking
from fhir_taper.plans.tapers.plan import PlanState
from tests.plans.tapers.made_plans import START, decided, diazepam_plan, go_on

HELD_ELSEWHERE = replace(diazepam_plan(), state=PlanState.ON_HOLD)
DAY = START + timedelta(days=3)


def test_a_hold_that_nobody_noted_is_a_hold() -> None:
    now = in_force(HELD_ELSEWHERE, DAY)
    assert (now.is_held, now.step.number, held_since(HELD_ELSEWHERE)) == (True, 0, None)
    assert now.why == "on hold, and since when is not recorded"


@pytest.mark.feature("F11")
def test_under_a_hold_that_nobody_noted_todays_dose_goes_on_and_no_reduction_is_proposed() -> None:
    supply = next_window(HELD_ELSEWHERE, DAY, load().safety.life)
    assert supply.kind is SupplyKind.CONTINUATION
    assert {line.step for window in supply.windows for line in window.lines} == {0}
    assert keep_taking(HELD_ELSEWHERE, DAY) == "pause reductions, keep taking 4 mg a day"


def test_a_hold_that_nobody_noted_can_be_ended() -> None:
    resumed = go_on(HELD_ELSEWHERE, decided(DAY))
    assert (resumed.state, resumed.steps) == (PlanState.ACTIVE, HELD_ELSEWHERE.steps)
