"""A run is in the history whole, or not at all."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select

from contribaudit.errors import StoreBusy, StoreError
from contribaudit.store import database as opening
from contribaudit.store.history import History
from contribaudit.store.schema import metadata

from .builders import ORG, day, draft, raw_object, realms, save, snapshot

FIRST = snapshot(0, realms(**{f"app{n}": "eu" for n in range(50)}))
SECOND = replace(
    snapshot(1, realms(**{f"app{n}": "us" if n % 2 else "eu" for n in range(1, 60)})),
    raw=dict([raw_object({"a": "b"})]),
)


def everything(history: History) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with history._reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


class Boom(Exception):
    """A fault in the middle."""


@pytest.mark.parametrize("at", ["INSERT INTO runs", "UPDATE facts", "INSERT INTO facts", "INSERT INTO collections"])
def test_a_fault_leaves_the_history_as_it_was(history: History, at: str) -> None:
    save(history, FIRST)
    before = everything(history)

    def fail(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(at):
            raise Boom

    event.listen(history._database.writer, "after_cursor_execute", fail)
    with pytest.raises(Boom):
        save(history, SECOND)
    assert everything(history) == before
    event.remove(history._database.writer, "after_cursor_execute", fail)
    assert save(history, SECOND).id == 2
    assert len(history.changes(ORG, 1, 2)) == 36  # 1 gone, 25 moved, 10 new


def test_a_full_disk(tmp_path: Path) -> None:
    with History.open(str(tmp_path / "history.db")) as history:
        save(history, FIRST)
        before = everything(history)
        with history._reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        big = snapshot(1, realms(**{f"other{n}": "eu" for n in range(3_000)}))
        with pytest.raises(StoreError, match=r"the disk is full\. Free some space; nothing of this run was saved"):
            save(history, big)
        assert everything(history) == before
        with history._reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        assert save(history, big).id == 2


KILLED = """
import os, sys
from sqlalchemy import event
from contribaudit.store.history import History
sys.path.insert(0, sys.argv[2])
from store.builders import realms, save, snapshot
history = History.open(sys.argv[1])
def die(conn, cursor, statement, *rest):
    if statement.startswith("INSERT INTO collections"):
        os._exit(9)
event.listen(history._database.writer, "after_cursor_execute", die)
save(history, snapshot(1, realms(one="us", two="jp")))
"""


def test_a_killed_process_leaves_the_history_as_it_was(location: str) -> None:
    with History.open(location) as history:
        save(history, snapshot(0, realms(one="eu")))
        before = everything(history)
    tests = str(Path(__file__).parent.parent)
    assert subprocess.run([sys.executable, "-c", KILLED, location, tests], check=False).returncode == 9
    with History.open(location) as history:
        assert everything(history) == before
        assert save(history, snapshot(1, realms(one="us"))).id == 2


def test_organizations_are_saved_at_the_same_time(location: str) -> None:
    """Runs of several schedulers take turns: every number is given once, nothing is lost."""
    failures: list[BaseException] = []

    def audit(organization: str) -> None:
        try:
            with History.open(location) as history:
                for number in range(5):
                    with history.lock(organization):
                        save(history, snapshot(number, realms(one=f"realm{number}"), organization=organization))
        except BaseException as error:  # noqa: BLE001  a thread's failure would pass unseen
            failures.append(error)

    threads = [threading.Thread(target=audit, args=(f"org{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with History.open(location) as history:
        assert [run.id for run in history.runs()] == list(range(20, 0, -1))
        for thread_number in range(4):
            organization = f"org{thread_number}"
            runs = [run.id for run in history.runs(organization=organization)]
            assert len(runs) == 5
            assert [c.after for c in history.changes(organization, runs[-1], runs[0])] == ["realm4"]


OPENINGS = """
import os, sys
from contribaudit.store.history import History
if "://" in sys.argv[1]:
    import contribaudit.store.bounded, sqlalchemy.dialects.postgresql.psycopg
begin, go = os.pipe()
children = []
for _ in range(4):
    if not (child := os.fork()):
        os.close(go)
        os.read(begin, 1)
        History.open(sys.argv[1]).close()
        sys.exit(0)
    children.append(child)
os.close(go)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children))
"""


def test_first_openings_at_the_same_time(location: str) -> None:
    """By four processes, which read the program once, and begin together when nobody holds the pipe any more."""
    done = subprocess.run([sys.executable, "-c", OPENINGS, location], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_writer_that_waits_too_long_says_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_BUSY_MILLISECONDS", 50)
    location = str(tmp_path / "history.db")
    with History.open(location) as history, History.open(location) as other:
        with history._writing(), pytest.raises(StoreBusy, match="in use by another process"):
            save(other, snapshot(0, realms(one="eu")))
        assert save(other, snapshot(0, realms(one="eu"))).started_at == day(0)
        assert other.save(draft(1), []).organizations == ()
