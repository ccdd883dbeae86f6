from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fhir_taper.writeback.negotiate import SiteSwitches
from tests.mappers.write.example_plans import EXAMPLES
from tests.writeback.writing import Scene, approved, revised, single_only

Gate = Callable[[Mapping[str, Any]], list[str]]
PLAN = approved()
NO_SWITCH = SiteSwitches()
WRITE = "https://fhir-taper.org/fhir/write"


def requests(switches: SiteSwitches = NO_SWITCH) -> Scene:
    """Write a plan and its next version."""
    scene = Scene(switches=switches)
    scene.write(PLAN)
    scene.write(revised(PLAN, reason="other words"), base=PLAN)
    return scene


@pytest.mark.parametrize(
    "switches", [SiteSwitches(), single_only(), SiteSwitches(frozenset({"RequestGroup", "Device", "Goal", "MedicationRequest"}))]
)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_resource_that_leaves_passes_the_validator_gate(name: str, switches: SiteSwitches, validator_gate: Gate) -> None:
    scene = Scene(switches=switches)
    plan = approved(name)
    scene.write(plan)
    scene.write(revised(plan, reason="other words"), base=plan)
    bodies = [one.body for one in scene.ehr.requests]
    leaving = [entry["resource"] for body in bodies for entry in body.get("entry", [{"resource": body}])]
    assert len(leaving) > 1
    assert [problem for resource in leaving for problem in validator_gate(resource)] == []


def test_a_transaction_creates_on_a_condition_and_updates_a_version_the_care_plan_first() -> None:
    first, second = requests().ehr.requests
    created = first.body["entry"]
    assert created[0]["resource"]["resourceType"] == "CarePlan"
    assert {entry["request"]["method"] for entry in created} == {"POST"}
    assert all("id" not in entry["resource"] for entry in created)
    conditions = {entry["request"]["url"]: entry["request"].get("ifNoneExist", "") for entry in created}
    assert conditions.pop("Provenance") == ""
    assert all(condition.startswith(f"identifier={WRITE}|") for condition in conditions.values())
    updated = [entry["request"] for entry in second.body["entry"] if entry["request"]["method"] == "PUT"]
    assert {request["ifMatch"] for request in updated} == {'W/"v1"'}
    assert all(entry["fullUrl"].startswith("urn:uuid:") for entry in (*created, *second.body["entry"]))


def test_what_is_written_before_is_referred_to_by_its_id_and_what_comes_later_by_its_identifier() -> None:
    scene = requests(single_only())
    proposed = next(one.body for one in scene.ehr.requests if one.path == "MedicationRequest")
    assert proposed["basedOn"] == [{"type": "CarePlan", "identifier": {"system": WRITE, "value": scene_value(scene)}}]
    plan = next(one.body for one in scene.ehr.requests if one.path == "CarePlan")
    known = set(scene.ehr.stored)
    assert {goal["reference"] for goal in plan["goal"]} <= known
    assert plan["activity"][0]["reference"]["reference"] in known


def scene_value(scene: Scene) -> str:
    created = next(one.body for one in scene.ehr.requests if one.path == "CarePlan")
    return next(str(one["value"]) for one in created["identifier"] if one["system"] == WRITE)


def test_every_request_asks_for_what_was_stored_and_a_single_one_carries_its_condition_or_version() -> None:
    scene = requests(single_only())
    for one in scene.ehr.requests:
        headers = dict(one.headers)
        assert headers["Prefer"] == "return=representation"
        assert ("If-Match" in headers) == (one.method == "PUT")
        assert ("If-None-Exist" in headers) == (one.method == "POST" and one.path != "Provenance")
