"""Since when, and until when, Atlassian could use what is contributed: as far as evidence reaches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from contribaudit.core.model import names
from contribaudit.core.model.attestation import standing
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.effective_contribution import CONTRIBUTED, in_app, metadata
from contribaudit.core.resolve.state import State

_WHAT = {names.METADATA: "metadata", names.IN_APP: "in-app data"}


class Span(StrEnum):
    """How an exposure window stands."""

    NOT_BEGUN = "not_begun"
    OPEN = "open"
    CLOSED = "closed"
    EXEMPT = "exempt"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class ExposureWindow:
    """The time in which one kind of data was, or may have been, contributed by an organization."""

    organization: str
    setting: SettingId
    """ `contribution.metadata` or `contribution.in_app`."""
    span: Span
    begins: date
    """The day from which data is used, by the rulebook."""
    ends: datetime | None
    """CLOSED: from when on every look shows contribution off; it may have ended earlier. None for any other."""
    sentence: str
    """For people, without a full stop."""

    @property
    def days(self) -> int | None:
        """CLOSED: the most whole days that it can have lasted; None for any other."""
        return None if self.ends is None else max(0, (self.ends.astimezone(UTC).date() - self.begins).days)


def exposure_window(state: State, organization: str) -> tuple[ExposureWindow, ExposureWindow]:
    """The windows of metadata and of in-app data, in this order: the longest that they can be by now.

    A window closes with the first of the looks that, without a break, show the organization's switch off up to now;
    what a signal alone shows closes it now. Between looks the switch may have been on: no sentence claims otherwise.
    That of in-app data is open as long as the include list opens anything, and what that held is asked of the looks
    at it as well.
    """
    return _window(state, organization, names.METADATA), _window(state, organization, names.IN_APP)


def _window(state: State, organization: str, setting: SettingId) -> ExposureWindow:
    subject = organization_subject(organization)
    answer = metadata(state, subject) if setting == names.METADATA else in_app(state, subject)
    begins, what = state.rulebook.effective, _WHAT[setting]

    def window(span: Span, sentence: str, ends: datetime | None = None) -> ExposureWindow:
        return ExposureWindow(organization, setting, span, begins, ends, sentence)

    if answer.outcome is Outcome.NOT_YET_EFFECTIVE:
        return window(Span.NOT_BEGUN, f"no {what} is used before {begins}")
    if answer.outcome is Outcome.EXEMPT:
        return window(Span.EXEMPT, f"the organization is exempt today; since when, no look tells for its {what}")
    if answer.value == CONTRIBUTED:
        through = "" if answer.code in ("switch", "plan_always_contributes") else f", and stays so: {answer.reason}"
        return window(Span.OPEN, f"the exposure of {what} is open since {begins}{through}")
    ends = _over_since(state, organization, setting) if answer.value is not None else None
    if ends is None:
        return window(Span.NOT_KNOWN, f"the exposure of {what} since {begins} is not known: {answer.reason}")
    day = ends.astimezone(UTC).date()
    if day < begins:
        return window(Span.CLOSED, f"every look since {day}, before {begins}, shows {what} not contributed", ends)
    return window(
        Span.CLOSED,
        f"the exposure of {what} began on {begins} at the earliest and was over by {day}, "
        "when it was first seen off and at every look since",
        ends,
    )


def _over_since(state: State, organization: str, setting: SettingId) -> datetime | None:
    """The later of the times since when every look shows the switch off and the include list as it is."""
    asked = (setting, names.INCLUDED) if setting == names.IN_APP else (setting,)
    since = [_unbroken_since(state, organization, one) for one in asked]
    return None if None in since else max(one for one in since if one is not None)


def _unbroken_since(state: State, organization: str, setting: SettingId) -> datetime | None:
    """The first of the unbroken looks that show the value of now; None where nothing shows any."""
    subject = organization_subject(organization)
    seen = state.value(subject, setting)
    if seen is None:
        return None
    now = _folded(seen.value)
    if seen.grade is not Grade.ATTESTED:
        # A signal shows today's position; the look that gave it its meaning may be older than a time of On.
        return state.as_of if seen.grade is Grade.INFERRED else seen.observed_at
    looks: dict[datetime, bool] = defaultdict(lambda: True)
    for one in standing(state.attestations.get(organization, ()), state.as_of):
        if one.subject == subject and one.setting == setting:
            looks[one.observed_at] &= _folded(one.value) == now
    first = seen.observed_at
    for moment in sorted(looks, reverse=True):
        if not looks[moment]:
            break
        first = min(first, moment)
    return first


def _folded(value: Value) -> object:
    """The value without case and, of a list, without order."""
    if isinstance(value, tuple):
        return frozenset(one.strip().casefold() for one in value)
    return value.strip().casefold() if isinstance(value, str) else value
