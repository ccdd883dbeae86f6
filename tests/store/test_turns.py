"""One errand at a time writes to a patient's chart: who comes second is refused, and whoever was overtaken opens no row any more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from fhir_taper.errors import NotInTurn, StoreConflict, StoreError
from fhir_taper.records import WriteState
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.ledger import Ledger
from fhir_taper.store.plans import PlanStore
from fhir_taper.store.schema import write_turn
from tests.store.kept import NOW, PLAN, plan_version, write
from tests.store.processes import processes

A_MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def ledger(database: Database, keys: KeyRing) -> Ledger:
    return Ledger(database, keys)


def test_a_second_errand_for_the_same_patient_is_refused_until_the_first_has_ended(ledger: Ledger) -> None:
    first = ledger.take_turn("hospital", "p1", at=NOW, until=NOW + A_MINUTE)
    with pytest.raises(NotInTurn, match="under way"):
        ledger.take_turn("hospital", "p1", at=NOW, until=NOW + A_MINUTE)
    ledger.end_turn(first)
    assert ledger.take_turn("hospital", "p1", at=NOW, until=NOW + A_MINUTE).number == first.number + 1


def test_other_patients_and_tenants_have_turns_of_their_own(ledger: Ledger) -> None:
    ledger.take_turn("hospital", "p1", at=NOW, until=LATER)
    assert {ledger.take_turn(*one, at=NOW, until=LATER).number for one in (("hospital", "p2"), ("clinic", "p1"))} == {1}


def test_the_turn_of_an_errand_that_was_killed_is_taken_over_when_its_time_is_up(ledger: Ledger) -> None:
    killed = ledger.take_turn("hospital", "p1", at=NOW, until=NOW + A_MINUTE)
    taken = ledger.take_turn("hospital", "p1", at=NOW + A_MINUTE, until=LATER)
    assert taken.number > killed.number


def test_whoever_was_overtaken_opens_no_row_and_ends_nobody_elses_turn(ledger: Ledger) -> None:
    slow = ledger.take_turn("hospital", "p1", at=NOW, until=NOW + A_MINUTE)
    quick = ledger.take_turn("hospital", "p1", at=LATER, until=LATER + A_MINUTE)
    with pytest.raises(NotInTurn, match="another write"):
        ledger.open_row(write(), slow)
    ledger.end_turn(slow)
    ledger.open_row(write(), quick)
    assert [row.id for row in ledger.of_patient("hospital", "p1")] == ["w1"]


def test_a_turn_that_has_ended_opens_no_row(ledger: Ledger) -> None:
    turn = ledger.take_turn("hospital", "p1", at=NOW, until=LATER)
    ledger.end_turn(turn)
    with pytest.raises(NotInTurn):
        ledger.open_row(write(), turn)
    assert ledger.row("w1") is None


def test_a_turn_is_good_for_its_own_patient_only(ledger: Ledger) -> None:
    turn = ledger.take_turn("hospital", "p1", at=NOW, until=LATER)
    for other in (write(patient_id="p2"), write(tenant_id="clinic")):
        with pytest.raises(StoreError, match="another patient"):
            ledger.open_row(other, turn)


def test_opening_a_row_prolongs_the_turn(ledger: Ledger, database: Database) -> None:
    turn = ledger.take_turn("hospital", "p1", at=NOW, until=NOW + A_MINUTE)
    ledger.open_row(write(opened=LATER), turn)
    with database.read() as connection:
        assert connection.execute(select(write_turn.c.until)).scalar_one() > LATER
    with pytest.raises(NotInTurn):
        ledger.take_turn("hospital", "p1", at=LATER, until=LATER + A_MINUTE)


@pytest.mark.parametrize("state", WriteState)
def test_while_a_write_for_the_patient_is_open_no_other_is_opened_whatever_its_identifier(ledger: Ledger, state: WriteState) -> None:
    turn = ledger.take_turn("hospital", "p1", at=NOW, until=LATER)
    ledger.open_row(write(), turn)
    if state is not WriteState.PENDING:
        ledger.settle("w1", state, at=NOW, detail={})
    if state in {WriteState.PENDING, WriteState.UNKNOWN}:
        with pytest.raises(StoreConflict, match="an earlier write for this patient is not resolved"):
            ledger.open_row(write("w2"), turn)
    else:
        ledger.open_row(write("w2"), turn)
    assert (ledger.row("w2") is None) is (state in {WriteState.PENDING, WriteState.UNKNOWN})


def test_a_version_that_was_overtaken_by_a_newer_one_is_not_opened(ledger: Ledger, database: Database, keys: KeyRing) -> None:
    plans = PlanStore(database, keys)
    plans.append(plan_version(1), plan_version(2), expected_version=0)
    turn = ledger.take_turn("hospital", "p1", at=NOW, until=LATER)
    older = write(plan_id=plan_version(1).id, plan_version=1)
    with pytest.raises(NotInTurn, match="newer version of this plan"):
        ledger.open_row(older, turn)
    ledger.open_row(replace(older, id="w2", plan_id=plan_version(2).id, plan_version=2), turn)
    other = replace(PLAN, key="other")
    plans.append(plan_version(1, other), expected_version=0)
    ledger.settle("w2", WriteState.WRITTEN, at=NOW, detail={})
    ledger.open_row(write("w3", plan_id=plan_version(1, other).id, plan_version=1), turn)
    assert {row.id for row in ledger.of_patient("hospital", "p1")} == {"w2", "w3"}


def test_of_many_processes_that_take_a_turn_at_once_one_gets_it(url: str, opened: Callable[[str], Database], keys: KeyRing) -> None:
    assert sorted(processes("turn", url, 2)) == ["0", "1"]
    assert len(Ledger(opened(url), keys).of_patient("hospital", "p1")) == 1
