"""data-dictionary.csv: each column of each CSV file, its meaning, type and unit."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from contribaudit.exporters.csv_evidence import lines

COLUMNS = ("file", "position", "column", "type", "unit", "meaning")


@cache
def meanings() -> dict[str, dict[str, dict[str, str]]]:
    """By file and column: type, unit and meaning."""
    text = resources.files("contribaudit.evidence").joinpath("columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def data_dictionary() -> str:
    """The file as text."""
    rows = (
        (file, position, column, one["type"], one["unit"], one["meaning"])
        for file, columns in meanings().items()
        for position, (column, one) in enumerate(columns.items(), 1)
    )
    return "".join(lines([COLUMNS, *rows]))
