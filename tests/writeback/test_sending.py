"""A write leaves once; what somebody deleted in the EHR may be made again, once for each time, in one request or one by one."""

from itertools import combinations
from typing import Any

import pytest

from fhir_taper.errors import EhrAnswered, EhrUnreachable
from fhir_taper.records import WriteReceipt, WriteState
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.receipt_kept import errands_of, receipt_of
from tests.writeback.fake_ehr import ALL, FakeEhr, lost_after, lost_before
from tests.writeback.writing import Scene, approved, revised, single_only

PLAN = approved()
SECOND = revised(PLAN, reason="other words")
WAYS = [SiteSwitches(), single_only()]
SOME = frozenset({"CarePlan", "MedicationRequest", "Device"})
KINDS = ("CarePlan", "RequestGroup", "Goal", "Device", "Provenance")
"""A proposal that was deleted is in `test_standing`: the steps name it."""


def delete(scene: Scene, *kinds: str) -> None:
    """Somebody deletes everything of some types in the EHR."""
    for key in [key for key in scene.ehr.stored if key.partition("/")[0] in kinds]:
        del scene.ehr.stored[key]


def accepted(scene: Scene, plan: Any = PLAN) -> WriteReceipt:
    """Preview, accept everything that is asked, and press the button."""
    prepared = scene.prepare(plan, plan)
    return scene.send(prepared, plan, [one.name for one in prepared.asks])


def targets(scene: Scene) -> set[str]:
    """What the provenance that was written last is about."""
    return {one["reference"] for one in scene.ehr.of("Provenance")[-1]["target"]}


@pytest.mark.parametrize(("switches", "searchable"), [(SiteSwitches(), ALL), (single_only(), ALL), (single_only(), SOME)])
@pytest.mark.parametrize("kinds", [kinds for size in (1, 2, 5) for kinds in combinations(KINDS, size)])
def test_what_was_deleted_is_made_again_and_again_and_told_of(
    kinds: tuple[str, ...], switches: SiteSwitches, searchable: frozenset[str]
) -> None:
    scene = Scene(ehr=FakeEhr(searchable), switches=switches)
    scene.write(PLAN)
    for _ in range(2):
        delete(scene, *kinds)
        receipt = accepted(scene)
        assert receipt.state is WriteState.WRITTEN, receipt
        assert {one.says for one in receipt.resources} <= {"", "unchanged"}
        assert accepted(scene).state is WriteState.WRITTEN
        assert scene.prepare(PLAN).preview().count == 0
        assert f"CarePlan/{scene.ehr.only('CarePlan')['id']}" in targets(scene)
        assert {len(scene.ehr.of(kind)) for kind in ("CarePlan", "RequestGroup")} == {1}
        assert len(scene.ehr.of("Device")) <= 1
    assert not scene.ledger.unfinished(scene.clock())


def test_a_care_plan_of_a_later_version_that_was_deleted_is_made_again_with_its_provenance() -> None:
    scene = Scene(switches=single_only())
    scene.write(PLAN)
    scene.write(SECOND, base=PLAN)
    delete(scene, "CarePlan")
    assert accepted(scene, SECOND).state is WriteState.WRITTEN
    assert f"CarePlan/{scene.ehr.only('CarePlan')['id']}" in targets(scene)
    assert len(scene.ehr.of("Provenance")) == 3


@pytest.mark.parametrize("switches", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_of_what_was_deleted_is_sent_once_however_often_it_is_pressed(kind: str, switches: SiteSwitches) -> None:
    scene = Scene(switches=switches)
    scene.write(PLAN)
    delete(scene, kind)
    prepared = scene.prepare(PLAN)
    names = [one.name for one in prepared.asks]
    assert scene.send(prepared, PLAN, names).state is WriteState.WRITTEN
    stored = {key: list(history) for key, history in scene.ehr.stored.items()}
    assert "already" in str(scene.send(prepared, PLAN, names))
    assert scene.ehr.stored == stored


@pytest.mark.parametrize("kinds", [("Provenance",), ("Device", "Provenance")])
@pytest.mark.parametrize("unknown", [EhrUnreachable("no answer"), EhrAnswered(503)])
def test_what_cannot_be_looked_for_is_not_sent_a_second_time(kinds: tuple[str, ...], unknown: Exception) -> None:
    scene = Scene(switches=single_only())
    scene.write(PLAN)
    delete(scene, *kinds)
    prepared = scene.prepare(PLAN)
    sent = len(scene.ehr.requests)
    scene.ehr.reads_fail = unknown
    assert scene.send(prepared, PLAN).state is WriteState.UNKNOWN
    assert len(scene.ehr.requests) == sent


@pytest.mark.parametrize("kinds", [("CarePlan",), ("Provenance",), ("Device", "Provenance"), ("CarePlan", "Device", "Provenance")])
@pytest.mark.parametrize(("fault", "state"), [(lost_after, WriteState.WRITTEN), (lost_before, WriteState.REJECTED)])
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_what_is_made_again_and_whose_answer_is_lost_is_found_by_the_sweep_and_never_made_twice(
    kinds: tuple[str, ...], fault: Any, state: WriteState, nth: int
) -> None:
    scene = Scene(switches=single_only())
    scene.write(PLAN)
    delete(scene, *kinds)
    prepared = scene.prepare(PLAN)
    waits = iter([*[None] * nth, fault])

    def next_fault() -> None:
        scene.ehr.fault = next(waits, None)

    scene.ehr.waits = next_fault
    first = scene.send(prepared, PLAN, [one.name for one in prepared.asks])
    scene.ehr.waits = lambda: None
    if len([one for one in prepared.changes if one.doing != "none"]) <= nth:
        assert first.state is WriteState.WRITTEN
        return
    assert first.state is WriteState.UNKNOWN
    scene.clock.pass_time(minutes=10)
    assert scene.sweep() == [state]
    assert {accepted(scene).state for _ in range(2)} == {WriteState.WRITTEN}
    assert scene.prepare(PLAN).preview().count == 0
    assert {len(scene.ehr.of(kind)) for kind in ("CarePlan", "RequestGroup", "Device")} == {1}
    assert len(scene.ehr.of("Provenance")) == (1 if "Provenance" in kinds else 2)


@pytest.mark.parametrize("searchable", [ALL, SOME])
def test_where_provenance_cannot_be_searched_one_that_stands_is_not_written_twice_and_is_said_to_stand(searchable: frozenset[str]) -> None:
    scene = Scene(ehr=FakeEhr(searchable), switches=single_only())
    search = scene.ehr.search

    def without_provenance(resource_type: str, parameters: Any, /) -> Any:
        if resource_type == "Provenance":
            raise EhrAnswered(400)
        return search(resource_type, parameters)

    scene.ehr.search = without_provenance  # type: ignore[method-assign]
    scene.write(PLAN)
    scene.ehr.edit("RequestGroup", identifier=[])
    receipt = accepted(scene)
    assert receipt.state is WriteState.WRITTEN, receipt
    (told,) = [one for one in receipt.resources if one.resource_type == "Provenance"]
    assert (told.says, told.is_read_back) == ("written already, and it stands: not sent again", True)
    assert len(scene.ehr.of("Provenance")) == 1
    assert receipt_of(errands_of(scene.ledger.rows.values())[-1]) == receipt
