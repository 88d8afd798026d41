"""A line of a panel: what it says, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.text import Text

from contribaudit.core.model.subject import Subject
from contribaudit.tui.rows.filtering import quoted

_MOST_SUBJECTS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `query` is the filter of the findings that it leads to; "" for a line that leads nowhere."""

    text: Text
    query: str = ""
    more: str = ""
    """What else to say while the cursor is on it."""


def labelled(said: Text, name: str, what: str) -> None:
    """One line more: the name in twelve cells, then what it is."""
    said.append(f"{name:<12}", "dim").append(f"{what}\n")


def column(text: Text | str, width: int) -> Text:
    """The text in exactly so many cells, cut with an ellipsis or filled up, and a blank after it."""
    cut = Text(text) if isinstance(text, str) else text.copy()
    cut.truncate(width, overflow="ellipsis")
    said = Text().append_text(cut)  # a style of its own would reach what is appended to it
    said.append(" " * (width - cell_len(said.plain) + 1))
    return said


def query_of(subjects: Iterable[Subject], extra: str = "") -> str:
    """The filter for the findings of these subjects; of one of them where they are too many to name."""
    ids = list(dict.fromkeys(one.id for one in subjects))
    named = [quoted(one) for one in ids]
    if not named:
        return extra
    several = 1 < len(named) <= _MOST_SUBJECTS and not any('"' in one for one in named)
    return f"id:{','.join(named) if several else named[0]} {extra}".strip()


def ago(moment: datetime, now: datetime) -> str:
    """ "7 h ago", "3 days ago"; never finer than a minute."""
    passed = max(timedelta(), now - moment)
    if passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return f"{minutes} min ago" if minutes else "just now"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    return f"{passed.days} days ago"
