"""The history: what every run saw, kept as intervals.

A fact is kept from the first run that saw it to the run that saw something else, or nothing. A run whose collector
failed, or came only part of the way, says nothing about what it did not see: an interval reaches as far as its
collector was complete. Everything may raise StoreError and its kinds.

schema.py draws the tables, saving.py writes a run, facts.py and changes.py ask about them. What people recorded is in
attestations.py, the audit log in audit_log.py, spaces in spaces.py, exports in evidence.py; pruning.py removes runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import func, select

from contribaudit.core.advise.gaps import RunSeen
from contribaudit.core.model.attestation import Approved, Baseline, Signature
from contribaudit.core.model.change import Change, Departures
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.errors import StoreError
from contribaudit.store import baselines, changes, database, evidence, facts, pruning, pseudonyms, runs, saving
from contribaudit.store.attestations import TestimonyDoor
from contribaudit.store.audit_log import LogDoor
from contribaudit.store.database import Door, Standing, database_to_read, open_database
from contribaudit.store.evidence import EvidenceDoor
from contribaudit.store.pruning import Pruned, Pruning, Retention
from contribaudit.store.records import Fact, Judged, Known, RunDraft, RunRecord
from contribaudit.store.runs import OutcomeSpan
from contribaudit.store.schema import metadata, organizations
from contribaudit.store.space_changes import SpaceDoor


class UpkeepDoor(Door):
    """Approvals are added and never changed; runs and names can be taken out, and that is written down."""

    def lock(self, organization: str, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Hold the organization: nobody else audits it into this history meanwhile.

        Raises StoreBusy on entering, when another process or thread still holds it after `wait_seconds`.
        """
        if self._database.path is not None:
            return database.file_lock(self._database.path, organization, wait_seconds)
        return database.advisory_lock(self._database.writer, self._database.shown, organization, wait_seconds)

    def exporting(self, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Hold the history for an export: no run is removed meanwhile, and no second export names the same one before.

        Nothing is held of a history that cannot be written. Raises StoreBusy on entering, as `lock` does.
        """
        if self._database.standing is not Standing.WRITABLE:
            return nullcontext()
        return self.lock(database.EXPORTS, wait_seconds=wait_seconds)

    def add_baseline(self, baseline: Baseline) -> None:
        """Keep it. Raises UsageError when its run did not audit the organization."""
        with self._writing() as connection:
            baselines.add_baseline(connection, baseline)

    def baselines(self, organization: str) -> tuple[Baseline, ...]:
        """All of the organization's, oldest first: the newest counts."""
        with self._reading() as connection:
            return baselines.read_baselines(connection, organization)

    def approvals(self, organization: str) -> tuple[Approved, ...]:
        """Its baselines with what their runs knew, oldest first."""
        with self._reading() as connection:
            return baselines.read_approvals(connection, organization)

    def outcome_history(
        self,
        organization: str,
        *,
        finding: str | None = None,
        check: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[OutcomeSpan]:
        """How the organization's findings ("": the company's) came out over time, by check, finding and time."""
        with self._reading() as connection:
            return runs.read_outcome_history(connection, organization, finding, check, since, until)

    def runs_seen(
        self, organization: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[RunSeen]:
        """Its runs with how far each collector came, and those that were removed; oldest first. For `core.gaps`."""
        with self._reading() as connection:
            return runs.read_runs_seen(connection, organization, since, until)

    def departures(self, organization: str, *, until: int | None = None) -> Departures:
        """Apps that left its list up to run `until` (None: until now), as far back as runs are kept."""
        with self._reading() as connection:
            return baselines.read_departures(connection, organization, until)

    def prune(self, rule: Retention, now: datetime, signature: Signature, *, dry_run: bool = False) -> Pruned:
        """Remove runs by the rule, all of them or none when this raises. A dry run tells the same and keeps them.

        Raises StoreBusy while an audit runs on the history, or evidence is exported from it.
        """
        with ExitStack() as locks:
            if not dry_run:
                locks.enter_context(self.exporting())
            for organization in [] if dry_run else self._organizations():
                locks.enter_context(self.lock(organization))
            with self._writing() as connection:
                done = pruning.prune(connection, rule, now, signature)
                if dry_run:
                    connection.rollback()
            return done

    def prunings(self) -> tuple[Pruning, ...]:
        """Every pruning that removed runs, oldest first."""
        with self._reading() as connection:
            return pruning.read_prunings(connection)

    def forget_person(self, person: str, moment: datetime, signature: Signature) -> int:
        """Put a pseudonym in the place of a name wherever the history keeps it; how many entries that touched.

        What the person did stays and counts, and still counts as one person's. Free texts and screenshots are not
        searched.
        """
        with self._writing() as connection:
            return pseudonyms.forget_person(connection, person, moment, signature)

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

    def _organizations(self) -> list[str]:
        with self._reading() as connection:
            return sorted(connection.execute(select(organizations.c.organization)).scalars())


__all__ = ["Fact", "History", "Known", "RunDraft", "RunRecord"]


class History(TestimonyDoor, SpaceDoor, LogDoor, EvidenceDoor, UpkeepDoor):
    """An open history. It may be used by several threads; close it, or use it in a `with`."""

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
        """The same for somebody who only looks: nothing is made, and a file that cannot be written is read as it is.

        Where nothing was recorded yet the history is empty. Raises what `open` does.
        """
        return cls(database_to_read(location))

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
        with self._writing() as connection:
            return runs.find_run(connection, saving.save_run(connection, draft, snapshots))

    def record_verdict(
        self, run: int, exit_code: int, summary: Mapping[str, int], judged: Iterable[Judged] = ()
    ) -> None:
        """Note how the run ended, and how each finding came out. `summary` counts findings by outcome.

        Raises UsageError when there is no such run.
        """
        with self._writing() as connection:
            runs.record_verdict(connection, run, exit_code, summary)
            runs.save_outcomes(connection, run, judged)

    def keep_policy(self, sha256: str, resolved: str) -> None:
        """Keep a resolved policy (TOML) under its digest."""
        with self._writing() as connection:
            runs.keep_policy(connection, sha256, resolved)

    def kept_policy(self, sha256: str) -> str | None:
        """The resolved policy (TOML) of that digest; None where a version judged that did not keep it."""
        with self._reading() as connection:
            return runs.read_policy(connection, sha256)

    def record_unreached(self, organization: str, started_at: datetime, reason: str) -> None:
        """Note that an audit could read nothing of the organization; `runs_seen` and gaps tell it."""
        with self._writing() as connection:
            runs.record_unreached(connection, organization, started_at, reason)

    def outcomes(self, run: int) -> dict[str, str]:
        """Outcome by finding ID, as of the run; of a check or organization that it left out, as last judged before."""
        with self._reading() as connection:
            return runs.read_outcomes(connection, run)

    def runs(self, *, organization: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first; of one organization, at most `limit`, when given."""
        with self._reading() as connection:
            return runs.list_runs(connection, organization, limit)

    def run(self, run: int) -> RunRecord:
        """The run. Raises UsageError when there is none, with the newest in its hint."""
        with self._reading() as connection:
            return runs.find_run(connection, run)

    def run_at(self, moment: datetime, organization: str | None = None) -> RunRecord | None:
        """The last run (of one organization) that began at or before the moment, None when there was none yet."""
        with self._reading() as connection:
            return runs.run_at(connection, moment, organization)

    def previous(self, organization: str, run: int) -> int | None:
        """The organization's run before this one, None when it was its first."""
        with self._reading() as connection:
            return runs.previous_run(connection, organization, run)

    def compared(self, organization: str, run: int) -> int | None:
        """The run that this one is compared with: the organization's last one before it that was read whole.

        The run before where none was; None when it was its first.
        """
        with self._reading() as connection:
            return runs.compared_run(connection, organization, run)

    def snapshot(self, organization: str, run: int) -> Snapshot:
        """What that run saw of the organization. Raises UsageError when it did not audit it.

        A failed collector has no entry, a partial one holds what it saw. Observations carry the start of their
        collection as their time, and source, spelling and raw object as of the first run of their interval; they are
        ordered as their subjects, then settings, were first seen. Surprises and raw objects are not in it.
        """
        with self._reading() as connection:
            return facts.read_snapshot(connection, organization, run)

    def known(self, organization: str, *, before: int | None = None) -> Known:
        """Everything last seen of the organization before run `before` (None: until now), whichever run saw it.

        Empty for an organization that was never audited.
        """
        with self._reading() as connection:
            return facts.read_known(connection, organization, before)

    def changes(self, organization: str, since: int, until: int, *, steps: bool = False) -> list[Change]:
        """What differs between what was known after run `since` and after run `until`.

        One per collector, subject and setting, in the order in which those were first seen, without cause and name. A
        value that could not be read is as it was last read; one that changed and changed back is no change, unless
        `steps` asks for every change on the way; another grade is none. Raises UsageError when `since` is the newer.
        """
        with self._reading() as connection:
            return changes.read_changes(connection, organization, since, until, steps=steps)

    def alias_holders(self, organization: str) -> Mapping[str, tuple[tuple[str, datetime], ...]]:
        """By casefolded alias of an app, the IDs of all that ever carried it, with the start of the first run that
        saw it so, oldest first.
        """
        with self._reading() as connection:
            return facts.read_alias_holders(connection, organization)

    def raw(self, digest: str) -> bytes:
        """The canonical JSON behind a digest. Raises StoreDamaged when it is missing or was altered."""
        with self._reading() as connection:
            return evidence.read_raw(connection, digest)

    def size_bytes(self) -> int:
        """What the history takes: the file and its write-ahead log, or its tables and indexes on the server."""
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
