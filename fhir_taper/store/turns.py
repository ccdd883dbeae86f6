"""Whose turn it is to write to a patient's chart: one errand at a time, whatever its plan, over all threads and processes.

A turn has a number that only grows. Whether it is still the newest is asked in the transaction that opens a row of the ledger, under the
lock of the patient's row: an errand that was overtaken (it was slow, or its clock is) sends nothing any more. The time that a turn is
kept free of others is courtesy; what is safe does not rest on any clock.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, or_, update

from fhir_taper.errors import NotInTurn
from fhir_taper.records import WriteTurn
from fhir_taper.store.database import insert_new
from fhir_taper.store.schema import write_turn

KEPT_FOR: Final = timedelta(minutes=2)
"""How long an errand that was killed keeps others waiting; each row that is opened begins it anew."""


def take(connection: Connection, tenant_id: str, patient_id: str, at: datetime, until: datetime) -> WriteTurn:
    """The next turn of a patient, which others leave alone until an instant. Raises NotInTurn while somebody else has it."""
    first = {"tenant_id": tenant_id, "patient_id": patient_id, "number": 1, "until": until}
    if insert_new(connection, write_turn, first):
        return WriteTurn(tenant_id, patient_id, 1)
    is_free = or_(write_turn.c.until.is_(None), write_turn.c.until <= at)
    following = update(write_turn).where(*_of(tenant_id, patient_id), is_free).values(number=write_turn.c.number + 1, until=until)
    number = connection.execute(following.returning(write_turn.c.number)).scalar_one_or_none()
    if number is None:
        raise NotInTurn("another write for this patient is under way: nothing was sent")
    return WriteTurn(tenant_id, patient_id, number)


def keep(connection: Connection, turn: WriteTurn, until: datetime) -> None:
    """Keep a turn until an instant, and lock its row to the end of the transaction. Raises NotInTurn where it is over."""
    if not _set(connection, turn, until):
        raise NotInTurn("another write for this patient began meanwhile: nothing was sent")


def end(connection: Connection, turn: WriteTurn) -> None:
    """Let others write. A turn that somebody else has by now stays theirs."""
    _set(connection, turn, None)


def _set(connection: Connection, turn: WriteTurn, until: datetime | None) -> bool:
    mine = *_of(turn.tenant_id, turn.patient_id), write_turn.c.number == turn.number, write_turn.c.until.is_not(None)
    return connection.execute(update(write_turn).where(*mine).values(until=until)).rowcount == 1


def _of(tenant_id: str, patient_id: str) -> tuple[ColumnElement[bool], ...]:
    return write_turn.c.tenant_id == tenant_id, write_turn.c.patient_id == patient_id
