"""The vendor's documents over time: when each was archived, changed or could not be read, and what rests on that."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from contribaudit.tui.files import Sheet
from contribaudit.tui.rows import terms as rows
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.listing import Listing


class TermsScreen(BoardScreen):
    """The timeline, the newest first; next to it both wordings of each provision that changed."""

    NAME: ClassVar[str] = "Documents"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("H", "changes", "Changes only")]

    def __init__(self) -> None:
        super().__init__()
        self._timeline: rows.Timeline | None = None
        self._changes_only = False

    def body(self) -> ComposeResult:
        """How the documents stand, then their timeline."""
        yield Listing[rows.Entry](
            rows.COLUMNS,
            id="terms",
            empty="No document is archived yet: run contribaudit terms check --fetch, or import copies.",
            key=lambda one: one.key,
        )

    def on_mount(self) -> None:
        """The list has the keys."""
        super().on_mount()
        self.query_one(Grid).focus()

    def show_board(self, board: Board) -> None:
        """Read and compare in a thread: texts are long."""
        self.call_after_refresh(self._read, board)

    @work(exclusive=True, group="terms")
    async def _read(self, board: Board) -> None:
        with self.dashboard.telling():
            self._timeline = await self.dashboard.in_thread(rows.timeline, board.report.state)
            self.query_one(Listing).say(self._timeline.standing)
            self._list()

    def _list(self) -> None:
        assert self._timeline is not None
        shown = [one for one in self._timeline.entries if one.severity is not None or not self._changes_only]
        self.query_one(Listing).show(shown, rows.cells, rows.detail)

    def action_changes(self) -> None:
        """List the editions that changed a provision, or everything again."""
        self._changes_only = not self._changes_only
        if self._timeline is not None:
            self._list()

    def sheet(self) -> Sheet | None:
        """Every look."""
        if self._timeline is None:
            return None
        return Sheet("documents", rows.SHEET, self._timeline.sheet)
