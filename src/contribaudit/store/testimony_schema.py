"""The tables of what people recorded. Rows are added and never changed.

attestations ◄── confirmations, revocations    what somebody saw, who confirmed it, who took it back
attachments                                    screenshots by digest
plans                                          the highest plan, from which run on
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, Text, UniqueConstraint

from contribaudit.store.columns import Escaped, Moment
from contribaudit.store.metadata import Id, metadata

attestations = Table(
    "attestations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # in the order in which they were recorded
    Column("attestation", Escaped, nullable=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("subject", Escaped, nullable=False),
    Column("setting", Escaped, nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("looked_by", Escaped, nullable=False),
    Column("observed_at", Moment, nullable=False),
    Column("recorded_by", Escaped, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("look", Escaped, nullable=False),
    Column("screen", Escaped, nullable=False),
    Column("console_path", Escaped, nullable=False),
    Column("note", Escaped, nullable=False),
    Column("attachments", Text, nullable=False),  # JSON [{name, sha256, size_bytes}]
    Column("anchors", Text, nullable=False),  # JSON [{signal, organization, kind, subject, state, revision}]
    Column("unanchored_reason", Escaped, nullable=False),
    Column("highest_plan", Escaped),
    Column("plan_words", Text, nullable=False),  # JSON list
    UniqueConstraint("attestation"),
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("attestation", Id, ForeignKey("attestations.id"), nullable=False, index=True),
    Column("signed_by", Escaped, nullable=False),
    Column("signed_at", Moment, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("attestation", Id, ForeignKey("attestations.id"), nullable=False),
    Column("signed_by", Escaped, nullable=False),
    Column("signed_at", Moment, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("note", Escaped, nullable=False),
    UniqueConstraint("attestation"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("digest", Escaped, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
    UniqueConstraint("digest"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("run", Id, ForeignKey("runs.id"), nullable=False),  # the first that saw it so
    Column("since", Moment, nullable=False),
    Column("highest", Escaped),  # null when a run could not tell
    Column("words", Text, nullable=False),  # JSON list
)
