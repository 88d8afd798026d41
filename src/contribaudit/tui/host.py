"""The dashboard's interface for its screens and widgets: the state they watch, and the actions they call.

The app sets `board` and `trouble`, and the screens watch them. `app.py` implements the interface and imports the
screens; the screens import this module instead of `app.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from textual.app import App
from textual.dom import DOMNode
from textual.reactive import reactive

from contribaudit.errors import ContribauditError

if TYPE_CHECKING:
    from datetime import date, datetime

    from textual.notifications import SeverityLevel

    from contribaudit.audit.job import Job
    from contribaudit.core.model.subject import Subject
    from contribaudit.tui.source import Board, Source

P = ParamSpec("P")
T = TypeVar("T")


class Host(App[str]):
    """The app. Screens watch `board`; `trouble` is the sentence on top if something went wrong."""

    board: reactive[Board | None] = reactive(None, always_update=True)
    trouble: reactive[str] = reactive("")
    source: Source | None = None
    """None until the source is open."""

    @property
    def job(self) -> Job | None:
        """The job of the headless commands; None without a history."""
        return self.source.job if self.source is not None else None

    def accept(self, board: Board) -> None:
        """Show this board on every screen."""
        raise NotImplementedError

    def look_back(self, moment: datetime) -> object:
        """Show the state as of a moment on every screen, until Escape or R."""
        raise NotImplementedError

    def action_reload(self) -> object:
        """Read the history again."""
        raise NotImplementedError

    def go_to(self, mode: str, then: Callable[[Any], object] | None = None) -> object:
        """Go to the screen of this mode, then call `then` with the screen."""
        raise NotImplementedError

    def show_findings(self, query: str) -> None:
        """Go to the findings that match the filter ("outcome:fail site:acme.atlassian.net")."""
        self.go_to("findings", lambda screen: screen.filter_by(query))

    def show_step(self, number: int) -> None:
        """Go to the step of this number on the Next screen."""
        self.go_to("next", lambda screen: screen.action_step(number))

    def show_day(self, day: date) -> None:
        """Go to this day in the timeline."""
        self.go_to("timeline", lambda screen: screen.go_to_day(day))

    def show_subject(self, subject: Subject) -> None:
        """Go to the subject in the inventory, or to its findings if the inventory does not show it."""

        def go_to_it(inventory: Any) -> None:
            from contribaudit.tui.rows.overview import query_of  # too much before the first paint

            if not inventory.show_subject(subject):
                self.show_findings(query_of(self.board.report.state, [subject]) if self.board is not None else "")

        self.go_to("inventory", go_to_it)

    def say(self, text: str, *, warning: bool = False) -> None:
        """Show a notification for eight seconds; the text may contain observed text."""
        self._notify_safely(text, "warning" if warning else "information", seconds=8)

    def say_error(self, error: ContribauditError) -> None:
        """Show a notification that says what went wrong and what to do."""
        self._notify_safely(str(error), "error", seconds=15)

    def _notify_safely(self, text: str, severity: SeverityLevel, seconds: float) -> None:
        from contribaudit.exporters.text import safe_text  # too much before the first paint

        self.notify(safe_text(text), severity=severity, markup=False, timeout=seconds)

    def hand_over(self, address: str, then: str = "") -> None:
        """Copy an address to the clipboard, and open it if there is a graphical browser."""
        from contribaudit.tui import files  # too much before the first paint

        async def open_it() -> None:
            if not await files.open_in_browser(address):
                self.say(f"No browser could open {address}: paste it into one", warning=True)

        self.copy_to_clipboard(address)
        self.say(f"Copied: {address}{then}")
        if self.is_web:
            self.open_url(address)
        elif files.has_windows():
            self.run_worker(open_it(), group="open")  # the worker outlives the widget that asked

    @contextmanager
    def showing_errors(self) -> Iterator[None]:
        """A context for work in a thread: a ContribauditError ends the work and is shown as a notification.

        A list that still waits for its rows then shows that it was not read.
        """
        try:
            yield
        except ContribauditError as error:
            self.say_error(error)
            from contribaudit.tui.widgets.grid import Grid  # too much before the first paint

            for screen in self.screen_stack:
                for grid in screen.query(Grid):
                    grid.give_up()

    async def in_thread(self, make: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> T:
        """The result of `make`, called in a thread. Raises CancelledError if the dashboard was closed meanwhile."""
        made = await asyncio.to_thread(make, *args, **options)
        if not self.is_running:
            raise asyncio.CancelledError
        return made

    def may_write(self, missing: str = "") -> bool:
        """Whether anything may be written now: not on a board of the past, nor if something is `missing`.

        Shows the reason if not. Every key that writes into history or policy, or starts a run, asks this first.
        """
        refusal = past(self.board) or missing
        if refusal:
            self.say(refusal, warning=True)
        return not refusal


def host_of(node: DOMNode) -> Host:
    """The dashboard that shows a screen or widget."""
    assert isinstance(node.app, Host)
    return node.app


def past(board: Board | None) -> str:
    """Why nothing is written while this board is shown: it is of the past. "" for one of now, or without a board."""
    if board is None or board.asked_for is None:
        return ""
    return f"This is the state as of {board.asked_for:%a %d %b %Y %H:%M}Z; press Escape to return to now"


NOT_IN_A_FOLDER = "An evidence folder does not hold this: open the dashboard on the machine with the history."
"""What a screen says where it shows what only the history knows."""


def missing(source: Source | None, board: Board | None) -> str:
    """What is missing for recording attestations: a run, a writable history, an email address. "" if nothing is."""
    if board is None:
        return "No audit has run yet"
    if source is None or not source.can_write:
        return "Read-only: to record attestations, open the dashboard on the machine with the history."
    if not board.you:
        return (
            'Read-only: set attested_by = "you@example.com" in config.toml so that attestations carry your name '
            "(or CONTRIBAUDIT_ATTESTED_BY), then restart."
        )
    return ""
