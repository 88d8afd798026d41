"""columns.toml describes each column of each sheet, and the tables of docs/columns.md are made from it."""

from __future__ import annotations

import csv
import io
import os
import re

import pytest

from contribaudit.evidence.export import ALL
from contribaudit.evidence.readme import DICTIONARY_COLUMNS, data_dictionary, meanings
from contribaudit.evidence.sheets import Sheet
from tests.exporters.golden import ROOT

DOC = ROOT / "docs" / "columns.md"
TYPES = ("text", "word", "integer", "number", "boolean", "time", "date", "digest", "list", "value")


def table(sheet: Sheet) -> str:
    rows = [
        f"| {column} | {one['meaning']} | {one['type']} | {one['unit']}{' ' if one['unit'] else ''}|"
        for column, one in meanings()[sheet.name].items()
    ]
    return "\n".join(["| column | meaning | type | unit |", "|---|---|---|---|", *rows])


def test_every_column_of_every_sheet_is_described() -> None:
    """Same files, same columns, same order; each has a meaning and a known type; numbers alone have a unit."""
    assert {name: tuple(columns) for name, columns in meanings().items()} == {one.name: one.columns for one in ALL}
    described = [one for columns in meanings().values() for one in columns.values()]
    assert all(one["meaning"] and one["type"] in TYPES for one in described)
    assert all(one["type"] in ("integer", "number") for one in described if one["unit"])


def test_the_dictionary_lists_them_all() -> None:
    rows = list(csv.reader(io.StringIO(data_dictionary(), newline="")))
    assert tuple(rows[0]) == DICTIONARY_COLUMNS
    assert len(rows) == 1 + sum(len(one.columns) for one in ALL)
    assert {len(row) for row in rows} == {len(DICTIONARY_COLUMNS)}


@pytest.mark.parametrize("sheet", ALL, ids=lambda sheet: sheet.name)
def test_the_documentation_has_the_same_table(sheet: Sheet) -> None:
    """Renewed with CONTRIBAUDIT_RENEW=1."""
    text = DOC.read_text(encoding="utf-8")
    pattern = re.compile(rf"(?<=\n)(## {re.escape(sheet.name)}\n[^|<]*)(<!-- table -->|(?:\|[^\n]*\n)+)", re.DOTALL)
    found = pattern.search(text)
    assert found is not None
    wanted = table(sheet) + "\n"
    if os.environ.get("CONTRIBAUDIT_RENEW"):
        renewed = text[: found.start(2)] + wanted + text[found.end(2) :].removeprefix("\n\n")
        DOC.write_text(renewed.replace(wanted + "##", wanted + "\n##"), encoding="utf-8")
        return
    assert found.group(2) == wanted


def test_no_other_file_is_documented() -> None:
    """Each CSV file has a chapter, and each chapter is a CSV file."""
    assert re.findall(r"^## (.+)$", DOC.read_text(encoding="utf-8"), re.MULTILINE) == [one.name for one in ALL]
