"""From a path or a URL to a database at the newest revision."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError

from contribaudit.errors import StoreDamaged, StoreError, StoreNewer
from contribaudit.store.failures import translated
from contribaudit.store.schema import HEAD, VERSION_TABLE

_OLDEST_SQLITE = (3, 35)
_BUSY_MILLISECONDS = 30_000
_POLL_SECONDS = 0.02
_CONNECT_SECONDS = 10
_FIRST_TABLES = {"runs", "snapshots", "collections", "facts"}
_MIGRATION_LOCK = 0x636F6E7472696200  # "contrib" and a zero, so that it meets no lock of another program


@dataclass(frozen=True, slots=True)
class Database:
    """An open store. `reader` sees one state per transaction, `writer` begins by locking out other writers."""

    reader: Engine
    writer: Engine
    path: Path | None
    """The SQLite file, None on PostgreSQL."""
    shown: str
    """What messages call it: the path, or the URL without account and password."""


def open_database(location: str) -> Database:
    """The store at a path or URL, created where there is none, migrated to the newest revision.

    Raises StoreNewer, StoreDamaged or StoreError.
    """
    url = _url(location)
    if url.drivername == "sqlite":
        try:
            path = Path(url.database or "").expanduser().absolute()
        except (OSError, RuntimeError) as error:  # no such home folder; a present folder that is gone
            hint = "Write the whole path"
            raise StoreError(f"The history {url.database} stands for no place here", hint=hint) from error
        _create(path)
        engine, shown = _sqlite_engine(path), str(path)
        reader, writer = engine.execution_options(), engine.execution_options(contribaudit_writes=True)
    else:
        path, shown = None, f"postgresql://{url.host or ''}/{url.database or ''}"
        engine = _postgresql_engine(url)
        reader, writer = engine.execution_options(isolation_level="REPEATABLE READ"), engine.execution_options()
    try:
        with translated(shown):
            _migrate(reader, writer, shown)
    except StoreError:
        engine.dispose()
        raise
    return Database(reader, writer, path, shown)


def _url(location: str) -> URL:
    if "://" not in location:
        return URL.create("sqlite", database=location)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        # from None: SQLAlchemy's message may quote the URL, and with it the password
        raise StoreError("The store's URL cannot be read", hint="Write postgresql://account@host/database") from None
    name = url.get_backend_name()
    if name in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise StoreError(f"The store cannot be kept in {name}", hint="Use a file path or a postgresql:// URL")
    if not url.database or url.database == ":memory:":
        raise StoreError("The store needs a file", hint="Use a file path, or sqlite:////absolute/path")
    return URL.create("sqlite", database=url.database)


def _create(path: Path) -> None:
    """The file and its missing parents, for this account only."""
    try:
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        if path.is_dir():
            raise StoreError(f"The history {path} is a folder", hint="Name a file in it")
        # SQLite gives its -wal and -shm files the same mode
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "Check that the file and its folder are readable and writable for this account"
        raise StoreError(f"The history {path} cannot be opened: {cause}", hint=hint) from error


def _sqlite_engine(path: Path) -> Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        wanted = ".".join(map(str, _OLDEST_SQLITE))
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for the history",
            hint=f"Use a Python with SQLite {wanted} or newer",
        )
    engine = create_engine(URL.create("sqlite", database=str(path)))

    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # no implicit BEGIN: `begun` says which kind
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}").close()
        connection.execute("PRAGMA foreign_keys = ON").close()
        _write_ahead(connection)

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("contribaudit_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log: readers and the writer do not wait for each other."""
    deadline = time.monotonic() + _BUSY_MILLISECONDS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            # SQLite does not apply its busy_timeout here, where several processes open a new file at once
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _postgresql_engine(url: URL) -> Engine:
    options = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    try:
        # "format" makes compiled inserts take tuples, as SQLite's do
        engine = create_engine(url, paramstyle="format", connect_args=options, pool_pre_ping=True)
        from contribaudit.store import bounded
    except ImportError as error:
        raise StoreError(
            "The PostgreSQL driver is not installed", hint='Install it with: pip install "contribaudit[postgres]"'
        ) from error

    def connecting(_dialect: Any, _record: Any, words: list[Any], options: dict[str, Any]) -> Any:
        return bounded.connect(*words, **options)

    event.listen(engine, "do_connect", connecting)
    return engine


def _migrate(reader: Engine, writer: Engine, shown: str) -> None:
    with reader.connect() as connection:  # the usual case waits for no writer
        if _revision(connection, shown) == HEAD:
            return
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        current = _revision(connection, shown)  # another process may have been faster
        if current != HEAD:
            _upgrade(connection, current, shown)


def _revision(connection: Connection, shown: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE in tables:
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  our own name
        if found is None or not str(found).isdecimal():
            what = f"is damaged: its revision is {str(found)[:40]!r}"
            raise StoreDamaged(f"The history {shown} {what}", hint="Restore it from a backup")
        return str(found)
    if set(tables) >= _FIRST_TABLES:
        raise StoreDamaged(f"The history {shown} is damaged: its revision is missing", hint="Restore it from a backup")
    if tables and connection.dialect.name == "sqlite":
        raise StoreError(f"The history {shown} is another program's database", hint="Name another file")
    return None


def _upgrade(connection: Connection, current: str | None, shown: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    ours = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in ours:
        raise StoreNewer(
            f"The history {shown} was written by a newer version of contribaudit (revision {current})",
            hint="Update contribaudit",
        )
    command.upgrade(config, "head")
