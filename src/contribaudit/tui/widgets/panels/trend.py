"""From run to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import trend
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class TrendPanel(Panel):
    """See `rows/trend.py`."""

    TITLE: ClassVar[str] = "FROM RUN TO RUN"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:  # noqa: ARG002
        """Its answer."""
        return trend.lines(board, width)
