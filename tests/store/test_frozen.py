"""A PostgreSQL that does not answer any more, or is gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from sqlalchemy import make_url

from contribaudit.errors import StoreBusy, StoreError
from contribaudit.store import bounded
from contribaudit.store.history import History

from .builders import ORG, realms, save, snapshot


class Between:
    """Passes bytes on between the store and the server, until it is told to freeze or to cut."""

    def __init__(self, host: str, port: int) -> None:
        """`host` is a name, or the folder of the server's socket."""
        self._server: tuple[str, int] | str = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._flows = threading.Event()
        self._flows.set()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        number: int = self._listener.getsockname()[1]
        return number

    def freeze(self) -> None:
        self._flows.clear()

    def cut(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._flows.set()
        self.cut()
        self._listener.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if isinstance(self._server, str):
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(self._server)
                else:
                    server = socket.create_connection(self._server)
                self._open += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def between(postgres_schema: str) -> Iterator[tuple[Between, str]]:
    """The proxy, and the URL that leads through it."""
    url = make_url(postgres_schema)
    host = url.host or str(url.query.get("host", "127.0.0.1"))
    with closing(Between(host, url.port or 5432)) as proxy:
        through = url.difference_update_query(["host"]).set(host="127.0.0.1", port=proxy.port)
        through = through.update_query_dict({"connect_timeout": "5"})
        yield proxy, through.render_as_string(hide_password=False)


def test_a_frozen_server_is_given_up(between: tuple[Between, str], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, location = between
    with History.open(location) as history:
        save(history, snapshot(0, realms(one="eu")))
        monkeypatch.setattr(bounded, "SILENT_SECONDS", 1.0)  # only now: a busy machine may need longer for the above
        proxy.freeze()
        begun = time.monotonic()
        with pytest.raises(StoreError, match="cannot be reached"):
            history.runs()
        with pytest.raises(StoreError, match="cannot be reached"):
            save(history, snapshot(1, realms(one="us")))
    with pytest.raises(StoreError, match="cannot be reached"):
        History.open(location)
    assert time.monotonic() - begun < 50


def test_it_freezes_within_a_transaction(
    between: tuple[Between, str], postgres_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, location = between
    with History.open(location) as history:
        save(history, snapshot(0, realms(one="eu")))

        def remove() -> None:
            with history._writing() as connection:
                connection.exec_driver_sql("DELETE FROM outcomes")
                monkeypatch.setattr(bounded, "SILENT_SECONDS", 1.0)
                proxy.freeze()
                connection.exec_driver_sql("DELETE FROM collections")

        with pytest.raises(StoreError, match=r"has not answered for 1 s"):
            remove()
        proxy.close()
    with History.open(postgres_schema) as history:
        assert [run.id for run in history.runs(organization=ORG)] == [1]


@pytest.mark.parametrize("when", ["before the first statement", "between two"])
def test_a_connection_that_is_lost_keeps_nothing_of_the_run(
    between: tuple[Between, str], postgres_schema: str, when: str
) -> None:
    proxy, location = between
    with History.open(location) as history:
        save(history, snapshot(0, realms(one="eu")))

        def remove() -> None:
            with history._writing() as connection:
                if when == "between two":
                    connection.exec_driver_sql("DELETE FROM outcomes")
                proxy.cut()
                connection.exec_driver_sql("DELETE FROM collections")

        with pytest.raises(StoreError, match="cannot be reached"):
            remove()
        assert save(history, snapshot(1, realms(one="us"))).id == 2, "a new connection is made"
    with History.open(postgres_schema) as history:
        assert [run.id for run in history.runs()] == [2, 1]


def test_a_long_statement_of_a_server_that_works_is_waited_for(
    between: tuple[Between, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SILENT_SECONDS", 20.0)
    with History.open(between[1]) as history, history._reading() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.5)")
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_lock_that_another_one_holds_is_busy(postgres_schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "_LOCK_SECONDS", 1)
    with History.open(postgres_schema) as history, History.open(postgres_schema) as other:
        save(history, snapshot(0, realms(one="eu")))
        with history._writing() as connection:
            connection.exec_driver_sql("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreBusy, match="in use by another process"):
                other.runs()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("moment", ["connecting", "asking"])
def test_a_signal_ends_a_command_that_waits_for_it(
    between: tuple[Between, str], number: int, code: int, moment: str
) -> None:
    proxy, location = between
    script = (
        "import sys, os\nfrom contribaudit import termination\ntermination.listen()\n"
        "from contribaudit.store.history import History\n"
        "if sys.argv[2] == 'connecting': os.write(1, b'up'); sys.stdin.readline(); History.open(sys.argv[1])\n"
        "with History.open(sys.argv[1]) as history: os.write(1, b'up'); sys.stdin.readline(); history.runs()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, location.replace("connect_timeout=5", "connect_timeout=60"), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ},
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.read(2) == b"up"
        proxy.freeze()
        process.stdin.write(b"\n")
        process.stdin.flush()
        time.sleep(0.5)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in err
