"""Ways out are named where the engine made a plan that way; what only a person can enter is told apart."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Release
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut, infeasible_to_document
from fhir_taper.plans.tapers.plan import Tier
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.plans.tapers.made_requests import combination, liquid, patch, planned, refused, request, tablets

ZOLPIDEM = request("zolpidem", "10", tablets("zolpidem", "5", "10"), "night")
TAPENTADOL = request("tapentadol", "300", tablets("tapentadol", "50", "75", "100"))
FENTANYL = request("fentanyl", "1.2", (patch("fentanyl", "0.6"), patch("fentanyl", "1.2")), params={"interval_days": 30})


def ways(asked: PlanRequest) -> set[str]:
    return {way.value for way in refused(asked).ways_out}


@pytest.mark.parametrize("asked", [ZOLPIDEM, TAPENTADOL, FENTANYL], ids=["zolpidem", "tapentadol", "fentanyl"])
@pytest.mark.parametrize("strategy", ["linear", "proportional", "hyperbolic"])
def test_another_strategy_is_not_named_where_none_gives_a_plan(asked: PlanRequest, strategy: str) -> None:
    named = ways(replace(asked, strategy=strategy))

    assert named
    assert "other-strategy" not in named


def test_another_strategy_is_named_where_one_gives_a_plan() -> None:
    asked = request("zolpidem", "5", tablets("zolpidem", "5"), "night")

    assert "other-strategy" in ways(asked)
    assert planned(replace(asked, strategy="interval-extension")).steps[-1].mg_per_day("zolpidem") == 0


def test_parts_are_named_where_they_make_the_plan_that_was_asked_for() -> None:
    halves = tuple(replace(product, parts=2) for product in ZOLPIDEM.products)

    assert {"half", "quarter"} <= ways(ZOLPIDEM)
    assert planned(replace(ZOLPIDEM, products=halves)).steps[-1].mg_per_day("zolpidem") == 0


def test_an_override_is_named_where_permission_for_the_notches_in_the_way_makes_a_plan() -> None:
    assert "override" in ways(FENTANYL)
    assert planned(replace(FENTANYL, unit_override=("Dr Amara Osei", "one patch", Decimal("0.6")))).steps


def test_a_lower_dose_is_named_as_a_goal_where_it_is_reached() -> None:
    asked = request("morphine", "200", tablets("morphine", "15", "100"), params={"percent": 10, "interval_days": 28})
    no = refused(replace(asked, unit_override=("Dr Amara Osei", "no notch", Decimal(1))))
    goal = planned(replace(asked, target_mg=no.at_mg or Decimal(0), unit_override=("Dr Amara Osei", "no notch", Decimal(1))))

    assert "maintenance" in {way.value for way in no.ways_out}
    assert goal.steps[-1].mg_per_day("morphine") == no.at_mg


def test_no_lower_dose_is_a_goal_where_the_first_cut_is_the_one_that_cannot_be_made() -> None:
    assert "maintenance" not in ways(ZOLPIDEM)


@pytest.mark.parametrize("strategy", ["proportional", "hyperbolic"])
def test_a_slow_curve_that_takes_too_long_has_ways_out_that_end_in_time(strategy: str) -> None:
    asked = replace(request("diazepam", "40", tablets("diazepam", "2", "5", "10", parts=2), strategy=strategy), tier=Tier.HIGH)
    no = refused(asked)
    sooner = planned(replace(asked, params=(("interval_days", "14"),)))

    assert no.reason == "duration"
    assert {"other-strategy", "shorter-interval"} <= {way.value for way in no.ways_out}
    assert (sooner.steps[-1].start - sooner.steps[0].start).days <= 1095


def test_a_crossing_is_named_by_whichever_table_makes_it_where_none_was_chosen() -> None:
    asked = request("alprazolam", "3", tablets("alprazolam", "0.5", "1", "2", "3", release=Release.EXTENDED), "morning")

    assert asked.benzo_table is None
    assert "substitution" in ways(asked)


def test_a_strategy_that_is_refused_as_such_names_what_makes_a_plain_taper_possible() -> None:
    asked = replace(ZOLPIDEM, strategy="interval-extension")

    assert refused(asked).reason == "not-at-lowest-dose"
    assert {"half", "override"} <= ways(asked)


def test_patches_that_cannot_be_taken_less_often_still_have_ways_out() -> None:
    assert {"override", "entered-conversion"} <= ways(replace(FENTANYL, strategy="interval-extension", params=()))


def test_a_start_that_these_products_make_is_named_where_it_leads_to_a_plan() -> None:
    asked = request("diazepam", "20.3", tablets("diazepam", "2", "5", parts=2))
    no = refused(asked)

    assert no.reason == "baseline-not-on-grid"
    assert {WayOut.OTHER_BASELINE, WayOut.NAME_PRODUCTS} <= set(no.ways_out)
    assert planned(replace(asked, baseline=replace(asked.baseline, mg=no.next_mg or Decimal(0)))).steps


def test_too_much_of_a_companion_is_avoided_with_the_ingredient_alone() -> None:
    no = refused(
        request("oxycodone", "65", (combination("oxycodone", "5", "acetaminophen", "325"),), "morning", "noon", "evening", "night")
    )

    assert no.reason == "companion-above-limit"
    assert (no.next_mg, WayOut.WITHOUT_COMPANION in no.ways_out) == (Decimal(60), True)


def test_a_patient_on_buprenorphine_is_not_sent_to_buprenorphine() -> None:
    no = refused(request("buprenorphine", "8", tablets("buprenorphine", "8"), "morning"))

    assert WayOut.BUPRENORPHINE_PATHWAY not in no.ways_out


def test_without_a_product_the_products_are_to_be_named() -> None:
    no = refused(request("oxycodone", "20", tablets("morphine", "15")))

    assert no.reason == "no-product"
    assert WayOut.NAME_PRODUCTS in no.ways_out


def test_two_releases_ask_for_what_is_taken_of_each() -> None:
    made = (*tablets("oxycodone", "10", release=Release.EXTENDED), *tablets("oxycodone", "5"))

    assert ways(request("oxycodone", "60", made)) == {"state-what-is-taken"}


def test_what_only_a_person_can_enter_is_not_said_to_be_tried() -> None:
    untried = {way.value for way in WayOut if not way.is_tried}

    assert untried == {"entered-conversion", "buprenorphine-pathway", "state-what-is-taken", "confirm-baseline", "name-products"}


def test_trying_ways_out_never_raises_for_a_request_that_only_lacks_a_parameter() -> None:
    asked = request("lorazepam", "3", tablets("lorazepam", "2"), strategy="stepped", params={"bands": "0:0.5:14"})

    assert isinstance(refused(replace(asked, taken=(Taken("other", None, Decimal(1)),))), Infeasible)


def test_the_document_says_the_stops_of_the_chart_first() -> None:
    assert next(iter(infeasible_to_document(Infeasible("duration", "too long"))["infeasible"])) == "findings"


def test_a_liquid_is_named_where_tablets_alone_cannot_go_on() -> None:
    asked = request("diazepam", "4", tablets("diazepam", "2"), "night")

    assert "liquid" in ways(asked)
    assert planned(replace(asked, products=(*asked.products, liquid("diazepam", "1", "0.1")))).steps
