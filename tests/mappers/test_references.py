"""References: taking them apart and finding what they point at."""

from typing import Any

import pytest

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.references import Address, address, contained, resolve
from tests.mappers.charts import bundle, chart_of, order

UUID = "urn:uuid:11111111-2222-3333-4444-555555555555"
SHELF = [{"system": "urn:shelf", "value": "7"}]
MEDICATION = {"resourceType": "Medication", "id": "x", "identifier": SHELF, "code": {"text": "oxycodone"}}


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("Medication/x", Address("Medication", "x")),
        ("Medication/x/_history/3", Address("Medication", "x", "3")),
        ("https://a.example.org/fhir/Medication/x", Address("Medication", "x", base="https://a.example.org/fhir")),
        ("https://a.example.org/fhir/Medication/x/_history/3", Address("Medication", "x", "3", "https://a.example.org/fhir")),
        ("Encounter/Encounter/3", Address("Encounter", "3")),
        ("x", Address(id="x")),
        (UUID, Address(urn=UUID)),
        ("#x", Address(fragment="x")),
        ("Patient?identifier=a|b", Address("Patient", query="identifier=a|b")),
        ({"reference": "Medication/x"}, Address("Medication", "x")),
        ("", Address()),
        ({}, Address()),
        (5, Address()),
        ({"reference": ["Medication/x"]}, Address()),
        (None, Address()),
    ],
    ids=str,
)
def test_a_reference_is_taken_apart_and_nonsense_is_no_address(reference: object, parts: Address) -> None:
    assert address(reference) == parts


def test_only_a_reference_with_type_and_id_has_a_key() -> None:
    assert (address("Medication/x").key, address("x").key, address(UUID).key) == ("Medication/x", "", "")


def chart(full_url: str = "") -> Chart:
    document = bundle(MEDICATION, order())
    if full_url:
        document["entry"][0]["fullUrl"] = full_url
    return chart_of(document)


def found(chart: Chart, reference: Any) -> str | None:
    entry = resolve(chart, chart.of("MedicationRequest")[0], reference)
    return entry.reference if entry else None


@pytest.mark.parametrize(
    ("full_url", "reference"),
    [
        ("", "Medication/x"),
        ("", "Medication/x/_history/1"),
        ("", "https://a.example.org/fhir/Medication/x"),
        ("https://a.example.org/fhir/Medication/x", "Medication/x"),
        ("https://a.example.org/fhir/Medication/x", "https://a.example.org/fhir/Medication/x"),
        (UUID, UUID),
        (UUID, "Medication/x"),
        ("", "Medication?identifier=urn:shelf|7"),
        ("", "Medication?identifier=7"),
        ("", {"type": "Medication", "identifier": {"system": "urn:shelf", "value": "7"}}),
    ],
    ids=str,
)
def test_a_reference_finds_the_resource_of_the_chart(full_url: str, reference: Any) -> None:
    reading = chart(full_url)
    without_index = Chart(reading.patient, reading.by_type)
    for one in (reading, without_index):
        assert found(one, reference if isinstance(reference, dict) else {"reference": reference}) == "Medication/x"


@pytest.mark.parametrize(
    "reference",
    [
        "Medication/y",
        "https://other.example.org/fhir/Medication/x",
        "urn:uuid:99999999-2222-3333-4444-555555555555",
        "#x",
        "",
        "Medication?identifier=urn:shelf|8",
        "Medication?code=7",
        {"identifier": {"value": "7"}},
        5,
    ],
    ids=str,
)
def test_what_is_not_in_the_chart_is_not_found(reference: Any) -> None:
    assert found(chart("https://a.example.org/fhir/Medication/x"), reference) is None


def test_a_contained_resource_is_an_entry_of_its_own_in_the_same_place() -> None:
    reading = chart_of(order("m1", contained=[{"id": "y"}, MEDICATION]))
    entry = reading.of("MedicationRequest")[0]
    inside = resolve(reading, entry, {"reference": "#x"})
    assert inside == Entry("Medication", "x", "MedicationRequest/m1#x", entry.place, MEDICATION)
    assert contained(entry, "y") is None
