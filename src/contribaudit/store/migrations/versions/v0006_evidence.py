"""Exported manifests, and the requests of each run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables beside those of 0005, none of which changes."""
    op.create_table(
        "manifests",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("run", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text()),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_with", sa.Text()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("account", "host", "place")),
        sa.PrimaryKeyConstraint("id", name="manifests_pk"),
        sa.UniqueConstraint("sha256", name="manifests_sha256_key"),
    )
    op.create_table(
        "ledgers",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("run", _ID, nullable=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("clock_skew_seconds", sa.Float()),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="ledgers_pk"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="ledgers_run_fk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="ledgers_organization_fk"),
        sa.UniqueConstraint("run", "organization", name="ledgers_run_key"),
    )
