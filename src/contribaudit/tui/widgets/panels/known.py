"""How we know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import known
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class KnownPanel(Panel):
    """See `rows/known.py`."""

    TITLE: ClassVar[str] = "HOW WE KNOW"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:  # noqa: ARG002
        """Its answer."""
        return known.lines(board, width)
