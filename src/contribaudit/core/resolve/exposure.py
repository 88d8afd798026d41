"""Exposure windows and deletion clocks: when Atlassian could use contributed data, as far as evidence shows.

After an opt-out Atlassian's periods begin: this module says which, from which day, and what may be kept for years. The
day of an opt-out is that of the policy's decision on the switch, since a look does not show when it was set.
https://support.atlassian.com/security-and-access-policies/docs/understand-data-contribution/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from contribaudit.core.model import names
from contribaudit.core.model.attestation import unrevoked_by
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.policy import Decision
from contribaudit.core.model.rulebook import Clocks
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.model.times import later, start_of, utc_day
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, in_app, metadata
from contribaudit.core.resolve.state import State

_WHAT = {names.METADATA: "metadata", names.IN_APP: "in-app data"}


class Span(StrEnum):
    """The state of an exposure window."""

    NOT_BEGUN = "not_begun"
    OPEN = "open"
    CLOSED = "closed"
    EXEMPT = "exempt"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class ExposureWindow:
    """The time in which one kind of data was, or may have been, contributed by an organization."""

    setting: SettingId
    """ `contribution.metadata` or `contribution.in_app`."""
    span: Span
    begins: date
    """The day from which data is used, according to the rulebook."""
    ends: datetime | None
    """CLOSED: the time from which every look shows contribution off; it may have ended earlier. Otherwise None."""
    sentence: str
    """For people, without a full stop."""

    @property
    def days(self) -> int | None:
        """CLOSED: the most whole days that it can have lasted; otherwise None."""
        return None if self.ends is None else max(0, (utc_day(self.ends) - self.begins).days)


def exposure_window(state: State, organization: str) -> tuple[ExposureWindow, ExposureWindow]:
    """The windows of metadata and of in-app data, in this order, each as long as it can be by now.

    A window closes with the first look of the unbroken series that shows the organization's switch off up to now; a
    value that only a signal shows closes it now. Between looks the switch may have been on, and no sentence claims
    otherwise. The window of in-app data stays open while the include list opens anything, so the looks at that list
    count too.
    """
    return _window(state, organization, names.METADATA), _window(state, organization, names.IN_APP)


def _window(state: State, organization: str, setting: SettingId) -> ExposureWindow:
    subject = organization_subject(organization)
    answer = metadata(state, subject) if setting == names.METADATA else in_app(state, subject)
    begins, what = state.rulebook.effective, _WHAT[setting]

    def window(span: Span, sentence: str, ends: datetime | None = None) -> ExposureWindow:
        return ExposureWindow(setting, span, begins, ends, sentence)

    if answer.outcome is Outcome.NOT_YET_EFFECTIVE:
        return window(Span.NOT_BEGUN, f"no {what} is used before {begins}")
    if answer.outcome is Outcome.EXEMPT:
        return window(Span.EXEMPT, f"the organization is exempt today; no attestation shows since when for its {what}")
    if answer.value == CONTRIBUTED:
        through = "" if answer.code in ("switch", "plan_always_contributes") else f", and continues: {answer.reason}"
        return window(Span.OPEN, f"the exposure of {what} has been open since {begins}{through}")
    ends = _over_since(state, organization, setting) if answer.value is not None else None
    if ends is None:
        return window(Span.NOT_KNOWN, f"the exposure of {what} since {begins} is not known: {answer.reason}")
    day = utc_day(ends)
    if day < begins:
        return window(
            Span.CLOSED, f"every attestation since {day}, before {begins}, shows {what} not contributed", ends
        )
    return window(
        Span.CLOSED,
        f"the exposure of {what} began on {begins} at the earliest and was over by {day}, "
        "when it was first seen off, as in every attestation since",
        ends,
    )


def _over_since(state: State, organization: str, setting: SettingId) -> datetime | None:
    """The time since which all looks show the switch, and for in-app data the include list, as now; None if unknown."""
    settings = (setting, names.INCLUDED) if setting == names.IN_APP else (setting,)
    starts = [_unbroken_since(state, organization, one) for one in settings]
    return None if None in starts else max(one for one in starts if one is not None)


def _unbroken_since(state: State, organization: str, setting: SettingId) -> datetime | None:
    """The first look of the unbroken series that shows the present value; None where there is no value."""
    subject = organization_subject(organization)
    seen = state.value(subject, setting)
    if seen is None:
        return None
    present_value = _folded(seen.value)
    if seen.grade is not Grade.ATTESTED:
        # A signal shows only today's position: since the look that gave it its meaning, the switch may have been on.
        return state.as_of if seen.grade is Grade.INFERRED else seen.observed_at
    looks: dict[datetime, bool] = defaultdict(lambda: True)
    for one in unrevoked_by(state.organization(organization).attestations, state.as_of):
        if one.subject == subject and one.setting == setting:
            looks[one.observed_at] &= _folded(one.value) == present_value
    first = seen.observed_at
    for moment in sorted(looks, reverse=True):
        if not looks[moment]:
            break
        first = min(first, moment)
    return first


def _folded(value: Value) -> object:
    """The value without case and, for a list, without order."""
    if isinstance(value, tuple):
        return frozenset(one.strip().casefold() for one in value)
    return value.strip().casefold() if isinstance(value, str) else value


SWITCHES = (names.IN_APP, names.METADATA)
CALLED = {names.IN_APP: "in-app contribution", names.METADATA: "metadata contribution"}


@dataclass(frozen=True, slots=True)
class DeletionClock:
    """A period after an opt-out within which Atlassian acts. Nobody outside Atlassian can verify that it did."""

    decision: Decision
    """The decision that turned the switch off, from whose day on the period runs."""
    what: str
    """What should be done by then: "contributed data deleted"."""
    due_at: datetime
    grade: str
    """How good the source of the period is."""


def newest_decision(decisions: Iterable[Decision], setting: SettingId, as_of: datetime) -> Decision | None:
    """The newest decision on a setting dated today or before, of several on one day the last; None without one."""
    made = [one for one in decisions if one.setting == setting and one.date <= utc_day(as_of)]
    return max(reversed(made), key=lambda one: one.date, default=None)


def opt_outs(state: State, organization: str, decisions: Collection[Decision]) -> list[Decision]:
    """The decision behind each opt-out of the organization: the switch is seen off, and was decided off.

    An opt-out before the day on which use began is left out, since nothing had been used.
    """
    off = [one for one in SWITCHES if _is_off(state.text(organization_subject(organization), one))]
    newest = [newest_decision(decisions, one, state.as_of) for one in off]
    return [one for one in newest if one is not None and _is_off(one.value) and one.date >= state.rulebook.effective]


def clocks_of(clocks: Clocks, decision: Decision) -> tuple[DeletionClock, ...]:
    """The clocks that this opt-out starts, first end first: one for the data, one for the retraining of models."""
    of_data = (
        (clocks.in_app_deletion_days, "contributed data deleted")
        if decision.setting == names.IN_APP
        else (clocks.metadata_deletion_days, "content attributes deleted")
    )
    made = [
        DeletionClock(
            decision,
            what,
            later(start_of(decision.date), timedelta(days=figure.amount)),
            figure.grade.partition(" ")[0],
        )
        for figure, what in (of_data, (clocks.retrain_days, "models retrained"))
    ]
    return tuple(sorted(made, key=lambda one: one.due_at))


def residue_until(clocks: Clocks, day: date) -> date:
    """The first day on which aggregates of data contributed up to `day` can be expected to be gone."""
    year = day.year + clocks.residue_years.amount
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def _is_off(value: object) -> bool:
    return isinstance(value, str) and value.strip().casefold() == "off"
