"""What one run saw of one organization, and the requests that it sent: never a header, never the key.

There are far too many spaces for an observation each, so they are kept apart and loaded when needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from contribaudit.core.model import names
from contribaudit.core.model.audit_log import AuditEvent, LogReading
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.subject import Kind, Subject


class CollectionStatus(StrEnum):
    """How much of its source a collector could read."""

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
    """How many entries the API said there are; None where it does not say."""
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
        """True for a source that not every plan or key can read."""
        return self.collector in names.OPTIONAL_COLLECTORS

    @property
    def complete(self) -> bool:
        """True when it read everything that it promised."""
        return self.status is CollectionStatus.OK


@dataclass(frozen=True, slots=True)
class Surprise:
    """An unknown key, word or type in an API's answer. It is kept and reported, never replaced by a default."""

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
    """What each collector saw, in server order; what a failed one could not see is not included."""
    surprises: tuple[Surprise, ...] = ()
    raw: Mapping[str, bytes] = field(default_factory=dict)
    """Canonical JSON of each raw object by its SHA-256 (hex)."""
    space_lists: tuple[SpaceList, ...] = ()
    """How much of each app's spaces was listed; empty when spaces were not asked for."""
    spaces: Iterable[Space] = ()
    """Every space that the listings showed; may be iterated several times, and need not be in memory."""
    log_reading: LogReading | None = None
    """How far the audit log was read; None when it was not asked for. Its `run` is 0 until the run is kept."""
    events: tuple[AuditEvent, ...] = ()
    """The events of the audit log that are kept."""
    requests: tuple[LedgerEntry, ...] = ()
    """Every request of the run, in the order in which they ended."""
    clock_skew_seconds: float | None = None
    """The API's `Date` minus our clock; None where no answer gave a date."""

    def __repr__(self) -> str:
        return f"Snapshot(organization={self.organization!r}, started_at={self.started_at.isoformat()})"

    @property
    def observations(self) -> Iterator[Observation]:
        """Everything seen, in the order of the collections."""
        for collection in self.collections:
            yield from self.by_collector.get(collection.collector, ())

    @property
    def completed(self) -> frozenset[str]:
        """The collectors that read everything that they promised."""
        return frozenset(collection.collector for collection in self.collections if collection.complete)

    @property
    def complete(self) -> bool:
        """True when there is a collector that is not optional, and all of these read everything that they promised."""
        needed = [collection for collection in self.collections if not collection.optional]
        return bool(needed) and all(collection.complete for collection in needed)


@dataclass(frozen=True, slots=True)
class Space:
    """One space as a listing showed it. Identity is `id`; key and name are aliases, and may be given to another."""

    app: Subject
    """The Jira or Confluence app that it belongs to."""
    id: str
    """Its ARI, "ari:cloud:jira:CLOUD_ID:project/ID" or "ari:cloud:confluence:CLOUD_ID:space/ID"."""
    key: str
    """"" where the listing gave none."""
    name: str
    type: str
    """The API's word: "software", "service_desk", "global", "personal"; "" where it gave none."""
    status: str
    """The API's word: "live", "archived", "current"; "" where it gave none."""
    created_at: datetime | None = None
    """None where the API does not say: Jira never does."""

    @property
    def subject(self) -> Subject:
        """The space as a subject of settings."""
        return Subject(self.app.organization, Kind.SPACE, self.id)


@dataclass(frozen=True, slots=True)
class SpaceList:
    """How much of one app's spaces was listed."""

    app: Subject
    status: CollectionStatus
    announced: int | None
    """How many the API said there are; None where it does not say (Confluence)."""
    read: int
    code: str = ""
    """"" when whole, else a stable word for the cause: an error's code, "no_token", "no_cloud_id"."""
    reason: str = ""
    visible_to: str = ""
    """Whose token it was read with, since a listing shows only what that account may see; "" where none was."""
    requests: int = 0

    @property
    def complete(self) -> bool:
        """True when the listing was read to its end."""
        return self.status is CollectionStatus.OK


@dataclass(frozen=True, slots=True)
class KnownSpace:
    """A space with the time since which the history knows it."""

    space: Space
    host: str
    """Host of its site; "" where no app names it."""
    type_key: str
    first_seen: datetime
    """Start of the first run that saw it."""
    from_the_start: bool
    """True when the first complete listing of its app already showed it, so that its age is not known."""

    @property
    def alias(self) -> str:
        """Its alias: "space:acme.atlassian.net/confluence/ENG"."""
        return f"space:{self.host or self.space.app.id}/{self.type_key}/{self.space.key or self.space.id}"


class SpaceIndex(Protocol):
    """The spaces of one organization as of a run, asked for by app and never all in memory.

    The methods of this class answer for an organization whose spaces nobody read.
    """

    def lists(self) -> Mapping[Subject, SpaceList]:
        """The run's listing of each app that has spaces; empty when spaces were not read at all."""
        return {}

    def count(self, app: Subject) -> int:  # noqa: ARG002
        """How many spaces of the app are known."""
        return 0

    def find(self, text: str) -> Sequence[KnownSpace]:  # noqa: ARG002
        """Spaces by ARI, or by `space:HOST/TYPEKEY/KEY` without case; several where a key is ambiguous."""
        return ()

    def of(self, app: Subject) -> Iterator[KnownSpace]:  # noqa: ARG002
        """The app's spaces sorted by key without case, in the order of the history's database."""
        return iter(())

    def since(self, app: Subject, moment: datetime) -> Iterator[KnownSpace]:  # noqa: ARG002
        """Spaces of the app that were first seen by a run after the moment, sorted by key."""
        return iter(())

    def bearers(self, app: Subject, key: str) -> Sequence[tuple[str, datetime]]:  # noqa: ARG002
        """IDs of all spaces of the app that ever had the key (compared without case), each with the start of the first
        run that saw it so, oldest first.
        """
        return ()

    def read_at(self) -> datetime | None:
        """The start of the run that read the spaces; None when no run did."""
        return None

    def search(self, text: str, limit: int = 50) -> Sequence[KnownSpace]:  # noqa: ARG002
        """Spaces whose key or name holds the text, without case; at most `limit`, by key."""
        return ()

    def page(self, app: Subject, offset: int, limit: int) -> Sequence[KnownSpace]:  # noqa: ARG002
        """At most `limit` of the app's spaces in the order of `of`, from position `offset` (0 for the first) on."""
        return ()

    def position(self, space: Space) -> int | None:  # noqa: ARG002
        """The position of the space among its app's spaces in the order of `of`; None where it is not among them."""
        return None


class NoSpaces(SpaceIndex):
    """The index of an organization whose spaces nobody read."""


NO_SPACES = NoSpaces()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One request that was sent.

    `at` is when it was sent (aware, UTC); `call` is `Call.name`; `path` has the organization in its place and the
    query, with cursors cut short. `status` is None when no answer came (refused, timed out, cancelled): then `bytes`
    is 0 and `sha256` empty. Both describe the decompressed body. `seconds` is the time between sending and the last
    byte; `waited_seconds` is the time spent before it on rate limits and pauses.
    """

    at: datetime
    call: str
    method: str
    path: str
    status: int | None
    bytes: int
    sha256: str
    seconds: float
    waited_seconds: float
