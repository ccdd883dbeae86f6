from collections.abc import Callable
from contextlib import suppress

import pytest

from fhir_taper.errors import WriteRefused
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.records import LedgerRow, WriteState
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback import sending
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.recover import by_person
from tests.mappers.write.example_plans import BEFORE
from tests.writeback.fake_ehr import Crash, FakeAnswer, FakeEhr, Fault, killed_after, lost_after, lost_before
from tests.writeback.writing import DECISION, Scene, approved, revised, single_only

PLAN = approved()


def lost(scene: Scene, fault: Fault = lost_before) -> LedgerRow:
    scene.ehr.fault = fault
    with suppress(Crash):
        scene.write(PLAN)
    (row,) = [row for row in scene.ledger.rows.values() if row.state in (WriteState.PENDING, WriteState.UNKNOWN)]
    return row


@pytest.mark.parametrize("found", [WriteState.WRITTEN, WriteState.MISMATCH, WriteState.REJECTED])
def test_a_person_who_looked_ends_an_unknown_write(found: WriteState) -> None:
    scene = Scene()
    row = lost(scene)
    assert by_person(row, DECISION, scene.ledger, scene.clock, found) is found
    assert scene.ledger.rows[row.id].detail["by_person"]["by"] == DECISION.by


def test_a_person_says_what_they_found_and_a_settled_write_stays_settled() -> None:
    scene = Scene()
    row = lost(scene)
    with pytest.raises(WriteRefused, match="in words"):
        by_person(row, Decision("Practitioner/dr1", BEFORE), scene.ledger, scene.clock, WriteState.REJECTED)
    by_person(row, DECISION, scene.ledger, scene.clock, WriteState.REJECTED)
    with pytest.raises(WriteRefused, match="settled already"):
        by_person(scene.ledger.rows[row.id], DECISION, scene.ledger, scene.clock, WriteState.WRITTEN)


@pytest.mark.parametrize("found", [WriteState.PENDING, WriteState.UNKNOWN])
def test_a_person_who_looked_does_not_find_that_it_is_unknown(found: WriteState) -> None:
    scene = Scene()
    with pytest.raises(WriteRefused, match="does not find"):
        by_person(lost(scene), DECISION, scene.ledger, scene.clock, found)


def test_two_sweeps_of_one_row_find_one_state() -> None:
    scene = Scene()
    row = lost(scene, killed_after)
    scene.clock.pass_time(minutes=10)
    assert scene.resolve(row) is WriteState.WRITTEN
    assert scene.resolve(row) is WriteState.WRITTEN


def test_a_write_whose_answer_may_still_come_is_left_alone() -> None:
    scene = Scene(ehr=FakeEhr())
    scene.ledger.crash_at = "after opening"
    with pytest.raises(Crash):
        scene.write(PLAN)
    scene.clock.pass_time(seconds=10)
    assert scene.sweep() == [WriteState.PENDING]


def test_a_write_that_waited_too_long_for_its_token_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row may be swept by then: what left now would be a write that was called rejected."""
    scene, seconds = Scene(), [0.0]
    monkeypatch.setattr(sending, "monotonic", lambda: seconds[0])

    def wait_for_a_token() -> None:
        seconds[0] += sending.SEND_WITHIN + 1

    scene.ehr.waits = wait_for_a_token
    receipt = scene.write(PLAN)
    assert (receipt.state, scene.ehr.requests, scene.ledger.states()) == (WriteState.REJECTED, [], ["rejected"])
    assert "nothing was sent" in receipt.resources[0].says


def test_a_process_that_stood_still_after_recording_a_write_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    times = iter([0.0, sending.SEND_WITHIN + 1])
    monkeypatch.setattr(sending, "monotonic", lambda: next(times))
    receipt = scene.write(PLAN)
    assert (receipt.state, scene.ehr.requests, scene.ledger.states()) == (WriteState.REJECTED, [], ["rejected"])
    assert "nothing was sent" in receipt.resources[0].says


@pytest.mark.parametrize("thought", [WriteState.UNKNOWN, WriteState.REJECTED])
@pytest.mark.parametrize("alters", [False, True])
def test_a_late_answer_corrects_what_was_thought_of_a_write(thought: WriteState, *, alters: bool) -> None:
    scene = Scene()
    if alters:
        scene.ehr.alter = lambda one: one | {"status": "active"} if one["resourceType"] == "MedicationRequest" else one

    def given_up(_ehr: FakeEhr, _permitted: Permitted, do: Callable[[], FakeAnswer]) -> FakeAnswer:
        (row,) = scene.ledger.rows.values()
        scene.ledger.settle(row.id, thought, at=scene.clock(), detail=row.detail | {"looked": "not there"})
        return do()

    scene.ehr.fault = given_up
    receipt = scene.write(PLAN)
    (row,) = scene.ledger.rows.values()
    assert row.state is receipt.state is (WriteState.MISMATCH if alters else WriteState.WRITTEN)
    assert row.detail["looked"] == "not there"


def test_what_was_found_with_another_meaning_is_a_mismatch() -> None:
    scene = Scene()
    scene.ehr.alter = lambda one: one | {"status": "active"} if one["resourceType"] == "MedicationRequest" else one
    lost(scene, lost_after)
    scene.clock.pass_time(minutes=10)
    assert scene.sweep() == [WriteState.MISMATCH]


@pytest.mark.parametrize(("fault", "state"), [(lost_after, WriteState.WRITTEN), (lost_before, WriteState.REJECTED)])
@pytest.mark.parametrize("switches", [SiteSwitches(), single_only()])
def test_a_lost_update_is_told_by_the_version_and_what_it_says(fault: Fault, state: WriteState, switches: SiteSwitches) -> None:
    scene = Scene(switches=switches)
    scene.write(PLAN)
    second = revised(PLAN, reason="other words")
    scene.ehr.fault = fault
    scene.write(second, base=PLAN)
    scene.clock.pass_time(minutes=10)
    assert scene.sweep() == [state]
    assert scene.write(second, base=PLAN).state is WriteState.WRITTEN
    assert len(scene.ehr.of("CarePlan")) == 1


def test_a_step_that_was_sent_alone_to_a_server_that_cannot_be_searched_waits_for_a_person() -> None:
    scene = Scene(ehr=FakeEhr(frozenset({"CarePlan", "MedicationRequest", "Device"})), switches=single_only())
    scene.write(PLAN)
    assert scene.ledger.states() == ["written"] * len(scene.ledger.rows)
    other = Scene(ehr=FakeEhr(frozenset({"CarePlan", "MedicationRequest", "Device"})), switches=single_only())
    other.ehr.stored = {key: value for key, value in scene.ehr.stored.items() if key.startswith("Device")}
    row = lost(other, lost_after)
    other.clock.pass_time(hours=5)
    assert row.detail["sent"][0]["resource_type"] == "Goal"
    assert other.sweep() == [WriteState.UNKNOWN]
    assert other.write(PLAN).state is WriteState.UNKNOWN
