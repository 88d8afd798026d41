"""Runs out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import runs_out
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class RunsOutPanel(Panel):
    """See `rows/runs_out.py`."""

    TITLE: ClassVar[str] = "RUNS OUT"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:
        """Its answer."""
        return runs_out.lines(board, width, most)
