"""One finding in full, with the actions on it, and the raw API answers behind it.

A finding can be copied as text, and its documentation page and console page opened. Raw answers are shown one at a
time, indented and searchable.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from contribaudit.core.model.finding import Finding
from contribaudit.errors import ContribauditError
from contribaudit.exporters.text import safe_text
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.rows import findings as rows
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Column, Grid

if TYPE_CHECKING:
    from contribaudit.store.runs import OutcomeSpan

_PAINT_SECONDS = 0.04
_WAIT_SECONDS = 0.15
"""How long a person must stay on a finding before the history is read."""


class FindingDetail(VerticalScroll):
    """A finding in full. Its history is read once the person has stayed on it for a moment."""

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
        """Yield the text, which scrolls."""
        yield Static(markup=False)

    @property
    def finding(self) -> Finding | None:
        """The finding shown; None for none."""
        return self._finding

    @property
    def text(self) -> str:
        """The finding as plain text; "" without one."""
        if self._board is None or self._finding is None:
            return ""
        return rows.detail(self._board, self._finding, self._history).plain

    def show(self, board: Board | None, finding: Finding | None) -> None:
        """Show this finding, or nothing."""
        self._board, self._finding, self._history = board, finding, None
        if self._pending is None:  # paint once for all keys until the timer ends
            self._pending = self.set_timer(_PAINT_SECONDS, self._paint_new)
        if board is not None and finding is not None:
            self._load_history(finding)

    def _paint_new(self) -> None:
        self._pending = None
        self._paint()
        self.scroll_home(animate=False)

    def on_mount(self) -> None:
        """Paint a finding that was given before the widget was mounted."""
        self._paint()

    def _paint(self) -> None:
        # There is no Static before the first mount and after removal: an answer that comes then is not painted.
        for text in self.query(Static):
            if self._board is None or self._finding is None:
                text.update("")
            else:
                text.update(rows.detail(self._board, self._finding, self._history))

    @property
    def _dashboard(self) -> Host:
        return host_of(self)

    @work(exclusive=True, group="history")
    async def _load_history(self, finding: Finding) -> None:
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
        """Copy the finding as text to the clipboard."""
        if self._finding is not None:
            self.app.copy_to_clipboard(self.text)
            self._dashboard.say("Copied as text")

    def action_raw(self) -> None:
        """Open the raw API answers behind the finding."""
        if self._finding is None:
            return
        digests = rows.evidence_digests(self._finding)
        if not digests:
            self._dashboard.say("No raw response is stored for this finding", warning=True)
        else:
            self.app.push_screen(RawScreen(digests))

    def action_page(self) -> None:
        """Copy the address of the page that the check rests on, and open it if there is a graphical browser."""
        address = (
            rows.documentation(self._board, self._finding)
            if self._board is not None and self._finding is not None
            else ""
        )
        if not address:
            self._dashboard.say("No documentation page is known for this check", warning=True)
        else:
            self._dashboard.hand_over(address)

    def action_console(self) -> None:
        """Copy and open the console's address, and show the menu path from there."""
        if self._board is None or self._finding is None:
            return
        address, way = rows.console(self._board, self._finding.console_path)
        if address:
            self._dashboard.hand_over(address, f" (then {way})")
        elif way:
            self._dashboard.say(f"No address is known here for: {way}", warning=True)
        else:
            self._dashboard.say("No console path is known for this check", warning=True)


def pretty(raw: bytes) -> list[str]:
    """The answer in lines, indented if it is JSON, without characters that a terminal would obey."""
    text = raw.decode("utf-8", "backslashreplace")
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return [safe_text(line) for line in text.split("\n")]


class RawScreen(Screen[None]):
    """The raw answers behind a finding, one at a time. Each is read in a worker."""

    NAME: ClassVar[str] = "Raw response"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("slash", "search", "Search", key_display="/"),
        Binding("f3", "next(1)", "Next match", key_display="F3"),
        Binding("shift+f3", "next(-1)", "Previous match", show=False),
        Binding("right_square_bracket", "other(1)", "Next response", key_display="]"),
        Binding("left_square_bracket", "other(-1)", "Previous response", show=False, key_display="["),
        Binding("y", "copy", "Copy"),
    ]

    def __init__(self, digests: Sequence[str]) -> None:
        super().__init__()
        self._digests = list(digests)
        self._place = 0
        self._lines: list[str] = []

    def compose(self) -> ComposeResult:
        """Yield the answer's name, its lines, and the search box."""
        yield Static(id="which", markup=False)
        yield Grid([Column("", 10, flexible=True)], id="lines")
        yield PlainInput(placeholder="search", id="search")
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the first answer, and focus its lines."""
        self.query_one(Input).display = False
        self.set_focus(self.query_one(Grid))
        self._load_response()

    @property
    def lines(self) -> Sequence[str]:
        """The lines shown."""
        return self._lines

    @work(exclusive=True)
    async def _load_response(self) -> None:
        digest = self._digests[self._place]
        where = f"response {self._place + 1} of {len(self._digests)}  sha256 {safe_text(digest)}"
        self.query_one("#which", Static).update(Text(where, "bold"))
        dashboard = host_of(self)
        grid = self.query_one(Grid)
        if dashboard.source is None:
            return
        try:
            raw = await asyncio.to_thread(dashboard.source.raw, digest)
        except ContribauditError as error:
            self._lines, grid.empty = [], safe_text(str(error))
        else:
            self._lines = await asyncio.to_thread(pretty, raw)
        grid.show(len(self._lines), self._cells, cursor=0)

    def _cells(self, row: int) -> list[Text]:
        text = Text(self._lines[row])
        search = self.query_one(Input).value
        if search:
            text.highlight_words([search], "reverse", case_sensitive=False)
        return [text]

    def action_search(self) -> None:
        """Show and focus the search box."""
        self.query_one(Input).display = True
        self.set_focus(self.query_one(Input))

    def on_input_changed(self) -> None:
        """Highlight the hits in the lines."""
        self.query_one(Grid).refresh()

    def on_input_submitted(self) -> None:
        """Go to the first hit from the cursor on."""
        self.set_focus(self.query_one(Grid))
        self._find(0, 1)

    def on_grid_chosen(self) -> None:
        """Go to the next hit."""
        self._find(1, 1)

    def action_next(self, way: int) -> None:
        """Go to the next hit, or to the previous one (-1)."""
        self._find(way, way)

    def _find(self, offset: int, way: int) -> None:
        grid, search = self.query_one(Grid), self.query_one(Input).value.casefold()
        count = len(self._lines)
        if not search or not count:
            return
        start = (grid.cursor or 0) + offset
        for step in range(count):
            row = (start + way * step) % count
            if search in self._lines[row].casefold():
                grid.cursor = row
                return
        self.app.notify("Not found", markup=False)

    def action_other(self, way: int) -> None:
        """Show the next answer behind the finding, or the previous one (-1)."""
        self._place = (self._place + way) % len(self._digests)
        self._load_response()

    def action_copy(self) -> None:
        """Copy the whole answer to the clipboard."""
        self.app.copy_to_clipboard("\n".join(self._lines))
        self.app.notify("Copied", markup=False)

    def action_back(self) -> None:
        """Close the search box, or else the screen."""
        search = self.query_one(Input)
        if search.display:
            search.value, search.display = "", False
            self.set_focus(self.query_one(Grid))
        else:
            self.dismiss()


class DetailScreen(Screen[None]):
    """A screen with one finding in full; Escape closes it."""

    NAME: ClassVar[str] = "Finding"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]

    def __init__(self, board: Board, finding: Finding) -> None:
        super().__init__()
        self._board, self.finding = board, finding

    def compose(self) -> ComposeResult:
        """Yield the detail and the key line."""
        yield FindingDetail()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the finding and focus it."""
        self.query_one(FindingDetail).show(self._board, self.finding)
        self.query_one(FindingDetail).focus()
