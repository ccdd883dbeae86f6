"""Reviews by a pharmacist: what was asked for, of which dispensing plan, and what was answered; an answer is never changed.

Revision: 0002. The words of both sides are sealed, and may be sealed again with another key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLE = "pharmacist_review"
_FIXED = ("id", "tenant_id", "patient_id", "plan_id", "digest", "asked_by", "asked_at")
_ANSWER = ("state", "answered_by", "answered_at")
_STATES = "state IN ('requested', 'accepted', 'returned', 'withdrawn')"
_OPEN = sa.text("state = 'requested'")


def upgrade() -> None:
    """Make the table and its guards."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("tenant_id", "patient_id", "plan_id", "digest", "state", "asked_by")),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_by", sa.String()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.CheckConstraint(_STATES, name="pharmacist_review_state_is_known"),
    )
    op.create_index("ix_pharmacist_review_key_id", _TABLE, ["key_id"])
    op.create_index("pharmacist_review_by_patient", _TABLE, ["tenant_id", "patient_id"])
    once = ["tenant_id", "patient_id", "plan_id"]
    op.create_index("pharmacist_review_once", _TABLE, once, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    (_guard_on_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite)()


def _guard_on_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'the table {_TABLE} only grows'); END"
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_rows BEFORE DELETE ON {_TABLE} {refuse}")
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_words BEFORE UPDATE OF {', '.join(_FIXED)} ON {_TABLE} {refuse}")
    op.execute(
        f"CREATE TRIGGER {_TABLE}_keeps_its_answer BEFORE UPDATE OF {', '.join(_ANSWER)} ON {_TABLE} WHEN OLD.state <> 'requested' {refuse}"
    )
    # INSERT OR REPLACE would delete the old row without asking the trigger above, unless the connection said otherwise.
    same = (
        "id = NEW.id OR (state = 'requested' AND NEW.state = 'requested'"
        " AND (tenant_id, patient_id, plan_id) = (NEW.tenant_id, NEW.patient_id, NEW.plan_id))"
    )
    there = f"EXISTS (SELECT 1 FROM {_TABLE} WHERE {same})"  # noqa: S608 (names of this module)
    replace = f"BEGIN SELECT RAISE(ABORT, 'the row of {_TABLE} is there already'); END"
    op.execute(f"CREATE TRIGGER {_TABLE}_replaces_nothing BEFORE INSERT ON {_TABLE} WHEN {there} {replace}")


def _guard_on_postgresql() -> None:
    refuse = "EXECUTE FUNCTION refuse_change()"
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_rows BEFORE DELETE ON {_TABLE} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_words BEFORE UPDATE OF {', '.join(_FIXED)} ON {_TABLE} FOR EACH ROW {refuse}")
    op.execute(
        f"CREATE TRIGGER {_TABLE}_keeps_its_answer BEFORE UPDATE OF {', '.join(_ANSWER)} ON {_TABLE}"
        f" FOR EACH ROW WHEN (OLD.state <> 'requested') {refuse}"
    )
    op.execute(f"CREATE TRIGGER {_TABLE}_is_not_emptied BEFORE TRUNCATE ON {_TABLE} FOR EACH STATEMENT {refuse}")
