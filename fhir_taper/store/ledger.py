"""The write ledger: a row is committed before its request leaves, and settled by the answer. Rows stay.

PENDING says: a request may have left. UNKNOWN says: nobody knows what became of it, and a person looks. While a write for a patient is one
of the two, no other is opened for this patient; and one is opened in its turn only (`turns`), for the newest version of its plan. What
servers said, and differences after a read-back, are sealed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from fhir_taper import exact_json
from fhir_taper.errors import NotInTurn, StoreConflict, StoreError
from fhir_taper.records import Json, LedgerRow, WriteState, WriteTurn
from fhir_taper.store import database as databases
from fhir_taper.store import turns
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.schema import ledger, plan_head, plan_version

_CLEAR: Final = tuple(column.name for column in ledger.c if column.name not in {"state", "sealed", "key_id"})
_OPEN: Final = (WriteState.PENDING.value, WriteState.UNKNOWN.value)
_RESOLVED: Final = {
    WriteState.UNKNOWN: frozenset({WriteState.WRITTEN, WriteState.REJECTED, WriteState.MISMATCH}),
    WriteState.WRITTEN: frozenset({WriteState.MISMATCH}),
    WriteState.REJECTED: frozenset({WriteState.WRITTEN, WriteState.MISMATCH}),
}
"""What may still become of a write that is settled: somebody found out, or its answer or the read-back came later."""


class Ledger:
    """Open a row, send the request, settle the row. `shared` reads the clock that all processes have in common."""

    def __init__(self, database: Database, keys: KeyRing, shared: Callable[[Connection], datetime] = databases.now) -> None:
        self._database = database
        self._keys = keys
        self._shared = shared

    def now(self) -> datetime:
        """The time by which rows are opened, and by which their age is told: the same for all processes, whatever their own clocks say."""
        with self._database.read() as connection:
            return self._shared(connection)

    def take_turn(self, tenant_id: str, patient_id: str, *, at: datetime, until: datetime) -> WriteTurn:
        """The next turn to write to a patient's chart; `until`: how long a turn that is not used keeps others waiting.

        Raises NotInTurn while somebody else has it.
        """
        with self._database.begin() as connection:
            return turns.take(connection, tenant_id, patient_id, at, until)

    def end_turn(self, turn: WriteTurn) -> None:
        """Let others write. A turn that somebody else has by now stays theirs."""
        with self._database.begin() as connection:
            turns.end(connection, turn)

    def open_row(self, row: LedgerRow, turn: WriteTurn) -> None:
        """Commit a PENDING row: when this returns, it is on the disk, and the request may leave.

        Raises NotInTurn where somebody else's turn began, or the plan has a newer version; StoreConflict where a write for the patient
        is PENDING or UNKNOWN, or the id is taken; StoreError for another state, another patient than the turn's, or inside a
        transaction, which could still be undone.
        """
        if row.state is not WriteState.PENDING or row.settled is not None:
            raise StoreError(f"a write is opened as pending, not {row.state}")
        if (row.tenant_id, row.patient_id) != (turn.tenant_id, turn.patient_id):
            raise StoreError("the turn is another patient's")
        if self._database.is_inside:
            raise StoreError("a write is not opened inside a transaction: its row must be committed before the request leaves")
        clear = {name: getattr(row, name) for name in _CLEAR}
        with self._database.begin() as connection:
            turns.keep(connection, turn, row.opened + turns.KEPT_FOR)
            self._refuse(connection, row)
            connection.execute(insert(ledger).values(clear | {"state": row.state.value} | self._sealed(row.tenant_id, row.id, row.detail)))

    def settle(self, row_id: str, state: WriteState, *, at: datetime, detail: Json) -> None:
        """Commit what came of a PENDING write. `detail` replaces the row's. Raises StoreConflict for a row that is not PENDING any more."""
        if state is WriteState.PENDING:
            raise StoreError("a write is not settled as pending")
        self._move(row_id, WriteState.PENDING, state, at, detail)

    def resolve(self, row_id: str, was: WriteState, state: WriteState, *, at: datetime, detail: Json) -> None:
        """Commit what was found out later: an UNKNOWN write is WRITTEN, REJECTED or MISMATCH; a WRITTEN one turns out a MISMATCH; one that
        was thought REJECTED is WRITTEN or a MISMATCH by its late answer.

        Raises StoreConflict where the row is not in the state `was` any more, StoreError for any other change.
        """
        if state not in _RESOLVED.get(was, ()):
            raise StoreError(f"a write that is {was} does not become {state}")
        self._move(row_id, was, state, at, detail)

    def row(self, row_id: str) -> LedgerRow | None:
        """The row with an id."""
        found = self._find(ledger.c.id == row_id)
        return found[0] if found else None

    def unfinished(self, older_than: datetime) -> tuple[LedgerRow, ...]:
        """Rows PENDING or UNKNOWN that were opened before an instant, of every tenant, oldest first."""
        return self._find(ledger.c.state.in_(_OPEN), ledger.c.opened < older_than)

    def of_plan(self, plan_id: str) -> tuple[LedgerRow, ...]:
        """The rows of one version of a plan, oldest first."""
        return self._find(ledger.c.plan_id == plan_id)

    def of_patient(self, tenant_id: str, patient_id: str) -> tuple[LedgerRow, ...]:
        """Every write to a patient's chart, oldest first."""
        return self._find(ledger.c.tenant_id == tenant_id, ledger.c.patient_id == patient_id)

    def _refuse(self, connection: Connection, row: LedgerRow) -> None:
        """Raises StoreConflict for a write that is not over, NotInTurn for a plan that was overtaken. The turn's lock is held."""
        of_patient = ledger.c.tenant_id == row.tenant_id, ledger.c.patient_id == row.patient_id, ledger.c.state.in_(_OPEN)
        if connection.execute(select(ledger.c.id).where(*of_patient).limit(1)).first() is not None:
            raise StoreConflict("an earlier write for this patient is not resolved yet: nothing was sent")
        same = [plan_head.c[name] == plan_version.c[name] for name in ("tenant_id", "patient_id", "ingredient", "plan_key")]
        this = plan_version.c.tenant_id == row.tenant_id, plan_version.c.id == row.plan_id
        newer = select(plan_head.c.version).where(*same, *this, plan_head.c.version > plan_version.c.version)
        if connection.execute(newer).first() is not None:
            raise NotInTurn("there is a newer version of this plan: nothing was sent")

    def _move(self, row_id: str, was: WriteState, state: WriteState, at: datetime, detail: Json) -> None:
        with self._database.begin() as connection:
            tenant_id = connection.execute(select(ledger.c.tenant_id).where(ledger.c.id == row_id)).scalar_one_or_none()
            if tenant_id is None:
                raise StoreError(f"the ledger has no row {row_id}")
            values = {"state": state.value, "settled": at} | self._sealed(tenant_id, row_id, detail)
            if not connection.execute(update(ledger).where(ledger.c.id == row_id, ledger.c.state == was.value).values(values)).rowcount:
                raise StoreConflict(f"the write {row_id} is not {was} any more")

    def _sealed(self, tenant_id: str, row_id: str, detail: Json) -> dict[str, Any]:
        return {"sealed": self._keys.seal(exact_json.encode(detail), tenant_id, ledger.name, row_id), "key_id": self._keys.current}

    def _find(self, *where: ColumnElement[bool]) -> tuple[LedgerRow, ...]:
        # Of one instant, the row of the later version comes last: what it wrote is what was written last.
        oldest_first = select(ledger).where(*where).order_by(ledger.c.opened, ledger.c.plan_version, ledger.c.id)
        with self._database.read() as connection:
            rows = connection.execute(oldest_first).mappings().all()
        return tuple(self._row(row) for row in rows)

    def _row(self, row: Mapping[Any, Any]) -> LedgerRow:
        detail = exact_json.decode(self._keys.unseal(row["sealed"], row["tenant_id"], ledger.name, row["id"]))
        return LedgerRow(**{name: row[name] for name in _CLEAR}, state=WriteState(row["state"]), detail=detail)
