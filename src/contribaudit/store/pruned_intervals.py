"""Moves the intervals of removed runs to the runs that are kept, and finds the runs that others depend on.

An interval then begins at the first kept run at or after its beginning, and ends at the first one at or after its end,
so that every kept run knows what it knew. An interval that no kept run falls into is removed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, exists, func, or_, select, update

from contribaudit.catalogue.organization import SPACES as OF_SPACES
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.signals import REVISION_PREFIX, SIGNAL_PREFIX
from contribaudit.store.facts import run_starts, stored_facts, unpack, whole_runs
from contribaudit.store.schema import (
    baselines,
    change_notes,
    collections,
    facts,
    log_readings,
    looks,
    organizations,
    outcomes,
    plans,
    runs,
    snapshots,
    space_lists,
    spaces,
    subjects,
    topics,
)


@dataclass(frozen=True, slots=True)
class KeptRuns:
    """The runs that are kept, in ascending order."""

    runs: Sequence[int]

    def first_from(self, run: int) -> int:
        """The first kept run that is no earlier than `run`. There always is one, since the newest run is kept."""
        return self.runs[bisect_left(self.runs, run)]

    def last_until(self, run: int) -> int | None:
        """The last kept run that is no later than `run`; None when every kept run is later."""
        place = bisect_right(self.runs, run)
        return self.runs[place - 1] if place else None

    def span(self, row: Any) -> tuple[int, int | None]:
        """The first kept run of an interval, and the kept run that ended it; None for the latter while it is open."""
        return self.first_from(row.first_run), None if row.ended_run is None else self.first_from(row.ended_run)

    def __contains__(self, run: int) -> bool:
        place = bisect_left(self.runs, run)
        return place < len(self.runs) and self.runs[place] == run


def _move_intervals(connection: Connection, table: Table, query: Select[Any], kept: KeptRuns) -> list[Any]:
    """Move the ends of the query's intervals to kept runs. Returns the rows that were removed."""
    moved: list[dict[str, Any]] = []
    gone: list[Any] = []
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        first, ended = kept.span(row)
        if first == ended:
            gone.append(row)
        elif (first, ended) != (row.first_run, row.ended_run):
            moved.append({"number": row.id, "first": first, "ended": ended})
    own = table.c.id == bindparam("number")
    if moved:
        ends: dict[str, Any] = {"first_run": bindparam("first"), "ended_run": bindparam("ended")}
        connection.execute(update(table).where(own).values(ends), moved)
    if gone:
        connection.execute(delete(table).where(own), [{"number": row.id} for row in gone])
    return gone


def _set_last_runs(connection: Connection, table: Table, last_runs: Mapping[int, int]) -> None:
    if last_runs:
        statement = update(table).where(table.c.id == bindparam("number")).values(last_run=bindparam("last"))
        connection.execute(statement, [{"number": number, "last": run} for number, run in last_runs.items()])


def move_facts(connection: Connection, organization: int, kept: KeptRuns) -> tuple[int, set[int]]:
    """Move the organization's facts to kept runs. Returns how many were removed, and their raw objects' numbers."""
    c = facts.c
    query = select(c.id, c.response, c.first_run, c.last_run, c.ended_run, topics.c.collector)
    query = query.join(topics, c.topic == topics.c.id).where(topics.c.organization == organization)
    gone = _move_intervals(connection, facts, query, kept)
    unsure: dict[str, dict[int, Any]] = defaultdict(dict)  # facts whose last run was removed
    for row in connection.execute(query.where(c.last_run.is_not(None)).execution_options(yield_per=10_000)):
        if row.last_run not in kept:
            unsure[row.collector][row.id] = row
    for collector, rows in unsure.items():
        _set_last_runs(connection, facts, _last_seen(connection, organization, collector, kept, rows))
    return len(gone), {row.response for row in gone} - {None}


def _last_seen(
    connection: Connection, organization: int, collector: str, kept: KeptRuns, rows: Mapping[int, Any]
) -> dict[int, int]:
    """By fact that ended, the last kept run that saw it."""
    c = collections.c
    filters = (c.organization == organization) & (c.collector == collector)
    whole = connection.execute(select(c.run).where(filters, c.status == CollectionStatus.OK).order_by(c.run)).scalars()
    steps = KeptRuns([run for run in whole if run in kept])
    last = {fact: max(row.first_run, steps.last_until(row.last_run) or 0) for fact, row in rows.items()}
    partial = select(c.run, c.seen).where(filters, c.status == CollectionStatus.PARTIAL).order_by(c.run)
    for run, packed in connection.execute(partial):
        if run in kept:
            for fact in unpack(packed) & last.keys():
                last[fact] = max(last[fact], run)
    return last


def move_spaces(connection: Connection, organization: int, kept: KeptRuns) -> int:
    """Move the intervals of spaces and of their listings to kept runs. Returns how many were removed."""
    apps = select(subjects.c.id).where(subjects.c.seen_in == organization)
    gone = 0
    for table in (space_lists, spaces):
        gone += len(_move_intervals(connection, table, select(table).where(table.c.app.in_(apps)), kept))
    c = spaces.c
    seen = connection.execute(select(c.id, c.first_run, c.last_run).where(c.app.in_(apps), c.last_run.is_not(None)))
    removed = (row for row in seen if row.last_run not in kept)
    last = {row.id: max(row.first_run, kept.last_until(row.last_run) or 0) for row in removed}
    _set_last_runs(connection, spaces, last)
    return gone


def move_outcomes(connection: Connection, kept: KeptRuns) -> int:
    """Move the intervals of outcomes to kept runs, whatever organizations a run read. Returns how many were removed."""
    c = outcomes.c
    return len(_move_intervals(connection, outcomes, select(c.id, c.first_run, c.ended_run), kept))


def move_plans(connection: Connection, organization: int, kept: KeptRuns) -> None:
    """Move plans to kept runs. Their moments and all entries stay, because attestations are judged by them."""
    for row in connection.execute(select(plans.c.id, plans.c.run).where(plans.c.organization == organization)).all():
        if row.run not in kept:
            connection.execute(update(plans).where(plans.c.id == row.id).values(run=kept.first_from(row.run)))


def move_looks(connection: Connection, kept: KeptRuns) -> None:
    """Move looks at a removed run to the kept run before it."""
    for row in connection.execute(select(looks.c.id, looks.c.run)).all():
        if row.run not in kept:
            to = kept.last_until(row.run) or kept.runs[0]
            connection.execute(update(looks).where(looks.c.id == row.id).values(run=to))


def move_log_readings(connection: Connection, organization: int, kept: KeptRuns) -> None:
    """Merge the log reading of each removed run into the next reading, if there is no gap between the two.

    Otherwise the reading is deleted. It covered nothing then, since `runs_of_holes` keeps the run of one that did.
    """
    c = log_readings.c
    for row, following in _with_next_readings(connection, organization):
        if row.run in kept:
            continue
        reading = connection.execute(select(log_readings).where(c.id == row.id)).one()
        if following is not None and reading.code == "" and _joins(reading, following):
            joined = {
                "covers_from": min(reading.covers_from, following.covers_from),
                "read": reading.read + following.read,
                "kept": reading.kept + following.kept,
                "actions": reading.actions,
            }
            connection.execute(update(log_readings).where(c.id == following.id).values(joined))
        elif following is not None and following.actions is None and reading.actions is not None:
            connection.execute(update(log_readings).where(c.id == following.id).values(actions=reading.actions))
        connection.execute(delete(log_readings).where(c.id == row.id))


def runs_of_holes(connection: Connection, organization: int) -> set[int]:
    """Runs whose reading of the log covers a time that the next reading does not continue."""
    return {
        row.run
        for row, following in _with_next_readings(connection, organization)
        if row.covers_until is not None and not (following is not None and row.code == "" and _joins(row, following))
    }


def _with_next_readings(connection: Connection, organization: int) -> Iterator[tuple[Any, Any]]:
    """Each reading of the log, oldest first, with the next one; None for the last."""
    c = log_readings.c
    rows = connection.execute(select(log_readings).where(c.organization == organization).order_by(c.run)).all()
    return zip_longest(rows, rows[1:])


def _joins(row: Any, following: Any) -> bool:
    """True when the next reading continues where this one ended, with the same actions."""
    if None in (row.covers_from, row.covers_until, following.covers_from, following.covers_until):
        return False
    return bool(following.code == "" and following.actions is None and following.covers_from <= row.covers_until)


_EXACT = ("app.alias", "app.type_key")
_IS_SIGNAL = or_(*map(topics.c.setting.startswith, (SIGNAL_PREFIX, REVISION_PREFIX)))
_OUTDATES_LOOKS = or_(_IS_SIGNAL, topics.c.setting == names.PLAN)
"""Settings whose intervals must keep both ends exactly: who had an alias, when an app left the list, and what an
attestation holds for: signals, and the app's plan for its trial.
"""


def pinned_runs(connection: Connection, organization: int) -> set[int]:
    """Runs of the organization that are kept because something depends on their time.

    These are: runs of baselines; runs that first saw an annotated change; the runs between which a signal moved or an
    app's plan changed, since an attestation holds until then, and the last run that read the whole list before the
    signal appeared; the runs between which an app appeared, left or changed its alias; runs that show which space is
    new and which had a key before.
    """
    pinned = set(connection.execute(select(baselines.c.run).where(baselines.c.organization == organization)).scalars())
    c = facts.c
    query = select(topics.c.setting, c.first_run, c.last_run, c.ended_run).join(topics, c.topic == topics.c.id)
    condition = or_(topics.c.setting.in_(_EXACT), _OUTDATES_LOOKS)
    for row in connection.execute(query.where(topics.c.organization == organization, condition).distinct()):
        pinned |= {row.first_run, row.ended_run, row.last_run if row.setting in _EXACT else None} - {None}
    pinned |= _without_signals(connection, organization)
    return pinned | _annotated(connection, organization) | _of_spaces(connection, organization)


def _without_signals(connection: Connection, organization: int) -> set[int]:
    """For each signal, the last run that read its whole list before the signal appeared."""
    c = facts.c
    first = select(topics.c.collector, func.min(c.first_run)).join(topics, c.topic == topics.c.id)
    first = first.where(topics.c.organization == organization, _IS_SIGNAL).group_by(
        c.topic, c.subject, topics.c.collector
    )
    whole = whole_runs(connection, organization)
    pinned = set()
    for collector, run in connection.execute(first):
        before = bisect_left(whole.get(collector, ()), run)
        pinned |= {whole[collector][before - 1]} if before else set()
    return pinned


def _of_spaces(connection: Connection, organization: int) -> set[int]:
    """Runs with the first complete listing of an app, and runs in which a space took a key that another had had."""
    apps = select(subjects.c.id).where(subjects.c.seen_in == organization)
    lists, other = space_lists.c, spaces.alias("other")
    whole = select(func.min(lists.first_run)).where(lists.app.in_(apps), lists.status == CollectionStatus.OK)
    pinned = set(connection.execute(whole.group_by(lists.app)).scalars())
    c = spaces.c
    shared = exists().where(other.c.app == c.app, other.c.folded == c.folded, other.c.space != c.space)
    return pinned | set(connection.execute(select(c.first_run).where(c.app.in_(apps), shared).distinct()).scalars())


def _annotated(connection: Connection, organization: int) -> set[int]:
    """Runs whose start is part of the ID of an annotated change."""
    query = select(change_notes.c.change).where(change_notes.c.organization == organization)
    change_ids = set(connection.execute(query).scalars())
    if not change_ids:
        return set()
    every = set(connection.execute(select(runs.c.id)).scalars())
    started_at = run_starts(connection, every)
    annotated: set[int] = set()
    for fact in stored_facts(connection, organization):
        for run in (fact.first_run, fact.ended_run):
            if run is None or run in annotated:
                continue
            if _id(fact.subject, fact.setting, started_at[run]) in change_ids:
                annotated.add(run)
    c = spaces.c
    apps = select(subjects.c.id).where(subjects.c.seen_in == organization)
    owner = connection.execute(select(organizations.c.organization).where(organizations.c.id == organization)).scalar()
    query = select(c.space, c.first_run, c.ended_run).where(c.app.in_(apps))
    for space, *ends in connection.execute(query.execution_options(yield_per=10_000)):
        subject = Subject(owner or "", Kind.SPACE, space)
        for run in ends:
            settled = run is None or run in annotated
            if not settled and any(_id(subject, setting.id, started_at[run]) in change_ids for setting in OF_SPACES):
                annotated.add(run)
    return annotated


def _id(subject: Subject, setting: SettingId, first_seen: datetime) -> str:
    return Change(subject, setting, None, None, False, False, first_seen, None).id


def required_runs(connection: Connection, organization: int) -> dict[int, set[int]]:
    """For each run in which a collector was incomplete, the earlier runs that saw what was last known."""
    query = select(snapshots.c.run).where(snapshots.c.organization == organization).order_by(snapshots.c.run)
    order = list(connection.execute(query).scalars())
    c = collections.c
    statuses: dict[str, dict[int, Any]] = defaultdict(dict)
    for row in connection.execute(select(c.run, c.collector, c.status).where(c.organization == organization)):
        statuses[row.collector][row.run] = row.status
    required: dict[int, set[int]] = defaultdict(set)
    for collector, status in statuses.items():
        if any(status.get(run) != CollectionStatus.OK for run in order):
            _collector_needs(connection, organization, collector, order, status, required)
    return dict(required)


def _collector_needs(
    connection: Connection,
    organization: int,
    collector: str,
    order: Iterable[int],
    status: Mapping[int, str],
    required: dict[int, set[int]],
) -> None:
    ended: dict[int, list[int]] = defaultdict(list)
    query = select(facts.c.id, facts.c.ended_run).join(topics, facts.c.topic == topics.c.id)
    query = query.where(topics.c.organization == organization, topics.c.collector == collector)
    for fact, run in connection.execute(query.where(facts.c.ended_run.is_not(None))):
        ended[run].append(fact)
    whole: int | None = None
    seen: dict[int, int] = {}  # facts seen by partial runs since the last complete one, with the last of those runs
    count: Counter[int] = Counter()
    for run in order:
        if status.get(run) == CollectionStatus.OK:
            whole, seen, count = run, {}, Counter()
            continue
        if status.get(run) == CollectionStatus.PARTIAL:
            for fact in ended[run]:
                if fact in seen:
                    count[seen.pop(fact)] -= 1
            seen_facts = unpack(_packed_seen(connection, organization, run, collector))
            for fact in seen_facts:
                if fact in seen:
                    count[seen[fact]] -= 1
                seen[fact] = run
            count[run] += len(seen_facts)
        required[run] |= {one for one, facts_of in count.items() if facts_of > 0 and one != run}
        if whole is not None:
            required[run].add(whole)


def _packed_seen(connection: Connection, organization: int, run: int, collector: str) -> bytes:
    c = collections.c
    query = select(c.seen).where(c.organization == organization, c.run == run, c.collector == collector)
    packed: bytes = connection.execute(query).scalar_one()
    return packed


def with_required_runs(kept: set[int], needed: Mapping[int, set[int]]) -> set[int]:
    """The kept runs and all runs that they require, directly or through other runs."""
    required, waiting = set(kept), list(kept)
    while waiting:
        new = needed.get(waiting.pop(), set()) - required
        required |= new
        waiting += new
    return required
