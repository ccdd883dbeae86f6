from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.facts import read_facts
from fhir_taper.mappers.read.inside import CONTAINED_ORDER, MOST_NAMED
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.mappers.systems import LOINC, SNOMED
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tables.medicine_tables import load_medicines
from fhir_taper.workflow.regimen import regimen
from tests.mappers.charts import PATIENT, SmallCatalogue, bundle, chart_of, concept, meaning, order, resource

AS_OF = date(2026, 1, 5)
INDEX = [meaning("antiseizure-indication", SNOMED, "1"), meaning("phq9", LOINC, "44261-6")]


def holding(*inside: dict[str, Any], kind: str = "CarePlan", **elements: Any) -> Chart:
    """A chart of one resource that holds these."""
    return chart_of(bundle(PATIENT, resource(kind, "h1", status="active", intent="plan", contained=list(inside), **elements)))


def issues(chart: Chart) -> list[Issue]:
    found = read_items(chart, SmallCatalogue(), AS_OF)
    assert found.value == ()
    return list(found.issues)


def test_an_active_order_that_stands_only_inside_another_resource_is_told_and_makes_the_regimen_incomplete() -> None:
    chart = holding(order("inner"))
    assert issues(chart) == [
        Issue(
            "warning",
            CONTAINED_ORDER,
            "MedicationRequest of oxycodone (active order) stands only inside CarePlan/h1: not counted",
            "CarePlan/h1#inner",
        )
    ]
    taken = regimen(chart, AS_OF, load_medicines())
    assert (taken.complete, taken.items) == (False, ())


@pytest.mark.parametrize("elements", [{"status": "stopped"}, {"intent": "proposal"}, {"status": "draft"}])
def test_a_contained_order_that_nobody_takes_is_told_and_nothing_is_missing(elements: dict[str, str]) -> None:
    chart = holding(order("inner", **elements))
    assert [issue.severity for issue in issues(chart)] == ["information"]
    assert regimen(chart, AS_OF, load_medicines()).complete


def test_a_medicine_that_nobody_can_identify_is_told() -> None:
    assert "of pain pills (active order)" in issues(holding(order("inner", medicationCodeableConcept={"text": "pain pills"})))[0].message


def test_medicines_of_other_classes_are_counted_in_one_line() -> None:
    other = {"medicationCodeableConcept": {"text": "lisinopril"}}
    (issue,) = issues(holding(order("i1", **other), order("i2", **other)))
    assert (issue.severity, issue.message) == ("information", "orders of other medicines stand only inside another resource (2): not read")
    assert issue.source == "CarePlan/h1#i1"


def test_a_contained_order_names_its_medicine_by_a_sibling() -> None:
    drug = {"resourceType": "Medication", "id": "drug", "code": {"text": "diazepam"}}
    inner = order("inner", medicationCodeableConcept=..., medicationReference={"reference": "#drug"})
    assert issues(holding(drug, inner))[0].message.startswith("MedicationRequest of diazepam")


def test_the_order_that_a_dispense_carries_with_it_is_its_source_and_no_second_medicine() -> None:
    chart = chart_of(
        bundle(
            PATIENT,
            resource("MedicationDispense", "d1", status="completed", contained=[order("inner")], medicationCodeableConcept={"text": "x"}),
        )
    )
    found = read_items(chart, SmallCatalogue(), AS_OF)
    assert [issue.severity for issue in found.issues if "inside" in issue.message] == ["information"]


def test_the_medication_that_its_own_order_refers_to_is_read_and_not_told() -> None:
    inside = [{"resourceType": "Medication", "id": "drug", "code": {"text": "oxycodone 5 mg"}}]
    chart = chart_of(
        bundle(PATIENT, order("m1", medicationCodeableConcept=..., medicationReference={"reference": "#drug"}, contained=inside))
    )
    found = read_items(chart, SmallCatalogue(), AS_OF)
    assert not any("inside" in issue.message for issue in found.issues)


def test_of_many_contained_orders_the_first_are_named_and_the_rest_counted() -> None:
    found = issues(holding(*(order(f"i{number}") for number in range(MOST_NAMED + 3))))
    assert len(found) == MOST_NAMED + 1
    assert found[-1].message == "3 more orders stand only inside another resource: not counted"


@pytest.mark.parametrize("inside", ["x", [None], [5], [{}], [{"resourceType": 5}], [{"resourceType": "MedicationRequest", "id": []}]])
def test_what_is_contained_in_a_wrong_shape_is_no_crash(inside: Any) -> None:
    chart = chart_of(bundle(PATIENT, resource("RequestGroup", "h1", contained=inside)))
    assert read_items(chart, SmallCatalogue(), AS_OF).value == ()


def test_a_diagnosis_and_a_measurement_that_stand_only_inside_another_resource_are_named_as_not_looked_at() -> None:
    seizure = resource("Condition", "c1", code=concept(SNOMED, "1", "Seizure disorder"))
    score = resource("Observation", "o1", status="final", code=concept(LOINC, "44261-6", "PHQ-9"), valueInteger=20)
    other = resource("Condition", "c2", code=concept(SNOMED, "2", "Sprain"))
    found = read_facts(holding(seizure, score, other, kind="RequestGroup"), SmallCatalogue(), INDEX, AS_OF)
    assert found.value.facts == ()
    assert found.value.not_read == (
        "a diagnosis that stands only inside RequestGroup/h1 was not looked at: Seizure disorder",
        "a measurement that stands only inside RequestGroup/h1 was not looked at: PHQ-9",
    )
