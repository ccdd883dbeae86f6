"""A generated chart of a given size: 60 % Observation, 20 % MedicationRequest, 15 % Condition, 5 % CarePlan, one patient.

Deterministic; synthetic; shaped like a US EHR's answer (codings, references, narrative-free, long decimals). Two of the
MedicationRequests are active
controlled medicines with a complete dosage, a tenth are controlled and completed, the rest other medicines.
"""

import json
from typing import Any

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_OTHERS = (
    ("314077", "lisinopril 20 MG Oral Tablet"),
    ("860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("617311", "atorvastatin 40 MG Oral Tablet"),
)
_PAST = (("197591", "diazepam 5 MG Oral Tablet"), ("1049621", "oxycodone hydrochloride 5 MG Oral Tablet"))
_OBSERVATIONS = (
    ("8867-4", "Heart rate", "/min"),
    ("8480-6", "Systolic blood pressure", "mm[Hg]"),
    ("29463-7", "Body weight", "kg"),
    ("44261-6", "PHQ-9 total score", "{score}"),
)
_CONDITIONS = (("59621000", "Essential hypertension"), ("44054006", "Type 2 diabetes mellitus"), ("278860009", "Chronic low back pain"))


def sample_chart(resources: int) -> bytes:
    """A searchset Bundle with `resources` entries beside the Patient, as JSON bytes."""
    return _bundle(_resources(resources))


def sample_parts(resources: int, most: int = 10_000) -> list[bytes]:
    """The same chart as several Bundles of at most `most` entries, as a folder of files holds it."""
    entries = _resources(resources)
    return [_bundle(entries[at : at + most]) for at in range(0, len(entries), most)]


def _resources(resources: int) -> list[dict[str, Any]]:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "birthDate": "1961-04-12",
        "gender": "female",
        "name": [{"family": "Benchmark", "given": ["Bo"]}],
    }
    entries: list[dict[str, Any]] = [patient]
    entries += [_observation(number) for number in range(resources * 60 // 100)]
    entries += [_request(number) for number in range(resources * 20 // 100)]
    entries += [_condition(number) for number in range(resources * 15 // 100)]
    return entries + [_care_plan(number) for number in range(resources * 5 // 100)]


def _bundle(entries: list[dict[str, Any]]) -> bytes:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "entry": [
            {"fullUrl": f"https://ehr.example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in entries
        ],
    }
    return json.dumps(bundle).encode()


def _observation(number: int) -> dict[str, Any]:
    code, display, unit = _OBSERVATIONS[number % len(_OBSERVATIONS)]
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {"versionId": "1", "lastUpdated": "2025-12-30T09:00:00Z"},
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                        "display": "vital-signs",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}], "text": display},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": f"Encounter/e{number // 4}"},
        "effectiveDateTime": f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}T08:15:00-05:00",
        "valueQuantity": {"value": 3 + number % 20 + 0.25, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


def _request(number: int) -> dict[str, Any]:
    if number == 0:
        code, display, status, per_day = "197901", "lorazepam 1 MG Oral Tablet", "active", 3
    elif number == 1:
        code, display, status, per_day = "1049611", "oxycodone hydrochloride 15 MG Oral Tablet", "active", 4
    elif number % 10 == 2:
        (code, display), status, per_day = _PAST[number % len(_PAST)], "completed", 2
    else:
        (code, display), status, per_day = _OTHERS[number % len(_OTHERS)], "active" if number % 40 == 3 else "completed", 1
    return {
        "resourceType": "MedicationRequest",
        "id": f"m{number}",
        "meta": {"versionId": "2", "lastUpdated": "2025-12-30T09:00:00Z"},
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": _RXNORM, "code": code, "display": display}], "text": display},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": f"Encounter/e{number}"},
        "authoredOn": f"20{20 + number % 6}-{number % 12 + 1:02}-11",
        "requester": {"reference": f"Practitioner/d{number % 7}"},
        "dosageInstruction": [
            {
                "sequence": 1,
                "text": "Take 1 tablet by mouth daily" if per_day == 1 else f"Take 1 tablet by mouth {per_day} times daily",
                "timing": {"repeat": {"frequency": per_day, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}}],
            }
        ],
        "dispenseRequest": {
            "numberOfRepeatsAllowed": 1,
            "quantity": {"value": 30 * per_day, "unit": "tablet"},
            "expectedSupplyDuration": {"value": 30, "unit": "d"},
        },
    }


def _condition(number: int) -> dict[str, Any]:
    code, display = _CONDITIONS[number % len(_CONDITIONS)]
    return {
        "resourceType": "Condition",
        "id": f"c{number}",
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active" if number % 3 else "resolved"}
            ]
        },
        "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}], "text": display},
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": f"20{10 + number % 15}-05-02",
        "recordedDate": "2024-05-02",
    }


def _care_plan(number: int) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan",
        "id": f"cp{number}",
        "status": "completed",
        "intent": "plan",
        "category": [{"coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}]}],
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2024-01-01", "end": "2024-06-30"},
        "activity": [{"detail": {"status": "completed", "description": f"Exercise therapy {number}"}} for _ in range(3)],
    }
