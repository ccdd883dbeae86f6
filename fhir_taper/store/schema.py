"""The tables of launches, tokens, plans, notes, writes and audit as the program uses them; `migrations` makes them, a test compares both.

What is secret or clinical stands in `sealed` (see crypto), with the id of its key beside it. In the clear are ids, codes, hashes, instants
and states: what is looked up. Tables that only grow are guarded by triggers of the migrations, on both databases.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from fhir_taper.records import WriteState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A point in time as whole microseconds since 1970 UTC: exact, ordered and the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """The microseconds of an aware datetime; a naive one is no instant and raises ValueError."""
        del dialect
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The instant in UTC."""
        del dialect
        return None if value is None else _EPOCH + int(value) * _MICROSECOND


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970 UTC. Raises ValueError for a datetime without a zone."""
    if instant.tzinfo is None:
        raise ValueError("a datetime without a zone is no instant")
    return (instant - _EPOCH) // _MICROSECOND


def _sealed(*, nullable: bool = False) -> tuple[Column[bytes], Column[str]]:
    return Column("sealed", LargeBinary, nullable=nullable), Column("key_id", String, nullable=nullable, index=True)


def place_of(column: Column[Any]) -> str:
    """What a sealed column is called to its seal: `sealed` by its table, a further one by its name too, so that none stands for another."""
    return column.table.name if column.name == "sealed" else f"{column.table.name}.{column.name}"


pending_launch = Table(
    "pending_launch",
    metadata,
    Column("state_hash", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("expires", Instant, nullable=False, index=True),
    *_sealed(),
)

launch = Table(
    "launch",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("browser_hash", String, index=True),
    Column("begun", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("ends", Instant, nullable=False, index=True),
    Column("ended", Instant),
    *_sealed(),
)

token_set = Table(
    "token_set",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("grant_id", String, primary_key=True),
    *_sealed(),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", Instant, nullable=False),
)

plan_version = Table(
    "plan_version",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("patient_id", String, nullable=False),
    Column("ingredient", String, nullable=False),
    Column("plan_key", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("digest", String, nullable=False),
    *_sealed(),
    Column("inputs", LargeBinary),
    UniqueConstraint("tenant_id", "patient_id", "ingredient", "plan_key", "version", name="plan_version_once"),
    CheckConstraint("version >= 1", name="plan_version_counts_from_one"),
)
"""`inputs` is sealed too, with the same key; a row of before revision 0005 has none."""

running_taper = Table(
    "running_taper",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("patient_id", String, primary_key=True),
    Column("ingredient", String, primary_key=True),
    Column("plan_key", String, nullable=False),
    Column("version", Integer, nullable=False),
)
"""One row per patient and ingredient: its primary key is why there is never a second running taper."""

plan_head = Table(
    "plan_head",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("patient_id", String, primary_key=True),
    Column("ingredient", String, primary_key=True),
    Column("plan_key", String, primary_key=True),
    Column("version", Integer, nullable=False),
)
"""The newest version of each plan: the row that writers of one plan queue up for."""

draft = Table(
    "draft",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("patient_id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("dropped", Boolean, nullable=False),
    *_sealed(),
)
"""Work in progress. One that was dropped keeps its row, sealed over nothing: the next one counts on from its revision."""

_STATES = ", ".join(f"'{state}'" for state in WriteState)

ledger = Table(
    "ledger",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("launch_id", String, nullable=False),
    Column("patient_id", String, nullable=False),
    Column("plan_id", String, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("output", String, nullable=False),
    Column("rung", String, nullable=False),
    Column("write_identifier", String, nullable=False),
    Column("request_hash", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("settled", Instant),
    *_sealed(),
    CheckConstraint(f"state IN ({_STATES})", name="ledger_state_is_known"),
    Index("ledger_by_state", "state", "opened"),
    Index("ledger_by_plan", "tenant_id", "plan_id"),
    # While it is not known what became of a write, nothing else is written under its identifier.
    Index(
        "ledger_write_once",
        "tenant_id",
        "write_identifier",
        unique=True,
        sqlite_where=text("state IN ('pending', 'unknown')"),
        postgresql_where=text("state IN ('pending', 'unknown')"),
    ),
)

write_turn = Table(
    "write_turn",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("patient_id", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("until", Instant),
)
"""Whose turn it is to write to a patient's chart (see turns): the row that every write for the patient queues up for."""

pharmacist_review = Table(
    "pharmacist_review",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("patient_id", String, nullable=False),
    Column("plan_id", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("state", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answered_by", String),
    Column("answered_at", Instant),
    *_sealed(),
    CheckConstraint("state IN ('requested', 'accepted', 'returned', 'withdrawn')", name="pharmacist_review_state_is_known"),
    Index("pharmacist_review_by_patient", "tenant_id", "patient_id"),
    # A plan is looked at by one pharmacist at a time.
    Index(
        "pharmacist_review_once",
        "tenant_id",
        "patient_id",
        "plan_id",
        unique=True,
        sqlite_where=text("state = 'requested'"),
        postgresql_where=text("state = 'requested'"),
    ),
)

watch_note = Table(
    "watch_note",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("patient_id", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
    *_sealed(),
    CheckConstraint("kind IN ('assessment', 'answer', 'form', 'choice')", name="watch_note_kind_is_known"),
    Index("watch_note_by_patient", "tenant_id", "patient_id", "kind", "at"),
)
"""What was noted while a taper is watched (see watch_log): it only grows."""

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("patient_id", String),
    Column("launch_id", String),
    Column("detail", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("mac", String, nullable=False),
    Index("audit_entry_by_patient", "tenant_id", "patient_id"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("mac", String, nullable=False),
    Column("signature", String, nullable=False),
)
"""Where each tenant's chain ends: the row that appends queue up for."""
