"""What the first days take that no order supplies is prescribed from the first day on, and said; today's own tablets are not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tapers.dispensing import SupplyKind, next_window
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.first_supply import NOTHING_MISSING, FirstSupply, first_supply
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.revision import hold
from tests.plans.tapers.made_charts import DIAZEPAM_5, OXYCODONE_5, item
from tests.plans.tapers.made_plans import DIAZEPAM_2, START, active, decided, diazepam_plan, units

RULES = load_life_rules()
OWN, OTHER = item(DIAZEPAM_2.rxcui, "4"), item(DIAZEPAM_5, "5")
FIVE = replace(DIAZEPAM_2, rxcui=DIAZEPAM_5, name="diazepam 5 MG Oral Tablet", mg=OTHER.product.mg if OTHER.product else DIAZEPAM_2.mg)


def day(number: int) -> date:
    return START + timedelta(days=number)


def lacking(*items: RegimenItem, plan: TaperPlan | None = None) -> FirstSupply:
    return first_supply(plan or diazepam_plan(), items)


# What is missing


def test_the_patients_own_tablets_are_supplied_by_todays_order() -> None:
    assert lacking(OWN) == lacking(OWN, OTHER) == NOTHING_MISSING
    assert lacking(OWN).findings() == ()


def test_other_tablets_of_the_same_dose_are_missing_and_take_the_place_of_todays() -> None:
    found = lacking(OTHER, item(OXYCODONE_5, "20"))
    assert (found.missing, found.replaces) == ((DIAZEPAM_2,), (OTHER,))
    (finding,) = found.findings()
    assert (finding.severity, finding.code, finding.evidence) == (Severity.ACKNOWLEDGE, "first-supply", OTHER.sources)
    assert finding.message == (
        "No current order supplies diazepam 2 MG Oral Tablet, which this plan takes from its first day on: it is prescribed for that day. "
        "It replaces today's supply (diazepam 5 MG Oral Tablet): the same number of what is left of it is another dose."
    )


def test_without_any_order_it_is_missing_and_takes_the_place_of_nothing() -> None:
    found = lacking()
    assert (found.missing, found.replaces, found.note) == ((DIAZEPAM_2,), (), "")
    assert [one.severity for one in found.findings()] == [Severity.INFORMATION]


def test_a_brand_of_the_same_tablet_supplies_it() -> None:
    assert lacking(replace(OWN, rxcui="104699")) == NOTHING_MISSING


def test_an_order_of_which_only_the_dose_is_not_known_supplies_its_tablets() -> None:
    assert lacking(replace(OWN, state=ItemState.NOT_COMPUTABLE, reason=Reason.NO_TIMING)) == NOTHING_MISSING


@pytest.mark.parametrize(("end", "is_supplied"), [(day(10), True), (day(-1), False)])
def test_an_order_that_ended_has_supplied_the_first_days_only_after_they_began(end: date, is_supplied: bool) -> None:
    ended = replace(OWN, state=ItemState.EXCLUDED, reason=Reason.ENDED, end=end)
    assert (lacking(ended) == NOTHING_MISSING) is is_supplied


@pytest.mark.parametrize("reason", [Reason.OWN_PROPOSAL, Reason.NOT_ACTIVE, Reason.FUTURE])
def test_what_is_no_order_of_today_supplies_nothing(reason: Reason) -> None:
    assert lacking(replace(OWN, state=ItemState.EXCLUDED, reason=reason)).missing == (DIAZEPAM_2,)


# What is proposed


def test_on_the_first_day_the_tablets_that_are_missing_are_proposed_for_the_first_days() -> None:
    supply = next_window(diazepam_plan(), START, RULES, lacks=lacking(OTHER))
    (window,) = supply.windows
    assert (supply.kind, window.start, window.end, window.quantity) == (SupplyKind.NEXT, START, day(27), 56)
    assert window.notes[-1] == "Replaces today's supply (diazepam 5 MG Oral Tablet): what is left of it is not taken by these directions."


def test_within_the_first_days_they_are_proposed_for_the_rest_of_them() -> None:
    (window,) = next_window(diazepam_plan(), day(7), RULES, lacks=lacking(OTHER)).windows
    assert (window.start, window.end, window.quantity) == (day(7), day(27), 42)


def test_before_the_plan_begins_its_first_window_says_what_it_takes_the_place_of() -> None:
    (window,) = next_window(diazepam_plan(), day(-3), RULES, lacks=lacking(OTHER)).windows
    assert (window.start, window.quantity) == (START, 56)
    assert "Replaces today's supply" in window.notes[-1]


def test_once_the_tablets_are_ordered_the_first_reduction_is_next() -> None:
    assert next_window(diazepam_plan(), START, RULES, lacks=lacking(OWN, OTHER)) == next_window(diazepam_plan(), START, RULES)
    assert next_window(diazepam_plan(), START, RULES).windows[0].start == day(28)


def test_after_the_first_days_nothing_is_missing_any_more() -> None:
    ungated = replace(active(diazepam_plan()), gates=())
    assert next_window(ungated, day(30), RULES, lacks=lacking(OTHER)) == next_window(ungated, day(30), RULES)


def test_of_two_products_only_the_one_that_is_missing_is_proposed() -> None:
    plan = diazepam_plan()
    first = plan.steps[0]
    both = (*units(DIAZEPAM_2, {Slot.MORNING: "1"}), *units(FIVE, {Slot.NIGHT: "1"}))
    mixed = replace(
        plan, products=(*plan.products, FIVE), steps=(replace(first, doses=(replace(first.doses[0], units=both),)), *plan.steps[1:])
    )
    found = lacking(OTHER, plan=mixed)
    assert (found.missing, found.replaces) == ((DIAZEPAM_2,), ())
    assert [one.product for one in next_window(mixed, START, RULES, lacks=found).windows] == [DIAZEPAM_2]


def test_on_hold_what_is_missing_is_supplied_at_once_at_todays_dose() -> None:
    held = hold(active(diazepam_plan()), decided(day(3)), 28)
    supply = next_window(held, day(5), RULES, lacks=lacking(OTHER))
    (window,) = supply.windows
    assert (supply.kind, window.start, window.sig) == (
        SupplyKind.CONTINUATION,
        day(5),
        "Take 1 tablet in the morning and 1 tablet at night",
    )
    assert supply.says == "pause reductions, keep taking 4 mg a day"


def test_a_supply_that_is_known_is_not_asked_for_again() -> None:
    asked = next_window(diazepam_plan(), START, RULES, supplied_until=day(27), lacks=lacking(OTHER))
    assert asked == next_window(diazepam_plan(), START, RULES, supplied_until=day(27))
