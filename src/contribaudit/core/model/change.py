"""What differs between two runs. Drift from the policy is a finding; a change is a difference in time.

Also here: apps and sites that left the inventory, the times and versions of each run, and the names of apps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.subject import Subject


class CauseKind(StrEnum):
    """The kinds of cause that a change can have, strongest proof first."""

    EVENT = "event"
    SEVERAL_EVENTS = "several_events"
    """Events by several actors fit, and nothing shows which of them caused the change."""
    PLAN_CHANGE = "plan_change"
    NEW_SUBJECT = "new_subject"
    GONE_SUBJECT = "gone_subject"
    VENDOR = "vendor"
    """A roll-out by Atlassian, or a date that it set."""
    POLICY_EDIT = "policy_edit"
    RULEBOOK_EDIT = "rulebook_edit"
    TOOL_CHANGE = "tool_change"
    SHAPE_CHANGE = "shape_change"
    NO_EVENT_FOUND = "no_event_found"


class Match(StrEnum):
    """How well an event names the subject of a change."""

    EXACT = "exact"
    SITE = "site"
    """The event names only the subject's site, app or organization."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a value changed; where no cause was found, what was searched."""

    kind: CauseKind
    sentence: str
    """For people, without a full stop."""
    actor: str | None = None
    """Who did it, where exactly one person or key fits."""
    event_id: str | None = None
    at: datetime | None = None
    """When it was done, according to the log."""
    match: Match | None = None
    others: tuple[str, ...] = ()
    """IDs of further events that fit."""
    interval: tuple[datetime | None, datetime] | None = None
    """(after, until): when the change happened; `after` is None where the history holds no earlier run."""
    actions_searched: tuple[str, ...] = ()
    """IDs of the actions that were looked for."""
    covered: bool = False
    """True when the log was read for the whole interval, and has ever shown an event."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person noted about a change."""

    ticket: str
    note: str
    by: Signature


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs from the run before."""

    subject: Subject
    setting: SettingId
    before: Value
    after: Value
    existed_before: bool
    """False when the value was not there before; `before` is then None and has no meaning."""
    exists_after: bool
    first_seen: datetime
    """Start of the run that first saw `after` (or first saw the value gone)."""
    last_seen: datetime | None
    """Start of the last run that saw `before`; None when there was no before. The change happened in between."""
    cause: str | None = None
    """A sentence on the cause, also when none was found; None while nobody looked for one."""
    actor: str | None = None
    event_id: str | None = None
    name: str = ""
    """What people call the subject; "" where no name is known."""
    why: Cause | None = field(default=None, compare=False)
    """The cause with its evidence; None while nobody looked for one."""
    ticket: str = ""
    """The newest change ticket that somebody noted; "" when nobody did."""
    annotations: tuple[Annotation, ...] = field(default=(), compare=False)
    collector: str = field(default="", compare=False)
    """The collector that saw it; "" where none did."""
    responses: tuple[str, ...] = field(default=(), compare=False)
    """SHA-256 of the raw objects before and after, where there are any."""

    @property
    def id(self) -> str:
        """The first 12 hex digits of SHA-256 over organization, kind, subject, setting and `first_seen`, one a line."""
        subject = self.subject
        key = (subject.organization, subject.kind, subject.id, self.setting, self.first_seen.isoformat())
        return sha256("\n".join(key).encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @property
    def explained(self) -> bool:
        """True when the cause of the change is known."""
        return self.cause is not None and (self.why is None or self.why.kind is not CauseKind.NO_EVENT_FOUND)


@dataclass(frozen=True, slots=True)
class Departure:
    """One app that is no longer in a completely read list of apps."""

    app: Subject
    alias: str
    """What people called it; its ID where no name is known."""
    type_key: str
    with_site: bool
    """True when no app of the site is left."""
    last_seen: datetime
    """Start of the last run that saw it."""
    first_missing: datetime
    """Start of the first run whose complete list lacks it: it left in between."""


@dataclass(frozen=True, slots=True)
class Departures:
    """The apps that left one organization, as far as its history reaches back."""

    apps: tuple[Departure, ...] = ()
    """Oldest first, without apps that came back."""
    readings: tuple[datetime, ...] = ()
    """When the list of apps was read to its end, oldest first; runs that were removed since are included."""


NOTHING_LEFT = Departures()


@dataclass(frozen=True, slots=True)
class RunInterval:
    """When one run read one organization, and with which versions."""

    run: int
    started_at: datetime
    """Start of the run, to which `first_seen` and `last_seen` of a change refer."""
    finished_at: datetime
    """When its last collector had ended."""
    whole: frozenset[str]
    """Collectors that read everything."""
    tool_version: str
    policy_sha256: str
    rulebook_sha256: str


@dataclass(frozen=True, slots=True)
class SubjectNames:
    """The names that people and events may use for an app; "" for one that was never seen."""

    name: str = ""
    alias: str = ""
    host: str = ""
    site: str = ""
