"""Whose turn it is to write to a patient's chart: one row per patient.

Revision: 0003. The row is changed with every turn: it is no record of what happened, the ledger is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "write_turn",
        *(sa.Column(name, sa.String(), nullable=False, primary_key=True) for name in ("tenant_id", "patient_id")),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
    )
