"""The trend panel: outcomes that the runs counted, day by day, over an axis with dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rich.text import Text

from contribaudit.core.model.finding import Outcome
from contribaudit.store.records import RunRecord
from contribaudit.tui.rows.overview import Line
from contribaudit.tui.rows.signs import column
from contribaudit.tui.source import Board


@dataclass(frozen=True, slots=True)
class _Measure:
    """The outcomes that one line of the trend counts."""

    name: str
    style: str
    query: str
    """The filter for the findings that the line leads to."""
    outcomes: frozenset[str]
    tall: bool = False
    """Whether its bars are two lines high."""


_MEASURES = (
    _Measure("fail", "red", "outcome:fail,conflict", frozenset(("fail", "conflict")), tall=True),
    _Measure("not achievable", "magenta", "outcome:not_achievable", frozenset(("not_achievable",))),
    _Measure(
        "unverified", "yellow", "is:unverified", frozenset(one.value for one in Outcome if one.unproven), tall=True
    ),
    _Measure("waived", "cyan", "outcome:waived", frozenset(("waived",))),
)
MARKS = "! change without a known cause, B baseline, W waiver"
_LABEL = 23
_WIDEST = 4
"""The most columns that one cell takes."""
_OUTCOMES = frozenset(one.value for one in Outcome)
"""The outcomes that this version knows; a run that counted others is left out."""
_BARS = "▁▂▃▄▅▆▇█"
_HATCH = "\N{LIGHT SHADE}"
_TALL = 2
_DATE = len("28 Oct")


@dataclass(frozen=True, slots=True)
class TrendDays:
    """The time axis: the days in each cell, and the last complete run of each cell."""

    first: date
    days_per_cell: int
    cells: int
    wide: int
    """Columns per cell."""
    whole: dict[int, RunRecord]
    """The last complete run of each cell, by cell."""
    partial: frozenset[int]
    """Cells that have only incomplete runs."""

    def cell(self, day: date) -> int:
        """The cell of a day; may lie outside the axis."""
        return (day - self.first).days // self.days_per_cell

    def day(self, cell: int) -> date:
        """The last day of a cell."""
        return self.first + timedelta(days=(cell + 1) * self.days_per_cell - 1)


def trend_days(runs: Iterable[RunRecord], width: int) -> TrendDays | None:
    """The axis over `width` columns, the newest day last; None if no run was judged."""
    judged = sorted(
        (run for run in runs if run.summary and _OUTCOMES.issuperset(run.summary)), key=lambda run: run.started_at
    )
    if not judged or width < 1:
        return None
    first, last = judged[0].started_at.date(), judged[-1].started_at.date()
    days = (last - first).days + 1
    per = -(-days // width)
    cells = (days - 1) // per + 1
    axis = TrendDays(first, per, cells, min(_WIDEST, max(1, width // cells)), {}, frozenset())
    whole = {axis.cell(run.started_at.date()): run for run in judged if run.complete}
    partial = frozenset(axis.cell(run.started_at.date()) for run in judged) - whole.keys()
    return replace(axis, whole=whole, partial=partial)


def trend_room(width: int) -> int:
    """How many columns the axis has in a panel of this width."""
    return max(8, width - _LABEL - 1)


def trend_lines(board: Board, width: int, cursor: int | None = None, *, short: bool = False) -> list[Line]:
    """Bars of failed, not achievable, unverified and waived findings over time, in eight lines, or six if `short`.

    Each has its own scale. Incomplete runs are hatched and count for no scale; days without a run are blank. Below are
    the marks that `MARKS` explains, and the dates. `cursor` is the selected cell.
    """
    axis = trend_days(board.runs, trend_room(width))
    if axis is None or len(axis.whole) + len(axis.partial) < 2:
        return [Line(Text("All runs so far are from one day; a trend needs two", "dim"))]
    made: list[Line] = []
    for measure in _MEASURES:
        if measure.tall or not short:
            made += [Line(text, measure.query) for text in _plot(measure, axis)]
    signs = _signs(board, axis)
    marks = Text("".join(signs.get(cell, " ").ljust(axis.wide) for cell in range(axis.cells)), "bold yellow")
    made.append(Line(column(Text("events", "dim"), _LABEL).append_text(marks)))
    dates = column("", _LABEL).append(_dates(axis), "dim")
    if cursor is not None and 0 <= cursor < axis.cells:
        start = _LABEL + 1 + cursor * axis.wide
        for line in made:
            line.text.stylize("reverse", start, start + axis.wide)
        dates = column(Text(f"{axis.day(cursor):%a %d %b}: Enter", "bold"), _LABEL).append(_dates(axis), "dim")
    made.append(Line(dates))
    return made


def _dates(axis: TrendDays) -> str:
    """The dates of the first and the last day, and of as many days between as fit legibly."""
    line = [" "] * max(axis.cells * axis.wide, _DATE)
    end = max(0, axis.cells * axis.wide - _DATE)
    line[end:] = f"{axis.day(axis.cells - 1):%d %b}"
    free = 0
    for cell in range(axis.cells):
        start = cell * axis.wide
        if start >= free and start + _DATE < end:
            line[start : start + _DATE] = f"{axis.day(cell):%d %b}"
            free = start + 2 * _DATE
    return "".join(line)


def _signs(board: Board, axis: TrendDays) -> dict[int, str]:
    """The mark of each cell: a change without a known cause wins over a baseline, a baseline over a waiver."""
    signs: dict[int, str] = {}
    for waiver in board.policy.waivers if board.policy is not None else ():
        signs[axis.cell(waiver.approved_at)] = "W"
    for organization in board.report.organizations:
        approved = board.report.state.baseline(organization.id)
        if approved is not None:
            signs[axis.cell(approved.baseline.approved.at.date())] = "B"
    for change in (*board.report.changes, *board.unseen):
        if change.why is not None and change.event_id is None:
            signs[axis.cell(change.first_seen.date())] = "!"
    return signs


def _plot(measure: _Measure, axis: TrendDays) -> list[Text]:
    """Bars between zero and the peak, after the name, the newest number and the peak."""
    values = {
        cell: sum(number for word, number in run.summary.items() if word in measure.outcomes)
        for cell, run in axis.whole.items()
    }
    most = max([1, *values.values()])
    tall = _TALL if measure.tall else 1
    steps = len(_BARS) * tall
    newest = f" {values[max(values)]:,}" if values else ""
    names = [Text(measure.name, "bold").append(newest), Text(f"peak {most:,}" if any(values.values()) else "", "dim")]
    if not measure.tall and names[0].cell_len + names[1].cell_len < _LABEL:
        names[0].append("  ").append_text(names[1])
    lines = []
    for row in reversed(range(tall)):
        drawn = Text()
        for cell in range(axis.cells):
            level = round(values[cell] * steps / most) - row * len(_BARS) if cell in values else 0
            if cell in values and row == 0 and values[cell]:
                level = max(level, 1)
            bar = _BARS[min(level, len(_BARS)) - 1] if level > 0 else "_" if cell in values and row == 0 else " "
            drawn.append((_HATCH if cell in axis.partial and row == 0 else bar) * axis.wide, measure.style)
        lines.append(column(names[tall - 1 - row], _LABEL).append_text(drawn))
    return lines
