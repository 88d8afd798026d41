"""How failed and unverified findings went from run to run: a plot in text, with its numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contribaudit.core.model.finding import Outcome
from contribaudit.tui.rows.line import Line, column
from contribaudit.tui.source import Board

_BARS = "▁▂▃▄▅▆▇█"
_LABEL = 10
_NUMBERS = 16


def lines(board: Board, width: int) -> list[Line]:
    """A line for each of the two, oldest run on the left; the plots share one scale."""
    judged = [run for run in reversed(board.runs) if run.summary]
    whole = [run for run in judged if run.complete]
    judged = whole if len(whole) > 1 else judged  # what a run could not read is no trend
    if len(judged) < 2:
        return [Line(Text("One judged run so far: a trend needs two", "dim"))]
    shown = judged[-max(2, width - _LABEL - _NUMBERS) :]
    violated = [
        sum(n for word, n in run.summary.items() if Outcome(word).violates) for run in shown if _known(run.summary)
    ]
    unproven = [
        sum(n for word, n in run.summary.items() if Outcome(word).unproven) for run in shown if _known(run.summary)
    ]
    most = max([1, *violated, *unproven])
    first, last = shown[0], shown[-1]
    span = f"{len(shown)} runs, #{first.id} ({first.started_at:%d %b}) to #{last.id} ({last.started_at:%d %b})"
    return [
        Line(_plot("fail", violated, most, "red"), "is:bad"),
        Line(_plot("unverified", unproven, most, "yellow"), "is:unverified"),
        Line(Text(span, "dim")),
    ]


def _known(summary: object) -> bool:
    """Whether this version knows each outcome that was counted."""
    words = {one.value for one in Outcome}
    return isinstance(summary, dict) and words.issuperset(summary)


def _plot(label: str, values: Sequence[int], most: int, style: str) -> Text:
    bars = "".join(_BARS[min(len(_BARS) - 1, value * (len(_BARS) - 1) // most)] for value in values)
    moved = f" {values[0]} to {values[-1]}" if values else ""
    return Text.assemble(column(Text(label, "bold"), _LABEL), (bars, style), moved)
