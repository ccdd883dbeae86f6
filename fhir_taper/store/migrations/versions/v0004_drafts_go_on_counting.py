"""A draft that was dropped leaves its revision behind, so that no page of it fits the one that follows; emergency words are part of drafts.

Revision: 0004. Words of the revisions before were kept apart, one row per patient and of no draft in particular: they go, so that they can
come to stand in no plan of another medicine.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and take the rows out."""
    op.add_column("draft", sa.Column("dropped", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("DELETE FROM draft WHERE name = 'emergency-words'")
