"""Every test of the history runs on SQLite, and on PostgreSQL where CONTRIBAUDIT_TEST_POSTGRES names a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from contribaudit.store.history import History


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new history can be made."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    return str(request.getfixturevalue("postgres_schema"))


@pytest.fixture
def postgres_schema() -> Iterator[str]:
    """A URL to an empty schema of the test server."""
    server = os.environ.get("CONTRIBAUDIT_TEST_POSTGRES")
    if not server:
        pytest.skip("CONTRIBAUDIT_TEST_POSTGRES names no PostgreSQL server")
    url = make_url(server).set(drivername="postgresql+psycopg")
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


@pytest.fixture
def history(location: str) -> Iterator[History]:
    with History.open(location) as opened:
        yield opened
