"""What is noted while a taper is watched: assessments, answers, filled forms, choices. The table only grows.

Revision: 0006. Words are sealed, and may be sealed again with another key; nothing else of a row changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE = "watch_note"
_TEXTS = ("id", "tenant_id", "patient_id", "plan", "kind", "by")
_FIXED = ("id", "tenant_id", "patient_id", "plan", "kind", '"by"', "at")
_KINDS = "kind IN ('assessment', 'answer', 'form', 'choice')"


def upgrade() -> None:
    """Make the table and its guards."""
    op.create_table(
        _TABLE,
        *(sa.Column(name, sa.String(), nullable=False, primary_key=name == "id") for name in _TEXTS),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.CheckConstraint(_KINDS, name="watch_note_kind_is_known"),
    )
    op.create_index("ix_watch_note_key_id", _TABLE, ["key_id"])
    op.create_index("watch_note_by_patient", _TABLE, ["tenant_id", "patient_id", "kind", "at"])
    (_guard_on_postgresql if op.get_bind().dialect.name == "postgresql" else _guard_on_sqlite)()


def _guard_on_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'the table {_TABLE} only grows'); END"
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_rows BEFORE DELETE ON {_TABLE} {refuse}")
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_words BEFORE UPDATE OF {', '.join(_FIXED)} ON {_TABLE} {refuse}")
    # INSERT OR REPLACE would delete the old row without asking the trigger above, unless the connection said otherwise.
    there = f"EXISTS (SELECT 1 FROM {_TABLE} WHERE id = NEW.id)"  # noqa: S608 (names of this module)
    ignore = "BEGIN SELECT RAISE(IGNORE); END"
    op.execute(f"CREATE TRIGGER {_TABLE}_replaces_nothing BEFORE INSERT ON {_TABLE} WHEN {there} {ignore}")


def _guard_on_postgresql() -> None:
    refuse = "EXECUTE FUNCTION refuse_change()"
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_rows BEFORE DELETE ON {_TABLE} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {_TABLE}_keeps_its_words BEFORE UPDATE OF {', '.join(_FIXED)} ON {_TABLE} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {_TABLE}_is_not_emptied BEFORE TRUNCATE ON {_TABLE} FOR EACH STATEMENT {refuse}")
