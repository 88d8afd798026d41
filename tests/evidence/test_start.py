"""00-START.html and 00-START.xlsx: what is open first, the index by control, and nothing that the CSV does not say."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
import time_machine

from contribaudit.evidence.dossier import ExportLimits
from contribaudit.evidence.pseudonyms import NameHandling
from contribaudit.evidence.start import BOOK, COLUMNS, INDEX, PAGE
from contribaudit.exporters.xlsx import Page, write_pages
from tests.evidence.scene import PARTS, PEOPLE, Scene

OPEN = ("fail", "conflict", "not_achievable", "unknown", "stale")
GRAVITY = ("critical", "high", "medium", "low", "info")


def table(pack: Path, name: str) -> list[dict[str, str]]:
    with (pack / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sheets(pack: Path) -> dict[str, list[tuple[str, ...]]]:
    book = openpyxl.load_workbook(pack / BOOK)
    return {
        sheet.title: [
            tuple("" if cell is None else str(cell) for cell in row) for row in sheet.iter_rows(values_only=True)
        ]
        for sheet in book.worksheets
    }


def test_the_workbook_begins_with_what_is_open(unsigned: Path) -> None:
    """Each open finding once, the worst first; once for each control; header frozen, filter on, widths set."""
    told = {row["finding_id"]: row for row in table(unsigned, "findings.csv")}
    found = sheets(unsigned)
    assert list(found) == ["start", "open", "open by control", "controls", "waived"]
    head, *rows = found["open"]
    assert head == COLUMNS
    identity = COLUMNS.index("finding_id")
    assert {row[identity] for row in rows} == {key for key, row in told.items() if row["outcome"] in OPEN}
    ranks = [(OPEN.index(row[0].replace(" ", "_")), GRAVITY.index(row[1])) for row in rows]
    assert ranks == sorted(ranks)
    for row in rows:
        same = told[row[identity]]
        for name in ("check_id", "reason", "remediation", "evidence_file", "evidence_sha256", "attestation_id"):
            assert row[COLUMNS.index(name)] == same[name].removeprefix("'"), name
    exploded = Counter(row[2 + identity] for row in found["open by control"][1:])
    assert all(number == told[key]["controls"].count('",') + 1 for key, number in exploded.items())
    assert {row[identity] for row in found["waived"][1:]} == {
        key for key, row in told.items() if row["outcome"] == "waived"
    }
    for sheet in openpyxl.load_workbook(unsigned / BOOK).worksheets:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref
        assert all(8 <= sheet.column_dimensions[one].width <= 80 for one in "AB")


def test_the_index_counts_what_controls_csv_counts(unsigned: Path) -> None:
    head, *rows = sheets(unsigned)["controls"]
    assert head == INDEX
    wanted: dict[tuple[str, str], Counter[str]] = {}
    for row in table(unsigned, "controls.csv"):
        counts = wanted.setdefault((row["framework"], row["control"]), Counter())
        counts["fail"] += int(row["fail"]) + int(row["conflict"]) + int(row["not_achievable"])
        counts["unverified"] += int(row["unknown"]) + int(row["stale"])
        counts["pass"] += int(row["pass"])
    assert {row[:2]: (row[4], row[5], row[7]) for row in rows} == {
        key: (str(one["fail"]), str(one["unverified"]), str(one["pass"])) for key, one in wanted.items()
    }
    assert rows[0][0].startswith("ISO 27001")
    assert {"SOC 2", "GDPR", "NIST 800-53r5"} <= {row[0] for row in rows}


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags[tag] += 1
        self.links += [told["href"] or ""] if "href" in told else []
        self.ids += [told["id"] or ""] if "id" in told else []
        assert "style" not in told
        assert not [name for name in told if name.startswith("on")]


def test_the_page_runs_nothing_and_every_link_leads_somewhere(unsigned: Path) -> None:
    """A strict policy with the digest of its one style; links to files that are there; the open findings first."""
    text = (unsigned / PAGE).read_text(encoding="utf-8")
    page = Links()
    page.feed(text)
    assert not {"script", "img", "iframe", "link", "form"} & page.tags.keys()
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in text
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else (unsigned / link).is_file(), link
    listed = re.findall(r'<tr id="f-([0-9a-f]{16})">', text.partition('id="controls"')[0])
    assert set(listed) == {row["finding_id"] for row in table(unsigned, "findings.csv") if row["outcome"] in OPEN}


@pytest.mark.parametrize("people", [NameHandling.PSEUDONYM, NameHandling.OMIT])
def test_nobody_is_named_where_nobody_is(told: Scene, people: NameHandling) -> None:
    pack = told.export(f"start-{people.value}", ExportLimits(people)).place
    everything = (pack / PAGE).read_text(encoding="utf-8") + str(sheets(pack))
    assert [name for name in (*PEOPLE, *PARTS) if re.search(rf"\b{re.escape(name)}\b", everything)] == []


def test_a_workbook_is_the_same_whenever() -> None:
    """Whoever checks a pack makes its workbook again, years later."""
    rows = [("a", "1", 2, None, "ü\n" * 40), ("=b", "x" * 300, 0, "", "2026-01-02")]

    def made() -> bytes:
        out = io.BytesIO()
        page = Page("open", ("one", "two", "three", "four", "five"), rows)
        write_pages(out, [page], title="contribaudit, run 1", created=datetime(2026, 1, 2, tzinfo=UTC), wrap=True)
        return out.getvalue()

    with time_machine.travel("2031-05-06T07:08:09Z"):
        later = made()
    assert made() == later
