"""Keys of an installation: which there are and what they do, new ones, and sealing everything again with the current one.

Rotation of a data key: put the new key first and keep the old one behind it; restart; rotate; when nothing is left under the old one, take
it out. Rotation of a signing key: put the new one behind the old (it is published), wait an hour, swap them; take the old one out later.
"""

import os
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes, token_urlsafe

from fhir_taper.errors import CannotWrite, StoreError
from fhir_taper.exact_json import encode
from fhir_taper.records import AuditEntry
from fhir_taper.settings import Settings
from fhir_taper.smart.keys import ES384, RS384, new_key, signing_key
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.rotation import left, rotate
from fhir_taper.workflow.audited import word
from fhir_taper.workflow.recover_writes import PROGRAM
from fhir_taper.workflow.services import utc_now
from fhir_taper.workflow.typed import KeyKind


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key that seals rows: how many, whether it is the current one, and whether it is configured at all."""

    id: str
    rows: int
    is_current: bool
    is_configured: bool

    @property
    def says(self) -> str:
        """What to do about it."""
        if self.is_current:
            return "current"
        if not self.is_configured:
            return "MISSING: its rows cannot be read"
        return "in rotation: run `fhir-taper keys rotate`" if self.rows else "no longer needed: take it out of encryption_keys"


@dataclass(frozen=True, slots=True)
class Published:
    """A signing key of a tenant: its id in our JWKS, and whether it is the one that signs."""

    tenant_id: str
    kid: str
    algorithm: str
    is_signing: bool


def data_keys(settings: Settings) -> tuple[DataKey, ...]:
    """Every key that is configured or that rows are sealed with, the current one first. Raises StoreError."""
    ring = KeyRing.of(settings.encryption_keys)
    database = Database.open(settings.database_url)
    try:
        counted = left(database)
    finally:
        database.close()
    ids = dict.fromkeys([key_id for key_id, _ in settings.encryption_keys] + sorted(counted))
    return tuple(DataKey(one, counted.get(one, 0), one == ring.current, ring.knows(one)) for one in ids)


def published(settings: Settings) -> tuple[Published, ...]:
    """The signing keys of every tenant in the order of its configuration: the first signs. Raises SettingsError."""
    return tuple(
        Published(tenant.id, key.kid, key.algorithm, place == 0)
        for tenant in settings.tenants
        for place, key in enumerate(map(signing_key, tenant.signing_keys))
    )


def rotate_data(settings: Settings, on_progress: Callable[[int, int], None]) -> int:
    """Seal again whatever another key than the current one sealed; returns how many rows. Stopped, it goes on where it was.

    `on_progress` hears of rows done and of rows in all. Begin and end stand in the audit of every tenant: the rows are all theirs.
    Raises StoreError naming a row that does not open, or a key that is not configured; and where it cannot be audited.
    """
    ring = KeyRing.of(settings.encryption_keys)
    database = Database.open(settings.database_url)
    done = 0
    try:
        total = _rows_to_rotate(database, ring)
        _audit(settings, database, ring, "begun", total)

        def on_batch(rows: int) -> None:
            nonlocal done
            done += rows
            on_progress(done, max(done, total))

        rotate(database, ring, on_batch=on_batch)
        _audit(settings, database, ring, "done", done)
    except BaseException:  # a person may stop it, too
        with suppress(StoreError):
            _audit(settings, database, ring, "failed", done)
        raise
    else:
        return done
    finally:
        database.close()


def _rows_to_rotate(database: Database, ring: KeyRing) -> int:
    counted = left(database)
    missing = sorted(key_id for key_id in counted if not ring.knows(key_id))
    if missing:
        raise StoreError(f"rows are sealed with a key that is not configured: {', '.join(missing)}")
    return sum(rows for key_id, rows in counted.items() if key_id != ring.current)


def _audit(settings: Settings, database: Database, ring: KeyRing, outcome: str, rows: int) -> None:
    """One line per tenant: which key seals from now on, and how many rows of all tenants were sealed with it."""
    log = AuditLog(database, settings.audit_key)
    detail = {"key": word(ring.current), "rows": rows}
    with database.begin():
        for tenant in settings.tenants:
            log.append(AuditEntry(tenant.id, utc_now(), PROGRAM, "keys-rotate", outcome, detail=detail))


def write_new_key(kind: KeyKind, path: Path, key_id: str) -> str:
    """Make a key in a new file that its owner alone can read; returns what to do with it. Raises CannotWrite where the file exists."""
    match kind:
        case KeyKind.ENCRYPTION:
            text, todo = f"{key_id}:{b64encode(token_bytes(32)).decode()}", f'encryption_keys = ["file:{path}", …the keys before it]'
        case KeyKind.AUDIT:
            text, todo = token_urlsafe(48), f'audit_key = "file:{path}" (the chains of another audit key no longer verify)'
        case KeyKind.ES384 | KeyKind.RS384:
            pem = new_key(ES384 if kind is KeyKind.ES384 else RS384)
            kid = signing_key(pem).kid
            text, todo = pem.reveal(), f'private_key_files = [the key that signs, "{path}"]; after an hour put it first (kid {kid})'
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text.strip() + "\n")
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror}") from error
    return todo


def keys_output(data: tuple[DataKey, ...], signing: tuple[Published, ...], *, json: bool) -> bytes:
    """Every key by its id, as a table for people or as JSON; no key itself."""
    if json:
        sealing = [{"id": one.id, "rows": one.rows, "current": one.is_current, "configured": one.is_configured} for one in data]
        named = [{"tenant": one.tenant_id, "kid": one.kid, "alg": one.algorithm, "signs": one.is_signing} for one in signing]
        return encode({"schema": 1, "encryption": sealing, "signing": named}, indent=2) + b"\n"
    lines = ["encryption keys", *(f"  {one.id}: {one.rows} rows, {one.says}" for one in data), "signing keys"]
    lines += [f"  {one.tenant_id}: {one.kid} {one.algorithm}, {'signs' if one.is_signing else 'published'}" for one in signing] or [
        "  none"
    ]
    return ("\n".join(lines) + "\n").encode()
