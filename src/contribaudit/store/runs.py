"""Runs and their verdicts, and the outcome of each finding over time, stored as intervals.

A run whose outcomes are all unchanged adds no interval.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, select, update

from contribaudit.core.advise.gaps import RunSeen
from contribaudit.core.model.names import OPTIONAL_COLLECTORS
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.errors import UsageError
from contribaudit.store import ids
from contribaudit.store.columns import escape
from contribaudit.store.facts import known_after, organization_number, run_starts
from contribaudit.store.pruning import read_prunings
from contribaudit.store.records import Judged, RunRecord
from contribaudit.store.schema import collections, organizations, outcomes, policies, runs, snapshots, unreached


def list_runs(connection: Connection, *, organization: str | None = None, limit: int | None = None) -> list[RunRecord]:
    """Runs, newest first; only those of `organization`, and at most `limit`, where given."""
    query = _runs_of(connection, organization).order_by(runs.c.id.desc())
    return _records(connection, query if limit is None else query.limit(limit))


_RUN = select(runs).where(runs.c.id == bindparam("run"))


def find_run(connection: Connection, run: int) -> RunRecord:
    """The run with this number. Raises UsageError when it does not exist; the hint names the newest run."""
    records = _records(connection, _RUN.params(run=run))
    if records:
        return records[0]
    raise no_run(connection, run)


def no_run(connection: Connection, run: int) -> UsageError:
    """The error message for a run that does not exist."""
    newest = connection.execute(select(func.max(runs.c.id))).scalar()
    hint = "The history is empty: run an audit first" if newest is None else f"The newest run is {newest}"
    return UsageError(f"There is no run {run}", hint=hint)


def run_at(connection: Connection, moment: datetime, organization: str | None = None) -> RunRecord | None:
    """The last run (of the organization, if given) that began at or before the moment; None when there was none yet."""
    query = _runs_of(connection, organization).where(runs.c.started_at <= moment)
    records = _records(connection, query.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(1))
    return records[0] if records else None


_PREVIOUS = select(func.max(snapshots.c.run)).where(
    snapshots.c.organization == bindparam("organization"), snapshots.c.run < bindparam("before")
)
_CUT = select(collections.c.run).where(
    collections.c.organization == bindparam("organization"),
    collections.c.status != CollectionStatus.OK.value,
    collections.c.collector.not_in(OPTIONAL_COLLECTORS),
)
_COMPARED = _PREVIOUS.where(snapshots.c.run.not_in(_CUT))


def previous_run(connection: Connection, organization: str, run: int) -> int | None:
    """The organization's run before this one; None when this was its first."""
    number = organization_number(connection, organization)
    return connection.execute(_PREVIOUS, {"organization": number, "before": run}).scalar()


def compared_run(connection: Connection, organization: str, run: int) -> int | None:
    """The run with which this one is compared: the organization's last earlier run that was complete.

    The previous run when none was complete; None when this was its first.
    """
    number = organization_number(connection, organization)
    whole = connection.execute(_COMPARED, {"organization": number, "before": run}).scalar()
    return whole if whole is not None else previous_run(connection, organization, run)


def record_verdict(
    connection: Connection, run: int, exit_code: int, summary: Mapping[str, int], judged: Iterable[Judged] = ()
) -> None:
    """Record the exit code of a run and the outcome of each finding. `summary` counts findings by outcome.

    Raises UsageError when the run does not exist.
    """
    text = json.dumps({str(outcome): count for outcome, count in summary.items()})
    values = {"exit_code": exit_code, "summary": text}
    if connection.execute(update(runs).where(runs.c.id == run).values(values)).rowcount != 1:
        raise no_run(connection, run)
    _save_outcomes(connection, run, judged)


def record_unreached(connection: Connection, organization: str, started_at: datetime, reason: str) -> None:
    """Record that an audit could read nothing of the organization; `read_runs_seen` returns it, and gaps show it."""
    number = ids.organization_id(connection, organization)
    values = {"organization": number, "started_at": started_at, "reason": reason}
    ids.add(connection, unreached, **values)


def keep_policy(connection: Connection, sha256: str, resolved: str) -> None:
    """Store a resolved policy (TOML) under its digest."""
    if read_policy(connection, sha256) is None:
        connection.execute(insert(policies).values(sha256=sha256, resolved=resolved))


_POLICY = select(policies.c.resolved).where(policies.c.sha256 == bindparam("sha256"))


def read_policy(connection: Connection, sha256: str) -> str | None:
    """The resolved policy (TOML) with this digest; None when the version that judged by it did not store policies."""
    return connection.execute(_POLICY, {"sha256": sha256}).scalar()


def _runs_of(connection: Connection, organization: str | None) -> Select[Any]:
    if organization is None:
        return select(runs)
    number = organization_number(connection, organization)
    audited: ColumnElement[bool] = runs.c.id.in_(select(snapshots.c.run).where(snapshots.c.organization == number))
    return select(runs).where(audited)


_AUDITED = (
    select(snapshots.c.run, organizations.c.organization)
    .join(organizations)
    .where(snapshots.c.run.between(bindparam("first"), bindparam("last")))
    .order_by(snapshots.c.run, snapshots.c.position)
)


def _records(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    rows = connection.execute(query).mappings().all()
    if not rows:
        return []
    numbers = [row["id"] for row in rows]
    names: dict[int, list[str]] = defaultdict(list)
    for run, organization in connection.execute(_AUDITED, {"first": min(numbers), "last": max(numbers)}):
        names[run].append(organization)
    return [
        RunRecord(
            **{**row, "summary": json.loads(row["summary"]) if row["summary"] else {}},
            organizations=tuple(names[row["id"]]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class OutcomeSpan:
    """One finding with one outcome, from the first run that gave it to the last."""

    finding: str
    organization: str
    check: str
    outcome: str
    since: datetime
    """Start of the first run with this outcome, within the requested period."""
    last: datetime
    """Start of the organization's last run with this outcome."""
    ended: datetime | None
    """Start of the run that gave another outcome, or none; None while the outcome lasts."""
    observations: int
    """How many of the organization's runs with this outcome are still stored, complete or not."""
    longest_gap_hours: float
    """The longest time between two of those runs, or to the run that ended it, in which another outcome went unseen."""


def read_outcome_history(
    connection: Connection,
    organization: str,
    *,
    finding: str | None = None,
    check: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[OutcomeSpan]:
    """The outcomes of the organization's findings ("": the company's) over time, by check, finding and time."""
    looked = _runs_that_judged(connection, organization)
    c = outcomes.c
    query = select(outcomes).where(c.organization == organization).order_by(c.check, c.finding, c.first_run)
    ends = select(c.ended_run).distinct().where(c.organization == organization, c.ended_run.is_not(None))
    if finding is not None:
        query, ends = query.where(c.finding == finding), ends.where(c.finding == finding)
    if check is not None:
        query = query.where(c.check == check)
    started_at = run_starts(connection, set(connection.execute(ends).scalars()))
    words: dict[str, str] = {}  # share the texts: a million findings have a hundred checks and outcomes
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
    connection: Connection, organization: str, *, since: datetime | None = None, until: datetime | None = None
) -> list[RunSeen]:
    """When the organization was read, and the status of each collector; removed runs and unreached audits included.

    Oldest first. For `core.gaps`.
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
    seen = [
        RunSeen(run, started_at, finished_at, status.get(run, {}))
        for run, started_at, finished_at in connection.execute(query)
    ]
    for pruning in read_prunings(connection):
        for one in pruning.runs:
            if organization in one.organizations:
                why = f"removed on {pruning.pruned_at:%Y-%m-%d} by {pruning.account or 'an unknown account'}"
                whole = not one.organizations[organization]
                seen.append(RunSeen(one.run, one.started_at, one.started_at, {}, removed=why, was_whole=whole))
    u = unreached.c
    tried = select(u.started_at, u.reason).where(u.organization == number)
    seen += [RunSeen(0, at, at, {}, unreached=reason) for at, reason in connection.execute(tried)]
    return sorted(
        (
            one
            for one in seen
            if (since is None or one.finished_at >= since) and (until is None or one.started_at <= until)
        ),
        key=lambda one: (one.started_at, one.run),
    )


def _runs_that_judged(connection: Connection, organization: str) -> Sequence[tuple[int, datetime]]:
    """Number and start of every stored run of the organization ("": of every run), oldest first."""
    if not organization:
        return [(run, at) for run, at in connection.execute(select(runs.c.id, runs.c.started_at).order_by(runs.c.id))]
    number = organization_number(connection, organization)
    query = select(snapshots.c.run, runs.c.started_at).join(runs, snapshots.c.run == runs.c.id)
    query = query.where(snapshots.c.organization == number).order_by(snapshots.c.run)
    return [(run, at) for run, at in connection.execute(query)]


_STANDING = select(
    outcomes.c.id, outcomes.c.organization, outcomes.c.check, outcomes.c.finding, outcomes.c.outcome
).where(outcomes.c.ended_run.is_(None))


def _save_outcomes(connection: Connection, run: int, judged: Iterable[Judged]) -> None:
    """Open an interval for each outcome that is new, and close those that it replaces.

    A finding that has disappeared also ends if this run applied its check to its organization: a run that skips a check
    or an organization says nothing about them.
    """
    coming = {one.finding: one for one in judged}
    judged_checks = {(one.organization, one.check) for one in coming.values()}
    c = outcomes.c
    ended: list[int] = []
    for number, organization, check, finding, outcome in connection.execute(_STANDING):
        current = coming.get(finding)
        if current is not None and current.outcome == outcome:
            del coming[finding]
        elif current is not None or (organization, check) in judged_checks:
            ended.append(number)
    if ended:
        statement = update(outcomes).where(c.id == bindparam("number")).values(ended_run=run)
        connection.execute(statement, [{"number": number} for number in ended])
    first = ids.next_id(connection, outcomes)
    rows = [
        (number, escape(one.organization), escape(one.check), escape(one.finding), one.outcome, run, None)
        for number, one in enumerate(coming.values(), first)
    ]
    ids.bulk_insert(connection, outcomes, rows)


def read_outcomes(connection: Connection, run: int) -> dict[str, str]:
    """Outcome by finding ID as of the run; for a check or organization that the run skipped, the last one before."""
    query = select(outcomes.c.finding, outcomes.c.outcome).where(*known_after(run, outcomes))
    return {row.finding: row.outcome for row in connection.execute(query)}
