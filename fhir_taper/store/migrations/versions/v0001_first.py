"""Launches, tokens, plans, drafts, writes and audit; tables that only grow refuse every change on both databases.

Revision: 0001. Sealed columns of grown tables may be sealed again with another key (rotation) and in no other way be changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATES = "state IN ('pending', 'written', 'rejected', 'unknown', 'mismatch')"
_IN_DOUBT = sa.text("state IN ('pending', 'unknown')")

# What may not change, per table. What is not named (a sealed value and its key; the state of a write) may.
_FIXED = {
    "plan_version": ("id", "tenant_id", "patient_id", "ingredient", "plan_key", "version", "state", '"by"', '"at"', "digest"),
    "audit_entry": (
        *("tenant_id", "sequence", '"at"', "actor", "action", "outcome", "patient_id", "launch_id", "detail", "previous", "mac"),
    ),
    "ledger": (
        *("id", "tenant_id", "launch_id", "patient_id", "plan_id", "plan_version", "output", "rung"),
        *("write_identifier", "request_hash", "opened"),
    ),
}
# What a new row may not share with one that is there.
_SAME = {
    "plan_version": (
        "id = NEW.id OR (tenant_id, patient_id, ingredient, plan_key, version)"
        " = (NEW.tenant_id, NEW.patient_id, NEW.ingredient, NEW.plan_key, NEW.version)"
    ),
    "audit_entry": "(tenant_id, sequence) = (NEW.tenant_id, NEW.sequence)",
    "ledger": (
        "id = NEW.id OR (state IN ('pending', 'unknown') AND NEW.state IN ('pending', 'unknown')"
        " AND (tenant_id, write_identifier) = (NEW.tenant_id, NEW.write_identifier))"
    ),
}


def upgrade() -> None:
    """Make everything."""
    _launches()
    _plans()
    _writes()
    _audit()
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the table % only grows', TG_TABLE_NAME; END $$"
        )
    for table in _FIXED:
        (_guard_on_postgresql if postgresql else _guard_on_sqlite)(table)


def _sealed() -> tuple[sa.Column[bytes], sa.Column[str]]:
    return sa.Column("sealed", sa.LargeBinary(), nullable=False), sa.Column("key_id", sa.String(), nullable=False)


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, primary_key=key)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _index_keys(*tables: str) -> None:
    for table in tables:
        op.create_index(f"ix_{table}_key_id", table, ["key_id"])


def _launches() -> None:
    op.create_table("pending_launch", _text("state_hash", key=True), _text("tenant_id"), _instant("expires"), *_sealed())
    op.create_index("ix_pending_launch_expires", "pending_launch", ["expires"])
    op.create_table(
        "launch",
        _text("id", key=True),
        _text("tenant_id"),
        sa.Column("browser_hash", sa.String()),
        _instant("begun"),
        _instant("last_seen"),
        _instant("ends"),
        _instant("ended", nullable=True),
        *_sealed(),
    )
    op.create_index("ix_launch_browser_hash", "launch", ["browser_hash"])
    op.create_index("ix_launch_ends", "launch", ["ends"])
    op.create_table("token_set", _text("tenant_id", key=True), _text("grant_id", key=True), *_sealed())
    op.create_table("lease", _text("name", key=True), _text("holder"), _instant("until"))
    _index_keys("pending_launch", "launch", "token_set")


def _plans() -> None:
    op.create_table(
        "plan_version",
        _text("id", key=True),
        _text("tenant_id"),
        _text("patient_id"),
        _text("ingredient"),
        _text("plan_key"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("state"),
        _text("by"),
        _instant("at"),
        _text("digest"),
        *_sealed(),
        sa.UniqueConstraint("tenant_id", "patient_id", "ingredient", "plan_key", "version", name="plan_version_once"),
        sa.CheckConstraint("version >= 1", name="plan_version_counts_from_one"),
    )
    one_taper = ("tenant_id", "patient_id", "ingredient")
    op.create_table(
        "running_taper",
        *(_text(name, key=True) for name in one_taper),
        _text("plan_key"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "plan_head",
        *(_text(name, key=True) for name in (*one_taper, "plan_key")),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "draft",
        *(_text(name, key=True) for name in ("tenant_id", "patient_id", "name")),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("by"),
        _instant("at"),
        *_sealed(),
    )
    _index_keys("plan_version", "draft")


def _writes() -> None:
    op.create_table(
        "ledger",
        _text("id", key=True),
        *(_text(name) for name in ("tenant_id", "launch_id", "patient_id", "plan_id")),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        *(_text(name) for name in ("output", "rung", "write_identifier", "request_hash", "state")),
        _instant("opened"),
        _instant("settled", nullable=True),
        *_sealed(),
        sa.CheckConstraint(_STATES, name="ledger_state_is_known"),
    )
    op.create_index("ledger_by_state", "ledger", ["state", "opened"])
    op.create_index("ledger_by_plan", "ledger", ["tenant_id", "plan_id"])
    once = ["tenant_id", "write_identifier"]
    op.create_index("ledger_write_once", "ledger", once, unique=True, sqlite_where=_IN_DOUBT, postgresql_where=_IN_DOUBT)
    _index_keys("ledger")


def _audit() -> None:
    op.create_table(
        "audit_entry",
        _text("tenant_id", key=True),
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False),
        _instant("at"),
        *(_text(name) for name in ("actor", "action", "outcome")),
        sa.Column("patient_id", sa.String()),
        sa.Column("launch_id", sa.String()),
        sa.Column("detail", sa.Text(), nullable=False),
        *(_text(name) for name in ("previous", "mac")),
    )
    op.create_index("audit_entry_by_patient", "audit_entry", ["tenant_id", "patient_id"])
    op.create_table(
        "audit_head",
        _text("tenant_id", key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("mac", "signature")),
    )


def _guard_on_sqlite(table: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'the table {table} only grows'); END"
    op.execute(f"CREATE TRIGGER {table}_keeps_its_rows BEFORE DELETE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_keeps_its_words BEFORE UPDATE OF {', '.join(_FIXED[table])} ON {table} {refuse}")
    # INSERT OR REPLACE would delete the old row without asking the trigger above, unless the connection said otherwise.
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {_SAME[table]})"  # noqa: S608 (names of this module)
    replace = f"BEGIN SELECT RAISE(ABORT, 'the row of {table} is there already'); END"
    op.execute(f"CREATE TRIGGER {table}_replaces_nothing BEFORE INSERT ON {table} WHEN {there} {replace}")


def _guard_on_postgresql(table: str) -> None:
    refuse = "EXECUTE FUNCTION refuse_change()"
    op.execute(f"CREATE TRIGGER {table}_keeps_its_rows BEFORE DELETE ON {table} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {table}_keeps_its_words BEFORE UPDATE OF {', '.join(_FIXED[table])} ON {table} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
