"""Do next: the queue, one line for each thing."""

from __future__ import annotations

import re

from rich.text import Text

from contribaudit.core.advise.next_steps import to_do
from contribaudit.core.step import NextStep
from contribaudit.exporters.text import plain
from contribaudit.tui.rows import symbols
from contribaudit.tui.rows.line import Line, column, query_of
from contribaudit.tui.source import Board

_APP = re.compile(r"\bapp:")
_ATLASSIAN = ".atlassian.net"
"""Of nearly every host; the whole text stands beneath the cursor."""


def title(board: Board) -> str:
    """How much there is to do."""
    steps = to_do(board.steps)
    if not steps:
        return "DO NEXT"
    things = "1 thing" if len(steps) == 1 else f"{len(steps)} things"
    return f"DO NEXT ({things}, about {sum(one.minutes for one in steps)} min)"


def lines(board: Board, width: int, most: int) -> list[Line]:
    """The gravest steps; a last line tells how many more there are, and what nobody can settle."""
    things = to_do(board.steps)
    nobodys = board.steps[len(things) :]
    if not things:
        told = (
            "Nothing: everything that the policy requires was verified"
            if not board.report.run.exit_code
            else "Nothing here tells what to do: see the findings"
        )
        found = [Line(Text(told, "green" if not board.report.run.exit_code else "dim"))]
        return [*found, *(_nobodys(one, width) for one in nobodys)]
    found = [_line(number, one, width, board) for number, one in enumerate(things[:most], 1)]
    if len(things) > most:
        left = sum(len(one.findings) for one in nobodys)
        beside = f"; {left} that nobody can settle now" if left else ""
        found.append(Line(Text(f"and {len(things) - most} more: contribaudit next{beside}", "dim"), "is:open"))
        return found
    return [*found, *(_nobodys(one, width) for one in nobodys)]


def _nobodys(step: NextStep, width: int) -> Line:
    """The closing line, of what nobody can settle now."""
    told = column(Text(plain(step.text), "dim"), width - 1)
    return Line(told, query_of(step.subjects), f"{plain(step.text)}. Type: {plain(step.command)}")


def _line(number: int, step: NextStep, width: int, board: Board) -> Line:
    urgency = symbols.severity(step.severity) if step.severity is not None else Text(_due(step, board), "yellow")
    minutes = f"{step.minutes} min"
    said = Text.assemble(column(str(number), 2), column(Text(step.kind.value.upper(), "bold"), 7), column(urgency, 8))
    room = max(10, width - said.cell_len - len(minutes) - 1)
    brief = _APP.sub("", plain(step.text)).replace(_ATLASSIAN, "")
    for organization in board.report.organizations:
        brief = brief.replace(f"organization:{organization.id}", plain(organization.name))
    said.append_text(column(brief, room)).append(minutes, "dim")
    query = query_of(step.subjects, "is:open") if step.severity is not None else query_of(step.subjects)
    return Line(said, query, f"{plain(step.text)}. Type: {plain(step.command)}")


def _due(step: NextStep, board: Board) -> str:
    if step.due is None:
        return ""
    left = (step.due - board.now).days
    return "over" if left < 0 else "1 day" if left == 1 else f"{left} days"
