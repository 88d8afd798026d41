"""Since when, and until when, Atlassian could use what is contributed: as far as evidence reaches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from contribaudit.core import names
from contribaudit.core.attestation import standing
from contribaudit.core.effective_contribution import CONTRIBUTED, in_app, metadata
from contribaudit.core.effective_plan import Deciding, deciding_plan
from contribaudit.core.finding import Outcome
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.state import State
from contribaudit.core.subject import organization_subject

_OFF = "off"
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
    Of in-app data it is the organization's switch, whatever the lists include or exclude.
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
        return window(Span.OPEN, f"the exposure of {what} is open since {begins}")
    ends = _off_since(state, organization, setting) if _can_be_off(state, organization, setting) else None
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


def _can_be_off(state: State, organization: str, setting: SettingId) -> bool:
    """Whether a look at the switch can close the window: some plans have metadata contributed whatever it shows."""
    plan = deciding_plan(state, organization)
    return setting == names.IN_APP or (isinstance(plan, Deciding) and plan.plan.metadata_changeable)


def _off_since(state: State, organization: str, setting: SettingId) -> datetime | None:
    """The first of the unbroken looks that show the switch off up to now; None where nothing shows it off."""
    subject = organization_subject(organization)
    seen = state.value(subject, setting)
    if seen is None or not _is_off(seen.value):
        return None
    if seen.grade is not Grade.ATTESTED:
        # A signal shows today's position; the look that gave it its meaning may be older than a time of On.
        return state.as_of if seen.grade is Grade.INFERRED else seen.observed_at
    looks: dict[datetime, bool] = defaultdict(lambda: True)
    for one in standing(state.attestations.get(organization, ()), state.as_of):
        if one.subject == subject and one.setting == setting:
            looks[one.observed_at] &= _is_off(one.value)
    first = seen.observed_at
    for moment in sorted(looks, reverse=True):
        if not looks[moment]:
            break
        first = min(first, moment)
    return first


def _is_off(value: object) -> bool:
    return isinstance(value, str) and value.strip().casefold() == _OFF
