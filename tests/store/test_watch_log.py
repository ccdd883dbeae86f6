"""What is noted while a taper is watched: it only grows, comes back as it was, and nothing is noted twice."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from fhir_taper.errors import StoreError
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.schema import watch_note
from fhir_taper.store.watch_log import NoteKind, WatchLog
from tests.store.kept import NOW
from tests.store.kept import watch_note as kept_note

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def log(database: Database, keys: KeyRing) -> WatchLog:
    return WatchLog(database, keys)


def test_notes_come_back_as_they_were_oldest_first(log: WatchLog) -> None:
    late = kept_note("n2", at=LATER, kind=NoteKind.ANSWER)
    assert log.note(late)
    assert log.note(kept_note())
    assert log.of_patient("hospital", "p1") == (kept_note(), late)
    assert log.of_patient("hospital", "p1", NoteKind.ANSWER) == (late,)
    assert log.of_patient("hospital", "p1", since=LATER) == (late,)


def test_what_is_sent_twice_is_noted_once_and_stays_as_it_was(log: WatchLog) -> None:
    assert log.note(kept_note())
    assert not log.note(kept_note(document=b"another"))
    assert log.of_patient("hospital", "p1") == (kept_note(),)


def test_the_newest_of_a_kind_about_one_plan(log: WatchLog) -> None:
    for note in (kept_note(), kept_note("n2", at=LATER), kept_note("n3", at=LATER + timedelta(hours=1), plan="diazepam/")):
        log.note(note)
    assert log.newest("hospital", "p1", "lorazepam/", NoteKind.FORM) == kept_note("n2", at=LATER)
    assert log.newest("hospital", "p1", "lorazepam/", NoteKind.CHOICE) is None


def test_the_ids_of_a_kind_are_told_without_unsealing_anything(log: WatchLog) -> None:
    for note in (kept_note(), kept_note("n2", at=LATER)):
        log.note(note)
    assert log.ids("hospital", "p1", NoteKind.FORM) == {kept_note().id, "n2"}
    assert log.ids("clinic", "p1", NoteKind.FORM) == log.ids("hospital", "p1", NoteKind.ANSWER) == frozenset()


def test_another_tenants_and_another_patients_notes_are_not_found(log: WatchLog) -> None:
    log.note(kept_note())
    assert log.of_patient("clinic", "p1") == log.of_patient("hospital", "p2") == ()
    assert log.newest("clinic", "p1", "lorazepam/", NoteKind.FORM) is None


def test_what_was_written_is_sealed(log: WatchLog, database: Database) -> None:
    log.note(kept_note())
    with database.read() as connection:
        row = connection.execute(watch_note.select()).mappings().one()
    assert b"sleep" not in row["sealed"]


@pytest.mark.parametrize("change", [delete(watch_note), update(watch_note).values(by="somebody else"), update(watch_note).values(at=LATER)])
def test_a_note_is_neither_changed_nor_taken_away(log: WatchLog, database: Database, change: object) -> None:
    log.note(kept_note())
    with pytest.raises(StoreError), database.begin() as connection:
        connection.execute(change)  # type: ignore[call-overload]
    assert log.of_patient("hospital", "p1") == (kept_note(),)
