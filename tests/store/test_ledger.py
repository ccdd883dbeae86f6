"""A write is on the disk before its request leaves, is settled once, and is never open twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.records import WriteState
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.database import now as shared_now
from fhir_taper.store.ledger import Ledger
from tests.store.kept import NOW, open_write, write

SETTLED = [state for state in WriteState if state is not WriteState.PENDING]
LATER = NOW + timedelta(seconds=3)


@pytest.fixture
def ledger(database: Database, keys: KeyRing) -> Ledger:
    return Ledger(database, keys)


def test_an_opened_write_is_there_for_another_process(ledger: Ledger, url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    open_write(ledger, write())
    assert Ledger(opened(url), keys).row("w1") == write()


@pytest.mark.parametrize("row", [write(state=WriteState.WRITTEN), write(settled=NOW)])
def test_a_write_is_opened_as_pending_only(ledger: Ledger, row: object) -> None:
    with pytest.raises(StoreError, match="opened as pending"):
        open_write(ledger, row)  # type: ignore[arg-type]


def test_a_write_is_not_opened_where_it_could_still_be_undone(ledger: Ledger, database: Database) -> None:
    with pytest.raises(StoreError, match="committed before the request leaves"), database.begin():
        open_write(ledger, write())
    assert ledger.row("w1") is None


@pytest.mark.parametrize("state", SETTLED)
def test_a_pending_write_is_settled(ledger: Ledger, state: WriteState) -> None:
    open_write(ledger, write())
    detail = {"reference": "CarePlan/1", "differences": ["dose 0.50"], "dose": Decimal("0.50")}
    ledger.settle("w1", state, at=LATER, detail=detail)
    assert ledger.row("w1") == write(state=state, settled=LATER, detail=detail)


@pytest.mark.parametrize("first", SETTLED)
@pytest.mark.parametrize("second", SETTLED)
def test_a_settled_write_is_not_settled_again(ledger: Ledger, first: WriteState, second: WriteState) -> None:
    open_write(ledger, write())
    ledger.settle("w1", first, at=NOW, detail={})
    with pytest.raises(StoreConflict, match="is not pending any more"):
        ledger.settle("w1", second, at=LATER, detail={"late": True})
    assert ledger.row("w1") == write(state=first, settled=NOW, detail={})


def test_one_of_many_who_settle_at_once_does(ledger: Ledger) -> None:
    open_write(ledger, write())

    def settle(number: int) -> bool:
        try:
            ledger.settle("w1", WriteState.WRITTEN, at=NOW, detail={"by": number})
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(settle, range(8)))
    assert won.count(True) == 1
    assert ledger.row("w1") == write(state=WriteState.WRITTEN, settled=NOW, detail={"by": won.index(True)})


def test_nothing_is_settled_as_pending_or_without_having_been_opened(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="not settled as pending"):
        ledger.settle("w1", WriteState.PENDING, at=NOW, detail={})
    with pytest.raises(StoreError, match="no row w1"):
        ledger.settle("w1", WriteState.WRITTEN, at=NOW, detail={})


@pytest.mark.parametrize("was", WriteState)
@pytest.mark.parametrize("state", WriteState)
def test_only_what_was_unknown_or_not_read_back_or_answered_late_is_resolved(ledger: Ledger, was: WriteState, state: WriteState) -> None:
    open_write(ledger, write())
    if was is not WriteState.PENDING:
        ledger.settle("w1", was, at=NOW, detail={})
    allowed = state in {
        WriteState.UNKNOWN: {WriteState.WRITTEN, WriteState.REJECTED, WriteState.MISMATCH},
        WriteState.WRITTEN: {WriteState.MISMATCH},
        WriteState.REJECTED: {WriteState.WRITTEN, WriteState.MISMATCH},
    }.get(was, set())
    if allowed:
        ledger.resolve("w1", was, state, at=LATER, detail={"by": "Practitioner/pr1"})
        assert ledger.row("w1") == write(state=state, settled=LATER, detail={"by": "Practitioner/pr1"})
    else:
        with pytest.raises(StoreError, match="does not become"):
            ledger.resolve("w1", was, state, at=LATER, detail={})


def test_all_processes_on_one_database_go_by_its_clock(ledger: Ledger, url: str, keys: KeyRing, opened: Callable[[str], Database]) -> None:
    times = [ledger.now(), Ledger(opened(url), keys).now(), ledger.now()]
    assert times == sorted(times)
    assert all(one.utcoffset() is not None for one in times)
    with opened(url).read() as connection:
        assert abs(shared_now(connection) - times[-1]) < timedelta(seconds=60)


def test_a_write_that_somebody_else_resolved_is_a_conflict(ledger: Ledger) -> None:
    open_write(ledger, write())
    ledger.settle("w1", WriteState.REJECTED, at=NOW, detail={})
    with pytest.raises(StoreConflict, match="not unknown any more"):
        ledger.resolve("w1", WriteState.UNKNOWN, WriteState.WRITTEN, at=LATER, detail={})


@pytest.mark.parametrize("state", WriteState)
def test_an_identifier_is_written_under_again_only_when_it_is_known_what_became_of_it(ledger: Ledger, state: WriteState) -> None:
    open_write(ledger, write())
    if state is not WriteState.PENDING:
        ledger.settle("w1", state, at=NOW, detail={})
    again = write("w2", write_identifier=write().write_identifier)
    if state in {WriteState.PENDING, WriteState.UNKNOWN}:
        with pytest.raises(StoreConflict):
            open_write(ledger, again)
        assert ledger.row("w2") is None
    else:
        open_write(ledger, again)
        assert ledger.row("w2") == again


def test_an_identifier_of_another_tenant_is_another_one(ledger: Ledger) -> None:
    open_write(ledger, write())
    open_write(ledger, write("w2", tenant_id="clinic", write_identifier=write().write_identifier))
    assert ledger.row("w2") is not None


def test_what_is_not_finished_is_found_oldest_first(ledger: Ledger) -> None:
    for number, state in enumerate([*SETTLED, WriteState.PENDING]):
        open_write(ledger, write(state, patient_id=state, opened=NOW - timedelta(minutes=number)))
        if state is not WriteState.PENDING:
            ledger.settle(state, state, at=NOW, detail={})
    open_write(ledger, write("new", opened=NOW))
    assert [row.id for row in ledger.unfinished(NOW)] == ["pending", "unknown"]


def test_the_writes_of_a_plan_and_of_a_patient_come_oldest_first(ledger: Ledger) -> None:
    rows = [write(f"w{number}", opened=NOW - timedelta(minutes=number)) for number in range(3)]
    for row in rows:
        open_write(ledger, row)
        ledger.settle(row.id, WriteState.REJECTED, at=NOW, detail={})
    open_write(ledger, replace(write("other"), plan_id="plan-2", patient_id="p2"))
    assert [row.id for row in ledger.of_plan("plan-1")] == ["w2", "w1", "w0"]
    assert [row.id for row in ledger.of_patient("hospital", "p1")] == ["w2", "w1", "w0"]
    assert ledger.of_patient("clinic", "p1") == ()
