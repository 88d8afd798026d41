"""data-dictionary.csv: each column of each CSV file, its meaning, type and unit."""

from __future__ import annotations

import csv
import io
import tomllib
from functools import cache
from importlib import resources

from contribaudit.exporters.text import csv_cell

COLUMNS = ("file", "position", "column", "type", "unit", "meaning")


@cache
def meanings() -> dict[str, dict[str, dict[str, str]]]:
    """By file and column: type, unit and meaning."""
    text = resources.files("contribaudit.evidence").joinpath("columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def data_dictionary() -> str:
    """The file as text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for file, columns in meanings().items():
        for position, (column, one) in enumerate(columns.items(), 1):
            cells = (file, position, column, one["type"], one["unit"], one["meaning"])
            writer.writerow([csv_cell(cell) for cell in cells])
    return out.getvalue()
