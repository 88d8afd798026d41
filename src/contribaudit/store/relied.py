"""Runs that a pruning must keep whatever their age: others rely on what they saw, or on when they saw it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from contribaudit.catalogue.spaces import ALL as OF_SPACES
from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.snapshot import CollectionStatus
from contribaudit.store import reach
from contribaudit.store.approval_schema import baselines
from contribaudit.store.facts import run_starts
from contribaudit.store.log_schema import change_notes
from contribaudit.store.rows import stored_facts
from contribaudit.store.schema import collections, facts, organizations, runs, snapshots, subjects, topics
from contribaudit.store.space_schema import space_lists, spaces

_EXACT = ("app.alias", "app.type_key")
"""Settings of which both ends must stay to the day: who carried a name, and when an app left the list."""


def pinned_runs(connection: Connection, organization: int) -> set[int]:
    """Runs of the organization that stay for what hangs on their moment.

    Named by a baseline; the first to see a change that somebody annotated; those between which a signal moved, since
    attestations hold as long as none did; those between which an app appeared, left or took another name; those that
    say which space is new, and which bore a key before.
    """
    found = set(connection.execute(select(baselines.c.run).where(baselines.c.organization == organization)).scalars())
    c = facts.c
    query = select(topics.c.setting, c.first_run, c.last_run, c.ended_run).join(topics, c.topic == topics.c.id)
    mine = or_(topics.c.setting.in_(_EXACT), topics.c.setting.startswith("signal."))
    for row in connection.execute(query.where(topics.c.organization == organization, mine).distinct()):
        found |= {row.first_run, row.ended_run, row.last_run if row.setting in _EXACT else None} - {None}
    return found | _annotated(connection, organization) | _of_spaces(connection, organization)


def _of_spaces(connection: Connection, organization: int) -> set[int]:
    """Runs with the first whole listing of an app, and those in which a space took a key that another one bore."""
    apps = select(subjects.c.id).where(subjects.c.seen_in == organization)
    lists, other = space_lists.c, spaces.alias("other")
    whole = select(func.min(lists.first_run)).where(lists.app.in_(apps), lists.status == CollectionStatus.OK)
    found = set(connection.execute(whole.group_by(lists.app)).scalars())
    c = spaces.c
    shared = exists().where(other.c.app == c.app, other.c.folded == c.folded, other.c.space != c.space)
    return found | set(connection.execute(select(c.first_run).where(c.app.in_(apps), shared).distinct()).scalars())


def _annotated(connection: Connection, organization: int) -> set[int]:
    """Runs from whose start the ID of an annotated change is computed."""
    query = select(change_notes.c.change).where(change_notes.c.organization == organization)
    wanted = set(connection.execute(query).scalars())
    if not wanted:
        return set()
    every = set(connection.execute(select(runs.c.id)).scalars())
    started_at = run_starts(connection, every)
    found: set[int] = set()
    for fact in stored_facts(connection, organization):
        for run in (fact.first_run, fact.ended_run):
            if run is None or run in found:
                continue
            if _id(fact.subject, fact.setting, started_at[run]) in wanted:
                found.add(run)
    c = spaces.c
    apps = select(subjects.c.id).where(subjects.c.seen_in == organization)
    owner = connection.execute(select(organizations.c.organization).where(organizations.c.id == organization)).scalar()
    query = select(c.space, c.first_run, c.ended_run).where(c.app.in_(apps))
    for space, *ends in connection.execute(query.execution_options(yield_per=10_000)):
        subject = Subject(owner or "", Kind.SPACE, space)
        for run in ends:
            known = run is None or run in found
            if not known and any(_id(subject, setting.id, started_at[run]) in wanted for setting in OF_SPACES):
                found.add(run)
    return found


def _id(subject: Subject, setting: SettingId, first_seen: datetime) -> str:
    return Change(subject, setting, None, None, False, False, first_seen, None).id


def needs(connection: Connection, organization: int) -> dict[int, set[int]]:
    """By run of the organization in which a collector was not whole: the earlier runs that saw what it knew last."""
    query = select(snapshots.c.run).where(snapshots.c.organization == organization).order_by(snapshots.c.run)
    order = list(connection.execute(query).scalars())
    c = collections.c
    told: dict[str, dict[int, Any]] = defaultdict(dict)
    for row in connection.execute(select(c.run, c.collector, c.status).where(c.organization == organization)):
        told[row.collector][row.run] = row.status
    found: dict[int, set[int]] = defaultdict(set)
    for collector, status in told.items():
        if any(status.get(run) != CollectionStatus.OK for run in order):
            _needs_of(connection, organization, collector, order, status, found)
    return dict(found)


def _needs_of(
    connection: Connection,
    organization: int,
    collector: str,
    order: Iterable[int],
    status: Mapping[int, str],
    found: dict[int, set[int]],
) -> None:
    ended: dict[int, list[int]] = defaultdict(list)
    query = select(facts.c.id, facts.c.ended_run).join(topics, facts.c.topic == topics.c.id)
    query = query.where(topics.c.organization == organization, topics.c.collector == collector)
    for fact, run in connection.execute(query.where(facts.c.ended_run.is_not(None))):
        ended[run].append(fact)
    whole: int | None = None
    seen: dict[int, int] = {}  # what partial runs saw since the last whole one, and which of them last
    count: Counter[int] = Counter()
    for run in order:
        if status.get(run) == CollectionStatus.OK:
            whole, seen, count = run, {}, Counter()
            continue
        if status.get(run) == CollectionStatus.PARTIAL:
            for fact in ended[run]:
                if fact in seen:
                    count[seen.pop(fact)] -= 1
            now = reach.unpack(_seen(connection, organization, run, collector))
            for fact in now:
                if fact in seen:
                    count[seen[fact]] -= 1
                seen[fact] = run
            count[run] += len(now)
        found[run] |= {one for one, facts_of in count.items() if facts_of > 0 and one != run}
        if whole is not None:
            found[run].add(whole)


def _seen(connection: Connection, organization: int, run: int, collector: str) -> bytes:
    c = collections.c
    query = select(c.seen).where(c.organization == organization, c.run == run, c.collector == collector)
    packed: bytes = connection.execute(query).scalar_one()
    return packed


def with_needed(kept: set[int], needed: Mapping[int, set[int]]) -> set[int]:
    """The runs, with all that they need, and what those need."""
    found, waiting = set(kept), list(kept)
    while waiting:
        new = needed.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
