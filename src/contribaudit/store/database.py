"""Opens the database behind a path or a URL, and creates or migrates its tables."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, create_mock_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool
from sqlalchemy.schema import ExecutableDDLElement

from contribaudit.errors import StoreDamaged, StoreError, StoreNewer, installing
from contribaudit.store.failures import translated
from contribaudit.store.schema import FIRST, HEAD, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from alembic.config import Config

_OLDEST_SQLITE = (3, 35)
_BUSY_MILLISECONDS = 30_000
_POLL_SECONDS = 0.02
_CONNECT_SECONDS = 10
_FIRST_TABLES = {"runs", "snapshots", "collections", "facts"}
_MIGRATION_LOCK = 0x636F6E7472696200  # "contrib" and a zero, so that it differs from any other program's lock


class Openness(Enum):
    """What can be done with a history."""

    WRITABLE = "writable"
    READ_ONLY = "read-only"
    NOTHING = "nothing"
    """Nothing was recorded yet: the history is empty, and nothing can be stored in it."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. `reader` sees one state per transaction; `writer` begins by locking out other writers."""

    reader: Engine
    writer: Engine
    path: Path | None
    """The SQLite file; None on PostgreSQL."""
    shown: str
    """The name in messages: the path, or the URL without account and password."""
    openness: Openness = Openness.WRITABLE


def database_to_read(location: str) -> Database:
    """The history at a path or URL, opened for reading only; nothing is created.

    A file that this account cannot write, or whose folder it cannot write, is read as it is. Raises what
    `open_database` raises, and StoreError for a history of an older version that cannot be upgraded in place.
    """
    url = _url(location)
    if url.drivername != "sqlite":
        return _server(url, make=False)
    path = _path(url)
    with _refused_by_system(path):
        exists = path.exists() and (path.is_dir() or path.stat().st_size > 0)
    if not exists:
        return _nothing(str(path))
    if path.is_dir() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return open_database(location)
    engine = _sqlite_engine(path, _read_only_query(path))
    with _checking(engine, str(path)), engine.connect() as connection:
        current = _revision(connection, str(path))
        if current is not None and current != HEAD:
            _known_revision(_scripts(), current, str(path))
            hint = "Copy it into a folder that this account may write to, and name the copy with --store"
            raise StoreError(
                f"The history {path} was written by an older version, and cannot be written to here", hint=hint
            )
    if current is None:
        engine.dispose()
        return _nothing(str(path))
    return Database(engine, engine, path, str(path), Openness.READ_ONLY)


def _read_only_query(path: Path) -> str:
    """The query part of the file's URI. If another process has the file open, its write-ahead log is read too."""
    journals = (path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))
    return "mode=ro" if any(one.exists() for one in journals) else "mode=ro&immutable=1"


def _nothing(shown: str) -> Database:
    """An empty history in memory, used where nothing was recorded yet."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(engine)
    return Database(engine, engine, None, shown, Openness.NOTHING)


def open_database(location: str) -> Database:
    """The history at a path or URL, created if missing and migrated to the newest revision.

    Raises StoreNewer, StoreDamaged or StoreError.
    """
    url = _url(location)
    if url.drivername == "sqlite":
        path = _path(url)
        _create(path)
        engine, shown = _sqlite_engine(path), str(path)
        reader, writer = engine.execution_options(), engine.execution_options(contribaudit_writes=True)
        with _checking(engine, shown):
            _migrate(reader, writer, shown)
        return Database(reader, writer, path, shown)
    return _server(url, make=True)


@contextmanager
def _checking(engine: Engine, shown: str) -> Iterator[None]:
    """Turn errors of the database into StoreError, after which the engine is closed."""
    try:
        with translated(shown):
            yield
    except StoreError:
        engine.dispose()
        raise


def _server(url: URL, *, make: bool) -> Database:
    """The history on a server. Without `make`, an empty one in memory when the server has no tables."""
    shown = f"postgresql://{url.host or ''}/{url.database or ''}"
    engine = _postgresql_engine(url)
    reader = engine.execution_options(isolation_level="REPEATABLE READ")
    # Whatever the server's default: a writer must see what others committed while it waited.
    writer = engine.execution_options(isolation_level="READ COMMITTED")
    with _checking(engine, shown):
        with reader.connect() as connection:
            current = _revision(connection, shown)
            may_write = current is None or _may_write(connection)
        if not make and current is None:
            engine.dispose()
            return _nothing(shown)
        if make and not may_write:
            raise StoreError(f"The history {shown} cannot be written by this account", hint=_A_READERS)
        with _as_owner(shown, current):
            _migrate(reader, writer, shown)
    return Database(reader, writer, None, shown, Openness.WRITABLE if may_write else Openness.READ_ONLY)


_A_READERS = "Use the account of a runner: docs/postgresql.md lists what each may do"


def _may_write(connection: Connection) -> bool:
    """False for an account with read access only, and on a server that accepts no writes."""
    query = "SELECT has_table_privilege('runs', 'INSERT') AND current_setting('transaction_read_only') = 'off'"
    return bool(connection.execute(text(query)).scalar())


@contextmanager
def _as_owner(shown: str, current: str | None) -> Iterator[None]:
    """Turn a missing permission to change tables into a StoreError that names the account to use."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in ("42501", "25006"):
            raise
        problem = "has no tables yet" if current is None else "was written by an older version"
        hint = "Let the owner of its tables run `contribaudit store upgrade` once"
        raise StoreError(f"The history {shown} {problem}, and this account may not change that", hint=hint) from error


def _path(url: URL) -> Path:
    try:
        return Path(url.database or "").expanduser().absolute()
    except (OSError, RuntimeError) as error:  # the user has no home folder, or the current folder was removed
        hint = "Use an absolute path"
        raise StoreError(f"The history path {url.database} cannot be resolved", hint=hint) from error


def _url(location: str) -> URL:
    if "://" not in location:
        return URL.create("sqlite", database=location)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        # from None: SQLAlchemy's message may quote the URL, and with it the password
        raise StoreError(
            "The store's URL cannot be read", hint="Write it as postgresql://account@host/database"
        ) from None
    name = url.get_backend_name()
    if name in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise StoreError(f"The store cannot be kept in {name}", hint="Use a file path or a postgresql:// URL")
    if not url.database or url.database == ":memory:":
        raise StoreError("The store needs a file", hint="Use a file path, or sqlite:////absolute/path")
    return URL.create("sqlite", database=url.database)


def _create(path: Path) -> None:
    """Create the file and its missing parent folders, accessible to this account only."""
    with _refused_by_system(path):
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        if path.is_dir():
            raise StoreError(f"The history {path} is a folder", hint="Name a file in the folder")
        # SQLite gives its -wal and -shm files the same mode
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _refused_by_system(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into StoreError."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: the path contains NUL
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "Check that the file and its folder are readable and writable for this account"
        raise StoreError(f"The history {path} cannot be opened: {cause}", hint=hint) from error


def _sqlite_engine(path: Path, read_only: str = "") -> Engine:
    """`read_only` is the query of the file's URI; "" opens the file for reading and writing."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        required = ".".join(map(str, _OLDEST_SQLITE))
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for the history",
            hint=f"Use a Python with SQLite {required} or newer",
        )
    address = f"{path.as_uri()}?{read_only or 'mode=rwc'}"
    # SQLAlchemy takes a URI for a memory database and would keep one connection per thread.
    engine = create_engine(
        "sqlite://", poolclass=QueuePool, creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False)
    )

    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # no implicit BEGIN: `begun` chooses the kind
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}").close()
        connection.execute("PRAGMA foreign_keys = ON").close()
        if not read_only:
            _write_ahead(connection)

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("contribaudit_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log, so that readers and the writer do not wait for each other."""
    deadline = time.monotonic() + _BUSY_MILLISECONDS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            # SQLite ignores busy_timeout here, when several processes open a new file at once
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _postgresql_engine(url: URL) -> Engine:
    options = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    try:
        # "format" makes compiled inserts take tuples, as with SQLite
        engine = create_engine(url, paramstyle="format", connect_args=options, pool_pre_ping=True)
        from contribaudit.store import bounded
    except ImportError as error:
        raise StoreError("The PostgreSQL driver is not installed", hint=installing("postgres")) from error

    def connecting(_dialect: Any, _record: Any, words: list[Any], options: dict[str, Any]) -> Any:
        return bounded.connect(*words, **options)

    event.listen(engine, "do_connect", connecting)
    return engine


def _migrate(reader: Engine, writer: Engine, shown: str) -> None:
    with reader.connect() as connection:  # the usual case need not wait for a writer
        if _revision(connection, shown) == HEAD:
            return
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        current = _revision(connection, shown)  # another process may have migrated it meanwhile
        if current != HEAD:
            _upgrade(connection, current, shown)


def _revision(connection: Connection, shown: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE in tables:
        revision = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  our own name
        if revision is None or not str(revision).isdecimal():
            problem = f"is damaged: its revision is {str(revision)[:40]!r}"
            raise StoreDamaged(f"The history {shown} {problem}", hint="Restore it from a backup")
        return str(revision)
    if set(tables) >= _FIRST_TABLES:
        raise StoreDamaged(f"The history {shown} is damaged: its revision is missing", hint="Restore it from a backup")
    if tables and connection.dialect.name == "sqlite":
        raise StoreError(f"The history {shown} is a database of another program", hint="Choose another file")
    return None


@cache
def _making(dialect: str) -> tuple[str, ...]:
    """The statements that create all tables and record their revision; Alembic would take five times as long."""
    statements: list[ExecutableDDLElement] = []
    engine = create_mock_engine(f"{dialect}://", lambda statement, *_: statements.append(statement))
    metadata.create_all(engine, checkfirst=False)
    key = f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num)"
    return (
        *(str(statement.compile(dialect=engine.dialect)) for statement in statements),
        f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, {key})",
        f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{HEAD}')",  # noqa: S608  our own
    )


def _scripts() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _known_revision(config: Config, current: str, shown: str) -> None:
    """Raise StoreNewer unless the revision is known, or precedes the first release."""
    from alembic.script import ScriptDirectory

    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current not in revisions and not "0000" < current < FIRST:
        raise StoreNewer(
            f"The history {shown} was written by a newer version of contribaudit (revision {current})",
            hint="Update contribaudit",
        )


def _upgrade(connection: Connection, current: str | None, shown: str) -> None:
    """Create the tables if there are none; otherwise apply the migrations that are missing."""
    if current is None:
        for statement in _making(connection.dialect.name):
            connection.exec_driver_sql(statement)
        return
    from alembic import command

    config = _scripts()
    config.attributes["connection"] = connection
    _known_revision(config, current, shown)
    if current < FIRST:
        command.stamp(config, "base", purge=True)
    command.upgrade(config, "head")
