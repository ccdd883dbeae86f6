"""Faults at every point of a write: never a second record, never a lost one, UNKNOWN where it is unknown."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper.errors import EhrUnreachable, WriteRefused
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM
from fhir_taper.records import WriteState
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.receipt import PARTLY
from fhir_taper.writeback.receipt_kept import errands_of, receipt_of
from tests.writeback.fake_ehr import (
    ALL,
    START,
    Crash,
    FakeEhr,
    Fault,
    answers,
    killed_after,
    killed_before,
    lost_after,
    lost_before,
    replayed,
    without_body,
)
from tests.writeback.writing import Scene, approved, revised, single_only

UNSEARCHABLE = frozenset({"CarePlan", "MedicationRequest", "Device"})
PLAN = approved()


def copies(scene: Scene) -> list[str]:
    """Return our write identifiers that stand more than once in the EHR."""
    known = Counter(
        identifier_value(history[-1], WRITE_SYSTEM) or f"Provenance {history[-1]['activity']} {history[-1]['entity'][-1]}"
        for history in scene.ehr.stored.values()
    )
    return [one for one, many in known.items() if many > 1]


def is_whole(scene: Scene) -> bool:
    """Whether everything stands, and writing again would change nothing."""
    return len(scene.ehr.of("Provenance")) == 1 and scene.prepare(PLAN).preview().count == 0


@pytest.mark.parametrize("searchable", [ALL, UNSEARCHABLE])
@pytest.mark.parametrize("at", ["before opening", "after opening", "before settling", "after settling"])
def test_a_kill_at_any_line_of_the_ledger_is_found_by_the_sweep(at: str, searchable: frozenset[str]) -> None:
    scene = Scene(ehr=FakeEhr(searchable))
    scene.ledger.crash_at = at
    with pytest.raises(Crash):
        scene.write(PLAN)
    scene.clock.pass_time(minutes=10)
    scene.sweep()
    assert scene.write(PLAN).state is WriteState.WRITTEN
    assert is_whole(scene)
    assert copies(scene) == []
    assert scene.ledger.unfinished(scene.clock() + timedelta(days=1)) == ()


@pytest.mark.parametrize("searchable", [ALL, UNSEARCHABLE])
@pytest.mark.parametrize(
    ("fault", "first", "found"),
    [
        (killed_before, None, WriteState.REJECTED),
        (killed_after, None, WriteState.WRITTEN),
        (lost_before, WriteState.UNKNOWN, WriteState.REJECTED),
        (lost_after, WriteState.UNKNOWN, WriteState.WRITTEN),
        (answers(500), WriteState.UNKNOWN, WriteState.REJECTED),
        (answers(502, commits=True), WriteState.UNKNOWN, WriteState.WRITTEN),
        (answers(503), WriteState.UNKNOWN, WriteState.REJECTED),
        (answers(504, commits=True), WriteState.UNKNOWN, WriteState.WRITTEN),
        (answers(202, commits=True), WriteState.UNKNOWN, WriteState.WRITTEN),
        (answers(302), WriteState.UNKNOWN, WriteState.REJECTED),
        (answers(408), WriteState.UNKNOWN, WriteState.REJECTED),
    ],
)
def test_a_lost_answer_is_unknown_until_the_sweep_has_looked(
    fault: Fault, first: WriteState | None, found: WriteState, searchable: frozenset[str]
) -> None:
    scene = Scene(ehr=FakeEhr(searchable))
    scene.ehr.fault = fault
    if first is None:
        with pytest.raises(Crash):
            scene.write(PLAN)
    else:
        assert scene.write(PLAN).state is first
    blocked = scene.send(scene.prepare(PLAN), PLAN) if found is WriteState.REJECTED else None
    assert blocked is None or (blocked.state, len(scene.ehr.requests)) == (WriteState.UNKNOWN, 1)
    scene.clock.pass_time(minutes=10)
    assert scene.sweep() == [found]
    assert scene.write(PLAN).state is WriteState.WRITTEN
    assert is_whole(scene)
    assert copies(scene) == []


def test_what_is_not_there_yet_may_still_arrive() -> None:
    scene = Scene()
    scene.ehr.fault = lost_before
    scene.write(PLAN)
    scene.clock.pass_time(seconds=30)
    assert scene.sweep() == [WriteState.UNKNOWN]


def test_an_ehr_that_cannot_be_asked_leaves_the_write_unknown() -> None:
    scene = Scene()
    scene.ehr.fault = lost_after
    scene.write(PLAN)
    scene.ehr.reads_fail = EhrUnreachable("no answer")
    scene.clock.pass_time(hours=1)
    assert scene.sweep() == [WriteState.UNKNOWN]


@pytest.mark.parametrize(("header", "until"), [("90", 90), ("Mon, 05 Jan 2026 09:02:00 GMT", 120)])
def test_after_429_nothing_is_sent_before_the_instant_that_was_named(header: str, until: int) -> None:
    scene = Scene()
    scene.ehr.fault = answers(429, retry_after=header)
    receipt = scene.write(PLAN)
    assert (receipt.state, receipt.not_before) == (WriteState.REJECTED, START + timedelta(seconds=until))
    scene.clock.pass_time(seconds=until - 1)
    assert scene.write(PLAN).not_before == START + timedelta(seconds=until)
    assert len(scene.ehr.requests) == 1
    scene.clock.pass_time(seconds=1)
    assert scene.write(PLAN).state is WriteState.WRITTEN
    assert copies(scene) == []


def test_a_pause_beside_a_lost_answer_is_kept_too() -> None:
    scene = Scene()
    scene.ehr.fault = answers(503, retry_after="600")
    receipt = scene.write(PLAN)
    assert (receipt.state, receipt.not_before) == (WriteState.UNKNOWN, START + timedelta(minutes=10))


@pytest.mark.parametrize("entry", range(6))
def test_a_transaction_that_was_committed_in_part_is_told_entry_by_entry_and_completed(entry: int) -> None:
    scene = Scene(ehr=FakeEhr(atomic=False))
    scene.ehr.fail_entry = entry
    receipt = scene.write(PLAN)
    assert receipt.state is (WriteState.MISMATCH if entry else WriteState.REJECTED)
    states = [one.state for one in receipt.resources]
    assert states.count(WriteState.WRITTEN) + states.count(WriteState.MISMATCH) == entry
    scene.ehr.fail_entry = None
    assert scene.write(PLAN).state is WriteState.WRITTEN
    assert is_whole(scene)
    assert copies(scene) == []


def test_a_server_that_rolls_back_has_nothing_after_a_refusal() -> None:
    scene = Scene(ehr=FakeEhr(atomic=True))
    scene.ehr.fail_entry = 3
    receipt = scene.write(PLAN)
    assert (receipt.state, scene.ehr.stored, receipt.is_conflict) == (WriteState.REJECTED, {}, False)


@pytest.mark.parametrize("searchable", [ALL, UNSEARCHABLE])
def test_an_answer_without_a_body_is_looked_up(searchable: frozenset[str]) -> None:
    scene = Scene(ehr=FakeEhr(searchable))
    scene.ehr.fault = without_body
    assert scene.write(PLAN).state is WriteState.WRITTEN


def test_a_replay_that_is_answered_with_the_original_counts_as_found() -> None:
    scene = Scene(switches=single_only())
    scene.ehr.fault = replayed
    receipt = scene.write(PLAN)
    assert receipt.state is WriteState.WRITTEN
    assert copies(scene) == []


def test_the_same_button_pressed_twice_sends_once() -> None:
    scene = Scene()
    prepared = scene.prepare(PLAN)
    scene.send(prepared, PLAN)
    again = scene.send(prepared, PLAN)
    assert (again.state, len(scene.ehr.requests)) == (WriteState.UNKNOWN, 1)
    assert "already" in again.says


@pytest.mark.parametrize("stale", [409, 412])
@pytest.mark.parametrize("switches", [SiteSwitches(), single_only()])
def test_an_edit_between_preview_and_button_is_a_conflict_and_is_not_overwritten(stale: int, switches: SiteSwitches) -> None:
    scene = Scene(ehr=FakeEhr(stale=stale), switches=switches)
    scene.write(PLAN)
    second = revised(PLAN, reason="other words")
    prepared = scene.prepare(second, base=PLAN)
    scene.ehr.edit("CarePlan", note=[{"text": "seen by the nurse"}])
    receipt = scene.send(prepared, second)
    assert receipt.is_conflict
    assert scene.ehr.only("CarePlan")["note"] == [{"text": "seen by the nurse"}]
    merged = scene.write(second, base=PLAN)
    assert merged.state is WriteState.WRITTEN, merged
    assert scene.ehr.only("CarePlan")["note"] == [{"text": "seen by the nurse"}]
    assert copies(scene) == []


@pytest.mark.parametrize("has_base", [True, False])
def test_an_edit_of_the_plan_itself_is_shown_and_never_written_over(has_base: bool) -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("CarePlan", status="on-hold")
    second = revised(PLAN, reason="other words")
    prepared = scene.prepare(second, base=PLAN if has_base else None)
    assert not prepared.preview().may_write
    assert any(line.field == "status" for card in prepared.preview().cards for line in card.conflicts)
    with pytest.raises(WriteRefused, match="status was changed in the EHR"):
        scene.send(prepared, second)
    assert scene.ehr.only("CarePlan")["status"] == "on-hold"


def test_a_server_that_changes_a_dose_is_a_mismatch() -> None:
    scene = Scene()
    scene.ehr.alter = lambda one: one | {"status": "active"} if one["resourceType"] == "MedicationRequest" else one
    receipt = scene.write(PLAN)
    assert receipt.state is WriteState.MISMATCH
    assert [one.differences for one in receipt.resources if one.differences] == [("status: we wrote draft, the EHR holds active",)]


@pytest.mark.parametrize("fault", [lost_before, answers(500), killed_before])
def test_single_requests_stop_at_the_first_that_is_not_known(fault: Fault) -> None:
    scene = Scene(switches=single_only())
    scene.ehr.fault = fault
    try:
        receipt = scene.write(PLAN)
    except Crash:
        receipt = None
    assert receipt is None or receipt.state is WriteState.UNKNOWN
    assert len(scene.ehr.requests) == 1


def test_what_is_refused_after_others_left_is_on_the_receipt_with_the_reason_and_nothing_follows_it() -> None:
    scene = Scene(switches=single_only())
    scene.ehr.ids = "s_"  # no id of FHIR: what refers to it may not leave
    receipt = scene.write(PLAN)
    assert (receipt.state, receipt.says) == (WriteState.MISMATCH, PARTLY)
    states = [(one.resource_type, one.state) for one in receipt.resources]
    made = [kind for kind, state in states if state is WriteState.WRITTEN]
    assert made == ["Device", "Goal", "Goal", "MedicationRequest"] == [one.body["resourceType"] for one in scene.ehr.requests]
    assert [kind for kind, state in states if state is WriteState.REJECTED] == ["RequestGroup", "CarePlan", "Provenance"]
    (why,) = [one.says for one in receipt.resources if one.resource_type == "RequestGroup"]
    assert why.startswith("not sent: it refers to 'Device/s_1', which is not a plain reference")
    assert receipt_of(errands_of(scene.ledger.rows.values())[-1]) == receipt
    assert not scene.ledger.unfinished(scene.clock() + timedelta(days=1))


def test_what_is_refused_before_anything_left_leaves_nothing_in_the_ledger() -> None:
    scene = Scene(switches=single_only())
    scene.ehr.ids = "s_"
    scene.write(PLAN)
    sent, rows = len(scene.ehr.requests), len(scene.ledger.rows)
    with pytest.raises(WriteRefused, match="not a plain reference"):
        scene.write(PLAN)
    assert (len(scene.ehr.requests), len(scene.ledger.rows)) == (sent, rows)


FAULTS = {
    "none": None,
    "lost before": lost_before,
    "lost after": lost_after,
    "killed before": killed_before,
    "killed after": killed_after,
    "500": answers(500),
    "500 after": answers(500, commits=True),
    "429": answers(429, retry_after="5"),
    "503": answers(503, retry_after="5"),
    "403": answers(403),
    "409": answers(409),
    "no body": without_body,
    "replayed": replayed,
}
CRASHES = ("", "before opening", "after opening", "before settling", "after settling")


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(FAULTS)), st.sampled_from(CRASHES), st.none() | st.integers(0, 6)), max_size=6),
    st.booleans(),
    st.booleans(),
    st.sampled_from([ALL, UNSEARCHABLE]),
)
def test_whatever_goes_wrong_in_whatever_order_there_is_one_record_and_the_ledger_knows(
    faults: list[tuple[str, str, int | None]], atomic: bool, one_by_one: bool, searchable: frozenset[str]
) -> None:
    if searchable is UNSEARCHABLE:
        atomic = True  # the one server seen that keeps a part can search everything
    scene = Scene(ehr=FakeEhr(searchable, atomic=atomic), switches=single_only() if one_by_one else SiteSwitches())
    for fault, crash, entry in faults:
        scene.ehr.fault, scene.ledger.crash_at, scene.ehr.fail_entry = FAULTS[fault], crash, entry
        try:
            receipt = scene.write(PLAN)
        except Crash:
            receipt = None
        scene.ehr.fault, scene.ledger.crash_at, scene.ehr.fail_entry = None, "", None
        if receipt is not None and receipt.state is WriteState.WRITTEN:
            assert is_whole(scene)
        assert copies(scene) == []
        scene.clock.pass_time(minutes=10)
        scene.sweep()
    last = scene.write(PLAN)
    assert copies(scene) == []
    if scene.ledger.unfinished(scene.clock() + timedelta(days=1)):
        # Only where the EHR cannot be searched for what was sent alone: a person looks.
        assert one_by_one
        assert searchable is UNSEARCHABLE
        assert last.state is WriteState.UNKNOWN
    else:
        assert last.state is WriteState.WRITTEN, last
        assert is_whole(scene)
