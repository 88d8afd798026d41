"""What monitoring reads agrees with the report, and Prometheus' own parser takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters.html.answers import sections
from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.monitoring import metrics, summary
from contribaudit.exporters.summary import Overview

from .awkward import app, awkward_report, finding, report

PAGE = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")


def test_prometheus_takes_the_gauges_and_the_page_lists_each() -> None:
    families = list(text_string_to_metric_families(metrics(as_document(awkward_report()), "ab12")))
    assert {family.type for family in families} == {"gauge"}
    assert {family.name for family in families} <= {line.split("`")[1] for line in PAGE.splitlines() if "| `" in line}


def test_the_gauges_the_summary_and_the_report_count_the_same() -> None:
    found = [finding(app(f"{place}"), outcome) for place, outcome in enumerate([Outcome.FAIL, *[Outcome.PASS] * 3])]
    document = as_document(report(found))
    told = summary(document, "ab12")
    counted: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics(document)):
        if family.name == "contribaudit_findings":
            for sample in family.samples:
                counted[sample.labels["outcome"]] = counted.get(sample.labels["outcome"], 0) + sample.value
    assert counted == told["by_outcome"] == {"fail": 1, "pass": 3}
    places: Any = told["weakest_first"]
    assert [one["by_outcome"] for one in places] == [told["by_outcome"]]
    assert told["exit_code"] == document["run"]["exit_code"]
    assert told["manifest_sha256"] == "ab12"
    assert json.loads(json.dumps(told)) == told


def test_a_question_shows_what_fails_before_what_the_plan_does_not_offer() -> None:
    """The word and the fact beside it are about the same finding, whatever the severities."""
    found = [
        finding(app("one"), Outcome.NOT_ACHIEVABLE, severity=Severity.CRITICAL, reason="no residency"),
        finding(app("two"), Outcome.FAIL, severity=Severity.HIGH, reason="stored in US"),
    ]
    question = next(one for one in Overview(as_document(report(found))).questions() if one.word == "fail")
    assert question.fact.endswith("stored in US")


@pytest.mark.parametrize(
    ("check", "asked", "chapter"),
    [
        ("DR-09", ["ai"], "AI"),
        ("DC-07", ["contribution"], "DC"),
        ("DR-09", ["ai", "location"], "DR"),
        ("GV-06", ["contribution", "location"], "DC"),
        ("GV-06", None, "GV"),
    ],
)
def test_a_check_stands_under_the_question_that_asks_it(check: str, asked: list[str] | None, chapter: str) -> None:
    """Table, dashboard and HTML count it there; its letters decide where the policy asks it for no other question."""
    document = as_document(report([finding(app("one"), Outcome.FAIL, check=check)]))
    document["policy"]["questions"] = {} if asked is None else {check: asked}  # type: ignore[dict-item]
    about = Overview(document)
    assert about.chapter(check) == chapter
    assert list(about.families) == [chapter]
    assert [one.family for one in sections(document["findings"], about.chapter)] == [chapter]
