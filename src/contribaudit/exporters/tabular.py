"""Rows in the three forms that the smaller commands print: a table, JSON objects, CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from contribaudit.exporters.csv_text import lines
from contribaudit.exporters.text import Cell, plain, rfc3339, shown

FORMATS = ("table", "json", "csv")


def render(
    output_format: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    flexible: str = "",
    only: Sequence[str] = (),
    terminal: bool = False,
) -> str:
    """The rows as text. JSON is a list of objects; `only` names the columns that the table shows, all by default."""
    if output_format == "json":
        return json.dumps([dict(zip(columns, map(_json, row), strict=True)) for row in rows], indent=2) + "\n"
    if output_format == "csv":
        return "".join(_csv(columns, rows))
    return _table(columns, rows, flexible, only or columns, terminal)


def stream(output_format: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The rows as JSON objects or CSV, piece by piece: for what is too long to hold."""
    if output_format == "json":
        before = "["
        for row in rows:
            yield f"{before}\n  {json.dumps(dict(zip(columns, map(_json, row), strict=True)))}"
            before = ","
        yield "[]\n" if before == "[" else "\n]\n"
        return
    yield from _csv(columns, rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    yield from lines([columns])
    yield from lines([cell for _, cell in zip(columns, row, strict=True)] for row in rows)


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], flexible: str, only: Sequence[str], terminal: bool
) -> str:
    from contribaudit.exporters.text_table import capture, plain_table

    places = [columns.index(name) for name in only]
    titles = [name.replace("_", " ") for name in only]
    texts = [[cell_text(row[place]) for place in places] for row in rows]
    return capture(plain_table(titles, texts, flexible=flexible.replace("_", " ")), terminal=terminal)


def cell_text(cell: Cell) -> str:
    """A cell as a table shows it; null is the empty text."""
    match cell:
        case None:
            return ""
        case datetime():
            return rfc3339(cell) or ""
        case float() | date():
            return str(cell)
        case str():
            return plain(cell)
        case _:
            return shown(cell)


def _json(cell: Cell) -> object:
    match cell:
        case datetime():
            return rfc3339(cell)
        case date():
            return cell.isoformat()
        case tuple():
            return list(cell)
        case _:
            return cell
