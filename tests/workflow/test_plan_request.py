"""What the engine is asked: the confirmed dose, the products on the shelf, and what nobody said."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan, Tier
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.plan_request import Question, question_of
from fhir_taper.workflow.read_chart import read_chart
from fhir_taper.workflow.regimen import Reading, read

PATIENTS = Path(__file__).resolve().parents[2] / "fixtures" / "patients"
DAY = date(2026, 1, 5)


def reading(patient: str) -> Reading:
    return read(read_chart(str(PATIENTS / f"{patient}.json")), DAY, "cdc-2022", "va-dod-2021")


def options(drug: str, **said: object) -> PlanOptions:
    return PlanOptions(drug, DAY, **said)  # type: ignore[arg-type]


def asked(patient: str, drug: str, **said: object) -> PlanRequest:
    question = question_of(reading(patient), options(drug, **said))
    assert isinstance(question, Question)
    return question.request


def refused(patient: str, drug: str, **said: object) -> Infeasible:
    no = question_of(reading(patient), options(drug, **said))
    assert isinstance(no, Infeasible)
    return no


@pytest.mark.parametrize("drug", ["lorazepam", "Lorazepam", "Ativan", "197901", "6470"])
def test_a_medicine_may_be_named_by_ingredient_brand_or_code(drug: str) -> None:
    assert asked("lorazepam-elder", drug).ingredient == "lorazepam"


def test_the_scheduled_dose_is_the_baseline_where_nothing_needs_confirming() -> None:
    baseline = asked("lorazepam-elder", "lorazepam").baseline
    assert (baseline.mg, baseline.confirmed_by) == (Decimal(3), "")


def test_the_shelf_holds_what_is_taken_and_its_unbranded_sisters() -> None:
    assert [product.rxcui for product in asked("lorazepam-elder", "lorazepam").products] == ["197900", "197901", "197902"]


def test_named_products_are_the_only_ones() -> None:
    assert [product.rxcui for product in asked("lorazepam-elder", "lorazepam", products=("197901",)).products] == ["197901"]


def test_quarters_can_be_permitted_for_tablets_that_may_be_split() -> None:
    assert {product.parts for product in asked("lorazepam-elder", "lorazepam", parts=4).products} == {4}


def test_permission_never_takes_parts_away() -> None:
    as_labelled = asked("lorazepam-elder", "lorazepam", parts=2).products
    assert min(product.parts for product in as_labelled) == 2


def test_a_cross_over_brings_the_other_agent_s_plain_tablets() -> None:
    products = asked("lorazepam-elder", "lorazepam", strategy="substitution", params=(("to", "diazepam"),)).products
    assert [product.rxcui for product in products if product.ingredient == "diazepam"] == ["197590", "197591", "197589"]


def test_an_as_needed_dose_must_be_confirmed_by_somebody() -> None:
    no = refused("diazepam-oxycodone", "oxycodone")
    assert no.reason == "baseline-not-confirmed"
    assert "scheduled 0 mg a day, at most 60 mg a day" in no.message
    assert no.ways_out == ("confirm-baseline",)


def test_a_confirmed_intake_is_taken_with_who_confirmed_it() -> None:
    baseline = asked("diazepam-oxycodone", "oxycodone", baseline_mg=Decimal(45), baseline_by="pharmacist, dispense history").baseline
    assert (baseline.mg, baseline.confirmed_by, baseline.confirmed_on) == (Decimal(45), "pharmacist, dispense history", DAY)


def test_an_incomplete_chart_is_said_on_the_plan_and_waits_for_a_person() -> None:
    plan = make_plan(reading("incomplete-chart"), options("clonazepam", strategy="linear", parts=2))
    assert isinstance(plan, TaperPlan)
    assert [finding.severity for finding in plan.findings if finding.code == "chart-incomplete"] == [Severity.ACKNOWLEDGE]


def test_duration_of_use_is_read_from_the_chart_unless_somebody_says_it() -> None:
    assert asked("lorazepam-elder", "lorazepam").use == ">=1y"
    assert asked("lorazepam-elder", "lorazepam", use="1m-1y").use == "1m-1y"


def test_the_zone_is_the_patient_s_own() -> None:
    assert asked("lorazepam-elder", "lorazepam").zone == "America/New_York"
    assert asked("lorazepam-elder", "lorazepam", zone="Europe/Paris").zone == "Europe/Paris"
    assert asked("lorazepam-elder", "lorazepam", site_zone="America/Chicago").zone == "America/New_York"


def test_where_nobody_knows_the_patients_zone_the_days_are_those_of_the_site_and_that_is_said() -> None:
    """They were days in UTC: a draft of an evening in New York began on a day that was past when it was approved."""
    there = reading("lorazepam-elder")
    nowhere = replace(there, facts=replace(there.facts, zone=None))
    question = question_of(nowhere, options("lorazepam", site_zone="America/Chicago"))
    assert isinstance(question, Question)
    assert question.request.zone == "America/Chicago"
    (said,) = [one.message for one in question.said if one.code == "zone-not-known"]
    assert said == "The patient's time zone is not known: the plan's days are days in America/Chicago."


def test_falls_and_an_opioid_beside_a_sedative_keep_the_larger_dose_from_the_night() -> None:
    assert asked("lorazepam-elder", "lorazepam").avoid_night
    assert asked("diazepam-oxycodone", "diazepam").avoid_night
    assert not asked("fentanyl-patch", "fentanyl").avoid_night


def test_the_tier_travels_with_its_factors() -> None:
    request = asked("lorazepam-elder", "lorazepam")
    assert request.tier is Tier.STANDARD
    assert {"dose", "duration", "age"} <= {factor.factor for factor in request.tier_factors if factor.tier is Tier.STANDARD}


def test_the_dose_tier_goes_by_the_chosen_table_and_without_one_by_the_cautious_end() -> None:
    undecided = read(read_chart(str(PATIENTS / "lorazepam-elder.json")), DAY, "cdc-2022", None)
    question = question_of(undecided, options("lorazepam"))
    assert isinstance(question, Question)
    assert question.request.tier is Tier.HIGH


def test_a_plan_without_an_order_needs_a_confirmed_dose_and_products() -> None:
    no = refused("lorazepam-elder", "clonazepam")
    assert (no.reason, no.ways_out) == ("not-taken", ("confirm-baseline", "name-products"))
    request = asked("lorazepam-elder", "clonazepam", baseline_mg=Decimal(1), baseline_by="the patient", products=("197527",))
    assert (request.ingredient, request.baseline.mg) == ("clonazepam", Decimal(1))


def test_an_antitussive_is_counted_but_not_tapered() -> None:
    chart = reading("lorazepam-elder")
    cough = replace(chart.regimen.items[0], taper_candidate=False, why_not_candidate="an antitussive")
    regimen: Regimen = replace(chart.regimen, items=(cough,))
    no = question_of(replace(chart, regimen=regimen), options("lorazepam"))
    assert isinstance(no, Infeasible)
    assert (no.reason, no.message) == ("not-a-taper-candidate", "lorazepam 1 MG Oral Tablet: an antitussive")


@pytest.mark.parametrize(
    ("drug", "said", "names"),
    [
        ("unobtainium", {}, "--drug 'unobtainium'"),
        ("lisinopril", {}, "--drug lisinopril"),
        ("lorazepam", {"products": ("197590",)}, "--products names no product of lorazepam"),
        ("lorazepam", {"products": ("1",)}, "--products 1"),
        ("lorazepam", {"baseline_mg": Decimal(3)}, "--baseline-by"),
        ("lorazepam", {"baseline_mg": Decimal(0), "baseline_by": "x"}, "--baseline 0"),
        ("lorazepam", {"baseline_by": "x"}, "--baseline-by without --baseline or --taken"),
        ("lorazepam", {"zone": "Nowhere/City"}, "Nowhere/City"),
        ("lorazepam", {"params": (("to", "unobtainium"),)}, "to=unobtainium"),
    ],
)
def test_an_option_that_cannot_be_meant_is_named(drug: str, said: dict[str, object], names: str) -> None:
    with pytest.raises(WrongUsage, match=names):
        question_of(reading("lorazepam-elder"), options(drug, **said))


def test_tablets_that_no_us_pharmacy_has_are_not_counted_on_unless_they_are_named() -> None:
    assert "199275" not in {product.rxcui for product in asked("lorazepam-elder", "lorazepam").products}
    assert asked("lorazepam-elder", "lorazepam", products=("199275",)).products[0].rxcui == "199275"


def test_a_confirmed_intake_above_the_orders_is_not_piled_onto_their_times_of_day() -> None:
    request = asked("lorazepam-elder", "lorazepam", baseline_mg=Decimal(6), baseline_by="pharmacist, dispense history")
    assert (request.intakes, request.taken) == ((), ())
    less = asked("lorazepam-elder", "lorazepam", baseline_mg=Decimal(2), baseline_by="pharmacist, dispense history")
    assert less.intakes


def test_the_risk_tier_goes_by_what_a_person_confirmed_and_not_by_the_orders_alone() -> None:
    taken = (Taken("197901", Slot.NIGHT, Decimal(8)),)
    more = asked("lorazepam-elder", "lorazepam", taken=taken, baseline_by="Dr Example")
    dose = next(factor for factor in more.tier_factors if factor.factor == "dose")

    assert (dose.tier, "40 mg diazepam-equivalent" in dose.says) == (Tier.HIGH, True)


def test_findings_of_a_plan_go_by_what_a_person_confirmed() -> None:
    taken = tuple(Taken("1049618", slot, Decimal(2)) for slot in (Slot.MORNING, Slot.NIGHT))
    plan = make_plan(reading("diazepam-oxycodone"), options("oxycodone", strategy="linear", taken=taken, baseline_by="Dr Example"))

    assert isinstance(plan, TaperPlan)
    assert "mme-from-90" in {finding.code for finding in plan.findings}
