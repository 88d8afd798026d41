"""The days in a strip: which were read, on which something changed, and which one is looked at."""

from __future__ import annotations

from datetime import date, timedelta

from rich.text import Text

from contribaudit.tui.rows.timeline import Days

_UNREAD = "."
_MANY = 9


def window(days: Days, selected: date, width: int) -> list[date]:
    """So many days as there is room for, the newest last, the selected one among them."""
    last = days.last
    if selected <= last - timedelta(days=width):
        last = min(days.last, selected + timedelta(days=width // 2))
    return [last - timedelta(days=back) for back in reversed(range(max(1, width)))]


def strip(days: Days, selected: date, width: int) -> list[Text]:
    """Three lines: the months with "v" above the selected day, how each was read, how many changes it had.

    "=" was read whole, "~" in part, "." not at all; before the first day nothing is known and nothing is drawn. "!"
    stands for changes of which one has no known cause.
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


def told(days: Days, selected: date) -> str:
    """The selected day in words."""
    sign = days.read.get(selected)
    how = {"=": "read whole", "~": "read in part"}.get(sign or "", "not read" if selected >= days.first else "before")
    count = days.changes.get(selected, 0)
    changes = f", {count} change{'' if count == 1 else 's'}" if count else ""
    cause = ", one or more without a known cause" if selected in days.unexplained else ""
    return f"{selected:%a %d %b %Y}: {how}{changes}{cause}"


def _months(shown: list[date], selected: date) -> Text:
    line = [" "] * len(shown)
    for place, day in enumerate(shown):
        if day.day == 1 or place == 0:
            name = f"{day:%b}"
            if place + len(name) <= len(line) and not (place == 0 and day.day > 25):
                line[place : place + len(name)] = name
    if selected in shown:
        line[shown.index(selected)] = "v"
    said = Text("".join(line), "dim")
    if selected in shown:
        said.stylize("not dim bold", shown.index(selected), shown.index(selected) + 1)
    return said
