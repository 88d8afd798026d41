"""How tests drive the dashboard, and what they see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen

from contribaudit import tui
from contribaudit.tui.app import Dashboard
from contribaudit.tui.source import Source

WIDE, NORMAL, NARROW = (200, 60), (120, 40), (80, 24)


class Lasting(Dashboard):
    """The dashboard, where what is told in passing stays: a busy machine may look at it late."""

    CSS_PATH = str(Path(tui.__file__).with_name("dashboard.tcss"))

    def notify(self, message: str, **words: Any) -> None:
        """Tell it for an hour."""
        super().notify(message, **{**words, "timeout": 3600})


@asynccontextmanager
async def driven(open_source: Callable[[], Source], size: tuple[int, int] = NORMAL) -> AsyncIterator[Pilot[str]]:
    """The dashboard, once it has its board or said why it has none."""
    app = Lasting(open_source)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.board is not None or bool(app.trouble) or app.lack is not None)
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[str], reached: Callable[[], bool]) -> None:
    """Wait for something that a worker does, and until the screen in front is made and has nothing left to handle.

    A widget that `reached` looks for in vain is not there yet: another screen is in front still, or one without its
    widgets.
    """
    missing: NoMatches | None = None
    for _ in range(2000):
        try:
            if pilot.app.screen.is_mounted and reached():
                await pilot.pause()
                return
        except NoMatches as error:
            missing = error
        await pilot.pause(0.02)
    raise AssertionError("it never came") from missing


def dashboard(pilot: Pilot[str]) -> Dashboard:
    """The app, with its type."""
    assert isinstance(pilot.app, Dashboard)
    return pilot.app


def on_screen(pilot: Pilot[str]) -> str:
    """Everything that the terminal shows now, line by line."""
    screen: Screen[object] = pilot.app.screen
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip() for strip in screen._compositor.render_strips()
    )
