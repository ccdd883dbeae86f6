"""How many steps a hyperbolic taper takes where coarse doses would let it hurry."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.plan import Tier
from fhir_taper.plans.tapers.request import PlanRequest
from tests.plans.tapers.made_requests import planned, request, tables, tablets

LORAZEPAM = tablets("lorazepam", "0.5", "1", "2", parts=2)
LOW = request("lorazepam", "0.5", LORAZEPAM, strategy="hyperbolic")


def days(asked: PlanRequest) -> int:
    plan = planned(asked)
    return (plan.steps[-1].start - plan.steps[0].start).days


@pytest.mark.parametrize("tier", [Tier.LOW, Tier.STANDARD])
@pytest.mark.parametrize("baseline", ["0.25", "0.5", "1", "2"])
def test_from_a_low_dose_it_is_never_faster_than_linear(tier: Tier, baseline: str) -> None:
    asked = replace(LOW, baseline=replace(LOW.baseline, mg=Decimal(baseline)), tier=tier)

    assert days(asked) >= days(replace(asked, strategy="linear"))


@pytest.mark.parametrize(("tier", "steps"), [(Tier.LOW, "13"), (Tier.STANDARD, "28"), (Tier.HIGH, "39")])
def test_the_steps_are_the_fewest_that_keep_the_first_cut_or_as_many_as_there_is_time_for(tier: Tier, steps: str) -> None:
    plan = planned(replace(LOW, tier=tier))

    assert dict(plan.params)["steps"] == steps
    assert check(plan) == ()
    assert days(replace(LOW, tier=tier)) <= 1095


def test_a_number_of_steps_that_a_person_gives_is_taken() -> None:
    assert dict(planned(replace(LOW, params=(("steps", "4"),))).params)["steps"] == "4"


def test_the_row_of_the_table_decides_whether_the_curve_keeps_the_cap() -> None:
    of = tables()
    setting = of.limits.settings["hyperbolic"]
    without = replace(setting, numbers={**setting.numbers, "keeps_first_cut": Decimal(0)})
    other = replace(of, limits=replace(of.limits, settings={**of.limits.settings, "hyperbolic": without}))

    assert int(dict(planned(LOW, other).params)["steps"]) < int(dict(planned(LOW).params)["steps"])
