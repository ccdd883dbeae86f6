"""Small charts for tests that spoil them: one patient, one order that is read as 10 mg oxycodone a day."""

import copy
import json
from typing import Any

OXYCODONE = {
    "coding": [
        {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1049621", "display": "oxycodone hydrochloride 5 MG Oral Tablet"}
    ]
}
TWICE_DAILY = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}


def patient(patient_id: str = "p1") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": patient_id, "birthDate": "1970-03-01", "gender": "female"}


def tablets(count: Any = 1) -> list[dict[str, Any]]:
    return [{"doseQuantity": {"value": count, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}}]


def order(order_id: str = "m1", subject: str = "Patient/p1", **fields: Any) -> dict[str, Any]:
    """Return an active order: 5 mg × 1 × 2 = 10 mg/day; `fields` replace."""
    return {
        "resourceType": "MedicationRequest",
        "id": order_id,
        "status": "active",
        "intent": "order",
        "subject": {"reference": subject},
        "authoredOn": "2025-12-01",
        "medicationCodeableConcept": copy.deepcopy(OXYCODONE),
        "dosageInstruction": [{"timing": copy.deepcopy(TWICE_DAILY), "doseAndRate": tablets()}],
        **fields,
    }


def dosed(order_id: str = "m1", **dosage: Any) -> dict[str, Any]:
    """Return an order with one instruction in which `dosage` replaces or adds; None takes an element away."""
    whole = {"timing": copy.deepcopy(TWICE_DAILY), "doseAndRate": tablets(), **dosage}
    return order(order_id, dosageInstruction=[{key: value for key, value in whole.items() if value is not None}])


def bundle(*resources: Any, **fields: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in resources], **fields}


def chart(*resources: Any) -> bytes:
    """Return a Bundle of the patient and these resources, as bytes."""
    return as_bytes(bundle(patient(), *resources))


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def with_number(resource: dict[str, Any], marker: str, number: str) -> bytes:
    """Return the chart of this resource with the text `marker` replaced by a bare JSON number of any size."""
    return chart(resource).replace(json.dumps(marker).encode(), number.encode())
