"""Ways to tamper with evidence, each with what is changed in words; `tampering.tsv` says what comes of it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from contribaudit.core.model.finding import Outcome
from contribaudit.evidence.manifest import NAME, PUBLIC_KEY, SIGNATURE, SUMS
from contribaudit.evidence.signing import Signer
from tests.evidence.conftest import SIGNER
from tests.evidence.test_verify import ORGANIZATION, begun_anew, files, remade

THIEF = Signer.new()
OTHER = b"bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
BEFORE = {"sha256": "0" * 64, "written_at": "2026-01-01T00:00:00Z"}
Rows = list[dict[str, str]]


@dataclass
class Case:
    """Copies of packs to spoil, and what whoever verifies them knows."""

    pack: Path
    """The one that is spoilt, and judged again."""
    chain: list[Path]
    """All that are verified, oldest first."""
    folder: Path
    keys: list[Path] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def report(self, edit: Callable[[dict[str, Any]], object]) -> None:
        path = self.pack / "report.json"
        document = json.loads(path.read_text())
        edit(document)
        path.write_text(json.dumps(document, indent=2) + "\n")

    def rows(self, name: str, edit: Callable[[Rows], object]) -> None:
        path = self.pack / name
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
        edit(rows)
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, columns, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(out.getvalue(), encoding="utf-8", newline="")

    def replace(self, name: str, old: str, new: str, count: int = 1) -> None:
        path = self.pack / name
        body = path.read_bytes()
        assert old.encode() in body, f"{name} does not hold {old}"
        path.write_bytes(body.replace(old.encode(), new.encode(), count))

    def manifest(self, edit: Callable[[dict[str, Any]], object]) -> None:
        """Nothing but the manifest, in its form."""
        import rfc8785

        document = json.loads((self.pack / NAME).read_bytes())
        edit(document)
        (self.pack / NAME).write_bytes(rfc8785.dumps(document))

    def relist(self, edit: Callable[[dict[str, Any]], object] = lambda _document: None, *, based: bool = True) -> None:
        """List every file anew, as whoever knows the format would, where findings are `based` on files included."""
        if based and (self.pack / "findings.csv").is_file():
            self.rows("findings.csv", lambda rows: [row.update(self._basis(row)) for row in rows])

        def whole(document: dict[str, Any]) -> None:
            for key, name in (("ledger_sha256", "ledger.csv"), ("policy_sha256", "policy.toml")):
                document["judged"][key] = sha256((self.pack / name).read_bytes()).hexdigest()
            edit(document)

        remade(self.pack, whole)
        if based and all((self.pack / name).is_file() for name in ("findings.csv", "report.json")):
            begun_anew(self.pack)  # as whoever has the tool would
            remade(self.pack, whole)

    def _basis(self, row: dict[str, str]) -> dict[str, str]:
        path = row["evidence_file"]
        if path.startswith("responses/") and not row["evidence_sha256"]:
            path = "collection.csv"
        digest = sha256((self.pack / path).read_bytes()).hexdigest()
        return {"evidence_file": path, "evidence_file_sha256": digest}

    def sign(self, signer: Signer) -> None:
        (self.pack / SIGNATURE).write_bytes(signer.sign((self.pack / NAME).read_bytes()))
        (self.pack / PUBLIC_KEY).write_bytes(signer.public_pem())

    def know_the_key(self) -> None:
        path = self.folder / "signer.pem"
        path.write_bytes(SIGNER.public_pem())
        self.keys = [path]

    def alike(self, edit: Callable[[dict[str, Any]], object]) -> None:
        """A finding in report, summary and findings.csv alike: `edit` changes the report's."""
        self.report(edit)
        document = json.loads((self.pack / "report.json").read_text())
        counted(document)
        (self.pack / "report.json").write_text(json.dumps(document, indent=2) + "\n")
        told = {one["id"]: one for one in document["findings"]}

        def follow(rows: Rows) -> None:
            rows[:] = [row for row in rows if row["finding_id"] in told]
            for row in rows:
                one = told.pop(row["finding_id"])
                row |= cells(one)
            for one in told.values():
                rows.append({**rows[0], "finding_id": one["id"], **cells(one)})

        self.rows("findings.csv", follow)
        by_check: dict[str, list[str]] = {}
        for one in document["findings"]:
            by_check.setdefault(one["check"], []).append(one["outcome"])

        def count(rows: Rows) -> None:
            rows[:] = [row for row in rows if row["check_id"] in by_check]
            for row in rows:
                outcomes = by_check[row["check_id"]]
                row |= {outcome.value: str(outcomes.count(outcome.value)) for outcome in Outcome}
                row |= {"findings": str(len(outcomes)), "worst_outcome": outcomes[0]}

        self.rows("controls.csv", count)


def cells(one: dict[str, Any]) -> dict[str, str]:
    first = one["evidence"][0] if one["evidence"] else {"grade": "", "source": "", "observed_at": "", "sha256": ""}
    return {
        **{key: one[key] or "" for key in ("severity", "outcome", "underlying_outcome", "reason_code", "reason")},
        "check_id": one["check"],
        "check_title": one["title"],
        "subject_id": one["subject"]["id"],
        "evidence_grade": first["grade"],
        "evidence_source": first["source"],
        "evidence_observed_at": first["observed_at"],
        "evidence_sha256": first["sha256"] or "",
        "attested_by": first.get("attested_by") or "",
    }


def counted(document: dict[str, Any]) -> None:
    by_outcome: dict[str, int] = {}
    by_severity: dict[str, dict[str, int]] = {}
    for one in document["findings"]:
        by_outcome[one["outcome"]] = by_outcome.get(one["outcome"], 0) + 1
        row = by_severity.setdefault(one["severity"], {})
        row[one["outcome"]] = row.get(one["outcome"], 0) + 1
    document["summary"] = {"by_outcome": by_outcome, "by_severity": by_severity}
    known = {one["id"] for one in document["findings"]}
    document["newly"] = [one for one in document["newly"] if one in known]
    for step in document["next"]:
        step["findings"] = [one for one in step["findings"] if one in known]


def finding(document: dict[str, Any], check: str, outcome: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in document["findings"] if (one["check"], one["outcome"]) == (check, outcome)
    )
    return found


Way = Callable[[Case], object]
WAYS: dict[str, tuple[str, str, Way]] = {}
"""By name: the kind of packs, what is changed, how."""


def way(kind: str) -> Callable[[Way], Way]:
    def take(function: Way) -> Way:
        assert function.__doc__, function.__name__
        WAYS[function.__name__.replace("_", "-")] = (kind, function.__doc__.rstrip("."), function)
        return function

    return take


def simple(name: str, kind: str, what: str, how: Way) -> None:
    """A way of one line."""
    assert name not in WAYS, name
    WAYS[name] = (kind, what, how)


def relisted(name: str, what: str, how: Way) -> None:
    """Two ways of an unsigned pack: edited, and edited and listed anew."""

    def anew(case: Case) -> None:
        how(case)
        case.relist(based=False)

    simple(name, "unsigned", f"{what}; nothing else", how)
    simple(f"{name}-listed-anew", "unsigned", f"{what}; manifest and SHA256SUMS made anew", anew)


def answer(case: Case, edit: Callable[[dict[str, str]], str]) -> None:
    """One that a setting rests on is written another way; "" takes its line out."""
    digest, path = _answered(case.pack)
    told = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [edit(one) if one["sha256"] == digest else json.dumps(one) for one in told]
    path.write_text("".join(f"{line}\n" for line in lines if line))


def _as_passed(row: dict[str, str]) -> None:
    row |= {"pass": row["fail"], "fail": "0", "worst_outcome": "pass"}


def _answered(pack: Path) -> tuple[str, Path]:
    """Digest of an answer that a setting rests on, and its file."""
    with (pack / "settings.csv").open(encoding="utf-8", newline="") as file:
        digest = next(row["sha256"] for row in csv.DictReader(file) if row["sha256"])
    return digest, pack / "responses" / f"{digest[0]}.jsonl"


def first(folder: str) -> Callable[[Case], Path]:
    return lambda case: files(case.pack / folder)[0]


# Single files


relisted("finding-row-deleted", "a row of findings.csv is deleted", lambda c: c.rows("findings.csv", lambda r: r.pop()))
relisted(
    "findings-table-emptied",
    "every row of findings.csv is deleted",
    lambda c: c.rows("findings.csv", lambda r: r.clear()),
)
relisted(
    "finding-row-outcome",
    "an outcome in findings.csv becomes pass",
    lambda c: c.rows("findings.csv", lambda r: next(x for x in r if x["outcome"] == "fail").update(outcome="pass")),
)
relisted(
    "finding-row-added",
    "a finding is added to findings.csv",
    lambda c: c.rows("findings.csv", lambda r: r.append({**r[-1], "finding_id": "f" * 16})),
)
relisted(
    "finding-row-twice",
    "a row of findings.csv is there twice",
    lambda c: c.rows("findings.csv", lambda r: r.append(r[-1])),
)
relisted(
    "finding-row-reason",
    "a reason in findings.csv is another",
    lambda c: c.rows("findings.csv", lambda r: r[0].update(reason="all is well")),
)
relisted(
    "finding-row-organization",
    "the organization's name in findings.csv is another",
    lambda c: c.rows("findings.csv", lambda r: [x.update(organization_name="Another") for x in r]),
)
relisted(
    "finding-row-time",
    "the end of the run in findings.csv is another",
    lambda c: c.rows("findings.csv", lambda r: [x.update(run_finished_at="2026-01-01T00:00:00Z") for x in r]),
)
relisted(
    "report-finding-deleted", "a finding of report.json is deleted", lambda c: c.report(lambda d: d["findings"].pop())
)
relisted(
    "report-finding-outcome",
    "an outcome in report.json becomes pass",
    lambda c: c.report(lambda d: finding(d, "DR-13", "fail").update(outcome="pass", underlying_outcome="pass")),
)
relisted(
    "report-finding-twice",
    "a finding of report.json is there twice",
    lambda c: c.report(lambda d: d["findings"].append(d["findings"][-1])),
)
relisted(
    "report-exit-code", "the exit code in report.json is 0", lambda c: c.report(lambda d: d["run"].update(exit_code=0))
)
relisted(
    "report-summary",
    "the summary of report.json counts other outcomes",
    lambda c: c.report(lambda d: d["summary"]["by_outcome"].update(fail=0)),
)
relisted("report-run", "report.json is of another run", lambda c: c.report(lambda d: d["run"].update(id=2)))
relisted(
    "report-end",
    "the end of the run in report.json is another",
    lambda c: c.report(lambda d: d["run"].update(finished_at="2026-01-01T00:00:00Z")),
)
relisted(
    "report-complete",
    "report.json tells of a run that read in part",
    lambda c: c.report(lambda d: d["run"].update(complete=not d["run"]["complete"])),
)
relisted(
    "report-organization",
    "the organization in report.json is another",
    lambda c: c.replace("report.json", ORGANIZATION.decode(), OTHER.decode(), -1),
)
relisted(
    "report-policy",
    "report.json names another policy",
    lambda c: c.report(lambda d: d["policy"].update(name="another", sha256="0" * 64)),
)
relisted(
    "report-rulebook",
    "report.json names another rulebook",
    lambda c: c.report(lambda d: d["rulebook"].update(sha256="0" * 64)),
)
relisted(
    "report-change-deleted", "a change of report.json is deleted", lambda c: c.report(lambda d: d["changes"].pop())
)
relisted(
    "report-collection",
    "a source in report.json was read to the end",
    lambda c: c.report(lambda d: d["collection"][0].update(read=99)),
)
relisted(
    "report-key-twice",
    "report.json has the key run twice",
    lambda c: c.replace("report.json", '  "policy": {', '  "run": {\n    "id": 9\n  },\n  "policy": {'),
)
relisted(
    "report-compact",
    "report.json is written without indentation",
    lambda c: [(c.pack / "report.json").write_text(json.dumps(json.loads((c.pack / "report.json").read_text()))), None][
        1
    ],
)
relisted(
    "report-nan",
    "a number in report.json is NaN",
    lambda c: c.report(lambda d: d["collection"][0].update(seconds=float("nan"))),
)
relisted(
    "report-deep",
    "report.json is nested 100 000 deep",
    lambda c: (c.pack / "report.json").write_text("[" * 100_000),
)
relisted(
    "report-huge-number",
    "a number in report.json has 5 000 digits",
    lambda c: c.replace("report.json", '"requests": ', '"requests": ' + "9" * 5000),
)
relisted("report-gone", "report.json is deleted", lambda c: (c.pack / "report.json").unlink())
relisted(
    "setting-value",
    "a location in settings.csv is another",
    lambda c: c.rows(
        "settings.csv",
        lambda r: next(x for x in r if x["setting"] == "residency.realm" and x["value"] == "US").update(value="EU"),
    ),
)
relisted(
    "setting-deleted",
    "the locations in settings.csv are deleted",
    lambda c: c.rows(
        "settings.csv", lambda r: r.__setitem__(slice(None), [x for x in r if x["setting"] != "residency.realm"])
    ),
)
relisted(
    "setting-answer",
    "a setting rests on another answer",
    lambda c: c.rows("settings.csv", lambda r: next(x for x in r if x["sha256"]).update(sha256="0" * 64)),
)
relisted(
    "setting-kind",
    "a setting in settings.csv is one that no tool knows",
    lambda c: c.rows("settings.csv", lambda r: r[0].update(setting="no.such", grade="sure")),
)
relisted(
    "setting-organization",
    "a row of settings.csv is of another organization",
    lambda c: c.rows("settings.csv", lambda r: r[0].update(organization_id=OTHER.decode())),
)
relisted(
    "settings-not-a-table",
    "settings.csv is bytes that are no text",
    lambda c: (c.pack / "settings.csv").write_bytes(b"\xff\x00\n\xfe"),
)
relisted(
    "inventory-app-deleted",
    "an app of inventory.csv is deleted",
    lambda c: c.rows("inventory.csv", lambda r: r.remove(next(x for x in r if x["kind"] == "app"))),
)
relisted(
    "inventory-plan",
    "a plan in inventory.csv is another",
    lambda c: c.rows("inventory.csv", lambda r: next(x for x in r if x["plan"]).update(plan="free")),
)
relisted("change-deleted", "a row of changes.csv is deleted", lambda c: c.rows("changes.csv", lambda r: r.pop(0)))
relisted(
    "change-actor",
    "who changed something, in changes.csv, is another",
    lambda c: c.rows("changes.csv", lambda r: r[0].update(actor="somebody else")),
)
relisted(
    "change-before",
    "the value before, in changes.csv, is another",
    lambda c: c.rows("changes.csv", lambda r: r[0].update(before="Enterprise")),
)
relisted(
    "attestation-deleted",
    "a row of attestations.csv is deleted",
    lambda c: c.rows("attestations.csv", lambda r: r.clear()),
)
relisted(
    "attestation-attachment",
    "an attestation names another screenshot",
    lambda c: c.rows("attestations.csv", lambda r: r[0].update(attachments=json.dumps(["0" * 64]))),
)
relisted(
    "collection-status",
    "a source in collection.csv was read in part",
    lambda c: c.rows("collection.csv", lambda r: r[0].update(status="partial")),
)
relisted(
    "population-read",
    "how much was read, in population.csv, is more",
    lambda c: c.rows("population.csv", lambda r: r[0].update(read="999")),
)
relisted("waiver-deleted", "a row of waivers.csv is deleted", lambda c: c.rows("waivers.csv", lambda r: r.pop()))
relisted(
    "waiver-reason",
    "the reason of a waiver in waivers.csv is another",
    lambda c: c.rows("waivers.csv", lambda r: r[0].update(reason="none")),
)
relisted(
    "waiver-approver",
    "who approved a waiver, in waivers.csv, is another",
    lambda c: c.rows("waivers.csv", lambda r: r[0].update(approved_by="x@acme.example")),
)
relisted(
    "waiver-expiry",
    "a waiver in waivers.csv lasts longer",
    lambda c: c.rows("waivers.csv", lambda r: r[0].update(expires="2036-01-01")),
)
relisted("decision-deleted", "a row of decisions.csv is deleted", lambda c: c.rows("decisions.csv", lambda r: r.pop()))
relisted("run-deleted", "the run is deleted from runs.csv", lambda c: c.rows("runs.csv", lambda r: r.clear()))
relisted(
    "run-end",
    "the end of the run in runs.csv is another",
    lambda c: c.rows("runs.csv", lambda r: r[-1].update(finished_at="2026-01-01T00:00:00Z")),
)
relisted("gap-deleted", "the gaps of gaps.csv are deleted", lambda c: c.rows("gaps.csv", lambda r: r.clear()))
relisted(
    "outcome-history",
    "an outcome in outcomes.csv is another",
    lambda c: c.rows("outcomes.csv", lambda r: r[0].update(outcome="fail")),
)
relisted(
    "deed-deleted",
    "who approved a waiver is deleted from segregation.csv",
    lambda c: c.rows("segregation.csv", lambda r: r.remove(next(x for x in r if x["approved_waiver"] != "0"))),
)
relisted(
    "request-deleted",
    "a request of ledger.csv is deleted",
    lambda c: c.rows("ledger.csv", lambda r: r.remove(next(x for x in r if x["call"] == "workspaces"))),
)
relisted(
    "policy-rule",
    "a severity in policy.toml is another",
    lambda c: c.replace("policy.toml", 'check = "DC-06"', 'check = "DC-06"\nseverity = "low"'),
)
relisted(
    "policy-nested",
    "policy.toml is nested 5 000 deep",
    lambda c: (c.pack / "policy.toml").write_text("a = " + "[" * 5000),
)
relisted(
    "rulebook-changed",
    "a file of rulebook/ is another",
    lambda c: c.replace("rulebook/realms.toml", "\n", "\n# more\n"),
)
relisted(
    "readme-changed", "README.txt tells something else", lambda c: c.replace("README.txt", "Evidence of", "Proof by")
)
relisted(
    "answer-changed",
    "an answer in responses/ is another, under its digest",
    lambda c: answer(c, lambda one: json.dumps({**one, "body": "{}"})),
)


def _example(case: Case) -> None:
    """README.txt names the smallest digest that is left, whichever was taken out."""
    left = [line for path in sorted((case.pack / "responses").iterdir()) for line in path.read_text().splitlines()]
    digest = min(json.loads(line)["sha256"] for line in left)
    path, line = case.pack / "README.txt", '"{}").body\' responses/{}.jsonl'
    known = line.replace(")", r"\)").format("[0-9a-f]{64}", "[0-9a-f]")
    path.write_text(re.sub(known, line.format(digest, digest[0]), path.read_text()))


def _without_answer(case: Case) -> None:
    answer(case, lambda _one: "")
    _example(case)


def _without_answers(case: Case) -> None:
    _answered(case.pack)[1].unlink()
    _example(case)


relisted(
    "answer-deleted",
    "an answer in responses/ is deleted",
    _without_answer,
)
relisted(
    "answer-twice",
    "an answer in responses/ stands there twice",
    lambda c: answer(c, lambda one: f"{json.dumps(one)}\n{json.dumps(one)}"),
)
relisted(
    "answer-key-twice",
    "an answer in responses/ has another body before its own",
    lambda c: answer(c, lambda one: json.dumps(one).replace('"body"', '"body": "{}", "body"')),
)
relisted(
    "answer-no-line",
    "a line of responses/ is no answer",
    lambda c: answer(c, lambda one: f"{json.dumps(one)}\nnull"),
)
relisted(
    "answers-deleted",
    "a file of responses/ is deleted",
    _without_answers,
)
relisted(
    "answers-elsewhere",
    "a file of responses/ has the name of another",
    lambda c: _answered(c.pack)[1].rename(c.pack / "responses" / "x.jsonl"),
)
relisted(
    "basis-elsewhere",
    "a finding rests on another file of the pack",
    lambda c: c.rows("findings.csv", lambda r: r[0].update(evidence_file="README.txt")),
)
relisted(
    "basis-of-nobody",
    "a finding rests on an attestation that nobody made",
    lambda c: c.rows("findings.csv", lambda r: r[0].update(attestation_id="look-9")),
)
relisted(
    "control-improved",
    "controls.csv counts a fail as a pass",
    lambda c: c.rows("controls.csv", lambda r: _as_passed(next(row for row in r if row["fail"] != "0"))),
)
relisted("control-deleted", "a row of controls.csv is deleted", lambda c: c.rows("controls.csv", lambda r: r.pop()))
relisted(
    "screenshot-changed",
    "a screenshot is another, under its name",
    lambda c: first("attachments")(c).write_bytes(b"x"),
)
relisted("screenshot-deleted", "a screenshot is deleted", lambda c: first("attachments")(c).unlink())
relisted("file-added", "a file is added", lambda c: (c.pack / "more.txt").write_text("more"))
relisted(
    "hidden-file-added",
    "a hidden file is added to responses/",
    lambda c: (c.pack / "responses" / ".more").write_text("more"),
)
relisted(
    "case-twin",
    "a file is added whose name differs by case alone",
    lambda c: (c.pack / "GAPS.csv").write_text("x\r\n"),
)
relisted("file-renamed", "gaps.csv has another name", lambda c: (c.pack / "gaps.csv").rename(c.pack / "holes.csv"))


def _link(case: Case) -> None:
    (case.pack / "gaps.csv").rename(case.folder / "gaps.csv")
    (case.pack / "gaps.csv").symlink_to(case.folder / "gaps.csv")


def _pipe(case: Case) -> None:
    (case.pack / "gaps.csv").unlink()
    os.mkfifo(case.pack / "gaps.csv")


_HIDDEN = b'name="open" state="hidden"'


def _in_book(case: Case, *changes: bytes) -> None:
    """Replace, in whatever part holds it, each odd one by the one after it."""
    path = case.pack / "00-START.xlsx"
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        holders = [name for name, body in parts.items() if old in body]
        assert holders, old
        parts |= {name: parts[name].replace(old, new, 1) for name in holders}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, body in parts.items():
            book.writestr(name, body)


def _swap(case: Case) -> None:
    one, other = (case.pack / name for name in ("gaps.csv", "decisions.csv"))
    bodies = one.read_bytes(), other.read_bytes()
    one.write_bytes(bodies[1])
    other.write_bytes(bodies[0])


relisted("files-swapped", "two tables change their names", _swap)
relisted(
    "start-page",
    "00-START.html calls the verdict PASS",
    lambda c: c.replace("00-START.html", "<h1>UNVERIFIED", "<h1>PASS"),
)
relisted(
    "start-page-row",
    "an outcome in 00-START.html becomes pass",
    lambda c: c.replace("00-START.html", '<b class="o-fail">fail</b>', '<b class="o-pass">pass</b>'),
)
relisted("start-page-deleted", "00-START.html is deleted", lambda c: (c.pack / "00-START.html").unlink())
relisted("start-book", "a cell of 00-START.xlsx says pass", lambda c: _in_book(c, b">fail<", b">pass<"))
relisted("start-book-hidden", "a sheet of 00-START.xlsx is hidden", lambda c: _in_book(c, b'name="open"', _HIDDEN))
relisted(
    "start-book-form",
    "00-START.xlsx shows every cell as pass, whatever it holds",
    lambda c: _in_book(c, b'<numFmts count="1">', b'<numFmts count="2"><numFmt numFmtId="200" formatCode="pass"/>'),
)
relisted(
    "start-book-library",
    "a cell of 00-START.xlsx says pass, and another library claims to have written it",
    lambda c: _in_book(c, b"XlsxWriter ", b"XlsxWriter 0", b">fail<", b">pass<"),
)
relisted("start-book-no-book", "00-START.xlsx is no workbook", lambda c: (c.pack / "00-START.xlsx").write_bytes(b"PK"))
relisted(
    "dictionary-changed",
    "data-dictionary.csv explains a column otherwise",
    lambda c: c.rows("data-dictionary.csv", lambda r: r[0].update(meaning="whatever it may be")),
)
simple("link", "unsigned", "a file is a link to one outside", _link)
simple("pipe", "unsigned", "a file is a named pipe", _pipe)
simple("sums-changed", "unsigned", "a line of SHA256SUMS is another; nothing else", lambda c: c.replace(SUMS, "0", "1"))


@way("unsigned")
def sums_changed_listed_anew(case: Case) -> None:
    """SHA256SUMS lists another digest, and the manifest that SHA256SUMS."""
    case.replace(SUMS, "0", "1")
    body = (case.pack / SUMS).read_bytes()
    entry = {"path": SUMS, "size_bytes": len(body), "sha256": sha256(body).hexdigest()}
    case.manifest(lambda d: next(one for one in d["files"] if one["path"] == SUMS).update(entry))


# The manifest alone


for _name, _what, _edit in (
    ("exit-code", "exit code", lambda d: d["judged"].update(exit_code=0)),
    ("run", "run", lambda d: d["judged"].update(run=2)),
    ("end", "end of the run", lambda d: d["judged"].update(finished_at="2026-01-01T00:00:00Z")),
    ("complete", "completeness", lambda d: d["judged"].update(complete=not d["judged"]["complete"])),
    ("policy-name", "name of the policy", lambda d: d["judged"].update(policy_name="another")),
    ("policy", "digest of the policy", lambda d: d["judged"].update(policy_sha256="0" * 64)),
    ("rulebook", "digest of the rulebook", lambda d: d["judged"].update(rulebook_sha256="0" * 64)),
    ("ledger", "digest of the ledger", lambda d: d["judged"].update(ledger_sha256="0" * 64)),
    ("organization", "organization", lambda d: d["scope"].update(organizations=[OTHER.decode()])),
    ("runs", "list of runs", lambda d: d["scope"].update(runs=[1, 2, 3])),
    ("period", "kind of scope", lambda d: d["scope"].update(kind="period")),
    ("tool", "version of the tool", lambda d: d["tool"].update(version="9.9")),
    ("written-at", "time of export", lambda d: d.update(written_at="2026-01-01T00:00:00Z")),
    ("previous", "manifest before it", lambda d: d.update(previous=BEFORE)),
    ("file-twice", "list of files: one is in it twice", lambda d: d["files"].append(d["files"][-1])),
    ("path-outside", "list of files: one lies outside", lambda d: d["files"][0].update(path="../escaped")),
    ("path-absolute", "list of files: one has an absolute path", lambda d: d["files"][0].update(path="/etc/passwd")),
    ("people", "treatment of people", lambda d: d["scope"].update(people="omit")),
    ("signed", "key: it claims to be signed", lambda d: d.update(signed_with="0" * 64)),
):  # fmt: skip
    simple(
        f"manifest-{_name}",
        "unsigned",
        f"manifest.json alone has another {_what}",
        partial(Case.manifest, edit=_edit),
    )
simple(
    "manifest-indented",
    "unsigned",
    "manifest.json is written with indentation",
    lambda c: (c.pack / NAME).write_text(json.dumps(json.loads((c.pack / NAME).read_text()), indent=1)),
)
simple("manifest-gone", "unsigned", "manifest.json is deleted", lambda c: (c.pack / NAME).unlink())


# Remade by somebody who knows the format, every file alike


@way("unsigned")
def remade_finding_deleted(case: Case) -> None:
    """A failing finding is deleted from report, summary and table; all is listed anew."""
    case.alike(lambda d: d["findings"].remove(finding(d, "DR-13", "fail")))
    case.relist()


@way("unsigned")
def remade_failing_findings_deleted(case: Case) -> None:
    """Every failing finding is deleted from report, summary and table; all is listed anew."""
    case.alike(lambda d: d.update(findings=[one for one in d["findings"] if one["outcome"] != "fail"]))
    case.relist()


@way("unsigned")
def remade_outcome(case: Case) -> None:
    """A failing finding passes in report, summary and table, its evidence kept; all is listed anew."""
    case.alike(lambda d: finding(d, "DR-13", "fail").update(outcome="pass", underlying_outcome="pass"))
    case.relist()


@way("unsigned")
def remade_outcome_without_evidence(case: Case) -> None:
    """A failing finding passes everywhere and its evidence is emptied; all is listed anew."""
    case.alike(lambda d: finding(d, "DR-13", "fail").update(outcome="pass", underlying_outcome="pass", evidence=[]))
    case.relist()


@way("unsigned")
def remade_outcome_attested(case: Case) -> None:
    """A failing finding passes everywhere by an attestation that is not in the pack; all is listed anew."""

    def edit(document: dict[str, Any]) -> None:
        one = finding(document, "DR-13", "fail")
        said = {"grade": "attested", "attested_by": "nobody@acme.example", "source": "console", "sha256": ""}
        one.update(outcome="pass", underlying_outcome="pass", evidence=[{**one["evidence"][0], **said}])

    case.alike(edit)
    case.relist()


@way("unsigned")
def remade_severity(case: Case) -> None:
    """A failing finding is of low severity everywhere; all is listed anew."""
    case.alike(lambda d: finding(d, "DR-13", "fail").update(severity="low"))
    case.relist()


@way("unsigned")
def remade_reason(case: Case) -> None:
    """The reason of a failing finding is another everywhere; all is listed anew."""
    case.alike(lambda d: finding(d, "DR-13", "fail").update(reason="Stored where it may be"))
    case.relist()


@way("unsigned")
def remade_finding_added(case: Case) -> None:
    """A passing finding is added everywhere; all is listed anew."""
    case.alike(lambda d: d["findings"].append({**finding(d, "DR-13", "fail"), "outcome": "pass", "id": "f" * 16}))
    case.relist()


@way("unsigned")
def remade_exit_code(case: Case) -> None:
    """Report and manifest both tell the exit code 0; all is listed anew."""
    case.report(lambda d: d["run"].update(exit_code=0))
    case.relist(lambda d: d["judged"].update(exit_code=0))


@way("unsigned")
def remade_history_outcome(case: Case) -> None:
    """A finding that rests on the history passes everywhere; all is listed anew."""
    case.alike(lambda d: finding(d, "DC-07", "unknown").update(outcome="pass", underlying_outcome="pass"))
    case.relist()


@way("unsigned")
def remade_waiver(case: Case) -> None:
    """A waiver is added to policy.toml, and its digest to report and manifest; all is listed anew."""
    with (case.pack / "policy.toml").open("a") as file:
        file.write(
            '\n[[waiver]]\ncheck = "GV-04"\nreason = "r"\nrequested_by = "a@x.example"\napproved_by = "b@x.example"\n'
            'approved_at = 2026-01-01\nexpires = 2036-01-01\nsubject = "organization"\n'
        )
    digest = sha256((case.pack / "policy.toml").read_bytes()).hexdigest()
    case.report(lambda d: d["policy"].update(sha256=digest))
    case.rows("findings.csv", lambda r: [x.update(policy_sha256=digest) for x in r])
    case.relist()


@way("unsigned")
def remade_organization(case: Case) -> None:
    """The organization's ID is another in every table, in report and manifest; all is listed anew."""
    for path in files(case.pack):
        if path.parent == case.pack and path.suffix in (".csv", ".json"):
            path.write_bytes(path.read_bytes().replace(ORGANIZATION, OTHER))
    case.relist()


@way("unsigned")
def remade_end(case: Case) -> None:
    """The end of the run is another in report, tables and manifest; all is listed anew."""
    case.report(lambda d: d["run"].update(finished_at="2026-01-01T00:00:00Z"))
    case.rows("findings.csv", lambda r: [x.update(run_finished_at="2026-01-01T00:00:00Z") for x in r])
    case.rows("runs.csv", lambda r: r[-1].update(finished_at="2026-01-01T00:00:00Z"))
    case.relist(lambda d: d["judged"].update(finished_at="2026-01-01T00:00:00Z"))


def _forget_changes(case: Case) -> None:
    """In report and changes.csv."""
    case.report(lambda d: d.update(changes=[]))
    case.rows("changes.csv", lambda r: r.__setitem__(slice(None), [x for x in r if x["cause_code"] == "approval"]))


def _forget_changes_and_deeds(case: Case) -> None:
    """What nothing in a pack reveals."""
    case.rows("segregation.csv", lambda r: [x.update(changed_at_atlassian="0") for x in r])
    _forget_changes(case)


@way("unsigned")
def remade_changes(case: Case) -> None:
    """Every change is deleted from report and changes.csv; all is listed anew."""
    _forget_changes(case)
    case.relist()


@way("unsigned")
def remade_changes_and_deeds(case: Case) -> None:
    """Every change is deleted, and who changed something from segregation.csv; all is listed anew."""
    _forget_changes_and_deeds(case)
    case.relist()


@way("unsigned")
def remade_attestation(case: Case) -> None:
    """An attestation and its screenshot are deleted; all is listed anew."""
    case.rows("attestations.csv", lambda r: r.clear())
    first("attachments")(case).unlink()
    case.relist()


@way("unsigned")
def remade_attestation_and_deed(case: Case) -> None:
    """An attestation, its screenshot and whoever looked are deleted; all is listed anew."""
    case.rows("attestations.csv", lambda r: r.clear())
    case.rows("segregation.csv", lambda r: r.__setitem__(slice(None), [x for x in r if x["looked"] == "0"]))
    first("attachments")(case).unlink()
    case.relist()


def _attested_anew(case: Case, **cells: str) -> None:
    """Other cells in the attestation, and the digest of attestations.csv in every finding that rests on it."""
    case.rows("attestations.csv", lambda r: r[0].update(cells))
    digest = sha256((case.pack / "attestations.csv").read_bytes()).hexdigest()
    case.rows(
        "findings.csv",
        lambda r: [x.update(evidence_file_sha256=digest) for x in r if x["evidence_file"] == "attestations.csv"],
    )
    case.relist()


@way("unsigned")
def remade_attested_value(case: Case) -> None:
    """The value of an attestation that no longer counts is another; all is listed anew."""
    _attested_anew(case, value="on")


@way("unsigned")
def remade_attestation_revoked(case: Case) -> None:
    """An attestation is revoked, and settings.csv does not say so; all is listed anew."""
    _attested_anew(case, revoked_at="2026-01-01T00:00:00Z", revoked_by="nobody@acme.example")


@way("unsigned")
def remade_attestation_of_another(case: Case) -> None:
    """An attestation is of another subject than in settings.csv; all is listed anew."""
    _attested_anew(case, subject_id="another")


@way("unsigned")
def remade_attestation_twice(case: Case) -> None:
    """An attestation is there twice, with another setting, and whoever looked looked twice; all is listed anew."""
    case.rows("attestations.csv", lambda r: r.append({**r[0], "setting": "ai.web_search"}))
    case.rows("segregation.csv", lambda r: [x.update(looked="2", recorded="2") for x in r if x["looked"] == "1"])
    _attested_anew(case)


@way("unsigned")
def remade_digest_told(case: Case) -> None:
    """Every change is deleted with its deed, and whoever verifies was told the digest of the pack at the time."""
    case.expected = [sha256((case.pack / NAME).read_bytes()).hexdigest()]
    remade_changes_and_deeds(case)


@way("unsigned")
def remade_by_another_build(case: Case) -> None:
    """00-START.html calls the verdict PASS, and the manifest names another build of the tool; all is listed anew."""
    case.replace("00-START.html", "<h1>UNVERIFIED", "<h1>PASS")
    case.relist(lambda d: d["tool"].update(code_sha256="0" * 64), based=False)


# Signed packs


@way("signed")
def signed_listed_anew(case: Case) -> None:
    """README.txt is another and all is listed anew; the signature is kept."""
    case.replace("README.txt", "Evidence of", "Proof by")
    case.relist()


simple(
    "signature-bit",
    "signed",
    "a byte of the signature is another",
    lambda c: (c.pack / SIGNATURE).write_bytes(bytes(64)),
)
simple("signature-gone", "signed", "the signature is deleted", lambda c: (c.pack / SIGNATURE).unlink())
simple("key-gone", "signed", "the key file is deleted", lambda c: (c.pack / PUBLIC_KEY).unlink())
simple(
    "key-replaced",
    "signed",
    "the key file holds another key",
    lambda c: (c.pack / PUBLIC_KEY).write_bytes(THIEF.public_pem()),
)
simple("key-not-a-key", "signed", "the key file holds no key", lambda c: (c.pack / PUBLIC_KEY).write_text("no"))
simple("signed-by-another", "signed", "another key signs the manifest as it is", lambda c: c.sign(THIEF))


@way("signed")
def signature_and_key_gone(case: Case) -> None:
    """Signature and key file are deleted."""
    (case.pack / SIGNATURE).unlink()
    (case.pack / PUBLIC_KEY).unlink()


@way("signed")
def signature_taken_away(case: Case) -> None:
    """Signature and key file are deleted, and manifest, README.txt and start files are made anew, as never signed."""
    signature_and_key_gone(case)
    case.relist(lambda d: d.update(signed_with=None))


@way("signed")
def signature_taken_away_from_the_manifest(case: Case) -> None:
    """Signature and key file are deleted, and the manifest alone says that it was never signed."""
    signature_and_key_gone(case)
    case.manifest(lambda d: d.update(signed_with=None))


@way("signed")
def signature_taken_away_key_known(case: Case) -> None:
    """The same, and whoever verifies names the signer's key."""
    signature_taken_away(case)
    case.know_the_key()


@way("signed")
def signed_anew_by_another(case: Case) -> None:
    """Every change is deleted, all is listed anew and signed by another key, which the manifest names."""
    _forget_changes_and_deeds(case)
    case.relist(lambda d: d.update(signed_with=THIEF.fingerprint))
    case.sign(THIEF)


@way("signed")
def signed_anew_by_another_key_known(case: Case) -> None:
    """The same, and whoever verifies names the signer's key."""
    signed_anew_by_another(case)
    case.know_the_key()


@way("signed")
def signed_anew_by_the_owner(case: Case) -> None:
    """The owner of the key makes the pack anew without changes; whoever verifies names that key."""
    _forget_changes_and_deeds(case)
    case.relist()
    case.sign(SIGNER)
    case.know_the_key()


@way("signed")
def signed_anew_by_the_owner_digest_told(case: Case) -> None:
    """The same, and whoever verifies was told the digest at the time."""
    case.expected = [sha256((case.pack / NAME).read_bytes()).hexdigest()]
    signed_anew_by_the_owner(case)


# Chains of three signed packs; the one in the middle is spoilt unless told otherwise


@way("chain")
def chain_link_missing(case: Case) -> None:
    """The pack in the middle is left out."""
    case.chain.remove(case.pack)


@way("chain")
def chain_same_twice(case: Case) -> None:
    """The pack in the middle is there twice, the last one not."""
    case.chain[-1] = Path(shutil.copytree(case.pack, case.folder / "again"))


@way("chain")
def chain_link_not_signed(case: Case) -> None:
    """The pack in the middle has lost signature and key file."""
    signature_and_key_gone(case)


@way("chain")
def chain_link_says_it_was_never_signed(case: Case) -> None:
    """The pack in the middle has lost them, and is made anew as never signed."""
    signature_taken_away(case)


@way("chain")
def chain_link_key_gone(case: Case) -> None:
    """The pack in the middle has lost its key file; whoever verifies names the key."""
    (case.pack / PUBLIC_KEY).unlink()
    case.know_the_key()


@way("chain")
def chain_link_remade(case: Case) -> None:
    """The pack in the middle is made anew by the owner of the key."""
    signed_anew_by_the_owner(case)
    case.keys = []


def _of(case: Case, place: int) -> Case:
    return Case(case.chain[place], case.chain, case.folder)


@way("chain")
def chain_first_not_signed(case: Case) -> None:
    """The first pack has lost signature and key file."""
    signature_and_key_gone(_of(case, 0))


@way("chain")
def chain_first_says_it_was_never_signed(case: Case) -> None:
    """The first pack has lost them, and is made anew as never signed."""
    signature_taken_away(_of(case, 0))


@way("chain")
def chain_last_says_it_was_never_signed(case: Case) -> None:
    """The last pack has lost them, and is made anew as never signed."""
    signature_taken_away(_of(case, 2))


@way("chain")
def chain_last_signed_by_another(case: Case) -> None:
    """The last pack is made anew and signed by another key, which its manifest names."""
    signed_anew_by_another(_of(case, 2))


@way("chain")
def chain_forks(case: Case) -> None:
    """The last pack names the first as the one before it, as the one in the middle does."""
    before = json.loads((case.pack / NAME).read_bytes())["previous"]
    last = _of(case, 2)
    last.manifest(lambda d: d.update(previous=before, written_at="2099-01-01T00:00:00Z"))
    last.sign(SIGNER)


@way("chain")
def chain_time_of_the_one_before(case: Case) -> None:
    """The last pack gives another time to the one before it."""
    last = _of(case, 2)
    last.manifest(lambda d: d["previous"].update(written_at="2026-01-01T00:00:00Z"))
    last.sign(SIGNER)


@way("chain")
def chain_end_cut_off(case: Case) -> None:
    """The last pack is left out; whoever verifies names the key."""
    case.chain.pop()
    case.know_the_key()


@way("chain")
def chain_end_cut_off_digest_told(case: Case) -> None:
    """The last pack is left out, and whoever verifies was told its digest."""
    case.expected = [sha256((case.chain.pop() / NAME).read_bytes()).hexdigest()]


@way("chain")
def chain_begin_cut_off(case: Case) -> None:
    """The first pack is left out; whoever verifies names the key."""
    case.chain.pop(0)
    case.know_the_key()


@way("chain")
def chain_of_another(case: Case) -> None:
    """All three are made anew by another, one naming the other, and signed by another key."""
    before: dict[str, str] | None = None
    for place in range(3):
        one = _of(case, place)
        one.relist(lambda d, last=before: d.update(signed_with=THIEF.fingerprint, previous=last))  # type: ignore[misc]
        one.sign(THIEF)
        body = (one.pack / NAME).read_bytes()
        before = {"sha256": sha256(body).hexdigest(), "written_at": json.loads(body)["written_at"]}


@way("chain")
def chain_of_another_key_known(case: Case) -> None:
    """The same, and whoever verifies names the signer's key."""
    chain_of_another(case)
    case.know_the_key()


# Archives


def _add(case: Case, name: str, body: bytes) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(case.pack, "a", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name twice
        archive.writestr(name, body)


simple("archive-entry-twice", "archive", "report.json is in the archive twice", lambda c: _add(c, "report.json", b"{}"))
simple(
    "archive-entry-outside",
    "archive",
    "an entry of the archive is called ../escaped",
    lambda c: _add(c, "../escaped", b"x"),
)
simple("archive-entry-added", "archive", "an entry is added to the archive", lambda c: _add(c, "more.txt", b"x"))
simple(
    "archive-cut",
    "archive",
    "the archive is cut in half",
    lambda c: c.pack.write_bytes(c.pack.read_bytes()[: c.pack.stat().st_size // 2]),
)


@way("archive")
def archive_bomb(case: Case) -> None:
    """report.json in the archive unpacks to 200 MB of blanks."""
    with zipfile.ZipFile(case.pack) as archive:
        bodies = {name: archive.read(name) for name in archive.namelist()}
    bodies["report.json"] = b" " * 200_000_000
    with zipfile.ZipFile(case.pack, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in bodies.items():
            archive.writestr(name, body)
