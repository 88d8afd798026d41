"""Every format of the awkward report, byte for byte.

After a change that is meant, renew the files and read their diff:
`CONTRIBAUDIT_RENEW=1 pytest tests/exporters` (it renews docs/schema/ too).
"""

from __future__ import annotations

import io

import pytest

from contribaudit.exporters import csv_evidence, json_v1, line, text_table
from tests.exporters.awkward import awkward_report
from tests.exporters.golden import FOLDER, expect


@pytest.mark.parametrize("sheet", csv_evidence.ALL, ids=lambda sheet: sheet.name)
def test_csv(sheet: csv_evidence.Sheet) -> None:
    """Each CSV file is what it was."""
    out = io.StringIO(newline="")
    sheet.write(awkward_report(), out)
    expect(FOLDER / sheet.name, out.getvalue().encode())


def test_json() -> None:
    """The JSON report is what it was."""
    out = io.StringIO(newline="")
    json_v1.write(awkward_report(), out)
    expect(FOLDER / "report.json", out.getvalue().encode("ascii"))


def test_line() -> None:
    """The line is what it was."""
    expect(FOLDER / "line.txt", (line.one_line(awkward_report()) + "\n").encode("ascii"))


@pytest.mark.parametrize("width", [80, 140])
def test_table(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is what it was, in a narrow terminal and in a pipe."""
    monkeypatch.setenv("COLUMNS", str(width))
    expect(FOLDER / f"table-{width}.txt", text_table.render(awkward_report(), everything=True).encode())
