"""The records that the history accepts and returns, apart from snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contribaudit.core.model.observation import Observation
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.snapshot import LedgerEntry


@dataclass(frozen=True, slots=True)
class RunDraft:
    """What is known about a run when its snapshots are saved. Times are aware."""

    started_at: datetime
    finished_at: datetime
    trigger: str
    account: str
    host: str
    tool_version: str
    rulebook_sha256: str
    policy_sha256: str
    policy_name: str
    selection: str = ""
    """The values of --only and --skip; "" when everything was collected."""
    planned_at: datetime | None = None
    """When the schedule was to start the run; None when a person started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(RunDraft):
    """A run as stored. Times are aware UTC; `planned_at` is also None in runs of versions that did not record it."""

    id: int
    """Grows by one per run."""
    organizations: tuple[str, ...]
    """In the order in which their snapshots were saved."""
    complete: bool
    """True when every collection of every snapshot was OK, and there was at least one snapshot."""
    exit_code: int | None
    """None until the verdict is recorded."""
    summary: Mapping[str, int]
    """Findings by outcome, {} until the verdict is recorded."""

    @property
    def late_minutes(self) -> int | None:
        """Whole minutes from the planned time to the start; None when the run was not planned."""
        return None if self.planned_at is None else (self.started_at - self.planned_at) // timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome of one finding of a run."""

    finding: str
    """The finding's ID."""
    organization: str
    """"" for a finding about the company."""
    check: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Fact:
    """An observation with the first and last run of its interval."""

    observation: Observation
    """Its time is the start of the collection in `last_run`; its source and raw object are those of `first_run`."""
    collector: str
    first_run: int
    """The run that saw this value first."""
    last_run: int
    """The newest run that saw this value, among the runs that were asked about."""


@dataclass(frozen=True, slots=True)
class LastKnown:
    """Everything last seen of one organization, whichever run saw it."""

    facts: tuple[Fact, ...]
    """By collector name, then in the order in which subjects and settings were first seen."""

    @property
    def by_collector(self) -> dict[str, list[Observation]]:
        """The observations alone, by collector."""
        facts = grouped(self.facts, lambda fact: fact.collector)
        return {collector: [fact.observation for fact in of_one] for collector, of_one in facts.items()}


@dataclass(frozen=True, slots=True)
class RunLedger:
    """The API requests of one run about one organization."""

    entries: tuple[LedgerEntry, ...]
    """In the order in which the requests ended."""
    clock_skew_seconds: float | None
    """The API's `Date` minus the local clock; None when no answer had a date."""


@dataclass(frozen=True, slots=True)
class ExportedManifest:
    """An exported manifest.json."""

    organizations: tuple[str, ...]
    """IDs, sorted."""
    kind: str
    """ "run" or "period"."""
    run: int
    """The newest run in the export."""
    sha256: str
    previous: str | None
    """SHA-256 of the preceding manifest; None for the first of a chain."""
    written_at: datetime
    signed_with: str | None
    """Fingerprint of the signing key; None when the manifest is not signed."""
    account: str
    host: str
    place: str
    """Where the manifest was written."""
