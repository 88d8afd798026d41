"""What the organization's audit log says, and how far it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

CURSOR_REFUSED = "cursor_refused"
"""The place to go on from was not taken; the log was read anew from the end of the last reading, and is whole."""
STOPPED_EARLY = "stopped_early"
UNREADABLE_ENTRY = "unreadable_entry"


@dataclass(frozen=True, slots=True, order=True)
class EventAction:
    """One kind of entry that the audit log can hold. No list is published: each organization's log has its own."""

    id: str
    title: str = ""
    """Its display name."""
    group: str = ""
    """The display name of its group."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry of the audit log that may be the cause of a change."""

    organization: str
    id: str
    time: datetime
    """When it happened, by the log."""
    processed_at: datetime | None
    """When the log took it in, which may be much later; None where it does not tell."""
    action: str
    """The action's ID; no list of them is published."""
    actor_id: str
    actor_name: str
    """"" where the log gives none."""
    actor_email: str
    """"" where the log gives none."""
    via: str
    """"API token ci", "on behalf of …", an app; "" for a person in a browser."""
    named: tuple[str, ...]
    """Every identifier in its context and container: ARIs, IDs, hosts."""
    message: str
    response: str = ""
    """SHA-256 of the raw event."""

    @property
    def actor(self) -> str:
        """What people call the actor: mail address, name or ID, whichever is the first known."""
        return self.actor_email or self.actor_name or self.actor_id


@dataclass(frozen=True, slots=True)
class LogReading:
    """One run's reading of the audit log: from when to when, and for which actions."""

    organization: str
    run: int
    covers_from: datetime | None
    """Events processed from then on were read; None when nothing was."""
    covers_until: datetime | None
    """Up to then; behind the run's own time where the reading had to stop early."""
    code: str
    """"" when whole, CURSOR_REFUSED when whole after a new start, else why not: STOPPED_EARLY, UNREADABLE_ENTRY, an
    error's code ("forbidden", "not_found")."""
    reason: str
    """"" when `code` is."""
    actions: tuple[EventAction, ...]
    """The actions whose events are kept, discovered from the log's own catalogue; sorted."""
    read: int
    """Events read, kept or not."""
    kept: int
    cursor: str = ""
    """Where the next run goes on; "" when there is no such place."""

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """From when to when every event was read and understood; None when that cannot be said."""
        if self.covers_from is None or self.covers_until is None or self.code == UNREADABLE_ENTRY:
            return None
        return self.covers_from, self.covers_until


@dataclass(frozen=True, slots=True)
class AuditLog:
    """What is kept of one organization's audit log."""

    events: Sequence[AuditEvent] = ()
    """Oldest first."""
    readings: Sequence[LogReading] = ()
    """By run, oldest first."""


NO_LOG = AuditLog()


@dataclass(frozen=True, slots=True)
class LogPosition:
    """How far the history has read the audit log, for the next reading to go on from."""

    cursor: str = ""
    covers_until: datetime | None = None
    """Up to where; None when it was never read."""
    previous_run: datetime | None = None
    """Start of the organization's newest run; None before the first."""
    actions: tuple[EventAction, ...] = ()
    """Whose events the last reading kept."""


NEVER_READ = LogPosition()
