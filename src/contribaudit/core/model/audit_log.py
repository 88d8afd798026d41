"""The organization's audit log: its entries, how far it was read, and whether it is known to hold any entry at all.

Atlassian publishes no list of actions, so words decide which actions may be the cause of which changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.subject import Kind

CURSOR_REFUSED = "cursor_refused"
"""The API refused the saved cursor; the log was read again from the end of the last reading, without gaps."""
STOPPED_EARLY = "stopped_early"
UNREADABLE_ENTRY = "unreadable_entry"


@dataclass(frozen=True, slots=True, order=True)
class EventAction:
    """One kind of entry in the audit log. No list is published: each organization's log names its own actions."""

    id: str
    title: str = ""
    """Its display name."""
    group: str = ""
    """The display name of its group."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry of the audit log that may be the cause of a change."""

    id: str
    time: datetime
    """When it happened, according to the log."""
    processed_at: datetime | None
    """When the log received it, which may be much later; None where the log does not say."""
    action: str
    """The action's ID; no list of them is published."""
    actor_id: str
    actor_name: str
    """"" where the log gives none."""
    actor_email: str
    """"" where the log gives none."""
    via: str
    """How the actor did it: "API token ci", "on behalf of …", an app; "" for a person in a browser."""
    named: tuple[str, ...]
    """Every identifier in its context and container: ARIs, IDs, hosts."""
    message: str
    response: str = ""
    """SHA-256 of the raw event."""

    @property
    def actor(self) -> str:
        """The actor's email address, name or ID: the first of these that is known."""
        return self.actor_email or self.actor_name or self.actor_id


@dataclass(frozen=True, slots=True)
class LogReading:
    """One run's reading of the audit log: from when to when, and for which actions."""

    run: int
    covers_from: datetime | None
    """Events processed from this time on were read; None when nothing was read."""
    covers_until: datetime | None
    """Events processed up to this time were read; it is before the run's own time where reading stopped early."""
    code: str
    """"" when complete, CURSOR_REFUSED when complete after a restart; otherwise why it is not: STOPPED_EARLY,
    UNREADABLE_ENTRY, an error's code ("forbidden", "not_found")."""
    reason: str
    """The cause for people; "" when `code` is ""."""
    actions: tuple[EventAction, ...]
    """The actions whose events are kept, discovered from the log's own catalogue; sorted."""
    read: int
    """Events read, kept or not."""
    kept: int
    cursor: str = ""
    """Where the next run continues; "" when there is no cursor."""

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The interval in which every event was read and understood; None when there is none."""
        if self.covers_from is None or self.covers_until is None or self.code == UNREADABLE_ENTRY:
            return None
        return self.covers_from, self.covers_until


@dataclass(frozen=True, slots=True)
class AuditLog:
    """What is kept from one organization's audit log."""

    events: Sequence[AuditEvent] = ()
    """Oldest first."""
    readings: Sequence[LogReading] = ()
    """By run, oldest first."""

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """The intervals that readings cover, in the order of the readings."""
        return [span for reading in self.readings if (span := reading.span) is not None]


NO_LOG = AuditLog()


@dataclass(frozen=True, slots=True)
class LogPosition:
    """How far earlier runs have read the audit log, so that the next reading continues from there."""

    cursor: str = ""
    covers_until: datetime | None = None
    """Where the last reading ended; None when the log was never read."""
    previous_run: datetime | None = None
    """Start of the organization's newest run; None before the first."""
    actions: tuple[EventAction, ...] = ()
    """The actions whose events the last reading kept."""


NEVER_READ = LogPosition()


@dataclass(frozen=True, slots=True)
class ActionFamily:
    """Related actions, and the settings that they can change."""

    name: str
    words: tuple[str, ...]
    """Whole words of an action's ID, title or group, without case; `word*` matches the beginning of a word."""
    settings: tuple[str, ...]
    """Names of settings; one that ends in "." matches every name that begins with it."""
    kinds: tuple[Kind, ...] = ()
    """The kinds of subject that these actions add or remove."""
    follows_plan: bool = False
    """True where the plan sets the defaults, so that a change of plan changes them and nobody touches a switch."""
    audited: bool = False
    """True where an auditor asks for the event of each change."""


@dataclass(frozen=True, slots=True)
class VendorDate:
    """A day on which Atlassian itself changed something."""

    on: date
    families: tuple[str, ...]
    what: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class LogRules:
    """What the tool believes about the audit log."""

    retention_days: int
    latency_hours: int
    """How long after it happened an event may still arrive, as far as any source says."""
    rollout_subjects: int
    """From this number on, subjects that change alike at once without an event point to a roll-out by the vendor."""
    review_days: int
    """How many days back every change should have its event in the log."""
    ignored: tuple[str, ...]
    """Words of frequent actions that are never a cause: views, requests."""
    families: tuple[ActionFamily, ...] = ()
    dates: tuple[VendorDate, ...] = ()

    def families_of(self, action: EventAction) -> frozenset[str]:
        """The names of the families that an action belongs to by its words; empty for an ignored action."""
        families = tuple((one.name, one.words) for one in self.families)
        return _families_in(f"{action.id} {action.title} {action.group}", self.ignored, families)

    def families_behind(self, setting: SettingId, kind: Kind | None = None) -> tuple[ActionFamily, ...]:
        """The families whose actions can change a setting, or add or remove a subject of the given kind."""
        return tuple(
            one
            for one in self.families
            if kind in one.kinds or any(_matches_name(setting, name) for name in one.settings)
        )


NO_LOG_RULES = LogRules(retention_days=0, latency_hours=0, rollout_subjects=0, review_days=0, ignored=())
"""For a rulebook that says nothing about the log: no action is ever a cause."""


def _matches_name(setting: str, name: str) -> bool:
    return setting.startswith(name) if name.endswith(".") else setting == name


@lru_cache(maxsize=4096)
def _families_in(
    action: str, ignored: tuple[str, ...], families: tuple[tuple[str, tuple[str, ...]], ...]
) -> frozenset[str]:
    """The names of an action's families. Cached, since each run asks for hundreds of actions."""
    text = _padded_words(action)
    if any(_contains_word(text, word) for word in ignored):
        return frozenset()
    return frozenset(name for name, words in families if any(_contains_word(text, word) for word in words))


def _padded_words(text: str) -> str:
    """The text as words between single spaces: action IDs are written in snake case, titles are not."""
    return f" {_spaced(text)} "


@lru_cache(maxsize=1024)
def _padded_pattern(word: str) -> str:
    return f" {_spaced(word)}" if word.endswith("*") else f" {_spaced(word)} "


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _contains_word(text: str, word: str) -> bool:
    return _padded_pattern(word) in text


_TOUCHING = timedelta(seconds=1)
"""The longest gap at which one reading still continues another: their times match to the millisecond at best."""


def covered(log: AuditLog, after: datetime, until: datetime) -> bool:
    """True when readings cover the interval without a hole and the log has ever shown an event.

    An event may be processed later than the run that saw its change; the next readings then find it.
    """
    return filled(log) and not any(holes(log, after, until))


def filled(log: AuditLog) -> bool:
    """True when the log has ever shown an event: without Guard or Enterprise it is empty, or refuses."""
    return any(reading.read for reading in log.readings)


def holes(log: AuditLog, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of the interval that no reading covers, oldest first."""
    reached = after
    for start, end in sorted(log.spans):
        if start > until:
            break
        if start > reached + _TOUCHING:
            yield reached, start
        reached = max(reached, end)
    if reached < until:
        yield reached, until


def named_holes(missing: Sequence[tuple[datetime, datetime]]) -> str:
    """The first holes in words: "2026-11-20 02:00Z to 2026-11-20 08:00Z, ..."."""
    return ", ".join(f"{start:%Y-%m-%d %H:%M}Z to {end:%Y-%m-%d %H:%M}Z" for start, end in missing[:3])


def how_read(log: AuditLog, after: datetime, until: datetime, rules: LogRules) -> str:
    """A sentence on whether the log was read, whether without gaps, and how far back it reaches."""
    back = f"it reaches back {counted(rules.retention_days, 'day')}"
    if not log.readings:
        return "the audit log was never read"
    newest = log.readings[-1]
    spans = log.spans
    if not spans:
        return f"the audit log could not be read: {newest.reason or newest.code}"
    if not filled(log):
        return "the audit log has never shown an event, as happens without Guard or Enterprise"
    missing = list(holes(log, after, until))
    if missing:
        why = next((one.reason for one in reversed(log.readings) if one.reason), "")
        return f"the log was not read from {named_holes(missing)}{f': {why}' if why else ''}; {back}"
    last = max(end for _, end in spans)
    late = "" if last - until >= timedelta(hours=rules.latency_hours) else "; a late event may still arrive"
    return f"log read without gaps; {back}{late}"
