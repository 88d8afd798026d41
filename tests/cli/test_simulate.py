"""`simulate`: a process that serves until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.conftest import Cli


@contextmanager
def simulating(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and its base URL."""
    command = [sys.executable, "-m", "contribaudit", "simulate", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serves_until_it_is_told_to_stop(number: int, code: int) -> None:
    with simulating("--scenario", "tidy") as (process, url):
        organization = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
        headers = {"Authorization": "Bearer demo-key"}
        answer = httpx.get(f"{url}/admin/v1/orgs/{organization}", headers=headers, timeout=30)
        assert answer.status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert out == ""
    assert f"export CONTRIBAUDIT_API_URL={url}" in err
    assert f"export CONTRIBAUDIT_ORG_ID={organization}" in err
    assert "export CONTRIBAUDIT_API_KEY=demo-key" in err
    assert "Traceback" not in err


def test_faults_and_sizes_are_passed_on() -> None:
    words = ("--scenario", "generated", "--apps", "4", "--spaces", "5", "--fault", "500@org")
    with simulating(*words) as (process, url):
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert url.startswith("http://127.0.0.1:")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scenario", "tidyy"), "There is no scenario 'tidyy'"),
        (("--fault", "501@org"), "There is no fault '501'"),
        (("--fault", "500"), "'500' is not KIND@ENDPOINT"),
        (("--scenario", "tidy", "--apps", "5"), "has a fixed size"),
        (("--scenario", "generated", "--apps", "8", "--sites", "2"), "not both"),
        (("--scenario", "generated", "--sites", "2", "--spaces", "5", "--fault", "x@org"), "There is no fault 'x'"),
        (("--port", "70000"), "70000"),
    ],
)
def test_wrong_words_end_with_2(words: tuple[str, ...], told: str, cli: Cli) -> None:
    ended = cli("simulate", *words)
    assert ended.code == 2
    assert told in ended.err


def test_drift_is_caused_from_another_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that the simulator prints, and one that flips; the next reading shows it."""
    with simulating("--scenario", "tidy", "--control") as (process, url):
        monkeypatch.setenv("CONTRIBAUDIT_API_URL", url)
        done = cli("simulate", "flip", "realm", "tidy/confluence", "us")
        assert (done.code, done.out) == (0, "Moved tidy/confluence to US, by admin@acme.example\n")
        assert cli("simulate", "flip", "in-app", "--url", url).out.startswith("Turned in-app data contribution on, by")
        misspelt = cli("simulate", "flip", "rovo", "nobody/x")
        assert misspelt.code == 2
        assert "flip --help" in misspelt.last  # the simulator is up: no hint to start one
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert "contribaudit simulate flip rovo tidy/confluence" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rovo",), "rovo takes an app and at most one value"),
        (("in-app", "on", "off"), "in-app takes at most one value"),
        (("realm", "a", "b", "c"), "realm takes an app and at most one value"),
        ((), "Missing argument"),
        (("foo",), "There is no 'foo' to flip"),
        (("Rovo", "acme/confluence"), "There is no 'Rovo' to flip"),
        (("metadata", "on", "off"), "Known: in-app, rovo, trial, realm"),
    ],
)
def test_a_flip_says_what_it_takes(words: tuple[str, ...], told: str, cli: Cli) -> None:
    """Without asking any simulator."""
    ended = cli("simulate", "flip", *words)
    assert ended.code == 2
    assert told in ended.err


def test_a_flip_never_asks_atlassian(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address it would be api.atlassian.com."""
    monkeypatch.delenv("CONTRIBAUDIT_API_URL", raising=False)
    ended = cli("simulate", "flip", "in-app")
    assert ended.code == 2
    assert "not that of a simulator" in ended.err
    assert "simulate --control" in ended.last


def test_a_taken_port_ends_with_2(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = cli("simulate", "--port", str(port))
    assert ended.code == 2
    assert f"Port {port} cannot be used" in ended.err


def test_scenarios_and_faults_are_listed(cli: Cli) -> None:
    ended = cli("simulate", "--list")
    assert ended.code == 0
    assert "drifted" in ended.out
    assert "429-seconds" in ended.out
