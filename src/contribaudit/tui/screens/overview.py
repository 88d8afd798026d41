"""The verdict, what next, what changed, where, what runs out, how do we know."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.widgets.panel import (
    ChangedPanel,
    KnownPanel,
    NextPanel,
    Panel,
    RunsOutPanel,
    SettledBox,
    SettledScroll,
    TrendPanel,
    VerdictPanel,
    WherePanel,
)

if TYPE_CHECKING:
    from contribaudit.tui.files import Sheet
    from contribaudit.tui.source import Board


class OverviewScreen(BoardScreen):
    """Panels from top to bottom, in two columns where there is room; Enter on a line goes to what it is about."""

    NAME: ClassVar[str] = "Overview"
    FIRST = "NextPanel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "step(1)", "Step of the queue", show=False, key_display="1-9"),
        *(Binding(str(n), f"step({n})", show=False) for n in range(2, 10)),
        Binding("m", "mark_seen", "Seen", tooltip="Mark changes as seen: only newer ones are shown from now on"),
    ]

    def body(self) -> ComposeResult:
        """The panels."""
        with SettledScroll(id="overview", can_focus=False):
            yield VerdictPanel()
            with SettledBox(id="columns"):
                with SettledBox(classes="column"):
                    yield NextPanel()
                    yield ChangedPanel()
                    yield TrendPanel()
                with SettledBox(classes="column"):
                    yield WherePanel()
                    yield RunsOutPanel()
                    yield KnownPanel()

    def show_board(self, board: Board) -> None:
        """Fill the panels."""
        for panel in self.query(Panel):
            panel.board = board

    def _trouble_changed(self, trouble: str) -> None:
        super()._trouble_changed(trouble)
        for panel in self.query(Panel):
            panel.refresh()

    def sheet(self) -> Sheet | None:
        """The findings that are open: what the overview counts."""
        board = self.dashboard.board
        if board is None:
            return None
        from contribaudit.tui.files import Sheet
        from contribaudit.tui.rows import findings as finding_rows

        found = [finding_rows.sheet_row(row) for row in board.index.rows if not row.quiet]
        return Sheet("open-findings", finding_rows.SHEET, found)

    def on_panel_left(self, message: Panel.Left) -> None:
        """Over the edge of a panel into the next one."""
        message.stop()
        panels = list(self.query(Panel))
        focused = self.focused
        if not isinstance(focused, Panel):
            return
        place = panels.index(focused) + message.way
        if 0 <= place < len(panels):
            panels[place].enter_from(message.way)

    def action_step(self, number: int) -> None:
        """To a step of the queue by its number."""
        self.dashboard.show_step(number)

    @work(exclusive=True, group="seen")
    async def action_mark_seen(self) -> None:
        """Note that the person has seen the changes: from now on only newer ones are shown."""
        board, source = self.dashboard.board, self.dashboard.source
        if board is None or source is None or not self.dashboard.may_write():
            return
        with self.dashboard.telling():
            await self.dashboard.in_thread(source.mark_seen, board)
            self.dashboard.say("The changes up to this run are marked as seen")
            self.dashboard.action_reload()
