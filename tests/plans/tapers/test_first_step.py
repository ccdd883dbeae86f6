"""Step 0 is what the patient takes today, by product and time, where that is known and the plan may use it."""

from dataclasses import replace
from decimal import Decimal

from fhir_taper.plans.medicines.codes import Release, Slot
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.plan import Step, TaperPlan
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.plans.tapers.made_requests import combination, liquid, patch, planned, product, request, tablets

FIVE, TEN = tablets("oxycodone", "5", "10")


def units_of(step: Step) -> list[tuple[str, str, str]]:
    """(code, time, units) of a step."""
    return [(unit.rxcui, str(slot), f"{amount:f}") for dose in step.doses for unit in dose.units for slot, amount in unit.slots]


def first(asked: PlanRequest, *taken: tuple[str, str | None, str]) -> tuple[TaperPlan, list[tuple[str, str, str]]]:
    """The plan where this is taken today, and the units of its first step."""
    entries = tuple(Taken(rxcui, Slot(slot) if slot else None, Decimal(units)) for rxcui, slot, units in taken)
    plan = planned(replace(asked, taken=entries))
    return plan, units_of(plan.steps[0])


OXYCODONE = request("oxycodone", "40", (FIVE, TEN), params={"percent": 10, "interval_days": 28})


def test_four_small_tablets_stay_four_small_tablets() -> None:
    plan, units = first(OXYCODONE, (FIVE.rxcui, "morning", "4"), (FIVE.rxcui, "night", "4"))

    assert units == [(FIVE.rxcui, "morning", "4"), (FIVE.rxcui, "night", "4")]
    assert check(plan) == ()


def test_two_strengths_at_their_own_times_stay_there() -> None:
    _, units = first(OXYCODONE, (TEN.rxcui, "night", "2"), (FIVE.rxcui, "morning", "4"))

    assert units == [(FIVE.rxcui, "morning", "4"), (TEN.rxcui, "night", "2")]


def test_two_orders_of_one_product_at_one_time_are_one_amount() -> None:
    _, units = first(OXYCODONE, (FIVE.rxcui, "morning", "2"), (FIVE.rxcui, "morning", "2"), (TEN.rxcui, "night", "2"))

    assert units == [(FIVE.rxcui, "morning", "4"), (TEN.rxcui, "night", "2")]


def test_tablets_and_a_liquid_stay_as_they_are() -> None:
    made = (product("diazepam", "10", parts=2), liquid("diazepam", "1", "0.1"))
    _, units = first(request("diazepam", "34.2", made), (made[0].rxcui, "night", "2"), (made[1].rxcui, "morning", "14.2"))

    assert units == [(made[1].rxcui, "morning", "14.2"), (made[0].rxcui, "night", "2")]


def test_a_product_that_the_plan_may_not_use_is_made_of_those_that_it_may() -> None:
    other = product("oxycodone", "20")
    plan, units = first(OXYCODONE, (other.rxcui, "morning", "1"), (other.rxcui, "night", "1"))

    assert {code for code, _, _ in units} <= {FIVE.rxcui, TEN.rxcui}
    assert check(plan) == ()


def test_halves_that_may_not_be_cut_are_not_kept() -> None:
    _, units = first(OXYCODONE, (TEN.rxcui, "morning", "1.5"), (TEN.rxcui, "night", "2.5"))

    assert units == [(FIVE.rxcui, "morning", "1"), (FIVE.rxcui, "night", "1"), (TEN.rxcui, "morning", "1"), (TEN.rxcui, "night", "2")]


def test_what_does_not_add_up_to_the_confirmed_baseline_is_not_kept() -> None:
    plan, _ = first(OXYCODONE, (FIVE.rxcui, "morning", "4"), (FIVE.rxcui, "night", "2"))

    assert plan.steps[0].mg_per_day("oxycodone") == 40


def test_more_tablets_at_once_than_a_plan_would_give_are_still_what_is_taken() -> None:
    made = tablets("morphine", "15", "30", release=Release.EXTENDED)
    _, units = first(
        request("morphine", "240", made, params={"interval_days": 28}), (made[0].rxcui, "morning", "8"), (made[0].rxcui, "night", "8")
    )

    assert units == [(made[0].rxcui, "morning", "8"), (made[0].rxcui, "night", "8")]


def test_patches_worn_together_stay_the_same_patches() -> None:
    made = (patch("fentanyl", "0.3"), patch("fentanyl", "0.6"))
    asked = request("fentanyl", "0.6", made, params={"percent": 10, "interval_days": 28}, target_mg="0.3")
    asked = replace(asked, unit_override=("Dr Amara Osei", "one patch", Decimal("0.3")))
    _, units = first(asked, (made[0].rxcui, None, "2"))

    assert units == [(made[0].rxcui, "morning", "2")]


def test_both_releases_stay_as_they_are_taken() -> None:
    slow, quick = tablets("oxycodone", "10", "20", release=Release.EXTENDED), tablets("oxycodone", "5", "10")
    asked = request("oxycodone", "60", (*slow, *quick), params={"percent": 10, "interval_days": 28})
    _, units = first(
        asked,
        (slow[0].rxcui, "morning", "2"),
        (slow[0].rxcui, "night", "2"),
        (quick[0].rxcui, "morning", "2"),
        (quick[0].rxcui, "night", "2"),
    )

    assert {(code, slot, count) for code, slot, count in units} == {
        (slow[0].rxcui, "morning", "2"),
        (slow[0].rxcui, "night", "2"),
        (quick[0].rxcui, "morning", "2"),
        (quick[0].rxcui, "night", "2"),
    }


def test_what_brings_too_much_of_a_companion_today_is_made_with_less_of_it() -> None:
    weak, strong = combination("codeine", "15", "acetaminophen", "300"), combination("codeine", "60", "acetaminophen", "300")
    _, units = first(request("codeine", "240", (weak, strong)), (weak.rxcui, "morning", "8"), (weak.rxcui, "night", "8"))

    assert units == [(strong.rxcui, "morning", "2"), (strong.rxcui, "night", "2")]


def test_a_crossing_begins_with_what_is_taken_today() -> None:
    made = (*tablets("lorazepam", "0.5", "1", parts=2), *tablets("diazepam", "2", "5", "10", parts=2))
    asked = request("lorazepam", "4", made, strategy="substitution", params={"to": "diazepam", "then": "linear"})
    _, units = first(replace(asked, benzo_table="va-dod-2021"), (made[0].rxcui, "morning", "4"), (made[1].rxcui, "night", "2"))

    assert units == [(made[0].rxcui, "morning", "4"), (made[1].rxcui, "night", "2")]
