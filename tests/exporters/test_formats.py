"""Every format tells the same of every finding, and is what its own readers and schemas take."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator
from markdown_it import MarkdownIt

from contribaudit.cli.render import FORMATS
from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.exporters import csv_evidence, html, junit, markdown, sarif, xlsx
from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.markdown import MOST_ROWS
from contribaudit.exporters.report_v1 import ReportV1
from contribaudit.exporters.text import csv_cell, safe_text, words
from tests.exporters import reading
from tests.exporters.awkward import app, awkward_report, finding, report
from tests.exporters.golden import FOLDER, ROOT
from tests.exporters.hostile import hostile_document
from tests.exporters.reading import UNPROVEN, VIOLATED, Told

SARIF = json.loads((FOLDER.parent / "schemas" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))


def document_of(one: Report) -> ReportV1:
    return as_document(one)


@pytest.fixture(params=["awkward", "drifted", "hostile", "nothing"])
def document(request: pytest.FixtureRequest) -> ReportV1:
    match request.param:
        case "awkward":
            return document_of(awkward_report())
        case "drifted":
            return document_of(request.getfixturevalue("drifted_report"))
        case "nothing":
            return document_of(report())
        case _:
            return hostile_document()


def told_by(document: ReportV1) -> set[Told]:
    return {
        Told(one["id"], one["outcome"], one["severity"], safe_text(one["subject"]["id"]))
        for one in document["findings"]
    }


GOLDEN = {
    "table": "table-80.txt",
    "json": "report.json",
    "csv": "findings.csv",
    "line": "line.txt",
    "markdown": "report.md",
    "html": "report.html",
    "xlsx": "report.xlsx.txt",
    "junit": "report.junit.xml",
    "sarif": "report.sarif",
}
NOT_READ_BACK = {"table", "line", "json"}
"""What is made for eyes; and JSON, with which the others are compared."""


def test_every_format_has_a_golden_file_a_reader_and_a_row_in_the_docs() -> None:
    assert set(GOLDEN) == set(FORMATS)
    assert [name for name in GOLDEN.values() if not (FOLDER / name).is_file()] == []
    assert {name for name in FORMATS if hasattr(reading, f"from_{name}")} == set(FORMATS) - NOT_READ_BACK
    table = (ROOT / "docs/formats.md").read_text(encoding="utf-8").partition("| format |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == sorted(FORMATS)


def test_all_formats_agree_on_every_finding(document: ReportV1) -> None:
    """ID, outcome, severity and subject are the same in JSON, CSV, HTML, XLSX, JUnit and SARIF."""
    told = told_by(document)
    assert len(told) == len(document["findings"])
    out = io.StringIO(newline="")
    csv_evidence.write(document, out)
    assert reading.from_csv(out.getvalue()) == {
        Told(one["id"], one["outcome"], one["severity"], csv_cell(one["subject"]["id"])) for one in document["findings"]
    }
    assert reading.from_html(document) == told
    assert reading.from_junit(document) == {_xml(one) for one in told}
    assert reading.from_xlsx(document) == {_xml(one) for one in told}
    assert reading.from_sarif(document) == told


def test_markdown_agrees_on_what_it_lists(document: ReportV1) -> None:
    """It lists what fails and what is unverified, up to its limit, and counts everything."""
    told = told_by(document)
    wanted = {(one.id, one.outcome, one.severity) for one in told if one.outcome in VIOLATED + UNPROVEN}
    listed = reading.from_markdown(document)
    assert listed <= wanted
    for group in (VIOLATED, UNPROVEN):
        here = [one for one in wanted if one[1] in group]
        assert len([one for one in listed if one[1] in group]) == min(MOST_ROWS, len(here))
    text = markdown.render(document)
    for outcome, number in Counter(one.outcome for one in told).items():
        assert f"{number} {words(outcome)}" in text


def test_markdown_answers_the_three_questions_and_names_checks_and_apps() -> None:
    """Before any count, as the table does; no ID stands without its title, and no type key for an app's name."""
    jira = finding(app("j"), check="DR-01", reason="stored in US")
    text = markdown.render(document_of(report([jira])))
    answers = next(table for table in reading.markdown_tables(text) if table[0] == ["question", "answer", "why"])
    assert [row[0] for row in answers[1:]] == ["Data contribution", "AI", "Location"]
    assert answers[3][1] == "fail"
    assert text.index("| question |") < text.index("### Do next") < text.index("### Fails")
    listed = next(table for table in reading.markdown_tables(text) if "finding" in table[0])
    assert listed[1][2].endswith(" (DR-01)")


def _xml(one: Told) -> Told:
    """XML has no way to write a noncharacter."""
    return Told(one.id, one.outcome, one.severity, re.sub("[\ufffe\uffff]", "\ufffd", one.subject))


# JUnit


def fromstring(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())  # noqa: S314  our own text


def test_junit_counts_are_those_of_its_cases(document: ReportV1) -> None:
    """Suites and the whole count their failures, errors and skipped cases; every finding is a case of one suite."""
    text = "".join(junit.pieces(document))
    root = fromstring(text)
    assert root.tag == "testsuites"
    assert int(root.get("tests", "")) == len(document["findings"]) == len(list(root.iter("testcase")))
    for counted in (root, *root.iter("testsuite")):
        cases = list(counted.iter("testcase"))
        kinds = Counter(child.tag for case in cases for child in case if child.tag != "properties")
        assert {key: int(counted.get(key, "")) for key in ("tests", "failures", "errors", "skipped")} == {
            "tests": len(cases),
            "failures": kinds["failure"],
            "errors": kinds["error"],
            "skipped": kinds["skipped"],
        }
    for suite in reading.junit_suites(document):
        assert suite.tests == len(list(suite))


@pytest.mark.parametrize(
    ("outcome", "element"),
    [
        ("pass", ""),
        *[(one, "failure") for one in ("fail", "conflict", "not_achievable")],
        *[(one, "error") for one in ("unknown", "stale")],
        *[(one, "skipped") for one in ("waived", "exempt", "pending", "not_yet_effective", "no_such_setting")],
    ],
)
def test_junit_elements(outcome: str, element: str) -> None:
    """What fails is a failure, unverified an error, what is settled is skipped and says why; only a pass is silent."""
    assert junit.element_of(outcome) == element
    case = next(
        one
        for one in fromstring("".join(junit.pieces(document_of(awkward_report())))).iter("testcase")
        if one.find("properties/property[@name='outcome']").get("value") == outcome  # type: ignore[union-attr]
    )
    told = [child for child in case if child.tag != "properties"]
    assert [one.tag for one in told] == ([element] if element else [])
    assert all(words(outcome) in (one.get("message") or "") for one in told)


def test_junit_tells_the_waiver() -> None:
    """A skipped case says who accepted it, why, and until when."""
    text = "".join(junit.pieces(document_of(awkward_report())))
    assert "waived until 2027-01-31 by ciso@acme.example: =contract, \ufffd[31m2026" in text


# SARIF


def log_of(document: ReportV1, *, everything: bool = False) -> dict[str, Any]:
    text = "".join(sarif.pieces(document, everything=everything))
    assert text.isascii()
    read: dict[str, Any] = json.loads(text)
    return read


def test_sarif_is_valid(document: ReportV1) -> None:
    """It follows the schema of the standard, with passes and without."""
    Draft4Validator.check_schema(SARIF)
    for everything in (False, True):
        assert [
            error.message for error in Draft4Validator(SARIF).iter_errors(log_of(document, everything=everything))
        ] == []


def test_sarif_follows_what_the_schema_cannot_say(document: ReportV1) -> None:
    """Rules are found by index; a level belongs to the kind "fail"; a waived result keeps its kind, suppressed."""
    (run,) = log_of(document, everything=True)["runs"]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    by_id = {one["id"]: one for one in document["findings"]}
    for result in run["results"]:
        one = by_id[result["fingerprints"][sarif.FINGERPRINT]]
        assert rules[result["ruleIndex"]] == result["ruleId"] == safe_text(one["check"])
        assert (result["kind"] == "fail") == (result["level"] != "none")
        assert ("suppressions" in result) == (one["waiver"] is not None)
        assert (result["kind"] == "pass") == (one["outcome"] == "pass")
        assert (result["kind"] == "fail") == (one["underlying_outcome"] in VIOLATED)
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == sum(1 for row in document["collection"] if row["status"] != "ok") + sum(
        1 for one in document["organizations"] if one["unread_reason"]
    )
    assert run["invocations"][0]["exitCode"] == document["run"]["exit_code"]


@pytest.mark.parametrize(
    ("rule", "uri", "line"),
    [
        ("conf/policy.toml:12", "conf/policy.toml", 12),
        ("p#o?l:i%c y\x1b\ud800.toml:7", "p%23o%3Fl%3Ai%25c%20y%1B%3F.toml", 7),
        *[(rule, None, None) for rule in ("", "policy.toml", ":3", "policy.toml:0", "policy.toml:²", "a.toml:x")],
    ],
)
def test_sarif_points_at_the_policys_line(rule: str, uri: str | None, line: int | None) -> None:
    """Beside the subject; relative to the folder of the audit, as a URI. What is no line of a file points nowhere."""
    document = document_of(report([finding(app("one"), rule=rule)]))
    (run,) = log_of(document)["runs"]
    assert list(Draft4Validator(SARIF).iter_errors(log_of(document))) == []
    (result,) = run["results"]
    ((place,),) = [result["locations"]]
    assert place["logicalLocations"][0]["fullyQualifiedName"] == app("one").id
    if uri is None:
        assert "physicalLocation" not in place
        return
    assert place["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": sarif.ROOT}
    assert sarif.ROOT in run["originalUriBaseIds"]
    assert place["physicalLocation"]["region"] == {"startLine": line}


def test_sarif_tells_results_on_one_line_apart() -> None:
    """A service that compares lines would take them for one."""
    (run,) = log_of(document_of(report([finding(app(name)) for name in ("one", "two")])))["runs"]
    assert len({one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]}) == 2


def test_sarif_leaves_out_passes_and_nothing_else() -> None:
    """What is unverified is there: a service that reads the file must not take it for clean."""
    document = document_of(awkward_report())
    (run,) = log_of(document)["runs"]
    there = {one["fingerprints"][sarif.FINGERPRINT] for one in run["results"]}
    assert there == {one["id"] for one in document["findings"] if one["outcome"] != "pass"}
    assert set(sarif.KINDS) == {one.value for one in Outcome}
    assert set(sarif.LEVELS) == set(sarif.SCORES) == {one.value for one in Severity}


# XLSX


def test_a_workbook_has_a_sheet_for_each_csv(document: ReportV1) -> None:
    """Columns are those of the CSV; cells are its cells but for the apostrophe, none of them a formula."""
    sheets = reading.workbook(document)
    assert list(sheets) == ["findings", "changes", "collection", "summary", "organizations"]
    assert tuple(sheets["findings"][0]) == csv_evidence.FINDINGS.columns
    assert tuple(sheets["collection"][0]) == csv_evidence.COLLECTION.columns
    assert len(sheets["changes"]) == 1 + len(document["changes"])
    assert len(sheets["organizations"]) == 1 + len(document["organizations"])


def test_a_full_sheet_goes_on_in_another_one() -> None:
    """Each has the header; together they hold every row once."""
    document = document_of(report([finding(app(f"{number}")) for number in range(25)]))
    sheets = reading.workbook(document, most_rows=11)
    parts = [sheets[name] for name in ("findings", "findings 2", "findings 3")]
    assert [len(part) for part in parts] == [11, 11, 6]
    assert {tuple(part[0]) for part in parts} == {csv_evidence.FINDINGS.columns}
    place = csv_evidence.FINDINGS.columns.index("finding_id")
    ids = [row[place] for part in parts for row in part[1:]]
    assert sorted(ids) == [one["id"] for one in document["findings"]]


def test_a_long_text_is_cut_with_a_mark() -> None:
    """A cell holds 32,767 characters at most; what is cut says so, what just fits is whole."""
    texts = {"long": "x" * 40_000, "fits": "y" * xlsx.MOST_CHARACTERS}
    document = document_of(report([finding(app(name), reason=text) for name, text in texts.items()]))
    head, *rows = reading.workbook(document)["findings"]
    told = {row[head.index("subject_id")].rpartition("/")[2]: row[head.index("reason")] for row in rows}
    assert told["fits"] == texts["fits"]
    assert len(told["long"]) == xlsx.MOST_CHARACTERS
    assert told["long"].endswith(xlsx.CUT)


def test_the_same_report_gives_the_same_workbook() -> None:
    """Byte for byte: no moment of writing is in it."""
    document, outs = document_of(awkward_report()), (io.BytesIO(), io.BytesIO())
    for out in outs:
        xlsx.write(document, out)
    assert outs[0].getvalue() == outs[1].getvalue()


# Markdown


def test_markdown_has_no_way_out(document: ReportV1) -> None:
    """No link, picture or HTML comes out of observed text, nobody is called, and no row breaks."""
    text = markdown.render(document)
    reader = MarkdownIt("gfm-like")
    assert reader.linkify is not None
    reader.linkify.set({"fuzzy_link": False})  # GitHub and GitLab make no link of a bare host
    tokens = reader.parse(text)
    inner = [child for token in tokens for child in token.children or []]
    assert {token.type for token in (*tokens, *inner)}.isdisjoint(
        {"link_open", "image", "html_inline", "html_block", "s_open"}
    )
    assert {child.content for child in inner if child.type == "code_inline" and "\n" in child.content} == set()
    outside = re.sub("`[^`\n]*`", "", text)
    assert re.search(r"@\w", outside) is None
    assert "://" not in re.sub(":\N{WORD JOINER}//", "", outside)
    for table in reading.markdown_tables(text):
        assert len({len(row) for row in table}) == 1


def test_markdown_stays_short_and_counts_the_rest() -> None:
    """However many findings there are, it fits into a comment and says how many it left out."""
    many = [finding(app(f"{number}<&|@x" * 9), reason="<&>|`@x " * 60) for number in range(300)]
    document = document_of(report(many))
    for most in (4_000, 32_000, markdown.MOST_CHARACTERS):
        text = markdown.render(document, most_characters=most)
        assert len(text) <= most
        listed = next(len(table) - 1 for table in reading.markdown_tables(text) if "finding" in table[0])
        assert f"and {300 - listed} more." in text
        assert "Fails: 300" in text
        assert "300 fail" in text
        assert listed <= MOST_ROWS


@pytest.mark.parametrize("pieces", [html.pieces, junit.pieces, sarif.pieces, markdown.render])
def test_a_report_without_findings(pieces: Callable[[ReportV1], Iterable[str]]) -> None:
    """Nothing to tell is told."""
    assert "".join(pieces(document_of(report()))).endswith("\n")


def test_the_category_of_alerts_outlives_a_change_of_the_policy(document: ReportV1) -> None:
    """A waiver changes the policy's digest, and the alerts that it closes must be found in the same category."""

    def category(changed: ReportV1) -> str:
        run = json.loads("".join(sarif.pieces(changed)))["runs"][0]
        return str(run["automationDetails"]["id"]).rpartition("/")[0]

    policy = document["policy"]
    waived: ReportV1 = {**document, "policy": {**policy, "sha256": "0" * 64}}
    other: ReportV1 = {**document, "policy": {**policy, "name": "Another policy"}}
    assert category(document) == category(waived) != category(other)
