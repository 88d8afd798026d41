"""Waivers: which findings each of them covers, and why a waiver does not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from contribaudit.core.judge.selectors import Attributes, surely_matches
from contribaudit.core.model.finding import AppliedWaiver, Finding, Outcome
from contribaudit.core.model.observation import SettingId, Value
from contribaudit.core.model.policy import Waiver
from contribaudit.core.model.setting import Setting, same_value
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import utc_day
from contribaudit.core.resolve.aliases import resolve_alias
from contribaudit.core.resolve.state import State
from contribaudit.errors import AmbiguousSubject


@dataclass(slots=True)
class WaiverMatcher:
    """Applies a policy's waivers to the findings of a state, and remembers which were used, for the warnings."""

    state: State
    waivers: tuple[Waiver, ...]
    find_setting: Callable[[SettingId], Setting]
    used: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    _subjects: dict[int, Subject | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, waiver in enumerate(self.waivers):
            if waiver.subject is not None:
                try:
                    self._subjects[number] = resolve_alias(self.state, waiver.subject)
                except AmbiguousSubject as error:
                    self.used.add(number)  # one warning is enough
                    self.notes.append(f"The waiver {waiver.origin} on {waiver.check} does not count: {error}")

    def apply(self, finding: Finding, attributes: Attributes) -> Finding:
        """The finding, waived when a valid waiver covers it; it keeps the outcome under the waiver."""
        for number, waiver in enumerate(self.waivers):
            if waiver.check != finding.check or not self._is_about(number, waiver, finding.subject, attributes):
                continue
            self.used.add(number)
            objection = self._objection(waiver, finding)
            if objection is None:
                return replace(
                    finding,
                    outcome=Outcome.WAIVED,
                    waiver=AppliedWaiver(waiver.reason, waiver.approved_by, waiver.ticket, waiver.expires),
                )
            if objection:
                self.notes.append(f"The waiver {waiver.origin} on {waiver.check} does not count: {objection}.")
        return finding

    def warnings(self) -> list[str]:
        """Warnings about waivers that do not count, match nothing, or are due for review."""
        today = utc_day(self.state.as_of)
        unused = [
            f"The waiver {waiver.origin} on {waiver.check} matches nothing."
            for number, waiver in enumerate(self.waivers)
            if number not in self.used
        ]
        overdue = [
            f"The waiver {waiver.origin} on {waiver.check} has been due for review since {waiver.review_due}."
            for waiver in self.waivers
            if waiver.review_due is not None and waiver.review_due < today <= waiver.expires
        ]
        return [*dict.fromkeys(self.notes), *unused, *overdue]

    def _is_about(self, number: int, waiver: Waiver, subject: Subject, attributes: Attributes) -> bool:
        if waiver.where is not None:
            return surely_matches(waiver.where, attributes)
        return number in self._subjects and self._subjects[number] == subject

    def _objection(self, waiver: Waiver, finding: Finding) -> str | None:
        """Why the waiver does not cover the finding; "" when that needs no warning, None when the waiver covers it."""
        today = utc_day(self.state.as_of)
        if finding.outcome not in waiver.outcomes:
            return "" if not finding.outcome.violates else f"the outcome is {finding.outcome}"
        if waiver.expires < today:
            return f"it expired on {waiver.expires}"
        if waiver.approved_at > today:
            return f"its approval is dated {waiver.approved_at}, which is in the future"
        setting = self.find_setting(finding.setting) if finding.setting is not None else None
        if waiver.binds_to_value and not _values_equal(setting, waiver.observed, finding.observed):
            return f"it covers {_displayed(waiver.observed)}, but {_displayed(finding.observed)} was observed"
        moved = self._alias_moved_since(waiver, finding.subject)
        if moved is not None:
            return (
                f"since it was approved, `{waiver.subject}` now names another one ({finding.subject.id}, "
                f"first seen {moved:%Y-%m-%d}); approve it again for that one"
            )
        return None

    def _alias_moved_since(self, waiver: Waiver, subject: Subject) -> datetime | None:
        """When, after the approval, the waiver's alias came to name this subject in place of another; else None."""
        if waiver.subject is None:
            return None
        alias = waiver.subject.removeprefix(f"{subject.organization}:").casefold()
        holders = self.state.organization(subject.organization).alias_holders.get(alias, ())
        first_seen = [moment for holder, moment in holders if holder == subject.id]
        others = [moment for holder, moment in holders if holder != subject.id]
        if not first_seen or not others or min(others) >= max(first_seen):
            return None
        moved = max(first_seen)
        return moved if utc_day(moved) > waiver.approved_at else None


def _values_equal(setting: Setting | None, left: Value, right: Value) -> bool:
    if setting is None:
        return type(left) is type(right) and left == right
    # A waiver may name one value as a list or alone: ["US"] covers a realm of "US".
    if isinstance(left, tuple) and not isinstance(right, tuple) and len(left) == 1:
        left = left[0]
    return same_value(setting, left, right)


def _displayed(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "the empty list"
    return "null" if value is None else str(value)
