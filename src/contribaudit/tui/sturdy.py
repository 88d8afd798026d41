"""A base for the dashboard that loses no key, parses styles once, and survives a screen that fails.

This module holds what differs from Textual, and why; `app.py` holds what the dashboard shows. While nobody waits, the
app imports modules that no key has needed yet, and it keeps garbage collection from interrupting people.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import Any

from textual import events, work
from textual._context import active_message_pump
from textual._node_list import DuplicateIds
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import AwaitMount, Widget
from textual.worker import WorkerFailed

from contribaudit.tui import screens
from contribaudit.tui.host import Host
from contribaudit.tui.screens import ALL

_NEVER_SHOWN = -1
"""Textual's update count for a screen that was never shown."""
_KEY_SECONDS = 0.01
_MOST_FAILURES = 5
"""After more failures than this, the dashboard itself counts as broken."""
_BREATH_SECONDS = 0.005
_GENERATIONS = 10_000, 5, 200
"""Thresholds of the garbage collector under which it looks seldom: reading a history makes many objects that stay."""


class Sturdy(Host):
    """The app's handling of keys, styles, failures and memory, without its content."""

    def __init__(self) -> None:
        super().__init__()
        self._early: deque[events.Key] = deque()
        """Keys that came before the front screen was mounted."""
        self.recovers: bool | None = None
        """Whether a screen that fails is closed and the dashboard goes on; None for yes unless it is headless."""
        self._failures = 0
        self._thresholds: tuple[int, int, int] | None = None
        """The garbage collector's own thresholds; None before the first load."""
        self._warmed = False

    def begin_with(self, theme: str) -> None:
        """Set this theme before the first paint, without styling the app twice."""
        self.set_reactive(Sturdy.theme, theme)
        dark = self.current_theme.dark
        self.update_classes({"-dark-mode": dark, "-light-mode": not dark, f"-theme-{theme}": True}, update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self._styled_for = theme
        """The theme whose colours are in the stylesheet."""

    async def on_event(self, event: events.Event) -> None:
        """Pass the event on; a key waits until the front screen is mounted and earlier keys are passed on.

        Input that arrives after the last screen was closed is dropped.
        """
        if isinstance(event, events.Key) and not event.is_forwarded and (self._early or not self._accepts_keys()):
            self._early.append(event)
            if len(self._early) == 1:
                self.set_timer(_KEY_SECONDS, self._hand_on_keys)
        elif self.screen_stack or not isinstance(event, events.InputEvent | events.Paste):
            await super().on_event(event)

    def _accepts_keys(self) -> bool:
        return bool(self.screen_stack) and self.screen.is_mounted

    async def front_is_made(self) -> None:
        """Return once the front screen is mounted.

        While Textual's palette is mounted, it looks for the screen below it in whatever mode is shown by then.
        """
        if self.screen_stack:
            await self.screen._mounted_event.wait()

    async def _hand_on_keys(self) -> None:
        while self._early and self._accepts_keys():
            await super().on_event(self._early.popleft())
        if self._early:
            self.set_timer(_KEY_SECONDS, self._hand_on_keys)

    def refresh_css(self, animate: bool = True) -> None:
        """Parse the styles again only if the theme has changed.

        Textual parses them twice before the first paint and twice per opened screen, whose widgets were just styled.
        """
        if self._styled_for != self.theme:
            super().refresh_css(animate=animate)
            self._styled_for = self.theme
            return
        for screen in self.screen_stack:
            if screen._css_update_count not in (_NEVER_SHOWN, self._css_update_count):
                self.stylesheet.update(screen, animate=animate)  # the theme changed while another screen was in front
            screen._css_update_count = self._css_update_count

    def switch_mode(self, mode: str) -> AwaitMount:
        """Switch to another screen; do nothing once the dashboard is closing."""
        return AwaitMount(self.screen, ()) if self.is_leaving else super().switch_mode(mode)

    @property
    def is_leaving(self) -> bool:
        """Whether the dashboard is closing."""
        return self._exit or self._closing or not self._running

    def quieten(self) -> None:
        """Make the garbage collector run seldom from now on.

        With thirty thousand findings, a full collection takes a fifth of a second and stops every thread. A board holds
        no reference cycles (tests check this), so it is freed without the collector.
        """
        if self._thresholds is None and not self.is_leaving:
            self._thresholds = gc.get_threshold()
            gc.set_threshold(*_GENERATIONS)

    def settle(self) -> None:
        """After a load: exempt existing objects from garbage collection, and import what no key has needed yet."""
        self.quieten()
        if self._thresholds is not None:
            gc.freeze()
        if not self._warmed:
            self._warmed = True
            self.call_after_refresh(self._warm)

    @work(thread=True, group="warm")
    def _warm(self) -> None:
        """Import the modules that no key has needed yet."""
        import_all(lambda: not self.is_leaving)

    def on_unmount(self) -> None:
        """Restore the garbage collector."""
        if self._thresholds is not None:
            gc.set_threshold(*self._thresholds)
            gc.unfreeze()

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except (NoMatches, DuplicateIds):
            return True  # the key's widget is gone, or exists already: the palette, opened twice
        except KeyError:
            if isinstance(self.screen, CommandPalette):
                return True  # a bug of Textual's: a page key before the list is laid out
            raise
        except Exception as error:
            if not self._can_continue:
                raise
            self.say(_bug(error), warning=True)  # the screen stays, with everything typed on it
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Contain a failed worker or screen: a late answer is ignored, a bug is reported in a notification."""
        if self.is_leaving and isinstance(error, NoMatches):
            return  # a screen was opened while the dashboard was closing, so its widgets are never made
        if isinstance(error, WorkerFailed):
            if not isinstance(error.error, NoMatches):
                self.say(_bug(error.error), warning=True)
            return
        failed = active_message_pump.get(None)
        if not self._can_continue or not isinstance(failed, Widget):
            super()._handle_exception(error)
            return
        self.say(f"{_bug(error)} The screen was closed.", warning=True)
        self.call_later(self._close_failed_screen, failed.screen)

    @property
    def _can_continue(self) -> bool:
        """Whether to report the present failure and go on. Each access counts one failure."""
        self._failures += 1
        recovers = not self.is_headless if self.recovers is None else self.recovers
        return recovers and self._failures <= _MOST_FAILURES

    async def _close_failed_screen(self, failed: Screen[Any]) -> None:
        """Close a screen whose widget failed, with every screen on top of it."""
        mode = next((name for name, stack in self._screen_stacks.items() if failed in stack), None)
        if mode is None:
            return
        if self._screen_stacks[mode][0] is failed:
            await self.switch_mode("overview" if mode != "overview" else "findings")
            await self.remove_mode(mode)
            self.add_mode(mode, ALL[mode].open)
            return
        while failed in self.screen_stack:
            await self.pop_screen()


def _bug(error: BaseException) -> str:
    """The text of a bug report: the error, and the last line of contribaudit's code that it passed through."""
    frames = [one for one in extract_tb(error.__traceback__) if "contribaudit" in one.filename]
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"This is a bug in contribaudit; please report it. {type(error).__name__}: {error}"[:200] + f"{where}."


def modules() -> list[str]:
    """The names of all modules that a key may need, those probably needed first at the front."""
    from pkgutil import iter_modules

    inner = [*(screen.module for screen in ALL.values()), *(one.name for one in iter_modules(screens.__path__))]
    return [*(f"{screens.__name__}.{one}" for one in dict.fromkeys(inner)), "contribaudit.tui.palette"]


def import_all(still_needed: Callable[[], bool]) -> None:
    """Import every screen, one after the other, as long as `still_needed` returns True. Runs in a thread."""
    for name in modules():
        if not still_needed():
            return
        import_module(name)
        time.sleep(_BREATH_SECONDS)
