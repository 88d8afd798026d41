"""The history stays small."""

from __future__ import annotations

from contribaudit.core.model.snapshot import Snapshot
from contribaudit.store.history import History
from contribaudit.store.schema import metadata

from .builders import OK, PARTIAL, Saw, draft, snapshot

COLLECTORS = ("organization", "workspaces", "policies", "directories", "events", "api_keys", "attestations")
RUNS = 12
BYTES_PER_RUN = 4_096


def organization_of(apps: int, number: int, *, partial: bool = False) -> Snapshot:
    seen = {(f"ari:cloud:jira::site/{n:036}", f"setting.{s}"): f"value {s}" for n in range(apps) for s in range(15)}
    saw: dict[str, Saw] = {name: {} for name in COLLECTORS} | {"workspaces": seen}
    return snapshot(number, saw, {"workspaces": PARTIAL if partial else OK})


def test_an_unchanged_run_adds_little(history: History) -> None:
    """1 000 apps and seven collectors, whole and partial by turns."""
    whole, partial = organization_of(1_000, 0), organization_of(1_000, 0, partial=True)
    for number in range(2):
        history.save(draft(number), [whole])
    before = settled_size(history)
    for number in range(RUNS):
        history.save(draft(number), [partial if number % 2 else whole])
    grown = (settled_size(history) - before) / RUNS
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
