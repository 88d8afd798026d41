"""Raw API objects that move when somebody changes a setting: how they stand now, and how they stood since a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contribaudit.core.observation import Observed, SettingId
from contribaudit.core.rules import SignalRule
from contribaudit.core.setting import Family
from contribaudit.core.state import State
from contribaudit.core.subject import Kind, Subject, organization_subject


class Standing(StrEnum):
    """Whether a signal can be compared."""

    PRESENT = "present"
    ABSENT = "absent"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class SignalReading:
    """One signal of one owner, as this run found it."""

    signal: SettingId
    owner: Subject
    standing: Standing
    state: tuple[str, ...] | None = None
    """Digests of its objects, sorted; None when the API holds none, and when it was not read."""
    revision: str = ""
    """The newest `updatedAt` of its objects, "" where they have none."""
    settled: bool = True
    """False while the API says that a change of it is still being applied."""
    reason: str = ""
    """Why it was not read."""


SignalHistory = Mapping[tuple[Subject, SettingId], tuple[tuple[datetime, tuple[str, ...] | None], ...]]
"""By owner and signal: since when the API held which state, oldest first; None for "it held none"."""


def readings(state: State, subject: Subject, family: Family) -> tuple[SignalReading, ...]:
    """Every signal that anchors a setting of this family on this subject, in the rulebook's order.

    The organization's own signals anchor it and everything in it; an app is anchored by its own beside them.
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


def moved_since(history: SignalHistory, reading: SignalReading, moment: datetime) -> datetime | None:
    """When the signal first held another state than the present one, after `moment`; None when it never did."""
    for since, held in history.get((reading.owner, reading.signal), ()):
        if since > moment and held != reading.state:
            return since
    return None


def _reading(state: State, rule: SignalRule, owner: Subject) -> SignalReading:
    place = state.organizations.get(owner.organization)
    seen = state.read(owner, rule.signal)
    if isinstance(seen, Observed) and isinstance(seen.value, tuple):
        revision = state.value(owner, SettingId(f"revision.{rule.signal}"))
        newest = revision.value if revision is not None and isinstance(revision.value, str) else ""
        return SignalReading(rule.signal, owner, Standing.PRESENT, seen.value, newest)
    if place is None or not place.completed(rule.collector):
        why = place.why_not(rule.collector) if place is not None else "the organization was not read"
        return SignalReading(rule.signal, owner, Standing.UNREAD, reason=why)
    if isinstance(seen, Observed):
        return SignalReading(rule.signal, owner, Standing.UNREAD, reason="its digest is not readable")
    return SignalReading(rule.signal, owner, Standing.ABSENT)
