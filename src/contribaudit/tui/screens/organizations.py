"""Which organization to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from contribaudit.exporters.text import plain
from contribaudit.tui.widgets.grid import Column, Grid


class OrganizationsScreen(ModalScreen[str | None]):
    """Ends with the organization's ID, "" for all of them, None for no choice."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave it")]

    def __init__(self, organizations: Sequence[tuple[str, str]], focus: str | None) -> None:
        super().__init__()
        self._choices = [("", f"all {len(organizations)}"), *organizations]
        self._focus_row = next((n for n, (one, _) in enumerate(self._choices) if one == (focus or "")), 0)

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(classes="dialog"):
            yield Static("Which organization? Enter chooses, Escape leaves it as it is.", markup=False)
            yield Grid([Column("organization", 20, flexible=True), Column("ID", 36, drop_below=70)])

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(Grid).show(
            len(self._choices),
            lambda row: [Text(plain(self._choices[row][1])), Text(plain(self._choices[row][0]), "dim")],
            cursor=self._focus_row,
        )
        self.query_one(Grid).focus()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """That one."""
        message.stop()
        self.dismiss(self._choices[message.row][0])
