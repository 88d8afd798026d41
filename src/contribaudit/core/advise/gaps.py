"""Gaps between complete readings. They are reported, and never filled with what was seen before or after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from contribaudit.core.model.phrases import counted
from contribaudit.core.model.snapshot import CollectionStatus

EVERY_HOURS = 26.0
"""The default for the longest time between complete readings: a run a day, and two hours of grace."""


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One run over one organization."""

    run: int
    """0 for an audit that could read nothing."""
    started_at: datetime
    finished_at: datetime
    status: Mapping[str, str]
    """Each collector's `CollectionStatus`; empty for a run that was removed."""
    removed: str = ""
    """"removed on DATE by ACCOUNT" for a run that was pruned; "" for one that is kept."""
    was_whole: bool = False
    """For a removed run: whether every collector had read everything."""

    unreached: str = ""
    """Why an audit could read nothing, so that no run of it is kept; "" for a run."""

    def whole(self, collector: str | None = None) -> bool:
        """True when the collector (None: every collector) read everything, and the run is still kept as proof."""
        if collector is not None:
            return self.status.get(collector) == CollectionStatus.OK
        return bool(self.status) and all(word == CollectionStatus.OK for word in self.status.values())


@dataclass(frozen=True, slots=True)
class Gap:
    """The time from the end of one complete reading to the start of the next."""

    organization: str
    collector: str | None
    """None for the run as a whole."""
    since: datetime
    until: datetime
    open: bool
    """True when nothing has been read since, so that `until` is only the end of the period."""
    why: str
    """What is known about the time in between: no run, runs that did not read everything, runs that were removed."""

    @property
    def hours(self) -> float:
        """The length of the gap in hours."""
        return round((self.until - self.since).total_seconds() / 3600, 2)


def gaps(
    organization: str,
    runs: Iterable[RunSeen],
    since: datetime | None,
    until: datetime,
    *,
    expected_every_hours: float,
    collector: str | None = None,
) -> list[Gap]:
    """The gaps of a period, oldest first: times between two complete readings that are longer than expected.

    A run that did not read everything closes no gap. Without `since` the period begins with the first complete
    reading, and nothing is said about the time before.
    """
    seen = [one for one in runs if one.started_at <= until and (since is None or one.finished_at >= since)]
    whole = [one for one in seen if one.whole(collector)]
    long_gaps: list[Gap] = []

    def add(begin: datetime, end: datetime, *, still: bool) -> None:
        if end - begin > timedelta(hours=expected_every_hours):
            between = [one for one in seen if begin < one.started_at < end and not one.whole(collector)]
            long_gaps.append(Gap(organization, collector, begin, end, still, _gap_reason(between)))

    if since is not None:
        add(since, whole[0].started_at if whole else until, still=not whole)
    for before, after in pairwise(whole):
        add(before.finished_at, after.started_at, still=False)
    if whole:
        add(whole[-1].finished_at, until, still=True)
    return long_gaps


def gaps_by_collector(
    organization: str,
    runs: Iterable[RunSeen],
    since: datetime | None,
    until: datetime,
    *,
    expected_every_hours: float,
) -> list[Gap]:
    """The gaps of runs as a whole, then those of each collector, by name."""
    seen = list(runs)
    names: list[str | None] = [None, *sorted({name for one in seen for name in one.status})]
    return [
        gap
        for name in names
        for gap in gaps(organization, seen, since, until, expected_every_hours=expected_every_hours, collector=name)
    ]


def _gap_reason(between: Sequence[RunSeen]) -> str:
    removed = [one for one in between if one.removed]
    unreached = [one for one in between if one.unreached]
    partial = len(between) - len(removed) - len(unreached)
    parts = []
    if removed:
        by = "; ".join(dict.fromkeys(one.removed for one in removed))
        whole = sum(1 for one in removed if one.was_whole)
        parts.append(f"{counted(len(removed), 'run')} {by}, {whole} of them whole")
    if partial:
        parts.append(f"{counted(partial, 'run')} did not read everything")
    if unreached:
        parts.append(f"{counted(len(unreached), 'audit')} could read nothing: {unreached[-1].unreached}")
    return ", ".join(parts) or "no run"
