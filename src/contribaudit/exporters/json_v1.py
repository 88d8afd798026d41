"""The report as JSON, schema `contribaudit.report/1`: a shape of its own, so that the inside can change under it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Annotated, Any, Literal, TextIO, TypeAlias, overload

from typing_extensions import TypedDict

from contribaudit.core.alias import alias_of
from contribaudit.core.canonical import canonical_json, digest
from contribaudit.core.drift import Change
from contribaudit.core.finding import Finding
from contribaudit.core.next_steps import NextStep
from contribaudit.core.observation import Value
from contribaudit.core.report import Report
from contribaudit.core.snapshot import Collection
from contribaudit.core.state import State
from contribaudit.core.subject import Subject
from contribaudit.core.verdict import count_outcomes, count_severities
from contribaudit.exporters.cells import rfc3339
from contribaudit.exporters.indented import indented

SCHEMA = "contribaudit.report/1"
JsonValue: TypeAlias = bool | int | str | list[str] | None
OutcomeWord: TypeAlias = Literal[
    "pass", "fail", "not_achievable", "no_such_setting", "exempt", "pending", "not_yet_effective", "unknown", "stale",
    "conflict", "waived",
]  # fmt: skip
SeverityWord: TypeAlias = Literal["critical", "high", "medium", "low", "info"]
GradeWord: TypeAlias = Literal["documented", "decoded", "attested", "inferred", "predicted"]
StepWord: TypeAlias = Literal["fix", "look", "confirm", "decide", "renew", "nobody"]
KindWord: TypeAlias = Literal["company", "organization", "site", "app", "space", "connector", "group", "user"]


@dataclass(frozen=True, slots=True)
class Looks:
    """What a text looks like, for the schema: pydantic asks for it by the method's name."""

    pattern: str
    format: str = ""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        """The text's schema with pattern and format."""
        words: dict[str, Any] = {**handler(core_schema), "pattern": self.pattern}
        return {**words, "format": self.format} if self.format else words


Time: TypeAlias = Annotated[str, Looks("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", "date-time")]
Day: TypeAlias = Annotated[str, Looks("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "date")]
Digest: TypeAlias = Annotated[str, Looks("^([0-9a-f]{64})?$")]
"""SHA-256 in hex; "" where no single raw object stands behind the evidence."""
FindingId: TypeAlias = Annotated[str, Looks("^[0-9a-f]{16}$")]


class ToolV1(TypedDict):
    name: Literal["contribaudit"]
    version: str


class RulebookV1(TypedDict):
    version: str
    sha256: str
    effective: Day
    oldest_review_days: int


class RunV1(TypedDict):
    id: int
    previous: int | None
    started_at: Time
    finished_at: Time
    complete: bool
    exit_code: int
    planned_at: Time | None


class PolicyV1(TypedDict):
    name: str
    sha256: str


class OrganizationV1(TypedDict):
    id: str
    name: str
    highest_plan: str | None
    unread_reason: str
    left_out: bool


class InventoryV1(TypedDict):
    organizations: int
    sites: int
    apps: int
    spaces: int
    connectors: int
    sites_read: int
    apps_read: int
    spaces_counted: int | None
    spaces_whole: bool | None


class CollectionV1(TypedDict):
    organization: str
    collector: str
    status: Literal["ok", "partial", "failed"]
    announced: int | None
    read: int
    reason: str
    requests: int
    seconds: float
    code: str
    missing_scope: str | None
    started_at: Time


class SubjectV1(TypedDict):
    kind: KindWord
    id: str
    name: str
    site: str
    app: str
    alias: str


class EvidenceV1(TypedDict):
    grade: GradeWord
    source: str
    observed_at: Time
    attested_by: str | None
    sha256: Digest
    confirmed_by: str | None


class WaiverV1(TypedDict):
    reason: str
    approved_by: str
    ticket: str
    expires: Day


class FindingV1(TypedDict):
    id: FindingId
    check: str
    title: str
    severity: SeverityWord
    outcome: OutcomeWord
    underlying_outcome: OutcomeWord
    reason_code: str
    due_at: Time | None
    organization: str
    subject: SubjectV1
    setting: str | None
    expected: JsonValue
    observed: JsonValue
    evidence: list[EvidenceV1]
    reason: str
    fragile: bool
    remediation: str
    console_path: str
    controls: list[str]
    waiver: WaiverV1 | None
    rule: str


class ChangeV1(TypedDict):
    organization: str
    subject: SubjectV1
    setting: str
    before: JsonValue
    after: JsonValue
    existed_before: bool
    exists_after: bool
    first_seen: Time
    last_seen: Time | None
    cause: str | None
    actor: str | None
    event_id: str | None
    id: str
    cause_code: str | None
    match: str | None
    other_events: list[str]
    ticket: str


class StepV1(TypedDict):
    kind: StepWord
    severity: SeverityWord | None
    minutes: int
    due_at: Time | None
    text: str
    command: str
    organization: str
    findings: list[FindingId]


class SummaryV1(TypedDict):
    by_outcome: dict[OutcomeWord, int]
    by_severity: dict[SeverityWord, dict[OutcomeWord, int]]


class ReportV1(TypedDict):
    """One audit run of contribaudit, judged. Times are RFC 3339 in UTC, to the second.

    A later version may add keys, and this schema then names them; it takes none away and changes no meaning.
    """

    schema: Literal["contribaudit.report/1"]
    tool: ToolV1
    rulebook: RulebookV1
    as_of: Time
    warnings: list[str]
    run: RunV1
    policy: PolicyV1
    organizations: list[OrganizationV1]
    inventory: InventoryV1
    collection: list[CollectionV1]
    findings: list[FindingV1]
    changes: list[ChangeV1]
    summary: SummaryV1
    newly: list[FindingId]
    key_days_left: int | None
    next: list[StepV1]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the report, draft 2020-12. It allows no key that it does not name."""
    from pydantic import TypeAdapter

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


def as_document(report: Report) -> dict[str, Any]:
    """The report in the published shape. Findings are sorted by ID, so that two runs compare line by line."""
    counts, state = report.counts, report.state
    rulebook = state.rulebook
    return {
        "schema": SCHEMA,
        "tool": {"name": "contribaudit", "version": report.tool_version},
        "rulebook": {
            "version": rulebook.version,
            "sha256": rulebook.sha256,
            "effective": rulebook.effective.isoformat(),
            "oldest_review_days": (state.as_of.astimezone(UTC).date() - rulebook.oldest_review).days,
        },
        "as_of": rfc3339(state.as_of),
        "warnings": list(report.warnings),
        "run": {
            "id": report.run.id,
            "previous": report.run.previous,
            "started_at": rfc3339(report.run.started_at),
            "finished_at": rfc3339(report.run.finished_at),
            "complete": report.run.complete,
            "exit_code": report.run.exit_code,
            "planned_at": rfc3339(report.run.planned_at),
        },
        "policy": {"name": report.policy_name, "sha256": report.policy_sha256},
        "organizations": [
            {
                "id": one.id,
                "name": one.name,
                "highest_plan": one.highest_plan,
                "unread_reason": state.organizations[one.id].unread_reason,
                "left_out": state.organizations[one.id].left_out,
            }
            for one in report.organizations
        ],
        "inventory": {
            "organizations": counts.organizations,
            "sites": counts.sites,
            "apps": counts.apps,
            "spaces": counts.spaces,
            "connectors": counts.connectors,
            "sites_read": counts.sites_read,
            "apps_read": counts.apps_read,
            "spaces_counted": counts.spaces_counted,
            "spaces_whole": counts.spaces_whole,
        },
        "collection": [collection_row(one) for one in report.collections],
        "findings": [_finding(state, one) for one in sorted(report.findings, key=lambda finding: finding.id)],
        "changes": [change_row(state, one) for one in report.changes],
        "summary": _summary(report),
        "newly": sorted(one.id for one in report.newly),
        "key_days_left": report.key_days_left,
        "next": [step_row(one) for one in report.steps],
    }


def _summary(report: Report) -> dict[str, Any]:
    return {"by_outcome": count_outcomes(report.findings), "by_severity": count_severities(report.findings)}


class _Findings(Sequence[FindingV1]):
    """A report's findings in the published shape and order, made anew whenever one is asked for."""

    def __init__(self, report: Report) -> None:
        self._state = report.state
        self._sorted = sorted(report.findings, key=lambda finding: finding.id)

    def __len__(self) -> int:
        return len(self._sorted)

    @overload
    def __getitem__(self, place: int) -> FindingV1: ...

    @overload
    def __getitem__(self, place: slice) -> list[FindingV1]: ...

    def __getitem__(self, place: int | slice) -> FindingV1 | list[FindingV1]:
        if isinstance(place, slice):
            return [_finding(self._state, one) for one in self._sorted[place]]
        return _finding(self._state, self._sorted[place])


def lean_document(report: Report) -> ReportV1:
    """The same document for whoever goes through its findings one by one: they are never all there at once."""
    document: Any = {**_all_but_findings(report), "findings": _Findings(report)}
    shaped: ReportV1 = document
    return shaped


def _all_but_findings(report: Report) -> dict[str, Any]:
    """The document with an empty list of findings, and what is made of them as it is."""
    whole = {"summary": _summary(report), "next": [step_row(one) for one in report.steps]}
    return {**as_document(replace(report, findings=())), **whole}


_NO_FINDINGS = '\n  "findings": []'


def pieces(report: Report, treated: Callable[[Any], Any] = lambda value: value) -> Iterator[str]:
    """The report as JSON, piece by piece, indented, ASCII only (a lone surrogate in a name stays what it was).

    Findings are made as they are written: a million of them are never all there as JSON. `treated` is given each of
    them, and all the rest, on its way out.
    """
    rest = _all_but_findings(report)
    # No line within a text begins so: JSON has line breaks of its own only between texts.
    before, opening, after = json.dumps(treated(rest), indent=2).partition(_NO_FINDINGS)
    yield before + opening.removesuffix("]")
    separator = "\n    "
    for one in sorted(report.findings, key=lambda finding: finding.id):
        yield separator + indented(treated(_finding(report.state, one)), "\n    ")
        separator = ",\n    "
    yield ("\n  ]" if report.findings else "]") + after + "\n"


def write(report: Report, out: TextIO) -> None:
    """The report as JSON."""
    out.writelines(pieces(report))


def report_digest(report: Report) -> str:
    """SHA-256 (hex) of the report's canonical JSON."""
    return digest(canonical_json(as_document(report)))


def as_json(value: Value) -> JsonValue:
    """A value as JSON has it: tuples become lists."""
    return list(value) if isinstance(value, tuple) else value


def step_row(one: NextStep) -> StepV1:
    """One step in the published shape."""
    return {
        "kind": one.kind.value,
        "severity": one.severity.value if one.severity is not None else None,
        "minutes": one.minutes,
        "due_at": rfc3339(one.due),
        "text": one.text,
        "command": one.command,
        "organization": one.organization,
        "findings": [finding.id for finding in one.findings],
    }


def _subject(state: State, subject: Subject) -> SubjectV1:
    place = state.place(subject)
    return {
        "kind": subject.kind.value,
        "id": subject.id,
        "name": place.name,
        "site": place.site,
        "app": place.app,
        "alias": alias_of(state, subject),
    }


def _finding(state: State, one: Finding) -> FindingV1:
    return {
        "id": one.id,
        "check": one.check,
        "title": one.title,
        "severity": one.severity.value,
        "outcome": one.outcome.value,
        "underlying_outcome": one.underlying_outcome.value,
        "reason_code": one.reason_code,
        "due_at": rfc3339(one.due_at),
        "organization": one.subject.organization,
        "subject": _subject(state, one.subject),
        "setting": one.setting,
        "expected": as_json(one.expected),
        "observed": as_json(one.observed),
        "evidence": [
            {
                "grade": evidence.grade.value,
                "source": evidence.source,
                "observed_at": rfc3339(evidence.observed_at) or "",
                "attested_by": evidence.attested_by,
                "sha256": evidence.sha256,
                "confirmed_by": evidence.confirmed_by,
            }
            for evidence in one.evidence
        ],
        "reason": one.reason,
        "fragile": one.fragile,
        "remediation": one.remediation,
        "console_path": one.console_path,
        "controls": list(one.controls),
        "waiver": None
        if one.waiver is None
        else {
            "reason": one.waiver.reason,
            "approved_by": one.waiver.approved_by,
            "ticket": one.waiver.ticket,
            "expires": one.waiver.expires.isoformat(),
        },
        "rule": one.rule,
    }


def change_row(state: State, one: Change) -> ChangeV1:
    """One change in the published shape."""
    return {
        "organization": one.subject.organization,
        "subject": _subject(state, one.subject),
        "setting": one.setting,
        "before": as_json(one.before),
        "after": as_json(one.after),
        "existed_before": one.existed_before,
        "exists_after": one.exists_after,
        "first_seen": rfc3339(one.first_seen) or "",
        "last_seen": rfc3339(one.last_seen),
        "cause": one.cause,
        "actor": one.actor,
        "event_id": one.event_id,
        "id": one.id,
        "cause_code": one.why.kind.value if one.why else None,
        "match": one.why.match.value if one.why and one.why.match else None,
        "other_events": list(one.why.others) if one.why else [],
        "ticket": one.ticket,
    }


def collection_row(one: Collection) -> CollectionV1:
    """One collector's run in the published shape."""
    return {
        "organization": one.organization,
        "collector": one.collector,
        "status": one.status.value,
        "announced": one.announced,
        "read": one.read,
        "reason": one.reason,
        "requests": one.requests,
        "seconds": one.seconds,
        "code": one.code,
        "missing_scope": one.missing_scope,
        "started_at": rfc3339(one.started_at) or "",
    }
