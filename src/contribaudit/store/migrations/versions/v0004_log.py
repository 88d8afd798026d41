"""The audit log, notes of changes, looks, prunings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables beside those of 0003, none of which changes."""
    op.create_table(
        "log_readings",
        _id(),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("run", _ID, nullable=False),
        sa.Column("covers_from", sa.BigInteger()),
        sa.Column("covers_until", sa.BigInteger()),
        *_texts("code", "reason"),
        sa.Column("actions", sa.Text()),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        *_texts("cursor"),
        sa.PrimaryKeyConstraint("id", name="log_readings_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="log_readings_organization_fk"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="log_readings_run_fk"),
        sa.UniqueConstraint("organization", "run", name="log_readings_organization_key"),
    )
    op.create_index("log_readings_organization_index", "log_readings", ["organization"])
    op.create_table(
        "events",
        _id(),
        sa.Column("organization", _ID, nullable=False),
        *_texts("event"),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("processed_at", sa.BigInteger()),
        *_texts("action", "actor_id", "actor_name", "actor_email", "via", "named", "message"),
        sa.Column("response", _ID),
        sa.PrimaryKeyConstraint("id", name="events_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="events_organization_fk"),
        sa.ForeignKeyConstraint(["response"], ["responses.id"], name="events_response_fk"),
    )
    op.create_index("events_time", "events", ["organization", "happened_at"])
    op.create_table(
        "annotations",
        _id(),
        sa.Column("organization", _ID, nullable=False),
        *_texts("change", "ticket", "note", "signed_by"),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        *_texts("account", "host"),
        sa.PrimaryKeyConstraint("id", name="annotations_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="annotations_organization_fk"),
    )
    op.create_index("annotations_organization_index", "annotations", ["organization"])
    op.create_table(
        "looks",
        _id(),
        *_texts("account", "host"),
        sa.Column("run", _ID, nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="looks_pk"),
    )
    op.create_table(
        "prunings",
        _id(),
        sa.Column("pruned_at", sa.BigInteger(), nullable=False),
        *_texts("account", "host", "keep", "runs"),
        sa.PrimaryKeyConstraint("id", name="prunings_pk"),
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", _ID, nullable=False, autoincrement=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
