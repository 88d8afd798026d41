"""The history: what every run saw, stored as intervals.

A fact is stored from the first run that saw it to the run that saw something else, or nothing. A run whose collector
failed or stopped part of the way says nothing about what it did not see: an interval extends only as far as its
collector was complete. Every method may raise StoreError and its subclasses.

database.py opens it, transactions.py reads, writes and locks it, schema.py defines the tables. saving.py writes a run,
facts.py and changes.py query them. What people recorded is in attestations.py, the audit log in audit_log.py, spaces
in spaces.py, exports in evidence.py, the vendor's publications in vendors.py. pruning.py removes runs and names.
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
from contribaudit.store.database import Openness, database_to_read, open_database
from contribaudit.store.pruning import Pruned, Retention
from contribaudit.store.records import RunDraft, RunRecord
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


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """What was copied of one table."""

    name: str
    rows: int
    sha256: str
    """The sum of the SHA-256 of all rows, in hex."""


class History(Transactions):
    """An open history, safe for several threads. Close it, or use it in a `with`.

    Each method is a function of the module that owns the tables, run in a transaction of its own.
    """

    @classmethod
    def open(cls, location: str) -> Self:
        """The history at a path or a URL (sqlite:///…, postgresql://…), created if missing.

        The file and its missing folders are created for this account only. Raises StoreNewer when a newer version wrote
        it, StoreDamaged when it is not a readable database, StoreError when it cannot be reached, read or written. No
        message contains the URL's account or password.
        """
        return cls(open_database(location))

    @classmethod
    def open_to_read(cls, location: str) -> Self:
        """The history, opened for reading only: nothing is created, and the file need not be writable.

        The history is empty where nothing was recorded yet. Raises what `open` raises.
        """
        return cls(database_to_read(location))

    def copy_into(self, target: History) -> tuple[CopiedTable, ...]:
        """Copy everything into an empty history and return the copied tables; nothing is copied when this raises.

        Raises UsageError when the target already holds runs, StoreError when a table reads back differently.
        """
        with self._reading() as source, target._writing() as written:
            return _copy_tables(source, written)

    @property
    def read_only(self) -> bool:
        """True when nothing can be written to the history."""
        return self._database.openness is not Openness.WRITABLE

    @property
    def begun(self) -> bool:
        """False when there is no history yet at the location."""
        return self._database.openness is not Openness.NOTHING

    @property
    def shown(self) -> str:
        """The path, or the URL without account and password."""
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
        """Store a run as a whole, or not at all when this raises.

        What a failed collector saw is not stored. Of two observations of one collector about the same setting and
        subject, the last is stored. Raises ValueError for observations of a collector without a collection.
        """
        saving.require_collections(snapshots)
        audited = {one.organization for one in snapshots}
        locks = {one: connection for one, connection in list(self._held.items()) if one in audited}
        with self._writing() as connection:
            require_held(self._database.shown, locks)  # only now: another audit may have begun while this one waited
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
        """The spaces known after the run (None: after the organization's newest run), read on demand."""
        return StoredSpaces(self._reading, organization, run)

    def space_changes(self, organization: str, since: int, until: int) -> Iterator[Change]:
        """Spaces that were added, removed or renamed between run `since` and run `until`, app by app.

        One change per setting of the space, as in `changes`. Spaces in the first complete listing of an app are not
        new. Raises UsageError when `since` is the newer run.
        """
        return changes.space_changes(self._reading, organization, since, until)

    def documents(self, document: str | None = None) -> Archive:
        """Every look at a watched document (None: at all documents), and every note.

        Texts are read on demand and then cached.
        """
        with self._reading() as connection:
            looks, notes = vendors.read_looks(connection, document), vendors.read_notes(connection)

        @cache
        def text_of(look: int) -> Provisions:
            with self._reading() as opened:
                return vendors.read_provisions(opened, look)

        return Archive(looks, notes, text_of)

    def lock(self, organization: str, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Lock the organization, so that no other audit of it writes to this history meanwhile.

        On entering, raises StoreBusy when another process or thread still holds the lock after `wait_seconds`.
        """
        if self._database.path is not None:
            return file_lock(self._database.path, organization, wait_seconds)
        return advisory_lock(self._database.writer, self._database.shown, organization, wait_seconds, self._held)

    def exporting(self, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Lock the history for an export, so that no run is removed and no other export names the same predecessor.

        A history that cannot be written is not locked. On entering, raises StoreBusy as `lock` does.
        """
        if self._database.openness is not Openness.WRITABLE:
            return nullcontext()
        return self.lock(EXPORTS, wait_seconds=wait_seconds)

    def prune(self, rule: Retention, now: datetime, signature: Signature, *, dry_run: bool = False) -> Pruned:
        """Remove runs by the rule: all of them, or none when this raises. A dry run returns the same, but removes none.

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
                pruned = pruning.prune(connection, rule, now, signature)
                if dry_run:
                    connection.rollback()
            return pruned

    def compact(self) -> bool:
        """Return the space of removed rows to the disk (SQLite); False where the database does so by itself.

        Raises StoreBusy while another process uses the file; nothing is lost.
        """
        if self._database.path is None:
            return False
        with self._reading() as connection:
            connection.exec_driver_sql("COMMIT")  # VACUUM only works outside a transaction
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
    """Copy every table, and compare what was written before the transaction commits."""
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
    """Read the table, and copy its rows to the table of the same name in `target`, if given.

    The digest is a sum, so that it does not depend on the order in which a database returns the rows.
    """
    count = total = 0
    for batch in connection.execute(select(table).execution_options(yield_per=1_000)).partitions():
        if target is not None:
            target.execute(insert(table), [dict(row._mapping) for row in batch])
        for row in batch:
            text = "\x1f".join(map(_cell, row))
            total += int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest())
        count += len(batch)
    return CopiedTable(table.name, count, f"{total % (1 << 256):064x}")


def _cell(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return f"bytes:{bytes(value).hex()}"
    return f"{type(value).__name__}:{value!r}"
