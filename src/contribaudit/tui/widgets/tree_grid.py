"""A grid whose rows open and close."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from contribaudit.tui.widgets.grid import Grid


class TreeGrid(Grid):
    """Posts `Turned` when a row is to be opened (True), closed (False), or the other way round (None).

    Enter, a click and the space bar turn a row, right opens it, left closes it or goes to what it is part of.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(True)", "Open", show=False),
        Binding("left,h", "turn(False)", "Close, or up", show=False),
        Binding("space", "choose", "Open or close", show=False),
    ]

    class Turned(Message):
        """A row is to be opened or closed."""

        def __init__(self, grid: TreeGrid, row: int, to: bool | None) -> None:
            super().__init__()
            self.grid, self.row, self.to = grid, row, to

        @property
        def control(self) -> TreeGrid:
            """The grid."""
            return self.grid

    def action_turn(self, to: bool) -> None:
        """Open or close the row under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Turned(self, self.cursor, to))

    def action_choose(self) -> None:
        """The other way round."""
        if self.cursor is not None:
            self.post_message(self.Turned(self, self.cursor, None))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor and turns the row."""
        row = self._row_at(event.y)
        if row is None:
            return
        event.prevent_default()
        self.cursor = row
        self.action_choose()
