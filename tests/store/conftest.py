"""Every test of the history runs on SQLite, and on PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from contribaudit.store.history import History
from contribaudit.store.schema import VERSION_TABLE
from tests.postgres import postgres_history, postgres_schema

__all__ = ["postgres_history", "postgres_schema"]


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new history can be made, or has been made for a test that asks for `history`."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    return str(request.getfixturevalue("postgres_history" if "history" in request.fixturenames else "postgres_schema"))


@pytest.fixture
def history(location: str) -> Iterator[History]:
    with History.open(location) as opened:
        yield opened


REVISIONS = tuple(f"{number:04}" for number in range(1, 12))
"""What versions before the first release wrote."""
_ADDED = {
    "0002": ("confirmations", "revocations", "attestations", "attachments", "plans"),
    "0003": ("space_lists", "spaces"),
    "0004": ("log_readings", "events", "annotations", "looks", "prunings"),
    "0005": ("baselines",),
    "0006": ("manifests", "ledgers"),
    "0008": ("unreached",),
    "0009": ("policies",),
}


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kept(location: str, revision: str) -> str:
    """Where a history of that revision is: the dump of one of 0009, without what was added after the revision."""
    url = make_url(location) if "://" in location else make_url(f"sqlite:///{location}")
    engine = create_engine(url)
    dump = (Path(__file__).parent / "kept" / f"{engine.dialect.name}.sql").read_text(encoding="ascii")
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        (driver.executescript if engine.dialect.name == "sqlite" else driver.execute)(dump)
        for added, tables in _ADDED.items():
            for table in tables if added > revision else ():
                connection.exec_driver_sql(f"DROP TABLE {table}")
        if revision < "0007":
            connection.exec_driver_sql("ALTER TABLE runs DROP COLUMN planned_at")
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")  # noqa: S608  our own
        connection.commit()
    engine.dispose()
    return location
