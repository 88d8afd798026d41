"""The published form of a report, `contribaudit.report/1`, and the order in which people read its findings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from typing_extensions import TypedDict

from contribaudit.core.model.change import CauseKind, Match

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
    """A pattern and a format for the JSON Schema, and a check at run time. Pydantic calls the two methods by name."""

    pattern: str
    format: str = ""
    check: Callable[[str], object] | None = None
    """Raises ValueError for an invalid text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema for validation, with the check."""
        from pydantic_core import core_schema

        check = self.check
        if check is None:
            return handler(source)

        def checked(text: str) -> str:
            check(text)
            return text

        return core_schema.no_info_after_validator_function(checked, handler(source))

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        """The JSON Schema, with pattern and format."""
        words = {"pattern": self.pattern, "format": self.format}
        return {**handler(core_schema), **{key: word for key, word in words.items() if word}}


@lru_cache(maxsize=4096)
def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} is a time without a zone")
    return moment.astimezone(UTC)


Time: TypeAlias = Annotated[str, Looks("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", "date-time", _time)]
Day: TypeAlias = Annotated[str, Looks("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "date", date.fromisoformat)]
Digest: TypeAlias = Annotated[str, Looks("^([0-9a-f]{64})?$")]
"""SHA-256 in hex; "" when the evidence is not a single raw object."""
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
    fail_on: SeverityWord
    previous_finished_at: Time | None
    account: str
    trigger: str
    selection: str


class PolicyV1(TypedDict):
    """`questions` lists a check only if a statement of [expect] asks it and its prefix does not show the question."""

    name: str
    sha256: str
    questions: dict[str, list[Literal["contribution", "ai", "location"]]]


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
    attestation_id: str | None


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
    owner: str
    due_days: int | None


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
    cause_code: Annotated[str, Looks("", check=CauseKind)] | None
    match: Annotated[str, Looks("", check=Match)] | None
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


class LocationV1(TypedDict):
    name: str
    title: str
    apps: int
    pinned: int
    outcome: OutcomeWord | None


class MapCellV1(TypedDict):
    question: Literal["metadata", "in-app", "AI", "location", "pinned", "trial", "BYOK"]
    outcome: OutcomeWord | None
    findings: int
    wide: bool
    values: dict[str, int]


class MapRowV1(TypedDict):
    organization: str
    site: str
    apps: int
    cells: list[MapCellV1]


class MapV1(TypedDict):
    """Apps by location, then sites by question, worst first. An outcome is null if the policy has no rule about it."""

    locations: list[LocationV1]
    sites: list[MapRowV1]


class ProcessorV1(TypedDict):
    processor: str
    touches: Literal["yes", "may"]
    apps: int
    app: str
    purposes: list[str]
    locations: list[str]
    because: list[str]


class SubprocessorsV1(TypedDict):
    """The list in force, and the sub-processors that touch or may touch apps; apps with the same reason share a row."""

    effective: Day
    sha256: Digest
    source: str
    imported_at: Time | None
    exposure: list[ProcessorV1]


class ReportV1(TypedDict):
    """One audit run of contribaudit, judged. Times are RFC 3339 in UTC, to the second.

    A later version may add keys, and this schema then names them; it removes none and changes no meaning.
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
    map: MapV1
    subprocessors: SubprocessorsV1 | None


class Lean(Sequence[FindingV1]):
    """Findings that are made on demand, and whose order is known without having all of them in memory."""

    @abstractmethod
    def by_check_and_subject(self) -> Iterator[FindingV1]:
        """The findings in the order of the function of the same name, one at a time."""


def by_check_and_subject(findings: Sequence[FindingV1]) -> Iterator[FindingV1]:
    """The findings in reading order: by check, organization, site, app, kind and name of the subject, then ID."""
    if isinstance(findings, Lean):
        return findings.by_check_and_subject()
    return iter(sorted(findings, key=reading_order))


def reading_order(finding: FindingV1) -> tuple[str, ...]:
    """A sort key for the order in which people read findings."""
    about = finding["subject"]
    return (
        finding["check"],
        finding["organization"],
        about["site"],
        about["app"],
        about["kind"],
        about["name"],
        finding["id"],
    )
