"""The tables of the history.

A fact is an interval: the value that one collector reported for one setting of one subject, from `first_run` until a
run saw another value, or none. A run that sees nothing new adds a row to `runs`, one to `snapshots` and one per
collector.

    runs ◄── snapshots ◄── collections    which run read which organization, and how far each collector came
    facts ──► runs                        the values, from which run to which:
      ├─────► topics, subjects            by which collector, of which setting and subject
      └─────► sources, responses          from which call, in which raw object
    outcomes ──► runs                     the outcome of each finding, from which run to which

Audit log and changes:

    log_readings ──► runs     how far each run read the log, and where the next one continues
    events                    the entries that may be the cause of a change
    annotations               a person's note on a change, by the change's ID
    looks                     up to which run a person has seen the changes
    prunings                  which runs were removed, when, by whom

What people recorded; rows are added and never changed:

    attestations ◄── confirmations, revocations    what somebody saw, who confirmed it, who revoked it
    attachments                                    screenshots by digest
    plans                                          the highest plan, from which run on
    baselines                                      what was approved; the newest of an organization is in force

Spaces, with one row per space rather than per value:

    space_lists ──► subjects      how far the listing of an app's spaces came, from which run to which
    spaces ──► subjects           a space as the listings showed it, from which run to which

Documents that the vendor publishes, with one row per look:

    watched_documents             documents that are watched in addition to those in the rulebook
    document_looks                the result of each look, with the text if it was new
    document_pages                pages as they were received, by digest
    document_notes                people's notes on provisions

The vendor's sub-processors:

    subprocessor_lists            each import of the list, its rows in the page's words; the page is in document_pages
    subprocessor_reviews          who reviewed the changes of a list, or a row

Evidence:

    manifests                 each exported manifest by digest, and the one before it
    ledgers ──► runs          the API requests of a run, compressed

Messages to people:

    told                      the last notice of each matter, so that no notice is sent twice
    messages ◄── deliveries   each message, and the state of its delivery to each destination
"""

from __future__ import annotations

from typing import Any

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
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from contribaudit.store.columns import Escaped, Moment, Number

FIRST = "0013"
"""The revision of the first release. Versions before it used lower revisions."""
VERSION_TABLE = "contribaudit_version"
HEAD = FIRST
"""The newest migration. A history at this revision opens without importing Alembic."""

Id = BigInteger().with_variant(Integer, "sqlite")


metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_name)s_index",
    }
)


def _numbered(name: str, *items: SchemaItem) -> Table:
    """A table with a number as its primary key."""
    return Table(name, metadata, Column("id", Id, primary_key=True, autoincrement=False), *items)


def _texts(*names: str) -> list[Column[Any]]:
    """Columns that may hold any text, none of them nullable."""
    return [Column(name, Escaped, nullable=False) for name in names]


def _row_reference(table: str, name: str, *, index: bool | None = None) -> Column[Any]:
    """A column with the number of a row in another table, not nullable."""
    return Column(name, Id, ForeignKey(f"{table}.id"), nullable=False, index=index)


def _one_open_interval(table: Table, *names: str) -> None:
    """Allow only one open interval for each combination of these columns."""
    still = table.c.ended_run.is_(None)
    columns = (table.c[name] for name in names)
    Index(f"{table.name}_open", *columns, unique=True, sqlite_where=still, postgresql_where=still)


def _signature(verb: str) -> list[Column[Any]]:
    """Columns for who did it, when, under which account and on which machine; `columns.signed` gives the values."""
    return [*_texts(f"{verb}_by"), Column(f"{verb}_at", Moment, nullable=False), *_texts("account", "host")]


runs = _numbered(
    "runs",
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, nullable=False),
    Column("complete", Boolean, nullable=False),
    *_texts(
        "trigger", "account", "host", "tool_version", "rulebook_sha256", "policy_sha256", "policy_name", "selection"
    ),
    Column("exit_code", Integer),
    Column("summary", Text),
    Column("planned_at", Moment),  # null: not planned, or written by a version that did not record it
)

organizations = _numbered("organizations", Column("organization", Escaped, nullable=False, unique=True))

unreached = _numbered(  # audits that could read nothing of an organization, which therefore have no run
    "unreached",
    _row_reference("organizations", "organization"),
    Column("started_at", Moment, nullable=False),
    Column("reason", Escaped, nullable=False),
)

policies = Table(  # as resolved, so that evidence is judged by the policy that judged the run
    "policies",
    metadata,
    Column("sha256", Escaped, primary_key=True),
    Column("resolved", Escaped, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    _row_reference("runs", "run"),
    _row_reference("organizations", "organization"),
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
    Column("announced", Number),
    Column("read", Number, nullable=False),
    *_texts("code", "reason"),
    Column("missing_scope", Escaped),
    Column("requests", Number, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("seen", LargeBinary),  # facts that a partial collection saw, in the form of `facts.pack`; otherwise null
    PrimaryKeyConstraint("organization", "run", "position"),
    ForeignKeyConstraint(["organization", "run"], ["snapshots.organization", "snapshots.run"]),
    sqlite_with_rowid=False,
)

# No unique constraints: a long hostile name does not fit into a PostgreSQL index, and saves are serialized anyway.
topics = _numbered(
    "topics",
    _row_reference("organizations", "organization"),
    *_texts("collector", "setting"),
)

subjects = _numbered(
    "subjects",
    _row_reference("organizations", "seen_in", index=True),
    Column("organization", Escaped, nullable=False),  # the organization of the subject itself; "" for the company
    Column("kind", String(32), nullable=False),
    Column("subject", Escaped, nullable=False),
)

sources = _numbered("sources", Column("source", Escaped, nullable=False))

responses = _numbered(
    "responses",
    Column("digest", Escaped, nullable=False),
    Column("body", LargeBinary),  # zlib; null when a fact names the digest but the object was not handed in
    UniqueConstraint("digest"),
)

facts = _numbered(
    "facts",
    _row_reference("topics", "topic"),
    _row_reference("subjects", "subject"),
    Column("value", Text),  # JSON; null when unavailable
    Column("unavailable", Text),  # JSON {code, reason, missing_scope}; null when observed
    Column("grade", String(16)),
    _row_reference("sources", "source"),
    Column("response", Id, ForeignKey("responses.id")),
    _row_reference("runs", "first_run"),
    Column("last_run", Id, ForeignKey("runs.id")),  # the last run that saw the value; null while open
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run that saw another value or none; null while open
)
_one_open_interval(facts, "topic", "subject")
_ended = facts.c.ended_run.is_not(None)
Index("facts_ended", facts.c.ended_run, sqlite_where=_ended, postgresql_where=_ended)

outcomes = _numbered(
    "outcomes",
    Column("organization", Escaped, nullable=False),  # "" for a finding about the company
    *_texts("check", "finding"),
    Column("outcome", String(24), nullable=False),
    _row_reference("runs", "first_run"),
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run with another outcome or none; null while open
)
_one_open_interval(outcomes, "finding")

log_readings = _numbered(
    "log_readings",
    _row_reference("organizations", "organization", index=True),
    _row_reference("runs", "run"),
    Column("covers_from", Moment),
    Column("covers_until", Moment),
    *_texts("code", "reason"),
    Column("actions", Text),  # JSON list; null when it equals that of the previous reading
    Column("read", Number, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("cursor", Escaped, nullable=False),
    UniqueConstraint("organization", "run"),
)

events = _numbered(
    "events",
    _row_reference("organizations", "organization"),
    Column("event", Escaped, nullable=False),
    Column("happened_at", Moment, nullable=False),
    Column("processed_at", Moment),
    *_texts("action", "actor_id", "actor_name", "actor_email", "via"),
    Column("named", Text, nullable=False),  # JSON list
    Column("message", Escaped, nullable=False),
    Column("response", Id, ForeignKey("responses.id")),
)
Index("events_time", events.c.organization, events.c.happened_at)

change_notes = _numbered(
    "annotations",
    _row_reference("organizations", "organization", index=True),
    *_texts("change", "ticket", "note"),
    *_signature("signed"),
)

looks = _numbered(
    "looks",
    *_texts("account", "host"),
    Column("run", Id, nullable=False),
    Column("looked_at", Moment, nullable=False),
)

prunings = _numbered(
    "prunings",
    Column("pruned_at", Moment, nullable=False),
    *_texts("account", "host"),
    Column("keep", Escaped, nullable=False),  # the rule in words
    Column("runs", Text, nullable=False),  # JSON [{run, started_at, organizations}]
)

attestations = _numbered(
    "attestations",  # in the order of recording
    Column("attestation", Escaped, nullable=False),
    _row_reference("organizations", "organization", index=True),
    Column("kind", String(32), nullable=False),
    *_texts("subject", "setting"),
    Column("value", Text, nullable=False),  # JSON
    Column("looked_by", Escaped, nullable=False),
    Column("observed_at", Moment, nullable=False),
    *_signature("recorded"),
    *_texts("look", "screen", "console_path", "note"),
    Column("attachments", Text, nullable=False),  # JSON [{name, sha256, size_bytes}]
    Column("anchors", Text, nullable=False),  # JSON [{signal, organization, kind, subject, state, revision, canonical}]
    Column("unanchored_reason", Escaped, nullable=False),
    Column("highest_plan", Escaped),
    Column("plan_words", Text, nullable=False),  # JSON list
    UniqueConstraint("attestation"),
)

confirmations = _numbered(
    "confirmations",
    _row_reference("attestations", "attestation", index=True),
    *_signature("signed"),
)

revocations = _numbered(
    "revocations",
    _row_reference("attestations", "attestation"),
    *_signature("signed"),
    Column("note", Escaped, nullable=False),
    UniqueConstraint("attestation"),
)

attachments = _numbered(
    "attachments",
    Column("digest", Escaped, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
    UniqueConstraint("digest"),
)

plans = _numbered(
    "plans",
    _row_reference("organizations", "organization", index=True),
    _row_reference("runs", "run"),  # the first run that saw this plan
    Column("since", Moment, nullable=False),
    Column("highest", Escaped),  # null when the highest plan was unknown
    Column("words", Text, nullable=False),  # JSON list
)

space_lists = _numbered(
    "space_lists",
    _row_reference("subjects", "app"),
    Column("status", String(8), nullable=False),
    Column("announced", Number),
    Column("read", Number, nullable=False),
    *_texts("code", "reason", "visible_to"),
    Column("requests", Integer, nullable=False),
    _row_reference("runs", "first_run"),
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run with another listing or none; null while open
)
_one_open_interval(space_lists, "app")

spaces = _numbered(
    "spaces",
    _row_reference("subjects", "app"),
    Column("space", Escaped, nullable=False),  # the ARI
    Column("key", Escaped, nullable=False),
    Column("folded", Escaped, nullable=False),  # the key in lower case and at most 120 characters, for lookups
    *_texts("name", "type", "status"),
    Column("created_at", Moment),
    _row_reference("runs", "first_run"),
    Column("last_run", Id, ForeignKey("runs.id")),  # the last run that saw the space in this form; null while open
    Column("ended_run", Id, ForeignKey("runs.id")),  # the run that saw it in another form or not; null while open
)
Index("spaces_by_id", spaces.c.app, spaces.c.space, spaces.c.first_run, unique=True)
Index("spaces_by_key", spaces.c.app, spaces.c.folded, spaces.c.space)
Index("spaces_by_run", spaces.c.app, spaces.c.first_run)

watched_documents = _numbered(
    "watched_documents",
    *_texts("document", "title", "url"),
    *_signature("added"),
    UniqueConstraint("document"),
)

document_looks = _numbered(
    "document_looks",  # in the order of recording
    Column("document", Escaped, nullable=False),
    Column("outcome", String(16), nullable=False),
    *_texts("code", "reason"),
    Column("retrieved_at", Moment, nullable=False),
    Column("source", Escaped, nullable=False),
    Column("fetched", Boolean, nullable=False),
    *_texts("sha256", "text_sha256"),
    Column("size_bytes", Number, nullable=False),
    Column("stated_on", String(10)),  # ISO 8601; null when the page states no date
    Column("redirects", Text, nullable=False),  # JSON list
    Column("accepted", Boolean, nullable=False),
    *_texts("etag", "last_modified"),
    *_signature("recorded"),
    Column("provisions", LargeBinary),  # zlib of JSON; null when the look found no new text
)
Index("document_looks_document", document_looks.c.document, document_looks.c.id)

document_pages = _numbered(
    "document_pages",
    Column("digest", Escaped, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
    UniqueConstraint("digest"),
)

document_notes = _numbered(
    "document_notes",
    *_texts("document", "anchor", "provision", "text_sha256"),
    Column("holds", Boolean, nullable=False),
    Column("note", Escaped, nullable=False),
    *_signature("signed"),
)

subprocessor_lists = _numbered(
    "subprocessor_lists",  # in the order of import
    Column("effective", String(10), nullable=False),  # ISO 8601
    Column("source", Escaped, nullable=False),
    Column("digest", Escaped, nullable=False),  # digest of the page
    Column("rows", LargeBinary, nullable=False),  # zlib of JSON
    *_signature("imported"),
    Column("etag", Escaped),  # null in rows of older versions
    Column("last_modified", Escaped),
)

subprocessor_reviews = _numbered(
    "subprocessor_reviews",
    Column("effective", String(10), nullable=False),  # effective date of the list
    Column("row", Escaped, nullable=False),  # the row's name; "" for all changes of the list
    Column("note", Escaped, nullable=False),
    *_signature("signed"),
)

manifests = _numbered(
    "manifests",
    Column("scope", Escaped, nullable=False),  # the organizations' IDs, sorted, one per line
    Column("kind", String(8), nullable=False),  # "run" or "period"
    Column("run", Id, nullable=False),  # the newest run in the export
    Column("sha256", Escaped, nullable=False),
    Column("previous", Escaped),
    Column("written_at", Moment, nullable=False),
    Column("signed_with", Escaped),  # fingerprint of the key
    *_texts("account", "host", "place"),
    UniqueConstraint("sha256"),
)

ledgers = _numbered(
    "ledgers",
    _row_reference("runs", "run"),
    _row_reference("organizations", "organization"),
    Column("clock_skew_seconds", Float),
    Column("entries", LargeBinary, nullable=False),  # zlib of JSON lists, one per line
    UniqueConstraint("run", "organization"),
)

baselines = _numbered(
    "baselines",
    _row_reference("organizations", "organization", index=True),
    _row_reference("runs", "run"),  # what was known after this run is approved
    *_signature("approved"),
    Column("reason", Escaped, nullable=False),
    Column("until", Moment),
)

told = Table(
    "told",
    metadata,
    Column("organization", Escaped, nullable=False),
    Column("key", Escaped, nullable=False),  # "" for the row that holds the last run with notices
    Column("run", Id),  # no reference: a run may be removed
    Column("event", String(16), nullable=False),
    *_texts("state", "topic", "text"),
    Column("told_at", Moment, nullable=False),
    Column("times", Integer, nullable=False),
    PrimaryKeyConstraint("organization", "key"),
)

messages = _numbered(
    "messages",
    Column("organization", Escaped, nullable=False),
    Column("run", Id),
    Column("event", String(16), nullable=False),
    Column("critical", Boolean, nullable=False),
    Column("title", Escaped, nullable=False),
    Column("body", Text, nullable=False),  # JSON {lines, facts}
    Column("created_at", Moment, nullable=False),
)

deliveries = _numbered(
    "deliveries",
    _row_reference("messages", "message", index=True),
    Column("destination", String(64), nullable=False),
    Column("name", Escaped, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("sent_at", Moment),
    Column("error", Escaped, nullable=False),
)
