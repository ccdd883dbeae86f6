"""Is a tenant's audit chain whole? Finds rows that were changed, are missing, were reordered, added or cut off, and names the first.

Rows cut off at the end together with an older head put back are found by heads that were exported before (`AuditLog.heads`). Reads one
snapshot, while the program goes on appending.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, select

from fhir_taper.records import Secret
from fhir_taper.store.audit_chain import START, ChainKeys, SignedHead
from fhir_taper.store.database import Database
from fhir_taper.store.schema import audit_entry, audit_head

_PAGE: Final = 1000
_TOLD: Final = 50


class Broken(StrEnum):
    """What is wrong at one place of a chain."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"
    TRUNCATED = "truncated"
    FORGED_HEAD = "forged-head"


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """One thing wrong: the number of the row, or of the row that should be there."""

    tenant_id: str
    sequence: int
    kind: Broken
    says: str


@dataclass(slots=True)
class _Walked:
    """How far the walk came: the last row's number and code, and the codes of the rows that exported heads name."""

    last: int
    mac: str
    at_heads: dict[int, str]


def verify(database: Database, audit_key: Secret, tenant_id: str, exported: Iterable[SignedHead] = ()) -> tuple[ChainBreak, ...]:
    """Everything wrong with a tenant's chain, by row number (at most 50 are told); empty where it is whole.

    `exported` are heads that were kept elsewhere; those of other tenants are passed by.
    """
    keys = ChainKeys(audit_key)
    mine = [head for head in exported if head.tenant_id == tenant_id]
    walked = _Walked(0, START, dict.fromkeys((head.sequence for head in mine), ""))
    with database.read() as connection:
        found = list(islice(_walk(connection, keys, tenant_id, walked), _TOLD))
        found += _at_the_end(connection, keys, tenant_id, walked) if len(found) < _TOLD else []
    found += _against(keys, mine, walked)
    return tuple(sorted(found, key=lambda one: one.sequence)[:_TOLD])


def tenants(database: Database) -> tuple[str, ...]:
    """Every tenant that has a chain, or the rest of one."""
    with database.read() as connection:
        both = select(audit_head.c.tenant_id).union(select(audit_entry.c.tenant_id))
        return tuple(sorted(connection.execute(both).scalars()))


def _walk(connection: Connection, keys: ChainKeys, tenant_id: str, walked: _Walked) -> Iterator[ChainBreak]:
    for row in _rows(connection, tenant_id):
        number, follows = row["sequence"], row["sequence"] == walked.last + 1
        if not follows:
            gone = walked.last + 1
            yield ChainBreak(tenant_id, gone, Broken.MISSING, f"the rows {gone} to {number - 1} are missing")
        if keys.mac(tenant_id, row) != row["mac"]:
            yield ChainBreak(tenant_id, number, Broken.CHANGED, f"row {number} is not what was written")
        elif follows and row["previous"] != walked.mac:
            yield _not_next(connection, tenant_id, number, row["previous"])
        if number in walked.at_heads:
            walked.at_heads[number] = row["mac"]
        walked.last, walked.mac = number, row["mac"]


def _not_next(connection: Connection, tenant_id: str, number: int, previous: str) -> ChainBreak:
    """A genuine row that does not follow the one before it: its own is elsewhere in the chain, or nowhere."""
    elsewhere = select(audit_entry.c.sequence).where(audit_entry.c.tenant_id == tenant_id, audit_entry.c.mac == previous)
    if previous == START or connection.execute(elsewhere.limit(1)).first() is not None:
        return ChainBreak(tenant_id, number, Broken.REORDERED, f"row {number} stands at another place than it was written")
    return ChainBreak(tenant_id, number, Broken.MISSING, f"a row before row {number} is missing, or was changed and signed anew")


def _at_the_end(connection: Connection, keys: ChainKeys, tenant_id: str, walked: _Walked) -> list[ChainBreak]:
    row = connection.execute(select(audit_head).where(audit_head.c.tenant_id == tenant_id)).mappings().one_or_none()
    if row is None:
        return [ChainBreak(tenant_id, walked.last, Broken.FORGED_HEAD, "the head of the chain is missing")] if walked.last else []
    head = SignedHead(tenant_id, row["sequence"], row["mac"], row["signature"])
    if not keys.is_genuine(head):
        return [ChainBreak(tenant_id, head.sequence, Broken.FORGED_HEAD, "the head of the chain was not written by this installation")]
    if head.sequence > walked.last:
        return [_cut_off(tenant_id, walked.last, head.sequence)]
    if head.sequence < walked.last:
        return [ChainBreak(tenant_id, head.sequence + 1, Broken.ADDED, f"rows after {head.sequence} are beyond the head of the chain")]
    if head.mac != walked.mac:
        return [ChainBreak(tenant_id, walked.last, Broken.CHANGED, f"row {walked.last} is not the one the chain ended with")]
    return []


def _against(keys: ChainKeys, exported: list[SignedHead], walked: _Walked) -> list[ChainBreak]:
    found = []
    for head in exported:
        if not keys.is_genuine(head):
            says = f"the exported head of row {head.sequence} was not written by this installation"
            found.append(ChainBreak(head.tenant_id, head.sequence, Broken.FORGED_HEAD, says))
        elif head.sequence > walked.last:
            found.append(_cut_off(head.tenant_id, walked.last, head.sequence))
        elif walked.at_heads[head.sequence] != head.mac:
            says = f"row {head.sequence} is not the one whose head was exported"
            found.append(ChainBreak(head.tenant_id, head.sequence, Broken.CHANGED, says))
    return found


def _cut_off(tenant_id: str, last: int, ended: int) -> ChainBreak:
    return ChainBreak(tenant_id, last + 1, Broken.TRUNCATED, f"the chain ended with row {ended}: the rows from {last + 1} on were cut off")


def _rows(connection: Connection, tenant_id: str) -> Iterator[Mapping[Any, Any]]:
    after = 0
    while True:
        page = select(audit_entry).where(audit_entry.c.tenant_id == tenant_id, audit_entry.c.sequence > after)
        rows = connection.execute(page.order_by(audit_entry.c.sequence).limit(_PAGE)).mappings().all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1]["sequence"]
