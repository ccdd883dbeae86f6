from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper import exact_json
from fhir_taper.writeback.readback import meaning_digest, same_meaning
from tests.mappers.write.example_plans import EXAMPLES, resources
from tests.writeback.writing import approved, bundle_of

Json = dict[str, Any]
BUNDLE = bundle_of(approved())
BY_TYPE = {kind: resources(BUNDLE, kind)[0] for kind in ("CarePlan", "RequestGroup", "Goal", "MedicationRequest", "Provenance", "Device")}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_what_comes_back_through_bytes_with_an_id_and_a_version_means_the_same(name: str) -> None:
    for entry in bundle_of(approved(name))["entry"]:
        back = exact_json.decode(exact_json.encode(entry["resource"]))
        back |= {"id": "s1", "meta": {"versionId": "2"}, "text": {"status": "generated", "div": "<div>laid out anew</div>"}}
        back = dict(reversed(back.items()))
        assert same_meaning(entry["resource"], back) == ()
        assert meaning_digest(entry["resource"]) == meaning_digest(back)


def test_a_number_with_other_digits_is_the_same_number() -> None:
    ours = {"resourceType": "Goal", "target": [{"detailQuantity": {"value": Decimal("0.50")}}]}
    assert same_meaning(ours, {"resourceType": "Goal", "target": [{"detailQuantity": {"value": Decimal("0.5")}}]}) == ()
    assert same_meaning(ours, {"resourceType": "Goal", "target": [{"detailQuantity": {"value": Decimal(5)}}]}) != ()


CHANGES: list[tuple[str, str, Any]] = [
    ("MedicationRequest", "dosageInstruction.0.doseAndRate.0.doseQuantity.value", Decimal(7)),
    ("MedicationRequest", "dosageInstruction.0.doseAndRate.0.doseQuantity.code", "mg"),
    ("MedicationRequest", "dosageInstruction.0.text", "Take nothing"),
    ("MedicationRequest", "dosageInstruction.0.timing.repeat.period", 2),
    ("MedicationRequest", "dosageInstruction", []),
    ("MedicationRequest", "status", "active"),
    ("MedicationRequest", "intent", "order"),
    ("MedicationRequest", "reportedBoolean", True),
    ("MedicationRequest", "doNotPerform", True),
    ("MedicationRequest", "subject.reference", "Patient/p2"),
    ("MedicationRequest", "medicationCodeableConcept.coding.0.code", "1"),
    ("MedicationRequest", "dispenseRequest.quantity.value", 99),
    ("RequestGroup", "action.1.timingPeriod.start", "2026-12-24"),
    ("RequestGroup", "action.1.condition.0.expression.expression", "true"),
    ("RequestGroup", "action", []),
    ("RequestGroup", "status", "draft"),
    ("CarePlan", "status", "on-hold"),
    ("CarePlan", "period.start", "2026-12-24"),
    ("CarePlan", "extension", []),
    ("CarePlan", "activity", []),
    ("Goal", "lifecycleStatus", "cancelled"),
    ("Goal", "target", []),
    ("Provenance", "recorded", "2020-01-01T00:00:00Z"),
]


@pytest.mark.parametrize(("kind", "path", "value"), CHANGES, ids=lambda one: str(one)[:60])
def test_a_change_in_meaning_is_a_difference_that_is_named(kind: str, path: str, value: Any) -> None:
    theirs = deepcopy(BY_TYPE[kind])
    *way, last = path.split(".")
    inside: Any = theirs
    for part in way:
        inside = inside[int(part)] if part.isdecimal() else inside[part]
    inside[last] = value
    differences = same_meaning(BY_TYPE[kind], theirs)
    assert differences
    assert differences[0].startswith(path.split(".", maxsplit=1)[0])
    assert meaning_digest(theirs) != meaning_digest(BY_TYPE[kind])


def test_ids_that_the_server_gave_and_one_instant_in_another_spelling_are_no_difference() -> None:
    ours = BY_TYPE["CarePlan"]
    theirs = deepcopy(ours) | {"goal": [{"reference": f"Goal/{index}"} for index in range(9)]}
    theirs["activity"] = [{"reference": {"reference": "RequestGroup/s4"}}]
    theirs["subject"] = {"reference": "https://ehr.example.org/fhir/Patient/p1/_history/3", "display": "A. Patient"}
    assert same_meaning(ours, theirs) == ()
    assert same_meaning(BY_TYPE["Provenance"], BY_TYPE["Provenance"] | {"recorded": "2026-01-04T11:00:00.000+01:00"}) == ()
