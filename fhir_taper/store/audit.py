"""The audit log: what happened, by whom, to which patient's data, in a chain per tenant that only grows (see audit_chain).

Appends of one tenant take turns over the row of its head, across processes. The log holds ids, codes, versions and hashes, never clinical
text: whatever has a space in it is refused. What must be told in words stands in the plan, which the entry names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from fhir_taper import exact_json
from fhir_taper.errors import StoreError
from fhir_taper.records import AuditEntry, Json, Secret
from fhir_taper.store.audit_chain import START, ChainKeys, SignedHead
from fhir_taper.store.database import Database, insert_new
from fhir_taper.store.schema import audit_entry, audit_head

_WORD: Final = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{0,256}")


@dataclass(frozen=True, slots=True)
class Audited:
    """An entry and its place in its tenant's chain."""

    sequence: int
    entry: AuditEntry


class AuditLog:
    """Append and read; whether the chain is whole, `audit_verify` says."""

    def __init__(self, database: Database, audit_key: Secret) -> None:
        """Raise StoreError for a key too short to be one."""
        self._database = database
        self._keys = ChainKeys(audit_key)

    def append(self, entry: AuditEntry) -> int:
        """Commit an entry at the end of its tenant's chain; returns its number. Inside `begin`, it is committed with the rest.

        Raises StoreError for words that are no code or id, and for a head that was not written by this installation.
        """
        _refuse_words(entry)
        with self._database.begin() as connection:
            head = self._locked_head(connection, entry.tenant_id)
            row = {
                "tenant_id": entry.tenant_id,
                "at": entry.at,
                "actor": entry.actor,
                "action": entry.action,
                "outcome": entry.outcome,
                "patient_id": entry.patient_id,
                "launch_id": entry.launch_id,
                "detail": exact_json.encode(entry.detail).decode(),
                "previous": head.mac,
            }
            mac = self._keys.mac(entry.tenant_id, row)
            new = self._keys.head(entry.tenant_id, head.sequence + 1, mac)
            connection.execute(insert(audit_entry).values(row | {"sequence": new.sequence, "mac": mac}))
            moved = {"sequence": new.sequence, "mac": new.mac, "signature": new.signature}
            connection.execute(update(audit_head).where(audit_head.c.tenant_id == entry.tenant_id).values(moved))
        return new.sequence

    def heads(self) -> tuple[SignedHead, ...]:
        """The signed head of every tenant's chain, by tenant: export them, so that it shows when rows are cut off."""
        with self._database.read() as connection:
            rows = connection.execute(select(audit_head).order_by(audit_head.c.tenant_id)).mappings().all()
        return tuple(_head(row) for row in rows if row["sequence"])

    def entries(self, tenant_id: str, *, after: int = 0, limit: int = 500, patient_id: str | None = None) -> tuple[Audited, ...]:
        """A page of a tenant's chain after a number, of one patient if named, in order."""
        query = select(audit_entry).where(audit_entry.c.tenant_id == tenant_id, audit_entry.c.sequence > after)
        if patient_id is not None:
            query = query.where(audit_entry.c.patient_id == patient_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(audit_entry.c.sequence).limit(limit)).mappings().all()
        return tuple(Audited(row["sequence"], _entry(row)) for row in rows)

    def _locked_head(self, connection: Connection, tenant_id: str) -> SignedHead:
        start = self._keys.head(tenant_id, 0, START)
        new = {"tenant_id": tenant_id, "sequence": 0, "mac": START, "signature": start.signature}
        query = select(audit_head).where(audit_head.c.tenant_id == tenant_id).with_for_update()
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            insert_new(connection, audit_head, new)
            row = connection.execute(query).mappings().one()
        head = _head(row)
        if not self._keys.is_genuine(head):
            raise StoreError(f"the audit chain of {tenant_id} does not end as this audit key wrote it: run `fhir-taper audit verify`")
        return head


def _head(row: Mapping[Any, Any]) -> SignedHead:
    return SignedHead(row["tenant_id"], row["sequence"], row["mac"], row["signature"])


def _entry(row: Mapping[Any, Any]) -> AuditEntry:
    clear = {name: row[name] for name in ("tenant_id", "at", "actor", "action", "outcome", "patient_id", "launch_id")}
    detail: Json = exact_json.decode(row["detail"].encode())
    return AuditEntry(**clear, detail=detail)


def _refuse_words(entry: AuditEntry) -> None:
    said = (entry.tenant_id, entry.actor, entry.action, entry.outcome, entry.patient_id or "", entry.launch_id or "")
    for value in (*said, *_texts(entry.detail)):
        if not _WORD.fullmatch(value):
            raise StoreError(f"the audit of {entry.action[:40]!r} holds words where a code or id belongs: nothing was written")


def _texts(value: object) -> Iterator[str]:
    """Every text in a detail, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield from _texts(name)
            yield from _texts(inside)
    elif isinstance(value, (list, tuple)):
        for inside in value:
            yield from _texts(inside)
