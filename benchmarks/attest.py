"""The attest grid of five thousand apps: opened, moved in, filled; against a key press in an empty Textual app."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from typing import Any

APPS = 5_000
KEYS = 40


def run() -> None:
    """Print milliseconds of the process's CPU from key to paint, and the memory that the grid took."""
    asyncio.run(_grid())


async def _grid() -> None:
    from tempfile import TemporaryDirectory

    from tests.tui.boards import board, opener
    from tests.tui.grids import due_of, session_of
    from textual.app import App

    from contribaudit.store.history import History
    from contribaudit.tui.app import Dashboard
    from contribaudit.tui.screens.attest import AttestScreen
    from contribaudit.tui.screens.dialogs import QuestionScreen
    from contribaudit.tui.widgets.grid import CellGrid

    empty: App[str] = App()
    async with empty.run_test(size=(120, 40)) as pilot:
        _tell("a key in an empty Textual app", [await _spent(pilot.press, "j") for _ in range(KEYS)])
    due, state = due_of(APPS)
    with TemporaryDirectory() as folder, History.open(f"{folder}/history.sqlite") as store:
        app = Dashboard(opener(board()))
        async with app.run_test(size=(120, 40)) as pilot:
            while app.board is None:
                await pilot.pause(0.05)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            form = AttestScreen(session_of(state, store), due, "it@acme.example")

            async def opened() -> None:
                await app.push_screen(form)
                while not isinstance(app.focused, CellGrid):
                    await pilot.pause(0.005)

            async def asked() -> None:
                await pilot.press("ctrl+s")
                while not isinstance(app.screen, QuestionScreen):
                    await pilot.pause(0.005)

            seconds = await _spent(opened)
            memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            print(f"attest grid of {APPS:,} apps: open after {seconds * 1000:.0f} ms, {memory:.0f} MB more")
            _tell("moving", [await _spent(pilot.press, "pagedown" if n % 2 else "down") for n in range(KEYS)])
            await pilot.press("home")
            _tell("answering a cell", [await _spent(pilot.press, "1") for _ in range(KEYS)])
            _tell("narrowing", [await _spent(pilot.press, key) for key in ("slash", *"app-04", "escape")])
            print(f"  A, {APPS:,} cells at once: {await _spent(pilot.press, 'A') * 1000:.0f} ms")
            print(f"  Ctrl-S, {APPS:,} values up to the question: {await _spent(asked) * 1000:.0f} ms")
            await pilot.press("escape")
            print(f"  u, all of them back: {await _spent(pilot.press, 'u') * 1000:.0f} ms")


async def _spent(work: Callable[..., Awaitable[Any]], *words: str) -> float:
    started = time.process_time()
    await work(*words)
    return time.process_time() - started


def _tell(what: str, seconds: list[float]) -> None:
    ordered = sorted(one * 1000 for one in seconds)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    print(f"  {what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
