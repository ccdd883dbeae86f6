"""Roles come from the tenant's table alone; the patient of a chart is the patient, and nobody else's chart is a patient's."""

from dataclasses import replace

import pytest

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Role, Tenant
from fhir_taper.workflow.roles import Person, role_of

TENANT = Tenant(
    "t", "https://ehr.example.org/fhir", "c", "UTC", roles={Role.PRESCRIBER: ("Practitioner/p1", "1234567893"), Role.COACH: ("coach",)}
)


@pytest.mark.parametrize(
    ("person", "role"),
    [
        (Person("Practitioner/p1", "A"), Role.PRESCRIBER),
        (Person("Practitioner/p2", "B", ("1234567893",)), Role.PRESCRIBER),
        (Person("PractitionerRole/r1", "C", ("coach",)), Role.COACH),
        (Person("Practitioner/p3", "D"), Role.READER),
        (Person("", "nobody"), Role.READER),
        (Person("Practitioner/p4", "prescriber"), Role.READER),
    ],
)
def test_a_person_is_what_the_table_says_and_everybody_else_reads(person: Person, role: Role) -> None:
    assert role_of(TENANT, person, "p1") is role


def test_the_patient_of_the_chart_is_the_patient_whatever_a_table_says() -> None:
    table = replace(TENANT, roles={Role.PRESCRIBER: ("Patient/p1",)})
    assert role_of(TENANT, Person("Patient/p1", "P"), "p1") is Role.PATIENT
    assert role_of(table, Person("Patient/p1", "P"), "p1") is Role.PATIENT


@pytest.mark.parametrize("reference", ["Patient/p2", "RelatedPerson/r1", "Person/x", "Patient/"])
def test_another_patient_or_a_relative_is_nobody_here_whatever_a_table_says(reference: str) -> None:
    table = replace(TENANT, roles={Role.PRESCRIBER: (reference,)})
    with pytest.raises(LaunchRefused) as refused:
        role_of(table, Person(reference, "P"), "p1")
    assert refused.value.reason == "not-a-clinician"
