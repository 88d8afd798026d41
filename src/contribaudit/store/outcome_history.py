"""How findings came out over time, and when anybody looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, select

from contribaudit.core.advise.gaps import RunSeen
from contribaudit.store.facts import run_starts
from contribaudit.store.pruning import read_prunings
from contribaudit.store.rows import organization_number
from contribaudit.store.schema import collections, outcomes, runs, snapshots, unreached


@dataclass(frozen=True, slots=True)
class OutcomeSpan:
    """One finding at one outcome, from the first run that gave it to the last."""

    finding: str
    organization: str
    check: str
    outcome: str
    since: datetime
    """Start of the first run that gave it, though not before the period that was asked for."""
    last: datetime
    """Start of the last run of the organization in which it was so."""
    ended: datetime | None
    """Start of the run that came to another outcome, or to none; None while it stands."""
    observations: int
    """Runs of the organization in between that are still kept, whole or not."""
    longest_gap_hours: float
    """Between two of them, or to the run that ended it: how long the outcome may have been another one unseen."""


def read_outcome_history(
    connection: Connection,
    organization: str,
    finding: str | None,
    check: str | None,
    since: datetime | None,
    until: datetime | None,
) -> list[OutcomeSpan]:
    """Intervals of the findings, by check, finding and time."""
    looked = _runs_of(connection, organization)
    c = outcomes.c
    query = select(outcomes).where(c.organization == organization).order_by(c.check, c.finding, c.first_run)
    ends = select(c.ended_run).distinct().where(c.organization == organization, c.ended_run.is_not(None))
    if finding is not None:
        query, ends = query.where(c.finding == finding), ends.where(c.finding == finding)
    if check is not None:
        query = query.where(c.check == check)
    started_at = run_starts(connection, set(connection.execute(ends).scalars()))
    words: dict[str, str] = {}  # a million findings have a hundred checks and outcomes
    spans = []
    for row in connection.execute(query):
        ended = None if row.ended_run is None else started_at[row.ended_run]
        moments = [at for run, at in looked if row.first_run <= run and (row.ended_run is None or run < row.ended_run)]
        moments = [at for at in moments if (since is None or at >= since) and (until is None or at <= until)]
        if not moments:
            continue
        inside = ended if ended is not None and (until is None or ended <= until) else None
        steps = [*moments, inside] if inside is not None else moments
        longest = max((after - before for before, after in pairwise(steps)), default=timedelta())
        spans.append(
            OutcomeSpan(
                row.finding,
                organization,
                words.setdefault(row.check, row.check),
                words.setdefault(row.outcome, row.outcome),
                moments[0],
                moments[-1],
                inside,
                len(moments),
                round(longest.total_seconds() / 3600, 2),
            )
        )
    return spans


def read_runs_seen(
    connection: Connection, organization: str, since: datetime | None, until: datetime | None
) -> list[RunSeen]:
    """When anybody looked, and how far each collector came; removed runs and audits that read nothing are among them.

    Oldest first.
    """
    number = organization_number(connection, organization)
    c = collections.c
    status: dict[int, dict[str, str]] = {}
    for run, collector, word in connection.execute(
        select(c.run, c.collector, c.status).where(c.organization == number)
    ):
        status.setdefault(run, {})[collector] = word
    s = snapshots.c
    query = select(s.run, s.started_at, s.finished_at).where(s.organization == number).order_by(s.run)
    found = [
        RunSeen(run, started_at, finished_at, status.get(run, {}))
        for run, started_at, finished_at in connection.execute(query)
    ]
    for pruning in read_prunings(connection):
        for one in pruning.runs:
            if organization in one.organizations:
                why = f"removed on {pruning.pruned_at:%Y-%m-%d} by {pruning.account or 'an unknown account'}"
                whole = not one.organizations[organization]
                found.append(RunSeen(one.run, one.started_at, one.started_at, {}, removed=why, was_whole=whole))
    u = unreached.c
    tried = select(u.started_at, u.reason).where(u.organization == number)
    found += [RunSeen(0, at, at, {}, unreached=reason) for at, reason in connection.execute(tried)]
    return sorted(
        (
            one
            for one in found
            if (since is None or one.finished_at >= since) and (until is None or one.started_at <= until)
        ),
        key=lambda one: (one.started_at, one.run),
    )


def _runs_of(connection: Connection, organization: str) -> Sequence[tuple[int, datetime]]:
    """Run and start of every kept run of the organization, of every run for the company, oldest first."""
    if not organization:
        return [(run, at) for run, at in connection.execute(select(runs.c.id, runs.c.started_at).order_by(runs.c.id))]
    number = organization_number(connection, organization)
    query = select(snapshots.c.run, runs.c.started_at).join(runs, snapshots.c.run == runs.c.id)
    query = query.where(snapshots.c.organization == number).order_by(snapshots.c.run)
    return [(run, at) for run, at in connection.execute(query)]
