"""What people attested, confirmed and revoked, with screenshots; and the highest plan from run to run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Tables beside those of 0001, none of which changes."""
    texts = ("look", "screen", "console_path", "note", "attachments", "anchors", "unanchored_reason")
    op.create_table(
        "attestations",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("attestation", sa.Text(), nullable=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("looked_by", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("highest_plan", sa.Text()),
        sa.Column("plan_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="attestations_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="attestations_organization_fk"),
        sa.UniqueConstraint("attestation", name="attestations_attestation_key"),
    )
    op.create_index("attestations_organization_index", "attestations", ["organization"])
    op.create_table(
        "confirmations",
        *_signed(),
        sa.PrimaryKeyConstraint("id", name="confirmations_pk"),
        sa.ForeignKeyConstraint(["attestation"], ["attestations.id"], name="confirmations_attestation_fk"),
    )
    op.create_index("confirmations_attestation_index", "confirmations", ["attestation"])
    op.create_table(
        "revocations",
        *_signed(),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="revocations_pk"),
        sa.ForeignKeyConstraint(["attestation"], ["attestations.id"], name="revocations_attestation_fk"),
        sa.UniqueConstraint("attestation", name="revocations_attestation_key"),
    )
    op.create_table(
        "attachments",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="attachments_pk"),
        sa.UniqueConstraint("digest", name="attachments_digest_key"),
    )
    op.create_table(
        "plans",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("organization", _ID, nullable=False),
        sa.Column("run", _ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("highest", sa.Text()),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="plans_pk"),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name="plans_organization_fk"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="plans_run_fk"),
    )
    op.create_index("plans_organization_index", "plans", ["organization"])


def _signed() -> list[sa.Column[object]]:
    return [
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("attestation", _ID, nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
    ]
