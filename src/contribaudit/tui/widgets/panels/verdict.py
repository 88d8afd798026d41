"""What the run means, in a sentence and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from contribaudit.tui.rows import verdict
from contribaudit.tui.rows.line import Line
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.panel import Panel


class VerdictPanel(Panel):
    """See `rows/verdict.py`."""

    TITLE: ClassVar[str] = "VERDICT"

    def lines(self, board: Board, width: int, most: int) -> Sequence[Line]:  # noqa: ARG002
        """Its answer."""
        return verdict.lines(board, width)
