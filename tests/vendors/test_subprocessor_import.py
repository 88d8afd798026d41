"""Lists of sub-processors as they are imported: encodings, repeated and older pages, CSV, and what is kept."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS, Link, ListHistory, Review, Row, SubprocessorList
from contribaudit.core.resolve.subprocessors import understood
from contribaudit.errors import SubprocessorsNotRead
from contribaudit.exporters.csv_evidence import lines
from contribaudit.exporters.subprocessors import list_cells
from contribaudit.store.history import History
from contribaudit.vendors.subprocessors import take_in

from .processing import MARCH, RULES, SEPTEMBER, body, imported, listed, signature

MONDAY = datetime(2026, 9, 21, 8, tzinfo=UTC)
ENCODED = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 with a mark": lambda text: text.encode("utf-16"),
    "big-endian UTF-16 with a mark": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-32 with a mark": lambda text: text.encode("utf-32"),
    "declared Latin-1": lambda text: text.replace("<head>", '<head><meta charset="iso-8859-1">').encode("latin-1"),
    "declared Windows-1252": lambda text: text.replace("<head>", '<head><meta charset="windows-1252">').encode(
        "cp1252"
    ),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_page_is_the_same_in_every_encoding_that_it_names(encoding: str) -> None:
    page = ENCODED[encoding](body(MARCH).decode())
    found = take_in(page, "page.html", RULES, ListHistory(), signature())
    assert found.rows == imported(MARCH).rows
    assert found.sha256 == sha256(page).hexdigest()


MISREAD = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n\t\r\n", "empty"),
    "Latin-1 that nobody declares": (body(MARCH).decode().encode("latin-1"), "encoding"),
    "UTF-16 without a mark": (body(MARCH, "txt").decode().encode("utf-16-le"), "encoding"),
    "UTF-8 read as Windows-1252": (
        body(MARCH)
        .decode()
        .replace("Trust Center", "Trust\u2019s \u201cCenter\u201d")
        .encode()
        .decode("cp1252", "ignore")
        .encode(),
        "encoding",
    ),
    "a PDF": (b"%PDF-1.7\n...", "not_text"),
    "too much": (b"<html>" + b"x" * (16 << 20), "too_large"),
    "another page": (b"<html><title>Cart</title><table><tr><th>Item</th></tr></table></html>", "another_page"),
}


@pytest.mark.parametrize("case", MISREAD)
def test_what_cannot_be_read_says_why(case: str) -> None:
    page, why = MISREAD[case]
    with pytest.raises(SubprocessorsNotRead) as refused:
        take_in(page, "page.html", RULES, ListHistory(), signature())
    assert (refused.value.why, refused.value.exit_code) == (why, 2)
    assert "page.html" in refused.value.message
    assert refused.value.hint


def again(day: str, at: datetime, before: list[SubprocessorList], *, form: str = "txt", anyway: bool = False) -> str:
    """How an import at that moment goes: "", or why it is refused."""
    try:
        take_in(body(day, form), "page", RULES, ListHistory.of(before, []), signature(at), anyway=anyway)
    except SubprocessorsNotRead as error:
        return error.why
    return ""


def test_the_same_list_is_imported_once_a_day_in_whatever_form() -> None:
    first = [imported(MARCH, MONDAY)]
    assert again(MARCH, MONDAY + timedelta(hours=1), first) == "imported_today"
    assert again(MARCH, MONDAY + timedelta(hours=1), first, form="html") == "imported_today"
    assert again(MARCH, MONDAY + timedelta(days=1), first) == ""


def test_another_list_of_the_same_date_needs_a_word() -> None:
    other = listed(Row("Some Company", "Loom"), effective=imported(MARCH).effective, at=MONDAY)
    assert again(MARCH, MONDAY, [other]) == "same_day"
    assert again(MARCH, MONDAY, [other], anyway=True) == ""


def test_an_older_list_needs_a_word() -> None:
    newer = [imported(SEPTEMBER, MONDAY)]
    assert again(MARCH, MONDAY, newer) == "older"
    assert again(MARCH, MONDAY, newer, anyway=True) == ""
    assert again(SEPTEMBER, MONDAY, [imported(MARCH, MONDAY)]) == ""


def as_csv(one: SubprocessorList) -> bytes:
    out = io.StringIO(newline="")
    out.writelines(lines([SUBPROCESSOR_COLUMNS]))
    out.writelines(lines(list_cells(one, understood(one, RULES))))
    return out.getvalue().encode()


HOSTILE = listed(
    Row(
        '=HYPERLINK("https://evil.example")',
        "@Loom",
        "+1",
        "-x",
        "USA;=1",
        "'quoted",
        (Link(";=x", "https://a.example/;-"),),
    ),
    Row("Two\u2028lines", "Loom\nTrello", 'a "quoted", cell', "", "", ""),
    Row("Group, Ltd.", "Loom", locations="USA", group=True),
)


@pytest.mark.parametrize("one", [imported(MARCH), imported(SEPTEMBER)], ids=[MARCH, SEPTEMBER])
def test_the_csv_that_is_written_is_read_to_the_same_rows(one: SubprocessorList) -> None:
    found = take_in(as_csv(one), "list.csv", RULES, ListHistory(), signature())
    assert (found.effective, found.rows) == (one.effective, one.rows)


def test_cells_that_a_spreadsheet_would_run_come_back_as_they_were() -> None:
    found = take_in(as_csv(HOSTILE), "list.csv", RULES, ListHistory(), signature())
    assert found.rows[1:] == (replace(HOSTILE.rows[1], name="Two\ufffdlines"), HOSTILE.rows[2])
    assert found.rows[0] == HOSTILE.rows[0]


WRONG_CSV = {
    "a column is missing": (b"effective,name,products\r\n", "unknown_column", "`group` is missing"),
    "a column is unknown": (
        as_csv(HOSTILE).replace(b",security,", b",security,extra,", 1),
        "unknown_column",
        "'extra'",
    ),
    "a column twice": (
        as_csv(HOSTILE).replace(b",locations,", b",locations,locations,", 1),
        "unknown_column",
        "`locations` occurs twice",
    ),
    "a line is cut": (as_csv(imported(MARCH))[:-200], "truncated", "cells"),
    "two dates": (as_csv(imported(MARCH)).replace(b"2026-03-02,true", b"2026-03-03,true", 1), "no_date", "above"),
    "a date of another form": (as_csv(imported(MARCH)).replace(b"2026-03-02,", b"2 March,", 1), "no_date", "'2 March'"),
    "no name": (as_csv(imported(MARCH)).replace(b"Zendelig", b"", 1), "empty_cell", "`name` is empty"),
    "no row": (as_csv(listed()), "truncated", "it holds no row"),
    "links of another form": (as_csv(imported(MARCH)).replace(b'"[{', b'"({', 1), "unlabelled", "`links`"),
    "no group": (as_csv(imported(MARCH)).replace(b",false,", b",,", 1), "unlabelled", "write true or false"),
}


@pytest.mark.parametrize("case", WRONG_CSV)
def test_a_csv_that_is_not_whole_is_refused(case: str) -> None:
    page, why, message = WRONG_CSV[case]
    with pytest.raises(SubprocessorsNotRead) as refused:
        take_in(page, "list.csv", RULES, ListHistory(), signature())
    assert (refused.value.why, message in refused.value.message) == (why, True), refused.value.message


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "kept.db")


def test_the_history_keeps_lists_pages_and_reviews(place: str) -> None:
    page = body(MARCH)
    with History.open(place) as store:
        first = imported(MARCH, MONDAY)
        store.add_subprocessors(first, page)
        store.add_subprocessors(imported(MARCH, MONDAY + timedelta(days=1)), page)
        store.review_subprocessors(Review(first.effective, "Zendelig", signature(MONDAY), "GRC-1"))
    with History.open_to_read(place) as store:
        found = store.subprocessors()
        assert store.page(first.sha256) == page
    assert [one.rows for one in found.imports] == [first.rows, first.rows]
    assert found.imports[0] == first
    assert len(found.versions) == 1
    assert found.reviewed(first, "Zendelig") == Review(first.effective, "Zendelig", signature(MONDAY), "GRC-1")


def test_a_name_that_is_forgotten_goes_from_imports_and_reviews(place: str) -> None:
    with History.open(place) as store:
        store.add_subprocessors(imported(MARCH, MONDAY), body(MARCH))
        store.review_subprocessors(Review(imported(MARCH).effective, "", signature(MONDAY)))
        store.forget_person("dpo@acme.example", MONDAY, signature(MONDAY, "admin@acme.example"))
        found = store.subprocessors()
    assert found.imports[0].imported is not None
    assert found.imports[0].imported.by.startswith("person-")
    assert found.reviews[0].signed.by.startswith("person-")
