"""When a run was planned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column more; runs of before have nothing in it."""
    op.add_column("runs", sa.Column("planned_at", sa.BigInteger()))
