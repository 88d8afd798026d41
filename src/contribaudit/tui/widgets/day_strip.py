"""The strip of days above the timeline: which days were read, which had changes, and the selected day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from contribaudit.core.model.phrases import counted
from contribaudit.tui.rows.timeline import Days

_UNREAD = "."
_MANY = 9
_EDGE = 1
_KEYS = ("Enter: state on that day", "Left, Right: other days", "comma, full stop: other runs")


class DayStrip(Widget):
    """Four lines about the days. A click on a day posts `Picked`."""

    DEFAULT_CSS = """
    DayStrip { height: 4; padding: 0 1; background: $boost; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    @dataclass
    class Picked(Message):
        """A day was clicked."""

        day: date

    def __init__(self) -> None:
        super().__init__()
        self._days: Days | None = None
        self._selected: date | None = None

    def show(self, days: Days, selected: date) -> None:
        """Show these days and select one of them."""
        self._days, self._selected = days, selected
        self.refresh()

    def render(self) -> Text:
        """The months, the readings, the changes, and the selected day in words."""
        if self._days is None or self._selected is None:
            return Text("reading the history …", "dim")
        lines = strip(self._days, self._selected, self._room)
        return Text("\n").join([*lines, day_and_keys(self._days, self._selected, self._room)])

    def on_click(self, event: events.Click) -> None:
        """Post the day under the mouse."""
        if self._days is None or self._selected is None:
            return
        place = event.x - _EDGE
        shown = window(self._days, self._selected, self._room)
        if 0 <= place < len(shown) and self._days.first <= shown[place] <= self._days.last:
            self.post_message(self.Picked(shown[place]))

    @property
    def _room(self) -> int:
        return max(1, self.size.width)


def window(days: Days, selected: date, width: int) -> list[date]:
    """As many days as fit into `width`, the newest last, with the selected one among them."""
    last = days.last
    if selected <= last - timedelta(days=width):
        last = min(days.last, selected + timedelta(days=width // 2))
    return [last - timedelta(days=back) for back in reversed(range(max(1, width)))]


def strip(days: Days, selected: date, width: int) -> list[Text]:
    """Three lines: the months with "v" above the selected day, how each day was read, how many changes it had.

    "=" is a complete reading, "~" a partial one, "." none; days before the first are blank. "!" marks a day with a
    change without a known cause.
    """
    shown = window(days, selected, width)
    read, changed = Text(), Text()
    for day in shown:
        marked = "reverse" if day == selected else ""
        if day < days.first or day > days.last:
            read.append(" ", marked)
            changed.append(" ")
            continue
        sign = days.read.get(day, _UNREAD)
        read.append(sign, f"{ {'=': 'green', '~': 'yellow'}.get(sign, 'bold yellow') } {marked}".strip())
        count = days.changes.get(day, 0)
        if day in days.unexplained:
            changed.append("!", "bold yellow")
        else:
            changed.append(str(count) if 0 < count <= _MANY else "+" if count else " ")
    return [_months(shown, selected), read, changed]


def day_line(days: Days, selected: date) -> str:
    """The selected day in words."""
    sign = days.read.get(selected)
    how = {"=": "complete", "~": "partial"}.get(sign or "", "not read" if selected >= days.first else "before")
    count = days.changes.get(selected, 0)
    changes = f", {counted(count, 'change')}" if count else ""
    cause = ", one or more without a known cause" if selected in days.unexplained else ""
    return f"{selected:%a %d %b %Y}: {how}{changes}{cause}"


def day_and_keys(days: Days, selected: date, width: int) -> Text:
    """The selected day in words, and the keys, as many as the line has room for."""
    day = f"{day_line(days, selected)}. "
    fitting = ["; ".join(_KEYS[:count]) for count in range(len(_KEYS) + 1)]
    keys = max((one for one in fitting if len(day) + len(one) <= width), key=len, default="")
    return Text(day).append(keys, "dim")


def _months(shown: list[date], selected: date) -> Text:
    line = [" "] * len(shown)
    for place, day in enumerate(shown):
        if day.day == 1 or place == 0:
            name = f"{day:%b}"
            if place + len(name) <= len(line) and not (place == 0 and day.day > 25):
                line[place : place + len(name)] = name
    if selected in shown:
        line[shown.index(selected)] = "v"
    text = Text("".join(line), "dim")
    if selected in shown:
        text.stylize("not dim bold", shown.index(selected), shown.index(selected) + 1)
    return text
