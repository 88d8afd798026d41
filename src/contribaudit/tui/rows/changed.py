"""What changed since the person last looked, and what it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.core.model.change import Change
from contribaudit.exporters.text import plain
from contribaudit.exporters.text_table import what_happened
from contribaudit.exporters.words import Happening, counted, happenings
from contribaudit.tui.rows.line import Line, column, query_of
from contribaudit.tui.source import Board

_SUBJECT = 26


def title(board: Board) -> str:
    """Since when, how many, and how many of them nobody can explain."""
    since = f"{board.looked_at:%a %d %b %H:%M}Z" if board.looked_at is not None else ""
    head = f"CHANGED SINCE YOU LAST LOOKED ({since})" if since else "CHANGED SINCE THE RUN BEFORE"
    happened = happenings(_changes(board))
    if not happened:
        return head
    without = sum(1 for one in happened if not one.has_cause)
    return f"{head}: {len(happened)}, {without} without a known cause" if without else f"{head}: {len(happened)}"


def lines(board: Board, width: int, most: int) -> list[Line]:
    """The newest changes, those without a cause first."""
    happened = happenings(_changes(board))
    if not happened:
        first = board.report.run.previous is None and board.looked_at is None
        return [Line(Text("This is the first run: nothing to compare it with" if first else "Nothing", "dim"))]
    ordered = sorted(happened, key=lambda one: (one.has_cause, -one.changes[0].first_seen.timestamp()))
    found = [_line(one, width) for one in ordered[:most]]
    if len(ordered) > most:
        found.append(Line(Text(f"and {counted(len(ordered) - most, 'more change')}: contribaudit changes", "dim")))
    return found


def _changes(board: Board) -> Sequence[Change]:
    return board.unseen if board.looked_at is not None else board.report.changes


def _line(one: Happening, width: int) -> Line:
    first = one.changes[0]
    main = next((change for change in one.changes if change.why and change.event_id), first)
    kind, told = what_happened(one)
    name = plain(first.name or first.subject.id)
    cause = plain(main.cause or "nobody looked for a cause")
    sign = Text("  ") if one.has_cause else Text("! ", "bold yellow")
    said = Text.assemble(sign, column(f"{first.first_seen:%d %b %H:%M}", 12), column(name, _SUBJECT))
    said.append_text(Text(f"{plain(kind)}: {plain(told)}", "bold"))
    said.append(f"  {cause}", "dim")
    said.truncate(max(20, width), overflow="ellipsis")
    since = f"{first.last_seen:%Y-%m-%d %H:%M}Z to " if first.last_seen is not None else "by "
    more = f"{plain(kind)}: {plain(told)}. {since}{first.first_seen:%Y-%m-%d %H:%M}Z. {cause}"
    if main.actor:
        more += f", by {plain(main.actor)}"
    return Line(said, query_of([one.subject]), more + (f". Ticket {plain(first.ticket)}" if first.ticket else ""))
