"""Numbers for rows, and shared names and bytes, which are stored once and referred to by number or digest."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Column, Connection, Select, Table, bindparam, func, insert, select, update

from contribaudit.core.model.subject import Kind, Subject
from contribaudit.errors import StoreDamaged
from contribaudit.store.columns import escape
from contribaudit.store.schema import organizations, responses, sources, subjects, topics

Topic: TypeAlias = tuple[str, str]
"""A collector and a setting."""

_Key = TypeVar("_Key")
_PER_QUERY = 500


_INSERTIONS: dict[tuple[Table, str], str] = {}


def bulk_insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows with all columns in the table's order, already in the form that the database stores.

    Uses the driver's executemany: SQLAlchemy Core would take 2.6 times as long, building a dict per row.
    """
    if rows:
        key = table, connection.dialect.name
        if key not in _INSERTIONS:
            _INSERTIONS[key] = str(insert(table).compile(dialect=connection.dialect))
        connection.exec_driver_sql(_INSERTIONS[key], list(rows))


def rows_among(connection: Connection, query: Select[Any], column: Column[str], values: Sequence[str]) -> Iterator[Any]:
    """The query's rows whose column holds a wanted value, queried in batches: a statement takes a limited number."""
    for start in range(0, len(values), _PER_QUERY):
        yield from connection.execute(query.where(column.in_(values[start : start + _PER_QUERY]))).all()


def next_id(connection: Connection, table: Table) -> int:
    """The ID of the table's next row."""
    return int(connection.execute(_highest(table)).scalar_one()) + 1


@cache
def _highest(table: Table) -> Select[Any]:
    return select(func.coalesce(func.max(table.c.id), 0))


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Add a row and return its ID, the table's next."""
    number = next_id(connection, table)
    connection.execute(_insertion(table), {"id": number} | values)
    return number


_insertion = cache(insert)


NUMBER_OF = select(organizations.c.id).where(organizations.c.organization == bindparam("organization"))


def organization_id(connection: Connection, organization: str) -> int:
    """The organization's number; a new organization is added."""
    number = connection.execute(NUMBER_OF, {"organization": organization}).scalar()
    if number is None:
        number = add(connection, organizations, organization=organization)
    return int(number)


TOPICS_OF = select(topics.c.id, topics.c.collector, topics.c.setting).where(
    topics.c.organization == bindparam("organization")
)


def topic_ids(connection: Connection, organization: int, wanted: Iterable[Topic]) -> dict[Topic, int]:
    """The number of every topic of the organization; wanted topics that are new are added."""
    stored = connection.execute(TOPICS_OF, {"organization": organization})
    ids = {(collector, setting): topic for topic, collector, setting in stored}
    new = _new_ids(connection, topics, ids, wanted)
    rows = [(new[key], organization, escape(key[0]), escape(key[1])) for key in new]
    bulk_insert(connection, topics, rows)
    return ids | new


SUBJECTS_OF = select(subjects.c.id, subjects.c.organization, subjects.c.kind, subjects.c.subject).where(
    subjects.c.seen_in == bindparam("organization")
)


def subject_ids(connection: Connection, organization: int, wanted: Iterable[Subject]) -> dict[Subject, int]:
    """The number of every subject seen in the organization; wanted subjects that are new are added."""
    ids = {
        Subject(owner, Kind(kind), name): subject
        for subject, owner, kind, name in connection.execute(SUBJECTS_OF, {"organization": organization})
    }
    new = _new_ids(connection, subjects, ids, wanted)
    rows = [(new[key], organization, escape(key.organization), key.kind.value, escape(key.id)) for key in new]
    bulk_insert(connection, subjects, rows)
    return ids | new


_SOURCES = select(sources.c.id, sources.c.source)


def source_ids(connection: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The number of every source; wanted sources that are new are added."""
    ids = {source: number for number, source in connection.execute(_SOURCES)}
    new = _new_ids(connection, sources, ids, wanted)
    bulk_insert(connection, sources, [(new[key], escape(key)) for key in new])
    return ids | new


def keep_body(connection: Connection, table: Table, digest: str, body: bytes) -> None:
    """Store bytes under their SHA-256, once however often they are handed in."""
    if connection.execute(select(table.c.id).where(table.c.digest == digest)).scalar() is None:
        add(connection, table, digest=digest, body=zlib.compress(body))


def read_body(connection: Connection, table: Table, digest: str, what: str, hint: str) -> bytes:
    """The bytes behind a digest. Raises StoreDamaged, which calls them `what`, when they are missing or altered."""
    packed = connection.execute(select(table.c.body).where(table.c.digest == digest)).scalar()
    if packed is None:
        raise StoreDamaged(f"{what} {digest} is not in the history", hint=hint)
    return open_body(packed, digest, what, hint)


def open_body(packed: bytes, digest: str, what: str, hint: str) -> bytes:
    """The decompressed bytes. Raises StoreDamaged as `read_body` does."""
    try:
        body = zlib.decompress(packed)
    except zlib.error as error:
        raise StoreDamaged(f"{what} {digest} cannot be decompressed", hint=hint) from error
    if sha256(body).hexdigest() != digest:
        raise StoreDamaged(f"{what} {digest} was altered", hint=hint)
    return body


_RESPONSES = select(responses.c.id, responses.c.digest, responses.c.body.is_(None))


def response_ids(connection: Connection, digests: Iterable[str], raw: Mapping[str, bytes]) -> dict[str, int]:
    """The number of each digest and of every raw object; the objects are stored."""
    wanted = list(dict.fromkeys([*digests, *raw]))
    ids: dict[str, int] = {}
    columns = responses.c
    for number, digest, empty in rows_among(connection, _RESPONSES, columns.digest, wanted):
        ids[digest] = number
        if empty and digest in raw:
            connection.execute(update(responses).where(columns.id == number).values(body=_compressed(digest, raw)))
    new = _new_ids(connection, responses, ids, wanted)
    bulk_insert(connection, responses, [(new[key], escape(key), _compressed(key, raw)) for key in new])
    return ids | new


def _compressed(digest: str, raw: Mapping[str, bytes]) -> bytes | None:
    """The compressed raw object; None when it was not handed in."""
    body = raw.get(digest)
    return None if body is None else zlib.compress(body)


def _new_ids(
    connection: Connection, table: Table, existing: Mapping[_Key, int], wanted: Iterable[_Key]
) -> dict[_Key, int]:
    """Numbers for the wanted keys that are not known, in their order."""
    new = [key for key in dict.fromkeys(wanted) if key not in existing]
    first = next_id(connection, table) if new else 0
    return {key: first + offset for offset, key in enumerate(new)}
