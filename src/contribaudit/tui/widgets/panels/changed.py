"""Changed since you last looked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import changed
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class ChangedPanel(Panel):
    """See `rows/changed.py`."""

    TITLE: ClassVar[str] = "CHANGED"

    def heading(self, board: Board) -> str:
        """Its question."""
        return changed.title(board)

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:
        """Its answer."""
        return changed.lines(board, width, most)
