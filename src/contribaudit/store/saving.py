"""Saves one run into the history: opens, continues or closes intervals, as far as each collector read.

Listings of spaces are streamed into a temporary table; new, changed and missing spaces then take one statement each,
so that 200 000 spaces need no more memory than 2 000.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from contribaudit import catalogue
from contribaudit.core.model.observation import Observation, Observed, Unavailable
from contribaudit.core.model.setting import same_value
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot, Space, SpaceList
from contribaudit.core.model.subject import Subject
from contribaudit.errors import UsageError
from contribaudit.store import audit_log, evidence, ids
from contribaudit.store.columns import Escaped, Moment, escape, fields_of, read_value, write_moment, write_value
from contribaudit.store.facts import last_seen, pack
from contribaudit.store.records import RunDraft
from contribaudit.store.schema import Id, collections, facts, runs, snapshots, space_lists, spaces, subjects
from contribaudit.store.spaces import fold

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
    times = fields_of(snapshot, ("started_at", "finished_at"))
    connection.execute(insert(snapshots).values(run=run, organization=organization, position=position, **times))
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
    _save_spaces(connection, run, organization, snapshot)


def _save_facts(connection: Connection, run: int, organization: int, snapshot: Snapshot) -> dict[str, list[int]]:
    """Open and close the intervals of facts. Returns, for each partial collector, the facts that it saw."""
    status = {c.collector: c.status for c in snapshot.collections if c.status is not CollectionStatus.FAILED}
    read = [(name, snapshot.by_collector.get(name, ())) for name in status]
    topic_ids = ids.topic_ids(connection, organization, _topics(read))
    # Most observations of a subject share the object, and a lookup by identity is faster than one by hash.
    subjects = {id(one.subject): one.subject for _, observations in read for one in observations}
    subject_ids = ids.subject_ids(connection, organization, subjects.values())
    number_of = {identity: subject_ids[subject] for identity, subject in subjects.items()}
    span = max(subject_ids.values(), default=0) + 1
    coming: dict[int, Observation] = {}  # by topic * span + subject: one number takes less memory than a pair
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
        elif _unchanged(observation, *stored):
            del coming[key]
            if collector in seen:
                seen[collector].append(fact)
        else:
            ended.setdefault(collector, {})[fact] = first_run
    _close_intervals(connection, run, organization, ended)
    opening = {divmod(key, span): one for key, one in coming.items()}
    for fact, topic in _open_intervals(connection, run, opening, snapshot.raw):
        if collector_of[topic] in seen:
            seen[collector_of[topic]].append(fact)
    return seen


def _topics(read: Sequence[tuple[str, Sequence[Observation]]]) -> Iterator[ids.Topic]:
    """Each collector and setting that was read, once, in order of appearance."""
    for name, observations in read:
        for setting in dict.fromkeys(one.setting for one in observations):
            yield name, setting


def _open_facts(connection: Connection, topics: Sequence[int]) -> Iterator[Any]:
    """Fact, topic, subject, value, unavailable, grade and first run of every open interval of the topics."""
    c = facts.c
    query = select(c.id, c.topic, c.subject, c.value, c.unavailable, c.grade, c.first_run)
    query = query.where(c.ended_run.is_(None), c.topic.in_(topics))
    for batch in connection.execute(query.execution_options(yield_per=_ROWS_AT_A_TIME)).partitions():
        yield from batch


def _unchanged(observation: Observation, value: str | None, unavailable: str | None, grade: str | None) -> bool:
    """True when the observation agrees with the stored fact."""
    if isinstance(observation, Unavailable):
        return unavailable is not None and json.loads(unavailable)["code"] == observation.code
    if value is None or grade != observation.grade:
        return False
    return value == write_value(observation.value) or same_value(
        catalogue.find(observation.setting), read_value(value), observation.value
    )


def _close_intervals(
    connection: Connection, run: int, organization: int, ended: Mapping[str, Mapping[int, int]]
) -> None:
    """End the intervals with this run; `ended` maps each collector to its facts and their first runs."""
    if ended:
        last = last_seen(connection, organization, ended, before=run)
        statement = update(facts).where(facts.c.id == bindparam("fact"))
        statement = statement.values(last_run=bindparam("last"), ended_run=bindparam("now"))
        connection.execute(statement, [{"fact": fact, "last": seen, "now": run} for fact, seen in last.items()])


def _open_intervals(
    connection: Connection, run: int, opening: Mapping[tuple[int, int], Observation], raw: Mapping[str, bytes]
) -> list[tuple[int, int]]:
    """Open an interval for each observation, by topic and subject, and store the raw objects. Returns (fact, topic)."""
    source_ids = ids.source_ids(connection, (o.source for o in opening.values())) if opening else {}
    digests = (o.response for o in opening.values() if isinstance(o, Observed) and o.response)
    response_ids = ids.response_ids(connection, digests, raw)
    first = ids.next_id(connection, facts)
    rows: list[tuple[Any, ...]] = []
    columns: tuple[Any, ...]  # value, unavailable, grade, source, response
    for fact, ((topic, subject), o) in enumerate(opening.items(), first):
        source = source_ids[o.source]
        if isinstance(o, Observed):
            response = response_ids[o.response] if o.response else None
            columns = (write_value(o.value), None, o.grade.value, source, response)
        else:
            why = {"code": o.code, "reason": o.reason, "missing_scope": o.missing_scope}
            columns = (None, json.dumps(why), None, source, None)
        rows.append((fact, topic, subject, *columns, run, None, None))
    ids.bulk_insert(connection, facts, rows)
    return [(row[0], row[1]) for row in rows]


_SPACES_AT_A_TIME = 5_000
_COMPARED = ("key", "name", "type", "status")
"""A change of one of these columns starts a new row for the space."""
_SPACE_COLUMNS = ("space", "key", "folded", "name", "type", "status", "created_at")

_passing = MetaData()
_coming = Table(
    "coming_spaces",
    _passing,
    Column("place", Id, primary_key=True, autoincrement=False),
    Column("app", Id, nullable=False),
    *(Column(name, Escaped, nullable=False) for name in _SPACE_COLUMNS[:-1]),
    Column("created_at", Moment),
    prefixes=["TEMPORARY"],
)
Index("coming_spaces_by_id", _coming.c.app, _coming.c.space)
_listed = Table(
    "coming_space_lists",
    _passing,
    Column("app", Id, primary_key=True, autoincrement=False),
    Column("whole", Id, nullable=False),
    Column("last_whole", BigInteger, nullable=False),  # the last earlier run with a complete listing; 0 for none
    prefixes=["TEMPORARY"],
)


def _save_spaces(connection: Connection, run: int, organization: int, snapshot: Snapshot) -> None:
    """Open and close intervals of spaces as far as each listing came; spaces of a failed listing are not stored.

    Raises UsageError for a space whose app has no listing.
    """
    lists = {one.app: one for one in snapshot.space_lists}
    apps = ids.subject_ids(connection, organization, lists) if lists else {}
    last_whole = _last_complete_run(connection, organization, run)
    _save_lists(connection, run, organization, {apps[app]: one for app, one in lists.items()})
    if not lists:
        return
    _passing.create_all(connection, checkfirst=False)
    whole = {app: one.complete for app, one in lists.items()}
    ids.bulk_insert(connection, _listed, [(apps[app], int(whole[app]), last_whole.get(apps[app], 0)) for app in lists])
    _stage_spaces(connection, snapshot.spaces, lists, apps)
    for condition in (_CHANGED, _MISSING):
        ending = update(spaces).where(spaces.c.ended_run.is_(None), condition)
        connection.execute(ending.values(last_run=_LAST_RUN, ended_run=run))
    _open_new_spaces(connection, run)
    _passing.drop_all(connection, checkfirst=False)


_IN_ORGANIZATION = space_lists.c.app.in_(select(subjects.c.id).where(subjects.c.seen_in == bindparam("organization")))
_WHOLE = (
    select(space_lists.c.app, func.max(func.coalesce(space_lists.c.ended_run, bindparam("run"))))
    .where(_IN_ORGANIZATION, space_lists.c.status == CollectionStatus.OK.value)
    .group_by(space_lists.c.app)
)
_STANDING = select(
    *(space_lists.c[name] for name in ("id", "app", "status", "announced", "read", "code", "visible_to"))
).where(space_lists.c.ended_run.is_(None), _IN_ORGANIZATION)


def _last_complete_run(connection: Connection, organization: int, run: int) -> dict[int, int]:
    """By app, the last run before this one with a complete listing of its spaces."""
    ends = dict(connection.execute(_WHOLE, {"organization": organization, "run": run}).all())
    if not ends:
        return {}
    runs_of = select(snapshots.c.run).where(snapshots.c.organization == organization, snapshots.c.run < run)
    earlier = list(connection.execute(runs_of.order_by(snapshots.c.run)).scalars())
    return {app: earlier[bisect_left(earlier, end) - 1] for app, end in ends.items()}


def _save_lists(connection: Connection, run: int, organization: int, coming: Mapping[int, SpaceList]) -> None:
    """Open and close intervals of listings. A listing with the same result keeps its row, whatever it cost.

    A listing that this run did not request ends, because its spaces were not read.
    """
    opening = dict(coming)
    ending: list[int] = []
    for number, app, *stored in connection.execute(_STANDING, {"organization": organization}).all():
        new = coming.get(app)
        if new is not None and stored == [new.status.value, new.announced, new.read, new.code, new.visible_to]:
            del opening[app]
        else:
            ending.append(number)
    if ending:
        ended = update(space_lists).where(space_lists.c.id == bindparam("number")).values(ended_run=run)
        connection.execute(ended, [{"number": number} for number in ending])
    if not opening:
        return
    first = ids.next_id(connection, space_lists)
    for number, (app, new) in enumerate(opening.items(), first):
        values = fields_of(new, SpaceList.__slots__) | {"status": new.status.value, "app": app}
        connection.execute(insert(space_lists).values(id=number, first_run=run, **values))


def _stage_spaces(
    connection: Connection, coming: Iterable[Space], lists: Mapping[Subject, SpaceList], apps: Mapping[Subject, int]
) -> None:
    """Stream the spaces into the temporary table; of two with the same identity, the last one is kept."""

    def rows() -> Iterable[tuple[Any, ...]]:
        for place, space in enumerate(coming):
            if space.app not in lists:
                raise UsageError(
                    f"no listing status for the spaces of {space.app.id}",
                    hint="Pass the listing that the spaces come from",
                )
            if lists[space.app].status is not CollectionStatus.FAILED:
                texts = (space.id, space.key, fold(space.key), space.name, space.type, space.status)
                created = None if space.created_at is None else write_moment(space.created_at)
                yield place, apps[space.app], *map(escape, texts), created

    waiting = iter(rows())
    while some := list(islice(waiting, _SPACES_AT_A_TIME)):
        ids.bulk_insert(connection, _coming, some)
    if connection.dialect.name == "postgresql":  # without statistics for the new table it would join row by row
        connection.exec_driver_sql("ANALYZE coming_spaces")
    later = _coming.alias("later")
    same = later.c.app == _coming.c.app, later.c.space == _coming.c.space
    connection.execute(_coming.delete().where(exists().where(*same, later.c.place > _coming.c.place)))


_SAME = (_coming.c.app == spaces.c.app, _coming.c.space == spaces.c.space)
_LAST_SEEN = case((_listed.c.last_whole > spaces.c.first_run, _listed.c.last_whole), else_=spaces.c.first_run)
_LAST_RUN = select(_LAST_SEEN).where(_listed.c.app == spaces.c.app).scalar_subquery()
"""The last run that saw the space in this form: the one that opened the interval, or the last complete listing."""
_CHANGED = exists().where(*_SAME, or_(*(_coming.c[name] != spaces.c[name] for name in _COMPARED)))
_MISSING = exists().where(_listed.c.app == spaces.c.app, _listed.c.whole == 1) & ~exists().where(*_SAME)
"""Spaces that a complete listing of their app no longer shows."""


def _open_new_spaces(connection: Connection, run: int) -> None:
    first = ids.next_id(connection, spaces)
    stored = exists().where(spaces.c.ended_run.is_(None), *_SAME)
    number = literal(first - 1, Id) + func.row_number().over(order_by=_coming.c.place)
    columns = [_coming.c[name] for name in ("app", *_SPACE_COLUMNS)]
    fresh = select(number, *columns, literal(run, Id)).where(~stored)
    connection.execute(insert(spaces).from_select(["id", "app", *_SPACE_COLUMNS, "first_run"], fresh))
