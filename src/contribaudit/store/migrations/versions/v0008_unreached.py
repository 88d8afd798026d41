"""Audits that could read nothing of an organization."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """A table beside those of 0007, none of which changes."""
    op.create_table(
        "unreached",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="unreached_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="unreached_organization_fk"),
    )
