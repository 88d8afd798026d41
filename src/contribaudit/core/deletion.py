"""Atlassian's periods after an opt-out: which of them run, from which day, and what may stay for years.

The day of an opt-out is that of the policy's decision on the switch: a look does not tell when it was set.
https://support.atlassian.com/security-and-access-policies/docs/understand-data-contribution/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, SettingId
from contribaudit.core.model.policy import Decision
from contribaudit.core.model.rulebook import Clocks
from contribaudit.core.model.subject import Subject, organization_subject
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import State

SWITCHES = (names.IN_APP, names.METADATA)
CALLED = {names.IN_APP: "in-app contribution", names.METADATA: "metadata contribution"}


@dataclass(frozen=True, slots=True)
class DeletionClock:
    """One period after one opt-out. That it was kept, nobody outside can verify."""

    setting: SettingId
    """The switch that was opted out of."""
    what: str
    """What is to be done by then: "contributed data deleted"."""
    opted_out: date
    due_at: datetime
    decision: Decision
    grade: str
    """How good the source of the period is."""


def newest_decision(decisions: Iterable[Decision], setting: SettingId, as_of: datetime) -> Decision | None:
    """The newest decision on a setting that is dated today or before; None when there is none."""
    today = as_of.astimezone(UTC).date()
    made = [one for one in decisions if one.setting == setting and one.date <= today]
    return max(made, key=lambda one: one.date, default=None)


def opted_out(state: State, subject: Subject, setting: SettingId, decisions: Iterable[Decision]) -> Decision | None:
    """The decision that dates an opt-out which still stands: the switch is seen off, and was decided off."""
    seen = state.read(subject, setting)
    decision = newest_decision(decisions, setting, state.as_of)
    if decision is None or not isinstance(seen, Observed) or not _off(seen.value) or not _off(decision.value):
        return None
    return decision


def clocks_of(clocks: Clocks, setting: SettingId, decision: Decision) -> tuple[DeletionClock, ...]:
    """What runs after this opt-out, the first end first: 30 or 90 days for the data, 90 for the models."""
    of_data = (
        (clocks.in_app_deletion_days, "contributed data deleted")
        if setting == names.IN_APP
        else (clocks.metadata_deletion_days, "content attributes deleted")
    )
    begun = datetime.combine(decision.date, time(), UTC)
    made = [
        DeletionClock(
            setting,
            what,
            decision.date,
            later(begun, timedelta(days=figure.amount)),
            decision,
            figure.grade.partition(" ")[0],
        )
        for figure, what in (of_data, (clocks.retrain_days, "models retrained"))
    ]
    return tuple(sorted(made, key=lambda one: one.due_at))


def deletion_clocks(state: State, organization: str, decisions: Iterable[Decision]) -> tuple[DeletionClock, ...]:
    """Every clock that an opt-out of the organization has set going, run down or not; the first end first.

    An opt-out from before the day on which use began set none going: nothing had been used.
    """
    known = tuple(decisions)
    subject = organization_subject(organization)
    found: list[DeletionClock] = []
    for setting in SWITCHES:
        decision = opted_out(state, subject, setting, known)
        if decision is not None and decision.date >= state.rulebook.effective:
            found += clocks_of(state.rulebook.clocks, setting, decision)
    return tuple(sorted(found, key=lambda one: one.due_at))


def residue_until(clocks: Clocks, day: date) -> date:
    """The first day on which aggregates of data contributed up to `day` can be expected to be gone."""
    year = day.year + clocks.residue_years.amount
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def _off(value: object) -> bool:
    return isinstance(value, str) and value.strip().casefold() == "off"
