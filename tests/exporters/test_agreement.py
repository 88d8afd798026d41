"""All formats tell the same of every finding."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.exporters import csv_evidence, monitoring, text_table
from contribaudit.exporters.json_v1 import as_document, lean_document
from tests.exporters.awkward import awkward_report
from tests.exporters.reading import outcome_of


@pytest.mark.parametrize("name", ["awkward", "drifted"])
def test_outcomes_agree(name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON and CSV have the same outcome for each ID; the table's rows and the line's counts are those outcomes."""
    report: Report = awkward_report() if name == "awkward" else request.getfixturevalue("drifted_report")
    out = io.StringIO(newline="")
    csv_evidence.write(lean_document(report), out)
    rows = {row["finding_id"]: row for row in csv.DictReader(io.StringIO(out.getvalue(), newline=""))}
    document = as_document(report)
    told = {one["id"]: (one["outcome"], one["underlying_outcome"], one["severity"]) for one in document["findings"]}
    assert len(told) == len(report.findings) > 10
    assert told == {key: (row["outcome"], row["underlying_outcome"], row["severity"]) for key, row in rows.items()}
    assert told == {
        one.id: (str(one.outcome), str(one.underlying_outcome), str(one.severity)) for one in report.findings
    }

    counts = Counter(outcome for outcome, _, _ in told.values())
    assert document["summary"]["by_outcome"] == counts
    applying = {outcome: number for outcome, number in counts.items() if outcome != "no_such_setting"}
    counted = next(part for part in monitoring.one_line(lean_document(report)).split(" | ") if " apply" in part)
    assert {
        word: int(number) for number, word in re.findall(r"(\d+) ([a-z_]+)", counted.partition(": ")[2])
    } == applying
    assert counted.startswith(f"{sum(applying.values())} apply: ")

    monkeypatch.setenv("COLUMNS", "200")
    table = text_table.render(lean_document(report), everything=True)
    listed = re.findall(r"^([a-z][a-z ]+?)  +(critical|high|medium|low|info)  +([A-Z]{2}-\d\d)  ", table, re.MULTILINE)
    assert Counter((outcome_of(outcome), severity, check) for outcome, severity, check in listed) == Counter(
        (one["outcome"], one["severity"], one["check"]) for one in document["findings"]
    )
    assert f"{sum(applying.values())} findings apply: " in table


def test_ids_do_not_depend_on_the_run(drifted_report: Report) -> None:
    """An ID is the digest of check and subject: sixteen hex digits, no two the same."""
    ids = [one["id"] for one in as_document(drifted_report)["findings"]]
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in ids)
    assert len(set(ids)) == len(ids)
