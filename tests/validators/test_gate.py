"""The validator gate passes what is right and catches every planted error, ours and third parties'."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.validators.gate import Gate, shared_gate
from tests.validators.planted import BUNDLE, GOOD, PLAN, PLANTED, PROPOSAL, STEPS, planted

# In the external set these five are right; every other file has one error.
RIGHT_ELSEWHERE = {"01", "02", "03", "40", "44"}
ENOUGH = 28
# Examples of the specification that are wrong: a code outside its system, a display in other letters, a performer that is no
# organization, a questionnaire that nobody has.
WRONG_EXAMPLES = {
    "Appointment-example.json",
    "MedicationDispense-meddisp0326.json",
    "MedicationRequest-medrx0301.json",
    "MedicationRequest-medrx0303.json",
    "QuestionnaireResponse-gcs.json",
}

Parts = tuple[dict[str, object], ...]
DOSE_URL = "https://taper.invalid/StructureDefinition/dose"
DOSE_DEFINITION = {
    "resourceType": "StructureDefinition",
    "id": "dose",
    "url": DOSE_URL,
    "name": "Dose",
    "status": "draft",
    "kind": "complex-type",
    "abstract": False,
    "context": [{"type": "element", "expression": "RequestGroup.action"}],
    "type": "Extension",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"id": "Extension", "path": "Extension", "min": 0, "max": "1"},
            {"id": "Extension.extension:mg", "path": "Extension.extension", "sliceName": "mg", "min": 1, "max": "1"},
            {"id": "Extension.extension:mg.url", "path": "Extension.extension.url", "fixedUri": "mg"},
            {"id": "Extension.extension:mg.value[x]", "path": "Extension.extension.value[x]", "min": 1, "type": [{"code": "decimal"}]},
            {"id": "Extension.extension:slot", "path": "Extension.extension", "sliceName": "slot", "min": 0, "max": "*"},
            {"id": "Extension.extension:slot.url", "path": "Extension.extension.url", "fixedUri": "slot"},
            {"id": "Extension.extension:slot.value[x]", "path": "Extension.extension.value[x]", "min": 1, "type": [{"code": "code"}]},
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": DOSE_URL},
            {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
        ]
    },
}


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
        for judge in judges_of(gate.validate(planted(name))):
            caught[judge] += 1
    assert [judge for judge, number in caught.items() if number == 0] == []


def test_an_error_inside_a_bundle_is_found_in_its_entry(gate: Gate) -> None:
    wrong = {**BUNDLE, "entry": [BUNDLE["entry"][0], {**BUNDLE["entry"][1], "resource": {**PLAN, "status": "planned"}}]}
    assert any("CarePlan.status" in issue for issue in gate.validate(wrong))


@pytest.mark.parametrize("name", [name for name in PLANTED if planted(name).get("resourceType") != "Bundle"])
def test_a_planted_error_is_seen_by_the_same_judges_two_bundles_deep(gate: Gate, name: str) -> None:
    wrong = planted(name)
    inner = {**BUNDLE, "entry": [*BUNDLE["entry"], {"fullUrl": "urn:uuid:5a0c6f6e-8f0b-4c1e-9d0a-2a6f7d0f9b11", "resource": wrong}]}
    outer = {**BUNDLE, "entry": [{"fullUrl": "urn:uuid:5a0c6f6e-8f0b-4c1e-9d0a-2a6f7d0f9b12", "resource": inner}]}
    assert judges_of(gate.validate(wrong)) <= judges_of(gate.validate(outer))


def judges_of(issues: list[str]) -> set[str]:
    return {issue.split(":")[0] for issue in issues}


def test_an_error_in_a_contained_resource_is_found(gate: Gate) -> None:
    inside = {"resourceType": "Goal", "id": "inside", "subject": {"reference": "Patient/elder"}}
    plan = {**PLAN, "goal": [{"reference": "#inside"}], "contained": [inside]}
    assert any("Goal.lifecycleStatus" in issue for issue in gate.validate(plan))


def test_exact_decimals_are_judged_as_numbers(gate: Gate) -> None:
    dosage = {"doseAndRate": [{"doseQuantity": {"value": Decimal("0.50"), "unit": "mg"}}], "text": "half a tablet"}
    assert gate.validate({**PROPOSAL, "dosageInstruction": [dosage]}) == []


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """A gate that knows one more extension: a dose with its parts, on an action of a RequestGroup."""
    folder = tmp_path_factory.mktemp("definitions")
    (folder / "dose.json").write_text(json.dumps(DOSE_DEFINITION))
    return Gate(shared_gate().definitions, ours=folder)


def with_dose(*parts: dict[str, object]) -> dict[str, object]:
    action = {**STEPS["action"][1], "extension": [{"url": DOSE_URL, "extension": list(parts)}]}
    return {**STEPS, "action": [STEPS["action"][0], action]}


MG: dict[str, object] = {"url": "mg", "valueDecimal": 0.5}
SLOT: dict[str, object] = {"url": "slot", "valueCode": "morning"}


def test_an_extension_deep_inside_passes_once_its_definition_is_published(gate: Gate, told: Gate) -> None:
    assert gate.validate(with_dose(MG, SLOT, SLOT)) != []
    assert told.validate(with_dose(MG, SLOT, SLOT)) == []


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ((SLOT,), "mg is there 0 times, not 1..1"),
        ((MG, MG), "mg is there 2 times, not 1..1"),
        (({**MG, "valueDecimal": None, "valueString": "0.5"},), "valueString is not what mg holds"),
        ((MG, {"url": "slot"}), "slot has no value"),
        ((MG, {"url": "day", "valueCode": "monday"}), "day is no part of"),
    ],
)
def test_a_part_that_its_definition_does_not_allow_is_caught_deep_inside(told: Gate, parts: Parts, wrong: str) -> None:
    stripped = [{key: value for key, value in part.items() if value is not None} for part in parts]
    assert [issue for issue in told.validate(with_dose(*stripped)) if wrong in issue] != []


def test_an_extension_in_a_place_that_its_definition_does_not_name_is_caught(told: Gate) -> None:
    plan = {**PLAN, "extension": [{"url": DOSE_URL, "extension": [MG]}]}
    assert any("is not allowed on CarePlan" in issue for issue in told.validate(plan))


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


@pytest.mark.shared
def test_right_examples_of_the_specification_pass(gate: Gate, shared_data: Path) -> None:
    """A gate that refuses what is right would be obeyed by writing less."""
    examples = sorted((shared_data / "data" / "spec_r4").glob("*.json"))
    refused = {file.name for file in examples if gate.validate(json.loads(file.read_text()))}
    assert len(examples) > ENOUGH
    assert refused == WRONG_EXAMPLES
