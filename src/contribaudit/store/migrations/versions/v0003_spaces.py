"""Spaces, and how far their listings came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables beside those of 0002, none of which changes."""
    op.create_table(
        "space_lists",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("app", _ID, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("announced", sa.BigInteger()),
        sa.Column("read", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("code", "reason", "visible_to")),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("first_run", _ID, nullable=False),
        sa.Column("ended_run", _ID),
        sa.PrimaryKeyConstraint("id", name="space_lists_pk"),
        sa.ForeignKeyConstraint(["app"], ["subjects.id"], name="space_lists_app_fk"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.id"], name="space_lists_first_run_fk"),
        sa.ForeignKeyConstraint(["ended_run"], ["runs.id"], name="space_lists_ended_run_fk"),
    )
    current = sa.text("ended_run IS NULL")
    op.create_index(
        "space_lists_open", "space_lists", ["app"], unique=True, sqlite_where=current, postgresql_where=current
    )
    op.create_table(
        "spaces",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("app", _ID, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("space", "key", "folded", "name", "type", "status")),
        sa.Column("created_at", sa.BigInteger()),
        sa.Column("first_run", _ID, nullable=False),
        sa.Column("last_run", _ID),
        sa.Column("ended_run", _ID),
        sa.PrimaryKeyConstraint("id", name="spaces_pk"),
        sa.ForeignKeyConstraint(["app"], ["subjects.id"], name="spaces_app_fk"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.id"], name="spaces_first_run_fk"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.id"], name="spaces_last_run_fk"),
        sa.ForeignKeyConstraint(["ended_run"], ["runs.id"], name="spaces_ended_run_fk"),
    )
    op.create_index("spaces_by_id", "spaces", ["app", "space", "first_run"], unique=True)
    op.create_index("spaces_by_key", "spaces", ["app", "folded", "space"])
    op.create_index("spaces_by_run", "spaces", ["app", "first_run"])
