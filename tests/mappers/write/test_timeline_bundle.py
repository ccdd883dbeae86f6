"""A timeline as one Bundle: what was read, what was filled in here, the plans; in one order, each once, and never restricted data."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper import exact_json
from fhir_taper.errors import RestrictedData
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.check_in import to_response
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY
from fhir_taper.mappers.write.timeline_bundle import to_timeline_bundle
from tests.mappers.write.example_plans import EXAMPLES
from tests.mappers.write.filled_forms import filled

Gate = Callable[[Mapping[str, Any]], list[str]]
EHR = "https://ehr.example.org/fhir"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLAN = to_bundle(EXAMPLES["diazepam"], as_of=NOW.date(), instant=NOW)
PATIENT = {"resourceType": "Patient", "id": "p1"}


def observed(name: str, **more: object) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "70274-6"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-05-01",
        "valueQuantity": {"value": Decimal("6.50")},
        **more,
    }


def read(*resources: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{EHR}/{one['resourceType']}/{one['id']}", one) for one in resources]


def made(*resources: dict[str, Any], **rest: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"read": read(*resources), "filled": (), "plans": (), "of": "demo/p1", "instant": NOW} | rest
    return to_timeline_bundle(asked.pop("read"), asked.pop("filled"), asked.pop("plans"), **asked)


def names(bundle: dict[str, Any]) -> list[str]:
    return [f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in bundle["entry"]]


@pytest.mark.feature("F27")
def test_symptoms_doses_reports_and_plans_stand_in_one_collection_that_passes_the_validator_gate(validator_gate: Gate) -> None:
    order = {
        "resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "diazepam 5 mg"},
    }  # fmt: skip
    answered = to_response(filled("aftercare"))
    bundle = made(observed("o1"), order, PATIENT, filled=[answered], plans=[PLAN], unread=["Visits could not be read: 403"])
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds[:5] == ["Patient", "MedicationRequest", "Observation", "QuestionnaireResponse", "CarePlan"]
    assert kinds[-1] == "OperationOutcome"
    assert bundle["entry"][-1]["resource"]["issue"][0]["diagnostics"] == "Visits could not be read: 403"
    assert bundle["type"] == "collection"
    assert validator_gate(bundle) == []


def test_each_entry_has_an_address_of_its_own_that_of_the_ehr_or_that_of_its_uuid() -> None:
    answered = to_response(filled("aftercare"))
    urls = [entry["fullUrl"] for entry in made(observed("o1"), filled=[answered, answered], plans=[PLAN, PLAN])["entry"]]
    assert urls[:2] == [f"{EHR}/Observation/o1", f"urn:uuid:{answered['id']}"]
    assert len(urls) == len(set(urls)) == 2 + len(PLAN["entry"])


def test_a_form_that_the_ehr_has_by_now_stands_there_once_as_the_ehr_has_it() -> None:
    answered = to_response(filled("aftercare"))
    there = answered | {"language": "en"}
    (entry,) = made(there, filled=[answered])["entry"]
    assert entry["resource"]["language"] == "en"


def test_the_order_is_that_of_types_and_ids_however_they_were_read_and_the_same_timeline_gives_the_same_bytes() -> None:
    some = [observed("b"), PATIENT, observed("a"), {"resourceType": "Condition", "id": "z", "subject": {"reference": "Patient/p1"}}]
    one, other = made(*some), made(*reversed(some))
    assert names(one) == ["Patient/p1", "Condition/z", "Observation/a", "Observation/b"]
    assert exact_json.encode(one) == exact_json.encode(other)
    assert made(*some, of="demo/p2")["id"] != one["id"]


def test_digits_are_kept_to_the_last_zero() -> None:
    assert b'"value":6.50' in exact_json.encode(made(observed("o1")))


def test_a_timeline_that_was_read_whole_says_nothing_of_gaps() -> None:
    assert names(made(observed("o1"))) == ["Observation/o1"]


def restricted() -> dict[str, Any]:
    return observed("o1", meta={"security": [{"system": CONFIDENTIALITY, "code": "R"}]})


@pytest.mark.parametrize(
    "given",
    [
        {"read": read(restricted())},
        {"filled": [restricted()]},
        {"plans": [{"entry": [{"fullUrl": "urn:uuid:1", "resource": restricted()}]}]},
    ],
)
def test_restricted_data_is_handed_out_to_nobody(given: dict[str, Any]) -> None:
    with pytest.raises(RestrictedData, match="the timeline holds data labelled"):
        made(**given)


def test_the_bundle_carries_every_label_of_what_is_in_it() -> None:
    acts = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    sensitive = observed("o1", meta={"security": [{"system": acts, "code": "HIV"}]})
    assert [one["code"] for one in made(observed("o2"), sensitive)["meta"]["security"]] == ["N", "HIV"]
