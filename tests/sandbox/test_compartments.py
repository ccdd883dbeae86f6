"""Whose a resource is."""

import pytest

from fhir_taper.records import Json
from fhir_taper.sandbox.compartments import is_anothers, patients_of


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Patient", "id": "p"}, {"p"}),
        ({"resourceType": "Goal", "subject": {"reference": "Patient/p"}}, {"p"}),
        ({"resourceType": "Goal", "subject": {"reference": "http://ehr/fhir/Patient/p/_history/2"}}, {"p"}),
        ({"resourceType": "Goal", "subject": {"reference": "Group/p"}}, set()),
        ({"resourceType": "DetectedIssue", "patient": {"reference": "Patient/p"}}, {"p"}),
        ({"resourceType": "Task", "for": {"reference": "Patient/p"}}, {"p"}),
        (
            {"resourceType": "Appointment", "participant": [{"actor": {"reference": "Patient/p"}}, {"actor": {"reference": "Location/l"}}]},
            {"p"},
        ),
        ({"resourceType": "Provenance", "target": [{"reference": "Patient/p"}, {"reference": "Goal/g"}]}, {"p"}),
        ({"resourceType": "Practitioner", "id": "x"}, set()),
        ({"resourceType": "Goal", "subject": "text"}, set()),
    ],
)
def test_patients_are_found_where_a_type_names_them(resource: Json, expected: set[str]) -> None:
    assert patients_of(resource) == expected
    assert is_anothers(resource, "q") == bool(expected)
    assert not is_anothers(resource, "p")
