"""Saves the spaces of one run into the history, in the run's own transaction.

The listings are streamed into a table that lives as long as the transaction; what is new, changed or gone is then one
statement each, so that 200 000 spaces take no more memory than 2 000.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
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

from contribaudit.core.model.snapshot import CollectionStatus, Snapshot, Space, SpaceList
from contribaudit.core.model.subject import Subject
from contribaudit.errors import UsageError
from contribaudit.store import ids
from contribaudit.store.columns import Escaped, Moment, escape, write_moment
from contribaudit.store.schema import Id, snapshots, space_lists, spaces, subjects
from contribaudit.store.spaces import fold

_ROWS_AT_A_TIME = 5_000
_TOLD = ("key", "name", "type", "status")
"""What makes a space another row when it changes."""
_OWN = ("space", "key", "folded", "name", "type", "status", "created_at")

_passing = MetaData()
_coming = Table(
    "coming_spaces",
    _passing,
    Column("place", Id, primary_key=True, autoincrement=False),
    Column("app", Id, nullable=False),
    *(Column(name, Escaped, nullable=False) for name in _OWN[:-1]),
    Column("created_at", Moment),
    prefixes=["TEMPORARY"],
)
Index("coming_spaces_by_id", _coming.c.app, _coming.c.space)
_listed = Table(
    "coming_space_lists",
    _passing,
    Column("app", Id, primary_key=True, autoincrement=False),
    Column("whole", Id, nullable=False),
    Column("last_whole", BigInteger, nullable=False),  # the last run before whose listing was whole, 0 for none
    prefixes=["TEMPORARY"],
)


def save_spaces(connection: Connection, run: int, organization: int, snapshot: Snapshot) -> None:
    """Open and close intervals as far as each listing came; spaces of a listing that failed are not kept.

    Raises UsageError for a space of an app of which no listing tells how far it came.
    """
    lists = {one.app: one for one in snapshot.space_lists}
    apps = ids.subject_ids(connection, organization, lists) if lists else {}
    last_whole = _last_whole(connection, organization, run)
    _save_lists(connection, run, organization, {apps[app]: one for app, one in lists.items()})
    if not lists:
        return
    _passing.create_all(connection, checkfirst=False)
    rows = [(apps[app], int(_whole(one)), last_whole.get(apps[app], 0)) for app, one in lists.items()]
    ids.bulk_insert(connection, _listed, rows)
    _take_in(connection, snapshot.spaces, lists, apps)
    _close_changed(connection, run)
    _close_gone(connection, run)
    _open_new(connection, run)
    _passing.drop_all(connection, checkfirst=False)


def _whole(one: SpaceList) -> bool:
    return one.status is CollectionStatus.OK


_MINE = space_lists.c.app.in_(select(subjects.c.id).where(subjects.c.seen_in == bindparam("organization")))
_WHOLE = (
    select(space_lists.c.app, func.max(func.coalesce(space_lists.c.ended_run, bindparam("run"))))
    .where(_MINE, space_lists.c.status == CollectionStatus.OK.value)
    .group_by(space_lists.c.app)
)
_STANDING = select(
    *(space_lists.c[name] for name in ("id", "app", "status", "announced", "read", "code", "visible_to"))
).where(space_lists.c.ended_run.is_(None), _MINE)


def _last_whole(connection: Connection, organization: int, run: int) -> dict[int, int]:
    """By app, the last run before this one whose listing of it was whole."""
    found = dict(connection.execute(_WHOLE, {"organization": organization, "run": run}).all())
    if not found:
        return {}
    runs_of = select(snapshots.c.run).where(snapshots.c.organization == organization, snapshots.c.run < run)
    earlier = list(connection.execute(runs_of.order_by(snapshots.c.run)).scalars())
    return {app: earlier[bisect_left(earlier, end) - 1] for app, end in found.items()}


def _save_lists(connection: Connection, run: int, organization: int, coming: Mapping[int, SpaceList]) -> None:
    """A listing that came out as before, or differs in its cost and wording only, keeps its row.

    One that this run did not ask for ends: spaces were not read then.
    """
    opening = dict(coming)
    ending: list[int] = []
    for number, app, *stored in connection.execute(_STANDING, {"organization": organization}).all():
        one = coming.get(app)
        if one is not None and stored == [one.status.value, one.announced, one.read, one.code, one.visible_to]:
            del opening[app]
        else:
            ending.append(number)
    if ending:
        ended = update(space_lists).where(space_lists.c.id == bindparam("number")).values(ended_run=run)
        connection.execute(ended, [{"number": number} for number in ending])
    if not opening:
        return
    first = ids.next_id(connection, space_lists)
    for number, (app, one) in enumerate(opening.items(), first):
        values = {name: getattr(one, name) for name in type(one).__slots__ if name != "app"}
        values["status"] = one.status.value
        connection.execute(insert(space_lists).values(id=number, app=app, first_run=run, **values))


def _take_in(
    connection: Connection, coming: Iterable[Space], lists: Mapping[Subject, SpaceList], apps: Mapping[Subject, int]
) -> None:
    """Stream the spaces into the passing table; of two of the same identity the last stays."""

    def rows() -> Iterable[tuple[Any, ...]]:
        for place, one in enumerate(coming):
            if one.app not in lists:
                raise UsageError(
                    f"no listing status for the spaces of {one.app.id}",
                    hint="Pass the listing that the spaces come from",
                )
            if lists[one.app].status is not CollectionStatus.FAILED:
                texts = (one.id, one.key, fold(one.key), one.name, one.type, one.status)
                created = None if one.created_at is None else write_moment(one.created_at)
                yield place, apps[one.app], *map(escape, texts), created

    waiting = iter(rows())
    while some := list(islice(waiting, _ROWS_AT_A_TIME)):
        ids.bulk_insert(connection, _coming, some)
    if connection.dialect.name == "postgresql":  # it knows nothing of a new table, and would join it row by row
        connection.exec_driver_sql("ANALYZE coming_spaces")
    later = _coming.alias("later")
    same = later.c.app == _coming.c.app, later.c.space == _coming.c.space
    connection.execute(_coming.delete().where(exists().where(*same, later.c.place > _coming.c.place)))


_same = (_coming.c.app == spaces.c.app, _coming.c.space == spaces.c.space)
_still = case((_listed.c.last_whole > spaces.c.first_run, _listed.c.last_whole), else_=spaces.c.first_run)
_last_run = select(_still).where(_listed.c.app == spaces.c.app).scalar_subquery()
"""A run that saw a space so for the last time: one that saw it begin, or the last whole listing."""


def _close_changed(connection: Connection, run: int) -> None:
    differs = or_(*(_coming.c[name] != spaces.c[name] for name in _TOLD))
    changed = spaces.c.ended_run.is_(None) & exists().where(*_same, differs)
    connection.execute(update(spaces).where(changed).values(last_run=_last_run, ended_run=run))


def _close_gone(connection: Connection, run: int) -> None:
    whole = exists().where(_listed.c.app == spaces.c.app, _listed.c.whole == 1)
    gone = spaces.c.ended_run.is_(None) & whole & ~exists().where(*_same)
    connection.execute(update(spaces).where(gone).values(last_run=_last_run, ended_run=run))


def _open_new(connection: Connection, run: int) -> None:
    first = ids.next_id(connection, spaces)
    known = exists().where(spaces.c.ended_run.is_(None), *_same)
    number = literal(first - 1, Id) + func.row_number().over(order_by=_coming.c.place)
    told = [_coming.c[name] for name in ("app", *_OWN)]
    fresh = select(number, *told, literal(run, Id)).where(~known)
    connection.execute(insert(spaces).from_select(["id", "app", *_OWN, "first_run"], fresh))
