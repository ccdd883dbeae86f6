"""A plan of patches keeps the interval that is ordered, names it where the label says another one, and never plans a third one silently."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.plans.tapers.windows import windows
from fhir_taper.workflow.plan import Outcome, make_plan
from fhir_taper.workflow.regimen import Reading
from tests.mappers.charts import concept, order
from tests.workflow.made_readings import RXNORM, asking, reading_of

BY = "Dr. Example, asked the patient"
P25, P75, P12 = "245134", "197696", "577057"
NAMES = {
    P12: "72 HR fentanyl 0.012 MG/HR Transdermal System",
    P25: "72 HR fentanyl 0.025 MG/HR Transdermal System",
    P75: "72 HR fentanyl 0.075 MG/HR Transdermal System",
    "904870": "168 HR buprenorphine 0.01 MG/HR Transdermal System",
}


def patch(rxcui: str, **repeat: Any) -> dict[str, Any]:
    """An order of one patch, changed as `repeat` says."""
    dosage: dict[str, Any] = {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "patch"}}]}
    if repeat:
        dosage["timing"] = {"repeat": {"frequency": 1, **repeat}}
    medicine = concept(RXNORM, rxcui, NAMES[rxcui])
    return order(f"m{rxcui}", medicationCodeableConcept=medicine, authoredOn="2024-01-05", dosageInstruction=[dosage])


def hours(number: float) -> dict[str, Any]:
    return {"period": number, "periodUnit": "h"}


def asked(reading: Reading, drug: str = "fentanyl", **said: Any) -> Outcome:
    return make_plan(reading, asking(drug, protocol="va-slower", use=">=1y", **said))


def planned(reading: Reading, **said: Any) -> TaperPlan:
    plan = asked(reading, **said)
    assert isinstance(plan, TaperPlan), plan
    return plan


def said_of(plan: TaperPlan) -> list[Finding]:
    return [one for one in plan.findings if one.code == "patch-interval"]


def worn(plan: TaperPlan) -> set[int | None]:
    return {product.wear_h for product in plan.products}


@pytest.mark.parametrize("repeat", [hours(72), {"period": 3, "periodUnit": "d"}])
def test_an_order_by_the_label_needs_no_word(repeat: dict[str, Any]) -> None:
    plan = planned(reading_of(patch(P75, **repeat)))
    assert (worn(plan), said_of(plan)) == ({72}, [])


@pytest.mark.parametrize("repeat", [hours(48), {"period": 2, "periodUnit": "d"}])
def test_a_patch_that_is_changed_every_two_days_stays_so_in_every_step_and_both_intervals_are_named(repeat: dict[str, Any]) -> None:
    reading = reading_of(patch(P75, **repeat))
    plan = planned(reading)
    assert worn(plan) == {48}
    (found,) = said_of(plan)
    assert found.severity is Severity.ACKNOWLEDGE
    assert "every 48 h" in found.message
    assert "every 72 h" in found.message
    assert found.evidence == (next(iter(reading.regimen.items)).sources)


def test_steps_are_whole_intervals_and_supply_covers_what_is_taken() -> None:
    reading = reading_of(patch(P75, **hours(48)))
    plan = planned(reading)
    assert all((step.end - step.start + timedelta(days=1)).days % 2 == 0 for step in plan.steps if step.end)
    for window in windows(plan, reading.tables.safety.life):
        assert window.quantity == -(-window.days // 2) * sum(line.units.per_day for line in window.lines[:1])
        assert all("change every 48 hours" in line.sig for line in window.lines)


def test_plans_of_two_intervals_are_two_plans_and_those_of_the_label_keep_their_name() -> None:
    two, three, unsaid = (planned(reading_of(patch(P75, **repeat))) for repeat in (hours(48), hours(72), {}))
    assert two.id != three.id
    assert unsaid.id == three.id


@pytest.mark.parametrize(
    "reading",
    [
        reading_of(patch(P75, **hours(60))),
        reading_of(patch(P75, **hours(24))),
        reading_of(patch(P75, **hours(96))),
        reading_of(patch(P75, period=48, periodMax=72, periodUnit="h")),
        reading_of(patch(P75, **hours(48)), patch(P25, **hours(72))),
        reading_of(patch(P75, **hours(48)), patch(P25)),
    ],
    ids=["60 h", "24 h", "96 h", "48 to 72 h", "48 h and 72 h", "48 h and nothing"],
)
def test_an_interval_that_cannot_be_kept_is_no_plan_and_saying_what_is_taken_leads_on(reading: Reading) -> None:
    no = asked(reading)
    assert isinstance(no, Infeasible)
    assert no.reason == "patch-interval"
    assert no.ways_out == (WayOut.STATE_WHAT_IS_TAKEN,)
    assert "every 72 h" in no.message
    plan = planned(reading, taken=(Taken(P75, Slot.MORNING, Decimal(1)),), baseline_by=BY)
    assert worn(plan) == {72}
    (found,) = said_of(plan)
    assert found.severity is Severity.ACKNOWLEDGE
    assert found.value in found.message


def test_an_order_that_says_no_interval_is_named_beside_one_that_says_another_than_the_labels() -> None:
    no = asked(reading_of(patch(P75, **hours(48)), patch(P25)))
    assert isinstance(no, Infeasible)
    assert "1 of its 2 orders does not say how often." in no.message


def test_an_order_that_says_no_interval_goes_by_the_label_beside_one_that_names_it() -> None:
    plan = planned(reading_of(patch(P75, **hours(72)), patch(P25)))
    assert (worn(plan), said_of(plan)) == ({72}, [])


def test_what_a_person_says_is_taken_does_not_change_how_often() -> None:
    plan = planned(reading_of(patch(P75, **hours(48))), taken=(Taken(P75, Slot.MORNING, Decimal(1)),), baseline_by=BY)
    assert (worn(plan), len(said_of(plan))) == ({48}, 1)


def test_two_days_are_not_kept_of_a_patch_for_which_no_row_allows_them() -> None:
    no = make_plan(reading_of(patch("904870", **hours(120))), asking("buprenorphine", strategy="linear", use=">=1y"))
    assert isinstance(no, Infeasible)
    assert no.reason == "patch-interval"


def test_every_patch_that_the_plan_may_use_is_changed_as_ordered() -> None:
    reading = reading_of(patch(P75, **hours(48)))
    plan = planned(reading, products=(P75, P25, P12))
    assert worn(plan) == {48}


def test_the_reading_of_an_item_says_how_often_it_is_changed() -> None:
    def read_of(**repeat: Any) -> tuple[object, ...]:
        return reading_of(patch(P75, **repeat)).regimen.items[0].changed_every_h

    assert read_of(**hours(48)) == (48,)
    assert read_of(period=48, periodMax=72, periodUnit="h") == (72, 48)
    assert read_of() == ()


def test_a_weekly_patch_by_its_day_of_the_week_is_changed_every_168_hours() -> None:
    one = patch("904870", dayOfWeek=["mon"], period=1, periodUnit="wk")
    item = reading_of(one).regimen.items[0]
    assert item.changed_every_h in ((168,), ())
    assert not [note for note in item.notes if "changed every" in note]


def test_tablets_have_no_interval_of_change() -> None:
    from tests.workflow.made_readings import methadone

    assert methadone().regimen.items[0].changed_every_h == ()
    assert replace(methadone().regimen.items[0]).changed_every_h == ()
