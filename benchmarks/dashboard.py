"""The dashboard: first paint beside an empty Textual app, and keys to paint over a hundred thousand findings."""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks import first_paint, openings
from benchmarks.startup import compiled_once

FINDINGS = 100_000
KEYS = 60
ROUNDS = 5
_EMPTY = """
import asyncio
from textual.app import App
async def main():
    async with App().run_test(size=(120, 40)):
        pass
asyncio.run(main())
"""
_OURS = """
import asyncio
from contribaudit.tui.app import Dashboard
from contribaudit.tui.source import Lack, Lacking
async def main():
    async with Dashboard(lambda: Lacking(Lack.UNREAD)).run_test(size=(120, 40)):
        pass
asyncio.run(main())
"""


def run() -> None:
    """Print the ratio, then milliseconds of CPU from key to paint, and the memory of it all."""
    ours, empty = _medians(_OURS, _EMPTY)
    print(f"dashboard, process start to first paint: {first_paint.ratio():.2f} x an empty Textual app (CPU time)")
    print(f"  without a terminal, to the end of the process: {ours / empty:.2f} x")
    asyncio.run(_keys())
    asyncio.run(_screens())


def _medians(*scripts: str) -> list[float]:
    spent: dict[str, list[float]] = {script: [] for script in scripts}
    for number in range(ROUNDS + 1):
        for script in scripts:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL, env=compiled_once())
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if number:  # the first one warms the disk's cache
                spent[script].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return [statistics.median(spent[script]) for script in scripts]


async def _keys() -> None:
    from tests.tui.boards import many, opener
    from textual.widgets import Input

    from contribaudit.tui.app import Dashboard
    from contribaudit.tui.widgets.grid import Grid

    board = many(FINDINGS)
    before = _memory()
    app = Dashboard(opener(board))
    async with app.run_test(size=(120, 40)) as pilot:
        started = time.process_time()
        while app.board is None:
            await pilot.pause(0.05)
        print(f"  {FINDINGS:,} findings: indexed and shown after {time.process_time() - started:.2f} s of CPU")
        await pilot.press("f")
        await pilot.pause()
        grid = app.screen.query_one(Grid)
        spent = []
        for number in range(KEYS):
            started = time.process_time()
            await pilot.press("pagedown" if number % 2 else "down")
            spent.append(time.process_time() - started)
        _tell("scrolling", spent)
        started = time.process_time()
        grid.show(FINDINGS, grid._cells, cursor=FINDINGS // 2)
        print(f"  show() of {FINDINGS:,} rows: {(time.process_time() - started) * 1000:.2f} ms")
        app.screen.query_one(Input).focus()
        spent = []
        for letter in "app-0471 is us outcome fail":
            started = time.process_time()
            await pilot.press("space" if letter == " " else letter)
            await pilot.pause(0.1)  # longer than the pause after which the filter is applied
            spent.append(time.process_time() - started)
        _tell("filtering", spent)
        print(f"  memory beyond the findings themselves: {(_memory() - before) / 1024:.0f} MB")


async def _screens() -> None:
    """Every screen over an organization of many apps, beside a key in an empty Textual app."""
    from textual.app import App

    empty: App[str] = App()
    async with empty.run_test(size=(120, 40)) as pilot:
        _tell("an empty Textual app", [await _spent(pilot.press, "j") for _ in range(openings.PRESSES)])
    print(openings.table(await openings.screens()))


async def _spent(press: Callable[[str], Awaitable[None]], key: str) -> float:
    started = time.process_time()
    await press(key)
    return time.process_time() - started


def _tell(what: str, seconds: list[float]) -> None:
    ordered = sorted(one * 1000 for one in seconds)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    print(f"  {what}, key to paint: p50 {p50:.0f} ms, p95 {p95:.0f} ms")


def _memory() -> int:
    """The most memory that the process ever took, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
