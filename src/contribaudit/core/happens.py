"""The days on which an outcome can change by itself, while nobody does anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from contribaudit.core.advise.expiry import every_end
from contribaudit.core.deletion import SWITCHES, clocks_of
from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.times import later, parse_utc
from contribaudit.core.resolve.state import State

_INSTANT = timedelta(microseconds=1)
"""Evidence still counts at the very moment of its end."""
_DAY = timedelta(days=1)


def days_of_change(state: State, policy: AuditPolicy, until: date) -> set[date]:
    """Days from the state's own up to `until`, in UTC, at whose end something may be judged otherwise than before.

    Whatever an observation dates counts on its day and the one after: ends of trials and of moves, and days that a
    later version may look at.
    """
    today = state.as_of.astimezone(UTC).date()
    return {day for day in _days(state, policy) if today <= day <= until}


def _days(state: State, policy: AuditPolicy) -> Iterator[date]:
    rulebook = state.rulebook
    yield rulebook.effective
    for file in rulebook.files:
        yield file.reviewed
        for days in (rulebook.review_within_days, rulebook.scope_review_within_days):
            yield later(file.reviewed, timedelta(days=days) + _DAY)
    for end in every_end(state, policy):
        yield _day(later(end, _INSTANT))
    for waiver in policy.waivers:
        yield waiver.approved_at
        yield waiver.expires + _DAY
    for decision in policy.decisions:
        yield decision.date
        if decision.setting in SWITCHES:
            yield from (_day(one.due_at) for one in clocks_of(rulebook.clocks, decision.setting, decision))
    for moment in _moments(state):
        yield _day(moment)
        yield _day(moment) + _DAY


def _moments(state: State) -> Iterator[datetime]:
    """What was recorded for a time that is still to come, and every day that a source named."""
    for told in state.attestations.values():
        for one in told:
            yield from (one.observed_at, one.recorded.at, *(signed.at for signed in one.confirmed))
            if one.revoked is not None:
                yield one.revoked.at
    for seen in state.everything():
        if isinstance(seen, Observed):
            yield seen.observed_at
            if seen.setting == names.CONNECTOR_STATE:
                yield later(seen.observed_at, timedelta(hours=state.rulebook.clocks.disconnect_hours.amount))
            if isinstance(seen.value, str) and 10 <= len(seen.value) <= 35 and seen.value[:4].isdecimal():
                moment = parse_utc(seen.value)
                if moment is not None:
                    yield moment


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
