"""Work in progress of a patient, sealed: a draft of a plan, an intake form. Kept until it is done, also when a session ends idle.

Nothing here is a plan: what is approved goes to `plans`. A writer says which revision it saw; two tabs do not overwrite each other. Of a
draft that was dropped nothing stays but its revision.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from fhir_taper.errors import StoreConflict
from fhir_taper.store.crypto import KeyRing, row_name
from fhir_taper.store.database import Database, insert_new
from fhir_taper.store.schema import draft


@dataclass(frozen=True, slots=True)
class Draft:
    """One piece of work: `name` says which of the patient's ("plan", "intake"), `revision` counts the saves of this name from 1."""

    tenant_id: str
    patient_id: str
    name: str
    revision: int
    document: bytes
    by: str
    at: datetime


class DraftStore:
    """Save, read, hold, drop."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def save(self, work: Draft) -> int:
        """Save a revision, 1 for a new draft, else one more than was read; returns the one that it got.

        A new draft goes on counting after one of this name that was dropped, so that no page of the old one fits it.
        Raises StoreConflict where another revision is there by now.
        """
        key = {"tenant_id": work.tenant_id, "patient_id": work.patient_id, "name": work.name}
        row = {"by": work.by, "at": work.at, "dropped": False} | self._sealed(work.document, *key.values())
        with self._database.begin() as connection:
            if work.revision == 1 and insert_new(connection, draft, key | row | {"revision": 1}):
                return 1
            before = draft.c.dropped if work.revision == 1 else and_(~draft.c.dropped, draft.c.revision == work.revision - 1)
            replaced = update(draft).where(*_is(*key.values()), before).values(row | {"revision": draft.c.revision + 1})
            saved: int | None = connection.execute(replaced.returning(draft.c.revision)).scalar_one_or_none()
            if saved is None:
                raise StoreConflict("the draft was saved from elsewhere meanwhile")
            return saved

    def get(self, tenant_id: str, patient_id: str, name: str) -> Draft | None:
        """The newest revision of a draft; None where there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(draft).where(*_is(tenant_id, patient_id, name), ~draft.c.dropped)).mappings().one_or_none()
        if row is None:
            return None
        document = self._keys.unseal(row["sealed"], tenant_id, draft.name, row_name(tenant_id, patient_id, name))
        return Draft(tenant_id, patient_id, name, row["revision"], document, row["by"], row["at"])

    def names(self, tenant_id: str, patient_id: str) -> tuple[str, ...]:
        """The names of a patient's drafts, sorted."""
        mine = select(draft.c.name).where(draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id, ~draft.c.dropped)
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(mine).scalars()))

    def drop(self, tenant_id: str, patient_id: str, name: str, revision: int) -> None:
        """The work is done, or given up, as it was seen. Raises StoreConflict where another revision is there by now, or none."""
        gone = update(draft).where(*_is(tenant_id, patient_id, name), ~draft.c.dropped, draft.c.revision == revision)
        with self._database.begin() as connection:
            nothing = self._sealed(b"", tenant_id, patient_id, name)
            if not connection.execute(gone.values(nothing | {"dropped": True})).rowcount:
                raise StoreConflict("the draft was saved, approved or given up from elsewhere meanwhile")

    def hold(self, tenant_id: str, patient_id: str) -> None:
        """Until the transaction ends, nobody else saves or drops a draft of this patient. Raises StoreError outside of one."""
        mine = select(draft.c.name).where(draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id)
        self._database.hold(mine.order_by(draft.c.name))

    def _sealed(self, document: bytes, tenant_id: str, patient_id: str, name: str) -> dict[str, Any]:
        sealed = self._keys.seal(document, tenant_id, draft.name, row_name(tenant_id, patient_id, name))
        return {"sealed": sealed, "key_id": self._keys.current}


def _is(tenant_id: str, patient_id: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id, draft.c.name == name
