"""The tables of the audit log, and of what people note of changes.

log_readings ──► runs     how far each run read the log, and where the next goes on
events                    the entries that may be the cause of a change
annotations               a person's note of a change, by the change's ID
looks                     up to which run somebody has looked at the changes
prunings                  which runs were removed, when, by whom
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from contribaudit.store.columns import Escaped, Moment
from contribaudit.store.metadata import Id, metadata

log_readings = Table(
    "log_readings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("run", Id, ForeignKey("runs.id"), nullable=False),
    Column("covers_from", Moment),
    Column("covers_until", Moment),
    Column("code", Escaped, nullable=False),
    Column("reason", Escaped, nullable=False),
    Column("actions", Text),  # JSON list; null when the same as in the reading before
    Column("read", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("cursor", Escaped, nullable=False),
    UniqueConstraint("organization", "run"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False),
    Column("event", Escaped, nullable=False),
    Column("happened_at", Moment, nullable=False),
    Column("processed_at", Moment),
    Column("action", Escaped, nullable=False),
    Column("actor_id", Escaped, nullable=False),
    Column("actor_name", Escaped, nullable=False),
    Column("actor_email", Escaped, nullable=False),
    Column("via", Escaped, nullable=False),
    Column("named", Text, nullable=False),  # JSON list
    Column("message", Escaped, nullable=False),
    Column("response", Id, ForeignKey("responses.id")),
)
Index("events_time", events.c.organization, events.c.happened_at)

change_notes = Table(
    "annotations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("change", Escaped, nullable=False),
    Column("ticket", Escaped, nullable=False),
    Column("note", Escaped, nullable=False),
    Column("signed_by", Escaped, nullable=False),
    Column("signed_at", Moment, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
)

looks = Table(
    "looks",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("run", Id, nullable=False),
    Column("looked_at", Moment, nullable=False),
)

prunings = Table(
    "prunings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("pruned_at", Moment, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("keep", Escaped, nullable=False),  # the rule in words
    Column("runs", Text, nullable=False),  # JSON [{run, started_at}]
)
