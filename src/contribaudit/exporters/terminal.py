"""Layout for terminals: text at the terminal's width, tables with wrapping sentences, hanging indents."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import accumulate

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from contribaudit.exporters.text import safe_text

PIPE_WIDTH = 140
LEAST_WIDTH = 40
_READABLE = 36
"""A column of sentences narrower than this is hard to read."""
_LEAST_TEXT = 20
_SUBJECT_WIDTH = 60
GAP = "  "
"""The gap between columns."""


def capture(renderable: RenderableType, *, terminal: bool = False, color: bool = False) -> str:
    """A renderable as text. Observed text is not interpreted as markup or emoji codes."""
    out = StringIO()
    console = Console(
        file=out,
        width=width_of(terminal=terminal),
        height=25,  # given width and height, rich reads no environment
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=color,
        no_color=not color,
    )
    console.print(renderable)
    # A console pads each line with blanks to its width.
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def width_of(*, terminal: bool) -> int:
    if terminal:
        return max(LEAST_WIDTH, shutil.get_terminal_size().columns)
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isascii() and columns.isdigit() else 0
    return max(LEAST_WIDTH, width) if width else PIPE_WIDTH


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, flexible: str = "") -> RenderableType:
    """A table without lines. `flexible` names the column that takes the remaining room and wraps.

    If there is too little room, the last columns move below their row: the flexible one alone, others with their
    titles. Nothing is cut off.
    """
    cells = [[cell if isinstance(cell, Text) else Text(safe_text(cell)) for cell in row] for row in rows]
    return _Rows(tuple(columns), cells, columns.index(flexible) if flexible else None)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table that chooses its layout when its width is known."""

    columns: tuple[str, ...]
    rows: list[list[Text]]
    flexible: int | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [
            max(cell_len(title), *(row[number].cell_len for row in self.rows), 0)
            for number, title in enumerate(self.columns)
        ]
        room = options.max_width - len(GAP) * (len(widths) - 1)
        if sum(widths) <= room:
            yield self._side_by_side(None)
        elif self.flexible is not None and room - sum(widths) + widths[self.flexible] >= _READABLE:
            yield self._side_by_side(self.flexible)
        elif self.flexible == len(widths) - 1 > 1:
            yield self._columns_beneath(widths, self.flexible, options.max_width)
        else:
            fitting = [total <= options.max_width for total in accumulate(width + len(GAP) for width in widths)]
            yield self._columns_beneath(widths, max(1, sum(fitting)), options.max_width)

    def _side_by_side(self, wrapping: int | None) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        for number, title in enumerate(self.columns):
            table.add_column(title, no_wrap=number != wrapping, overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table

    def _columns_beneath(self, widths: Sequence[int], leading: int, room: int) -> Table:
        """The leading columns side by side, and the other columns on lines below, indented past the first one.

        The flexible one, a sentence, has its own line; the others follow with their titles.
        """
        table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
        table.add_column(self.columns[0], no_wrap=widths[0] <= room // 2, overflow="fold")
        inner = slice(1, leading)
        titles = self.columns[1:] if len(widths) == 2 else self.columns[inner]
        table.add_column(_join_cells([Text(one) for one in titles], widths[1 : len(titles) + 1]), overflow="fold")
        for row in self.rows:
            lines = [_join_cells(row[inner], widths[inner])] if leading > 1 else []
            trailing = [(number, row[number]) for number in range(leading, len(row)) if row[number].plain]
            own_line = leading if len(row) == 2 else self.flexible
            alone = [cell for number, cell in trailing if number == own_line]
            pairs = [Text.assemble(f"{self.columns[number]} ", cell) for number, cell in trailing if number != own_line]
            lines += alone + ([Text(", ").join(pairs)] if pairs else [])
            table.add_row(row[0], Text("\n").join(lines))
        return table


def _join_cells(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """The cells in one text, each padded to its width."""
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        line.append_text(cell).append(" " * (width - cell.cell_len) + GAP)
    line.rstrip()
    return line


def wrapped(text: Text, width: int, most: int) -> list[Text]:
    """The text in at most `most` lines, broken at blanks; a text that is too long ends in an ellipsis."""
    lines = list(text.wrap(Console(file=StringIO(), width=width, height=25), width, overflow="fold"))
    for line in lines:
        line.rstrip()
    if len(lines) > most:
        last = lines[most - 1]
        last.truncate(width - 1)
        last.rstrip()
        lines[most - 1 :] = [last.append("…")]
    return lines


def indented(text: Text, width: int, most: int) -> list[Text]:
    """The text in at most `most` lines, all but the first indented by two columns."""
    first, *_ = text.wrap(Console(file=StringIO(), width=width, height=25), width, overflow="fold")
    rest = text[len(first.plain.rstrip()) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    first.rstrip()
    return [first, *(Text.assemble("  ", line) for line in wrapped(rest, width - 2, most - 1))] if rest else [first]


def hanging(head: Text, text: Text, width: int, most: int) -> list[Text]:
    """The head with the text to its right; further lines of the text are indented to the same column."""
    first, *rest = wrapped(text, max(_LEAST_TEXT, width - head.cell_len), most) or [Text()]
    return [Text.assemble(head, first), *(Text.assemble(" " * head.cell_len, line) for line in rest)]


def shorten(texts: Iterable[str], most: int = _SUBJECT_WIDTH) -> dict[str, str]:
    """Each text, cut in the middle to `most` terminal columns, but left whole where two would look the same."""
    rest = dict.fromkeys(texts)
    short: dict[str, str] = {}
    for tail in (most // 2, most * 3 // 4, most // 4):
        cut = {text: _shorten_middle(text, most, tail) for text in rest}
        bearers = Counter([*short.values(), *cut.values()])
        short |= {text: brief for text, brief in cut.items() if bearers[brief] == 1}
        rest = {text: None for text in rest if text not in short}
    return short | {text: text for text in rest}


def _shorten_middle(text: str, most: int, tail: int) -> str:
    if cell_len(text) <= most:
        return text
    head, end = most - tail - 1, len(text)
    start = 0
    while start < len(text) and cell_len(text[: start + 1]) <= head:
        start += 1
    while end > start and cell_len(text[end - 1 :]) <= tail:
        end -= 1
    return f"{text[:start]}…{text[end:]}"
