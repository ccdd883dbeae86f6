"""The audit for whoever audits: is every chain whole, where does it end, and its lines as FHIR AuditEvents.

It reads; nothing here can change the audit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fhir_taper.errors import BadInput, StoreError, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.mappers.write.audit_event import to_audit_event
from fhir_taper.settings import Settings
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.audit_chain import SignedHead
from fhir_taper.store.audit_verify import ChainBreak, tenants, verify
from fhir_taper.store.database import Database
from fhir_taper.workflow.recover_writes import PROGRAM

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Chain:
    """One tenant's chain: how many lines its head counts, and everything wrong with it."""

    tenant_id: str
    lines: int
    breaks: tuple[ChainBreak, ...]


def verify_chains(settings: Settings, tenant_id: str | None = None, heads: Path | None = None) -> tuple[Chain, ...]:
    """Every chain of the database, or one tenant's. `heads` is a file of heads that were exported before: it shows when lines were cut off.

    Raises WrongUsage for a tenant that has none, BadInput for a file that holds no heads, StoreError.
    """
    exported = heads_in(heads) if heads else ()
    database = Database.open(settings.database_url)
    try:
        ends = {head.tenant_id: head.sequence for head in AuditLog(database, settings.audit_key).heads()}
        # A tenant whose every line was removed is known by the heads that were exported.
        known = sorted({*tenants(database), *(head.tenant_id for head in exported)})
        if tenant_id is not None and tenant_id not in known:
            raise WrongUsage(f"there is no audit of {tenant_id}; there is {', '.join(known) or 'none'}")
        asked = [tenant_id] if tenant_id is not None else known
        return tuple(Chain(one, ends.get(one, 0), verify(database, settings.audit_key, one, exported)) for one in asked)
    finally:
        database.close()


def heads_in(path: Path) -> tuple[SignedHead, ...]:
    """The heads in a file, one per line. Raises BadInput naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {type(error).__name__}", str(path)) from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(SignedHead.parse(line))
            except StoreError as error:
                raise BadInput(str(error), f"{path}:{number}") from error
    if not found:
        raise BadInput("it holds no heads", str(path))
    return tuple(found)


def chain_heads(settings: Settings) -> tuple[str, ...]:
    """The signed head of every chain as a line each: kept elsewhere, they show when lines were cut off."""
    database = Database.open(settings.database_url)
    try:
        return tuple(head.line() for head in AuditLog(database, settings.audit_key).heads())
    finally:
        database.close()


def audit_events(settings: Settings, tenant_id: str, after: int = 0, patient_id: str | None = None) -> Iterator[bytes]:
    """A tenant's chain after a line as NDJSON of AuditEvents, page by page. Raises WrongUsage for a tenant that has none."""
    database = Database.open(settings.database_url)
    try:
        if tenant_id not in tenants(database):
            raise WrongUsage(f"there is no audit of {tenant_id}; there is {', '.join(tenants(database)) or 'none'}")
        log = AuditLog(database, settings.audit_key)
        while page := log.entries(tenant_id, after=after, limit=_PAGE, patient_id=patient_id):
            yield b"".join(encode(to_audit_event(one.sequence, one.entry, PROGRAM)) + b"\n" for one in page)
            after = page[-1].sequence
    finally:
        database.close()


def verify_output(chains: tuple[Chain, ...], *, json: bool) -> bytes:
    """What was found, as a table for people or as JSON."""
    if json:
        found = [
            {
                "tenant": one.tenant_id,
                "lines": one.lines,
                "whole": not one.breaks,
                "breaks": [{"line": each.sequence, "kind": each.kind.value, "says": each.says} for each in one.breaks],
            }
            for one in chains
        ]
        return encode({"schema": 1, "chains": found}, indent=2) + b"\n"
    lines = []
    for one in chains:
        lines.append(f"{one.tenant_id}: {one.lines} lines, {'NOT WHOLE' if one.breaks else 'whole'}")
        lines += [f"  line {each.sequence}: {each.kind.value}: {each.says}" for each in one.breaks]
    return ("\n".join(lines or ["there is no audit yet"]) + "\n").encode()
