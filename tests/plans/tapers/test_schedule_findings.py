"""What a schedule says of itself: few findings, each in one sentence, with the right limit, in the unit of its products."""

from dataclasses import replace
from decimal import Decimal

from fhir_taper.plans.tapers.finding import SIGN_OFF_AWAITED, Finding, Severity, ranked
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan
from tests.plans.tapers.made_requests import liquid, patch, planned, refused, request, tablets

HALVES = tablets("diazepam", "2", parts=2)
PATCHES = (patch("fentanyl", "0.3"), patch("fentanyl", "0.6"), patch("fentanyl", "1.2"))
FENTANYL = request("fentanyl", "1.2", PATCHES, params={"percent": 10, "interval_days": 30})


def finding(plan: TaperPlan, code: str) -> Finding:
    return next(one for one in plan.findings if one.code == code)


def test_every_unit_limited_cut_is_named_with_the_limit_that_it_is_beyond() -> None:
    says = finding(planned(request("diazepam", "4", HALVES, params={"percent": 10, "interval_days": 14})), "unit-limited").message

    assert says == (
        "3 mg is 25 % below 4 mg; the first step should not exceed 10 %. No smaller cut can be made with these products."
        " Likewise 2 mg (33.3 %), 1 mg (50 %) and 0 mg (100 %): 25 % in 14 days should not be exceeded."
    )


def test_many_unit_limited_cuts_are_counted_and_the_first_ones_spelt_out() -> None:
    made = tablets("morphine", "15")
    plan = planned(request("morphine", "150", made, "morning", "noon", "night", params={"percent": 10, "interval_days": 28}))
    kinds = [step.kind for step in plan.steps]
    says = finding(plan, "unit-limited").message

    assert kinds.count(StepKind.UNIT_LIMITED) >= 3
    assert len(says) < 400
    assert sum(one.code == "unit-limited" for one in plan.findings) == 1


def test_a_cut_that_is_unit_limited_is_not_said_again_to_be_faster_than_advised() -> None:
    plan = planned(request("diazepam", "4", HALVES, params={"percent": 10, "interval_days": 14}))
    reductions = {step.kind for step in plan.steps[1:]}

    assert reductions == {StepKind.UNIT_LIMITED}
    assert "pace-advised" not in {one.code for one in plan.findings}


def test_cuts_beyond_the_advised_pace_are_counted_apart_from_unit_limited_ones() -> None:
    plan = planned(request("diazepam", "20", (*tablets("diazepam", "5", parts=2), *HALVES), params={"percent": 10, "interval_days": 14}))
    says = finding(plan, "pace-advised").message

    assert "reductions besides those that are unit-limited are beyond 10 % of the dose then in 14 days" in says


def test_a_patch_is_refused_in_the_unit_that_it_is_prescribed_in() -> None:
    no = refused(FENTANYL)

    assert no.message.startswith("from 50 mcg/h (1.2 mg a day) the next lower dose that can be made is 37.5 mcg/h")
    assert no.at_mg == Decimal("1.2")


def test_a_patch_dose_that_cannot_be_made_is_named_in_its_own_unit() -> None:
    no = refused(replace(FENTANYL, baseline=replace(FENTANYL.baseline, mg=Decimal("1.3"))))

    assert "baseline of 54.17 mcg/h (1.3 mg a day)" in no.message
    assert no.message.endswith("the next lower dose is 50 mcg/h")


def test_findings_of_patches_speak_in_their_own_unit() -> None:
    plan = planned(replace(FENTANYL, unit_override=("Dr Amara Osei", "one patch at a time", Decimal("0.3"))))
    of_cuts = [one for one in plan.findings if one.code in ("unit-limited", "unit-override", "pace-advised")]

    assert finding(plan, "unit-limited").message.startswith("37.5 mcg/h is 25 % below 50 mcg/h;")
    assert "12.5 mcg/h for this plan" in finding(plan, "unit-override").message
    assert not any(" mg" in one.message for one in of_cuts)


def test_findings_of_a_liquid_speak_of_mg() -> None:
    plan = planned(request("diazepam", "2", (liquid("diazepam", "1", "0.1"),)))

    assert "0 mg (100 %)" in finding(plan, "unit-limited").message


def test_what_every_plan_says_comes_last_and_stops_come_first() -> None:
    stop, acknowledge, note = (Finding(severity, severity.value, "", "") for severity in Severity)
    always = replace(note, code=SIGN_OFF_AWAITED)

    assert ranked((always, note, acknowledge, stop)) == (stop, acknowledge, note, always)
    assert planned(request("diazepam", "4", HALVES)).findings[-1].code == SIGN_OFF_AWAITED
