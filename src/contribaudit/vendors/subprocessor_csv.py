"""The list of sub-processors as CSV, as `subprocessors list --format csv` writes it and a spreadsheet may correct it.

Each line is a row. `group` marks the vendor's own companies, and every line gives the effective date of the list. The
columns with the interpretation and source of a row are ignored, because they are computed again.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from io import StringIO

from contribaudit.core.model.phrases import repeated
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS, Link, ListedRows, Row
from contribaudit.errors import SubprocessorsNotRead

READ = SUBPROCESSOR_COLUMNS[:9]
_TEXTS = ("name", "products", "purposes", "data_categories", "locations", "security")
_HINT = "Take the form that `contribaudit subprocessors list --format csv` writes"


def is_csv(text: str) -> bool:
    """Whether the first line names the columns of our CSV format."""
    first = next(csv.reader(StringIO(text[:2000])), [])
    return {"effective", "name", "products"} <= set(first)


def read_csv(text: str) -> ListedRows:
    """The rows of the file. Raises SubprocessorsNotRead, which names line and column."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = csv.reader(StringIO(text, newline=""))
    header = next(lines)
    for name in READ:
        if name not in header:
            raise _csv_error(f"the column `{name}` is missing", "unknown_column")
    for name in header:
        if name not in SUBPROCESSOR_COLUMNS:
            raise _csv_error(f"the column {name!r} is not known", "unknown_column")
    if twice := repeated(header):
        raise _csv_error(f"the column `{twice[0]}` occurs twice", "unknown_column")
    effective: date | None = None
    rows: list[Row] = []
    for cells in lines:
        if not cells:
            continue
        where = f"line {lines.line_num}"
        if len(cells) != len(header):
            raise _csv_error(f"{where} has {len(cells)} cells, and the header {len(header)}", "truncated")
        cell = dict(zip(header, map(_unguarded, cells), strict=True))
        day = _day(cell["effective"], where)
        if effective not in (None, day):
            raise _csv_error(f"{where}: `effective` is {day}, and {effective} above", "no_date")
        effective = day
        if not cell["name"]:
            raise _csv_error(f"{where}: `name` is empty", "empty_cell")
        if cell["group"] not in ("true", "false"):
            raise _csv_error(f"{where}: `group` is {cell['group']!r}: write true or false", "unlabelled")
        texts = {name: cell[name] for name in _TEXTS}
        rows.append(Row(**texts, links=_links(cell["links"], where), group=cell["group"] == "true"))
    if effective is None:
        raise _csv_error("it holds no row", "truncated")
    return ListedRows(effective, tuple(rows))


_GUARDED = re.compile(r"(?:^|(?<=[;\t\n\r]))'(?=\s*[=+\-@'\uff1d\uff0b\uff0d\uff20])")


def _unguarded(cell: str) -> str:
    """A cell without the apostrophes that keep a spreadsheet from reading it as a formula."""
    return _GUARDED.sub("", cell)


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _csv_error(f"{where}: `effective` is {text!r}: write 2026-03-02", "no_date") from None


def _links(text: str, where: str) -> tuple[Link, ...]:
    try:
        entries = json.loads(text or "[]")
        return tuple(Link(str(entry["text"]), str(entry["url"])) for entry in entries)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _csv_error(
            f'{where}: `links` is not a list like [{{"text": "Terms", "url": "https://…"}}]', "unlabelled"
        ) from None


def _csv_error(message: str, why: str) -> SubprocessorsNotRead:
    return SubprocessorsNotRead(message, why=why, hint=_HINT)
