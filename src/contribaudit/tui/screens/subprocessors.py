"""Who else works on the data: sub-processors and the apps that each touches, filtered as you type."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from contribaudit.exporters.report_v1 import ProcessorV1, SubprocessorsV1
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows import subprocessors as rows
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.listing import Listing


class SubprocessorsScreen(BoardScreen):
    """What touches an app or may; next to it why, what for and where."""

    NAME: ClassVar[str] = "Sub-processors"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", "Filter", key_display="/")]

    def __init__(self) -> None:
        super().__init__()
        self._told: SubprocessorsV1 | None = None

    def body(self) -> ComposeResult:
        """Filter, then the list."""
        yield PlainInput(placeholder="filter: words of any column, as in: may usa training", id="filter")
        yield Listing[ProcessorV1](
            rows.COLUMNS,
            id="subprocessors",
            empty="No row matches the filter.",
            key=lambda one: (one["processor"], one["touches"], one["app"]),
        )

    def on_mount(self) -> None:
        """The list has the keys."""
        super().on_mount()
        self.query_one(Grid).focus()

    def show_board(self, board: Board) -> None:
        """Read in a thread: the join with the apps may have to be made."""
        self.call_after_refresh(self._read, board)

    @work(exclusive=True, group="subprocessors")
    async def _read(self, board: Board) -> None:
        with self.dashboard.telling():
            document = await self.dashboard.in_thread(lambda: board.about.document)
            self._told = document["subprocessors"]
            self._list()

    def on_input_changed(self) -> None:
        """Filter as the person types."""
        if not self.query_one(Grid).is_reading:
            self._list()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.query_one(Grid).focus()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one(Input).focus()

    def action_back(self) -> None:
        """Out of the filter first, then to the overview."""
        box = self.query_one(Input)
        if box.has_focus or box.value:
            box.value = ""
            self.query_one(Grid).focus()
            return
        super().action_back()

    def _shown(self) -> list[ProcessorV1]:
        return rows.fitting(self._told, self.query_one(Input).value)

    def _list(self) -> None:
        shown = self._shown()
        listing = self.query_one(Listing)
        listing.say(rows.standing(self._told, shown))
        listing.show(shown, rows.cells, rows.detail)

    def sheet(self) -> Sheet | None:
        """What the filter leaves."""
        return Sheet("sub-processors", rows.SHEET, rows.sheet(self._shown())) if self._told is not None else None
