"""A time of day that takes more is named with the steps in which it does, in every plan that is made and in every version of it."""

import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.dose import shown
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.lifecycle import acknowledge
from fhir_taper.plans.tapers.plan import PlanState, StepKind, TaperPlan
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.replanning import change_strategy, slow, step_back
from fhir_taper.plans.tapers.request import PlanRequest
from fhir_taper.plans.tapers.restart import Restart, Slower, request_for
from fhir_taper.plans.tapers.revision import hold, stop_at
from fhir_taper.plans.tapers.rise_findings import is_of_first, rises_at_first, with_rises_anew
from tests.plans.tapers.made_plans import decided
from tests.plans.tapers.made_requests import codes, planned, request, tablets

TABLES = load()
RULES = TABLES.safety.life
TWO_STRENGTHS = tablets("diazepam", "2", "5", parts=2)
FIVE, TEN = ({"percent": percent, "interval_days": 28} for percent in (5, 10))
ASKED = (
    request("diazepam", "6", TWO_STRENGTHS, "morning", "noon", "night", params=FIVE),
    request("diazepam", "8", TWO_STRENGTHS, "morning", "noon", "evening", "night", params=TEN),
    request("diazepam", "10", TWO_STRENGTHS, "morning", "night", params=FIVE),
)


def running(asked: PlanRequest) -> TaperPlan:
    made = planned(asked)
    for one in made.findings:
        if one.severity.value == "Acknowledge":
            made = acknowledge(made, one, decided(asked.start, "seen"))
    return replace(made, state=PlanState.ACTIVE, gates=())


def at_each_time(plan: TaperPlan, number: int) -> dict[tuple[str, str], Fraction]:
    """Mg of each ingredient at each time of day of a step, from its units alone."""
    found: dict[tuple[str, str], Fraction] = {}
    for dose in plan.steps[number].doses:
        for unit in dose.units:
            for slot, units in unit.slots:
                found[dose.ingredient, slot] = found.get((dose.ingredient, slot), Fraction(0)) + Fraction(units * unit.strength_mg)
    return found


def rising(plan: TaperPlan) -> list[int]:
    """The steps in which a time of day takes more while the day takes no more."""
    found = []
    for number in range(1, len(plan.steps)):
        before, now = at_each_time(plan, number - 1), at_each_time(plan, number)
        per_day = {name: sum((mg for (one, _), mg in now.items() if one == name), Fraction(0)) for name, _ in now}
        were = {name: sum((mg for (one, _), mg in before.items() if one == name), Fraction(0)) for name, _ in now}
        is_stage = plan.steps[number].kind is StepKind.SUBSTITUTION
        if any(mg > before.get(key, 0) and per_day[key[0]] <= were[key[0]] for key, mg in now.items() if not is_stage):
            found.append(number)
    return found


def of_rises(plan: TaperPlan) -> list[Finding]:
    return [one for one in plan.findings if one.code == "slot-rise" and one.rule == "split, later steps"]


def named(plan: TaperPlan) -> list[int]:
    """The steps that the finding names, which says them twice: in its sentence and as what was seen."""
    found = [[int(number) for number in re.findall(r"\d+", text)] for one in of_rises(plan) for text in (one.message, one.value)]
    assert not found or found[0] == found[1]
    return found[0] if found else []


def engine(asked: PlanRequest, restart: Restart) -> TaperPlan | Infeasible:
    return propose(request_for(restart, asked, decided(restart.on)), TABLES)


def turned(turn: str, plan: TaperPlan, asked: PlanRequest, on: date) -> TaperPlan | Infeasible:
    now = step_in_force(plan, on)
    decision = decided(on, "tired")
    match turn:
        case "hold":
            return hold(plan, decision, 14)
        case "stop-at":
            return stop_at(plan, decision, now.number + (len(plan.steps) - now.number) // 2)
        case "step-back":
            return step_back(plan, decision, max(0, now.number - 2), 14, RULES)
        case "slow":
            return slow(plan, decision, lambda restart: engine(asked, restart), RULES, Slower.PERCENT)
    mg = shown(now.mg_per_day(asked.ingredient)) + {"less": -1, "same": 0, "more": 2}[turn]
    params = (("percent", "7"), ("interval_days", "28"))
    return change_strategy(plan, decision, lambda restart: engine(asked, restart), strategy="linear", params=params, actual_mg=mg)


TURNS = ("hold", "stop-at", "step-back", "slow", "less", "same", "more")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ASKED), st.lists(st.tuples(st.sampled_from(TURNS), st.integers(1, 200)), min_size=1, max_size=3))
def test_every_step_that_a_version_names_is_one_in_which_a_time_of_day_takes_more_and_none_is_missing(
    asked: PlanRequest, turns: list[tuple[str, int]]
) -> None:
    plan, on = running(asked), asked.start
    assert named(plan) == rising(plan)
    was_turned = False
    for turn, days in turns:
        on += timedelta(days=days)
        try:
            made = turned(turn, plan, asked, on)
        except NotAllowed:
            continue
        if isinstance(made, TaperPlan):
            was_turned = True
            assert named(made) == rising(made), turn
            plan = replace(made, state=PlanState.ACTIVE, gates=())
    assume(was_turned)


def test_the_plans_of_this_file_have_times_of_day_that_rise_late() -> None:
    assert all("slot-rise" in codes(planned(asked)) for asked in ASKED)
    assert all(rising(planned(asked))[-1] > 6 for asked in ASKED)


@pytest.mark.parametrize("asked", ASKED, ids=lambda one: f"{one.ingredient} {one.baseline.mg}")
def test_after_a_step_back_the_same_rises_have_other_numbers_and_stay_accepted_by_who_accepted_them(asked: PlanRequest) -> None:
    plan = running(asked)
    back = step_back(plan, decided(plan.steps[2].start + timedelta(days=3), "withdrawal"), 0, 28, RULES)
    (before,), (after,) = of_rises(plan), of_rises(back)
    assert before.message != after.message
    accepted = next(one for one in back.acknowledgements if one.rule == after.rule)
    assert accepted.accepts(after)
    assert accepted.reason == "seen"


def test_an_earlier_end_leaves_out_the_steps_that_are_gone_and_what_was_accepted_of_them() -> None:
    plan = running(ASKED[0])
    first = rising(plan)[0]
    ended = stop_at(plan, decided(plan.steps[0].start, "enough"), first - 1)
    assert of_rises(ended) == []
    assert "split, later steps" not in {one.rule for one in ended.acknowledgements}


def test_a_first_dose_that_no_order_gives_at_one_time_is_said_of_the_step_that_it_is_now_and_of_none_that_is_gone() -> None:
    plan = replace(running(ASKED[0]), findings=(rises_at_first(),))
    moved = with_rises_anew(plan, {0: 2})
    finding = next(one for one in moved.findings if is_of_first(one))
    assert (finding.value, finding.rule) == ("step 2", "split, step 2")
    assert finding.message.startswith("From step 2 on one time of day holds more")
    again = with_rises_anew(moved, {2: 0})
    assert next(one for one in again.findings if is_of_first(one)) == rises_at_first()
    assert not any(map(is_of_first, with_rises_anew(moved, {0: 0}).findings))


def test_a_person_who_accepted_other_words_has_not_accepted_the_step_under_its_new_number() -> None:
    plan = running(ASKED[0])
    other = tuple(replace(one, message="something else") for one in plan.acknowledgements)
    back = step_back(replace(plan, acknowledgements=other), decided(plan.steps[2].start + timedelta(days=3), "withdrawal"), 0, 28, RULES)
    (finding,) = of_rises(back)
    assert not any(one.accepts(finding) for one in back.acknowledgements)
