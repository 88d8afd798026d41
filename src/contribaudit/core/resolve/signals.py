"""Signals, raw API objects that change when a setting does: their state now, and whether they moved since a look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from contribaudit.core.model.attestation import Anchor, Attestation, SignalKey
from contribaudit.core.model.observation import Observed, SettingId, Unavailable
from contribaudit.core.model.rulebook import SignalRule
from contribaudit.core.model.setting import Family
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.model.times import parse_utc
from contribaudit.core.resolve.state import State

SIGNAL_PREFIX = "signal."
REVISION_PREFIX = "revision."
SETTLED_PREFIX = "settled."
UNSETTLED_WORDS = frozenset(("applying", "removing", "scheduled"))
"""States of a policy's resource in which a change of it is still under way."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def revision_of(signal: SettingId) -> SettingId:
    """The setting that holds the newest `updatedAt` of the signal's objects, where they have one."""
    return SettingId(REVISION_PREFIX + signal)


def settled_of(signal: SettingId) -> SettingId:
    """The setting that is False while a change of the signal is being applied, and missing otherwise."""
    return SettingId(SETTLED_PREFIX + signal)


class Presence(StrEnum):
    """Whether the API has an object for a signal."""

    PRESENT = "present"
    ABSENT = "absent"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class SignalReading:
    """One signal of one owner, as this run found it."""

    signal: SettingId
    owner: Subject
    presence: Presence
    state: tuple[str, ...] | None = None
    """Digests of its objects, sorted; None when the API holds none, and when it was not read."""
    revision: str = ""
    """The newest `updatedAt` of its objects; "" where they have none."""
    settled: bool = True
    """False while the API says that a change of it is still being applied."""
    reason: str = ""
    """Why it was not read; "" when it was."""

    @property
    def key(self) -> SignalKey:
        """The signal's owner, and the signal."""
        return self.owner, self.signal


SignalHistory = Mapping[SignalKey, tuple[tuple[datetime, tuple[str, ...] | None], ...]]
"""By owner and signal: the time from which the API had which state, oldest first; None for no object.

By owner and `revision_of` a signal: the same with the signal's revision in place of the digests.
"""
Select = Callable[[SignalKey, tuple[str, ...] | None], tuple[str, ...] | None]
"""Reduces a signal's state to what is compared: all of it, or what a decoder's pointers select."""


def whole(_key: SignalKey, state: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The `Select` that keeps the whole state."""
    return state


def readings(state: State, subject: Subject, family: Family) -> tuple[SignalReading, ...]:
    """Every signal that anchors a setting of this family on this subject, in the rulebook's order.

    The organization's own signals anchor the organization and everything in it; an app also has signals of its own.
    """
    organization = organization_subject(subject.organization)
    owners = (organization, subject) if subject.kind is Kind.APP else (organization,)
    return tuple(
        _reading(state, rule, owner)
        for rule in state.rulebook.signals
        if rule.family == family
        for owner in owners
        if owner.kind in rule.kinds
    )


def own_readings(state: State, owner: Subject) -> tuple[SignalReading, ...]:
    """Every signal that the organization or app itself owns, each once."""
    rules = {rule.signal: rule for rule in state.rulebook.signals if owner.kind in rule.kinds}
    return tuple(_reading(state, rule, owner) for rule in rules.values())


def signal_name(signal: SettingId) -> str:
    """The signal's name in a sentence: "the signal generative-ai" for `signal.policy.generative-ai`."""
    kind, _, rest = signal.removeprefix(SIGNAL_PREFIX).partition(".")
    return f"the signal {rest if kind == 'policy' else f'{kind} {rest}'}"


@dataclass(frozen=True, slots=True)
class Move:
    """What happened to an anchor since the look."""

    anchor: Anchor
    what: str
    """A clause with the signal's name: "the signal generative-ai moved, first seen in this run"."""


def what_moved(
    history: SignalHistory,
    look: Attestation,
    read: Mapping[SignalKey, SignalReading],
    until: datetime,
    select: Select = whole,
) -> Move | None:
    """Which anchor of the look moved since, and since when; None when none did.

    Another state or a newer `updatedAt`, now or in any run since, is a move; absent and present are two states. A
    signal that is not among the anchors, say because the rulebook did not know it yet, is ignored. Where only a part
    of the object counts, a newer `updatedAt` is no move if a change in the rest of the object explains it.
    """
    for anchor in sorted(look.anchors, key=lambda one: (one.signal, one.subject)):
        reading = read[anchor.key]
        key, name = anchor.key, signal_name(anchor.signal)
        since = departed(history, anchor, look.observed_at, until, select)
        if since is not None:
            return Move(anchor, f"{name} moved, first seen on {since:%Y-%m-%d %H:%M}Z")
        moved = select(key, reading.state) != select(key, anchor.state)
        elsewhere = reading.state != anchor.state or departed(history, anchor, look.observed_at, until) is not None
        revisions = (reading.revision, *_revisions(history, anchor, look.observed_at, until))
        later = next((one for one in revisions if newer(one, anchor.revision)), "")
        if later and (moved or not elsewhere):
            return Move(anchor, f"{name} was updated on {later}")
        if moved:
            return Move(anchor, f"{name} moved, first seen in this run")
    return None


def departed(
    history: SignalHistory, anchor: Anchor, after: datetime, until: datetime, select: Select = whole
) -> datetime | None:
    """When a run first found a state other than the anchor's, after the look and by `until`; None if none did."""
    for since, state in sorted(history.get(anchor.key, ()), key=lambda one: one[0]):
        moved = state != anchor.state and select(anchor.key, state) != select(anchor.key, anchor.state)
        if moved and after < since <= until:
            return since
    return None


def _revisions(history: SignalHistory, anchor: Anchor, after: datetime, until: datetime) -> list[str]:
    """The revisions that runs read after the look, since a change counts even if an older revision came back later."""
    entries = history.get((anchor.subject, revision_of(anchor.signal)), ())
    return [one for since, revisions in entries if after < since <= until for one in revisions or ()]


def newer(now: str, then: str) -> bool:
    """True when a revision shows that an object was written since, or cannot be ordered against the other."""
    if not now or now == then:
        return False
    one, other = parse_utc(now), parse_utc(then)
    return one is None or other is None or one > other


def newest(revisions: Iterable[str]) -> str:
    """The newest of the revisions, as it was written; "" when there is none."""
    return max(revisions, key=lambda one: (parse_utc(one) or _NEVER, one), default="")


def _reading(state: State, rule: SignalRule, owner: Subject) -> SignalReading:
    place = state.organization(owner.organization)
    seen = state.read(owner, rule.signal)
    revision = state.read(owner, revision_of(rule.signal))
    for one in (seen, revision):
        if isinstance(one, Unavailable) and one.code != "not_read":
            return SignalReading(rule.signal, owner, Presence.UNREAD, reason=one.reason)
    if isinstance(seen, Observed):
        if not isinstance(seen.value, tuple):
            return SignalReading(rule.signal, owner, Presence.UNREAD, reason="its digest is not readable")
        newest_one = revision.value if isinstance(revision, Observed) and isinstance(revision.value, str) else ""
        settled = state.value(owner, settled_of(rule.signal)) is None
        return SignalReading(rule.signal, owner, Presence.PRESENT, seen.value, newest_one, settled)
    if not place.completed(rule.collector):
        return SignalReading(rule.signal, owner, Presence.UNREAD, reason=place.why_not(rule.collector))
    return SignalReading(rule.signal, owner, Presence.ABSENT)
