"""Rows of cells as CSV text: what `csv.writer` makes of `csv_cell` cell by cell, for the price of a join a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from contribaudit.exporters.text import Cell, csv_cell

KEPT = 1024
"""Fields that are remembered at a time."""
LONGEST = 256
"""Characters of a field that is worth it."""
_LASTING = frozenset((str, tuple, datetime, date, type(None)))
"""Types of which equal cells have equal fields. 1, 1.0 and True are equal too, and three fields."""


def lines(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Each row as a line that ends in CRLF, made when it is asked for; a line break in a cell is kept, in quotes.

    Memory does not grow with the rows: of the fields that repeat only so many are remembered.
    """
    known = _Fields().__getitem__
    for row in rows:
        line = ",".join(map(known, row))
        yield line + "\r\n" if line else '""\r\n'  # a row of one empty cell is not an empty line


def field(cell: Cell) -> str:
    """A cell as it stands between two commas."""
    text = csv_cell(cell)
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text or "\n" in text else text


class _Fields(dict[Cell, str]):
    """Fields by their cells, those of late remembered. `field` says what they are; here the common ones come first."""

    def __missing__(self, cell: Cell) -> str:
        kind = type(cell)
        if kind is bool:
            return "true" if cell else "false"
        if kind is int:
            return str(cell)
        if isinstance(cell, str) and cell.isascii() and cell.isprintable() and cell[:1].isalnum():
            text = cell if "," not in cell and '"' not in cell else field(cell)
        else:
            text = field(cell)
        if kind in _LASTING and len(text) <= LONGEST:
            if len(self) >= KEPT:
                self.clear()
            self[cell] = text
        return text
