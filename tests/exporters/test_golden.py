"""Every format of the awkward report, byte for byte.

After a change that is meant, renew the files and read their diff:
`CONTRIBAUDIT_RENEW=1 pytest tests/exporters` (it renews docs/schema/ too).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, TextIO

import pytest

from contribaudit.exporters import csv_evidence, html, json_v1, junit, line, markdown, sarif, text_table
from contribaudit.exporters.json_v1 import as_document, lean_document
from contribaudit.exporters.report_v1 import ReportV1
from tests.exporters.awkward import awkward_report
from tests.exporters.golden import FOLDER, expect
from tests.exporters.reading import SHEETS, source_of, workbook


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_csv(sheet: csv_evidence.Sheet[Any]) -> None:
    """Each CSV file is what it was."""
    out = io.StringIO(newline="")
    sheet.write(source_of(sheet, awkward_report()), out)
    expect(FOLDER / sheet.name, out.getvalue().encode())


def test_json() -> None:
    """The JSON report is what it was."""
    out = io.StringIO(newline="")
    json_v1.write(lean_document(awkward_report()), out)
    expect(FOLDER / "report.json", out.getvalue().encode("ascii"))


def test_line() -> None:
    """The line is what it was."""
    expect(FOLDER / "line.txt", (line.one_line(lean_document(awkward_report())) + "\n").encode("ascii"))


@pytest.mark.parametrize("width", [80, 140])
def test_table(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is what it was, in a narrow terminal and in a pipe."""
    monkeypatch.setenv("COLUMNS", str(width))
    expect(FOLDER / f"table-{width}.txt", text_table.render(_document(), everything=True).encode())


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("report.html", html.write),
        ("report.md", markdown.write),
        ("report.junit.xml", junit.write),
        ("report.sarif", sarif.write),
    ],
)
def test_document_formats(name: str, write: Callable[[ReportV1, TextIO], None]) -> None:
    """The formats that are written from the published document are what they were."""
    out = io.StringIO(newline="")
    write(_document(), out)
    expect(FOLDER / name, out.getvalue().encode())


def test_workbook() -> None:
    """Every cell of the workbook is what it was; the file's own bytes are its library's."""
    sheets = workbook(_document())
    text = "".join(f"{name}\n" + "".join(f"  {json.dumps(row)}\n" for row in rows) for name, rows in sheets.items())
    expect(FOLDER / "report.xlsx.txt", text.encode("ascii"))


def _document() -> ReportV1:
    return as_document(awkward_report())
