"""Every format of the awkward report, byte for byte.

After a change that is meant, renew the files and read their diff:
`CONTRIBAUDIT_RENEW=1 pytest tests/exporters` (it renews docs/schema/ too).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from contribaudit.exporters import csv_evidence, html, json_v1, junit, markdown, monitoring, sarif, text_table
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
    expect(FOLDER / "report.json", "".join(json_v1.pieces(lean_document(awkward_report()))).encode("ascii"))


def test_line() -> None:
    """The line is what it was."""
    expect(FOLDER / "line.txt", (monitoring.one_line(lean_document(awkward_report())) + "\n").encode("ascii"))


@pytest.mark.parametrize("width", [80, 140])
def test_table(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is what it was, in a narrow terminal and in a pipe."""
    monkeypatch.setenv("COLUMNS", str(width))
    expect(FOLDER / f"table-{width}.txt", text_table.render(_document(), everything=True).encode())


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("report.html", html.pieces),
        ("report.md", markdown.render),
        ("report.junit.xml", junit.pieces),
        ("report.sarif", sarif.pieces),
    ],
)
def test_document_formats(name: str, pieces: Callable[[ReportV1], Iterable[str]]) -> None:
    """The formats that are written from the published document are what they were."""
    expect(FOLDER / name, "".join(pieces(_document())).encode())


def test_workbook() -> None:
    """Every cell of the workbook is what it was; the file's own bytes are its library's."""
    sheets = workbook(_document())
    text = "".join(f"{name}\n" + "".join(f"  {json.dumps(row)}\n" for row in rows) for name, rows in sheets.items())
    expect(FOLDER / "report.xlsx.txt", text.encode("ascii"))


def _document() -> ReportV1:
    return as_document(awkward_report())
