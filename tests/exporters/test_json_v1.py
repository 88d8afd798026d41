"""The JSON report is what its published schema says."""

from __future__ import annotations

import io
import json
import re
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import TypeAdapter

from contribaudit import policy_file
from contribaudit.core.advise.report import Report
from contribaudit.core.resolve.state import State
from contribaudit.exporters import json_v1, sarif, xlsx
from contribaudit.exporters.json_v1 import as_document, report_digest
from contribaudit.exporters.report_v1 import SCHEMA, ReportV1
from tests.exporters.awkward import INDIA, RULEBOOK, TEXTS, app, awkward_report, report
from tests.exporters.golden import ROOT, expect

SCHEMAS = ROOT / "docs" / "schema"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value) is not None


def validator() -> Draft202012Validator:
    schema = json.loads((SCHEMAS / "report-1.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FORMATS)


# A literal copy of interfaces.md, "Report, JSON": the keys of each object, in their order.
CONTRACT = {
    "": "schema tool rulebook as_of warnings run policy organizations inventory collection findings changes summary",
    "tool": "name version",
    "rulebook": "version sha256 effective oldest_review_days",
    "run": "id previous started_at finished_at complete exit_code",
    "policy": "name sha256",
    "organizations": "id name highest_plan",
    "inventory": "organizations sites apps spaces connectors",
    "collection": "organization collector status announced read reason requests seconds",
    "findings": "id check title severity outcome underlying_outcome reason_code due_at organization subject setting "
    "expected observed evidence reason fragile remediation console_path controls waiver",
    "findings.subject": "kind id name site app",
    "findings.evidence": "grade source observed_at attested_by sha256",
    "changes": "organization subject setting before after first_seen last_seen cause actor event_id",
    "summary": "by_outcome by_severity",
}
BESIDE = {
    "": {"newly", "key_days_left", "next", "map", "subprocessors"},
    "policy": {"questions"},
    "run": {"planned_at", "fail_on", "previous_finished_at", "account", "trigger", "selection"},
    "organizations": {"unread_reason", "left_out"},
    "inventory": {"sites_read", "apps_read", "spaces_counted", "spaces_whole"},
    "collection": {"code", "missing_scope", "started_at"},
    "findings": {"rule", "owner", "due_days"},
    "findings.subject": {"alias"},
    "findings.evidence": {"confirmed_by", "attestation_id"},
    "changes": {"existed_before", "exists_after", "id", "cause_code", "match", "other_events", "ticket"},
}
"""What stands beside them since."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the report, draft 2020-12. It forbids keys that it does not name."""
    schema = TypeAdapter(ReportV1).json_schema()
    for shape in (schema, *schema["$defs"].values()):
        if "properties" in shape:
            shape["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:contribaudit:report:1",
        "title": SCHEMA,
        **{key: value for key, value in schema.items() if key != "title"},
    }


def test_report_schema_is_published() -> None:
    """docs/schema/report-1.schema.json is the code's schema ($CONTRIBAUDIT_RENEW=1 renews it)."""
    expect(SCHEMAS / "report-1.schema.json", _published(json_schema()))
    Draft202012Validator.check_schema(json_schema())


def test_policy_schema_is_published() -> None:
    """docs/schema/policy-1.schema.json is the code's schema ($CONTRIBAUDIT_RENEW=1 renews it)."""
    expect(SCHEMAS / "policy-1.schema.json", _published(policy_file.json_schema()))


def _published(schema: dict[str, Any]) -> bytes:
    return (json.dumps(schema, indent=2) + "\n").encode("ascii")


def test_reports_are_valid(drifted_report: Report) -> None:
    """The awkward report, the smallest one and a real audit are valid."""
    for one in (awkward_report(), report(), drifted_report):
        assert list(validator().iter_errors(json.loads(_written(one)))) == []


def _places() -> list[tuple[str, object]]:
    finding = "findings.0"
    return [
        ("extra", 1),
        ("tool.extra", 1),
        (f"{finding}.extra", 1),
        (f"{finding}.subject.extra", 1),
        (f"{finding}.evidence.0.extra", 1),
        ("collection.0.extra", 1),
        ("changes.0.extra", 1),
        ("schema", "contribaudit.report/2"),
        ("as_of", "2026-11-21T08:00:00"),
        ("as_of", "2026-11-21T08:00:00+00:00"),
        ("as_of", "2026-11-21T08:00:00.123Z"),
        ("as_of", "2026-13-21T08:00:00Z"),
        ("run.started_at", "2026-02-30T08:00:00Z"),
        ("run.exit_code", "1"),
        (f"{finding}.due_at", ""),
        (f"{finding}.id", "0123"),
        (f"{finding}.outcome", "passed"),
        (f"{finding}.severity", "urgent"),
        (f"{finding}.subject.kind", "workspace"),
        (f"{finding}.evidence.0.grade", "guessed"),
        (f"{finding}.evidence.0.sha256", "xyz"),
        (f"{finding}.evidence", None),
        (f"{finding}.observed", {"a": 1}),
        ("summary.by_outcome.passed", 1),
        ("rulebook.effective", "2026-02-30"),
        ("run", None),
    ]


@cache
def _valid() -> str:
    """A document without a mistake; its findings rest on evidence."""
    document = json.loads(_written(awkward_report()))
    document["findings"] = [one for one in document["findings"] if one["evidence"]]
    assert list(validator().iter_errors(document)) == []
    return json.dumps(document)


@pytest.mark.parametrize(("place", "value"), _places())
def test_mistakes_are_invalid(place: str, value: object) -> None:
    """Unknown keys, unknown words and other forms of a time do not pass."""
    document = json.loads(_valid())
    *way, last = place.split(".")
    target: Any = document
    for step in way:
        target = target[int(step) if step.isdigit() else step]
    target[last] = value
    assert list(validator().iter_errors(document))


def _objects(document: Any, way: str) -> list[Any]:
    found = [document]
    for step in way.split(".") if way else []:
        found = [value for one in found for value in (one[step] if isinstance(one[step], list) else [one[step]])]
    return found


@pytest.mark.parametrize("way", CONTRACT)
def test_keys_are_the_contract(way: str) -> None:
    """Each object has the published keys in their order, and beside them only what is listed here."""
    objects = _objects(as_document(awkward_report()), way)
    assert objects
    for one in objects:
        beside = BESIDE.get(way, set())
        assert [key for key in one if key not in beside] == CONTRACT[way].split()
        assert set(one) >= beside


def test_every_required_key_is_in_the_schema() -> None:
    """Nothing is optional: a reader never has to ask whether a key is there."""
    schema = json_schema()
    for shape in (schema, *schema["$defs"].values()):
        assert shape["required"] == list(shape["properties"])
        assert shape["additionalProperties"] is False


def _digest(one: Report) -> str:
    return report_digest(json_v1.lean_document(one))


def _written(one: Report) -> str:
    return "".join(json_v1.pieces(json_v1.lean_document(one)))


def test_bytes(drifted_report: Report) -> None:
    """ASCII, line feeds, one newline at the end; what is read back is the document, observed text exactly."""
    for one in (awkward_report(), drifted_report):
        text = _written(one)
        assert text.isascii()
        assert re.sub(r"[^ -~\n]", "?", text) == text
        assert text.endswith("}\n")
        assert json.loads(text) == as_document(one)
    names = {one["subject"]["name"] for one in as_document(awkward_report())["findings"]}
    assert names >= set(TEXTS.values())


def test_the_order_is_stable() -> None:
    """Findings are sorted by ID: their order in the report changes neither text nor digest."""
    one = awkward_report()
    other = report(
        reversed(one.findings),
        one.state,
        policy_name=one.policy_name,
        changes=one.changes,
        warnings=one.warnings,
        newly=tuple(reversed(one.newly)),
        key_days_left=one.key_days_left,
    )
    assert as_document(one)["findings"] == as_document(other)["findings"]
    ids = [finding["id"] for finding in as_document(one)["findings"]]
    assert ids == sorted(set(ids))
    assert _written(one) == _written(other)
    assert _digest(one) == _digest(other) != _digest(report())


def test_the_lean_document_is_the_same(drifted_report: Report) -> None:
    """Its findings are gone through as often as one likes, and a workbook or SARIF made of it is the same."""
    for one in (awkward_report(), report(), drifted_report):
        lean, whole = json_v1.lean_document(one), as_document(one)
        findings = whole["findings"]
        assert [*lean["findings"]] == [*lean["findings"]] == findings
        assert (len(lean["findings"]), lean["findings"][:2]) == (len(findings), findings[:2])
        assert {**lean, "findings": findings} == whole
        assert list(lean) == list(whole)
        assert [*sarif.pieces(lean, everything=True)] == [*sarif.pieces(whole, everything=True)]
        books = io.BytesIO(), io.BytesIO()
        xlsx.write(lean, books[0])
        xlsx.write(whole, books[1])
        assert books[0].getvalue() == books[1].getvalue()


def test_times_are_utc() -> None:
    """A time of another zone is written as UTC, to the second; so is the age of the rulebook."""
    document = as_document(awkward_report())
    assert document["as_of"] == "2026-11-20T22:29:59Z"
    assert [one["due_at"] for one in document["findings"] if one["due_at"]] == ["2026-12-01T19:30:00Z"]
    assert document["rulebook"]["oldest_review_days"] == 19
    late = State(as_of=datetime(2026, 11, 2, 3, tzinfo=INDIA), rulebook=RULEBOOK, organizations=(), observations=())
    assert as_document(report(state=late))["rulebook"]["oldest_review_days"] == 0


def test_values_keep_their_types() -> None:
    """A number, a truth value, null, a list and the empty list stay apart."""
    told = {
        one["subject"]["id"]: (one["expected"], one["observed"]) for one in as_document(awkward_report())["findings"]
    }
    assert told[app("truth").id] == (True, False)
    assert told[app("number").id] == (0, -5)
    assert told[app("two").id] == (None, None)
    assert told[app("lists").id] == ([], ["a,b", 'c"d', "=e", "\x1b", "\ud800", "é"])
    assert type(told[app("number").id][0]) is int


def test_evidence_is_strongest_first() -> None:
    """Several pieces of evidence are a list, none is an empty one."""
    told = {one["subject"]["id"]: one["evidence"] for one in as_document(awkward_report())["findings"]}
    assert [one["grade"] for one in told[app("truth").id]] == ["decoded", "attested"]
    assert told[app("two").id] == []


def test_the_summary_counts_each_finding_once() -> None:
    """Counts by outcome and by severity add up to the findings."""
    document = deepcopy(as_document(awkward_report()))
    total = len(document["findings"])
    assert sum(document["summary"]["by_outcome"].values()) == total
    assert sum(sum(one.values()) for one in document["summary"]["by_severity"].values()) == total
    assert list(document["summary"]["by_severity"]) == ["critical", "high", "medium", "low", "info"]


def test_a_run_in_utc_stays_as_it_is() -> None:
    """Without another zone nothing moves."""
    plain = State(as_of=datetime(2026, 11, 21, 8, tzinfo=UTC), rulebook=RULEBOOK, organizations=(), observations=())
    assert as_document(report(state=plain))["as_of"] == "2026-11-21T08:00:00Z"
