"""The ticket of a change, and what else to know of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from contribaudit.exporters.text import plain
from contribaudit.tui.screens.dialogs import FormScreen
from contribaudit.tui.widgets.field import Field


class TicketScreen(FormScreen[tuple[str, str]]):
    """Ends with (ticket, note)."""

    TITLE_TEXT: ClassVar[str] = "Note a change ticket"
    SEND: ClassVar[str] = "Keep it"

    def __init__(self, about: str) -> None:
        """`about` says which change it is."""
        super().__init__()
        self._about = about

    def heading(self) -> Text:
        """What is noted, and of which change."""
        return Text.assemble((f"{self.TITLE_TEXT}\n", "bold"), (plain(self._about), ""))

    def fields(self) -> Iterable[Widget]:
        """Both."""
        yield Field("Ticket", id="ticket", placeholder="GRC-123", required=True)
        yield Field("Note, where there is more to know", id="note")

    def send(self) -> None:
        """Whoever asked keeps it."""
        self.dismiss((self.field("ticket").value, self.field("note").value))
