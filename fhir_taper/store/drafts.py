"""Work in progress of a patient, sealed: a draft of a plan, an intake form. Kept until it is done, also when a session ends idle.

Nothing here is a plan: what is approved goes to `plans`. A writer says which revision it saw; two tabs do not overwrite each other.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from fhir_taper.errors import StoreConflict, StoreError
from fhir_taper.store.crypto import KeyRing, row_name
from fhir_taper.store.database import Database, insert_new
from fhir_taper.store.schema import draft


@dataclass(frozen=True, slots=True)
class Draft:
    """One piece of work: `name` says which of the patient's ("plan", "intake"), `revision` counts its saves from 1."""

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

    def save(self, work: Draft) -> None:
        """Save a revision: 1 for a new draft, else one more than was read. Raises StoreConflict where another revision is there by now."""
        key = {"tenant_id": work.tenant_id, "patient_id": work.patient_id, "name": work.name}
        row = {
            "revision": work.revision,
            "by": work.by,
            "at": work.at,
            "sealed": self._keys.seal(work.document, work.tenant_id, draft.name, row_name(*key.values())),
            "key_id": self._keys.current,
        }
        here = [draft.c[name] == value for name, value in key.items()]
        with self._database.begin() as connection:
            if work.revision == 1:
                done = insert_new(connection, draft, key | row)
            else:
                replaced = update(draft).where(*here, draft.c.revision == work.revision - 1).values(row)
                done = connection.execute(replaced).rowcount == 1
            if not done:
                raise StoreConflict("the draft was saved from elsewhere meanwhile")

    def get(self, tenant_id: str, patient_id: str, name: str) -> Draft | None:
        """The newest revision of a draft; None where there is none."""
        here = draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id, draft.c.name == name
        with self._database.read() as connection:
            row = connection.execute(select(draft).where(*here)).mappings().one_or_none()
        if row is None:
            return None
        document = self._keys.unseal(row["sealed"], tenant_id, draft.name, row_name(tenant_id, patient_id, name))
        return Draft(tenant_id, patient_id, name, row["revision"], document, row["by"], row["at"])

    def names(self, tenant_id: str, patient_id: str) -> tuple[str, ...]:
        """The names of a patient's drafts, sorted."""
        mine = select(draft.c.name).where(draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id)
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(mine).scalars()))

    def drop(self, tenant_id: str, patient_id: str, name: str, revision: int) -> None:
        """The work is done, or given up, as it was seen. Raises StoreConflict where another revision is there by now, or none."""
        here = draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id, draft.c.name == name
        with self._database.begin() as connection:
            if not connection.execute(delete(draft).where(*here, draft.c.revision == revision)).rowcount:
                raise StoreConflict("the draft was saved, approved or given up from elsewhere meanwhile")

    def hold(self, tenant_id: str, patient_id: str) -> None:
        """Until the transaction ends, nobody else saves or drops a draft of this patient. Raises StoreError outside of one."""
        if not self._database.is_inside:
            raise StoreError("drafts are held inside a transaction")
        mine = select(draft.c.name).where(draft.c.tenant_id == tenant_id, draft.c.patient_id == patient_id)
        with self._database.begin() as connection:
            # On SQLite the transaction is the only one that writes; PostgreSQL is told, for each row in one order.
            connection.execute(mine.order_by(draft.c.name).with_for_update()).all()
