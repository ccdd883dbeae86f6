"""Slower, another strategy, a step back: new schedules from today, with what was taken kept as history."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.judgement import Violation
from fhir_taper.plans.tapers.plan import EquivalentFactor, GateState, PlanState, StepKind, TaperPlan
from fhir_taper.plans.tapers.replanning import change_strategy, slow, step_back
from fhir_taper.plans.tapers.request import Past
from fhir_taper.plans.tapers.restart import Restart, Slower
from fhir_taper.plans.tapers.revision import hold
from tests.plans.tapers.made_plans import (
    DIAZEPAM_2,
    START,
    active,
    crossed_over_plan,
    decided,
    diazepam_plan,
    falling_plans,
    go_on,
    oxycodone_plan,
    passed,
    plan_of,
    steps,
)

RULES = load_life_rules()


def no_limits(_: TaperPlan) -> tuple[Violation, ...]:
    """Let the hand-made plans of this file pass: their cuts are round, not cautious."""
    return ()


def day(number: int) -> date:
    return START + timedelta(days=number)


def days_and_doses(plan: TaperPlan) -> list[tuple[int, int]]:
    """Give the day on which each step starts and its whole mg a day."""
    return [((step.start - START).days, int(step.mg_per_day("diazepam"))) for step in plan.steps]


def at_3_mg() -> TaperPlan:
    """Reach the second step, four weeks in."""
    return passed(active(diazepam_plan()), 1, decided(day(28)))


def proposing(asked: list[Restart], halves: tuple[int, ...] = (3, 2, 1, 0), days: int = 56) -> Callable[[Restart], TaperPlan]:
    """Stand in for the engine: note what it is asked and answer with these half tablets at night."""

    def propose(restart: Restart) -> TaperPlan:
        asked.append(restart)
        doses = [{Slot.NIGHT: str(Decimal(many) / 2)} if many else {} for many in halves]
        fresh = plan_of(DIAZEPAM_2, doses, DrugClass.BENZODIAZEPINE, days, params=restart.params, id="fresh")
        return replace(fresh, steps=steps(DIAZEPAM_2, doses, days, restart.on), gates=(), milestones=())

    return propose


def slowed(plan: TaperPlan, on: date, by: Slower = Slower.INTERVAL) -> tuple[TaperPlan, Restart]:
    asked: list[Restart] = []
    made = slow(plan, decided(on), proposing(asked), RULES, by, no_limits)
    assert isinstance(made, TaperPlan)
    return made, asked[0]


@pytest.mark.feature("F11")
def test_slower_asks_for_twice_the_interval_from_todays_dose() -> None:
    _, asked = slowed(at_3_mg(), day(40))
    assert (asked.on, asked.ingredient, asked.mg, asked.params) == (
        day(40),
        "diazepam",
        Decimal(3),
        (("percent", "10"), ("interval_days", "28")),
    )


def test_slower_can_ask_for_half_the_percentage() -> None:
    _, asked = slowed(at_3_mg(), day(40), Slower.PERCENT)
    assert asked.params == (("percent", "5"), ("interval_days", "14"))


def test_bands_are_slowed_by_their_intervals() -> None:
    plan = replace(at_3_mg(), params=(("bands", "10:25%b:14,0:10%b:7:28"),))
    _, asked = slowed(plan, day(40))
    assert asked.params == (("bands", "10:25%b:28,0:10%b:14:28"),)


def test_a_plan_without_anything_to_slow_is_refused() -> None:
    plan = replace(at_3_mg(), params=(("steps", "8"),))
    with pytest.raises(NotAllowed, match="no parameter for twice the interval"):
        slow(plan, decided(day(40)), proposing([]), RULES)


def test_the_new_schedule_keeps_what_was_taken_and_joins_it_without_a_gap() -> None:
    made, _ = slowed(at_3_mg(), day(40))
    assert [(step.number, (step.start - START).days) for step in made.steps] == [(0, 0), (1, 28), (2, 40), (3, 96), (4, 152), (5, 208)]
    assert all(
        one.end is not None and one.end + timedelta(days=1) == two.start for one, two in zip(made.steps, made.steps[1:], strict=False)
    )


def test_where_todays_dose_is_taken_on_the_same_way_the_step_goes_on() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {Slot.NIGHT: "1.5"}, {}], DrugClass.BENZODIAZEPINE)
    made, _ = slowed(passed(active(plan), 1, decided(day(28))), day(40))
    assert [(step.start - START).days for step in made.steps] == [0, 28, 96, 152, 208]
    assert [(gate.step, gate.state) for gate in made.gates[:2]] == [(1, GateState.PASSED), (2, GateState.OPEN)]


def test_the_new_schedule_is_a_draft_that_replaces_the_running_version() -> None:
    plan = at_3_mg()
    made, _ = slowed(plan, day(40))
    assert (made.state, made.version, made.replaces, made.agreement) == (PlanState.DRAFT, plan.version + 1, plan.id, None)
    assert (made.baseline, made.revisions[-1].kind) == (plan.baseline, "slow")
    assert made.revisions[-1].says == "slower: twice the interval; 3 mg a day from 2026-02-14, the last step on 2026-08-01"


def test_reviews_of_the_past_are_kept_and_new_reductions_get_new_ones() -> None:
    made, _ = slowed(at_3_mg(), day(40))
    assert [(gate.step, gate.state) for gate in made.gates] == [
        (1, GateState.PASSED), (3, GateState.OPEN), (4, GateState.OPEN), (5, GateState.OPEN),
    ]  # fmt: skip


def test_products_that_only_the_history_used_stay_in_the_plan() -> None:
    older = replace(DIAZEPAM_2, rxcui="older")
    made, _ = slowed(replace(at_3_mg(), products=(older, DIAZEPAM_2)), day(40))
    assert [product.rxcui for product in made.products] == ["197590", "older"]


def test_an_infeasible_answer_is_handed_on_and_nothing_changes() -> None:
    answer = Infeasible("notch-above-unit-max", "no smaller cut")
    assert slow(at_3_mg(), decided(day(40)), lambda _: answer, RULES) is answer


def test_a_schedule_that_breaks_a_limit_is_refused_with_what_it_breaks() -> None:
    with pytest.raises(NotAllowed, match="step 3: too large"):
        slow(at_3_mg(), decided(day(40)), proposing([]), RULES, check=lambda _: [Violation("limit", 3, "too large")])


@pytest.mark.feature("F11")
def test_another_strategy_starts_from_the_dose_that_is_really_taken() -> None:
    asked: list[Restart] = []
    made = change_strategy(
        at_3_mg(), decided(day(40)), proposing(asked, (2, 1, 0)), strategy="hyperbolic", actual_mg=Decimal(2), check=no_limits
    )
    assert isinstance(made, TaperPlan)
    assert (asked[0].mg, asked[0].strategy) == (Decimal(2), "hyperbolic")
    assert (made.steps[2].kind, made.steps[2].mg_per_day("diazepam")) == (StepKind.REDUCTION, Decimal(2))


def test_a_lower_dose_that_is_already_taken_needs_no_further_review() -> None:
    made = change_strategy(at_3_mg(), decided(day(40)), proposing([], (2, 1, 0)), strategy="linear", actual_mg=Decimal(2), check=no_limits)
    assert isinstance(made, TaperPlan)
    assert [(gate.step, gate.state) for gate in made.gates[:3]] == [(1, GateState.PASSED), (2, GateState.PASSED), (3, GateState.OPEN)]


def test_a_new_schedule_on_the_first_day_of_a_step_keeps_that_step_as_it_is() -> None:
    made, _ = slowed(at_3_mg(), day(28))
    assert (made.steps[1].kind, made.steps[1].start, made.gates[0].state) == (StepKind.REDUCTION, day(28), GateState.PASSED)


def test_an_actual_dose_above_the_plan_needs_a_reason() -> None:
    with pytest.raises(NotAllowed, match="above the plan's"):
        change_strategy(at_3_mg(), decided(day(40), ""), proposing([]), strategy="linear", actual_mg=Decimal(4))


@pytest.mark.parametrize(("mg", "says"), [(None, ()), ("2", ()), ("3", ()), ("4", ("the dose rises from 3 to 4 mg diazepam a day",))])
def test_a_dose_above_the_one_in_force_is_said_and_acknowledged(mg: str | None, says: tuple[str, ...]) -> None:
    actual, halves = None if mg is None else Decimal(mg), (int(mg or 3), 1, 0)
    made = change_strategy(
        at_3_mg(), decided(day(40)), proposing([], halves), strategy="linear", actual_mg=actual, check=no_limits
    )  # fmt: skip
    assert isinstance(made, TaperPlan)
    found = [one for one in made.findings if one.code == "dose-raised"]
    assert tuple(one.value for one in found) == says
    assert all(one.severity is Severity.ACKNOWLEDGE and one.value in one.message for one in found)


@pytest.mark.parametrize("mg", ["0", "-1"])
def test_a_new_schedule_does_not_start_from_nothing(mg: str) -> None:
    with pytest.raises(NotAllowed, match="starts from a dose that is taken"):
        change_strategy(at_3_mg(), decided(day(40)), proposing([]), strategy="linear", actual_mg=Decimal(mg), check=no_limits)


def test_what_was_taken_is_not_judged_again_and_every_later_step_is() -> None:
    back = step_back(at_3_mg(), decided(day(35), "cannot sleep"), 0, 28, RULES, no_limits)
    asked: list[Restart] = []
    slow(back, decided(day(40)), proposing(asked, (4, 3, 2, 0)), RULES, check=lambda _: [Violation("dose-rises", 2, "rises")])
    assert asked[0].mg == 4
    with pytest.raises(NotAllowed, match="step 4: rises"):
        slow(back, decided(day(40)), proposing([], (4, 3, 2, 0)), RULES, check=lambda _: [Violation("dose-rises", 4, "rises")])


def test_a_stopped_medicine_has_nothing_to_start_from() -> None:
    plan = replace(active(diazepam_plan()), gates=())
    with pytest.raises(NotAllowed, match="starts from one medicine"):
        slow(plan, decided(day(120)), proposing([]), RULES)


def test_a_step_back_returns_for_its_days_and_then_goes_down_the_same_steps() -> None:
    back = step_back(at_3_mg(), decided(day(35), "cannot sleep"), 0, 28, RULES, no_limits)
    assert days_and_doses(back) == [
        (0, 4), (28, 3), (35, 4), (63, 3), (91, 2), (119, 1), (147, 0),
    ]  # fmt: skip
    assert (back.steps[2].kind, back.steps[-1].end, back.state) == (StepKind.HOLD, None, PlanState.ACTIVE)


def test_after_a_step_back_every_reduction_waits_for_a_new_review() -> None:
    back = step_back(at_3_mg(), decided(day(35), "cannot sleep"), 0, 28, RULES, no_limits)
    assert [(gate.step, gate.state) for gate in back.gates] == [
        (1, GateState.PASSED), (3, GateState.OPEN), (4, GateState.OPEN), (5, GateState.OPEN), (6, GateState.OPEN),
    ]  # fmt: skip
    assert step_in_force(back, day(70)).number == 2


def test_milestones_follow_their_steps_back() -> None:
    back = step_back(at_3_mg(), decided(day(35), "cannot sleep"), 0, 28, RULES, no_limits)
    assert (back.milestones[0].step, back.milestones[0].due) == (4, day(91))


def test_a_step_back_on_the_first_day_of_a_step_undoes_it() -> None:
    back = step_back(at_3_mg(), decided(day(28), "not ready"), 0, 14, RULES, no_limits)
    assert days_and_doses(back)[:3] == [(0, 4), (42, 3), (70, 2)]


def test_a_step_back_needs_a_clinicians_reason_and_a_higher_earlier_step() -> None:
    with pytest.raises(NotAllowed, match="only by a clinician, with a reason"):
        step_back(at_3_mg(), decided(day(35), ""), 0, 28, RULES, no_limits)
    with pytest.raises(NotAllowed, match="not a step before today's"):
        step_back(at_3_mg(), decided(day(35)), 1, 28, RULES, no_limits)
    with pytest.raises(NotAllowed, match="a day or more"):
        step_back(at_3_mg(), decided(day(35)), 0, 0, RULES, no_limits)


@pytest.mark.parametrize(("at", "allowed"), [(41, True), (42, False)])
def test_an_opioid_goes_back_only_to_a_dose_of_the_last_14_days(at: int, allowed: bool) -> None:
    plan = passed(active(oxycodone_plan()), 1, decided(day(28)))
    if allowed:
        assert step_back(plan, decided(day(at)), 0, 28, RULES, no_limits).steps[2].mg_per_day("oxycodone") == 20
    else:
        with pytest.raises(NotAllowed, match="enter a new dose"):
            step_back(plan, decided(day(at)), 0, 28, RULES, no_limits)


def test_a_benzodiazepine_may_go_back_further() -> None:
    assert step_back(at_3_mg(), decided(day(55)), 0, 28, RULES, no_limits).steps[2].mg_per_day("diazepam") == 4


def test_a_step_back_ends_a_hold_and_a_later_hold_counts_from_its_own_start() -> None:
    held = hold(at_3_mg(), decided(day(30)), 14)
    back = step_back(held, decided(day(35)), 0, 28, RULES, no_limits)
    again = go_on(hold(back, decided(day(50)), 7), decided(day(57)))
    assert (back.state, (again.steps[3].start - START).days) == (PlanState.ACTIVE, 70)


def test_the_dose_that_a_person_enters_is_not_judged_and_every_other_step_is() -> None:
    def judged(rule: str, step: int) -> None:
        change_strategy(
            at_3_mg(), decided(day(40)), proposing([], (2, 1, 0)), strategy="linear", actual_mg=Decimal(2),
            check=lambda _: [Violation(rule, step, "too large")],
        )  # fmt: skip

    judged("limit", 2)
    judged("duration", 4)
    with pytest.raises(NotAllowed, match="step 3: too large"):
        judged("limit", 3)
    with pytest.raises(NotAllowed, match="step 2: too large"):
        judged("dose-not-made", 2)


def test_a_plan_that_has_not_begun_starts_from_what_is_entered() -> None:
    made = change_strategy(
        active(diazepam_plan()), decided(START), proposing([], (3, 2, 0)), strategy="linear", actual_mg=Decimal(3), check=no_limits
    )
    assert isinstance(made, TaperPlan)
    assert (made.baseline.mg, made.steps[0].kind) == (Decimal(3), StepKind.BASELINE)


@given(falling_plans(), st.integers(1, 300), st.integers(1, 60))
def test_a_step_back_leaves_no_gap_and_ends_where_the_plan_ended(plan: TaperPlan, at: int, days: int) -> None:
    plan = replace(plan, gates=())
    now = step_in_force(plan, day(at))
    if now.number == 0:
        return
    back = step_back(plan, decided(day(at)), now.number - 1, days, RULES, no_limits)
    assert [step.number for step in back.steps] == list(range(len(back.steps)))
    assert all(
        one.end is not None and one.end + timedelta(days=1) == two.start for one, two in zip(back.steps, back.steps[1:], strict=False)
    )
    assert back.steps[-1].doses == plan.steps[-1].doses
    assert back.steps[-1].start > plan.steps[-1].start


def test_after_a_cross_over_a_step_back_is_to_a_higher_dose_of_the_new_agent() -> None:
    back = step_back(active(crossed_over_plan()), decided(day(30)), 1, 14, RULES, check=no_limits)
    assert [int(step.mg_per_day("diazepam")) for step in back.steps[1:5]] == [4, 3, 4, 3]


def test_a_step_back_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(NotAllowed, match="there is no date any more"):
        step_back(at_3_mg(), decided(day(30)), 0, 9_999_999, RULES, check=no_limits)


def test_a_slower_schedule_that_would_end_sooner_is_refused() -> None:
    plan = at_3_mg()
    with pytest.raises(NotAllowed, match="would end on 2026-03-06, sooner than 2026-04-27: hold the plan"):
        slow(plan, decided(day(30)), proposing([], (3, 0), 30), RULES, check=no_limits)


TEN_FOR_ONE = tuple(
    EquivalentFactor(name, "va-dod-2021", Decimal(per_mg), Decimal(per_mg), "diazepam_mg", "VA/DoD 2021")
    for name, per_mg in (("lorazepam", 10), ("diazepam", 1))
)


def restarted(plan: TaperPlan, on: int) -> tuple[TaperPlan, Restart]:
    asked: list[Restart] = []
    made = change_strategy(plan, decided(day(on)), proposing(asked), strategy="linear", check=no_limits)
    assert isinstance(made, TaperPlan)
    return made, asked[0]


def test_after_a_cross_over_the_original_dose_and_what_was_taken_are_in_mg_of_the_medicine_that_is_tapered_now() -> None:
    """0.4 mg of lorazepam are 4 mg of diazepam by the plan's own table; as 0.4 mg they would make every cut of diazepam too large."""
    plan = replace(active(crossed_over_plan()), equivalents=TEN_FOR_ONE)
    _, asked = restarted(plan, 30)
    assert asked.ingredient == "diazepam"
    assert asked.past == Past(Decimal(4), ((day(0), Decimal(4)), (day(7), Decimal(4)), (day(14), Decimal(3))), has_cut=True)


def test_before_a_cross_over_all_is_in_mg_of_the_first_medicine() -> None:
    plan = replace(active(crossed_over_plan()), equivalents=TEN_FOR_ONE)
    past = Restart(plan, day(3), "lorazepam", Decimal("0.4"), plan.steps[0], "linear", None, ()).past
    assert (past.original_mg, past.doses) == (Decimal("0.4"), ((day(0), Decimal("0.4")),))


def test_the_original_dose_after_a_cross_over_is_said_with_the_table_that_makes_it() -> None:
    plan = replace(active(crossed_over_plan()), equivalents=TEN_FOR_ONE)
    (said,) = (one for one in restarted(plan, 30)[0].findings if one.code == "original-converted")
    assert said.severity is Severity.INFORMATION
    assert "lorazepam 0.4 mg a day, which is diazepam 4 mg a day" in said.message
    assert (said.source, said.value) == ("va-dod-2021: VA/DoD 2021", "diazepam 4 mg a day")


def test_a_plan_of_one_medicine_says_nothing_of_another_original_dose() -> None:
    assert "original-converted" not in {one.code for one in restarted(at_3_mg(), 40)[0].findings}


def test_a_rotated_opioid_counts_from_its_own_first_full_dose() -> None:
    plan = crossed_over_plan()
    opioid = replace(active(plan), drug_class=DrugClass.OPIOID, equivalents=())
    made, asked = restarted(opioid, 30)
    assert asked.past == Past(Decimal(4), ((day(0), Decimal(4)), (day(7), Decimal(4)), (day(14), Decimal(3))), has_cut=True)
    (said,) = (one for one in made.findings if one.code == "original-converted")
    assert "first full dose" in said.message


def test_a_crossed_plan_without_equivalents_does_not_go_on_by_a_guess() -> None:
    with pytest.raises(NotAllowed, match="no equivalent of lorazepam"):
        restarted(replace(active(crossed_over_plan()), equivalents=()), 30)


def test_a_step_back_is_a_finding_that_a_person_must_acknowledge() -> None:
    back = step_back(at_3_mg(), decided(day(40)), 0, 14, RULES, check=no_limits)
    (said,) = (one for one in back.findings if one.code == "dose-raised")
    assert said.severity is Severity.ACKNOWLEDGE
    rise = "the dose rises: diazepam 3 mg a day to 4 mg a day"
    assert said.message == f"From 2026-02-14 on {rise}, for 14 days. A step back is a clinician's decision."
    assert said.value == rise


def test_the_reason_of_a_step_back_is_what_acknowledges_its_rise() -> None:
    back = step_back(at_3_mg(), decided(day(40), "hard to bear"), 0, 14, RULES, check=no_limits)
    (said,) = (one for one in back.findings if one.code == "dose-raised")
    (accepted,) = (one for one in back.acknowledgements if one.accepts(said))
    assert (accepted.by, accepted.on, accepted.reason) == ("Practitioner/dr-a", day(40), "hard to bear")


def test_two_steps_back_are_two_findings_each_acknowledged() -> None:
    first = step_back(at_3_mg(), decided(day(40)), 0, 14, RULES, check=no_limits)
    again = step_back(passed(first, 3, decided(day(54))), decided(day(60)), 2, 7, RULES, check=no_limits)
    rises = [one for one in again.findings if one.code == "dose-raised"]
    assert [one.rule for one in rises] == ["step back of 2026-02-14", "step back of 2026-03-06"]
    assert all(any(said.accepts(one) for said in again.acknowledgements) for one in rises)
