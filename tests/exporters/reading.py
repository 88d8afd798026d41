"""Each format read back by its own reader: what it says of each finding."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import junitparser
import openpyxl
from markdown_it import MarkdownIt
from openpyxl.utils.escape import unescape

from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Outcome
from contribaudit.exporters import csv_evidence, html, junit, markdown, sarif, xlsx
from contribaudit.exporters.json_v1 import lean_document
from contribaudit.exporters.report_v1 import ReportV1

VIOLATED = ("fail", "conflict", "not_achievable")
UNPROVEN = ("unknown", "stale")


@dataclass(frozen=True, slots=True)
class Told:
    """What every format says of a finding. `subject` is its ID, with what nobody can see marked."""

    id: str
    outcome: str
    severity: str
    subject: str


def outcome_of(words: str) -> str:
    """The outcome behind its words."""
    return next(one.value for one in Outcome if one.words == words)


def from_sarif(document: ReportV1) -> set[Told]:
    """Every result, passes among them."""
    (run,) = json.loads("".join(sarif.pieces(document, everything=True)))["runs"]
    return {
        Told(
            one["fingerprints"][sarif.FINGERPRINT],
            one["properties"]["outcome"],
            one["properties"]["severity"],
            one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"],
        )
        for one in run["results"]
    }


def junit_suites(document: ReportV1) -> list[Any]:
    """The suites, by junitparser."""
    return list(junitparser.JUnitXml.fromstring("".join(junit.pieces(document)).encode()))


def from_junit(document: ReportV1) -> set[Told]:
    """Every test case."""
    told = set()
    for suite in junit_suites(document):
        for case in suite:
            about = {one.get("name"): one.get("value") for one in case._elem.iter("property")}
            told.add(Told(about["finding_id"], about["outcome"], about["severity"], about["subject_id"]))
    return told


SHEETS: tuple[csv_evidence.Sheet[Any], ...] = (
    csv_evidence.FINDINGS,
    csv_evidence.INVENTORY,
    csv_evidence.SETTINGS,
    csv_evidence.COLLECTION,
)


def source_of(sheet: csv_evidence.Sheet[Any], report: Report) -> Any:
    """What the sheet takes of the report."""
    return report.state if sheet in (csv_evidence.INVENTORY, csv_evidence.SETTINGS) else lean_document(report)


def workbook(document: ReportV1, most_rows: int = xlsx.MOST_ROWS) -> dict[str, list[list[str]]]:
    """The cells of each sheet, by openpyxl and as Excel reads `_xHHHH_`; every one of them is a text."""
    out = io.BytesIO()
    xlsx.write(document, out, most_rows=most_rows)
    book = openpyxl.load_workbook(out)
    sheets = {}
    for sheet in book.worksheets:
        cells = [list(row) for row in sheet.iter_rows()]
        assert {cell.data_type for row in cells for cell in row if cell.value is not None} <= {"s", "inlineStr"}
        sheets[sheet.title] = [
            ["" if cell.value is None else unescape(str(cell.value)) for cell in row] for row in cells
        ]
    return sheets


def from_xlsx(document: ReportV1) -> set[Told]:
    """Every row of the sheet of findings."""
    head, *rows = workbook(document)["findings"]
    records = [dict(zip(head, row, strict=True)) for row in rows]
    return {Told(one["finding_id"], one["outcome"], one["severity"], one["subject_id"]) for one in records}


class _Data(HTMLParser):
    """The JSON block of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[str, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append((dict(attrs).get("type") or "", ""))
            self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""


def page_data(page: str) -> dict[str, Any]:
    """What the page's list is made of. A page has two scripts: the data, and ours."""
    parser = _Data()
    parser.feed(page)
    parser.close()
    assert [kind for kind, _ in parser.scripts] == ["application/json", ""]
    told: dict[str, Any] = json.loads(parser.scripts[0][1])
    return told


def from_html(document: ReportV1) -> set[Told]:
    """Every row of the page's list."""
    data = page_data("".join(html.pieces(document)))
    return {
        Told(row[0], outcome_of(data["outcomes"][row[4]]), data["severities"][row[3]], row[10]) for row in data["rows"]
    }


def markdown_tables(text: str) -> list[list[list[str]]]:
    """The tables of the text, by markdown-it: rows of cells as a reader sees them."""
    tables: list[list[list[str]]] = []
    for token in MarkdownIt("gfm-like").parse(text):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline" and tables and token.level > 3:
            tables[-1][-1].append("".join(child.content for child in token.children or []))
    return tables


def from_markdown(document: ReportV1) -> set[tuple[str, str, str]]:
    """ID, outcome and severity of what it lists."""
    text = markdown.render(document, most_characters=10_000_000)
    found = set()
    for head, *rows in markdown_tables(text):
        if "finding" in head:
            records = [dict(zip(head, row, strict=True)) for row in rows]
            found |= {
                (one["finding"], outcome_of(one["outcome"].removesuffix(" new")), one["severity"]) for one in records
            }
    return found


def from_csv(text: str) -> set[Told]:
    """Every row of findings.csv."""
    return {
        Told(one["finding_id"], one["outcome"], one["severity"], one["subject_id"])
        for one in csv.DictReader(io.StringIO(text, newline=""), strict=True)
    }
