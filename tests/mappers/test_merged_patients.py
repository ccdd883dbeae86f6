from datetime import date
from typing import Any

import pytest

from fhir_taper.errors import ChartConflict
from fhir_taper.mappers.read.patient import read_patient
from tests.mappers.charts import PATIENT, bundle, chart_of, order

OLD = {"resourceType": "Patient", "id": "p0"}
OF_OLD = order("m0", subject={"reference": "Patient/p0"})


def link(kind: str, other: str) -> dict[str, Any]:
    return {"link": [{"type": kind, "other": {"reference": other}}]}


@pytest.mark.parametrize(
    "patients",
    [
        [PATIENT, OLD | link("replaced-by", "Patient/p1")],
        [OLD | link("replaced-by", "Patient/p1"), PATIENT],
        [OLD, PATIENT | link("replaces", "Patient/p0")],
        [OLD | link("replaced-by", "Patient/p1"), PATIENT | link("replaces", "Patient/p0")],
        [PATIENT | link("replaces", "Patient/p0")],
    ],
)
def test_a_record_that_was_replaced_is_read_as_the_one_that_took_its_place(patients: list[dict[str, Any]]) -> None:
    chart = chart_of(bundle(*patients, order("m1"), OF_OLD))
    assert (chart.patient, len(chart.of("MedicationRequest"))) == ("p1", 2)
    assert [issue.message for issue in chart.issues if issue.code == "patient-merged"] == [
        "Patient/p0 was replaced by Patient/p1: read as one person, as the link says"
    ]
    assert read_patient(chart).value.birth_date == date(1970, 3, 1)


def test_a_chain_of_replaced_records_ends_at_the_last() -> None:
    first = {"resourceType": "Patient", "id": "p9"} | link("replaced-by", "Patient/p0")
    assert chart_of(bundle(first, OLD | link("replaced-by", "Patient/p1"), PATIENT, OF_OLD)).patient == "p1"


def test_a_link_by_urn_names_the_patient_of_that_address() -> None:
    document = bundle(OLD | link("replaced-by", "urn:uuid:11111111-2222-3333-4444-555555555555"), PATIENT)
    document["entry"][1]["fullUrl"] = "urn:uuid:11111111-2222-3333-4444-555555555555"
    assert chart_of(document).patient == "p1"


def test_a_death_on_either_record_counts() -> None:
    dead = OLD | link("replaced-by", "Patient/p1") | {"deceasedBoolean": True}
    assert read_patient(chart_of(bundle(PATIENT, dead))).value.deceased


@pytest.mark.parametrize("kind", ["seealso", "refer"])
def test_a_link_that_leaves_both_records_in_use_refuses_the_chart_and_is_named(kind: str) -> None:
    with pytest.raises(ChartConflict, match=f"two patients in one chart: .* linked as “{kind}”, which does not say"):
        chart_of(bundle(PATIENT, OLD | link(kind, "Patient/p1")))


@pytest.mark.parametrize(
    ("patients", "why"),
    [
        ([PATIENT, OLD | link("replaced-by", "Patient/p1") | {"birthDate": "1971"}], "was born on 1971"),
        ([PATIENT | link("replaced-by", "Patient/p0"), OLD | link("replaced-by", "Patient/p1")], "each is replaced by the other"),
        ([PATIENT, OLD | link("replaced-by", "Patient/p0")], "each is replaced by the other"),
        ([PATIENT | link("replaces", "Patient/p0"), OLD | link("replaced-by", "Patient/p7")], "is replaced by two"),
        ([PATIENT, OLD | link("replaced-by", "Patient/p7")], "two patients in one chart"),
        ([PATIENT, OLD | link("replaced-by", "Person/p1")], "two patients in one chart"),
        ([PATIENT, OLD | {"link": "p1"}], "two patients in one chart"),
        ([PATIENT, OLD | {"link": [None, {"type": 5}, {"type": "replaced-by", "other": 5}]}], "two patients in one chart"),
    ],
)
def test_a_merge_that_contradicts_itself_or_names_somebody_else_refuses_the_chart(patients: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(ChartConflict, match=why):
        chart_of(bundle(*patients))


def test_a_link_to_another_server_is_no_merge() -> None:
    document = bundle(PATIENT, OLD | link("replaced-by", "https://other.example.org/fhir/Patient/p1"))
    document["entry"][1]["fullUrl"] = "https://ehr.example.org/fhir/Patient/p0"
    with pytest.raises(ChartConflict, match="two patients"):
        chart_of(document)
