"""On a real socket: it starts, answers in the time it was given, and stops."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from contribaudit.simulator import Fault, running, scenario_app, serve

from .conftest import ACME, ORG, WORKSPACES

BEARER = {"Authorization": "Bearer demo-key"}


UNHURRIED = 60.0
"""Seconds a busy machine may take for an answer whose time is not what the test is about."""


def assert_closed(app: Starlette, url: str) -> None:
    """The port refuses, or another process was given it meanwhile: then the answer is not this app's."""
    answered = len(app.state.requests)
    with contextlib.suppress(httpx.ConnectError):
        httpx.get(f"{url}{ORG}", headers=BEARER, timeout=UNHURRIED)
    assert len(app.state.requests) == answered


def test_it_serves_on_loopback_and_stops() -> None:
    """An ephemeral port, free again afterwards; no thread is left behind."""
    before = threading.enumerate()
    app = scenario_app("drifted")
    with running(app) as url:
        assert httpx.URL(url).host == "127.0.0.1"
        reply = httpx.get(f"{url}{ORG}", headers=BEARER, timeout=UNHURRIED)
        assert reply.json()["data"]["id"] == ACME
    assert "simulator" not in [thread.name for thread in threading.enumerate() if thread not in before]
    assert_closed(app, url)


def test_two_run_at_once() -> None:
    with running(scenario_app("tidy")) as one, running(scenario_app("small")) as other:
        assert one != other
        assert httpx.get(f"{one}/admin/v1/orgs", headers=BEARER).status_code == 200
        assert httpx.get(f"{other}/admin/v1/orgs", headers=BEARER).status_code == 200


def test_one_app_can_be_served_again() -> None:
    """With what it remembers."""
    app = scenario_app("tidy")
    for _ in range(2):
        with running(app) as url:
            httpx.get(f"{url}/admin/v1/orgs", headers=BEARER)
    assert len(app.state.requests) == 2


def test_it_stops_when_the_block_fails() -> None:
    app = scenario_app("tidy")
    with pytest.raises(ZeroDivisionError), running(app) as url:
        raise ZeroDivisionError
    assert_closed(app, url)


def test_latency_is_the_whole_time_of_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the page: rendering it is part of the time, not added to it."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await anyio.sleep(seconds)

    monkeypatch.setattr("contribaudit.simulator.app.anyio", SimpleNamespace(sleep=sleep))
    app = scenario_app("generated", apps=2000, latency_ms=150)
    with running(app) as url, httpx.Client(base_url=url, headers=BEARER) as client:
        client.get("/admin/v1/orgs")
        path = WORKSPACES.replace(ACME, app.state.organization.id)
        started = time.monotonic()
        reply = client.post(path, json={"limit": 1000})
        seconds = time.monotonic() - started
    assert len(reply.json()["data"]) == 1000
    assert seconds >= 0.15
    assert all(0 <= one < 0.15 for one in waits)


def test_a_connection_closed_without_an_answer() -> None:
    """The client sees it, the server goes on."""
    app = scenario_app("drifted", faults=[Fault("close", "org", times=1)])
    with running(app) as url, httpx.Client(base_url=url, headers=BEARER) as client:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.get(ORG)
        assert client.get(ORG).status_code == 200
    assert [record.status for record in app.state.requests] == [None, 200]


def test_a_hanging_answer_does_not_keep_it_from_stopping() -> None:
    """Neither does a client that gave up."""
    app = scenario_app("drifted", faults=[Fault("hang", "org", seconds=60)])
    started = time.monotonic()
    with running(app) as url, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}{ORG}", headers=BEARER, timeout=0.2)
    assert time.monotonic() - started < 40


def test_only_loopback_is_bound() -> None:
    """Another address of this machine, if there is one to try, is refused."""
    with running(scenario_app("tidy")) as url:
        port = httpx.URL(url).port
        assert port is not None
        with socket.socket() as other:
            other.settimeout(1)
            assert other.connect_ex(("127.0.0.2", port)) != 0


def test_a_port_that_is_taken_is_an_os_error() -> None:
    with running(scenario_app("tidy")) as url:
        port = httpx.URL(url).port
        assert port is not None
        with pytest.raises(OSError, match="in use"):
            serve(scenario_app("tidy"), port=port)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to another process")
def test_the_foreground_server_ends_with_ctrl_c_and_writes_nothing_itself() -> None:
    """stdout holds what on_ready printed and nothing else; stderr stays empty."""
    code = (
        "from contribaudit.simulator import scenario_app, serve;"
        "serve(scenario_app('tidy'), on_ready=lambda url: print(url, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert httpx.get(f"{url}/admin/v1/orgs", headers=BEARER).status_code == 200
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (0, "", "")
