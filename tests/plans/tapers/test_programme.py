"""Several tapers of one patient: which first and why, and never two reductions too close together."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.programme import Order, collisions, days_to_wait, order_of
from fhir_taper.plans.tapers.shifting import shifted_from
from tests.plans.tapers.made_charts import (
    DIAZEPAM_5,
    METHADONE_10,
    OXYCODONE_5,
    TABLES,
    ZOLPIDEM_10,
    fact,
    facts,
    item,
    regimen,
)
from tests.plans.tapers.made_plans import diazepam_plan, falling_plans, oxycodone_plan

RULES = load_life_rules()
BOTH = regimen(item(DIAZEPAM_5, "4"), item(OXYCODONE_5, "20"))


def order(taken: Regimen, *more: Fact) -> Order:
    return order_of(taken, facts(*more), TABLES.safety)


def turns(taken: Regimen) -> list[str]:
    return [turn.ingredient for turn in order(taken).turns]


@pytest.mark.feature("F54")
def test_the_opioid_usually_goes_first_and_the_reason_has_a_source() -> None:
    first, second = order(BOTH).turns
    assert (first.place, first.ingredient, first.why) == (1, "oxycodone", "usually safer and more practical first")
    assert (second.ingredient, second.why) == ("diazepam", "after the opioid, never both reduced at once")
    assert "recommendation 11" in first.source


def test_a_z_drug_comes_after_the_benzodiazepine() -> None:
    assert turns(regimen(item(ZOLPIDEM_10, "10"), item(DIAZEPAM_5, "4"), item(OXYCODONE_5, "20"))) == ["oxycodone", "diazepam", "zolpidem"]


def test_a_benzodiazepine_that_is_taken_only_as_needed_may_go_first() -> None:
    as_needed = item(DIAZEPAM_5, "0", max_mg=Decimal(10), as_needed=True)
    first, second = order(regimen(as_needed, item(OXYCODONE_5, "20"))).turns
    assert (first.ingredient, first.why) == ("diazepam", "taken only as needed: it may go first while the opioid stays")
    assert second.why == "after the medicine that is taken only as needed"


def test_opioid_use_disorder_is_treated_before_any_taper() -> None:
    assert order(BOTH, fact("opioid-use-disorder")).before == ("offer medication for opioid use disorder first (opioid-use-disorder)",)


def test_misuse_or_overdose_asks_which_medicine_it_was() -> None:
    (asked,) = order(BOTH, fact("overdose-history")).ask
    assert asked.endswith("Then that one goes first")
    assert order(regimen(item(OXYCODONE_5, "20")), fact("overdose-history")).ask == ()


def test_treatment_of_opioid_use_disorder_is_never_in_the_order() -> None:
    treatment = item(METHADONE_10, "60", oud_treatment=True, taper_candidate=False)
    assert turns(regimen(treatment, item(DIAZEPAM_5, "4"))) == ["diazepam"]


def moved(plan: TaperPlan, days: int) -> TaperPlan:
    return shifted_from(plan, 1, days)


def test_reductions_of_both_on_one_day_collide() -> None:
    found = collisions((oxycodone_plan(), diazepam_plan(id="d")), RULES)
    assert len(found) == 4
    assert found[0].says == "oxycodone is reduced on 2026-02-02 and diazepam on 2026-02-02: they must lie 14 days apart"


def test_reductions_14_days_apart_do_not_collide_and_13_days_do() -> None:
    assert collisions((oxycodone_plan(), moved(diazepam_plan(id="d"), 14)), RULES) == ()
    assert collisions((oxycodone_plan(), moved(diazepam_plan(id="d"), 13)), RULES) != ()


@pytest.mark.feature("F84")
def test_two_plans_for_one_ingredient_collide_until_one_has_ended() -> None:
    twin = diazepam_plan(id="twin")
    assert [one.says for one in collisions((diazepam_plan(), twin), RULES)] == ["two plans taper diazepam: only one may be active"]
    assert collisions((diazepam_plan(), replace(twin, state=PlanState.REVOKED)), RULES) == ()


def test_two_opioids_may_be_reduced_on_one_day() -> None:
    other = replace(oxycodone_plan(id="m"), ingredient="morphine")
    assert collisions((oxycodone_plan(), other), RULES) == ()


def test_the_days_to_wait_are_the_fewest_that_avoid_every_collision() -> None:
    assert days_to_wait(diazepam_plan(id="d"), (oxycodone_plan(),), RULES) == 14
    assert days_to_wait(moved(diazepam_plan(id="d"), 14), (oxycodone_plan(),), RULES) == 0
    assert days_to_wait(diazepam_plan(id="d"), (), RULES) == 0


def as_opioid(plan: TaperPlan) -> TaperPlan:
    return replace(plan, id="opioid", ingredient="oxycodone", drug_class=DrugClass.OPIOID)


@given(falling_plans(), falling_plans(), st.integers(0, 60))
def test_a_plan_that_waits_never_collides(one: TaperPlan, other: TaperPlan, later: int) -> None:
    opioid = replace(as_opioid(one), steps=tuple(replace(step, doses=step.doses) for step in one.steps))
    sedative = moved(other, later)
    wait = days_to_wait(sedative, (opioid,), RULES)
    assert collisions((opioid, moved(sedative, wait)), RULES) == ()
    assert wait <= (opioid.steps[-1].start - sedative.steps[1].start + timedelta(days=14)).days or wait == 0
