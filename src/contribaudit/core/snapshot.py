"""What one run saw of one organization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contribaudit.core.model.audit_log import AuditEvent, LogReading
    from contribaudit.core.model.snapshot import Space, SpaceList
    from contribaudit.ledger_entry import LedgerEntry


class CollectionStatus(StrEnum):
    """How far a collector came."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Collection:
    """One collector's run over one organization."""

    organization: str
    collector: str
    status: CollectionStatus
    started_at: datetime
    announced: int | None
    """How many entries the API said there are; None where it does not tell."""
    read: int
    """How many entries were read, repeated ones not counted twice."""
    code: str = ""
    """"" when ok, else a stable word for the cause, an error's code or "count_mismatch"."""
    reason: str = ""
    """"" when ok, else what went wrong, for people."""
    missing_scope: str | None = None
    requests: int = 0
    seconds: float = 0.0

    @property
    def optional(self) -> bool:
        """True for a source that not every plan or key has."""
        return self.collector in names.OPTIONAL_COLLECTORS


@dataclass(frozen=True, slots=True)
class Surprise:
    """A shape that the tool had not seen: an unknown key, word or type. Kept and reported, never defaulted."""

    collector: str
    where: str
    """A path without identifiers, "attributes.status=paused", so that the same surprise is one row."""
    response: str
    """SHA-256 of the first raw object that holds it."""


@dataclass(frozen=True, slots=True, repr=False)
class Snapshot:
    """Everything one run saw of one organization."""

    organization: str
    started_at: datetime
    finished_at: datetime
    collections: tuple[Collection, ...]
    """In the order of `collectors.ALL`."""
    by_collector: Mapping[str, tuple[Observation, ...]]
    """What each collector saw, in server order; what a failed one could not see is not in here."""
    surprises: tuple[Surprise, ...] = ()
    raw: Mapping[str, bytes] = field(default_factory=dict)
    """Canonical JSON of each raw object by its SHA-256 (hex)."""
    space_lists: tuple[SpaceList, ...] = ()
    """How far the listing of each app's spaces came; empty when spaces were not asked for."""
    spaces: Iterable[Space] = ()
    """Every space that the listings showed; may be iterated several times, and need not be in memory."""
    log_reading: LogReading | None = None
    """How far the audit log was read; None when it was not asked for. Its `run` is 0 until the run is kept."""
    events: tuple[AuditEvent, ...] = ()
    """The events of it that are kept."""
    requests: tuple[LedgerEntry, ...] = ()
    """Every request of the run, in the order in which they ended."""
    clock_skew_seconds: float | None = None
    """The API's `Date` minus our clock; None where no answer told."""

    def __repr__(self) -> str:
        return f"Snapshot(organization={self.organization!r}, started_at={self.started_at.isoformat()})"

    @property
    def observations(self) -> Iterator[Observation]:
        """Everything seen, in the order of the collections."""
        for collection in self.collections:
            yield from self.by_collector.get(collection.collector, ())

    @property
    def complete(self) -> bool:
        """True when every collector read everything that it promised, those apart that not every plan or key has."""
        needed = [collection for collection in self.collections if not collection.optional]
        return bool(needed) and all(collection.status is CollectionStatus.OK for collection in needed)
