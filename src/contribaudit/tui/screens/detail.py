"""One finding over the whole screen: for terminals where it has no room beside the table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from contribaudit.core.model.finding import Finding
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.bars import KeyLine
from contribaudit.tui.widgets.detail import FindingDetail


class DetailScreen(Screen[None]):
    """Shows the finding until Escape."""

    NAME: ClassVar[str] = "Finding"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]

    def __init__(self, board: Board, finding: Finding) -> None:
        super().__init__()
        self._board, self._finding = board, finding

    @property
    def finding(self) -> Finding:
        """The finding that is shown."""
        return self._finding

    def compose(self) -> ComposeResult:
        """The detail, and its keys."""
        yield FindingDetail()
        yield KeyLine()

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(FindingDetail).show(self._board, self._finding)
        self.query_one(FindingDetail).focus()
