"""The history stays small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contribaudit.core.model.snapshot import Snapshot
from contribaudit.store.history import History
from contribaudit.store.schema import metadata
from tests.postgres import new_database

from .builders import OK, PARTIAL, Saw, draft, snapshot

COLLECTORS = ("organization", "workspaces", "policies", "directories", "events", "api_keys", "attestations")
RUNS = 12
BYTES_PER_RUN = 4_096


def organization_of(apps: int, number: int, *, partial: bool = False) -> Snapshot:
    seen = {(f"ari:cloud:jira::site/{n:036}", f"setting.{s}"): f"value {s}" for n in range(apps) for s in range(15)}
    saw: dict[str, Saw] = {name: {} for name in COLLECTORS} | {"workspaces": seen}
    return snapshot(number, saw, {"workspaces": PARTIAL if partial else OK})


@pytest.fixture(params=["sqlite", "postgresql"])
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    """A new history in a database that nobody else has open: other sessions hold dead rows, which take up room."""
    if request.param == "sqlite":
        with History.open(str(tmp_path / "history.db")) as history:
            yield history
        return
    with new_database() as url, History.open(url) as history:
        yield history


def test_an_unchanged_run_adds_little(alone: History) -> None:
    """1 000 apps and seven collectors, whole and partial by turns."""
    whole, partial = organization_of(1_000, 0), organization_of(1_000, 0, partial=True)
    for number in range(2):
        alone.save(draft(number), [whole])
    before = settled_size(alone)
    for number in range(RUNS):
        alone.save(draft(number), [partial if number % 2 else whole])
    grown = (settled_size(alone) - before) / RUNS
    print(f"{grown:.0f} bytes per unchanged run")  # noqa: T201  shown by pytest -rP
    assert grown < BYTES_PER_RUN


def settled_size(history: History) -> int:
    """The size without what a housekeeper adds in its own time: a write-ahead log, maps of free space, dead rows."""
    with history._database.reader.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        if history._database.path is not None:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        else:
            driver.autocommit = True
            driver.execute(f"VACUUM {', '.join(table.name for table in metadata.sorted_tables)}")
            driver.autocommit = False
    return history.size_bytes()
