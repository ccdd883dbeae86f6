"""The validator gate passes what is right and catches every planted error, ours and third parties'."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.validators.gate import Gate, shared_gate
from tests.validators.planted import BUNDLE, GOOD, PLAN, PLANTED, PROPOSAL, planted

# In the external set these five are right; every other file has one error.
RIGHT_ELSEWHERE = {"01", "02", "03", "40", "44"}
ENOUGH = 28


@pytest.fixture(scope="module")
def gate() -> Gate:
    return shared_gate()


@pytest.mark.parametrize("name", GOOD)
def test_a_good_resource_passes(gate: Gate, name: str) -> None:
    assert gate.validate(GOOD[name]) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_caught(gate: Gate, name: str) -> None:
    assert gate.validate(planted(name)) != []


def test_the_planted_set_differs_from_the_good_resources_and_is_large() -> None:
    assert len(PLANTED) >= ENOUGH
    assert [name for name, (good, _) in PLANTED.items() if planted(name) == good] == []


def test_every_judge_is_needed_or_agrees_with_another(gate: Gate) -> None:
    """Each judge catches planted errors; one that catches none is not connected."""
    caught = dict.fromkeys(gate.judges, 0)
    for name in PLANTED:
        for judge in {issue.split(":")[0] for issue in gate.validate(planted(name))}:
            caught[judge] += 1
    assert [judge for judge, number in caught.items() if number == 0] == []


def test_an_error_inside_a_bundle_is_found_in_its_entry(gate: Gate) -> None:
    wrong = {**BUNDLE, "entry": [BUNDLE["entry"][0], {**BUNDLE["entry"][1], "resource": {**PLAN, "status": "planned"}}]}
    assert any("CarePlan.status" in issue for issue in gate.validate(wrong))


def test_an_error_in_a_contained_resource_is_found(gate: Gate) -> None:
    inside = {"resourceType": "Goal", "id": "inside", "subject": {"reference": "Patient/elder"}}
    plan = {**PLAN, "goal": [{"reference": "#inside"}], "contained": [inside]}
    assert any("Goal.lifecycleStatus" in issue for issue in gate.validate(plan))


def test_exact_decimals_are_judged_as_numbers(gate: Gate) -> None:
    dosage = {"doseAndRate": [{"doseQuantity": {"value": Decimal("0.50"), "unit": "mg"}}], "text": "half a tablet"}
    assert gate.validate({**PROPOSAL, "dosageInstruction": [dosage]}) == []


def test_an_extension_passes_once_its_definition_is_published(tmp_path: Path) -> None:
    nowhere = "https://taper.invalid/StructureDefinition/strategy"
    (tmp_path / "strategy.json").write_text(json.dumps(_extension_definition(nowhere)))
    told = Gate(shared_gate().definitions, ours=tmp_path)
    plan = {**PLAN, "extension": [{"url": nowhere, "valueCode": "linear"}]}
    assert shared_gate().validate(plan) != []
    assert told.validate(plan) == []
    assert told.validate({**PLAN, "extension": [{"url": nowhere, "valueInteger": 1}]}) != []


def test_the_fixture_hands_out_the_gate(validator_gate: object) -> None:
    assert callable(validator_gate)
    assert validator_gate(PLAN) == []


@pytest.mark.shared
def test_the_gate_agrees_with_an_independent_planted_set(gate: Gate, shared_data: Path) -> None:
    """Thirty-three resources that others made: 5 right, 28 with one error each."""
    files = sorted((shared_data / "peers" / "planted").glob("*.json"))
    passed = {file.name[:2] for file in files if gate.validate(json.loads(file.read_text())) == []}
    assert len(files) == ENOUGH + len(RIGHT_ELSEWHERE)
    assert passed == RIGHT_ELSEWHERE


def _extension_definition(url: str) -> dict[str, object]:
    return {
        "resourceType": "StructureDefinition",
        "id": "strategy",
        "url": url,
        "name": "Strategy",
        "status": "draft",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "CarePlan"}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "min": 0, "max": "1"},
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
                {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
            ]
        },
    }
