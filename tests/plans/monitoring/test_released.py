"""A reduction whose review was passed before something was found: it does not wait, and that is said."""

from dataclasses import replace
from datetime import timedelta

from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.released import released_reduction
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.tapers.gates import gates_for
from fhir_taper.plans.tapers.plan import GateState, PlanState, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_numbers
from tests.plans.monitoring.test_assess import FAST
from tests.plans.monitoring.watched import NOW, plan, raw, tables_of, timeline

GATED = replace(plan(), gates=gates_for(plan()))
NEXT = next(number for number in reduction_numbers(GATED) if GATED.steps[number].start > NOW.date())


def reviewed(until: int) -> TaperPlan:
    """The reviews before a step are passed, that step's and every later one are open."""
    states = {True: GateState.PASSED, False: GateState.OPEN}
    return replace(GATED, gates=tuple(replace(one, state=states[one.step < until]) for one in GATED.gates))


PASSED = reviewed(NEXT + 1)


def test_the_first_reduction_whose_review_was_passed_is_said_not_to_wait() -> None:
    found = assess(PASSED, timeline([raw("heart-rate", 120)]), DEFAULT_POLICY, NOTHING_BEFORE, NOW, rules=tables_of(FAST))
    day = PASSED.steps[NEXT].start
    assert released_reduction(PASSED, found.hits, NOW.date()) == day
    assert f"no open review keeps back the reduction on {day.isoformat()}: it begins by itself unless the plan is held" in found.remarks


def test_nothing_is_said_where_every_later_review_is_open_or_the_plan_is_held_or_a_draft_or_the_hit_was_answered() -> None:
    found = assess(PASSED, timeline([raw("heart-rate", 120)]), DEFAULT_POLICY, NOTHING_BEFORE, NOW, rules=tables_of(FAST))
    for other in (reviewed(NEXT), replace(PASSED, state=PlanState.ON_HOLD), replace(PASSED, state=PlanState.DRAFT)):
        assert released_reduction(other, found.hits, NOW.date()) is None
    answered = remember(NOTHING_BEFORE, found).answered("T1", Answer(NOW, "Dr. A", "called", "ran upstairs"))
    later = assess(PASSED, timeline([raw("heart-rate", 120)]), DEFAULT_POLICY, answered, NOW + timedelta(hours=1), rules=tables_of(FAST))
    assert released_reduction(PASSED, later.hits, NOW.date()) is None
