"""Companion limits of whole plans: other tablets of the plan's products make the dose, or the plan is refused."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.plans.tapers.made_requests import codes, combination, own, planned, refused, request, tables

APAP = "acetaminophen"
CODEINE = tuple(combination("codeine", mg, APAP, apap) for mg, apap in (("8", "500"), ("15", "300"), ("30", "500"), ("60", "300")))
HYDROCODONE = tuple(
    combination("hydrocodone", mg, APAP, apap) for mg, apap in (("2.5", "500"), ("5", "500"), ("7.5", "750"), ("10", "660"))
)
THRICE = ("morning", "noon", "night")


def most_of_a_day(plan: TaperPlan, brings: dict[str, Decimal]) -> Decimal:
    """The most of the companion on any day of the plan, in mg, by hand."""
    return max(sum((unit.per_day * brings[unit.rxcui] for dose in step.doses for unit in dose.units), Decimal(0)) for step in plan.steps)


@pytest.mark.parametrize("strategy", ["linear", "proportional", "hyperbolic"])
def test_no_step_brings_too_much_of_a_companion_where_other_tablets_of_the_plan_make_the_dose(strategy: str) -> None:
    limit = tables().limits.setting("companion-acetaminophen").number("mg_max")
    for products, drug, baseline in ((CODEINE, "codeine", "240"), (HYDROCODONE, "hydrocodone", "60")):
        plan = planned(request(drug, baseline, products, *THRICE, strategy=strategy))

        assert most_of_a_day(plan, {one.rxcui: one.companions[0].mg for one in products}) <= limit
        assert check(plan) == ()


def test_what_no_tablets_make_within_the_limit_is_refused_with_the_amounts() -> None:
    no = refused(request("codeine", "240", CODEINE[1:2], "morning", "noon", "evening", "night"))

    assert no.reason == "companion-above-limit"
    assert "240 mg codeine a day would bring 4800 mg acetaminophen, above 4000 mg" in no.message


def test_the_companions_of_both_agents_of_a_crossing_add_up() -> None:
    old = combination("hydrocodone", "5", APAP, "650")
    new = (combination("oxycodone", "2.5", APAP, "1000"), combination("oxycodone", "15", APAP, "500"))
    params = {"to": "oxycodone", "equianalgesic_mg": 20, "equianalgesic_source": "package insert", "new_mg": 15, "then": "linear"}
    no = refused(request("hydrocodone", "30", (old, *new), *THRICE, strategy="substitution", params=params))

    assert no.reason == "companion-above-limit"
    assert "hydrocodone and" in no.message


TEN, FIVE = own("856999"), own("856987")  # 10/325 mg and 5/300 mg


def test_a_companion_of_tablets_that_are_not_known_counts_as_the_least_that_makes_the_baseline() -> None:
    asked = replace(with_others((FIVE, TEN), "4000"), taken=())

    assert most_of_a_day(planned(asked), {one.rxcui: one.companions[0].mg for one in (FIVE, TEN)}) == Decimal(1300)


def with_others(products: tuple[Product, ...], elsewhere: str) -> PlanRequest:
    """40 mg hydrocodone taken as four tablets of 10/325 mg, beside so much acetaminophen of other medicines."""
    slots = (Slot.MORNING, Slot.NOON, Slot.EVENING, Slot.NIGHT)
    asked = request("hydrocodone", "40", products, params={"percent": 10, "interval_days": 28})
    taken = tuple(Taken(TEN.rxcui, slot, Decimal(1)) for slot in slots)
    return replace(asked, taken=taken, companions_elsewhere=((APAP, Decimal(elsewhere)),))


def test_what_other_medicines_bring_is_left_out_of_a_plans_share() -> None:
    no = refused(with_others((FIVE,), "2600"))

    assert no.reason == "companion-above-limit"
    assert "40 mg hydrocodone a day would bring 2400 mg acetaminophen beside 2600 mg of other medicines, above 4000 mg" in no.message


def test_a_plan_keeps_to_its_share_by_other_tablets_of_its_own() -> None:
    plan = planned(with_others((FIVE, TEN), "2600"))

    assert most_of_a_day(plan, {one.rxcui: one.companions[0].mg for one in (FIVE, TEN)}) <= Decimal(1400)


def test_what_is_taken_today_may_go_on_where_others_fill_the_limit_and_never_more() -> None:
    plan = planned(with_others((FIVE, TEN), "4000"))

    assert most_of_a_day(plan, {one.rxcui: one.companions[0].mg for one in (FIVE, TEN)}) == Decimal(1300)
    assert refused(with_others((FIVE,), "4000")).message.endswith("default) and above the 1300 mg of today's tablets")


def test_tablets_that_bring_more_of_a_companion_than_todays_are_said_from_the_first_day_on() -> None:
    plan = planned(with_others((FIVE,), "0"))
    found = next(finding for finding in plan.findings if finding.code == "companion-rise")

    assert (found.severity, found.value) == (Severity.ACKNOWLEDGE, "2400 mg acetaminophen a day, where today it is 1300 mg")
    assert "companion-rise" not in codes(planned(with_others((TEN, FIVE), "0")))
