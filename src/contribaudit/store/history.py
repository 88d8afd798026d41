"""The history: what every run saw, kept as intervals.

A fact is kept from the first run that saw it to the run that saw something else, or nothing. A run whose collector
failed, or came only part of the way, says nothing about what it did not see: an interval reaches as far as its
collector was complete. Everything may raise StoreError and its kinds.

database.py opens it, transactions.py reads, writes and locks it, schema.py draws the tables. saving.py writes a run,
facts.py and changes.py ask about them. What people recorded is in attestations.py, the audit log in audit_log.py,
spaces in spaces.py, exports in evidence.py, the vendor's publications in vendors.py. pruning.py removes runs and names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Table, func, insert, select

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.change import Change
from contribaudit.core.model.provisions import Archive, Provisions
from contribaudit.core.model.snapshot import Snapshot, SpaceIndex
from contribaudit.errors import StoreError, UsageError
from contribaudit.store import (
    attestations,
    audit_log,
    baselines,
    changes,
    evidence,
    facts,
    notices,
    pruning,
    runs,
    saving,
    schema,
    vendors,
)
from contribaudit.store.database import Standing, database_to_read, open_database
from contribaudit.store.pruning import Pruned, Retention
from contribaudit.store.records import Fact, LastKnown, RunDraft, RunRecord
from contribaudit.store.schema import metadata, organizations
from contribaudit.store.spaces import StoredSpaces
from contribaudit.store.transactions import (
    EXPORTS,
    Transactions,
    advisory_lock,
    file_lock,
    reads,
    require_held,
    writes,
)

__all__ = ["Fact", "History", "LastKnown", "RunDraft", "RunRecord"]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table as it was copied."""

    name: str
    rows: int
    sha256: str
    """The sum of its rows' SHA-256, in hex."""


class History(Transactions):
    """An open history. It may be used by several threads; close it, or use it in a `with`.

    Every question and every entry is a function of the module of its tables, in a transaction of its own.
    """

    @classmethod
    def open(cls, location: str) -> Self:
        """The history at a path or a URL (sqlite:///…, postgresql://…), created when there is none.

        A file and its missing folders are made for this account only. Raises StoreNewer when a newer version wrote
        it, StoreDamaged when it is no readable database, StoreError when it cannot be reached, read or written. No
        message names the URL's account or password.
        """
        return cls(open_database(location))

    @classmethod
    def open_to_read(cls, location: str) -> Self:
        """The history, opened for reading only: nothing is created, and the file need not be writable.

        Where nothing was recorded yet the history is empty. Raises what `open` does.
        """
        return cls(database_to_read(location))

    def copy_into(self, target: History) -> tuple[CopiedTable, ...]:
        """Copy everything into an empty history, or nothing when this raises; each table with rows and digest.

        Raises UsageError for a target that holds runs, StoreError where a table reads back differently.
        """
        with self._reading() as source, target._writing() as written:
            return _copy_tables(source, written)

    @property
    def read_only(self) -> bool:
        """Whether nothing can be kept in it."""
        return self._database.standing is not Standing.WRITABLE

    @property
    def begun(self) -> bool:
        """False where a look found no history at all."""
        return self._database.standing is not Standing.NOTHING

    @property
    def shown(self) -> str:
        """Its path, or its URL without account and password."""
        return self._database.shown

    def close(self) -> None:
        """Close all connections."""
        self._database.writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def save(self, draft: RunDraft, snapshots: Sequence[Snapshot]) -> RunRecord:
        """Keep a run: whole, or not at all when this raises.

        What a failed collector saw is not kept. Of two observations of one collector about the same setting and
        subject the last is kept. Raises ValueError for observations of a collector without a collection.
        """
        saving.require_collections(snapshots)
        ours = {one.organization for one in snapshots}
        mine = {one: connection for one, connection in list(self._held.items()) if one in ours}
        with self._writing() as connection:
            require_held(self._database.shown, mine)  # only now: another audit may have begun while this one waited
            return runs.find_run(connection, saving.save_run(connection, draft, snapshots))

    record_verdict = writes(runs.record_verdict)
    record_unreached = writes(runs.record_unreached)
    outcomes = reads(runs.read_outcomes)
    tell = writes(notices.tell)
    claim_deliveries = writes(notices.claim_deliveries)
    note_delivery = writes(notices.note_delivery)
    deliveries = reads(notices.read_deliveries)
    outcome_history = reads(runs.read_outcome_history)
    keep_policy = writes(runs.keep_policy)
    kept_policy = reads(runs.read_policy)
    run = reads(runs.find_run)
    run_at = reads(runs.run_at)
    previous = reads(runs.previous_run)
    compared = reads(runs.compared_run)
    runs_seen = reads(runs.read_runs_seen)
    runs = reads(runs.list_runs)

    snapshot = reads(facts.read_snapshot)
    known = reads(facts.read_known)
    alias_holders = reads(facts.read_alias_holders)
    run_intervals = reads(changes.read_run_intervals)
    subject_names = reads(changes.read_names)
    changes = reads(changes.read_changes)

    add_attestations = writes(attestations.add_attestations)
    confirm = writes(attestations.confirm)
    revoke = writes(attestations.revoke)
    revocation_note = reads(attestations.revocation_note)
    recorded = reads(attestations.recorded_ids)
    attachment = reads(attestations.read_attachment)
    record_plan = writes(attestations.record_plan)
    attestation_history = reads(attestations.read_attestation_history)
    attestations = reads(attestations.read_attestations)

    add_baseline = writes(baselines.add_baseline)
    approvals = reads(baselines.read_approvals)
    departures = reads(baselines.read_departures)
    baselines = reads(baselines.read_baselines)

    log_position = reads(audit_log.log_position)
    annotate = writes(audit_log.annotate)
    annotations = reads(audit_log.read_annotations)
    record_look = writes(audit_log.record_look)
    last_look = reads(audit_log.last_look)
    audit_log = reads(audit_log.read_log)

    raw = reads(evidence.read_raw)
    objects = reads(evidence.read_kept)
    ledger = reads(evidence.read_ledger)
    record_manifest = writes(evidence.record_manifest)
    manifests = reads(evidence.read_manifests)
    manifests_about = reads(evidence.read_manifests_about)

    add_document = writes(vendors.add_document)
    added_documents = reads(vendors.read_added)
    add_look = writes(vendors.add_look)
    add_document_note = writes(vendors.add_note)
    page = reads(vendors.read_page)

    add_subprocessors = writes(vendors.add_list)
    review_subprocessors = writes(vendors.add_review)
    subprocessors = reads(vendors.read_lists)

    prunings = reads(pruning.read_prunings)
    forget_person = writes(pruning.forget_person)

    def spaces(self, organization: str, run: int | None = None) -> SpaceIndex:
        """The spaces known after that run, None: after the organization's newest one. Asked for one by one."""
        return StoredSpaces(self._reading, organization, run)

    def space_changes(self, organization: str, since: int, until: int) -> Iterator[Change]:
        """Spaces that are new, gone or called otherwise after run `until` than after run `since`, app by app.

        One change per setting of the space, in the meaning of `changes`. What the first whole listing of an app
        shows is not new. Raises UsageError when `since` is the newer one.
        """
        return changes.space_changes(self._reading, organization, since, until)

    def documents(self, document: str | None = None) -> Archive:
        """Every look at a watched document (None: at all of them), and every note.

        Texts are read when they are asked for, and kept.
        """
        with self._reading() as connection:
            looks, notes = vendors.read_looks(connection, document), vendors.read_notes(connection)

        @cache
        def text_of(look: int) -> Provisions:
            with self._reading() as opened:
                return vendors.read_provisions(opened, look)

        return Archive(looks, notes, text_of)

    def lock(self, organization: str, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Hold the organization, so that no other audit of it writes into this history meanwhile.

        Raises StoreBusy on entering, when another process or thread still holds it after `wait_seconds`.
        """
        if self._database.path is not None:
            return file_lock(self._database.path, organization, wait_seconds)
        return advisory_lock(self._database.writer, self._database.shown, organization, wait_seconds, self._held)

    def exporting(self, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Hold the history for an export: no run is removed meanwhile, and no second export names the same one before.

        Nothing is held of a history that cannot be written. Raises StoreBusy on entering, as `lock` does.
        """
        if self._database.standing is not Standing.WRITABLE:
            return nullcontext()
        return self.lock(EXPORTS, wait_seconds=wait_seconds)

    def prune(self, rule: Retention, now: datetime, signature: Signature, *, dry_run: bool = False) -> Pruned:
        """Remove runs by the rule, all of them or none when this raises. A dry run returns the same and keeps them.

        Raises StoreBusy while an audit runs on the history, or evidence is exported from it.
        """
        with ExitStack() as locks:
            if not dry_run:
                locks.enter_context(self.exporting())
                with self._reading() as connection:
                    names = sorted(connection.execute(select(organizations.c.organization)).scalars())
                for organization in names:
                    locks.enter_context(self.lock(organization))
            with self._writing() as connection:
                done = pruning.prune(connection, rule, now, signature)
                if dry_run:
                    connection.rollback()
            return done

    def compact(self) -> bool:
        """Give the room of removed rows back to the disk (SQLite); False where the database does that by itself.

        Raises StoreBusy while somebody else uses the file; nothing is lost then.
        """
        if self._database.path is None:
            return False
        with self._reading() as connection:
            connection.exec_driver_sql("COMMIT")  # VACUUM works outside of transactions only
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return True

    def size_bytes(self) -> int:
        """The size of the history: of the file and its write-ahead log, or of tables and indexes on the server."""
        path = self._database.path
        if path is None:
            with self._reading() as connection:
                sizes = [func.pg_total_relation_size(table.name) for table in metadata.sorted_tables]
                return sum(connection.execute(select(*sizes)).one())
        try:
            logs = path.with_name(f"{path.name}-wal")
            return path.stat().st_size + (logs.stat().st_size if logs.exists() else 0)
        except OSError as error:
            raise StoreError(f"The history {path} cannot be read: {error.strerror}", hint="Was it moved?") from error


def _copy_tables(source: Connection, target: Connection) -> tuple[CopiedTable, ...]:
    """Copy every table, and read back what was written before it is kept."""
    if target.execute(select(func.count()).select_from(schema.runs)).scalar_one():
        raise UsageError("The history to copy into already holds runs", hint="Name an empty one")
    copied = []
    for table in metadata.sorted_tables:
        copied.append(_copy_table(source, table, target))
        if _copy_table(target, table) != copied[-1]:
            raise StoreError(
                f"The table {table.name} reads back differently; nothing was kept", hint="Report this, with --verbose"
            )
    return tuple(copied)


def _copy_table(connection: Connection, table: Table, target: Connection | None = None) -> CopiedTable:
    """Read the table, and copy its rows into the table of the same name in `target`.

    The digest is a sum, so that it does not depend on the order in which a database gives the rows.
    """
    count = total = 0
    for some in connection.execute(select(table).execution_options(yield_per=1_000)).partitions():
        if target is not None:
            target.execute(insert(table), [dict(row._mapping) for row in some])
        for row in some:
            text = "\x1f".join(map(_cell, row))
            total += int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest())
        count += len(some)
    return CopiedTable(table.name, count, f"{total % (1 << 256):064x}")


def _cell(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return f"bytes:{bytes(value).hex()}"
    return f"{type(value).__name__}:{value!r}"
