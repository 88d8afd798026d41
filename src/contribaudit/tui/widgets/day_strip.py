"""The strip of days: when was read, when something changed, and the day that is looked at."""

from __future__ import annotations

from datetime import date

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from contribaudit.tui.rows.timeline import Days, strip, told, window

_EDGE = 1
_KEYS = "Enter: state on that day; Left, Right: other days; comma, full stop: other runs"


class DayStrip(Widget):
    """Four lines. A click on a day posts `Picked`."""

    DEFAULT_CSS = """
    DayStrip { height: 4; padding: 0 1; background: $boost; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    class Picked(Message):
        """A day was clicked."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    def __init__(self) -> None:
        super().__init__()
        self._days: Days | None = None
        self._selected: date | None = None

    def show(self, days: Days, selected: date) -> None:
        """Show these, and stand on one of them."""
        self._days, self._selected = days, selected
        self.refresh()

    def render(self) -> Text:
        """Months, reading, changes, and the selected day in words."""
        if self._days is None or self._selected is None:
            return Text("reading the history …", "dim")
        lines = strip(self._days, self._selected, self._room)
        said = Text(f"{told(self._days, self._selected)}. ").append(_KEYS, "dim")
        return Text("\n").join([*lines, said])

    def on_click(self, event: events.Click) -> None:
        """The day under the mouse."""
        if self._days is None or self._selected is None:
            return
        place = event.x - _EDGE
        shown = window(self._days, self._selected, self._room)
        if 0 <= place < len(shown) and self._days.first <= shown[place] <= self._days.last:
            self.post_message(self.Picked(shown[place]))

    @property
    def _room(self) -> int:
        return max(1, self.size.width)
