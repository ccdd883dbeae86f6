"""Prescription windows, counted by hand: one strength each, exact tablets, ending at a review, with directions to copy."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.plan import Dose, StepKind, TaperPlan
from fhir_taper.plans.tapers.windows import windows
from tests.plans.tapers.made_plans import (
    DIAZEPAM_2,
    DIAZEPAM_LIQUID,
    FENTANYL_12,
    MORPHINE_ER_15,
    START,
    diazepam_plan,
    falling_plans,
    oxycodone_plan,
    plan_of,
    units,
    with_gates,
)

RULES = load_life_rules()


def test_the_worked_example_dispenses_42_tablets_for_28_days_at_one_and_a_half() -> None:
    window = windows(diazepam_plan(), RULES)[1]
    assert (window.start, window.end, window.quantity) == (date(2026, 2, 2), date(2026, 3, 1), 42)


def test_directions_read_like_a_prescription() -> None:
    sigs = [window.sig for window in windows(diazepam_plan(), RULES)]
    assert sigs == [
        "Take 1 tablet in the morning and 1 tablet at night",
        "Take 1/2 tablet in the morning and 1 tablet at night",
        "Take 1/2 tablet in the morning and 1/2 tablet at night",
        "Take 1/2 tablet at night",
    ]


def test_a_stop_is_never_a_window() -> None:
    plan = diazepam_plan()
    assert windows(plan, RULES)[-1].end == plan.steps[-1].start - timedelta(days=1)


def test_halves_are_counted_as_halves_and_the_sum_is_rounded_up() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "1.5"}, {}], DrugClass.BENZODIAZEPINE, 7)
    (window,) = windows(plan, RULES)
    assert (window.need, window.quantity) == (Decimal("10.5"), 11)


def test_a_long_step_is_two_windows_and_no_day_is_missing_or_double() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {}], DrugClass.BENZODIAZEPINE, 35)
    assert [(window.days, window.quantity) for window in windows(plan, RULES)] == [(28, 56), (7, 14)]


def test_a_site_may_choose_windows_of_30_days_and_not_of_31() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {}], DrugClass.BENZODIAZEPINE, 35)
    assert [window.days for window in windows(plan, RULES, max_days=30)] == [18, 17]
    with pytest.raises(ValueError, match="at most 30"):
        windows(plan, RULES, max_days=31)


@pytest.mark.parametrize(
    ("days", "cut"),
    [(27, [27]), (28, [28]), (29, [15, 14]), (30, [15, 15]), (34, [17, 17]), (35, [28, 7]), (56, [28, 28]), (58, [28, 15, 15]), (3, [3])],
)
def test_no_prescription_is_for_a_few_days_where_its_days_can_be_shared(days: int, cut: list[int]) -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {Slot.NIGHT: "1"}, {}], DrugClass.BENZODIAZEPINE, days)
    made = [window.days for window in windows(plan, RULES)]
    assert (made[: len(cut)], made[len(cut) :]) == (cut, cut)


def test_a_dose_that_goes_on_is_not_cut_short_by_how_far_is_looked_ahead() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {Slot.NIGHT: "1"}], DrugClass.BENZODIAZEPINE, 28)
    assert [window.days for window in windows(plan, RULES, until=START + timedelta(days=28 + 30 - 1))] == [28, 28, 2]


@given(falling_plans(), st.integers(28, 30))
def test_a_window_is_short_only_where_its_stretch_between_two_reviews_is(plan: TaperPlan, longest: int) -> None:
    if any(dose.units for dose in plan.steps[-1].doses):
        return
    starts = {step.start for step in plan.steps}
    for window in windows(plan, RULES, max_days=longest):
        stretch = plan.step_on(window.start)
        is_whole = window.start in starts and window.end == stretch.end
        assert window.days >= RULES.window_shortest_days or is_whole


def test_a_window_ends_at_a_review_and_says_which_one_opens_the_next() -> None:
    made = windows(diazepam_plan(), RULES)
    assert [window.review for window in made] == [None, 1, 2, 3]


def test_steps_without_a_review_between_them_share_a_window_with_a_line_each() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {Slot.NIGHT: "1"}, {}], DrugClass.BENZODIAZEPINE, 7)
    (window,) = windows(replace(plan, gates=()), RULES)
    assert window.quantity == 2 * 7 + 1 * 7
    assert window.sig == "2026-01-05 to 2026-01-11: Take 2 tablets at night; 2026-01-12 to 2026-01-18: Take 1 tablet at night"


def test_two_strengths_of_one_dose_are_two_windows_that_belong_together() -> None:
    plan = diazepam_plan()
    five = replace(DIAZEPAM_2, rxcui="197591", name="diazepam 5 MG Oral Tablet", mg=Decimal(5))
    both = (*units(DIAZEPAM_2, {Slot.MORNING: "1"}), *units(five, {Slot.NIGHT: "1"}))
    first = replace(plan.steps[0], doses=(Dose("diazepam", both),))
    made = windows(replace(plan, products=(DIAZEPAM_2, five), steps=(first, *plan.steps[1:])), RULES)
    assert [(window.number, window.product.rxcui, window.quantity) for window in made[:3]] == [
        (1, "197590", 28),
        (1, "197591", 28),
        (2, "197590", 42),
    ]


def test_each_stage_of_a_cross_over_waits_for_its_review_and_is_a_prescription_of_its_own() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "3"}, {Slot.NIGHT: "2"}, {Slot.NIGHT: "1"}, {}], DrugClass.BENZODIAZEPINE, [14, 4, 4])
    stages = tuple(replace(step, kind=StepKind.SUBSTITUTION) if step.number in {1, 2} else step for step in plan.steps)
    crossing = with_gates(replace(plan, gates=(), steps=stages))
    assert [gate.step for gate in crossing.gates] == [1, 2, 3]
    assert [(window.days, window.quantity) for window in windows(crossing, RULES)] == [(14, 42), (4, 8), (4, 4)]


def test_a_liquid_is_said_in_millilitres_and_milligrams() -> None:
    plan = plan_of(DIAZEPAM_LIQUID, [{Slot.MORNING: "0.5", Slot.NIGHT: "1.25"}, {}], DrugClass.BENZODIAZEPINE, 7)
    (window,) = windows(plan, RULES)
    assert window.sig == "Take 0.5 mL (2.5 mg) in the morning and 1.25 mL (6.25 mg) at night"
    assert (window.need, window.quantity, window.unit) == (Decimal("12.25"), 13, "mL")


def test_patches_are_counted_by_wear_time_and_windows_are_whole_wear_times() -> None:
    plan = plan_of(FENTANYL_12, [{Slot.MORNING: "2"}, {Slot.MORNING: "1"}, {}], DrugClass.OPIOID, 30)
    made = windows(plan, RULES)
    assert [(window.days, window.quantity) for window in made] == [(15, 10), (15, 10), (15, 5), (15, 5)]
    assert made[0].sig == "Apply 2 patches, change every 72 hours"


def test_a_dose_every_other_day_needs_tablets_for_its_dosing_days_only() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "1"}, {Slot.NIGHT: "1"}, {}], DrugClass.BENZODIAZEPINE, 15)
    every_other = replace(plan.steps[1], every_days=2, kind=StepKind.INTERVAL)
    made = windows(with_gates(replace(plan, steps=(plan.steps[0], every_other, plan.steps[2]))), RULES)
    assert (made[-1].quantity, made[-1].sig) == (8, "Take 1 tablet at night, every other day")


def test_schedule_two_is_never_refilled_and_says_so() -> None:
    (window, *_) = windows(oxycodone_plan(), RULES)
    assert window.refills == 0
    assert "Schedule II: no refills (21 CFR 1306.12)." in window.notes


def test_an_extended_release_tablet_says_that_it_is_not_split() -> None:
    (window, *_) = windows(plan_of(MORPHINE_ER_15, [{Slot.NIGHT: "1"}, {}], DrugClass.OPIOID), RULES)
    assert "Extended-release: swallow whole, do not split, crush or chew." in window.notes


def test_a_window_can_be_filled_two_days_before_it_starts() -> None:
    assert windows(diazepam_plan(), RULES)[1].earliest_fill == date(2026, 1, 31)


def test_a_dose_that_goes_on_gets_one_window_or_as_many_as_are_asked_for() -> None:
    plan = plan_of(DIAZEPAM_2, [{Slot.NIGHT: "2"}, {Slot.NIGHT: "1"}], DrugClass.BENZODIAZEPINE, 28)
    assert [window.days for window in windows(plan, RULES)] == [28, 28]
    assert [window.days for window in windows(plan, RULES, until=START + timedelta(days=28 * 3 - 1))] == [28, 28, 28]


@given(falling_plans())
def test_windows_cover_every_day_with_a_dose_once(plan: TaperPlan) -> None:
    covered = [window.start + timedelta(days=day) for window in windows(plan, RULES) for day in range(window.days)]
    dosed_until = covered[-1]
    dosed = [START + timedelta(days=day) for day in range((dosed_until - START).days + 1)]
    assert covered == [day for day in dosed if any(dose.units for dose in plan.step_on(day).doses)]


@pytest.mark.feature("F82")
@given(falling_plans())
def test_supply_covers_what_is_taken_and_less_than_one_tablet_more(plan: TaperPlan) -> None:
    for window in windows(plan, RULES):
        days = [window.start + timedelta(days=day) for day in range(window.days)]
        taken = sum(unit.per_day for day in days for dose in plan.step_on(day).doses for unit in dose.units)
        assert 0 <= window.quantity - taken < 1


@given(falling_plans())
def test_no_window_is_longer_than_28_days_or_crosses_a_review(plan: TaperPlan) -> None:
    starts = {plan.steps[gate.step].start for gate in plan.gates}
    for window in windows(plan, RULES):
        assert window.days <= 28
        assert not any(window.start < start <= window.end for start in starts)
