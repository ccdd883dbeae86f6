"""Dispenses as supplies: on which day, of what, for how many days."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.supplies import read_supplies
from fhir_taper.plans.monitoring.timeline import Supplied
from fhir_taper.plans.tables import load
from tests.mappers.charts import concept, resource
from tests.mappers.read.orders import dosage, medicine, request
from tests.mappers.read.signals.gathering import gathering

TABLETS = {"unit": "tablet", "code": "{tbl}", "system": "http://unitsofmeasure.org"}
DIAZEPAM = ("197590", "diazepam 2 MG Oral Tablet")
TWICE = {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}


def dispense(days: Any = 28, quantity: Any = ..., **elements: Any) -> dict[str, Any]:
    usual = {
        "status": "completed",
        "medicationCodeableConcept": medicine(*DIAZEPAM),
        "whenHandedOver": "2026-03-01T23:30:00Z",
        "daysSupply": ... if days is ... else {"value": days, "unit": "days", "code": "d", "system": "http://unitsofmeasure.org"},
        "quantity": ... if quantity is ... else {"value": quantity, **TABLETS},
    }
    return resource("MedicationDispense", "d1", **{**usual, **elements})


def read(*resources: Any) -> tuple[tuple[Supplied, ...], list[str]]:
    supplies, issues = read_supplies(gathering(*resources), load().medicines)
    return supplies, [one.message for one in issues]


def test_a_dispense_is_of_the_patients_own_day() -> None:
    (supply,), _ = read(dispense())
    assert (supply.ingredient, supply.on.isoformat(), supply.days) == ("diazepam", "2026-03-02", 28)
    assert (supply.source, supply.words, supply.rxcui) == ("MedicationDispense/d1", DIAZEPAM[1], DIAZEPAM[0])


def test_a_dispense_whose_product_nobody_knows_has_no_code() -> None:
    (supply,), _ = read(dispense(medicationCodeableConcept={"text": "diazepam"}))
    assert (supply.rxcui, supply.product) == ("", "diazepam")


@pytest.mark.parametrize(("days", "kept"), [(28, 28), (7.9, 7), (0.5, None), (0, None)])
def test_a_supply_lasts_the_whole_days_that_it_states(days: float, kept: int | None) -> None:
    assert [one.days for one in read(dispense(days))[0]] == [kept]


@pytest.mark.parametrize(("quantity", "days"), [(56, 28), (57, None), (..., None)])
def test_without_days_the_quantity_over_the_dose_counts_where_it_is_exact(quantity: Any, days: int | None) -> None:
    assert [one.days for one in read(dispense(..., quantity, dosageInstruction=[dosage(**TWICE)]))[0]] == [days]


ONE_TO_TWO = [{"doseRange": {"low": {"value": 1, **TABLETS}, "high": {"value": 2, **TABLETS}}}]


@pytest.mark.parametrize(("quantity", "days"), [(56, 14), (57, 14), (59, 14), (60, 15), (3, None)])
def test_of_a_range_the_larger_dose_says_how_long_it_lasts_because_it_runs_out_sooner(quantity: int, days: int | None) -> None:
    range_twice = dosage(doseAndRate=ONE_TO_TWO, **TWICE)
    assert [one.days for one in read(dispense(..., quantity, dosageInstruction=[range_twice]))[0]] == [days]

    ordered = request(medicationCodeableConcept=medicine(*DIAZEPAM), authoredOn="2026-02-20", dosageInstruction=[range_twice])
    authorized = dispense(..., quantity, authorizingPrescription=[{"reference": "MedicationRequest/m1"}])
    assert [one.days for one in read(ordered, authorized)[0]] == [days]


def test_what_is_also_taken_as_needed_makes_a_supply_end_sooner() -> None:
    as_needed = dosage(asNeededBoolean=True, timing={"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}})
    assert [one.days for one in read(dispense(..., 56, dosageInstruction=[dosage(**TWICE), as_needed]))[0]] == [18]


def test_of_what_is_only_taken_as_needed_nobody_knows_how_long_it_lasts() -> None:
    assert [one.days for one in read(dispense(..., 56, dosageInstruction=[dosage(asNeededBoolean=True, **TWICE)]))[0]] == [None]


def test_the_dose_may_be_that_of_the_order_that_was_dispensed() -> None:
    ordered = request(medicationCodeableConcept=medicine(*DIAZEPAM), authoredOn="2026-02-20", dosageInstruction=[dosage(**TWICE)])
    authorized = dispense(..., 56, authorizingPrescription=[{"reference": "MedicationRequest/m1"}])
    assert [one.days for one in read(ordered, authorized)[0]] == [28]


def test_without_any_dose_nobody_knows_how_long_it_lasts() -> None:
    assert [one.days for one in read(dispense(..., 56))[0]] == [None]


@pytest.mark.parametrize(
    ("elements", "count"),
    [
        ({"status": "in-progress"}, 1),
        ({"status": "in-progress", "whenHandedOver": ...}, 0),
        ({"status": "preparation"}, 0),
        ({"status": "cancelled"}, 0),
        ({"status": "declined"}, 0),
        ({"status": "entered-in-error"}, 0),
        ({"whenHandedOver": ..., "whenPrepared": "2026-03-01"}, 1),
    ],
)
def test_only_what_was_handed_over_is_a_supply(elements: dict[str, Any], count: int) -> None:
    assert len(read(dispense(**elements))[0]) == count


@pytest.mark.parametrize(("written", "why"), [(..., "it has no date"), ("2026-03", "2026-03 is not dated to the day")])
def test_a_supply_without_a_day_is_named(written: Any, why: str) -> None:
    assert read(dispense(whenHandedOver=written)) == ((), [f"MedicationDispense/d1: {why}"])


def test_sublingual_buprenorphine_is_treatment_of_opioid_use_disorder() -> None:
    film = medicine("1010600", "buprenorphine 2 MG / naloxone 0.5 MG Sublingual Film")
    assert {(one.ingredient, one.is_oud_treatment) for one in read(dispense(7, medicationCodeableConcept=film))[0]} >= {
        ("buprenorphine", True)
    }


def test_a_medicine_that_nobody_knows_is_passed_over() -> None:
    assert read(dispense(medicationCodeableConcept={"text": "something"})) == ((), [])


@pytest.mark.parametrize(("code", "counts"), [("inpatient", 0), ("discharge", 1), ("community", 1), ("outpatient", 1)])
def test_what_was_given_out_in_a_hospital_is_no_supply(code: str, counts: int) -> None:
    category = concept("http://terminology.hl7.org/CodeSystem/medicationdispense-category", code)
    assert len(read(dispense(category=category))[0]) == counts
