"""How tests drive the dashboard, and what they see of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual._queue import Queue
from textual._styles_cache import StylesCache
from textual.app import ScreenStackError
from textual.css.model import RuleSet
from textual.css.query import NoMatches
from textual.css.stylesheet import Stylesheet
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.screen import Screen

from contribaudit import tui
from contribaudit.tui.app import Dashboard
from contribaudit.tui.source import Source

quieten = Dashboard.quieten
"""What only the test of it does: after each dashboard the collector would look through the whole run again."""
Dashboard.quieten = lambda _: None  # type: ignore[method-assign,assignment]

WIDE, NORMAL, NARROW = (200, 60), (120, 40), (80, 24)


class Lasting(Dashboard):
    """The dashboard, where what is told in passing stays: a busy machine may look at it late."""

    CSS_PATH = str(Path(tui.__file__).with_name("dashboard.tcss"))

    def __init__(self, open_source: Callable[[], Source], begin: str = "overview") -> None:
        self.DEFAULT_MODE = begin  # type: ignore[misc]
        super().__init__(open_source)

    def notify(self, message: str, **words: Any) -> None:
        """Tell it for an hour."""
        super().notify(message, **{**words, "timeout": 3600})


at_once = Screen._compositor_refresh
"""How a screen is painted, for the test that counts the frames of a key."""


def _paint_later(screen: Screen[object]) -> None:
    """Leave what changed with the compositor, which knows it until it paints."""
    if isinstance(screen.app, Lasting) and screen is screen.app.screen:
        screen._dirty_widgets.clear()
        screen.app._update_mouse_over(screen)
    else:
        at_once(screen)


Screen._compositor_refresh = _paint_later  # type: ignore[method-assign,assignment]

_parse = Stylesheet._parse_rules
_PARSED: dict[tuple[object, ...], list[RuleSet]] = {}


def _parse_once(sheet: Stylesheet, css: str, *where: Any, **how: Any) -> list[RuleSet]:
    """Rules that an app before has parsed, with the same colours."""
    key = (css, where, *sorted(how.items()), *sheet._variables.items())
    if key not in _PARSED:
        _PARSED[key] = _parse(sheet, css, *where, **how)
    return _PARSED[key]


Stylesheet._parse_rules = _parse_once  # type: ignore[method-assign,assignment]


class Settling(Pilot[str]):
    """Paints one frame for each thing that a test does, once all is done; Textual would paint every step to it.

    No terminal shows the frames between: most of the time of these tests was spent on them.
    """

    async def press(self, *keys: str) -> None:
        """Press the keys, and paint."""
        await super().press(*keys)
        await self.paint()

    async def pause(self, delay: float | None = None) -> None:
        """Wait, and paint."""
        await super().pause(delay)
        await self.paint()

    async def wait(self, delay: float | None = None) -> None:
        """Wait, and do not paint yet."""
        await super().pause(delay)

    async def paint(self) -> None:
        """Paint the screen in front, in its own turn, where anything is to be painted."""
        screen = self.app.screen_stack[-1] if self.app.screen_stack else None
        if screen is None or not screen.is_running or not screen._compositor._dirty_regions:
            return
        screen.call_later(at_once, screen)
        await self._wait_for_screen()

    async def _wait_for_screen(self, timeout: float = 30.0) -> bool:  # noqa: ASYNC109  as it is there
        """Wait until whoever has something to handle has handled it.

        Textual sends a message to every widget and waits for all of them, twice a key: a third of all messages.
        """
        try:
            nodes: list[MessagePump] = [self.app, *self.app.screen.walk_children(with_self=True)]
        except ScreenStackError:
            return False
        handled = asyncio.Event()
        left = 0

        def done() -> None:
            nonlocal left
            left -= 1
            if not left:
                handled.set()

        for node in nodes:
            if not _waits(node) and node.call_later(done):
                left += 1
        if left:
            ends = [asyncio.create_task(one.wait()) for one in (handled, self.app._exception_event)]
            ended, rest = await asyncio.wait(ends, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            for one in rest:
                one.cancel()
            if not ended:
                raise WaitForScreenTimeout("some widget never handled what it was sent")
        return not left


def _waits(node: MessagePump) -> bool:
    """Whether it has handled everything, and waits for the next message."""
    queue: Queue[Message | None] = node._message_queue
    return queue.empty() and bool(queue.ready_event._waiters)


@asynccontextmanager
async def driven(
    open_source: Callable[[], Source], size: tuple[int, int] = NORMAL, begin: str = "overview"
) -> AsyncIterator[Pilot[str]]:
    """The dashboard, once it has its board or said why it has none; on the screen of this mode from its start."""
    app = Lasting(open_source, begin)
    async with app.run_test(size=size, notifications=True):
        pilot = Settling(app)
        await until(pilot, lambda: app.board is not None or bool(app.trouble))
        await pilot.wait()
        yield pilot
        await pilot.paint()
    StylesCache.get_inner_outer.cache_clear()  # it would keep every line of a thousand widgets


async def until(pilot: Pilot[str], reached: Callable[[], bool]) -> None:
    """Wait for something that a worker does, and until the screen in front is made and has nothing left to handle.

    A widget that `reached` looks for in vain is not there yet: another screen is in front still, or one without its
    widgets.
    """
    wait = pilot.wait if isinstance(pilot, Settling) else pilot.pause
    missing: NoMatches | None = None
    for _ in range(2000):
        try:
            if pilot.app.screen.is_mounted and reached():
                await wait()
                return
        except NoMatches as error:
            missing = error
        await asyncio.sleep(0.02)
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
