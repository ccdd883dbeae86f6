"""Requests that nobody should make and somebody will: each is a plan that keeps its limits, or a no with a reason, and never a crash."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product as every

import pytest

from fhir_taper.plans.medicines.codes import Release, Slot
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.plans.tapers.made_requests import liquid, patch, planned, product, refused, request, tables, tablets

SLOW, QUICK = product("oxycodone", "10", release=Release.EXTENDED), product("oxycodone", "5", 2)
BOTH = replace(
    request("oxycodone", "47.5", (SLOW, QUICK)),
    taken=(
        Taken(SLOW.rxcui, Slot.MORNING, Decimal(2)),
        Taken(SLOW.rxcui, Slot.NIGHT, Decimal(2)),
        Taken(QUICK.rxcui, Slot.NOON, Decimal("1.5")),
    ),
)
ODD = {
    "one tablet a day": request("diazepam", "2", tablets("diazepam", "2"), "night"),
    "three strengths without a common measure but one": request("morphine", "93", tablets("morphine", "7", "11", "13"), "morning", "night"),
    "a liquid of a thousandth of a mg": request("diazepam", "40", (liquid("diazepam", "0.01", "0.1"),)),
    "a liquid of a millionth of a mg": request("diazepam", "4", (liquid("diazepam", "0.001", "0.001"),)),
    "half a mg of alprazolam in halves": request("alprazolam", "0.5", tablets("alprazolam", "0.25", "0.5", parts=2)),
    "quarters and a liquid": request("alprazolam", "0.5", (*tablets("alprazolam", "0.25", parts=4), liquid("alprazolam", "1", "0.05"))),
    "both releases": BOTH,
    "two patches of different wear": request("fentanyl", "1.2", (patch("fentanyl", "0.6"), patch("fentanyl", "0.3", 48))),
    "a hundred thousand steps": request(
        "morphine", "1000", (liquid("morphine", "1", "0.01"),), use="<1m", params={"percent": "0.001", "interval_days": 1}
    ),
    "a baseline that no tablets reach": request("morphine", "99999", tablets("morphine", "15", "100")),
    "a baseline below every measure": request("lorazepam", "0.000000000001", tablets("lorazepam", "1")),
    "the same product twice": request("morphine", "60", tablets("morphine", "15", "15")),
    "everything at once": request("morphine", "60", tablets("morphine", "15"), use="<1m", params={"percent": 100, "interval_days": 1}),
    "nearly nothing at a time": request("morphine", "60", tablets("morphine", "15"), params={"percent": "0.000000001", "interval_days": 1}),
    "an interval beyond any life": request("morphine", "60", tablets("morphine", "15"), params={"interval_days": 999_999_999}),
}
STRATEGIES = ("linear", "proportional", "hyperbolic", "interval-extension")


def outcome(asked: PlanRequest, strategy: str) -> TaperPlan | Infeasible:
    names = {"linear": ("percent", "interval_days"), "proportional": ("percent", "interval_days")}.get(strategy, ("interval_days",))
    params = tuple((name, value) for name, value in asked.params if name in names)
    return propose(replace(asked, strategy=strategy, params=params), tables())


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_request_is_a_plan_that_keeps_its_limits_or_a_no_with_a_reason(odd: str, strategy: str) -> None:
    made = outcome(ODD[odd], strategy)

    if isinstance(made, Infeasible):
        assert made.reason
        assert made.ways_out
    else:
        assert check(made) == ()


def test_strengths_that_share_no_measure_are_refused_and_not_counted_through() -> None:
    no = refused(request("morphine", "60", tablets("morphine", "15", "3.333333333333"), "night"))

    assert (no.reason, [way.value for way in no.ways_out]) == ("doses-too-fine", ["name-products"])


def test_a_product_without_a_strength_is_none() -> None:
    assert refused(request("morphine", "60", tablets("morphine", "0"))).reason == "no-product"


def test_a_dose_that_another_release_would_have_to_make_does_not_exist() -> None:
    assert refused(replace(BOTH, target_mg=Decimal(41))).next_mg == 40
    assert planned(replace(BOTH, target_mg=Decimal(40))).steps[-1].mg_per_day("oxycodone") == 40


def test_coprime_strengths_make_exactly_the_doses_that_trying_every_intake_makes() -> None:
    strengths, pieces = (7, 11, 13), 6
    intakes = {
        sum(count * mg for count, mg in zip(counts, strengths, strict=True))
        for counts in every(range(pieces + 1), repeat=3)
        if sum(counts) <= pieces
    }
    by_hand = {first + second for first in intakes for second in intakes}
    plan = planned(request("morphine", "93", tablets("morphine", *map(str, strengths)), "morning", "night"))

    for step in plan.steps:
        dose = Fraction(step.mg_per_day("morphine"))
        nearest = min(by_hand, key=lambda mg: (abs(mg - Fraction(step.ideal_mg)), -mg))
        assert dose in by_hand
        assert dose == nearest or step.kind in ("limited", "unit-limited")
