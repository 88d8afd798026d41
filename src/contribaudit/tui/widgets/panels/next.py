"""Do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import next as rows
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class NextPanel(Panel):
    """See `rows/next.py`."""

    TITLE: ClassVar[str] = "DO NEXT"

    def heading(self, board: Board) -> str:
        """Its question."""
        return rows.title(board)

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:
        """Its answer."""
        return rows.lines(board, width, most)
