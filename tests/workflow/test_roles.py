"""Roles come from the tenant's table alone."""

import pytest

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
    assert role_of(TENANT, person) is role
