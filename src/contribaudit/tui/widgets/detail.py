"""One finding or one subject in full.

With what can be done about a finding: copy it, see the raw answer, open its page or the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from contribaudit.core.model.finding import Finding
from contribaudit.core.model.subject import Subject
from contribaudit.errors import ContribauditError
from contribaudit.exporters.terminal import capture
from contribaudit.tui import files
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.rows import findings as rows
from contribaudit.tui.rows.inventory import described
from contribaudit.tui.source import Board

if TYPE_CHECKING:
    from contribaudit.store.runs import OutcomeSpan


_PAINT_SECONDS = 0.04
_WAIT_SECONDS = 0.15
"""A person who scrolls asks nothing of the history."""


def hand_over(dashboard: Host, address: str, then: str = "") -> None:
    """Put an address into the clipboard, and open it where there is a browser with windows."""
    dashboard.copy_to_clipboard(address)
    dashboard.say(f"Copied: {address}{then}")
    if dashboard.is_web:
        dashboard.open_url(address)
    elif files.has_windows():
        dashboard.run_worker(_open(dashboard, address), group="open")  # it outlives the widget that asked


async def _open(dashboard: Host, address: str) -> None:
    if not await files.open_in_browser(address):
        dashboard.say(f"No browser could open {address}: paste it into one", warning=True)


class FindingDetail(VerticalScroll):
    """Shows what `show` is given; asks the source for its history once the person stays with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy as text"),
        Binding("v", "raw", "Raw response"),
        Binding("b", "page", "Documentation"),
        Binding("c", "console", "Console"),
    ]
    DEFAULT_CSS = """
    FindingDetail { padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._board: Board | None = None
        self._finding: Finding | None = None
        self._history: Sequence[OutcomeSpan] | None = None
        self._pending: Timer | None = None

    def compose(self) -> ComposeResult:
        """One long text."""
        yield Static(markup=False)

    @property
    def finding(self) -> Finding | None:
        """What is shown."""
        return self._finding

    @property
    def text(self) -> str:
        """What is shown, as text."""
        if self._board is None or self._finding is None:
            return ""
        return rows.detail(self._board, self._finding, self._history).plain

    def show(self, board: Board | None, finding: Finding | None) -> None:
        """Show this finding, or nothing."""
        self._board, self._finding, self._history = board, finding, None
        if self._pending is None:  # one painting for all keys that come until then
            self._pending = self.set_timer(_PAINT_SECONDS, self._paint_new)
        if board is not None and finding is not None:
            self._ask(finding)

    def _paint_new(self) -> None:
        self._pending = None
        self._paint()
        self.scroll_home(animate=False)

    def on_mount(self) -> None:
        """What was given before there was anything to paint on."""
        self._paint()

    def _paint(self) -> None:
        # None is there before the first mount and after removal: an answer that comes then is not painted.
        for text in self.query(Static):
            if self._board is None or self._finding is None:
                text.update("")
            else:
                text.update(rows.detail(self._board, self._finding, self._history))

    @property
    def _dashboard(self) -> Host:
        return host_of(self)

    @work(exclusive=True, group="history")
    async def _ask(self, finding: Finding) -> None:
        source = self._dashboard.source
        if source is None:
            return
        await asyncio.sleep(_WAIT_SECONDS)
        try:
            history = await asyncio.to_thread(source.outcomes, finding)
        except ContribauditError as error:
            self._dashboard.say_error(error)
            return
        if finding is self._finding:
            self._history = history
            self._paint()

    def action_copy(self) -> None:
        """The finding as text, into the clipboard."""
        if self._finding is not None:
            self.app.copy_to_clipboard(self.text)
            self._dashboard.say("Copied as text")

    def action_raw(self) -> None:
        """What the API answered."""
        from contribaudit.tui.screens.raw import RawScreen

        if self._finding is None:
            return
        digests = rows.evidence_digests(self._finding)
        if not digests:
            self._dashboard.say("No raw response is stored for this finding", warning=True)
        else:
            self.app.push_screen(RawScreen(digests))

    def action_page(self) -> None:
        """The page that the check rests on: copied, and opened where there is a browser with windows."""
        address = (
            rows.documentation(self._board, self._finding)
            if self._board is not None and self._finding is not None
            else ""
        )
        if not address:
            self._dashboard.say("No documentation page is known for this check", warning=True)
        else:
            hand_over(self._dashboard, address)

    def action_console(self) -> None:
        """Where the console's menu path begins: likewise, and the way on from there."""
        if self._board is None or self._finding is None:
            return
        address, way = rows.console(self._board, self._finding)
        if address:
            hand_over(self._dashboard, address, f" (then {way})")
        elif way:
            self._dashboard.say(f"No address is known here for: {way}", warning=True)
        else:
            self._dashboard.say("No console path is known for this check", warning=True)


_STAYING_SECONDS = 0.08
"""A person who scrolls asks nothing of the history."""


class SubjectDetail(VerticalScroll):
    """`describe` works it out in a thread; `say` puts a sentence in its place."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._shown = Static(markup=False)
        self.text = ""
        """What is shown, as text."""

    def compose(self) -> ComposeResult:
        """One long text."""
        yield self._shown

    def say(self, text: str) -> None:
        """Show this sentence."""
        self._shown.update(Text(text))
        self.text = text

    @work(exclusive=True, group="describe")
    async def describe(self, board: Board, subject: Subject, note: str) -> None:
        """Show the subject, once the person stays with it."""
        await asyncio.sleep(_STAYING_SECONDS)
        dashboard = host_of(self)
        with dashboard.telling():
            make = partial(described, board.report, subject, note, computed=board.policy is not None)
            told = await dashboard.in_thread(make)
            self._shown.update(told)
            self.text = capture(told)
            self.scroll_home(animate=False)
