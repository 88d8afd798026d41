"""Browsers of all kinds, and a dashboard that lends its terminal to none."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from signal import SIGKILL
from subprocess import Popen

import pytest

from contribaudit.tui import files
from tests.tui.boards import board, opener
from tests.tui.driving import driven, until
from tests.tui.live import said

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="BROWSER alone decides only where no system has one of its own"),
]
ADDRESS = "https://admin.atlassian.com"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """The only browser that there is; a test writes what it does. What it was asked for is in `asked`."""
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("PATH", str(home / "nothing"))
    path = home / "browser"
    path.touch(mode=0o700)
    monkeypatch.setenv("BROWSER", str(path))
    return path


def does(script: Path, line: str) -> Path:
    """Let it note what it was given, then do this; where the note will be."""
    note = script.parent / "asked"
    script.write_text(f'#!/bin/sh\necho "$1" "${{CONTRIBAUDIT_API_KEY-no key}}" > {note}\n{line}\n', encoding="utf-8")
    return note


async def test_a_browser_is_handed_the_address_and_no_setting(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "secret")
    note = does(script, "exit 0")
    assert await files.open_in_browser(ADDRESS)
    assert note.read_text(encoding="utf-8") == f"{ADDRESS} no key\n"


async def test_none_that_takes_it_is_said(script: Path) -> None:
    """The address is in the clipboard all the same."""
    note = does(script, "exit 3")
    async with driven(opener(board()), begin="findings") as pilot:
        await pilot.press("c")
        assert pilot.app.clipboard == ADDRESS
        await until(pilot, lambda: f"No browser could open {ADDRESS}: paste it into one" in said(pilot))
    assert note.exists()


async def test_one_that_never_ends_stops_nothing(script: Path) -> None:
    """Keys go on while it runs, and so does leaving."""
    note = does(script, "exec /bin/sleep 10")
    async with driven(opener(board()), begin="findings") as pilot:
        await pilot.press("c")
        await until(pilot, note.exists)
        await pilot.press("b")
        assert pilot.app.clipboard.startswith("https://support.atlassian.com/")


async def test_given_up_its_process_ends(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    does(script, "exec /bin/sleep 10")
    started: list[Popen[bytes]] = []
    start = files._start_browser

    def noted(address: str) -> Popen[bytes]:
        started.append(start(address))
        return started[0]

    monkeypatch.setattr(files, "_start_browser", noted)
    task = asyncio.create_task(files.open_in_browser(ADDRESS))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert started[0].returncode == -SIGKILL


@pytest.mark.parametrize(
    ("variable", "there"), [("DISPLAY", True), ("WAYLAND_DISPLAY", True), ("SSH_CONNECTION", False)]
)
def test_windows_are_where_a_display_is(monkeypatch: pytest.MonkeyPatch, variable: str, there: bool) -> None:
    monkeypatch.setenv(variable, ":7")
    assert files.has_windows() is there
