"""Facts: what a run saw and what is known after it, as intervals of runs with the names of their subjects.

A partial collection extends only the facts that it saw.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, or_, select

from contribaudit.catalogue.organization import ALIAS
from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import UsageError
from contribaudit.store import ids
from contribaudit.store.columns import read_value
from contribaudit.store.records import Fact, LastKnown
from contribaudit.store.schema import (
    collections,
    facts,
    responses,
    runs,
    snapshots,
    sources,
)
from contribaudit.store.transactions import asked_once

_ROWS_AT_A_TIME = 10_000


_GRADES = {grade.value: grade for grade in Grade}


class StoredFact(NamedTuple):
    """One interval of a value. A tuple, since one question can create hundreds of thousands."""

    id: int
    collector: str
    setting: SettingId
    subject: Subject
    value: str | None
    unavailable: str | None
    grade: str | None
    first_run: int
    last_run: int | None
    """The last run that saw the value; None while the interval is open."""
    ended_run: int | None
    """The run that saw another value or none; None while the interval is open."""
    source: str
    response: str

    def observation(self, at: datetime) -> Observation:
        """The fact as an observation of the collection that began at `at`."""
        if self.unavailable is not None:
            why = json.loads(self.unavailable)
            return Unavailable(
                self.setting, self.subject, why["code"], why["reason"], at, self.source, why["missing_scope"]
            )
        value = read_value(self.value or "null")
        return Observed(self.setting, self.subject, value, _GRADES[self.grade or ""], at, self.source, self.response)


@asked_once
def organization_number(connection: Connection, organization: str) -> int | None:
    """The organization's number; None when no run audited it."""
    return connection.execute(ids.NUMBER_OF, {"organization": organization}).scalar()


_FACTS = (
    select(facts.c.topic, facts.c.subject, facts.c.id, facts.c.value, facts.c.unavailable, facts.c.grade)
    .add_columns(facts.c.first_run, facts.c.last_run, facts.c.ended_run, sources.c.source, responses.c.digest)
    .join(sources, facts.c.source == sources.c.id)
    .outerjoin(responses, facts.c.response == responses.c.id)
    .order_by(facts.c.subject, facts.c.topic, facts.c.id)
    .execution_options(yield_per=_ROWS_AT_A_TIME)
)


def stored_facts(
    connection: Connection,
    organization: int | None,
    *conditions: ColumnElement[bool],
    settings: Sequence[str] = (),
    prefixes: tuple[str, ...] = ("",),
) -> Iterator[StoredFact]:
    """The organization's facts that meet the conditions, limited to `settings` and to names with one of the `prefixes`.

    In the order in which their subjects, then their topics were first seen; intervals of one topic by age. An
    organization that no run audited (None) has none.
    """
    topic_of = {
        topic: (collector, name)
        for topic, (collector, name) in _topics(connection, organization).items()
        if name.startswith(prefixes) and (not settings or name in settings)
    }
    if not topic_of:
        return
    subject_of = subjects_of(connection, organization)
    query = _FACTS.where(facts.c.topic.in_(list(topic_of)), *conditions)
    for batch in connection.execute(query).partitions():
        for topic, subject, fact, value, unavailable, grade, first, last, ended, source, digest in batch:
            collector, name = topic_of[topic]
            who_it_is = subject_of[subject]
            yield StoredFact(
                fact, collector, name, who_it_is, value, unavailable, grade, first, last, ended, source, digest or ""
            )


@asked_once
def _topics(connection: Connection, organization: int | None) -> Mapping[int, tuple[str, SettingId]]:
    """By number, collector and setting of everything that was ever read about the organization."""
    rows = connection.execute(ids.TOPICS_OF, {"organization": organization})
    return {topic: (collector, SettingId(name)) for topic, collector, name in rows}


@asked_once
def subjects_of(connection: Connection, organization: int | None) -> Mapping[int, Subject]:
    """By number, every subject that was ever seen in the organization."""
    rows = connection.execute(ids.SUBJECTS_OF, {"organization": organization})
    return {number: Subject(owner, Kind(kind), name) for number, owner, kind, name in rows}


def pack(ids: Iterable[int]) -> bytes:
    """A set of IDs as bytes: compressed pairs of (gap, length), since neighbours are mostly seen together."""
    numbers = bytearray()
    end = 0  # of the previous run of neighbours, exclusive
    for _, neighbours in groupby(enumerate(sorted(set(ids))), key=lambda placed: placed[1] - placed[0]):
        run = [number for _, number in neighbours]
        _append(numbers, run[0] - end, len(run))
        end = run[-1] + 1
    return zlib.compress(bytes(numbers))


def unpack(packed: bytes) -> set[int]:
    """The set of IDs that `pack` was given."""
    ids: set[int] = set()
    numbers = _unpack_numbers(zlib.decompress(packed))
    end = 0
    for gap, length in zip(numbers, numbers, strict=True):
        start = end + gap
        end = start + length
        ids.update(range(start, end))
    return ids


def last_seen(
    connection: Connection, organization: int | None, facts: Mapping[str, Mapping[int, int]], before: int | None
) -> dict[int, int]:
    """By fact, the newest run before `before` (None: of all runs) whose collection saw it.

    `facts` maps each collector to its facts that are open just before `before`, each with its first run.
    """
    c = collections.c
    filters = [c.organization == organization]
    if before is not None:
        filters.append(c.run < before)
    query = select(c.collector, func.max(c.run)).where(*filters, c.status == CollectionStatus.OK).group_by(c.collector)
    whole: dict[str, int] = dict(connection.execute(query).all())
    seen = {
        fact: max(whole.get(collector, 0), first_run)
        for collector, first_runs in facts.items()
        for fact, first_run in first_runs.items()
    }
    after = min((whole.get(collector, 0) for collector in facts), default=0)
    partly = select(c.collector, c.run).where(*filters, c.run > after, c.status == CollectionStatus.PARTIAL)
    for collector, run in connection.execute(partly.order_by(c.run)).all():
        if collector in facts and run > whole.get(collector, 0):
            packed = select(c.seen).where(c.organization == organization, c.collector == collector, c.run == run)
            for fact in unpack(connection.execute(packed).scalar_one()) & facts[collector].keys():
                seen[fact] = max(run, seen[fact])
    return seen


def _append(numbers: bytearray, *values: int) -> None:
    """Append each number in groups of seven bits, lowest first; the eighth bit says that another byte follows."""
    for value in values:
        rest = value
        while rest > 0x7F:
            numbers.append(rest & 0x7F | 0x80)
            rest >>= 7
        numbers.append(rest)


def _unpack_numbers(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0


def read_snapshot(connection: Connection, organization: str, run: int) -> Snapshot:
    """What the run saw of the organization. Raises UsageError when the run did not audit it.

    A failed collector has no entry, a partial one holds what it saw. The time of an observation is the start of its
    collection; its source, spelling and raw object are those of the first run of its interval. Observations are ordered
    as their subjects, then settings, were first seen. Surprises and raw objects are not included.
    """
    number = organization_number(connection, organization)
    taken = select(snapshots.c.started_at, snapshots.c.finished_at)
    when = connection.execute(taken.where(snapshots.c.organization == number, snapshots.c.run == run)).one_or_none()
    if number is None or when is None:
        raise UsageError(
            f"Run {run} did not audit organization {organization}", hint="Run `contribaudit runs list` to see its runs"
        )
    c = collections.c
    fields = [c[name] for name in Collection.__slots__ if name != "organization"]
    rows = connection.execute(
        select(c.seen, *fields).where(c.organization == number, c.run == run).order_by(c.position)
    ).all()
    results: list[Collection] = []
    seen: dict[str, set[int] | None] = {}  # None: all that were open at the time
    observed: dict[str, list[Observation]] = {}
    for packed, collector, status, *rest in rows:
        results.append(Collection(organization, collector, CollectionStatus(status), *rest))
        if results[-1].status is not CollectionStatus.FAILED:
            seen[collector] = unpack(packed) if packed is not None else None
            observed[collector] = []
    started_at = {collection.collector: collection.started_at for collection in results}
    for fact in stored_facts(connection, number, *known_after(run)):
        if fact.collector in seen:
            among = seen[fact.collector]
            if among is None or fact.id in among:
                observed[fact.collector].append(fact.observation(started_at[fact.collector]))
    by_collector = {collector: tuple(observations) for collector, observations in observed.items()}
    return Snapshot(organization, when.started_at, when.finished_at, tuple(results), by_collector)


def read_known(connection: Connection, organization: str, *, before: int | None = None) -> LastKnown:
    """Everything last seen of the organization before run `before` (None: until now), whichever run saw it.

    Empty for an organization that was never audited.
    """
    number = organization_number(connection, organization)
    conditions = (facts.c.ended_run.is_(None),) if before is None else known_after(before - 1)
    by_collector: dict[str, list[StoredFact]] = defaultdict(list)
    for fact in stored_facts(connection, number, *conditions):
        by_collector[fact.collector].append(fact)
    first_runs = {collector: {fact.id: fact.first_run for fact in stored} for collector, stored in by_collector.items()}
    last = last_seen(connection, number, first_runs, before) if first_runs else {}
    started_at = {(one.collector, one.run): one.started_at for one in collections_of(connection, number)}
    return LastKnown(
        tuple(
            Fact(fact.observation(started_at[collector, last[fact.id]]), collector, fact.first_run, last[fact.id])
            for collector in sorted(by_collector)
            for fact in by_collector[collector]
        )
    )


def read_alias_holders(connection: Connection, organization: str) -> dict[str, tuple[tuple[str, datetime], ...]]:
    """By alias in lower case, the IDs of all apps that ever had it, each with the start of the first run that saw it.

    Oldest first. An app that got the alias back from another one is named again.
    """
    number = organization_number(connection, organization)
    held: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for fact in stored_facts(connection, number, facts.c.value.is_not(None), settings=[ALIAS.id]):
        alias = read_value(fact.value or "null")
        if isinstance(alias, str):
            held[alias.casefold()].append((fact.first_run, fact.subject.id))
    started_at = run_starts(connection, {run for holders in held.values() for run, _ in holders})
    return {
        alias: tuple(
            (subject, started_at[next(since)[0]]) for subject, since in groupby(sorted(holders), itemgetter(1))
        )
        for alias, holders in held.items()
    }


def run_starts(connection: Connection, numbers: set[int]) -> dict[int, datetime]:
    """The starts of the wanted runs by number; other runs may be included."""
    if not numbers:
        return {}
    return dict(connection.execute(_STARTS, {"first": min(numbers), "last": max(numbers)}).all())


_STARTS = select(runs.c.id, runs.c.started_at).where(runs.c.id.between(bindparam("first"), bindparam("last")))


def known_after(run: int, table: Table = facts) -> tuple[ColumnElement[bool], ...]:
    """Conditions for the intervals of the table that were known at the end of the run."""
    ended = table.c.ended_run
    return table.c.first_run <= run, or_(ended.is_(None), ended > run)


@asked_once
def collections_of(connection: Connection, organization: int | None) -> Sequence[Any]:
    """Run, collector, status and start of every collection of the organization, oldest first."""
    return connection.execute(_COLLECTIONS, {"organization": organization}).all()


_COLLECTIONS = (
    select(collections.c.run, collections.c.collector, collections.c.status, collections.c.started_at)
    .where(collections.c.organization == bindparam("organization"))
    .order_by(collections.c.run)
)


def whole_runs(connection: Connection, organization: int | None) -> dict[str, list[int]]:
    """By collector, the runs in which it read everything, oldest first."""
    by_collector: dict[str, list[int]] = defaultdict(list)
    for one in collections_of(connection, organization):
        if one.status == CollectionStatus.OK:
            by_collector[one.collector].append(one.run)
    return by_collector
