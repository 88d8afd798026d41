"""The line on top of every screen: what it is about, as of when, and what is wrong with that."""

from __future__ import annotations

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from contribaudit.exporters.text import plain
from contribaudit.tui.source import Board

_ROOMY = 100
"""Narrower than this, the line says less."""


class TopLine(Widget):
    """One line; a second one only while there is trouble to tell of."""

    DEFAULT_CSS = """
    TopLine { height: auto; max-height: 5; background: $primary 30%; color: $text; padding: 0 1; }
    """
    board: reactive[Board | None] = reactive(None, layout=True)
    trouble: reactive[str] = reactive("", layout=True)

    def __init__(self, screen_name: str) -> None:
        super().__init__()
        self._screen_name = screen_name

    def render(self) -> Text:
        """The line."""
        said = Text.assemble(("contribaudit", "bold"))
        if self._screen_name:
            said.append(f"  {self._screen_name}", "bold")
        if self.board is None:
            said.append("  reading the history …" if not self.trouble else "")
        else:
            report = self.board.report
            names = ", ".join(plain(one.name) for one in report.organizations)
            said.append(f"  {names}")
            if self.app.size.width >= _ROOMY:
                said.append(f"  policy {plain(report.policy_name)}", "dim")
            said.append(f"  run #{report.run.id}, {report.run.finished_at:%Y-%m-%d %H:%M}Z", "dim")
            for note in self.board.notes:
                said.append(f"  {plain(note)}", "yellow")
        if self.board is not None and self.board.asked_for is not None:
            said.append("\n")
            said.append(
                f" As of {self.board.asked_for:%a %d %b %Y %H:%M}Z, not now. Escape returns to now. ", "reverse"
            )
        if self.trouble:
            said.append(f"\n{plain(self.trouble)}", "bold yellow")
        return said
