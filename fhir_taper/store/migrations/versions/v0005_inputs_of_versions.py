"""What a plan version was made from is kept with it, sealed: the labels of its inputs, and the intake of that time.

Revision: 0005. Versions of the revisions before have none: what the chart and the intake said when they were made is not known any more.
The column may be sealed again with another key; the digest of the row, which nothing changes, covers it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("plan_version", sa.Column("inputs", sa.LargeBinary()))
