"""Checks whether the files of a pack agree: manifest, report, tables, policy and list of digests.

This finds a file that somebody edited and listed again under its new digest, without any key or history. It does not
find an edit made consistently in all files: see `reperform`, signatures and the chain. `repeated.py` compares the
tables with each other and the manifest, and remakes the files that are derived from others.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.phrases import counted
from contribaudit.core.resolve.inventory import NAMED_BY_POLICY, NOT_AN_APP
from contribaudit.evidence.manifest import NAME
from contribaudit.evidence.pack import (
    REPORT,
    WRONG_SHAPE,
    Disagreement,
    ListedPack,
    digests,
    report_pieces,
    shown,
    strict_json,
)
from contribaudit.evidence.readme import About
from contribaudit.evidence.repeated import (
    DICTIONARY,
    LEDGER,
    SEGREGATION,
    answers_there,
    attested_values,
    contradictions,
    differences,
    files_that_fit,
    page_of_list_there,
    same_runs,
    same_sums,
)
from contribaudit.evidence.start import Start
from contribaudit.exporters.csv_evidence import (
    COLLECTION,
    FINDINGS,
    finding_cells,
    published_change_cells,
    published_collection_cells,
    value_of,
)
from contribaudit.exporters.text import Cell, csv_cell, safe_text
from contribaudit.exporters.xlsx import CHANGES

_LISTS = ("warnings", "organizations", "collection", "findings", "changes", "newly", "next")
CONTROLS = "controls.csv"
_ALWAYS = (
    REPORT, DICTIONARY, "findings.csv", CONTROLS, "settings.csv", "inventory.csv", "collection.csv", "changes.csv",
    "attestations.csv", "waivers.csv", "decisions.csv", SEGREGATION, "runs.csv", "population.csv", LEDGER,
    "subprocessors.csv", "subprocessor_reviews.csv", "terms.csv", "provisions.csv", "terms_notes.csv", "policy.toml",
)  # fmt: skip
_PERSONS = frozenset(
    ("attested_by", "owner", "waiver_approved_by", "actor", "requested_by", "approved_by", "decided_by", "second")
)
"""Columns that name only a person. A pack without names has a stand-in there, where the report may differ in part."""
_COLLECTION = tuple(name for name in COLLECTION.columns if name not in ("endpoint", "scope"))
_POPULATION = ("status", "requests", "announced", "read", "reason")
_CHANGE = tuple(name for name in CHANGES if name not in ("subject_name", "subject_alias"))
"""Columns of the three tables that report.json contains too."""
_COUNTED = (("sites", "site"), ("apps", "app"), ("connectors", "connector"))
"""Pairs of a key in the report's inventory and a kind in inventory.csv."""


@dataclass(slots=True)
class _Report:
    """report.json without its findings, which are only counted."""

    head: dict[str, Any] = field(default_factory=lambda: {key: [] for key in _LISTS})
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Number of findings by severity and outcome."""
    ids: set[str] = field(default_factory=set)
    witnesses: set[tuple[str, str, str]] = field(default_factory=set)
    """Of all attested evidence: who looked, the IDs of the attestations, and who confirmed them."""
    start: Start = field(default_factory=Start)

    def as_rows(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """A function that turns a finding into its row of findings.csv, by column."""
        document: Any = self.head
        cells: Callable[[Any], tuple[Cell, ...]] = finding_cells(document)
        return lambda finding: dict(zip(FINDINGS.columns, cells(finding), strict=True))


def disagreements(pack: ListedPack) -> Iterator[Disagreement]:
    """Every disagreement, file by file. Raises EvidenceDamaged for a file that cannot be read in its format."""
    yield from same_sums(pack)
    missing = [name for name in _ALWAYS if name not in pack.files]
    yield from (Disagreement(f"{name} is not in the manifest") for name in missing)
    if missing:
        return
    report = _Report()
    try:
        yield from files_that_fit(pack)
        for of_report in (_findings, _head, _compare_counts, _collection, _changes):
            yield from of_report(pack, report)
        yield from same_runs(pack)
        yield from _people(pack, report)
        yield from _organizations(pack, report)
        yield from answers_there(pack)
        yield from page_of_list_there(pack)
        yield from _controls(pack, report)
        yield from attested_values(pack, datetime.fromisoformat(report.head["as_of"]))
        yield from contradictions(pack)
        yield from differences(pack, _about(pack, report), report.start)
    except WRONG_SHAPE as error:
        message = f"{type(error).__name__} {error}".strip()
        yield Disagreement(f"{REPORT} or a table holds a value of the wrong type: {shown(message)}")


def _findings(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    """Compare each row with the finding that has its ID: the table is sorted by check and subject, the report by ID."""
    columns = [name for name in FINDINGS.columns if name not in _PERSONS or pack.named]
    rows = _digested(pack.table("findings.csv"), columns)
    differ: dict[str, Mapping[str, Any]] = {}
    last, as_row = "", None
    for key, value in report_pieces(pack):
        if key != "findings":
            if key in _LISTS:
                report.head[key].append(value)
            else:
                report.head[key] = value
            continue
        identity = value["id"]
        if not identity > last:
            yield Disagreement(f"{REPORT} has the finding {shown(identity)} twice, or out of order", identity)
        last = identity
        report.ids.add(identity)
        report.outcomes[value["severity"], value["outcome"]] += 1
        report.start.take(value)
        report.witnesses |= {
            (seen["attested_by"], seen["attestation_id"] or "", seen["confirmed_by"] or "")
            for seen in value["evidence"]
            if seen["attested_by"]
        }
        row = rows.pop(identity, None)
        if row is None:
            yield Disagreement(f"findings.csv has no row for the finding {shown(identity)}", identity)
            continue
        as_row = as_row or report.as_rows()  # the head precedes the findings
        values = as_row(value)
        if row != _digest(_cell_of(values[name]) for name in columns):
            differ[identity] = value
    for identity in sorted(rows):
        yield Disagreement(f"findings.csv has the finding {shown(identity)}, which is not in {REPORT}", identity)
    if not differ:
        return
    as_row = report.as_rows()
    for cells in pack.table("findings.csv"):
        identity = cells["finding_id"]
        if identity in differ:
            yield from (
                Disagreement(f"`{column}` of {identity} in findings.csv differs from {REPORT}", identity)
                for column in _other_columns(pack, columns, cells, as_row(differ[identity]))
            )


def _digested(rows: Iterator[Mapping[str, str]], columns: Sequence[str]) -> dict[str, bytes]:
    """The digest of each row by finding ID, because a million rows do not fit into memory."""
    by_finding: dict[str, bytes] = {}
    for row in rows:
        identity = row["finding_id"]
        if identity in by_finding:
            raise ValueError(f"findings.csv has {shown(identity)} twice")
        by_finding[identity] = _digest(row.get(name, "no such column") for name in columns)
    return by_finding


def _digest(cells: Iterable[str]) -> bytes:
    """The digest of cells, ignoring apostrophes, which guard against formulas."""
    text = "\0".join(cells).replace("'", "")
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _head(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    """Compare what manifest and report both say about the run, and check the report against its own findings."""
    head, judged = report.head, pack.manifest.judged
    run, policy, rulebook = head["run"], head["policy"], head["rulebook"]
    both = {
        "run": (run["id"], judged.run),
        "end of the run": (run["finished_at"], judged.finished_at),
        "completeness": (run["complete"], judged.complete),
        "exit code": (run["exit_code"], judged.exit_code),
        "policy": (policy["sha256"], judged.policy_sha256),
        "name of the policy": (safe_text(policy["name"]), judged.policy_name),
        "rulebook": (rulebook["sha256"], judged.rulebook_sha256),
        "version of the rulebook": (safe_text(rulebook["version"]), judged.rulebook_version),
        "version of the tool": (head["tool"]["version"], pack.manifest.tool.version),
        "set of organizations": (
            sorted(one["id"] for one in head["organizations"] if not one["left_out"]),
            sorted(pack.manifest.scope.organizations),
        ),
    }
    for name, (of_report, of_manifest) in both.items():
        if of_report != of_manifest or type(of_report) is not type(of_manifest):
            yield Disagreement(
                f"{REPORT} and {NAME} differ in the {name}: {shown(str(of_report))} and {shown(str(of_manifest))}"
            )
    scope = pack.manifest.scope
    period = scope.kind == "period"
    if period != (scope.from_ is not None) or period != (scope.until is not None):
        yield Disagreement(
            f"{NAME} covers a {scope.kind}, but {'lacks' if period else 'has'} the start or end of a period"
        )
    by_outcome: Counter[str] = Counter()
    by_severity: dict[str, dict[str, int]] = {}
    for (severity, outcome), number in report.outcomes.items():
        by_outcome[outcome] += number
        by_severity.setdefault(severity, {})[outcome] = number
    if head["summary"] != {"by_outcome": dict(by_outcome), "by_severity": by_severity}:
        yield Disagreement(f"the summary of {REPORT} does not match its findings")
    if not report.ids.issuperset(head["newly"]):
        yield Disagreement(f"{REPORT} lists a new finding that it does not contain")
    if not scope.sites and run["exit_code"] not in _exit_codes(report):
        yield Disagreement(f"the exit code {run['exit_code']} does not follow from the findings of {REPORT}")


def _exit_codes(report: _Report) -> set[int]:
    """The exit codes that the findings allow, whatever severity the audit was set to fail on."""
    pairs = [(Severity(severity), Outcome(outcome)) for severity, outcome in report.outcomes]
    rows = report.head["collection"]
    codes = {2 for row in rows if row["code"] == "organization_not_found"}
    codes |= {4 for row in rows if row["code"] in ("key_refused", "forbidden")}
    partly = not report.head["run"]["complete"] or any(row["status"] != "ok" for row in rows)
    for threshold in Severity:
        at_threshold = [outcome for severity, outcome in pairs if severity.at_least(threshold)]
        if any(outcome.violates for outcome in at_threshold):
            codes.add(1)
            continue
        unproven = any(outcome.unproven for outcome in at_threshold)
        codes |= {3} if unproven else {0, 3} if partly else {0}
    return codes


def _compare_counts(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    if pack.manifest.scope.sites:
        return
    left_out = {one["id"] for one in report.head["organizations"] if one["left_out"]}
    kinds = Counter(
        row["kind"]
        for row in pack.table("inventory.csv")
        if row["organization_id"] not in left_out and row["note"] not in (NAMED_BY_POLICY, NOT_AN_APP)
    )
    for key, kind in _COUNTED:
        of_report = report.head["inventory"][key]
        if kinds[kind] != of_report:
            yield Disagreement(f"inventory.csv has {kinds[kind]} {key}, but {REPORT} counts {shown(str(of_report))}")


def _collection(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    rows, entries = list(pack.table("collection.csv")), report.head["collection"]
    cells = list(map(published_collection_cells, entries))
    yield from _compare_rows(pack, "collection.csv", _COLLECTION, rows, cells)
    by_collector = {(entry["organization"], entry["collector"]): entry for entry in entries}
    for row in pack.table("population.csv"):
        entry = by_collector.get((row["organization_id"], row["collector"]))
        if entry is None or row["subject_kind"] or row["run_id"] != str(pack.manifest.judged.run):
            continue
        for column in _other_columns(pack, _POPULATION, row, entry):
            yield Disagreement(f"`{column}` of {row['collector']} in population.csv differs from {REPORT}")


def _changes(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    if pack.manifest.scope.kind != "run":  # a period lists every step, the report only the changes of the newest run
        return
    rows = [row for row in pack.table("changes.csv") if row["cause_code"] != "approval"]
    entries = list(map(published_change_cells, report.head["changes"]))
    yield from _compare_rows(pack, "changes.csv", _CHANGE, rows, entries)


def _compare_rows(
    pack: ListedPack,
    name: str,
    columns: Iterable[str],
    rows: Sequence[Mapping[str, str]],
    entries: Sequence[Mapping[str, Any]],
    source: str = REPORT,
) -> Iterator[Disagreement]:
    """Compare rows of the table `name` with entries of the file `source`, which have the columns as keys."""
    if len(rows) != len(entries):
        yield Disagreement(f"{name} has {counted(len(rows), 'row')}, but {source} has {len(entries)}")
    for number, (row, entry) in enumerate(zip(rows, entries, strict=False), 1):
        for column in _other_columns(pack, columns, row, entry):
            yield Disagreement(f"`{column}` in row {number} of {name} differs from {source}")


def _other_columns(
    pack: ListedPack, columns: Iterable[str], row: Mapping[str, str], entry: Mapping[str, Any]
) -> Iterator[str]:
    """The columns in which the row differs from the entry."""
    for column in columns:
        if column in _PERSONS and not pack.named:
            continue
        if column not in row or not _cell_matches(row[column], entry[column]):
            yield column


def _people(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    """Compare what people accepted, decided and attached with the policy and the manifest."""
    try:
        policy = tomllib.loads(pack.read("policy.toml").decode())
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        yield Disagreement(f"policy.toml is not a policy: {shown(str(error))}")
        return
    for name, key, columns in _POLICY:
        entries = [
            {column: entry.get(of_policy, "") for column, of_policy in columns.items()} for entry in policy.get(key, [])
        ]
        yield from _compare_rows(pack, name, columns, list(pack.table(name)), entries, "policy.toml")
    if pack.named:
        unnamed = {path for path in pack.files if path.startswith("attachments/")}
        for row in pack.table("attestations.csv"):
            for digest in _digests(row["attachments"]):
                unnamed.discard(f"attachments/{digest}")
                if f"attachments/{digest}" not in pack.files:
                    yield Disagreement(f"the attachment {shown(digest)} of {row['attestation_id']} is missing")
        yield from _witnesses(pack, report)
        for path in sorted(unnamed):
            yield Disagreement(f"attestations.csv does not name {path}")


def _witnesses(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    """Check that attestations.csv shows that the people named in findings looked, and who confirmed it.

    A confirmation in the second of `as_of` may or may not have counted yet.
    """
    name, as_of = "attestations.csv", datetime.fromisoformat(report.head["as_of"])
    rows = {row["attestation_id"]: row for row in pack.table(name)}
    for by, identities, second in sorted(report.witnesses):
        looked = [rows[one] for one in identities.split(", ") if one in rows]
        if not looked or not _names_all(by, looked):
            yield Disagreement(f"{REPORT} rests on an attestation by {shown(by)} that is not in {name}")
            continue
        times = [datetime.fromisoformat(row["confirmed_at"]) for row in looked if row["confirmed_by"]]
        confirmed = len(times) == len(looked) and all(at <= as_of for at in times)
        surely = confirmed and all(at < as_of for at in times)
        agrees = confirmed and _names_all(second, looked, "confirmed_by") if second else not surely
        if not agrees:
            yield Disagreement(f"{name} and {REPORT} differ on who confirmed what {shown(by)} saw")


def _names_all(text: str, rows: Sequence[Mapping[str, str]], column: str = "looked_by") -> bool:
    """True when the text of the report lists exactly the people in these rows."""
    named, people = csv_cell(text).replace("'", ""), {row[column].replace("'", "") for row in rows}
    return all(one in named for one in people) and len(named) == len(", ".join(people))


_POLICY: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "waivers.csv",
        "waiver",
        {"check_id": "check", **{
            key: key for key in ("reason", "requested_by", "approved_by", "approved_at", "expires", "ticket")
        }},
    ),
    (
        "decisions.csv",
        "decision",
        {"decided_by": "by", **{key: key for key in ("setting", "value", "second", "date", "ticket")}},
    ),
)  # fmt: skip
"""For each table, the key of its entries in policy.toml, and by column the key within an entry."""


def _digests(cell: str) -> list[str]:
    return [str(one) for one in strict_json(cell)] if cell else []


def _organizations(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    """Check that no table names an organization that is missing from the report."""
    organizations = {"", *(one["id"] for one in report.head["organizations"])}
    names = {one["id"]: one["name"] or one["id"] for one in report.head["organizations"]}
    for name in pack.files:
        if "/" in name or not name.endswith(".csv") or name == DICTIONARY:
            continue
        foreign = False
        for row in pack.table(name):
            place = row.get("organization_id", "")
            foreign = foreign or place not in organizations
            if not foreign and place and "organization_name" in row:
                foreign = not _cell_matches(row["organization_name"], names[place])
        if foreign:
            yield Disagreement(f"{name} names an organization that {REPORT} does not have")


def _about(pack: ListedPack, report: _Report) -> About:
    ran = next((row for row in pack.table("runs.csv") if row["run_id"] == str(pack.manifest.judged.run)), None)
    answer = min(digests(pack, pack.files), default="")
    words = (ran["account"], ran["host"], ran["trigger"]) if ran else ()
    return About(report.head, pack.manifest.scope, words, pack.manifest.signed_with is not None, answer)


def _controls(pack: ListedPack, report: _Report) -> Iterator[Disagreement]:
    """Check that controls.csv counts the findings of the report."""
    expected = {(one.control, one.check): one.outcomes for one in report.start.counted.rows()}
    for row in pack.table(CONTROLS):
        counts = expected.pop((f"{row['framework']} {row['control']}", row["check_id"]), Counter())
        numbers = {outcome.value: row[outcome.value] for outcome in Outcome}
        same = numbers == {outcome.value: str(counts[outcome.value]) for outcome in Outcome}
        if not same or row["findings"] != str(counts.total()) or not counts[row["worst_outcome"]]:
            yield Disagreement(f"the counts of {shown(row['check_id'])} in {CONTROLS} do not match {REPORT}")
    for control, check in sorted(expected):
        yield Disagreement(f"{CONTROLS} has no row for {check} and {shown(control)}")


def _cell_matches(cell: str, value: Any) -> bool:
    """True when the cell contains the value as tables write it, ignoring apostrophes, which guard against formulas."""
    return cell.replace("'", "") == _cell_of(value).replace("'", "")


def _cell_of(value: Any) -> str:
    """A value of the report as tables write it."""
    return csv_cell(value_of(value))
