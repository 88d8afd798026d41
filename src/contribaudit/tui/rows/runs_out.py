"""What runs out, soonest first; of one kind and day only one line."""

from __future__ import annotations

from itertools import groupby

from rich.text import Text

from contribaudit.core.model.deadline import Deadline
from contribaudit.exporters.text import plain
from contribaudit.tui.rows.line import Line, column, query_of
from contribaudit.tui.source import Board


def lines(board: Board, width: int, most: int) -> list[Line]:
    """What is over and what ends next; what has no known date last."""
    found = [
        _line(list(its), board, width)
        for _, its in groupby(board.ending, key=lambda one: (one.ends_at and one.ends_at.date(), one.kind))
    ]
    if not found:
        return [Line(Text("Nothing that is known here", "dim"))]
    if len(found) > most:
        left = len(found) - most
        return [*found[:most], Line(Text(f"and {left} more: contribaudit deadlines", "dim"))]
    return found


def _line(its: list[Deadline], board: Board, width: int) -> Line:
    first = its[0]
    left = first.days_left(board.now)
    day = f"{first.ends_at:%d %b %Y}" if first.ends_at is not None else "no date"
    when, style = _when(left)
    what = (
        plain(first.what)
        if len(its) == 1
        else f"{len(its)} x {first.kind.value.replace('_', ' ')}: {plain(first.what)}"
    )
    said = Text.assemble(column(day, 11), column(Text(when, style), 10), what)
    said.truncate(max(20, width), overflow="ellipsis")
    subjects = [one.subject for one in its if one.subject is not None]
    more = f"{plain(first.what)}." + (f" Next: {plain(first.next_step)}" if first.next_step else "")
    return Line(said, query_of(subjects) if subjects else "", more)


def _when(left: int | None) -> tuple[str, str]:
    if left is None:
        return "?", "yellow"
    if left < 0:
        return "over", "bold red"
    if left == 0:
        return "today", "bold red"
    return ("1 day" if left == 1 else f"{left} days"), "yellow" if left <= 14 else ""
