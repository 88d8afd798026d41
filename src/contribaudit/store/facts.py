"""What a run saw, and what is known."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select

from contribaudit.catalogue.organization import ALIAS
from contribaudit.core.model.observation import Observation
from contribaudit.core.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.errors import UsageError
from contribaudit.store import reach
from contribaudit.store.columns import read_value
from contribaudit.store.records import Fact, Known
from contribaudit.store.rows import StoredFact, organization_number, stored_facts
from contribaudit.store.schema import collections, facts, runs, snapshots


def read_snapshot(connection: Connection, organization: str, run: int) -> Snapshot:
    """What the run saw of the organization. Raises UsageError when it did not audit it."""
    number = organization_number(connection, organization)
    taken = select(snapshots.c.started_at, snapshots.c.finished_at)
    when = connection.execute(taken.where(snapshots.c.organization == number, snapshots.c.run == run)).one_or_none()
    if number is None or when is None:
        raise UsageError(f"Run {run} did not audit organization {organization}", hint="List its runs with `runs`")
    c = collections.c
    fields = [c[name] for name in Collection.__slots__ if name != "organization"]
    rows = connection.execute(
        select(c.seen, *fields).where(c.organization == number, c.run == run).order_by(c.position)
    ).all()
    made: list[Collection] = []
    seen: dict[str, set[int] | None] = {}  # None: all that were open
    saw: dict[str, list[Observation]] = {}
    for packed, collector, status, *rest in rows:
        made.append(Collection(organization, collector, CollectionStatus(status), *rest))
        if made[-1].status is not CollectionStatus.FAILED:
            seen[collector] = reach.unpack(packed) if packed is not None else None
            saw[collector] = []
    started_at = {collection.collector: collection.started_at for collection in made}
    for fact in stored_facts(connection, number, *_open_after(run)):
        if fact.collector in seen:
            among = seen[fact.collector]
            if among is None or fact.id in among:
                saw[fact.collector].append(fact.observation(started_at[fact.collector]))
    by_collector = {collector: tuple(observations) for collector, observations in saw.items()}
    return Snapshot(organization, when.started_at, when.finished_at, tuple(made), by_collector)


def read_known(connection: Connection, organization: str, before: int | None) -> Known:
    """Everything last seen before run `before`, None: until now. Empty for an organization never audited."""
    number = organization_number(connection, organization)
    if number is None:
        return Known(())
    conditions = (facts.c.ended_run.is_(None),) if before is None else _open_after(before - 1)
    by_collector: dict[str, list[StoredFact]] = defaultdict(list)
    for fact in stored_facts(connection, number, *conditions):
        by_collector[fact.collector].append(fact)
    known: list[Fact] = []
    for collector in sorted(by_collector):
        its = by_collector[collector]
        last = reach.last_seen(connection, number, collector, {f.id: f.first_run for f in its}, before)
        started_at = _collections_started(connection, number, collector)
        known.extend(
            Fact(fact.observation(started_at[last[fact.id]]), collector, fact.first_run, last[fact.id]) for fact in its
        )
    return Known(tuple(known))


def read_alias_holders(connection: Connection, organization: str) -> dict[str, tuple[tuple[str, datetime], ...]]:
    """Who has carried each casefolded alias, with the start of the first run that saw it so, oldest first."""
    number = organization_number(connection, organization)
    if number is None:
        return {}
    first: dict[str, dict[str, int]] = defaultdict(dict)
    for fact in stored_facts(connection, number, facts.c.value.is_not(None), setting=ALIAS.id):
        alias = read_value(fact.value or "null")
        if isinstance(alias, str):
            holders = first[alias.casefold()]
            holders[fact.subject.id] = min(fact.first_run, holders.get(fact.subject.id, fact.first_run))
    wanted = {run for holders in first.values() for run in holders.values()}
    started_at = run_starts(connection, wanted)
    return {
        alias: tuple((subject, started_at[run]) for subject, run in sorted(holders.items(), key=lambda item: item[1]))
        for alias, holders in first.items()
    }


def run_starts(connection: Connection, wanted: set[int]) -> dict[int, datetime]:
    """When runs began, at least the wanted ones."""
    if not wanted:
        return {}
    query = select(runs.c.id, runs.c.started_at).where(runs.c.id.between(min(wanted), max(wanted)))
    return dict(connection.execute(query).all())


def _open_after(run: int) -> tuple[ColumnElement[bool], ...]:
    """Facts that were known when the run had ended."""
    ended = facts.c.ended_run
    return facts.c.first_run <= run, or_(ended.is_(None), ended > run)


def _collections_started(connection: Connection, organization: int, collector: str) -> dict[int, datetime]:
    """When the collector began, by run."""
    c = collections.c
    query = select(c.run, c.started_at).where(c.organization == organization, c.collector == collector)
    return dict(connection.execute(query).all())
