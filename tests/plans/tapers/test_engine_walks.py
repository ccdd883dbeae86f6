"""Whole plans, worked out by hand: the walk of the design, and the failures of other planners that ours must not have."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanGoal, StepKind, Tier
from fhir_taper.plans.tapers.request import Taken
from tests.plans.tapers.made_requests import START, codes, liquid, mg, planned, product, refused, request, rows, tablets

DIAZEPAM_HALVES = tablets("diazepam", "2", parts=2)
TEN_PERCENT = {"percent": 10, "interval_days": 14}
WALK_OF_THE_DESIGN = [
    (0, "baseline", "4", "4"),
    (28, "unit-limited", "3", "3.2"),
    (56, "unit-limited", "2", "2.4"),
    (98, "unit-limited", "1", "1.2"),
    (126, "unit-limited", "0", "0.4"),
]


def test_diazepam_four_milligrams_in_halves_is_the_walk_of_the_design_to_the_day() -> None:
    plan = planned(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT))

    assert rows(plan) == WALK_OF_THE_DESIGN
    assert check(plan) == ()


def test_its_steps_are_whole_days_and_the_last_one_has_no_end() -> None:
    steps = planned(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT)).steps

    assert (steps[0].start, steps[0].end) == (date(2026, 1, 5), date(2026, 2, 1))
    assert (steps[1].start, steps[1].end) == (date(2026, 2, 2), date(2026, 3, 1))
    assert (steps[-1].start, steps[-1].end) == (date(2026, 5, 11), None)


def test_its_second_step_is_half_a_tablet_in_the_morning_and_one_at_night() -> None:
    plan = planned(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT))

    assert plan.steps[1].doses[0].units[0].slots == ((Slot.MORNING, Decimal("0.5")), (Slot.NIGHT, Decimal(1)))
    assert plan.steps[-1].doses[0].units == ()


def test_its_unit_limited_cuts_are_one_finding_to_acknowledge_with_the_rule_and_its_state() -> None:
    plan = planned(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT))
    finding = next(finding for finding in plan.findings if finding.code == "unit-limited")

    assert finding.severity is Severity.ACKNOWLEDGE
    assert finding.message.startswith("3 mg is 25 % below 4 mg; the first step should not exceed 10 %.")
    assert "awaits sign-off" in finding.source


def test_whole_two_milligram_tablets_cannot_make_it_and_the_ways_out_are_ones_that_can() -> None:
    no = refused(request("diazepam", "4", tablets("diazepam", "2"), params=TEN_PERCENT))

    assert (no.reason, no.at_mg, no.next_mg) == ("notch-above-unit-max", Decimal(4), Decimal(2))
    assert {"half", "quarter", "liquid", "override"} <= set(no.ways_out)


def test_a_plan_carries_what_it_was_made_with() -> None:
    plan = planned(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT))

    assert plan.params == (("percent", "10"), ("interval_days", "14"))
    assert (plan.strategy, plan.protocol, plan.goal) == ("linear", None, PlanGoal.DISCONTINUE)
    assert {edition.table for edition in plan.tables} >= {"limits.csv", "unit_rule.csv", "protocols.toml", "strategies.toml"}
    assert plan.limits.unit is not None
    assert plan.limits.unit.unit_max_mg == 1


def test_every_reduction_has_an_open_review_gate() -> None:
    plan = planned(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT))

    assert [(gate.step, gate.due) for gate in plan.gates] == [(step.number, step.start) for step in plan.steps[1:]]


def test_the_same_request_gives_the_same_plan_and_another_one_another_id() -> None:
    asked = request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT)

    assert planned(asked) == planned(asked)
    assert planned(asked).id != planned(replace(asked, patient="p2")).id
    assert planned(asked).id != planned(replace(asked, tenant="other")).id
    assert planned(asked).key != planned(replace(asked, params=(("percent", "5"),))).key


def test_equivalents_come_from_the_chosen_table_or_are_a_range() -> None:
    asked = request("lorazepam", "2", tablets("lorazepam", "0.5", parts=2), params=TEN_PERCENT)
    chosen = planned(replace(asked, benzo_table="ashton-2002")).equivalents
    ranged = planned(asked).equivalents

    assert [(Decimal(10), Decimal(10))] == [(factor.low, factor.high) for factor in chosen]
    assert [(Decimal(5), Decimal(10))] == [(factor.low, factor.high) for factor in ranged]


# what other planners get wrong


@pytest.mark.parametrize("baseline", ["0.5", "1", "1.5", "2"])
def test_low_starting_doses_make_a_plan_and_not_a_crash(baseline: str) -> None:
    plan = planned(request("diazepam", baseline, tablets("diazepam", "2", "1", parts=2), params=TEN_PERCENT))

    assert mg(plan)[-1] == 0
    assert check(plan) == ()


def test_tablets_add_up_to_the_dose_of_every_step() -> None:
    plan = planned(request("oxycodone", "60", tablets("oxycodone", "5", "10", "20"), "morning", "noon", "night", params=TEN_PERCENT))

    for step in plan.steps:
        made = sum((unit.strength_mg * units for dose in step.doses for unit in dose.units for _, units in unit.slots), Decimal(0))
        assert made == step.mg_per_day("oxycodone")


def test_no_dispensed_dose_ever_goes_up() -> None:
    plan = planned(request("clonazepam", "3", tablets("clonazepam", "0.5", "1", parts=2), params={"percent": 5, "interval_days": 14}))
    doses = mg(plan)

    assert doses == sorted(doses, reverse=True)
    assert "slot-rise" not in codes(plan)


def test_a_plan_of_more_than_fifty_steps_is_not_made_faster_in_silence() -> None:
    asked = request("diazepam", "40", (liquid("diazepam", "1", "0.1"),), params={"percent": 1, "interval_days": 7})
    plan = planned(asked)
    lengths = {(step.end - step.start).days + 1 for step in plan.steps if step.end is not None}

    assert len(plan.steps) > 50
    assert min(lengths) == 7
    assert max(before - after for before, after in zip(mg(plan), mg(plan)[1:], strict=False)) == Decimal("0.4")


def test_a_plan_that_would_be_longer_than_the_row_allows_is_refused_and_not_shortened() -> None:
    no = refused(request("diazepam", "40", (liquid("diazepam", "1", "0.1"),), params={"percent": 1, "interval_days": 28}))

    assert no.reason == "duration"
    assert "other-strategy" in no.ways_out
    assert "maintenance" in no.ways_out


def test_temazepam_thirty_does_not_stall_where_snapped_doses_would() -> None:
    capsules = tuple(product("temazepam", strength) for strength in ("7.5", "15", "22.5", "30"))
    asked = request("temazepam", "30", capsules, "night", strategy="proportional", params={"percent": 10, "interval_days": 14})
    plan = planned(replace(asked, unit_override=("Dr Amara Osei", "smallest capsule", Decimal("7.5"))))

    assert mg(plan) == [Decimal(dose) for dose in ("30", "22.5", "15", "7.5", "0")]


def test_temazepam_without_a_unit_rule_is_refused_with_ways_out() -> None:
    capsules = tuple(product("temazepam", strength) for strength in ("7.5", "15", "22.5", "30"))
    no = refused(request("temazepam", "30", capsules, "night", params=TEN_PERCENT))

    assert (no.reason, no.at_mg, no.next_mg) == ("no-unit-rule", Decimal(30), Decimal("22.5"))
    assert {"override", "substitution"} <= set(no.ways_out)


def test_diazepam_two_and_a_half_does_not_stall() -> None:
    plan = planned(request("diazepam", "2.5", tablets("diazepam", "5", "2", parts=2), strategy="proportional", params=TEN_PERCENT))

    assert mg(plan)[-1] == 0
    assert len(plan.steps) > 2


# slots


def test_the_baseline_is_divided_as_the_patient_takes_it() -> None:
    asked = request("diazepam", "6", DIAZEPAM_HALVES, params=TEN_PERCENT)
    asked = replace(asked, intakes=(Intake(Slot.MORNING, Decimal(2)), Intake(Slot.NIGHT, Decimal(1))))

    assert planned(asked).steps[0].doses[0].units[0].slots == ((Slot.MORNING, Decimal(2)), (Slot.NIGHT, Decimal(1)))


def test_no_products_make_more_at_one_time_than_is_taken_at_any() -> None:
    taken = tuple(Taken("197591", slot, Decimal(1)) for slot in (Slot.MORNING, Slot.NIGHT))  # 5 mg tablets, which the plan may not use
    no = refused(replace(request("diazepam", "10", tablets("diazepam", "2")), taken=taken))

    assert (no.reason, no.next_mg) == ("baseline-not-on-grid", Decimal(8))


def test_a_baseline_that_other_products_cannot_divide_as_it_is_taken_says_that_a_time_rises() -> None:
    taken = tuple(Taken("197590", slot, Decimal(units)) for slot, units in ((Slot.MORNING, 1), (Slot.NIGHT, 4)))  # 2 mg tablets
    asked = request("diazepam", "10", tablets("diazepam", "5"), unit_override=("Dr Amara Osei", "5 mg tablets only", Decimal(5)))
    finding = next(one for one in planned(replace(asked, taken=taken)).findings if one.code == "slot-rise")

    assert finding.value == "step 0"
    assert finding.message.startswith("From the first day on one time of day holds more than it does by the orders of the chart")
    assert "slot-rise" not in codes(planned(asked))


def test_times_that_the_chart_does_not_say_are_assumed_and_said() -> None:
    plan = planned(replace(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT), intakes=()))

    assert "times-assumed" in codes(plan)
    assert [slot for slot, _ in plan.steps[0].doses[0].units[0].slots] == [Slot.MORNING, Slot.NIGHT]


def test_the_larger_dose_does_not_go_to_the_night_where_that_is_unsafe() -> None:
    plan = planned(replace(request("diazepam", "4", DIAZEPAM_HALVES, params=TEN_PERCENT), avoid_night=True))

    assert plan.steps[1].doses[0].units[0].slots == ((Slot.MORNING, Decimal(1)), (Slot.NIGHT, Decimal("0.5")))


def test_a_rise_at_one_time_of_day_is_a_finding_to_acknowledge() -> None:
    asked = request("oxycodone", "6", tablets("oxycodone", "2", "5"), "morning", "noon", "night", params={"percent": 20})
    plan = planned(replace(asked, unit_override=("Dr Amara Osei", "two strengths only", Decimal(2)), tier=Tier.LOW, use="<1m"))

    assert Decimal(5) in mg(plan)
    assert next(finding.severity for finding in plan.findings if finding.code == "slot-rise") is Severity.ACKNOWLEDGE


# exactness and the target


def test_a_target_that_can_be_made_is_met_exactly() -> None:
    plan = planned(request("oxycodone", "60", tablets("oxycodone", "5", "10"), params=TEN_PERCENT, target_mg="30"))

    assert plan.steps[-1].mg_per_day("oxycodone") == 30
    assert plan.goal is PlanGoal.TARGET
    assert plan.steps[-1].kind is not StepKind.STOP


def test_a_target_that_cannot_be_made_is_refused_with_the_next_lower_dose() -> None:
    no = refused(request("oxycodone", "60", tablets("oxycodone", "5"), params=TEN_PERCENT, target_mg="12"))

    assert (no.reason, no.at_mg, no.next_mg) == ("target-not-on-grid", Decimal(12), Decimal(10))


def test_a_baseline_that_cannot_be_made_is_refused_and_halves_are_a_way_out_where_they_make_it() -> None:
    no = refused(request("diazepam", "15", tablets("diazepam", "10"), params={"percent": 5, "interval_days": 28}))

    assert (no.reason, no.at_mg, no.next_mg) == ("baseline-not-on-grid", Decimal(15), Decimal(10))
    assert "other-strengths" in no.ways_out


def test_ideals_are_rounded_to_six_decimals_and_doses_are_exact() -> None:
    plan = planned(request("diazepam", "10", (liquid("diazepam", "5", "0.05"),), strategy="proportional", params={"percent": "7"}))

    assert all(step.ideal_mg == round(step.ideal_mg, 6) for step in plan.steps)
    assert all((Fraction(step.mg_per_day("diazepam")) * 4).denominator == 1 for step in plan.steps)


def test_a_plan_starts_on_the_day_that_was_asked_and_holds_the_baseline_one_interval() -> None:
    plan = planned(request("oxycodone", "60", tablets("oxycodone", "5"), params={"percent": 10, "interval_days": 28}))

    assert plan.steps[0].start == START
    assert plan.steps[1].start == START + timedelta(days=28)


def test_a_default_interval_is_not_shorter_than_the_window_of_the_advised_pace() -> None:
    opioid = planned(request("oxycodone", "60", tablets("oxycodone", "5"), tier=Tier.STANDARD))
    sedative = planned(request("diazepam", "20", tablets("diazepam", "2", parts=2), tier=Tier.STANDARD))
    assert dict(opioid.params)["interval_days"] == "28"
    assert dict(sedative.params)["interval_days"] == "14"
