"""Transactions on the history, a cache for each, and locks that outlast transactions.

One audit per organization at a time, and one export: a lock file beside the SQLite file, an advisory lock on a server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from contribaudit.errors import StoreBusy, StoreError
from contribaudit.store.database import Database
from contribaudit.store.failures import database_errors, translated

_Words = ParamSpec("_Words")
_Answer = TypeVar("_Answer")
_OnConnection: TypeAlias = Callable[Concatenate[Connection, _Words], _Answer]

_CACHE = "contribaudit_kept"
_WRITER = 0x636F6E7472696201  # next to the lock of migrations; per schema
_TRY = text("SELECT pg_try_advisory_xact_lock(CAST(:key AS bigint) # hashtextextended(current_schema(), 0))")
_WRITERS_SECONDS, _WRITERS_POLL_SECONDS = 600.0, 0.05
_POLL_SECONDS = 0.2

_AT_ONCE: ContextVar[tuple[Transactions, Connection] | None] = ContextVar("_AT_ONCE", default=None)
"""The history that `at_once` reads in this context, and its transaction."""


class Transactions:
    """Transactions on an open database; every database error comes out as a StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, Connection] = {}
        """By organization, the connections that hold a lock (on a server only)."""

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self._database.shown), self._one_state() as connection:
            yield connection

    @contextmanager
    def _one_state(self) -> Iterator[Connection]:
        current = _AT_ONCE.get()
        if current is not None and current[0] is self:
            yield current[1]
        else:
            with self._database.reader.begin() as connection:
                yield connection.execution_options(**{_CACHE: {}})

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Answer all queries of this thread within the block from one state of the history, in one transaction.

        The block does not see what is written meanwhile, not even by itself. Errors of the block pass unchanged.
        """
        with database_errors(self._database.shown), self._one_state() as connection:
            token = _AT_ONCE.set((self, connection))
            try:
                yield
            finally:
                _AT_ONCE.reset(token)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(self._database.shown), self._database.writer.begin() as connection:
            _one_writer(connection)
            yield connection


_Method: TypeAlias = Callable[Concatenate[Transactions, _Words], _Answer]


def reads(function: _OnConnection[_Words, _Answer]) -> _Method[_Words, _Answer]:
    """The function as a method that reads in a transaction of its own."""

    @wraps(function)
    def method(store: Transactions, /, *words: _Words.args, **named: _Words.kwargs) -> _Answer:
        with store._reading() as connection:
            return function(connection, *words, **named)

    return method


def writes(function: _OnConnection[_Words, _Answer]) -> _Method[_Words, _Answer]:
    """The function as a method that writes in a transaction of its own, entirely or not at all."""

    @wraps(function)
    def method(store: Transactions, /, *words: _Words.args, **named: _Words.kwargs) -> _Answer:
        with store._writing() as connection:
            return function(connection, *words, **named)

    return method


def _one_writer(connection: Connection) -> None:
    """Allow one writing transaction at a time, as on SQLite, so that row numbers are unique. Readers do not wait."""
    if connection.dialect.name != "postgresql":
        return
    # Many runners may wait here for all writers before them: longer than a single statement may take.
    deadline = time.monotonic() + _WRITERS_SECONDS
    while not connection.execute(_TRY, {"key": _WRITER}).scalar() and time.monotonic() < deadline:
        time.sleep(_WRITERS_POLL_SECONDS)
    connection.execute(text("LOCK TABLE runs IN EXCLUSIVE MODE"))


def asked_once(function: _OnConnection[_Words, _Answer]) -> _OnConnection[_Words, _Answer]:
    """The function with its result cached in each read-only transaction; a writing transaction calls it every time.

    The result must not be modified, and the arguments must be hashable.
    """

    @wraps(function)
    def asked(connection: Connection, /, *words: _Words.args, **named: _Words.kwargs) -> _Answer:
        cache: dict[Any, _Answer] | None = connection.get_execution_options().get(_CACHE)
        if cache is None:
            return function(connection, *words, **named)
        key = (function, words, tuple(named.items()))
        if key not in cache:
            cache[key] = function(connection, *words, **named)
        return cache[key]

    return asked


@contextmanager
def file_lock(database: Path, organization: str, wait_seconds: float) -> Iterator[None]:
    """Hold a lock file beside the database; the operating system releases the lock when the process ends."""
    from filelock import FileLock, Timeout

    name = sha256(organization.encode(errors="surrogatepass")).hexdigest()[:16]
    path = database.with_name(f"{database.name}.{name}.lock")
    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=max(wait_seconds, 0), poll_interval=_POLL_SECONDS)
    except Timeout:
        raise _busy(organization) from None
    except OSError as error:
        raise StoreError(
            f"The lock file {path} cannot be opened: {error.strerror}", hint="Check the permissions of its folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def advisory_lock(
    engine: Engine, shown: str, organization: str, wait_seconds: float, held_locks: dict[str, Connection]
) -> Iterator[None]:
    """Hold an advisory lock on a connection of its own; the server releases it when the connection ends.

    `held_locks` contains the connection meanwhile, so that `require_held` can check it.
    """
    with translated(shown):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translated(shown):
            key = _lock_number(connection, organization)
            _acquire(connection, key, organization, wait_seconds)
        held_locks[organization] = connection
        try:
            yield
        finally:
            del held_locks[organization]
            with suppress(SQLAlchemyError):  # a broken connection holds no lock
                connection.execute(select(func.pg_advisory_unlock(key)))
    finally:
        connection.close()


def require_held(shown: str, held_locks: Mapping[str, Connection]) -> None:
    """Raise StoreError when a lock's connection broke: another audit of that organization may have started since."""
    for organization, connection in held_locks.items():
        try:
            connection.execute(select(1))
        except DBAPIError as error:
            raise StoreError(
                f"The connection to the history {shown} broke while the audit of organization {organization} ran, "
                "so nothing of this run was saved: the last complete run still counts",
                hint="Run it again, and check the server's log",
            ) from error


def _acquire(connection: Connection, key: int, organization: str, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while not connection.execute(select(func.pg_try_advisory_lock(key))).scalar():
        left = deadline - time.monotonic()
        if left <= 0:
            raise _busy(organization)
        time.sleep(min(_POLL_SECONDS, left))


def _lock_number(connection: Connection, organization: str) -> int:
    """A signed 64-bit number for the organization in this schema: advisory locks span the whole database."""
    schema = connection.execute(select(func.current_schema())).scalar()
    name = f"contribaudit\n{schema}\n{organization}".encode(errors="surrogatepass")
    return int.from_bytes(sha256(name).digest()[:8], signed=True)


EXPORTS = "evidence of all"
"""Locked in place of an organization while evidence is exported; no organization ID contains blanks."""


def _busy(organization: str) -> StoreBusy:
    if organization == EXPORTS:
        hint = "Wait until it has finished, or look for a hung process"
        return StoreBusy("Evidence is being exported from this history", hint=hint)
    return StoreBusy(
        f"Another audit of organization {organization} is running on this history",
        hint="Wait until it has finished, or look for a hung process",
    )
