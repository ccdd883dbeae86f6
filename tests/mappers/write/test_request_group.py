from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fhir_taper import exact_json
from fhir_taper.plans.tapers.plan import GateState
from tests.mappers.write.example_plans import EXAMPLES, only, resources, written

PLAN = EXAMPLES["diazepam"]


def actions(name: str, **changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = only(written(replace(EXAMPLES[name], **changes)), "RequestGroup")["action"]
    return found


def test_there_is_one_action_per_step_in_order_each_after_the_one_before() -> None:
    found = actions("diazepam")
    assert [action["prefix"] for action in found] == ["0", "1", "2", "3", "4"]
    assert "relatedAction" not in found[0]
    assert found[2]["relatedAction"] == [{"actionId": "step-1", "relationship": "after-end"}]


def test_an_action_has_the_days_of_its_step_and_the_last_has_no_end() -> None:
    found = actions("diazepam")
    assert found[1]["timingPeriod"] == {"start": "2026-02-02", "end": "2026-03-01"}
    assert found[4]["timingPeriod"] == {"start": "2026-04-27"}


def test_an_action_has_the_kind_of_its_step_as_a_code_of_ours() -> None:
    kinds = [action["code"][0]["coding"][0] for action in actions("diazepam")]
    assert {kind["system"] for kind in kinds} == {"https://fhir-taper.org/fhir/CodeSystem/step-kind"}
    assert [kind["code"] for kind in kinds] == ["baseline", "reduction", "reduction", "reduction", "stop"]


@pytest.mark.parametrize(("state", "expression"), [(GateState.OPEN, "false"), (GateState.PASSED, "true"), (GateState.OVERRIDDEN, "true")])
def test_a_reduction_may_start_only_when_its_review_is_passed_or_overridden(state: GateState, expression: str) -> None:
    gates = tuple(replace(gate, state=state) for gate in PLAN.gates)
    baseline, first, *_ = actions("diazepam", gates=gates)
    assert "condition" not in baseline
    (condition,) = first["condition"]
    assert (condition["kind"], condition["expression"]["expression"]) == ("start", expression)
    assert condition["expression"]["description"].startswith(f"The review due 2026-02-02 is {state}")


def test_two_strengths_of_one_dose_are_two_actions_of_one_step() -> None:
    step = actions("two-strengths")[1]
    assert (step["groupingBehavior"], step["selectionBehavior"]) == ("logical-group", "all")
    assert [product["code"][0]["coding"][0]["code"] for product in step["action"]] == ["1049611", "1049621"]


def test_a_stop_is_an_action_that_removes_and_has_no_product() -> None:
    stop = actions("diazepam")[4]
    assert stop["type"]["coding"][0]["code"] == "remove"
    assert stop["title"] == "Step 4: stop diazepam, from 2026-04-27 on"
    assert stop["resource"] == {"display": "Stop: no diazepam from 2026-04-27"}
    assert "action" not in stop


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_no_dose_of_0_is_written_anywhere(name: str) -> None:
    bundle = exact_json.decode(exact_json.encode(written(EXAMPLES[name])))
    doses = [value for key, value in _members(bundle) if key in {"doseQuantity", "quantity", "dailyAmount"}]
    taken = [part["valueDecimal"] for _, part in _members(bundle) if isinstance(part, dict) and part.get("url") == "units"]
    assert doses
    assert [dose for dose in (*(dose["value"] for dose in doses), *taken) if not dose > 0] == []


def test_only_steps_of_the_next_window_refer_to_a_prescription_and_the_others_say_that_they_wait() -> None:
    bundle = written(PLAN)
    requests = {f"urn:uuid:{request['id']}" for request in resources(bundle, "MedicationRequest")}
    first, *later = [product["resource"] for action in only(bundle, "RequestGroup")["action"] for product in action.get("action", [])]
    assert {first["reference"]} == requests
    assert all("reference" not in resource and resource["type"] == "MedicationRequest" for resource in later)


@pytest.mark.feature("F09")
def test_a_longer_interval_is_said_in_words_and_kept_exactly() -> None:
    step = actions("alternate-day")[1]
    assert step["description"].endswith("Take 1 tablet at night, every other day")
    assert {"url": "everyDays", "valuePositiveInt": 2} in step["extension"][0]["extension"]


def _members(node: object) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from _members(value)
    elif isinstance(node, list):
        for item in node:
            yield "", item
            yield from _members(item)
