"""Cells show observed text and never run it."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contribaudit.core.model.observation import SettingId, Value
from contribaudit.evidence.rebuilt import _value_of_cell
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.text import Cell, csv_cell, display, rfc3339, safe_text, value_cell
from tests.exporters.awkward import INDIA, TEXTS

ANY_TEXT = st.text(st.characters(codec=None), max_size=8)
LEADING = st.sampled_from(
    [*"=+-@'\uff1d\uff0b\uff0d\uff20﹢﹣ \t\r\n\N{NO-BREAK SPACE}\u200b\ufeff\u0301", "a", "", "''"]
)
SEEN_AS_SIGN = "=+-@"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("", ""),
        ((), "[]"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-5, "-5"),
        (1.25, "1.25"),
        ("null", "null"),
        (("EU", "DE"), '["EU","DE"]'),
        (('a,"b"', "é"), '["a,\\"b\\"","é"]'),
        (("=1",), '["=1"]'),
        (("\x1b[31m\n", "\ud800", "\u202e\x9b"), '["\\u001b[31m\\n","\\ud800","\\u202e\\u009b"]'),
        (date(2027, 1, 31), "2027-01-31"),
        (datetime(2026, 11, 21, 3, 59, 59, 987654, tzinfo=INDIA), "2026-11-20T22:29:59Z"),
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-5", "'-5"),
        ("@x", "'@x"),
        ("'x", "''x"),
        ("'=1", "''=1"),
        ("  =1", "'  =1"),
        ("\n=1", "'\n=1"),
        ("\uff1d1", "'\uff1d1"),
        ("﹣1", "'﹣1"),
        ("\N{IDEOGRAPHIC SPACE}@x", "'\N{IDEOGRAPHIC SPACE}@x"),
        ("\N{ZERO WIDTH JOINER}=1", "'\N{ZERO WIDTH JOINER}=1"),
        ("\t=1", "\ufffd=1"),
        ("\ufeff=1", "\ufffd=1"),
        ("a=1", "a=1"),
        ("Ops;=1+2", "Ops;'=1+2"),
        ("Ops; @a;-b", "Ops;' @a;'-b"),
        ("one\n=2", "one\n'=2"),
        ("a; b", "a; b"),
        (("a;=1",), '["a\\u003b=1"]'),
        ("first\r\nsecond", "first\nsecond"),
        ("a\rb\0c\ud800", "a\ufffdb\ufffdc\ufffd"),
    ],
)
def test_csv_cell(value: Cell, cell: str) -> None:
    """Each type has one form."""
    assert csv_cell(value) == cell


@given(st.builds("".join, st.lists(LEADING, max_size=4)), ANY_TEXT)
def test_no_text_starts_a_formula_and_an_apostrophe_can_be_taken_back(start: str, rest: str) -> None:
    """Whatever is skipped before it, no cell begins with a sign; one apostrophe too many says that one was added."""
    cell = csv_cell(start + rest)
    unseen = ("Cf", "Mn", "Me")
    first = next((one for one in cell if not one.isspace() and unicodedata.category(one) not in unseen), "")
    assert unicodedata.normalize("NFKC", first)[:1] not in [*SEEN_AS_SIGN]
    added = re.compile(r"(?<=[;\t\n\r])'+")
    assert added.sub("", cell.removeprefix("'")) == added.sub("", safe_text(start + rest, keep_lines=True))
    cell.encode("utf-8")


CELLS = st.one_of(
    ANY_TEXT, st.text("a1;=,\"\n'+ ", max_size=8), st.lists(ANY_TEXT).map(tuple), st.booleans(), st.integers()
)


@given(st.lists(st.lists(CELLS, min_size=1), max_size=3))
def test_a_line_holds_what_csv_cell_says(rows: list[list[Cell]]) -> None:
    """No quicker way to write a cell leaves out what keeps it safe."""
    written = csv.reader(io.StringIO("".join(lines(rows)), newline=""), strict=True)
    assert list(written) == [[csv_cell(one) for one in row] for row in rows]


@given(CELLS)
@example("2024")
@example("-5")
@example("true")
@example('"x"')
@example("'x")
@example("[x]")
@example("x;=1")
def test_a_value_is_read_back(value: Value) -> None:
    """Type included: from settings.csv a pack is judged again."""
    assert csv_cell(value_cell(value)) == safe_text(str(csv_cell(value_cell(value))), keep_lines=True)
    again = _value_of_cell(SettingId("contribution.in_app.included"), csv_cell(value_cell(value)))
    assert (type(again), _paired(again)) == (type(value), _paired(value))


def _paired(value: Value) -> Value:
    """The value with each pair of surrogates as the one character that JSON reads."""

    def paired(text: str) -> str:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    if isinstance(value, tuple):
        return tuple(map(paired, value))
    return paired(value) if isinstance(value, str) else value


@given(st.lists(ANY_TEXT))
def test_a_list_loses_nothing(texts: list[str]) -> None:
    """A list's cell is JSON of exactly the texts, of characters that are safe to print."""
    cell = csv_cell(tuple(texts))
    assert json.loads(cell) == [
        one.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") for one in texts
    ]
    assert safe_text(cell) == cell


@given(ANY_TEXT)
def test_plain_text_holds_nothing_that_is_obeyed(text: str) -> None:
    """No control, no direction mark, no lone surrogate; as many characters as before."""
    safe = safe_text(text)
    assert len(safe) == len(text)
    assert safe.splitlines() in ([], [safe])
    assert {unicodedata.category(one) for one in safe}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert not any(one in safe for one in "\u202e\u2066\u200f\u061c\u200b\ufeff")


@pytest.mark.parametrize("word", ["emoji", "markup", "quotes", "dollar", "wide"])
def test_plain_text_stays(word: str) -> None:
    """Text that is only odd is left as it is, joined emoji included."""
    assert safe_text(TEXTS[word]) == TEXTS[word]


def test_shown() -> None:
    """Null, the empty list and the empty text differ on screen."""
    assert [display(one) for one in (None, (), "", True, False, 0, ("a", "\x1b"), "\x07")] == [
        "null", "none", "", "yes", "no", "0", "a, \ufffd", "\ufffd",
    ]  # fmt: skip


def test_a_time_needs_a_zone() -> None:
    """A time that could mean anything is refused, not guessed."""
    with pytest.raises(ValueError, match="zone"):
        rfc3339(datetime(2026, 11, 21))  # noqa: DTZ001  the mistake that is tested
    assert rfc3339(None) is None
    assert rfc3339(datetime(2026, 11, 21, tzinfo=UTC)) == "2026-11-21T00:00:00Z"
