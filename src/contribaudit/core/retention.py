"""Which runs a pruning keeps by their age: one a day, then one a week, then none."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contribaudit.errors import UsageError

DAILY, WEEKLY = "90d", "15mo"
"""The defaults: as many days at one run a day, and a retention of 15 months."""
_SPAN = re.compile(r"([1-9][0-9]{0,3})\s*(d|w|mo|y)", re.IGNORECASE)
_MONTHS = {"mo": 1, "y": 12}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as people write it: "90d", "12w", "15mo", "2y"."""

    text: str
    days: int
    months: int

    def before(self, moment: datetime) -> datetime:
        """The moment that lies so far back; a day that its month does not have is the month's last."""
        months = moment.year * 12 + moment.month - 1 - self.months
        year, month = max(months // 12, 1), months % 12 + 1
        for day in range(moment.day, 27, -1):
            try:
                return moment.replace(year=year, month=month, day=day) - timedelta(days=self.days)
            except ValueError:
                continue
        return moment.replace(year=year, month=month, day=min(moment.day, 28)) - timedelta(days=self.days)


def parse_span(text: str) -> Span:
    """The span. Raises UsageError for a text that is none."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"{text[:40]!r} is no length of time", hint="Write days, weeks, months or years: 90d, 12w, 15mo"
        )
    amount, unit = int(found[1]), found[2].lower()
    months = _MONTHS.get(unit, 0)
    return Span(f"{amount}{unit}", 0 if months else amount * (7 if unit == "w" else 1), amount * months)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept, and how densely."""

    daily: Span
    """Younger than this, one run a day is kept."""
    weekly: Span
    """Younger than this, one run a week; older runs are removed."""

    def __str__(self) -> str:
        return f"one run a day for {self.daily.text}, then one a week for {self.weekly.text}"


@dataclass(frozen=True, slots=True)
class RunOf:
    """One organization's part of a run."""

    run: int
    organization: str
    started_at: datetime
    lacking: tuple[str, ...] = ()
    """The collectors that did not read everything."""

    @property
    def whole(self) -> bool:
        """True when every collector read everything."""
        return not self.lacking


def kept_by_age(runs: Iterable[RunOf], rule: Retention, now: datetime) -> set[int]:
    """The runs that stay for their age alone.

    Of each day (UTC), later of each ISO week, an organization keeps its last whole run, or its last one where none
    is whole. The newest run and each organization's first and last stay whatever their age, and so does a run that
    is dated in the future.
    """
    daily_from, weekly_from = rule.daily.before(now), rule.weekly.before(now)
    chosen: dict[Hashable, RunOf] = {}
    ends: dict[str, list[int]] = {}
    for one in sorted(runs, key=lambda each: each.run):
        ends.setdefault(one.organization, []).append(one.run)
        day = one.started_at.astimezone(UTC).date()
        if one.started_at >= daily_from:
            slot: Hashable = (one.organization, day)
        elif one.started_at >= weekly_from:
            slot = (one.organization, "week", *day.isocalendar()[:2])
        else:
            continue
        before = chosen.get(slot)
        if before is None or one.whole or not before.whole:
            chosen[slot] = one
    always = {run for its in ends.values() for run in (its[0], its[-1])}
    return always | {one.run for one in chosen.values()}
