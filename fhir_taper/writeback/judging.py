"""What became of each resource of one request: the answer first, then what the EHR really holds.

A success is read back and compared by meaning. A refusal of a whole transaction is not believed where the server is known to keep a part:
each entry is looked for. A refusal that brings the original along is a success of an earlier try.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fhir_taper.errors import EhrAnswered, EhrError
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.records import Fetched, WriteState, WrittenResource
from fhir_taper.writeback.changes import Change, Doing
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.following import GONE
from fhir_taper.writeback.locate import Located, Place, Sent, locate
from fhir_taper.writeback.narratives import narrative_digest
from fhir_taper.writeback.overlay import Overlay
from fhir_taper.writeback.ports import Answer, Reader
from fhir_taper.writeback.readback import same_meaning
from fhir_taper.writeback.verdict import Entry, Meaning, entries_of, meaning_of, not_before, original, single_entry

_FOUND_TWICE: Final = "the EHR holds it several times: a person removes all but one"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One resource of a request: what changes, as it leaves, and what the ledger remembers of it."""

    change: Change
    resource: Json
    sent: Sent
    rests_on_what_stands: bool = False
    """Whether another resource of the same plan stands in the EHR already."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request."""

    resources: tuple[WrittenResource, ...]
    is_conflict: bool = False
    not_before: datetime | None = None


def refused(outgoing: Iterable[Outgoing], says: str, *, is_conflict: bool = False, until: datetime | None = None) -> Outcome:
    """Nothing was written."""
    return Outcome(tuple(_written(one, WriteState.REJECTED, says=says) for one in outgoing), is_conflict, until)


def unknown(outgoing: Iterable[Outgoing], says: str, until: datetime | None = None) -> Outcome:
    """Nobody knows."""
    return Outcome(tuple(_written(one, WriteState.UNKNOWN, says=says) for one in outgoing), not_before=until)


def still_there(one: Outgoing, fetched: Fetched) -> Outcome:
    """What stands of a write that was made already, and is not made again."""
    return Outcome((replace(_compared(one, fetched), says="written already, and it stands: not sent again"),))


def judged(
    answer: Answer,
    outgoing: tuple[Outgoing, ...],
    patient_id: str,
    reader: Reader,
    searchable: frozenset[str],
    overlay: Overlay,
    now: datetime,
    *,
    is_transaction: bool,
) -> Outcome:
    """What an answer, and the EHR after it, say of each resource."""
    interaction = ("Bundle", "transaction") if is_transaction else (outgoing[0].change.resource_type, str(outgoing[0].change.doing))
    row = overlay.row(*interaction)
    stale, atomic = (row.stale_if_match, row.atomic) if row else ((409, 412), False)
    meaning = meaning_of(answer.status, stale)
    until = not_before(answer.headers, now) if meaning is Meaning.TOO_EARLY or "retry-after" in answer.headers else None
    words = f"the EHR answered {answer.status}"
    looking = _Looking(patient_id, reader, searchable)
    if meaning is Meaning.UNKNOWN:
        return unknown(outgoing, words, until)
    if meaning is Meaning.DONE:
        return looking.done(outgoing, _entries(answer, outgoing, is_transaction=is_transaction), stale)
    if meaning is Meaning.TOO_EARLY:
        return refused(outgoing, f"{words}: it asks for a pause", until=until)
    if meaning is Meaning.STALE and not is_transaction:
        return looking.replayed(answer, outgoing[0], words)
    if is_transaction and (meaning is Meaning.STALE or not atomic):
        return looking.left_behind(outgoing, words, is_conflict=meaning is Meaning.STALE)
    return refused(outgoing, words, is_conflict=meaning is Meaning.STALE)


class _Looking:
    def __init__(self, patient_id: str, reader: Reader, searchable: frozenset[str]) -> None:
        self.patient_id, self.reader, self.searchable = patient_id, reader, searchable

    def done(self, outgoing: tuple[Outgoing, ...], entries: tuple[Entry | None, ...], stale: tuple[int, ...]) -> Outcome:
        """After a success: each resource that the answer names is read, each that it does not name, or refuses, is looked for.

        One router answers 200 to a transaction of which it refused some entries: an entry that it calls stale is a conflict.
        """
        told = [self._told(one, entry) for one, entry in zip(outgoing, entries, strict=True)]
        if all(one is not None for one in told):
            return Outcome(tuple(one for one in told if one is not None))
        named = [
            replace(one.sent, reference=one.sent.reference or (entry.reference if entry else "")) if written else one.sent
            for one, entry, written in zip(outgoing, entries, told, strict=True)
        ]
        places = self._places(named)
        written = tuple(
            one or (_found(out, place) if place else _written(out, WriteState.UNKNOWN, says="the answer does not name it"))
            for out, one, place in zip(outgoing, told, places, strict=True)
        )
        conflicts = [
            one.state is WriteState.REJECTED and entry is not None and meaning_of(entry.status, stale) is Meaning.STALE
            for one, entry in zip(written, entries, strict=True)
        ]
        return Outcome(written, is_conflict=any(conflicts))

    def replayed(self, answer: Answer, one: Outgoing, words: str) -> Outcome:
        """409 or 412 to a single request: an edit that came first, or an earlier try of ours."""
        if one.change.doing is Doing.UPDATE:
            return refused((one,), f"{words}: somebody changed it meanwhile", is_conflict=True)
        first = original(answer, one.change.resource_type, one.sent.write_identifier)
        if first is not None:
            return Outcome((self._read_back(one, f"{one.change.resource_type}/{first.resource['id']}", first.etag),))
        return self.left_behind((one,), words, is_conflict=True)

    def left_behind(self, outgoing: tuple[Outgoing, ...], words: str, *, is_conflict: bool) -> Outcome:
        """After a refusal that may not be the whole truth: every resource is looked for."""
        places = self._places([one.sent for one in outgoing])
        written = tuple(
            _found(one, place, otherwise=WriteState.REJECTED, says=words) if place else _written(one, WriteState.UNKNOWN, says=words)
            for one, place in zip(outgoing, places, strict=True)
        )
        return Outcome(written, is_conflict and all(one.state is WriteState.REJECTED for one in written))

    def _told(self, one: Outgoing, entry: Entry | None) -> WrittenResource | None:
        reference = one.sent.reference or (entry.reference if entry else "")
        if entry is None or meaning_of(entry.status) is not Meaning.DONE or not reference:
            return None
        return self._read_back(one, reference, entry.etag)

    def _read_back(self, one: Outgoing, reference: str, etag: str | None) -> WrittenResource:
        try:
            fetched = self.reader.read(*reference.split("/", 1))
        except EhrAnswered as answer:
            if answer.status in GONE:
                return _written(one, WriteState.MISMATCH, reference, etag, says="the EHR took it and does not have it")
            return _written(one, WriteState.WRITTEN, reference, etag, says=f"not read back: {answer}")
        except EhrError as error:
            return _written(one, WriteState.WRITTEN, reference, etag, says=f"not read back: {error}")
        return _compared(one, fetched)

    def _places(self, sent: list[Sent]) -> tuple[Located | None, ...]:
        try:
            return locate(sent, self.patient_id, self.reader, self.searchable)
        except EhrError:
            return tuple(None for _ in sent)


def _entries(answer: Answer, outgoing: tuple[Outgoing, ...], *, is_transaction: bool) -> tuple[Entry | None, ...]:
    if not is_transaction:
        return (single_entry(answer, outgoing[0].change.resource_type),)
    return entries_of(answer, tuple(one.change.resource_type for one in outgoing)) or tuple(None for _ in outgoing)


def _found(one: Outgoing, place: Located, otherwise: WriteState | None = None, says: str = "") -> WrittenResource:
    """What was found of a resource; `otherwise` is its state where it is certainly not there."""
    if place.place is Place.THERE and place.fetched is not None:
        return _compared(one, place.fetched)
    if place.place is Place.SEVERAL:
        return _written(one, WriteState.MISMATCH, says=_FOUND_TWICE)
    if place.place is Place.ABSENT:
        return _written(one, otherwise or WriteState.REJECTED, says=says or "the EHR refused it and does not have it")
    return _written(one, WriteState.UNKNOWN, says=says or "whether it is there cannot be told")


def _compared(one: Outgoing, fetched: Fetched) -> WrittenResource:
    differences = same_meaning(one.resource, fetched.resource)
    known_as = identifier_value(one.resource, WRITE_SYSTEM)
    if known_as and identifier_value(fetched.resource, WRITE_SYSTEM) != known_as:
        differences = (*differences, "identifier: the EHR does not keep our write identifier")
    state = WriteState.MISMATCH if differences else WriteState.WRITTEN
    reference = f"{one.change.resource_type}/{fetched.resource.get('id')}"
    read = _written(one, state, reference, fetched.etag, is_read_back=True, differences=differences)
    return replace(read, narrative=narrative_digest(fetched.resource))


def _written(
    one: Outgoing,
    state: WriteState,
    reference: str = "",
    etag: str | None = None,
    *,
    is_read_back: bool = False,
    differences: tuple[str, ...] = (),
    says: str = "",
) -> WrittenResource:
    change = one.change
    return WrittenResource(
        change.resource_type,
        str(change.doing),
        state,
        one.sent.write_identifier,
        reference or change.reference,
        etag,
        is_read_back,
        differences,
        change.degraded,
        says,
    )
