import pytest
from hypothesis import given

from fhir_taper.errors import BadInput
from fhir_taper.mappers.write.plan_references import (
    AGENTS,
    from_protocol,
    from_reference,
    from_replaced,
    from_subject,
    to_protocol,
    to_reference,
    to_replaced,
    to_subject,
)
from tests.plan_strategies import texts


@given(texts())
def test_a_patient_a_person_a_source_a_protocol_and_a_previous_version_come_back_whatever_they_are_called(text: str) -> None:
    assert from_subject(to_subject(text), "here") == text
    assert from_reference(to_reference(text), "here") == text
    assert from_protocol(to_protocol(text), "here") == text
    assert from_replaced(to_replaced(text), "here") == text


def test_a_practitioner_is_a_reference_and_a_name_is_a_display() -> None:
    assert to_reference("Practitioner/dr1", AGENTS) == {"reference": "Practitioner/dr1"}
    assert to_reference("Dr Amara Osei", AGENTS) == {"display": "Dr Amara Osei"}


def test_a_reference_to_a_type_that_is_not_allowed_there_is_a_display() -> None:
    assert to_reference("CareTeam/t1", AGENTS) == {"display": "CareTeam/t1"}


def test_a_version_of_a_resource_stays_in_its_reference() -> None:
    assert to_reference("MedicationRequest/m1/_history/3") == {"reference": "MedicationRequest/m1/_history/3"}


@pytest.mark.parametrize("reference", ["https://ehr.example.org/fhir/Patient/p1", "Patient/p1", "Patient/p1/_history/2"])
def test_the_patient_is_read_from_any_spelling_of_the_reference(reference: str) -> None:
    assert from_subject({"reference": reference}, "here") == "p1"


@pytest.mark.parametrize("subject", [None, 7, {}, {"reference": "Group/g1"}, {"identifier": {"system": "other", "value": "p1"}}])
def test_a_subject_that_is_no_patient_is_refused(subject: object) -> None:
    with pytest.raises(BadInput, match=r"^CarePlan.subject: is not a reference to a patient$"):
        from_subject(subject, "CarePlan.subject")


def test_a_protocol_of_another_publisher_is_not_ours() -> None:
    assert from_protocol("https://example.org/PlanDefinition/x", "here") is None
