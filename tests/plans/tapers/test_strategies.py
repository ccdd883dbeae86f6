from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Release, Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import Step, StepKind, Tier
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from fhir_taper.plans.tapers.strategies.bands import Band, points
from tests.plans.tapers.made_requests import codes, combination, liquid, mg, patch, planned, product, refused, request, tables, tablets

FINE = (liquid("diazepam", "1", "0.1"),)
OXYCODONE = tablets("oxycodone", "5", "10", "20")
MORPHINE_ER = tablets("morphine", "15", "30", "60", release=Release.EXTENDED)
LORAZEPAM = tablets("lorazepam", "0.5", "1", parts=2)
DIAZEPAM = tablets("diazepam", "2", "5", "10", parts=2)


def ideals(asked: PlanRequest) -> list[str]:
    return [f"{step.ideal_mg:f}" for step in planned(asked).steps]


def fine(baseline: str, **fields: Any) -> PlanRequest:
    """A request whose doses are so fine that snapping hides nothing."""
    return request("diazepam", baseline, FINE, **fields)


# the four curves


@pytest.mark.feature("F07")
def test_linear_cuts_the_same_part_of_the_original_every_time() -> None:
    asked = fine("20", params={"percent": 10, "interval_days": 28}, target_mg="10")

    assert ideals(asked) == ["20", "18", "16", "14", "12", "10"]


@pytest.mark.feature("F07")
def test_proportional_cuts_the_same_part_of_the_current_ideal_then_takes_the_floor_then_the_target() -> None:
    course: Any = SimpleNamespace(baseline=1_000_000, target=100_000, per_mg=1_000_000)
    band = Band(100_000, Fraction(0), Fraction(1, 5), 14)

    assert [point.ideal for point in points(course, (band,), 400_000)] == [800_000, 640_000, 512_000, 409_600, 400_000, 100_000]


def test_a_proportional_ideal_is_never_computed_from_a_snapped_dose() -> None:
    asked = request("diazepam", "40", DIAZEPAM, strategy="proportional", params={"percent": 10, "interval_days": 14}, target_mg="20")

    assert ideals(asked)[:4] == ["40", "36", "32.4", "29.16"]
    assert mg(planned(asked))[:4] == [Decimal(dose) for dose in ("40", "36", "32.5", "29")]


@pytest.mark.feature("F07")
def test_hyperbolic_cuts_shrink_as_the_dose_falls() -> None:
    doses = [Decimal(ideal) for ideal in ideals(fine("20", strategy="hyperbolic", params={"interval_days": 14}))]
    cuts = [before - after for before, after in pairwise(doses)]

    assert cuts == sorted(cuts, reverse=True)


def test_hyperbolic_takes_the_smallest_number_of_steps_that_never_waits_at_a_limit() -> None:
    plan = planned(fine("20", strategy="hyperbolic", params={"interval_days": 14}))
    steps = int(dict(plan.params)["steps"])
    one_less = propose(fine("20", strategy="hyperbolic", params={"interval_days": 14, "steps": steps - 1}), tables())

    assert not {step.kind for step in plan.steps} & {StepKind.LIMITED}
    assert "limited" not in codes(plan)
    assert not hasattr(one_less, "findings") or "limited" in {finding.code for finding in one_less.findings}


def test_hyperbolic_halves_the_baseline_for_its_shape_and_says_that_it_is_one() -> None:
    plan = planned(fine("20", strategy="hyperbolic", params={"interval_days": 14}))

    assert dict(plan.params)["k_mg"] == "10"
    assert "not pharmacology" in next(finding.message for finding in plan.findings if finding.code == "shape-parameter")


def test_stepped_follows_its_bands_and_never_jumps_over_an_edge() -> None:
    asked = fine("20", strategy="stepped", params={"bands": "13:2:14,10:1.5:14,0:1:14"}, target_mg="9")

    assert ideals(asked) == ["20", "18", "16", "14", "13", "11.5", "10", "9"]


def test_stepped_bands_may_be_percent_of_the_baseline_or_of_the_current_dose() -> None:
    asked = fine("20", strategy="stepped", params={"bands": "50:10%b:14,0:10%c:14"}, target_mg="8")

    assert ideals(asked) == ["20", "18", "16", "14", "12", "10", "9", "8.1", "8"]


def test_a_hold_is_added_once_before_the_first_cut_of_its_band() -> None:
    plan = planned(fine("20", strategy="stepped", params={"bands": "16:2:14,0:2:14:28"}, target_mg="12"))

    assert [(step.start - plan.steps[0].start).days for step in plan.steps] == [0, 14, 28, 70, 84]


def test_bands_stated_in_different_units_are_ordered_by_the_doses_that_they_mean() -> None:
    in_mg = planned(fine("20", strategy="stepped", params={"bands": "10:1:28,6:2:14,0:1:14"}))
    mixed = planned(fine("20", strategy="stepped", params={"bands": "6:2:14,0:1:14,50:5%b:28"}))

    assert [(step.start, step.mg_per_day("diazepam")) for step in mixed.steps] == [
        (step.start, step.mg_per_day("diazepam")) for step in in_mg.steps
    ]


@pytest.mark.parametrize("bands", ["10:2:14,10:1:14,0:1:14", "10:2:14,50:5%b:28,0:1:14", "0:2:14,0:1:14"])
def test_two_bands_that_begin_at_one_dose_are_refused(bands: str) -> None:
    with pytest.raises(WrongUsage, match="bands: two of them begin above"):
        planned(fine("20", strategy="stepped", params={"bands": bands}))


def test_diazepam_without_bands_follows_the_slow_published_bands() -> None:
    plan = planned(request("diazepam", "40", DIAZEPAM, strategy="stepped"))

    assert dict(plan.params)["bands"] == "20:2:14,10:1:14,5:1:14,0:0.5:14"


@pytest.mark.parametrize(("drug", "baseline", "made"), [("lorazepam", "4", LORAZEPAM), ("diazepam", "45", DIAZEPAM)])
def test_other_medicines_and_higher_doses_need_bands_of_their_own(drug: str, baseline: str, made: tuple[Product, ...]) -> None:
    with pytest.raises(WrongUsage, match="bands: stepped needs bands"):
        propose(request(drug, baseline, made, strategy="stepped"), tables())


@pytest.mark.parametrize(
    ("tier", "percent", "days"), [(Tier.LOW, "20", "14"), (Tier.STANDARD, "10", "14"), (Tier.HIGH, "5", "28"), (None, "10", "14")]
)
def test_percent_and_interval_default_to_the_tier(tier: Tier | None, percent: str, days: str) -> None:
    plan = planned(replace(request("diazepam", "20", DIAZEPAM), tier=tier))

    assert dict(plan.params) == {"percent": percent, "interval_days": days}
    assert plan.limits.first_cut is not None
    assert plan.limits.first_cut.fraction * 100 == Decimal(percent)


# substitution


@pytest.mark.feature("F08")
def test_lorazepam_crosses_over_to_diazepam_in_stages_that_stay_within_the_equivalent() -> None:
    asked = request("lorazepam", "4", LORAZEPAM, strategy="substitution", params={"to": "diazepam", "then": "linear", "percent": 10})
    plan = planned(replace(asked, benzo_table="va-dod-2021"))
    stages = [step for step in plan.steps if step.kind is StepKind.SUBSTITUTION]

    assert [(step.mg_per_day("lorazepam"), step.mg_per_day("diazepam")) for step in stages] == [
        (Decimal(2), Decimal(10)),
        (Decimal(0), Decimal(20)),
    ]
    assert [(step.start - plan.steps[0].start).days for step in stages] == [7, 14]
    assert mg(plan, "diazepam")[-1] == 0
    assert check(plan) == ()


@pytest.mark.parametrize("stages", [2, 3, 4])
def test_every_stage_is_ninety_to_a_hundred_percent_of_the_baseline_equivalent(stages: int) -> None:
    asked = request(
        "lorazepam", "6", LORAZEPAM, "morning", "noon", "night", strategy="substitution", params={"to": "diazepam", "stages": stages}
    )
    plan = planned(replace(asked, benzo_table="ashton-2002"))
    totals = [
        Fraction(step.mg_per_day("lorazepam")) * 10 + Fraction(step.mg_per_day("diazepam"))
        for step in plan.steps
        if step.kind is StepKind.SUBSTITUTION
    ]

    assert len(totals) == stages
    assert all(54 <= total <= 60 for total in totals)


def test_after_the_crossing_the_new_agent_is_limited_against_the_whole_baseline_equivalent() -> None:
    asked = request("lorazepam", "2", LORAZEPAM, strategy="substitution", params={"to": "diazepam", "then": "linear", "percent": 10})
    plan = planned(replace(asked, benzo_table="ashton-2002"))

    assert plan.limits.unit is not None
    assert plan.limits.unit.ingredient == "diazepam"
    assert {factor.ingredient for factor in plan.equivalents} == {"lorazepam", "diazepam"}
    assert check(plan) == ()


def test_a_substitution_needs_a_chosen_table() -> None:
    with pytest.raises(WrongUsage, match="benzo_table"):
        propose(request("lorazepam", "2", LORAZEPAM, strategy="substitution", params={"to": "diazepam"}), tables())


def test_a_range_in_the_table_blocks_a_substitution() -> None:
    made = tablets("estazolam", "1", "2", parts=2)
    asked = request("estazolam", "2", made, "night", strategy="substitution", params={"to": "diazepam"})

    assert refused(replace(asked, benzo_table="ashton-2002")).reason == "equivalence-range"


def test_the_target_of_a_substitution_is_in_milligrams_of_the_new_agent() -> None:
    asked = request("lorazepam", "2", LORAZEPAM, strategy="substitution", params={"to": "diazepam", "then": "linear"}, target_mg="3")
    plan = planned(replace(asked, benzo_table="ashton-2002"))

    assert plan.steps[-1].mg_per_day("diazepam") == 3
    assert check(plan) == ()


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({}, "to"),
        ({"to": "oxycodone"}, "to"),
        ({"to": "lorazepam"}, "to"),
        ({"to": "diazepam", "stages": 5}, "stages"),
        ({"to": "diazepam", "stages": 1}, "stages"),
        ({"to": "diazepam", "days": 15}, "days"),
        ({"to": "diazepam", "days": 6}, "days"),
        ({"to": "diazepam", "then": "substitution"}, "then"),
        ({"to": "diazepam", "new_mg": 10}, "new_mg"),
        ({"to": "diazepam", "then": "linear", "floor_mg": 1}, "floor_mg"),
    ],
)
def test_parameters_of_a_substitution_that_cannot_be_meant_are_named(params: dict[str, Any], named: str) -> None:
    with pytest.raises(WrongUsage, match=f"^{named}:"):
        propose(replace(request("lorazepam", "2", LORAZEPAM, strategy="substitution", params=params), benzo_table="ashton-2002"), tables())


def test_z_drugs_are_not_crossed_over() -> None:
    asked = request("zolpidem", "10", tablets("zolpidem", "5", "10", parts=2), "night", strategy="substitution", params={"to": "diazepam"})

    assert refused(asked).reason == "substitution-not-for-class"


def rotation(new_mg: str, to: str = "oxycodone", **params: Any) -> PlanRequest:
    entered = {"to": to, "equianalgesic_mg": 60, "equianalgesic_source": "package insert", "new_mg": new_mg, **params}
    made = (*MORPHINE_ER, *OXYCODONE, *tablets("methadone", "5", parts=2))
    return request("morphine", "90", made, "morning", "noon", "night", strategy="substitution", params=entered)


@pytest.mark.feature("F62")
def test_an_opioid_rotation_takes_the_dose_that_the_clinician_entered() -> None:
    plan = planned(rotation("40"))
    stages = [step for step in plan.steps if step.kind is StepKind.SUBSTITUTION]

    assert stages[-1].mg_per_day("morphine") == 0
    assert stages[-1].mg_per_day("oxycodone") == 40
    assert "package insert" in next(finding.message for finding in plan.findings if finding.code == "crossing")
    assert check(plan) == ()


@pytest.mark.parametrize(
    ("to", "new_mg", "is_made"),
    [
        ("oxycodone", "45", True),  # 25 %
        ("oxycodone", "50", False),  # 16.7 %
        ("oxycodone", "30", True),  # 50 %
        ("oxycodone", "25", False),  # 58.3 %
        ("methadone", "15", True),  # 75 %
        ("methadone", "20", False),  # 66.7 %
        ("methadone", "7.5", True),  # 87.5 %
        ("methadone", "5", False),  # 91.7 %
    ],
)
def test_the_reduction_of_a_rotation_has_bounds_and_methadone_its_own(to: str, new_mg: str, is_made: bool) -> None:
    outcome = propose(rotation(new_mg, to), tables())

    if is_made:
        assert getattr(outcome, "reason", "") != "rotation-reduction-out-of-bounds"
    else:
        assert getattr(outcome, "reason", "") == "rotation-reduction-out-of-bounds"


@pytest.mark.feature("F62")
@pytest.mark.parametrize("missing", ["equianalgesic_mg", "equianalgesic_source", "new_mg"])
def test_a_rotation_is_never_computed_from_mme(missing: str) -> None:
    asked = rotation("40")

    with pytest.raises(WrongUsage, match=f"^{missing}: is required"):
        propose(replace(asked, params=tuple(pair for pair in asked.params if pair[0] != missing)), tables())


def test_steps_of_methadone_last_at_least_a_week_and_the_plan_says_that_they_were_lengthened() -> None:
    plan = planned(request("methadone", "30", tablets("methadone", "5", parts=2), params={"percent": 10, "interval_days": 3}))
    lengths = {(step.end - step.start).days + 1 for step in plan.steps if step.end is not None}

    assert min(lengths) >= 7
    assert "interval-lengthened" in codes(plan)


# interval extension


def with_half_life(low: str, high: str) -> Tables:
    """The package's tables with another half-life of diazepam."""
    medicines = tables().medicines
    changed = tuple(
        replace(one, half_life_h=(Decimal(low), Decimal(high))) if one.name == "diazepam" else one for one in medicines.ingredients
    )
    return replace(tables(), medicines=replace(medicines, ingredients=changed))


DAILY = request("diazepam", "1", tablets("diazepam", "2", parts=2), "night", strategy="interval-extension")


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [("57", "57", "half-life-below-bound"), ("57.7", "57.7", "half-life-below-bound"), ("60", "100", "half-life-range")],
)
def test_daily_benzodiazepines_are_not_taken_less_often_below_the_bound_or_over_a_range(low: str, high: str, reason: str) -> None:
    assert refused(DAILY, with_half_life(low, high)).reason == reason


@pytest.mark.parametrize("hours", ["57.8", "60"])
def test_one_half_life_at_or_above_the_bound_lets_days_be_skipped(hours: str) -> None:
    plan = planned(DAILY, with_half_life(hours, hours))

    assert [step.every_days for step in plan.steps] == [1, 2, 3, 1]
    assert [step.kind for step in plan.steps][-1] is StepKind.UNIT_LIMITED
    assert plan.steps[1].mg_per_day("diazepam") == Decimal("0.5")
    assert next(finding.severity for finding in plan.findings if finding.code == "interval-extension") is Severity.ACKNOWLEDGE
    assert check(plan) == ()


def test_the_real_half_lives_of_benzodiazepines_block_skipping_days() -> None:
    assert refused(DAILY).reason == "half-life-range"


def test_opioids_at_the_smallest_unit_drop_a_time_then_lengthen_then_stop() -> None:
    made = tablets("morphine", "15", release=Release.EXTENDED)
    plan = planned(request("morphine", "45", made, "morning", "noon", "night", strategy="interval-extension"))

    assert mg(plan) == [Decimal(dose) for dose in ("45", "30", "15", "7.5", "0")]
    assert [step.every_days for step in plan.steps] == [1, 1, 1, 2, 1]
    assert check(plan) == ()


def test_opioids_above_the_smallest_unit_are_tapered_by_another_strategy_first() -> None:
    no = refused(request("morphine", "90", MORPHINE_ER, "morning", "noon", "night", strategy="interval-extension"))

    assert (no.reason, no.next_mg) == ("not-at-smallest-unit", Decimal(15))
    assert "other-strategy" in no.ways_out


def test_hypnotics_at_the_lowest_dose_get_drug_free_nights_to_acknowledge() -> None:
    plan = planned(
        request("zolpidem", "2.5", tablets("zolpidem", "5", parts=2), "night", strategy="interval-extension", params={"max_days": 2})
    )

    assert [step.every_days for step in plan.steps] == [1, 2, 1]
    assert next(finding.severity for finding in plan.findings if finding.code == "drug-free-nights") is Severity.ACKNOWLEDGE
    assert check(plan) == ()


def test_hypnotics_above_the_lowest_dose_do_not() -> None:
    asked = request("zolpidem", "10", tablets("zolpidem", "5", parts=2), "night", strategy="interval-extension")

    assert refused(asked).reason == "not-at-lowest-dose"


def test_patches_are_not_taken_less_often() -> None:
    assert refused(request("fentanyl", "0.3", (patch("fentanyl", "0.3"),), strategy="interval-extension")).reason == "not-for-patches"


# patches, combinations, releases


def test_steps_of_a_patch_are_multiples_of_its_wear_time() -> None:
    made = (patch("fentanyl", "0.3"), patch("fentanyl", "0.6"))
    asked = request("fentanyl", "1.8", made, params={"percent": 10, "interval_days": 14}, target_mg="0.6")
    plan = planned(replace(asked, unit_override=("Dr Amara Osei", "one patch", Decimal("0.3"))))

    assert {((step.end - step.start).days + 1) % 3 for step in plan.steps if step.end is not None} == {0}
    assert "interval-lengthened" in codes(plan)


def test_the_last_patch_has_no_unit_rule_and_the_way_out_is_an_entered_conversion() -> None:
    no = refused(request("fentanyl", "0.3", (patch("fentanyl", "0.3"),), params={"percent": 10, "interval_days": 28}))

    assert no.reason == "notch-above-unit-max"
    assert "entered-conversion" in no.ways_out


def test_companions_never_rise_above_their_limit() -> None:
    weak, strong = combination("oxycodone", "5", "acetaminophen", "325"), combination("oxycodone", "10", "acetaminophen", "325")

    no = refused(request("oxycodone", "65", (weak,), "morning", "noon", "evening", "night"))
    assert no.reason == "companion-above-limit"
    assert "4225 mg acetaminophen" in no.message
    assert mg(planned(request("oxycodone", "60", (weak, strong), "morning", "noon", "evening", "night")))[0] == 60


def _mg_of(step: Step, one: Product) -> Decimal:
    units = (unit for dose in step.doses for unit in dose.units if unit.rxcui == one.rxcui)
    return sum((unit.per_day * unit.strength_mg for unit in units), Decimal(0))


def test_extended_and_immediate_release_fall_one_after_the_other_and_never_take_each_others_place() -> None:
    slow, quick = product("oxycodone", "10", release=Release.EXTENDED), product("oxycodone", "5")
    taken = (
        Taken(slow.rxcui, Slot.MORNING, Decimal(2)),
        Taken(slow.rxcui, Slot.NIGHT, Decimal(2)),
        Taken(quick.rxcui, Slot.NOON, Decimal(2)),
        Taken(quick.rxcui, Slot.NIGHT, Decimal(2)),
    )
    asked = request("oxycodone", "60", (slow, quick), params={"percent": 10, "interval_days": 28})
    plan = planned(replace(asked, taken=taken))
    by_release = [(_mg_of(step, slow), _mg_of(step, quick)) for step in plan.steps]

    assert by_release[:4] == [(Decimal(40), Decimal(mg)) for mg in (20, 15, 10, 0)]
    assert by_release[-1] == (Decimal(0), Decimal(0))
    assert check(plan) == ()


def test_extended_and_immediate_release_without_knowing_what_is_taken_are_refused() -> None:
    made = (product("oxycodone", "10", release=Release.EXTENDED), product("oxycodone", "5"))

    assert refused(request("oxycodone", "60", made)).reason == "releases-not-known-apart"
