"""Reads the spaces of an organization from the history on demand; each query is a short transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)

from contribaudit.catalogue import organization as catalogue
from contribaudit.core.model.snapshot import CollectionStatus, KnownSpace, Space, SpaceList
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.columns import Escaped, fields_of, read_value
from contribaudit.store.facts import known_after, organization_number, stored_facts
from contribaudit.store.schema import runs, snapshots, space_lists, spaces, subjects
from contribaudit.store.transactions import asked_once

_LONGEST_FOLDED = 120
"""How many characters of a key are indexed: PostgreSQL refuses very long ones."""
Reading: TypeAlias = Callable[[], AbstractContextManager[Connection]]
_PAGE = 1_000


def fold(key: str) -> str:
    """The form of a key that lookups compare."""
    return key.casefold()[:_LONGEST_FOLDED]


_RUNS = (
    select(runs.c.id, runs.c.started_at)
    .join(snapshots, snapshots.c.run == runs.c.id)
    .where(snapshots.c.organization == bindparam("organization"))
)


class StoredSpaces:
    """The spaces of one organization that were known at the end of a run.

    Listings and counts are read at once, so that a report can show them after the history was closed.
    """

    def __init__(self, reading: Reading, organization: str, run: int | None = None) -> None:
        """Read the listings and counts. `run` None means the organization's newest run."""
        self._reading = reading
        self._organization = organization
        with reading() as connection:
            number = organization_number(connection, organization)
            taken = _RUNS if run is None else _RUNS.where(snapshots.c.run <= run)
            newest = connection.execute(taken.order_by(runs.c.id.desc()).limit(1), {"organization": number}).first()
            self._run: int = newest.id if newest is not None else 0
            self._read_at: datetime | None = newest.started_at if newest is not None else None
            self._apps = apps_with_spaces(connection, organization, number)
            self._numbers = {app: own for own, app in self._apps.items()}
            self._lists = self._read_lists(connection) if self._apps else {}
            self._counts = self._count_by_app(connection) if self._apps else {}
            self._first_whole = first_whole_runs(connection, self._apps)
            self._last_runs: dict[datetime, int] = {}
            self._places = _app_places(connection, number, self._run) if self._apps else {}

    def _count_by_app(self, connection: Connection) -> dict[Subject, int]:
        counted = select(spaces.c.app, func.count()).where(self._of_apps, *self._standing).group_by(spaces.c.app)
        return {self._apps[app]: count for app, count in connection.execute(counted)}

    def lists(self) -> Mapping[Subject, SpaceList]:
        """By app, the listing of its spaces as of the run; empty when spaces were never read."""
        return self._lists

    def read_at(self) -> datetime | None:
        """The start of the run; None when no run audited the organization."""
        return self._read_at

    def count(self, app: Subject) -> int:
        """The number of known spaces of the app."""
        return self._counts.get(app, 0)

    def find(self, text: str) -> Sequence[KnownSpace]:
        """Spaces by ARI, or by `space:HOST/TYPEKEY/KEY` in any case; several where a key is ambiguous."""
        if not self._apps:
            return ()
        bare = text.strip().removeprefix("space:")
        if bare.startswith("ari:"):
            return list(self._rows(self._of_apps, spaces.c.space == bare))
        host, _, rest = bare.casefold().partition("/")
        type_key, _, key = rest.partition("/")
        apps = [own for own, app in self._apps.items() if self._places.get(app.id, ("", "")) == (host, type_key)]
        if not apps or not key:
            return ()
        rows = self._rows(spaces.c.app.in_(apps), spaces.c.folded == fold(key))
        return [one for one in rows if one.space.key.casefold() == key]

    def of(self, app: Subject) -> Iterator[KnownSpace]:
        """The app's spaces by key, ignoring case, in the database's sort order."""
        return self._pages(self._of_app(app))

    def since(self, app: Subject, moment: datetime) -> Iterator[KnownSpace]:
        """Spaces of the app that were first seen by a run after the moment, by key."""
        return self._pages(self._of_app(app), _first_run() > self._last_run(moment))

    def _last_run(self, moment: datetime) -> int:
        """The last run that had begun by the moment, 0 for none; cached, since a rule asks the same for every app."""
        if moment not in self._last_runs:
            query = select(func.max(runs.c.id)).where(runs.c.started_at <= moment)
            with self._reading() as connection:
                self._last_runs[moment] = connection.execute(query).scalar() or 0
        return self._last_runs[moment]

    def bearers(self, app: Subject, key: str) -> Sequence[tuple[str, datetime]]:
        """The IDs of all spaces of the app that ever had the key, with the start of their first runs, oldest first."""
        query = (
            select(spaces.c.space, spaces.c.key, spaces.c.first_run, runs.c.started_at)
            .join(runs, runs.c.id == spaces.c.first_run)
            .where(self._of_app(app), spaces.c.folded == fold(key))
            .where(spaces.c.first_run <= self._run)
            .order_by(spaces.c.first_run, spaces.c.space)
        )
        first: dict[str, datetime] = {}
        with self._reading() as connection:
            for space, borne, _run, started_at in connection.execute(query):
                if borne.casefold() == key.casefold():
                    first.setdefault(space, started_at)
        return list(first.items())

    def search(self, text: str, limit: int = 50) -> Sequence[KnownSpace]:
        """Spaces whose key or name contains the text, ignoring case; at most `limit`, by key."""
        folded = text.casefold()
        matches: list[KnownSpace] = []
        if folded and limit > 0:
            may_match = or_(_may_contain(spaces.c.key, folded), _may_contain(spaces.c.name, folded))
            for entry in self._pages(self._of_apps, may_match):
                if folded in entry.space.key.casefold() or folded in entry.space.name.casefold():
                    matches.append(entry)
                    if len(matches) == limit:
                        break
        return matches

    def page(self, app: Subject, offset: int, limit: int) -> Sequence[KnownSpace]:
        """At most `limit` of the app's spaces from position `offset` (0: the first), in the order of `of`."""
        if app not in self._numbers or limit <= 0:
            return ()
        with self._reading() as connection:
            query = self._query(self._of_app(app), limit=limit, offset=max(0, offset))
            return [self._known_space(row) for row in connection.execute(query)]

    def position(self, space: Space) -> int | None:
        """The position of the space among the spaces of its app, in the order of `of`; None when it is not known."""
        same_app = self._of_app(space.app)
        with self._reading() as connection:
            own = select(spaces.c.folded, spaces.c.space, spaces.c.id).where(
                *self._standing, same_app, spaces.c.space == space.id
            )
            row = connection.execute(own).first()
            if row is None:
                return None
            before = tuple_(spaces.c.folded, spaces.c.space, spaces.c.id) < _order_key(row)
            query = select(func.count()).select_from(spaces).where(*self._standing, same_app, before)
            return int(connection.execute(query).scalar_one())

    @property
    def _standing(self) -> tuple[ColumnElement[bool], ...]:
        """Conditions for spaces that were known at the end of the run. Callers add a condition for the apps."""
        return known_after(self._run, spaces)

    @property
    def _of_apps(self) -> ColumnElement[bool]:
        return spaces.c.app.in_(list(self._apps))

    def _of_app(self, app: Subject) -> ColumnElement[bool]:
        return spaces.c.app == self._numbers.get(app, 0)

    def _read_lists(self, connection: Connection) -> dict[Subject, SpaceList]:
        c = space_lists.c
        conditions = c.app.in_(list(self._apps)), *known_after(self._run, space_lists)
        lists = {}
        for row in connection.execute(select(space_lists).where(*conditions).order_by(c.app)):
            app = self._apps[row.app]
            fields = fields_of(row, SpaceList.__slots__) | {"app": app, "status": CollectionStatus(row.status)}
            lists[app] = SpaceList(**fields)
        return lists

    def _rows(self, *conditions: ColumnElement[bool]) -> list[KnownSpace]:
        with self._reading() as connection:
            return [self._known_space(row) for row in connection.execute(self._query(*conditions))]

    def _pages(self, *conditions: ColumnElement[bool]) -> Iterator[KnownSpace]:
        """Spaces page by page, each page in a transaction of its own: what was known as of a run does not change."""
        after: ColumnElement[bool] | None = None
        while True:
            query = self._query(*conditions, *(() if after is None else (after,)), limit=_PAGE)
            with self._reading() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                yield self._known_space(row)
            if len(rows) < _PAGE:
                return
            after = tuple_(spaces.c.folded, spaces.c.space, spaces.c.id) > _order_key(rows[-1])

    def _query(self, *conditions: ColumnElement[bool], limit: int | None = None, offset: int = 0) -> Select[Any]:
        """A query that selects the rows first and then joins their runs, so that only returned spaces are joined."""
        order = spaces.c.folded, spaces.c.space, spaces.c.id
        rows = select(spaces.c.id).where(*self._standing, *conditions).order_by(*order)
        chosen = spaces.c.id.in_(rows if limit is None else rows.limit(limit).offset(offset))
        first = _first_run().label("first")
        query = select(spaces, first, runs.c.started_at).select_from(spaces).join(runs, runs.c.id == first)
        return query.where(chosen).order_by(*order)

    def _known_space(self, row: Any) -> KnownSpace:
        app = self._apps[row.app]
        host, type_key = self._places.get(app.id, ("", ""))
        space = Space(app, row.space, row.key, row.name, row.type, row.status, row.created_at)
        first_whole = self._first_whole.get(row.app)
        return KnownSpace(space, host, type_key, row.started_at, first_whole is None or row.first <= first_whole)


def _order_key(row: Any) -> ColumnElement[Any]:
    """A row's sort key, with its texts as stored."""
    return tuple_(literal(row.folded, Escaped), literal(row.space, Escaped), row.id)


def _may_contain(column: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """True for every text that contains `wanted`, ignoring case, and for a few others.

    Texts are stored in ASCII: any character that folds to or from a non-ASCII one is stored with a backslash, as are
    quotation marks and backslashes themselves.
    """
    stored = type_coerce(column, Text)
    escaped = stored.contains("\\", autoescape=True)
    plain = wanted.isascii() and wanted.isprintable() and not set(wanted) & set('"\\')
    return or_(func.lower(stored).contains(wanted, autoescape=True), escaped) if plain else escaped


def _first_run() -> ColumnElement[int]:
    """The first run that ever saw the space, under any key and name."""
    earliest = spaces.alias("earliest")
    query = select(func.min(earliest.c.first_run))
    return query.where(earliest.c.app == spaces.c.app, earliest.c.space == spaces.c.space).scalar_subquery()


_LISTED = select(subjects.c.id, subjects.c.subject).where(
    subjects.c.seen_in == bindparam("organization"), subjects.c.id.in_(select(space_lists.c.app).distinct())
)


@asked_once
def apps_with_spaces(connection: Connection, organization: str, number: int | None) -> dict[int, Subject]:
    """By number, the apps whose spaces were ever listed."""
    rows = connection.execute(_LISTED, {"organization": number})
    return {own: Subject(organization, Kind.APP, name) for own, name in rows}


def first_whole_runs(connection: Connection, apps: Mapping[int, Subject]) -> dict[int, int]:
    """By app, the run of its first complete listing."""
    if not apps:
        return {}
    query = select(space_lists.c.app, func.min(space_lists.c.first_run))
    whole = space_lists.c.status == CollectionStatus.OK.value
    query = query.where(whole, space_lists.c.app.in_(list(apps))).group_by(space_lists.c.app)
    return dict(connection.execute(query).all())


def _app_places(connection: Connection, number: int | None, run: int) -> dict[str, tuple[str, str]]:
    """By app ID, the host and type key that were last seen by the run."""
    by_app: dict[str, dict[str, str]] = {}
    for fact in stored_facts(
        connection, number, *known_after(run), settings=(catalogue.HOST.id, catalogue.TYPE_KEY.id)
    ):
        value = read_value(fact.value or "null")
        if isinstance(value, str):
            by_app.setdefault(fact.subject.id, {})[fact.setting] = value.casefold()
    return {app: (one.get(catalogue.HOST.id, ""), one.get(catalogue.TYPE_KEY.id, "")) for app, one in by_app.items()}
