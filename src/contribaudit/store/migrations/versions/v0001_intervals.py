"""Runs, how far each collector came, and facts as intervals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "runs",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("tool_version", sa.Text(), nullable=False),
        sa.Column("rulebook_sha256", sa.Text(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.Column("policy_name", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("summary", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="runs_pk"),
    )
    op.create_table(
        "organizations",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="organizations_pk"),
        sa.UniqueConstraint("organization", name="organizations_organization_key"),
    )
    op.create_table(
        "snapshots",
        sa.Column("run", _ID, nullable=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "run", name="snapshots_pk"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="snapshots_run_fk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="snapshots_organization_fk"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "collections",
        sa.Column("run", _ID, nullable=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("collector", sa.Text(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("announced", sa.BigInteger()),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("missing_scope", sa.Text()),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("seen", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("organization", "run", "position", name="collections_pk"),
        sa.ForeignKeyConstraint(
            ["organization", "run"], ["snapshots.organization", "snapshots.run"], name="collections_organization_fk"
        ),
        sqlite_with_rowid=False,
    )
    _names_and_facts()


def _names_and_facts() -> None:
    op.create_table(
        "topics",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("collector", sa.Text(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="topics_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="topics_organization_fk"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("seen_in", _ID, nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="subjects_pk"),
        sa.ForeignKeyConstraint(["seen_in"], ["organizations.id"], name="subjects_seen_in_fk"),
    )
    op.create_index("subjects_seen_in_index", "subjects", ["seen_in"])
    op.create_table(
        "sources",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="sources_pk"),
    )
    op.create_table(
        "responses",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="responses_pk"),
        sa.UniqueConstraint("digest", name="responses_digest_key"),
    )
    op.create_table(
        "facts",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("topic", _ID, nullable=False),
        sa.Column("subject", _ID, nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("unavailable", sa.Text()),
        sa.Column("grade", sa.String(16)),
        sa.Column("source", _ID, nullable=False),
        sa.Column("response", _ID),
        sa.Column("first_run", _ID, nullable=False),
        sa.Column("last_run", _ID),
        sa.Column("ended_run", _ID),
        sa.PrimaryKeyConstraint("id", name="facts_pk"),
        sa.ForeignKeyConstraint(["topic"], ["topics.id"], name="facts_topic_fk"),
        sa.ForeignKeyConstraint(["subject"], ["subjects.id"], name="facts_subject_fk"),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="facts_source_fk"),
        sa.ForeignKeyConstraint(["response"], ["responses.id"], name="facts_response_fk"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.id"], name="facts_first_run_fk"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.id"], name="facts_last_run_fk"),
        sa.ForeignKeyConstraint(["ended_run"], ["runs.id"], name="facts_ended_run_fk"),
    )
    is_open, has_ended = sa.text("ended_run IS NULL"), sa.text("ended_run IS NOT NULL")
    op.create_index(
        "facts_open", "facts", ["topic", "subject"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("facts_ended", "facts", ["ended_run"], sqlite_where=has_ended, postgresql_where=has_ended)
    op.create_table(
        "outcomes",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("first_run", _ID, nullable=False),
        sa.Column("ended_run", _ID),
        sa.PrimaryKeyConstraint("id", name="outcomes_pk"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.id"], name="outcomes_first_run_fk"),
        sa.ForeignKeyConstraint(["ended_run"], ["runs.id"], name="outcomes_ended_run_fk"),
    )
    op.create_index(
        "outcomes_open", "outcomes", ["finding"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
