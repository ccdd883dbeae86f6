from typing import Any

import pytest

from fhir_taper.smart.patients import Whose, whose

BASE = "https://ehr.test/fhir"


@pytest.mark.parametrize(
    ("resource", "answer"),
    [
        ({"resourceType": "Patient", "id": "p1"}, Whose.OURS),
        ({"resourceType": "Patient", "id": "p2"}, Whose.ANOTHER),
        ({"subject": {"reference": "Patient/p1"}}, Whose.OURS),
        ({"patient": {"reference": "Patient/p1/_history/2"}}, Whose.OURS),
        ({"for": {"reference": f"{BASE}/Patient/p1"}}, Whose.OURS),
        ({"beneficiary": {"reference": "Patient/p2"}}, Whose.ANOTHER),
        ({"subject": {"reference": "Patient/P1"}}, Whose.ANOTHER),
        ({"subject": {"reference": "Patient/p1"}, "patient": {"reference": "Patient/p2"}}, Whose.ANOTHER),
        ({"subject": [{"reference": "Patient/p1"}, {"reference": "Patient/p2"}]}, Whose.ANOTHER),
        ({"subject": {"reference": "https://other.test/fhir/Patient/p1"}}, Whose.ANOTHER),
        ({"subject": {"reference": "https://ehr.test/fhir2/Patient/p1"}}, Whose.ANOTHER),
        ({"subject": {"reference": "https://u@ehr.test/fhir/Patient/p1"}}, Whose.ANOTHER),
        ({"subject": {"reference": "Group/g1"}}, Whose.UNSAID),
        ({"subject": {"reference": "#p1"}}, Whose.UNSAID),
        ({"subject": {"identifier": {"value": "p1"}}}, Whose.UNSAID),
        ({"subject": "Patient/p1"}, Whose.UNSAID),
        ({"subject": None}, Whose.UNSAID),
        ({}, Whose.UNSAID),
        (
            {
                "resourceType": "Appointment",
                "participant": [{"actor": {"reference": "Patient/p1"}}, {"actor": {"reference": "Patient/p2"}}],
            },
            Whose.OURS,
        ),
        ({"resourceType": "Appointment", "participant": [{"actor": {"reference": "Patient/p2"}}, 5]}, Whose.ANOTHER),
        ({"resourceType": "Appointment", "participant": [{"actor": {"reference": "Practitioner/p1"}}]}, Whose.UNSAID),
    ],
)
def test_whose_a_resource_is(resource: dict[str, Any], answer: Whose) -> None:
    assert whose(resource, "p1", BASE) is answer
