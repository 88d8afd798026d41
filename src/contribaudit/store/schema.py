"""The tables of the history.

A fact is an interval: what one collector said about one setting of one subject, from `first_run` until another value
was seen, or none. A run that sees nothing new adds a row to `runs`, one to `snapshots` and one per collector.

    runs ◄── snapshots ◄── collections    which run asked whom, and how far each collector came
    facts ──► runs                        what they said, from which run to which:
      ├─────► topics, subjects            which collector about which setting, of whom
      └─────► sources, responses          by which call, in which raw object
    outcomes ──► runs                     how each finding came out, from which run to which

What people recorded has tables of its own, in testimony_schema.py; so have spaces (space_schema.py), the audit log
(log_schema.py) and baselines (approval_schema.py).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from contribaudit.store import approval_schema, evidence_schema, log_schema, space_schema, testimony_schema
from contribaudit.store.columns import Escaped, Moment
from contribaudit.store.metadata import HEAD, Id, metadata

__all__ = [
    "HEAD",
    "VERSION_TABLE",
    "approval_schema",
    "evidence_schema",
    "log_schema",
    "metadata",
    "space_schema",
    "testimony_schema",
]

VERSION_TABLE = "contribaudit_version"

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("trigger", Escaped, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("host", Escaped, nullable=False),
    Column("tool_version", Escaped, nullable=False),
    Column("rulebook_sha256", Escaped, nullable=False),
    Column("policy_sha256", Escaped, nullable=False),
    Column("policy_name", Escaped, nullable=False),
    Column("selection", Escaped, nullable=False),
    Column("exit_code", Integer),
    Column("summary", Text),
    Column("planned_at", Moment),  # null: nothing planned it, or a version wrote it that did not ask
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Escaped, nullable=False, unique=True),
)

unreached = Table(  # audits that could read nothing of an organization: no run is kept of it
    "unreached",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("reason", Escaped, nullable=False),
)

policies = Table(  # as resolved, so that evidence is judged by what judged the run
    "policies",
    metadata,
    Column("sha256", Escaped, primary_key=True),
    Column("resolved", Escaped, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("run", Id, ForeignKey("runs.id"), nullable=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    PrimaryKeyConstraint("organization", "run"),
    sqlite_with_rowid=False,
)

collections = Table(
    "collections",
    metadata,
    Column("run", Id, nullable=False),
    Column("organization", Id, nullable=False),
    Column("position", Integer, nullable=False),
    Column("collector", Escaped, nullable=False),
    Column("status", String(8), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("announced", BigInteger),
    Column("read", BigInteger, nullable=False),
    Column("code", Escaped, nullable=False),
    Column("reason", Escaped, nullable=False),
    Column("missing_scope", Escaped),
    Column("requests", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("seen", LargeBinary),  # facts that a partial collection saw, as `reach.pack` writes them; else null
    PrimaryKeyConstraint("organization", "run", "position"),
    ForeignKeyConstraint(["organization", "run"], ["snapshots.organization", "snapshots.run"]),
    sqlite_with_rowid=False,
)

# Without unique constraints: a long hostile name does not fit into a PostgreSQL index, and saves are serialized anyway.
topics = Table(
    "topics",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Id, ForeignKey("organizations.id"), nullable=False),
    Column("collector", Escaped, nullable=False),
    Column("setting", Escaped, nullable=False),
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("seen_in", Id, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("organization", Escaped, nullable=False),  # the subject's own: "" for the company
    Column("kind", String(32), nullable=False),
    Column("subject", Escaped, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", Escaped, nullable=False),
)

responses = Table(
    "responses",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("digest", Escaped, nullable=False),
    Column("body", LargeBinary),  # zlib; null when a fact names the digest and nobody handed in the object
    UniqueConstraint("digest"),
)

facts = Table(
    "facts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("topic", Id, ForeignKey("topics.id"), nullable=False),
    Column("subject", Id, ForeignKey("subjects.id"), nullable=False),
    Column("value", Text),  # JSON; null when unavailable
    Column("unavailable", Text),  # JSON {code, reason, missing_scope}; null when observed
    Column("grade", String(16)),
    Column("source", Id, ForeignKey("sources.id"), nullable=False),
    Column("response", Id, ForeignKey("responses.id")),
    Column("first_run", Id, ForeignKey("runs.id"), nullable=False),
    Column("last_run", Id, ForeignKey("runs.id")),  # the last run that saw it; null while open
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run that saw something else, or nothing; null while open
)
_open = facts.c.ended_run.is_(None)
Index("facts_open", facts.c.topic, facts.c.subject, unique=True, sqlite_where=_open, postgresql_where=_open)
_ended = facts.c.ended_run.is_not(None)
Index("facts_ended", facts.c.ended_run, sqlite_where=_ended, postgresql_where=_ended)

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("organization", Escaped, nullable=False),  # "" for a finding about the company
    Column("check", Escaped, nullable=False),
    Column("finding", Escaped, nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("first_run", Id, ForeignKey("runs.id"), nullable=False),
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run with another outcome, or none; null while open
)
_current = outcomes.c.ended_run.is_(None)
Index("outcomes_open", outcomes.c.finding, unique=True, sqlite_where=_current, postgresql_where=_current)
