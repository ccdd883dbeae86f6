"""Two tapers beside each other: never an opioid and a sedative reduced too close together, never one ingredient twice."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.collisions import collisions, days_to_wait, rivals, too_close
from fhir_taper.plans.tapers.lifecycle import revoke
from fhir_taper.plans.tapers.plan import GateState, PlanState, TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.plans.tapers.shifting import shifted_from
from tests.plans.tapers.made_plans import START, active, decided, diazepam_plan, falling_plans, go_on, oxycodone_plan, passed

RULES = load_life_rules()


def day(number: int) -> date:
    return START + timedelta(days=number)


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


def test_a_review_is_not_passed_where_the_other_class_is_reduced_within_14_days() -> None:
    sedative, opioid = active(diazepam_plan(id="d")), active(moved(oxycodone_plan(id="o"), 10))
    with pytest.raises(NotAllowed, match="diazepam would be reduced on 2026-02-02 and oxycodone on 2026-02-12"):
        passed(sedative, 1, decided(day(28)), opioid)
    assert passed(sedative, 1, decided(day(28)), moved(opioid, 18)).gates[0].state is GateState.PASSED


def test_a_late_review_counts_with_the_day_to_which_it_moves_the_reduction() -> None:
    sedative, opioid = active(diazepam_plan(id="d")), active(moved(oxycodone_plan(id="o"), 14))
    assert passed(sedative, 1, decided(day(28)), opioid).version == 2
    with pytest.raises(NotAllowed, match="diazepam would be reduced on 2026-02-05"):
        passed(sedative, 1, decided(day(31)), opioid)


def test_a_hold_is_not_ended_into_a_collision_that_no_review_would_stop() -> None:
    reviewed = passed(active(diazepam_plan(id="d")), 1, decided(day(26)))
    held, opioid = hold(reviewed, decided(day(26)), 14), active(moved(oxycodone_plan(id="o"), 14))
    with pytest.raises(NotAllowed, match="diazepam would be reduced on 2026-02-16 and oxycodone on 2026-02-16"):
        go_on(held, decided(day(40)), opioid)
    assert go_on(held, decided(day(40)), moved(opioid, 14)).state is PlanState.ACTIVE


def test_of_a_revoked_plan_only_what_was_taken_counts() -> None:
    opioid = passed(active(oxycodone_plan(id="o")), 1, decided(day(28)))
    revoked = revoke(opioid, decided(day(30), "moved away"))
    later = diazepam_plan(id="d")
    (said,) = too_close(later, (revoked,), RULES, [day(41)])
    assert said.startswith("diazepam would be reduced on 2026-02-15 and oxycodone on 2026-02-02:")
    assert too_close(later, (revoked,), RULES, [day(42), day(56), day(84)]) == ()


def test_older_versions_of_a_plan_are_no_plans_beside_it() -> None:
    first = active(diazepam_plan(id="d"))
    second = passed(first, 1, decided(day(28)))
    third = passed(second, 2, decided(day(56)))
    assert rivals(third, (first, second, third)) == ()
    assert [one.id for one in rivals(diazepam_plan(id="x"), (first, second, third))] == [third.id]
