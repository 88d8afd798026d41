"""A workbook of findings, changes, collection, summary and organizations. Every cell is text, never a formula.

A full sheet continues on another; text that is too long for a cell is cut and marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from contribaudit.exporters import csv_evidence
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.summary import Overview
from contribaudit.exporters.text import Cell, csv_cell, words, xml_plain

if TYPE_CHECKING:
    import xlsxwriter  # type: ignore[import-untyped]

MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
CUT = "... (cut; the JSON and the CSV have all of it)"
CHANGES = (
    "change_id", "organization_id", "subject_kind", "subject_id", "subject_name", "subject_alias", "setting", "before",
    "after", "existed_before", "exists_after", "last_seen", "first_seen", "cause", "cause_code", "match", "actor",
    "event_id", "other_events", "ticket",
)  # fmt: skip
ORGANIZATIONS = ("organization_id", "organization_name", "highest_plan", "unread_reason", "left_out")
SUMMARY = ("what", "value")
_WIDTHS = {
    "reason": 60, "remediation": 50, "expected": 24, "observed": 24, "cause": 50, "value": 60, "what": 30,
    "check_title": 38, "check_titles": 70, "subject": 34, "subject_name": 28, "controls": 40, "waiver_reason": 40,
}  # fmt: skip
_NARROW = (
    "check_id", "due_on", "open", "fail", "unverified", "waived", "pass", "other", "severity", "outcome", "fragile",
    "run_id", "read", "announced", "requests", "seconds", "status", "due_days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a sheet, or of several if it exceeds one."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write(document: ReportV1, out: BinaryIO, *, most_rows: int = MOST_ROWS) -> None:
    """Write the report as a workbook."""
    finished = datetime.fromisoformat(document["run"]["finished_at"])
    title = f"contribaudit, run {document['run']['id']}"
    write_pages(out, pages(document), title=title, created=finished, most_rows=most_rows)


def write_pages(
    out: BinaryIO,
    sheets: Iterable[Page],
    *,
    title: str,
    created: datetime,
    most_rows: int = MOST_ROWS,
    wrap: bool = False,
) -> None:
    """Write a workbook of these sheets. `created` is a time from its content, so that equal content has equal bytes.

    With `wrap`, a long text is shown on several lines.
    """
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        library = f"XlsxWriter {xlsxwriter.__version__}"  # another version may write the same content differently
        book.set_properties({"title": title, "created": created, "comments": library})
        for page in sheets:
            _write_page(book, page, most_rows, wrap=wrap)


def pages(document: ReportV1) -> Iterator[Page]:
    """The sheets in order."""
    yield Page("findings", csv_evidence.FINDINGS.columns, csv_evidence.FINDINGS.rows(document))
    changes = map(csv_evidence.published_change_cells, document["changes"])
    yield Page("changes", CHANGES, ([change[name] for name in CHANGES] for change in changes))
    yield Page("collection", csv_evidence.COLLECTION.columns, csv_evidence.COLLECTION.rows(document))
    yield Page("summary", SUMMARY, _summary(document))
    yield Page(
        "organizations",
        ORGANIZATIONS,
        [
            (one["id"], one["name"], one["highest_plan"], one["unread_reason"], one["left_out"])
            for one in document["organizations"]
        ],
    )


def _summary(document: ReportV1) -> Iterator[tuple[Cell, ...]]:
    run, policy, rulebook = document["run"], document["policy"], document["rulebook"]
    yield from (
        ("run", run["id"]),
        ("previous run", run["previous"]),
        ("started at", run["started_at"]),
        ("finished at", run["finished_at"]),
        ("complete", run["complete"]),
        ("verdict", Overview(document).headline),
        ("exit code", run["exit_code"]),
        ("as of", document["as_of"]),
        ("policy", policy["name"]),
        ("policy SHA-256", policy["sha256"]),
        ("rulebook", rulebook["version"]),
        ("rulebook SHA-256", rulebook["sha256"]),
        ("contribaudit", document["tool"]["version"]),
    )
    inventory = document["inventory"]
    yield from (
        (f"inventory: {key.replace('_', ' ')}", value if isinstance(value, int | None) else str(value))
        for key, value in inventory.items()
    )
    for outcome, number in document["summary"]["by_outcome"].items():
        yield (f"outcome: {words(outcome)}", number)
    for severity, outcomes in document["summary"]["by_severity"].items():
        for outcome, number in outcomes.items():
            yield (f"{severity}: {words(outcome)}", number)
    yield from (("warning", warning) for warning in document["warnings"])


def cell(value: Cell) -> str:
    """A cell's text: as in the CSV, but without the apostrophe, which a text cell does not need."""
    text = xml_plain(value) if isinstance(value, str) else xml_plain(csv_cell(value))
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(CUT)] + CUT


def _write_page(book: xlsxwriter.Workbook, page: Page, most_rows: int, *, wrap: bool) -> None:
    # The quote prefix keeps the cell a text when somebody edits it.
    style = book.add_format({"num_format": "@", "valign": "top", "quote_prefix": True, "text_wrap": wrap})
    bold = book.add_format({"bold": True, "num_format": "@"})
    number, line, sheet = 1, most_rows, None
    for row in page.rows:
        if line >= most_rows or sheet is None:
            _finish_sheet(sheet, page, line)
            sheet, number, line = _add_sheet(book, page, number, bold), number + 1, 1
        for column, value in enumerate(row):
            text = cell(value)
            if text:
                sheet.write_string(line, column, text, style)
        line += 1
    if sheet is None:
        sheet, line = _add_sheet(book, page, number, bold), 1
    _finish_sheet(sheet, page, line)


def _add_sheet(book: xlsxwriter.Workbook, page: Page, number: int, bold: object) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet(page.name if number == 1 else f"{page.name} {number}")
    sheet.freeze_panes(1, 1)
    for column, title in enumerate(page.columns):
        width = _WIDTHS.get(title, 10 if title in _NARROW else 18)
        sheet.set_column(column, column, width)
    for column, title in enumerate(page.columns):
        sheet.write_string(0, column, title, bold)
    return sheet


def _finish_sheet(sheet: xlsxwriter.worksheet.Worksheet | None, page: Page, lines: int) -> None:
    if sheet is not None:
        sheet.autofilter(0, 0, max(lines - 1, 1), len(page.columns) - 1)
