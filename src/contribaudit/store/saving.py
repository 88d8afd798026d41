"""Saves one run into the history: opens, keeps or closes intervals, as far as each collector read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from contribaudit import catalogue
from contribaudit.core.model.observation import Observation, Observed, Unavailable
from contribaudit.core.model.setting import same_value
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.store import audit_log, evidence, ids
from contribaudit.store.columns import fields_of, read_value, write_value
from contribaudit.store.facts import last_seen, pack
from contribaudit.store.records import RunDraft
from contribaudit.store.schema import collections, facts, runs, snapshots
from contribaudit.store.space_saving import save_spaces

_ROWS_AT_A_TIME = 10_000
_COLLECTION = tuple(name for name in Collection.__slots__ if name not in ("organization", "status"))


def require_collections(taken: Sequence[Snapshot]) -> None:
    """Raise ValueError for observations of a collector without a collection."""
    for snapshot in taken:
        stray = snapshot.by_collector.keys() - {c.collector for c in snapshot.collections}
        if stray:
            raise ValueError(f"no collection status for these collectors: {sorted(stray)}")


def save_run(connection: Connection, draft: RunDraft, taken: Sequence[Snapshot]) -> int:
    """Write the run inside the transaction of `connection` and return its ID."""
    complete = bool(taken) and all(snapshot.complete for snapshot in taken)
    run = ids.add(connection, runs, complete=complete, **fields_of(draft, RunDraft.__slots__))
    for position, snapshot in enumerate(taken):
        _save_snapshot(connection, run, position, snapshot)
    return run


def _save_snapshot(connection: Connection, run: int, position: int, snapshot: Snapshot) -> None:
    organization = ids.organization_id(connection, snapshot.organization)
    connection.execute(
        insert(snapshots).values(
            run=run,
            organization=organization,
            position=position,
            started_at=snapshot.started_at,
            finished_at=snapshot.finished_at,
        )
    )
    audit_log.save_log(connection, run, organization, snapshot)
    evidence.save_ledger(connection, run, organization, snapshot.requests, snapshot.clock_skew_seconds)
    seen = _save_facts(connection, run, organization, snapshot)
    rows = [
        fields_of(one, _COLLECTION)
        | {"run": run, "organization": organization, "position": place, "status": one.status.value}
        | {"seen": pack(seen[one.collector]) if one.status is CollectionStatus.PARTIAL else None}
        for place, one in enumerate(snapshot.collections)
    ]
    if rows:
        connection.execute(insert(collections), rows)
    save_spaces(connection, run, organization, snapshot)


def _save_facts(connection: Connection, run: int, organization: int, snapshot: Snapshot) -> dict[str, list[int]]:
    """Open and close intervals; by collector, the facts that were seen (for the partial ones)."""
    status = {c.collector: c.status for c in snapshot.collections if c.status is not CollectionStatus.FAILED}
    read = [(name, snapshot.by_collector.get(name, ())) for name in status]
    topic_ids = ids.topic_ids(connection, organization, _topics(read))
    # Most observations about a subject share the object, which is found faster by identity than by hash.
    subjects = {id(one.subject): one.subject for _, observations in read for one in observations}
    subject_ids = ids.subject_ids(connection, organization, subjects.values())
    number_of = {identity: subject_ids[subject] for identity, subject in subjects.items()}
    span = max(subject_ids.values(), default=0) + 1
    coming: dict[int, Observation] = {}  # by topic * span + subject: a number takes less than a pair
    for name, observations in read:
        place = {setting: topic * span for (collector, setting), topic in topic_ids.items() if collector == name}
        for one in observations:
            coming[place[one.setting] + number_of[id(one.subject)]] = one  # the last of two about the same wins
    collector_of = {topic: collector for (collector, _), topic in topic_ids.items() if collector in status}
    ended: dict[str, dict[int, int]] = {}
    seen: dict[str, list[int]] = {name: [] for name, how in status.items() if how is CollectionStatus.PARTIAL}
    for fact, topic, subject, *stored, first_run in _open_facts(connection, list(collector_of)):
        collector = collector_of[topic]
        key = topic * span + subject
        observation = coming.get(key)
        if observation is None:
            if status[collector] is CollectionStatus.OK:
                ended.setdefault(collector, {})[fact] = first_run
        elif _same(observation, *stored):
            del coming[key]
            if collector in seen:
                seen[collector].append(fact)
        else:
            ended.setdefault(collector, {})[fact] = first_run
    _close(connection, run, organization, ended)
    opening = {divmod(key, span): one for key, one in coming.items()}
    for fact, topic in _open(connection, run, opening, snapshot.raw):
        if collector_of[topic] in seen:
            seen[collector_of[topic]].append(fact)
    return seen


def _topics(read: Sequence[tuple[str, Sequence[Observation]]]) -> Iterator[ids.Topic]:
    """Collector and setting of what was read, each once, as they came."""
    for name, observations in read:
        for setting in dict.fromkeys(one.setting for one in observations):
            yield name, setting


def _open_facts(connection: Connection, topics: Sequence[int]) -> Iterator[Any]:
    """Fact, topic, subject, value, unavailable, grade and first run of every open interval of the topics."""
    c = facts.c
    query = select(c.id, c.topic, c.subject, c.value, c.unavailable, c.grade, c.first_run)
    query = query.where(c.ended_run.is_(None), c.topic.in_(topics))
    for some in connection.execute(query.execution_options(yield_per=_ROWS_AT_A_TIME)).partitions():
        yield from some


def _same(observation: Observation, value: str | None, unavailable: str | None, grade: str | None) -> bool:
    """True when the observation says what the stored fact says."""
    if isinstance(observation, Unavailable):
        return unavailable is not None and json.loads(unavailable)["code"] == observation.code
    if value is None or grade != observation.grade:
        return False
    return value == write_value(observation.value) or same_value(
        catalogue.find(observation.setting), read_value(value), observation.value
    )


def _close(connection: Connection, run: int, organization: int, ended: Mapping[str, Mapping[int, int]]) -> None:
    """End the intervals with this run; `ended` gives the first run of each, by collector."""
    if ended:
        last = last_seen(connection, organization, ended, before=run)
        statement = update(facts).where(facts.c.id == bindparam("fact"))
        statement = statement.values(last_run=bindparam("last"), ended_run=bindparam("now"))
        connection.execute(statement, [{"fact": fact, "last": seen, "now": run} for fact, seen in last.items()])


def _open(
    connection: Connection, run: int, opening: Mapping[tuple[int, int], Observation], raw: Mapping[str, bytes]
) -> list[tuple[int, int]]:
    """Begin an interval for each observation by topic and subject; keep the raw objects. Gives (fact, topic)."""
    source_ids = ids.source_ids(connection, (o.source for o in opening.values())) if opening else {}
    digests = (o.response for o in opening.values() if isinstance(o, Observed) and o.response)
    response_ids = ids.response_ids(connection, digests, raw)
    first = ids.next_id(connection, facts)
    rows: list[tuple[Any, ...]] = []
    said: tuple[Any, ...]  # value, unavailable, grade, source, response
    for fact, ((topic, subject), o) in enumerate(opening.items(), first):
        source = source_ids[o.source]
        if isinstance(o, Observed):
            response = response_ids[o.response] if o.response else None
            said = (write_value(o.value), None, o.grade.value, source, response)
        else:
            why = {"code": o.code, "reason": o.reason, "missing_scope": o.missing_scope}
            said = (None, json.dumps(why), None, source, None)
        rows.append((fact, topic, subject, *said, run, None, None))
    ids.bulk_insert(connection, facts, rows)
    return [(row[0], row[1]) for row in rows]
