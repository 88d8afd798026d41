"""docs/columns.md names each column of each CSV file, and its type is what the cells hold."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from typing import Any

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.exporters.csv_evidence import Sheet
from tests.exporters.awkward import awkward_report
from tests.exporters.golden import ROOT
from tests.exporters.reading import SHEETS, source_of

TEXT = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")


IN_FOLDERS_ALONE = ("due_on", "evidence_file", "evidence_file_sha256")
"""Columns that only the history, or the other files of an evidence folder, can fill."""


def table_after(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, without its titles."""
    lines = TEXT.partition(f"\n{heading}\n")[2].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[2:]


def fits(cell: str, kind: str) -> bool:
    match kind:
        case "text" | "value":
            return True
        case "word":
            return re.fullmatch(r"[a-z][a-z0-9_.:-]*", cell) is not None
        case "integer":
            return re.fullmatch(r"-?\d+", cell) is not None
        case "number":
            return re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None
        case "boolean":
            return cell in ("true", "false")
        case "time":
            return datetime.strptime(cell, "%Y-%m-%dT%H:%M:%S%z").tzinfo is not None and cell.endswith("Z")
        case "date":
            return date.fromisoformat(cell).isoformat() == cell
        case "digest":
            return re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{64}", cell) is not None
        case "list":
            return all(isinstance(one, str) for one in json.loads(cell))
        case _:
            return False


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_columns_are_documented(sheet: Sheet[Any]) -> None:
    """The file's table has its columns in their order, each with a meaning and a type that is explained."""
    rows = table_after(f"## {sheet.name}")
    here = [row[0] for row in rows if row[0] not in IN_FOLDERS_ALONE]
    assert here == list(sheet.columns)
    types = {row[0] for row in table_after("Types:")}
    assert [row for row in rows if len(row) != 4 or not row[1] or row[2] not in types] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_cells_are_of_their_type(sheet: Sheet[Any], drifted_report: Report) -> None:
    """Every cell of an audit and of the awkward report is empty or of the documented type."""
    kinds = {row[0]: row[2] for row in table_after(f"## {sheet.name}")}
    for report in (awkward_report(), drifted_report):
        out = io.StringIO(newline="")
        sheet.write(source_of(sheet, report), out)
        rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
        assert [
            (column, cell) for row in rows for column, cell in row.items() if cell and not fits(cell, kinds[column])
        ] == []


def test_units_are_where_numbers_are(drifted_report: Report) -> None:
    """Every count and duration has a unit, and nothing else has one; a run's number counts nothing."""
    for sheet in SHEETS:
        for name, _, kind, unit in table_after(f"## {sheet.name}"):
            assert bool(unit) == (kind in ("integer", "number") and name != "run_id"), name
