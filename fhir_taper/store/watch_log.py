"""What was noted while a patient's taper is watched: assessments, answers to them, filled forms, choices. Sealed; it only grows.

A note is found by patient and kind, newest last. Its document is opaque here. The same id is noted once: a form that is sent twice is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database, insert_new
from fhir_taper.store.schema import watch_note


class NoteKind(StrEnum):
    ASSESSMENT = "assessment"
    ANSWER = "answer"
    FORM = "form"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class WatchNote:
    """`plan`: which taper it is about (ingredient and key; "" for the patient as such). `at` is when it was noted, `by` by whom."""

    id: str
    tenant_id: str
    patient_id: str
    plan: str
    kind: NoteKind
    at: datetime
    by: str
    document: bytes


_CLEAR: Final = ("id", "tenant_id", "patient_id", "plan", "at", "by")


class WatchLog:
    """Note and read."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def note(self, note: WatchNote) -> bool:
        """Keep a note; False where its id was noted already, and nothing is changed."""
        clear = {name: getattr(note, name) for name in _CLEAR}
        sealed = self._keys.seal(note.document, note.tenant_id, watch_note.name, note.id)
        row = clear | {"kind": note.kind.value, "sealed": sealed, "key_id": self._keys.current}
        with self._database.begin() as connection:
            return insert_new(connection, watch_note, row)

    def of_patient(self, tenant_id: str, patient_id: str, *kinds: NoteKind, since: datetime | None = None) -> tuple[WatchNote, ...]:
        """Notes of a patient of these kinds (all where none is named), from an instant on, oldest first."""
        where: list[ColumnElement[bool]] = [watch_note.c.tenant_id == tenant_id, watch_note.c.patient_id == patient_id]
        if kinds:
            where.append(watch_note.c.kind.in_([kind.value for kind in kinds]))
        if since is not None:
            where.append(watch_note.c.at >= since)
        with self._database.read() as connection:
            rows = connection.execute(select(watch_note).where(*where).order_by(watch_note.c.at, watch_note.c.id)).mappings().all()
        return tuple(self._note(row) for row in rows)

    def ids(self, tenant_id: str, patient_id: str, kind: NoteKind) -> frozenset[str]:
        """The ids of all notes of a patient of one kind; nothing of them is unsealed."""
        mine = (watch_note.c.tenant_id == tenant_id, watch_note.c.patient_id == patient_id, watch_note.c.kind == kind.value)
        with self._database.read() as connection:
            return frozenset(connection.execute(select(watch_note.c.id).where(*mine)).scalars())

    def newest(self, tenant_id: str, patient_id: str, plan: str, kind: NoteKind) -> WatchNote | None:
        """The newest note of a kind about a plan; None where there is none."""
        mine = (
            watch_note.c.tenant_id == tenant_id,
            watch_note.c.patient_id == patient_id,
            watch_note.c.plan == plan,
            watch_note.c.kind == kind.value,
        )
        newest_first = select(watch_note).where(*mine).order_by(watch_note.c.at.desc(), watch_note.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(newest_first).mappings().one_or_none()
        return None if row is None else self._note(row)

    def _note(self, row: Mapping[Any, Any]) -> WatchNote:
        document = self._keys.unseal(row["sealed"], row["tenant_id"], watch_note.name, row["id"])
        return WatchNote(**{name: row[name] for name in _CLEAR}, kind=NoteKind(row["kind"]), document=document)
