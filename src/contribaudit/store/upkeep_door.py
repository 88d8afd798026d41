"""The part of the history that looks after itself: what people approved, when nobody looked, what is removed."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from datetime import datetime

from sqlalchemy import select

from contribaudit.core.advise.gaps import RunSeen
from contribaudit.core.approval import Approved, Baseline
from contribaudit.core.departure import Departures
from contribaudit.core.model.attestation import Signature
from contribaudit.core.retention import Retention
from contribaudit.store import baselines, departures, lock, outcome_history, pruning, pseudonyms
from contribaudit.store.door import Door
from contribaudit.store.outcome_history import OutcomeSpan
from contribaudit.store.pruning import Pruned, Pruning
from contribaudit.store.schema import organizations


class UpkeepDoor(Door):
    """Approvals are added and never changed; runs and names can be taken out, and that is written down."""

    def lock(self, organization: str, *, wait_seconds: float = 0) -> AbstractContextManager[None]:
        """Hold the organization: nobody else audits it into this history meanwhile.

        Raises StoreBusy on entering, when another process or thread still holds it after `wait_seconds`.
        """
        if self._database.path is not None:
            return lock.file_lock(self._database.path, organization, wait_seconds)
        return lock.advisory_lock(self._database.writer, self._database.shown, organization, wait_seconds)

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
            return outcome_history.read_outcome_history(connection, organization, finding, check, since, until)

    def runs_seen(
        self, organization: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[RunSeen]:
        """Its runs with how far each collector came, and those that were removed; oldest first. For `core.gaps`."""
        with self._reading() as connection:
            return outcome_history.read_runs_seen(connection, organization, since, until)

    def departures(self, organization: str, *, until: int | None = None) -> Departures:
        """Apps that left its list up to run `until` (None: until now), as far back as runs are kept."""
        with self._reading() as connection:
            return departures.read_departures(connection, organization, until)

    def prune(self, rule: Retention, now: datetime, signature: Signature, *, dry_run: bool = False) -> Pruned:
        """Remove runs by the rule, all of them or none when this raises. A dry run tells the same and keeps them.

        Raises StoreBusy while an audit runs on the history.
        """
        with ExitStack() as locks:
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
