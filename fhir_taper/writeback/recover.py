"""The sweep: what became of writes that were never settled, or whose answer was lost. It reads; it never sends a write.

A row is resolved where the EHR can be searched for our identifier: found is written (or a mismatch), certainly not found, long enough after
the request, is rejected. Everything else stays UNKNOWN and waits for a person (`by_person`). How long ago is told by the ledger's own
clock, by which the row was opened too: the clock of whoever looks may be another one than that of whoever wrote.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from fhir_taper.errors import EhrError, StoreConflict, WriteRefused
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.records import LedgerRow, WriteState
from fhir_taper.writeback.locate import Located, Place, locate, sent_of
from fhir_taper.writeback.narratives import narrative_digest
from fhir_taper.writeback.ports import Clock, Ledger, Reader

LATEST_COMMIT: Final = timedelta(minutes=2)
"""How long after its request a server may still commit a write whose answer was lost: before that, "not there" proves nothing."""

FOUND_BY_PERSON: Final = frozenset({WriteState.WRITTEN, WriteState.MISMATCH, WriteState.REJECTED})
"""What a person who looked can have found: all of it; a part, or otherwise; nothing."""


def resolve(row: LedgerRow, reader: Reader, ledger: Ledger, clock: Clock, searchable: Iterable[str]) -> WriteState:
    """The state of one unfinished row after looking; settled in the ledger. `reader` is bound to the row's patient."""
    now, age = clock(), ledger.now() - row.opened
    try:
        places = locate(sent_of(row.detail), row.patient_id, reader, searchable)
    except EhrError as error:
        return _settle(row, WriteState.UNKNOWN, ledger, now, {"looked": f"the EHR could not be asked: {error}"})
    state, words = _verdict(places, age)
    if state is WriteState.UNKNOWN and row.state is WriteState.PENDING and age < LATEST_COMMIT:
        return row.state  # its answer may still be on its way
    return _settle(row, state, ledger, now, {"looked": words, "resources": [_told(place) for place in places]})


def by_person(row: LedgerRow, decision: Decision, ledger: Ledger, clock: Clock, found: WriteState) -> WriteState:
    """A person looked in the EHR: what they found ends the row: WRITTEN (all of it), MISMATCH (a part, or otherwise), REJECTED (nothing).

    Raises WriteRefused where the row is not open, no reason is given, or `found` is nothing that a person can have found.
    """
    if row.state not in (WriteState.PENDING, WriteState.UNKNOWN):
        raise WriteRefused("this write is settled already")
    if found not in FOUND_BY_PERSON:
        raise WriteRefused(f"a person who looked does not find that it is {found}")
    if not decision.reason.strip():
        raise WriteRefused("what was found in the EHR is told in words")
    said = {"by": decision.by, "on": decision.on.isoformat(), "reason": decision.reason.strip()}
    return _settle(row, found, ledger, clock(), {"by_person": said})


def _verdict(places: tuple[Located, ...], age: timedelta) -> tuple[WriteState, str]:
    found = {place.place for place in places}
    if not places or Place.UNTOLD in found:
        return WriteState.UNKNOWN, "the EHR cannot tell whether all of it is there: a person looks"
    if Place.SEVERAL in found:
        return WriteState.MISMATCH, "the EHR holds it several times: a person removes all but one"
    if found == {Place.THERE}:
        same = all(place.is_same for place in places)
        return (WriteState.WRITTEN, "found, with the same meaning") if same else (WriteState.MISMATCH, "found, with another meaning")
    if age < LATEST_COMMIT:
        return WriteState.UNKNOWN, "not all of it is there yet: it may still arrive"
    if found == {Place.ABSENT}:
        return WriteState.REJECTED, "it never arrived"
    return WriteState.MISMATCH, "only a part of it is there"


def _settle(row: LedgerRow, state: WriteState, ledger: Ledger, now: datetime, more: Json) -> WriteState:
    """A row that another sweep settled meanwhile keeps what that one found."""
    try:
        if row.state is WriteState.PENDING:
            ledger.settle(row.id, state, at=now, detail=row.detail | more)
        elif state is not row.state:
            ledger.resolve(row.id, row.state, state, at=now, detail=row.detail | more)
    except StoreConflict:
        settled = next((one for one in ledger.of_plan(row.plan_id) if one.id == row.id), row)
        return settled.state
    return state


def _told(place: Located) -> Json:
    etag = place.fetched.etag if place.fetched else None
    sent = place.sent
    shown = {"narrative": narrative_digest(place.fetched.resource)} if place.fetched else {}
    return shown | {
        "type": sent.resource_type,
        "write": sent.write_identifier,
        "place": place.place.value,
        "reference": place.reference,
        "etag": etag,
    }
