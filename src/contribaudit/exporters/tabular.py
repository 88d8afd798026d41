"""Rows in the three forms that smaller commands print: a table, JSON objects, CSV.

Also the rows of spaces, which are made as they are written, since they are too many for memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from contribaudit.core.model.phrases import and_more
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import holds_spaces
from contribaudit.core.resolve.state import State
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.text import Cell, as_json, display, rfc3339, safe_text

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
    """The rows as text. JSON is a list of objects; the table shows the columns in `only`, by default all."""
    if output_format == "json":
        return json.dumps([json_object(columns, row) for row in rows], indent=2) + "\n"
    if output_format == "csv":
        return "".join(_csv(columns, rows))
    return _table(columns, rows, flexible, only or columns, terminal)


def stream(output_format: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The rows as JSON objects or CSV, piece by piece, for rows that do not fit into memory."""
    if output_format == "json":
        before = "["
        for row in rows:
            yield f"{before}\n  {json.dumps(json_object(columns, row))}"
            before = ","
        yield "[]\n" if before == "[" else "\n]\n"
        return
    yield from _csv(columns, rows)


def json_object(columns: Sequence[str], row: Sequence[Cell]) -> dict[str, object]:
    """One row as a JSON object."""
    return dict(zip(columns, map(as_json, row), strict=True))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    yield from lines([columns])
    yield from lines([cell for _, cell in zip(columns, row, strict=True)] for row in rows)


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], flexible: str, only: Sequence[str], terminal: bool
) -> str:
    from contribaudit.exporters.terminal import capture, plain_table

    places = [columns.index(name) for name in only]
    titles = [name.replace("_", " ") for name in only]
    texts = [[cell_text(row[place]) for place in places] for row in rows]
    return capture(plain_table(titles, texts, flexible=flexible.replace("_", " ")), terminal=terminal)


def cell_text(cell: Cell) -> str:
    """A cell as a table shows it; None is ""."""
    match cell:
        case None:
            return ""
        case datetime():
            return rfc3339(cell) or ""
        case float() | date():
            return str(cell)
        case str():
            return safe_text(cell)
        case _:
            return display(cell)


COLUMNS = (
    "site", "type_key", "key", "name", "type", "status", "created_at", "first_seen", "from_the_start",
    "organization_id", "app_id", "id",
)  # fmt: skip


TABLE = ("site", "type_key", "key", "name", "type", "status", "created_at", "first_seen")
MOST_IN_TABLE = 1000
"""A table is laid out as a whole, so it must fit into memory."""


def apps_with_spaces(state: State) -> list[Subject]:
    """The apps that have spaces according to the rulebook, and those whose spaces were listed."""
    listed = [app for place in state.looked_at for app in state.spaces(place.id).lists()]
    with_spaces = [app for app in state.subjects(Kind.APP) if holds_spaces(state, app)]
    return list(dict.fromkeys([*with_spaces, *listed]))


def space_rows(state: State) -> Iterator[tuple[Cell, ...]]:
    """A row for each known space, in the order of the apps, by key."""
    for app in apps_with_spaces(state):
        for entry in state.spaces(app.organization).of(app):
            space = entry.space
            yield (
                entry.host,
                entry.type_key,
                space.key,
                space.name,
                space.type,
                space.status,
                space.created_at,
                entry.first_seen,
                entry.from_the_start,
                app.organization,
                app.id,
                space.id,
            )


def space_table(state: State, *, most: int = MOST_IN_TABLE, terminal: bool = False) -> str:
    """The first spaces as a table, with the number of further ones in the last line."""
    rows = list(islice(space_rows(state), most))
    table = render("table", COLUMNS, rows, flexible="name", only=TABLE, terminal=terminal)
    left = sum(state.spaces(app.organization).count(app) for app in apps_with_spaces(state)) - len(rows)
    return f"{table}{and_more(left, '--format csv, or json, lists every one')}\n" if left > 0 else table
