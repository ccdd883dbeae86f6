"""The ledger as one actor uses it: what became of a write and its line in the audit are one commit.

A process that is killed between the two would leave a write that no audit tells of; so there is no between. What is opened is told when
it is settled, by whoever settles it: the write itself, a sweep, or a person who looked.
"""

from dataclasses import dataclass
from datetime import datetime

from fhir_taper.records import AuditEntry, Json, LedgerRow, WriteState, WriteTurn
from fhir_taper.workflow.audited import word
from fhir_taper.workflow.services import Services


@dataclass(frozen=True, slots=True)
class AuditedLedger:
    """`actor` settles, as `action` ("settle-write", "recover-write"); `launch_id` is the launch in which, None outside of one."""

    services: Services
    actor: str
    action: str
    launch_id: str | None = None

    def now(self) -> datetime:
        """As `store.ledger`."""
        return self.services.ledger.now()

    def open_row(self, row: LedgerRow, turn: WriteTurn, /) -> None:
        """As `store.ledger`."""
        self.services.ledger.open_row(row, turn)

    def settle(self, row_id: str, state: WriteState, /, *, at: datetime, detail: Json) -> None:
        """As `store.ledger`, with a line in the audit."""
        with self.services.database.begin():
            self.services.ledger.settle(row_id, state, at=at, detail=detail)
            self._note(row_id, state, at, detail)

    def resolve(self, row_id: str, was: WriteState, state: WriteState, /, *, at: datetime, detail: Json) -> None:
        """As `store.ledger`, with a line in the audit."""
        with self.services.database.begin():
            self.services.ledger.resolve(row_id, was, state, at=at, detail=detail)
            self._note(row_id, state, at, detail)

    def unfinished(self, older_than: datetime, /) -> tuple[LedgerRow, ...]:
        """As `store.ledger`."""
        return self.services.ledger.unfinished(older_than)

    def of_plan(self, plan_id: str, /) -> tuple[LedgerRow, ...]:
        """As `store.ledger`."""
        return self.services.ledger.of_plan(plan_id)

    def of_patient(self, tenant_id: str, patient_id: str, /) -> tuple[LedgerRow, ...]:
        """As `store.ledger`."""
        return self.services.ledger.of_patient(tenant_id, patient_id)

    def _note(self, row_id: str, state: WriteState, at: datetime, detail: Json) -> None:
        row = self.services.ledger.row(row_id)
        if row is not None:
            self.services.audit.append(audit_line(row, state, at, detail, self.actor, self.action, self.launch_id))


def audit_line(row: LedgerRow, state: WriteState, at: datetime, detail: Json, actor: str, action: str, launch_id: str | None) -> AuditEntry:
    """What the audit says of one row: the plan's version, the way, and what stands in the EHR by type, id and version."""
    stands = [one for one in detail.get("resources", ()) if one.get("reference")]
    resources = [word(f"{one['reference']}/_history/{one['etag']}" if one.get("etag") else one["reference"]) for one in stands]
    said = {"ledger": row.id, "plan": row.plan_id, "version": row.plan_version, "rung": row.rung, "resources": resources}
    return AuditEntry(row.tenant_id, at, actor, action, state.value, row.patient_id, launch_id, said)
