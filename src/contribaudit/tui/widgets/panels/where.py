"""Where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import overview
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class WherePanel(Panel):
    """See `rows/where.py`."""

    TITLE: ClassVar[str] = "WHERE"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:
        """Its answer."""
        return overview.lines(board, width, most)
