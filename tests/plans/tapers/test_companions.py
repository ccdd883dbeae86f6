"""Companion limits of whole plans: other tablets of the plan's products make the dose, or the plan is refused."""

from decimal import Decimal

import pytest

from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.plans.tapers.made_requests import combination, planned, refused, request, tables

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
