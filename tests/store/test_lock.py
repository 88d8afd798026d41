"""One audit per organization at a time, between threads and between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from contribaudit.errors import StoreBusy
from contribaudit.store.history import History

HOLD = """
import sys
from contribaudit.store.history import History
with History.open(sys.argv[1]) as history, history.lock("org"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_between_processes(history: History, location: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, location], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match="Another audit of organization org is running"), history.lock("org"):
            pass
        with history.lock("another"):
            pass
        other.communicate("\n")
    with history.lock("org"):
        pass


def test_a_process_that_dies_lets_go(history: History, location: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, location], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
    with history.lock("org", wait_seconds=10):
        pass


def test_between_two_openings_and_within_one(history: History, location: str) -> None:
    with History.open(location) as other, history.lock("org"):
        for contender in (history, other):
            with pytest.raises(StoreBusy), contender.lock("org"):
                pass
            with pytest.raises(StoreBusy), contender.lock("org", wait_seconds=0.3):
                pass
    with history.lock("org"), history.lock("another"):
        pass


def test_waiting_is_rewarded(history: History) -> None:
    held = threading.Event()

    def hold() -> None:
        with history.lock("org"):
            held.set()
            time.sleep(0.3)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with history.lock("org", wait_seconds=10):
        pass
    thread.join()


def test_an_error_inside_lets_go_and_passes(history: History) -> None:
    with pytest.raises(RuntimeError, match="inside"), history.lock("org"):
        raise RuntimeError("inside")
    with history.lock("org"):
        pass


def test_schemas_do_not_share_a_lock(postgres_schema: str, request: pytest.FixtureRequest) -> None:
    from sqlalchemy import make_url, text

    with History.open(postgres_schema) as history, history._writing() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS contribaudit_other"))
    url = make_url(postgres_schema).update_query_dict({"options": "-csearch_path=contribaudit_other"})
    with (
        History.open(postgres_schema) as history,
        History.open(url.render_as_string(hide_password=False)) as other,
        history.lock("org"),
    ):
        with other.lock("org"):
            pass
        with other._writing() as connection:
            connection.execute(text("DROP SCHEMA contribaudit_other CASCADE"))
