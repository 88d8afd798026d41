"""The smaller commands' rows are the same in a table, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime

import pytest

from contribaudit.exporters.tabular import FORMATS, cell_text, render
from contribaudit.exporters.text import Cell, csv_cell
from tests.exporters.awkward import INDIA, TEXTS

COLUMNS = ("id", "long_name", "seen", "tags", "ok", "seconds", "until", "none")
NOW = datetime(2026, 11, 21, 3, 59, 59, 987654, tzinfo=INDIA)
ROW: tuple[Cell, ...] = (-7, "=name\x1b", NOW, ("a,b", "é"), True, 1.25, date(2027, 1, 31), None)


def test_json_keeps_types() -> None:
    """A list of objects: numbers, truth values and null are themselves, times are UTC, text is exact and ASCII."""
    text = render("json", COLUMNS, [ROW])
    assert text.isascii()
    assert text.endswith("]\n")
    assert json.loads(text) == [
        {
            "id": -7,
            "long_name": "=name\x1b",
            "seen": "2026-11-20T22:29:59Z",
            "tags": ["a,b", "é"],
            "ok": True,
            "seconds": 1.25,
            "until": "2027-01-31",
            "none": None,
        }
    ]


def test_csv_is_safe() -> None:
    """The same form as the evidence files: CRLF, and no cell is a formula."""
    assert render("csv", COLUMNS, [ROW]) == (
        "id,long_name,seen,tags,ok,seconds,until,none\r\n"
        '-7,\'=name\ufffd,2026-11-20T22:29:59Z,"[""a,b"",""é""]",true,1.25,2027-01-31,\r\n'
    )


def test_table_shows_chosen_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """`only` chooses and orders; titles have no underscores."""
    monkeypatch.setenv("COLUMNS", "100")
    text = render("table", COLUMNS, [ROW], only=("long_name", "ok", "none", "tags"), flexible="tags")
    assert text == "long name  ok   none  tags\n=name\ufffd     yes        a,b, é\n"
    assert render("table", COLUMNS, [ROW], only=("seen", "seconds", "until")).split()[-3:] == [
        "2026-11-20T22:29:59Z", "1.25", "2027-01-31",
    ]  # fmt: skip


def test_a_lone_column_below_its_row_has_its_title(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the sentence goes without: a bare "0" would say nothing."""
    monkeypatch.setenv("COLUMNS", "40")
    row = ("document", "a title of some length", 0)
    assert render("table", ("name", "title", "under_review"), [row], flexible="title").splitlines()[2:] == [
        "          under review 0"
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows(form: str) -> None:
    """Without rows there are titles, or an empty list."""
    expected = {"json": "[]\n", "csv": "a,b\r\n", "table": "a  b\n"}
    assert render(form, ("a", "b"), []) == expected[form]


@pytest.mark.parametrize("form", FORMATS)
def test_a_row_of_another_length_is_a_bug(form: str) -> None:
    """No form shows a shifted row as if it were whole."""
    with pytest.raises((ValueError, IndexError)):
        render(form, ("a", "b"), [("only one",)])


@pytest.mark.parametrize("word", TEXTS)
@pytest.mark.parametrize("width", [40, 120])
def test_forms_agree_on_awkward_text(word: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text comes back from JSON exactly, from CSV and the table as what can be shown."""
    monkeypatch.setenv("COLUMNS", str(width))
    rows, columns = [("row", TEXTS[word])], ("a", "text")
    assert json.loads(render("json", columns, rows)) == [{"a": "row", "text": TEXTS[word]}]
    parsed = list(csv.reader(io.StringIO(render("csv", columns, rows), newline=""), strict=True))
    assert parsed == [["a", "text"], ["row", csv_cell(TEXTS[word])]]
    table = render("table", columns, rows, flexible="text")
    assert table.split()[:3] == ["a", "text", "row"]
    assert "".join(table.split()[3:]) == "".join(cell_text(TEXTS[word]).split())
