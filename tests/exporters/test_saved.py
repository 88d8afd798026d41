"""A saved report gives what the live one gave; what is no report is refused, and said why."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.core.model.change import Cause, CauseKind, Match
from contribaudit.errors import ContribauditError, EvidenceDamaged, EvidenceNewer, UsageError
from contribaudit.exporters import json_v1
from contribaudit.exporters.json_v1 import as_document, lean_document
from contribaudit.exporters.saved import changes_of, load, map_of, parse
from tests.exporters.awkward import app, awkward_report, change, finding, report


@pytest.fixture(params=["awkward", "drifted", "smallest"])
def live(request: pytest.FixtureRequest) -> Report:
    match request.param:
        case "awkward":
            return awkward_report()
        case "smallest":
            return report()
        case _:
            drifted: Report = request.getfixturevalue("drifted_report")
            return drifted


def text(of: Report) -> str:
    return "".join(json_v1.pieces(lean_document(of)))


def test_what_is_read_is_the_document_of_the_live_report(live: Report) -> None:
    """So whatever is written from it is the same, byte for byte."""
    document = parse(text(live).encode("ascii"), "report.json")
    assert document == as_document(live)
    assert "".join(json_v1.pieces(document)) == text(live)
    assert json_v1.report_digest(document) == json_v1.report_digest(lean_document(live))


def test_the_map_comes_back(live: Report) -> None:
    """As the dashboard draws it."""
    assert map_of(parse(text(live).encode("ascii"), "report.json")["map"]) == live.map


def test_changes_come_back_with_values_of_every_type() -> None:
    """Truth, numbers, lists and halves of an emoji stay what they are; so does the cause."""
    cause = Cause(CauseKind.EVENT, "by \ud83d", "a\ud83d", "e-1", match=Match.EXACT, others=("e-2",))
    made = (
        change(app("a"), "x.truth", True, False, why=cause, cause="by \ud83d", actor="a\ud83d", event_id="e-1"),
        change(app("a"), "x.number", 1, 0),
        change(app("a"), "x.text", "1", "true"),
        change(app("a"), "x.list", (), ("b\ud83d", "=c"), ticket="GRC-1"),
        change(app("a"), "x.new", None, None, existed_before=False, last_seen=None),
    )
    back = changes_of(parse(text(report(changes=made)).encode("ascii"), "x")["changes"])
    for told, one in zip(back, made, strict=True):
        assert (told.before, type(told.before)) == (one.before, type(one.before))
        assert (told.after, type(told.after)) == (one.after, type(one.after))
        assert (told.subject, told.setting, told.ticket, told.explained) == (
            one.subject, one.setting, one.ticket, one.explained,
        )  # fmt: skip
    assert back[0].why == cause


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(text(awkward_report()))
    change(document)
    return json.dumps(document).encode()


def remove(way: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        *steps, last = way.split(".")
        target: Any = document
        for step in steps:
            target = target[int(step) if step.isdigit() else step]
        del target[int(last) if last.isdigit() else last]

    return change


def assign(way: str, value: object) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        *steps, last = way.split(".")
        target: Any = document
        for step in steps:
            target = target[int(step) if step.isdigit() else step]
        target[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", UsageError, "x is not JSON (line 1)"),
        (b"{\n\n'a'", UsageError, "x is not JSON (line 3)"),
        (b"\xff\xfe\x00", UsageError, "x is not JSON"),
        (b"[" * 100_000, UsageError, "x is not JSON"),
        (b"[]", UsageError, 'it has no "schema"'),
        (b'{"schema": 1}', UsageError, 'it has no "schema"'),
        (b'{"schema": "contribaudit.explain/1"}', UsageError, "its schema is 'contribaudit.explain/1'"),
        (b'{"schema": "contribaudit.report/2"}', EvidenceNewer, "reads up to contribaudit.report/1"),
        (b'{"schema": "contribaudit.report/0"}', UsageError, "never existed"),
        (b'{"schema": "contribaudit.report/1x"}', UsageError, "never existed"),
        (b'{"schema": "contribaudit.report/1"}', UsageError, "is not a report of contribaudit: tool: Field required"),
        (edited(remove("run.exit_code")), UsageError, "run.exit_code: Field required"),
        (edited(remove("findings.0.outcome")), UsageError, "findings.0.outcome: Field required"),
        (edited(assign("findings.0.outcome", "passed")), UsageError, "findings.0.outcome: Input should be 'pass'"),
        (edited(assign("run.id", "318")), UsageError, "run.id: Input should be a valid integer"),
        (edited(assign("findings", {})), UsageError, "findings: Input should be a valid list"),
        (edited(assign("findings.0", None)), UsageError, "findings.0: Input should be"),
        (edited(assign("as_of", "yesterday")), UsageError, "yesterday"),
        (edited(assign("findings.3.evidence.0.observed_at", "2026-13-01T00:00:00Z")), UsageError, "month"),
        (edited(assign("run.started_at", "2026-11-20T00:00:00")), UsageError, "without a zone"),
        (edited(remove("findings.0")), EvidenceDamaged, "does not match its findings"),
        (edited(lambda one: one["findings"].append(one["findings"][0])), EvidenceDamaged, "twice"),
        (edited(assign("summary.by_outcome.fail", 2)), EvidenceDamaged, "does not match its findings"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(data: bytes, error: type[ContribauditError], says: str) -> None:
    """Each names what is wrong, and has a next step."""
    with pytest.raises(error) as refused:
        parse(data, "x")
    assert says in refused.value.message
    assert refused.value.hint


def test_an_error_repeats_no_long_text() -> None:
    """What is in the file is not written out: it may be anything."""
    with pytest.raises(UsageError) as refused:
        parse(json.dumps({"schema": "s" * 5000}).encode(), "x")
    assert len(refused.value.message) < 200


def test_every_cut_of_a_report_is_refused() -> None:
    """Wherever a file broke off, it is no report."""
    data = text(report([finding(app("one"))])).encode()
    for end in range(0, len(data) - 2, 7):
        with pytest.raises(UsageError):
            parse(data[:end], "x")


@pytest.mark.parametrize(
    "way", ["next", "map", "subprocessors", "run.planned_at", "policy.questions", "findings.0.rule", "changes.0.ticket"]
)
def test_a_report_that_lacks_a_key_is_refused(way: str) -> None:
    """Nothing is filled in: what a report does not say is not known."""
    with pytest.raises(UsageError, match=f"{way}: Field required"):
        parse(edited(remove(way)), "x")


def test_keys_of_a_later_version_of_the_schema_are_left_alone() -> None:
    """A later version may add keys: a report that has them is read."""
    assert parse(edited(assign("findings.0.extra", {"a": 1})), "x")["run"]["id"] == 318


def test_a_file_a_folder_and_an_archive(tmp_path: Path) -> None:
    """The JSON itself, an evidence folder, and a .zip of it give the same."""
    data = text(awkward_report()).encode()
    (tmp_path / "report.json").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("report.json", data)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("README.txt", "")
    read = load(tmp_path / "report.json")
    assert load(tmp_path) == load(tmp_path / "pack.zip") == read
    (tmp_path / "empty").mkdir()
    for place, says in {
        "empty": "holds no report.json",
        "other.zip": "holds no report.json",
        "none": "does not exist",
    }.items():
        with pytest.raises(UsageError, match=says):
            load(tmp_path / place)
    whole = (tmp_path / "pack.zip").read_bytes()
    begin = whole.index(b'"schema"')
    (tmp_path / "flipped.zip").write_bytes(whole[:begin] + b"'" + whole[begin + 1 :])
    with pytest.raises(EvidenceDamaged, match="cannot be read"):
        load(tmp_path / "flipped.zip")


@pytest.mark.parametrize("kind", ["pipe", "link", "bomb", "twice"])
def test_a_report_that_is_no_plain_file_or_unpacks_to_anything_is_refused(kind: str, tmp_path: Path) -> None:
    """At once: nothing waits for a pipe, and no bomb is unpacked."""
    place = tmp_path / "pack"
    if kind in ("pipe", "link"):
        place.mkdir()
        if kind == "pipe":
            os.mkfifo(place / "report.json")
        else:
            (tmp_path / "elsewhere.json").write_text(text(report()))
            (place / "report.json").symlink_to(tmp_path / "elsewhere.json")
    else:
        with warnings.catch_warnings(), zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            warnings.simplefilter("ignore")  # of a name twice
            archive.writestr("report.json", " " * (100_000_000 if kind == "bomb" else 1))
            if kind == "twice":
                archive.writestr("report.json", text(report()))
    with pytest.raises(EvidenceDamaged):
        load(place)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_no_report(value: str) -> None:
    """Python's reader takes them, and no other."""
    document = text(report()).replace('"key_days_left": null', f'"key_days_left": {value}')
    with pytest.raises(UsageError, match="not JSON"):
        parse(document.encode(), "it")
