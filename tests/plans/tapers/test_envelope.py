from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import BrokenPlan
from fhir_taper.plans.medicines.codes import Release, Slot
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables.rows import Part
from fhir_taper.plans.tapers.day_by_day import daily_doses
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.judgement import check_ends, sound
from fhir_taper.plans.tapers.plan import Dose, StepKind, TaperPlan, Tier
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import Past
from tests.plans.tapers.made_requests import START, patch, planned, request, tables, tablets

WALK = planned(request("diazepam", "4", tablets("diazepam", "2", parts=2), params={"percent": 10, "interval_days": 14}))
LONG = planned(request("oxycodone", "100", tablets("oxycodone", "5", "10", "20"), params={"percent": 10, "interval_days": 28}))


def with_step(plan: TaperPlan, at: int, **fields: object) -> TaperPlan:
    changed = replace(plan.steps[at], **fields)  # type: ignore[arg-type]
    return replace(plan, steps=(*plan.steps[:at], changed, *plan.steps[at + 1 :]))


def earlier(plan: TaperPlan, number: int, days: int) -> TaperPlan:
    """Step `number` starts some days earlier; the one before ends so much earlier."""
    step, before = plan.steps[number], plan.steps[number - 1]
    assert before.end is not None
    moved = with_step(plan, number, start=step.start - timedelta(days=days))
    return with_step(moved, number - 1, end=before.end - timedelta(days=days))


def units(plan: TaperPlan, number: int, morning: str, night: str) -> tuple[Dose, ...]:
    one = plan.steps[number].doses[0].units[0]
    slots = ((Slot.MORNING, Decimal(morning)), (Slot.NIGHT, Decimal(night)))
    return (Dose(plan.ingredient, (replace(one, slots=slots),)),)


def rules(plan: TaperPlan, past: Past | None = None) -> set[str]:
    return {violation.rule for violation in check(plan, past)}


def test_plans_of_the_engine_keep_their_envelope() -> None:
    assert check(WALK) == ()
    assert check(LONG) == ()


PLANTED: list[tuple[str, Callable[[], TaperPlan], str]] = [
    ("no steps", lambda: replace(WALK, steps=()), "no-steps"),
    ("a gap between two steps", lambda: with_step(WALK, 1, end=date(2026, 2, 20)), "contiguous"),
    ("an overlap", lambda: with_step(WALK, 2, start=WALK.steps[2].start - timedelta(days=1)), "contiguous"),
    ("a last step that ends", lambda: with_step(WALK, 4, end=date(2027, 1, 1)), "open-end"),
    ("a wrong number", lambda: with_step(WALK, 2, number=7), "numbering"),
    ("another baseline", lambda: replace(WALK, baseline=replace(WALK.baseline, mg=Decimal(5))), "starts-at-baseline"),
    ("another target", lambda: replace(WALK, target_mg=Decimal(1)), "target"),
    ("a quarter of a tablet in halves", lambda: with_step(WALK, 1, doses=units(WALK, 1, "0.25", "1")), "dose-not-made"),
    ("a product that is not in the plan", lambda: replace(WALK, products=()), "dose-not-made"),
    ("a dose that rises", lambda: with_step(WALK, 2, doses=units(WALK, 1, "1", "1")), "dose-rises"),
    ("a time of day that rises", lambda: with_step(WALK, 1, doses=units(WALK, 1, "0", "1.5")), "slot-rises"),
    ("a unit-limited cut that says it is none", lambda: with_step(WALK, 2, kind=StepKind.REDUCTION), "limit"),
    ("a first cut above its cap", lambda: with_step(WALK, 1, kind=StepKind.REDUCTION), "limit"),
    ("a unit-limited cut too soon after another", lambda: earlier(WALK, 2, 15), "unit-rule"),
    ("a unit-limited cut of two notches", lambda: with_step(WALK, 1, doses=units(WALK, 1, "0", "1")), "unit-rule"),
    ("a unit-limited cut without a rule", lambda: replace(WALK, limits=replace(WALK.limits, unit=None)), "unit-rule"),
    ("a reduction one day too soon", lambda: earlier(LONG, 9, 40), "limit"),
    ("a plan that is too long", lambda: replace(WALK, limits=replace(WALK.limits, max_days=125)), "duration"),
    ("steps shorter than the medicine allows", lambda: replace(WALK, limits=replace(WALK.limits, min_step_days=30)), "step-length"),
    ("steps that are no multiple of a wear", lambda: replace(WALK, limits=replace(WALK.limits, step_multiple_days=3)), "step-length"),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "rule"), [(one[1], one[2]) for one in PLANTED], ids=[one[0] for one in PLANTED])
def test_a_planted_fault_is_found(planted: Callable[[], TaperPlan], rule: str) -> None:
    assert rule in rules(planted())


@pytest.mark.parametrize(("planted", "rule"), [(one[1], one[2]) for one in PLANTED], ids=[one[0] for one in PLANTED])
def test_a_plan_that_breaks_a_rule_is_handed_to_nobody(planted: Callable[[], TaperPlan], rule: str) -> None:
    plan = planted()

    with pytest.raises(BrokenPlan, match=rule):
        sound(plan, check(plan))


def test_baseline_target_and_units_are_judged_of_every_plan_that_the_engine_makes() -> None:
    assert check_ends(WALK) == ()
    assert {one.rule for one in check_ends(replace(WALK, target_mg=Decimal(1)))} == {"target"}
    assert {one.rule for one in check_ends(replace(WALK, steps=()))} == {"no-steps"}


def test_a_limit_is_broken_by_the_smallest_amount_beyond_it_and_not_at_it() -> None:
    exact = planned(
        request(
            "oxycodone",
            "100",
            tablets("oxycodone", "5"),
            "morning",
            "noon",
            "evening",
            "night",
            params={"percent": 10, "interval_days": 28},
        )
    )
    tighter = replace(
        exact.limits, limits=tuple(replace(one, fraction=Decimal("0.0999")) if one.days == 28 else one for one in exact.limits.limits)
    )

    assert check(exact) == ()
    assert "limit" in rules(replace(exact, limits=tighter))


def test_two_unit_limited_cuts_may_lie_exactly_a_window_apart() -> None:
    assert "unit-rule" not in rules(earlier(WALK, 2, 14))
    assert "unit-rule" in rules(earlier(WALK, 2, 15))


def test_the_dose_in_force_is_the_new_one_on_the_day_a_step_starts() -> None:
    days = daily_doses(WALK)

    assert days[START + timedelta(days=27)] == 4
    assert days[START + timedelta(days=28)] == 3
    assert days[START + timedelta(days=126)] == 0


def test_a_step_taken_every_second_day_counts_with_its_mean() -> None:
    plan = planned(request("morphine", "15", tablets("morphine", "15", release=Release.EXTENDED), "night", strategy="interval-extension"))

    assert daily_doses(plan)[plan.steps[1].start] == Fraction(15, 2)


def test_a_replan_is_judged_with_the_doses_before_it_and_the_original_of_version_one() -> None:
    past = Past(Decimal(100), ((START - timedelta(days=60), Decimal(100)), (START - timedelta(days=7), Decimal(80))), has_cut=True)
    asked = replace(request("oxycodone", "80", tablets("oxycodone", "5"), "morning", "noon", "evening", "night"), past=past)
    plan = planned(replace(asked, params=(("percent", "10"), ("interval_days", "7"))))

    assert check(plan, past) == ()
    assert plan.steps[1].start >= START + timedelta(days=21)
    assert "limit" in rules(earlier(plan, 1, 14), past)


def test_a_replan_on_the_first_day_has_a_past_without_a_dose() -> None:
    past = Past(Decimal(100), (), has_cut=False)
    asked = replace(request("oxycodone", "100", tablets("oxycodone", "5"), "morning", "noon", "evening", "night"), past=past)
    plan = planned(replace(asked, params=(("percent", "10"), ("interval_days", "28"))))

    assert check(plan, past) == ()
    assert daily_doses(plan, past) == daily_doses(plan)


def test_an_opioid_after_the_start_of_a_replan_counts_percent_of_the_first_baseline() -> None:
    past = Past(Decimal(100), ((START - timedelta(days=60), Decimal(50)),), has_cut=True)
    asked = request(
        "oxycodone", "50", tablets("oxycodone", "5"), "morning", "noon", "evening", "night", params={"percent": 10, "interval_days": 28}
    )

    assert planned(replace(asked, past=past)).steps[1].ideal_mg == 40
    assert planned(asked).steps[1].ideal_mg == 45


# what a plan's row is made of


def test_a_plan_carries_its_unit_rule_its_first_cut_and_its_lengths() -> None:
    row = planned(replace(request("methadone", "30", tablets("methadone", "5", parts=2)), tier=Tier.HIGH)).limits

    assert row.unit is not None
    assert (row.unit.ingredient, row.unit.unit_max_mg) == ("methadone", Decimal("3.19"))
    assert row.first_cut is not None
    assert (row.first_cut.part, row.first_cut.fraction) == (Part.FIRST_CUT, Decimal("0.05"))
    assert (row.min_step_days, row.step_multiple_days, row.max_pieces) == (7, 1, 6)


@pytest.mark.parametrize(("wear_h", "days"), [(72, 3), (168, 7), (48, 2)])
def test_the_wear_time_of_a_patch_makes_the_lengths_of_its_steps(wear_h: int, days: int) -> None:
    asked = request("fentanyl", "1.2", (patch("fentanyl", "0.3", wear_h),), target_mg="0.3", params={"percent": 10, "interval_days": 10})
    plan = planned(replace(asked, unit_override=("Dr Amara Osei", "one patch", Decimal("0.3"))))

    assert plan.limits.step_multiple_days == days
    assert {((step.end - step.start).days + 1) % days for step in plan.steps if step.end is not None} == {0}


def test_a_patient_who_takes_more_pieces_at_once_than_usual_may_go_on_doing_so() -> None:
    asked = request("oxycodone", "40", tablets("oxycodone", "5"), "night")
    plan = planned(replace(asked, intakes=(Intake(Slot.NIGHT, Decimal(8)),)))

    assert plan.limits.max_pieces == 8
    assert plan.steps[0].doses[0].units[0].slots == ((Slot.NIGHT, Decimal(8)),)


@given(
    baseline=st.integers(2, 20),
    percent=st.integers(3, 25),
    interval=st.sampled_from([7, 10, 14, 28]),
    strategy=st.sampled_from(["linear", "proportional", "hyperbolic"]),
    tier=st.sampled_from(list(Tier)),
)
def test_whatever_the_walk_makes_keeps_the_envelope_by_a_second_reckoning(
    baseline: int, percent: int, interval: int, strategy: str, tier: Tier
) -> None:
    params = {"interval_days": interval} if strategy == "hyperbolic" else {"interval_days": interval, "percent": percent}
    asked = request("diazepam", str(baseline), tablets("diazepam", "2", "5", parts=2), strategy=strategy, params=params)
    outcome = propose(replace(asked, tier=tier), tables())

    assert not isinstance(outcome, TaperPlan) or check(outcome) == ()
