"""The resolved policies that judged runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table beside those of 0008; of runs of before only the digest is known."""
    op.create_table(
        "policies",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("resolved", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="policies_pk"),
    )
