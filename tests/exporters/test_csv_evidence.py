"""The CSV files hold what the JSON report holds, in fixed columns."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Finding
from contribaudit.exporters import csv_evidence
from contribaudit.exporters.csv_evidence import FINDINGS, INVENTORY, SETTINGS, Sheet
from contribaudit.exporters.json_v1 import as_document, lean_document
from contribaudit.exporters.report_v1 import by_check_and_subject
from contribaudit.exporters.text import safe_text
from tests.exporters.awkward import app, awkward_report, finding, report
from tests.exporters.reading import SHEETS, source_of

# What people read first, IDs and digests last; scripts take columns by their names.
CONTRACT = (
    "check_id,check_title,severity,outcome,organization_name,site,app,subject_kind,subject_name,setting,expected,"
    "observed,reason,remediation,owner,due_days,due_at,fragile,underlying_outcome,reason_code,waiver_reason,"
    "waiver_approved_by,waiver_ticket,waiver_expires,controls,evidence_grade,evidence_source,evidence_observed_at,"
    "attested_by,run_id,run_finished_at,rulebook_version,finding_id,organization_id,subject_id,attestation_id,"
    "evidence_sha256,policy_sha256"
)
FIRST_PUBLISHED = (
    "finding_id,run_id,run_finished_at,organization_id,organization_name,site,app,subject_kind,subject_id,subject_name,"
    "check_id,check_title,severity,outcome,underlying_outcome,reason_code,setting,expected,observed,evidence_grade,"
    "evidence_source,evidence_observed_at,attested_by,evidence_sha256,fragile,due_at,reason,remediation,waiver_reason,"
    "waiver_approved_by,waiver_ticket,waiver_expires,controls,policy_sha256,rulebook_version"
)
NAMES = ["collection.csv", "findings.csv", "inventory.csv", "settings.csv"]


def text_of(sheet: Sheet[Any], of: Report) -> str:
    out = io.StringIO(newline="")
    sheet.write(source_of(sheet, of), out)
    return out.getvalue()


def rows_of(sheet: Sheet[Any], of: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(sheet, of), newline=""), strict=True))


@pytest.fixture(params=["awkward", "drifted"])
def any_report(request: pytest.FixtureRequest) -> Report:
    if request.param == "awkward":
        return awkward_report()
    drifted: Report = request.getfixturevalue("drifted_report")
    return drifted


def test_columns_of_findings_are_the_contract() -> None:
    """findings.csv has exactly the published columns, in their order."""
    assert ",".join(FINDINGS.columns) == CONTRACT
    assert set(FIRST_PUBLISHED.split(",")) <= set(FINDINGS.columns), "a script that takes it by name fails"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_bytes(sheet: Sheet[Any], any_report: Report, tmp_path: Path) -> None:
    """UTF-8 without a mark at its start, one header, every record ends in CRLF, no control but a line break inside."""
    with (tmp_path / sheet.name).open("w", encoding="utf-8", newline="") as out:
        sheet.write(source_of(sheet, any_report), out)
    data = (tmp_path / sheet.name).read_bytes()
    text = data.decode("utf-8")
    header = ",".join(sheet.columns)
    assert text.startswith(f"{header}\r\n")
    assert text.count(header) == 1
    assert text.endswith("\r\n")
    parsed = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(parsed) > 1
    assert {len(row) for row in parsed} == {len(sheet.columns)}
    inside = sum(cell.count("\n") for row in parsed for cell in row)
    assert text.count("\n") == len(parsed) + inside
    assert text.count("\r\n") == len(parsed)
    assert all(safe_text(cell, keep_lines=True) == cell for row in parsed for cell in row)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_rows_is_a_header(sheet: Sheet[Any]) -> None:
    """A report without findings has a header row in each file, and for findings nothing else."""
    lines = text_of(sheet, report()).split("\r\n")
    assert lines[0] == ",".join(sheet.columns)
    if sheet is FINDINGS:
        assert lines == [CONTRACT, ""]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_cell_starts_a_formula(sheet: Sheet[Any]) -> None:
    """No cell begins with a sign, blanks and full-width forms counted, unless it is a number."""
    dangerous = re.compile(r"[\s\u200b\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe6b\ufe66-]")
    cells = [cell for row in rows_of(sheet, awkward_report()) for cell in row.values()]
    assert [cell for cell in cells if dangerous.match(cell)] == (["-5"] if sheet is FINDINGS else [])
    tries = any(dangerous.match(cell.removeprefix("'")) for cell in cells)
    assert tries == (sheet is not csv_evidence.COLLECTION)


def test_findings_equal_json_cell_by_cell(any_report: Report) -> None:
    """Every cell of findings.csv is the JSON report's value, made safe."""
    document: Any = as_document(any_report)
    organizations = {one["id"]: one["name"] for one in document["organizations"]}
    rows = sorted(rows_of(FINDINGS, any_report), key=lambda row: row["finding_id"])
    assert len(rows) == len(document["findings"]) > 0
    for row, one in zip(rows, document["findings"], strict=True):
        first = one["evidence"][0] if one["evidence"] else {}
        waiver = one["waiver"] or {}
        wanted = {
            "finding_id": one["id"],
            "run_id": document["run"]["id"],
            "run_finished_at": document["run"]["finished_at"],
            "organization_id": one["organization"],
            "organization_name": organizations.get(one["organization"]),
            "site": one["subject"]["site"],
            "app": one["subject"]["app"],
            "subject_kind": one["subject"]["kind"],
            "subject_id": one["subject"]["id"],
            "subject_name": one["subject"]["name"],
            "check_id": one["check"],
            "check_title": one["title"],
            "evidence_grade": first.get("grade"),
            "evidence_source": first.get("source"),
            "evidence_observed_at": first.get("observed_at"),
            "attested_by": first.get("attested_by"),
            "evidence_sha256": first.get("sha256"),
            "attestation_id": first.get("attestation_id"),
            "waiver_reason": waiver.get("reason"),
            "waiver_approved_by": waiver.get("approved_by"),
            "waiver_ticket": waiver.get("ticket"),
            "waiver_expires": waiver.get("expires"),
            "policy_sha256": document["policy"]["sha256"],
            "rulebook_version": document["rulebook"]["version"],
        }
        same = CONTRACT.split(",")
        wanted |= {column: one[column] for column in same if column in one and column not in wanted}
        assert {column: _back(row[column], value) for column, value in wanted.items()} == {
            column: _safe(value) for column, value in wanted.items()
        }
        assert set(wanted) == set(row)


def _back(cell: str, value: object) -> object:
    """What a cell stands for, where the JSON report has a value of that type."""
    match value:
        case bool():
            return {"true": True, "false": False}[cell]
        case int():
            return int(cell)
        case list():
            return json.loads(cell)
        case _:
            return cell.removeprefix("'")


def _safe(value: Any) -> object:
    if value is None:
        return ""
    return safe_text(value, keep_lines=True) if isinstance(value, str) else value


SORTED_BY = ("check", "organization", "site", "app", "kind", "name", "id")


def test_findings_are_sorted_by_check_and_subject(any_report: Report) -> None:
    """Whatever the order of the findings, and whether they were made at once or one by one."""
    ids = [row["finding_id"] for row in rows_of(FINDINGS, any_report)]
    document: Any = as_document(any_report)
    told = {one["id"]: {**one["subject"], **one} for one in document["findings"]}
    assert ids == sorted(told, key=lambda one: [told[one][name] for name in SORTED_BY])
    assert ids != [one.id for one in any_report.findings], "the report no longer tries"
    lean = [one["id"] for one in by_check_and_subject(lean_document(any_report)["findings"])]
    assert lean == ids == [one["id"] for one in by_check_and_subject(document["findings"])]


def test_null_and_the_empty_list_differ() -> None:
    """What was observed empty, null, and what was not read at all can be told apart in settings.csv."""
    rows = {(row["subject_id"], row["setting"]): row for row in rows_of(SETTINGS, awkward_report())}

    def told(name: str, setting: str) -> tuple[str, ...]:
        row = rows[(app(name).id, setting)]
        return row["read"], row["value"], row["value_is_null"], row["reason_code"]

    assert told("lists", "contribution.in_app.excluded") == ("true", "[]", "false", "")
    assert told("lists", "residency.realm") == ("true", "", "true", "")
    assert told("unread", "residency.realm") == ("false", "", "", "forbidden")


def test_inventory_names_what_is_no_app_and_what_was_not_read() -> None:
    """An entry that is no app and an organization without a key are rows with a note."""
    notes = {row["id"]: row["note"] for row in rows_of(INVENTORY, awkward_report())}
    assert notes["pseudo"] == "an entry in the list that is not an app"
    assert notes["org-two"] == "there is no key for =it\ufffd[31m"
    assert notes[app("unread").id] == "named only by a policy, not in the list of apps"


# --- many findings ---


class Sink(io.StringIO):
    """Counts what is written, and keeps nothing."""

    size = 0

    def write(self, text: str) -> int:
        self.size += len(text)
        return len(text)


def many(number: int) -> tuple[Finding, ...]:
    return tuple(finding(app(str(place))) for place in range(number))


def test_memory_does_not_grow_with_the_rows() -> None:
    """Rows are written one by one: beyond the order of the findings, 4 times as many need no more memory."""
    peaks, bytes_a_row = {}, 0
    for number in (1_000, 4_000):
        big, sink = lean_document(report(many(number))), Sink()
        tracemalloc.start()
        try:
            FINDINGS.write(big, sink)
            peaks[number] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        bytes_a_row = sink.size // number
    growth = (peaks[4_000] - peaks[1_000]) / 3_000
    assert growth < 160 < bytes_a_row  # an ID and two pointers, and what a row has at least


def test_every_finding_becomes_a_row() -> None:
    """Ten thousand findings are ten thousand rows, each with its own ID."""
    rows = rows_of(FINDINGS, report(many(10_000)))
    assert len({row["finding_id"] for row in rows}) == len(rows) == 10_000
