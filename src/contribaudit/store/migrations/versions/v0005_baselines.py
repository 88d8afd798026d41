"""Baselines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """A table beside those of 0004, none of which changes."""
    op.create_table(
        "baselines",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("run", _ID, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("account", "host", "reason")),
        sa.Column("until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="baselines_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="baselines_organization_fk"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="baselines_run_fk"),
    )
    op.create_index("baselines_organization_index", "baselines", ["organization"])
