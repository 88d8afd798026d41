"""The table of baselines. Rows are added and never changed; the newest of an organization counts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from contribaudit.store.columns import Escaped, Moment
from contribaudit.store.metadata import Id, metadata

baselines = Table(
    "baselines",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("run", Id, ForeignKey("runs.id"), nullable=False),  # what this run knew is approved
    Column("approved_by", Escaped, nullable=False),
    Column("approved_at", Moment, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("reason", Escaped, nullable=False),
    Column("until", Moment),
)
