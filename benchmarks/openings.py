"""Every screen of the dashboard over a large organization: how long the keyboard is away when it is opened, and after.

A *stretch* is what runs in the screen's thread without a breath: a key that comes meanwhile waits for the rest of it.
All figures are CPU time, so that a busy machine prints the same.
"""

from __future__ import annotations

import asyncio
import time
from asyncio.events import Handle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.pilot import Pilot

APPS, RULES, SPACES = 5_000, 6, 200_000
LIMIT_MS = 100
PRESSES = 20
SIZE = (120, 40)
_SETTLED_SECONDS = 0.3
_LONGEST_WAIT_SECONDS = 30
_MOVES = ("down", "pagedown", "right", "up")
_KEYS = {
    "next": ("down", "2", "down", "1"),
    "findings": ("down", "pagedown", "s", "g", "x", "slash", *"app-04", "escape", "escape", "end"),
    "inventory": ("down", "right", "pagedown", "up", "slash", *"site-03", "escape", "end"),
    "map": ("right", "down", "s", "right"),
    "timeline": ("down", "pagedown", "s", "K", "S", "H", "x", "space", "slash", *"ops", "escape", "escape", "end"),
    "subprocessors": ("down", "slash", *"usa", "escape", "up"),
    "desk": ("down", "2", "3", "pagedown", "1"),
    "attest": ("down", "pagedown", "1", "right", "1", "A", "u", "slash", *"app-04", "escape", "end"),
    "pack": ("tab", "down", "up"),
}
"""What is pressed on a screen, beside the keys that move."""


@dataclass(slots=True)
class Stretches:
    """CPU milliseconds of the screen's thread, from one breath of its loop to the next."""

    took: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.took, default=0.0)


@contextmanager
def stretches() -> Iterator[Stretches]:
    """Measure what runs on the loop of this thread."""
    found, plain = Stretches(), Handle._run

    def measured(handle: Handle) -> None:
        started = time.thread_time()
        plain(handle)
        found.took.append((time.thread_time() - started) * 1000)

    Handle._run = measured  # type: ignore[method-assign,assignment]
    try:
        yield found
    finally:
        Handle._run = plain  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Opened:
    """One screen; all in milliseconds of CPU."""

    name: str
    first: float
    """From the key to the first frame of the screen, other threads included."""
    stretch: float
    """The longest stretch until it had settled."""
    whole: float
    """Until then, other threads included."""
    keys: Sequence[tuple[float, str]]
    """Each key from press to paint."""
    key_stretch: float

    @property
    def p50(self) -> float:
        return sorted(self.keys)[len(self.keys) // 2][0]

    @property
    def p95(self) -> float:
        return sorted(self.keys)[int(len(self.keys) * 0.95)][0]

    @property
    def slow(self) -> bool:
        """Whether somebody waits for longer than the limit."""
        return max(self.first, self.stretch, self.p95, self.key_stretch) > LIMIT_MS


async def opened(pilot: Pilot[Any], name: str, open_it: Callable[[], object], moves: Sequence[str] = _MOVES) -> Opened:
    """Open a screen, wait until it has settled, then press keys on it."""
    app = pilot.app
    painted: list[float] = []
    before, plain = app.screen, app._display

    def display(screen: Any, renderable: Any) -> None:
        plain(screen, renderable)
        if screen is not before and not painted:
            painted.append(time.process_time())

    app._display = display  # type: ignore[method-assign]
    try:
        with stretches() as during:
            started = time.process_time()
            open_it()
            await _settled(app, painted)
            whole = (time.process_time() - started) * 1000
            if not painted:
                raise RuntimeError(f"{name} was not opened: {app.screen} is in front")
    finally:
        app._display = plain  # type: ignore[method-assign]
    keys: list[tuple[float, str]] = []
    with stretches() as pressing:
        for number in range(max(PRESSES, len(moves))):
            begun = time.process_time()
            key = moves[number % len(moves)]
            await pilot.press(key)
            keys.append(((time.process_time() - begun) * 1000, key))
            await pilot.pause(0.1)  # longer than the pause after which a filter is applied
    first = (painted[0] - started) * 1000 if painted else whole
    return Opened(name, first, during.longest, whole, keys, pressing.longest)


async def _settled(app: Any, painted: list[float]) -> None:
    """Until a frame is painted, no worker runs and the process rests."""
    ends = time.monotonic() + _LONGEST_WAIT_SECONDS
    resting = 0.0
    while time.monotonic() < ends and resting < _SETTLED_SECONDS:
        before, begun = time.process_time(), time.monotonic()
        await asyncio.sleep(0.05)
        busy = time.process_time() - before > 0.01 or any(one.is_running for one in app.workers)
        resting = 0.0 if busy or not painted else resting + time.monotonic() - begun


def table(found: Sequence[Opened]) -> str:
    """One line a screen, and which of them make somebody wait for longer than the limit."""
    opening, pressing = f"{'first frame':>13}{'longest':>9}{'settled':>9}", f"{'p50':>9}{'p95':>6}{'longest':>9}  worst"
    lines = [f"  {'opening':>51}{'keys':>9}", f"  {'':<16}{opening}{pressing}"]
    for one in found:
        mark = "  OVER" if one.slow else ""
        lines.append(
            f"  {one.name:<16}{one.first:>13.0f}{one.stretch:>9.0f}{one.whole:>9.0f}{one.p50:>9.0f}{one.p95:>6.0f}"
            f"{one.key_stretch:>9.0f}  {max(one.keys)[1]}{mark}"
        )
    slow = [one.name for one in found if one.slow]
    lines.append(f"  over {LIMIT_MS} ms: {', '.join(slow) or 'none'}")
    return "\n".join(lines)


async def _attest(pilot: Pilot[Any]) -> Opened:
    """The grid that a look is recorded in, a row for each app."""
    from tempfile import TemporaryDirectory

    from tests.tui.grids import due_of, session_of

    from contribaudit.store.history import History
    from contribaudit.tui.screens.attest import AttestScreen

    due, state = due_of(APPS)
    with TemporaryDirectory() as folder, History.open(f"{folder}/history.sqlite") as store:
        form = AttestScreen(session_of(state, store), due, "it@acme.example")
        await _settled(pilot.app, [0.0])
        found = await opened(pilot, "Attest grid", lambda: pilot.app.push_screen(form), _KEYS["attest"])
        pilot.app.pop_screen()
    return found


async def screens(wanted: Sequence[str] = ()) -> list[Opened]:
    """Open each in turn, as a person does who presses its key; then the grid that a look is recorded in."""
    from tests.tui.boards import opener, vast

    from contribaudit.tui.app import Dashboard
    from contribaudit.tui.screens import ALL

    board = vast(APPS, RULES, SPACES)
    board.prepare()  # as the worker does that loads a history
    print(f"  {APPS:,} apps, {len(board.report.findings):,} findings, {SPACES:,} spaces; milliseconds of CPU:")
    app = Dashboard(opener(board))
    found = []
    async with app.run_test(size=SIZE) as pilot:
        while app.board is None:
            await pilot.pause(0.05)
        await _settled(app, [0.0])
        for mode in (*(one for one in ALL if one != "overview"), "overview"):
            if not wanted or mode in wanted:
                listed = ALL[mode]
                key = listed.key
                await app.switch_mode("overview" if mode != "overview" else "run")
                await _settled(app, [0.0])
                found.append(
                    await opened(pilot, listed.name, lambda key=key: app.simulate_key(key), _KEYS.get(mode, _MOVES))  # type: ignore[misc]
                )
        if not wanted or "attest" in wanted:
            await app.switch_mode("overview")
            found.append(await _attest(pilot))
    return found


if __name__ == "__main__":
    import sys

    print(table(asyncio.run(screens(sys.argv[1:]))))
