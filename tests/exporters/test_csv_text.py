"""The quick way of writing CSV gives the bytes of the plain one, whatever stands in the cells."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.model.finding import Outcome
from contribaudit.exporters import csv_evidence
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.text import Cell, csv_cell, csv_text, safe_text
from tests.exporters.awkward import TEXTS

HOSTILE = st.builds(
    "".join,
    st.lists(
        st.sampled_from([*"=+-@',;\"\r\n\t \ufeff\u200b\u202e\0\ud800\uff1d\u0301Ééa1", "\r\n", '""']), max_size=5
    ),
)
TEXT = HOSTILE | st.sampled_from(sorted(TEXTS.values())) | st.text(st.characters(codec=None), max_size=6)
TIME = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
CELL: st.SearchStrategy[Cell] = st.one_of(
    TEXT,
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, -0.0, 1.0, 2.5, 1e300]),
    st.lists(TEXT, max_size=3).map(tuple),
    st.dates(date(2026, 1, 1), date(2026, 1, 3)),
    TIME,
    st.sampled_from(Outcome),
)


def by_definition(rows: Sequence[Sequence[Cell]]) -> str:
    """Cell by cell through `csv_cell`, row by row through the standard library's writer."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([csv_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


@given(st.lists(st.lists(CELL, min_size=1, max_size=5), max_size=8))
def test_the_bytes_are_those_of_the_definition(rows: list[list[Cell]]) -> None:
    """In one column and in several, for cells that are equal and differ in type, and for cells that come again."""
    again = [*rows, *rows]
    assert "".join(lines(again)) == by_definition(again)


def test_a_formula_after_a_semicolon_is_text() -> None:
    """A spreadsheet whose separator is the semicolon would take it for a cell of its own."""
    assert list(lines([("a;=1", "b;c", "d;@e")])) == ["a;'=1,b;c,d;'@e\r\n"]


@given(TEXT)
def test_a_cell_gives_its_text_back(text: str) -> None:
    """Whatever was guarded in it; what a reader could not see stays marked."""
    assert csv_text(csv_cell(text)) == safe_text(text, keep_lines=True)


@given(st.text(st.characters(codec=None), max_size=12))
def test_what_prints_is_as_it_was(text: str) -> None:
    """The shortcut of `plain` gives what every character by itself gives."""
    assert safe_text(text) == "".join(map(safe_text, text))


def test_more_cells_than_are_remembered() -> None:
    """Cells that were forgotten meanwhile are made again."""
    rows: list[tuple[Cell, ...]] = [
        (f"=name {number}", "same, always", number, number % 2 == 0, f"{number}" * 300) for number in range(5_000)
    ]
    assert "".join(lines(rows)) == by_definition(rows)


def test_what_is_remembered_has_a_bound() -> None:
    """Ten times as many texts, none of which comes again, take no more memory."""
    peaks = []
    for number in (3_000, 30_000):
        tracemalloc.start()
        try:
            for _ in lines((f"{one} text that is only here", f"{one}" * 1_000) for one in range(number)):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
    assert peaks[1] < 4 * csv_evidence.KEPT * csv_evidence.LONGEST
