"""The tables behind evidence: which manifests were exported, and every request of a run.

manifests                 each exported manifest by digest, and the one before it
ledgers ──► runs          what a run asked of the API, compressed
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, LargeBinary, String, Table, UniqueConstraint

from contribaudit.store.columns import Escaped, Moment
from contribaudit.store.metadata import Id, metadata

manifests = Table(
    "manifests",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("scope", Escaped, nullable=False),  # the organizations' IDs, sorted, a line each
    Column("kind", String(8), nullable=False),  # "run" or "period"
    Column("run", Id, nullable=False),  # the newest that it holds
    Column("sha256", Escaped, nullable=False),
    Column("previous", Escaped),
    Column("written_at", Moment, nullable=False),
    Column("signed_with", Escaped),  # fingerprint of the key
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("place", Escaped, nullable=False),
    UniqueConstraint("sha256"),
)

ledgers = Table(
    "ledgers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("run", Id, ForeignKey("runs.id"), nullable=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False),
    Column("clock_skew_seconds", Float),
    Column("entries", LargeBinary, nullable=False),  # zlib of JSON lists, a line each
    UniqueConstraint("run", "organization"),
)
