"""A saved report as a `Report` again, for every exporter and screen that takes one: no history, no network.

`report_of` gives back what the document holds and no more: `as_document(report_of(document)) == document`, and the CSV
of the findings, the table and the line are byte for byte those of the live report. What no document holds is empty: the
observations behind the inventory and the settings, and the words of the rulebook.

A report out of a file, an evidence folder or an archive of it: read, checked against the published shape.
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contribaudit.core.advise.next_steps import NextStep, StepKind, next_steps
from contribaudit.core.advise.report import Counts, Report, RunLine
from contribaudit.core.model import names
from contribaudit.core.model.change import Cause, CauseKind, Change, Match
from contribaudit.core.model.finding import AppliedWaiver, Evidence, Finding, Outcome, Severity
from contribaudit.core.model.observation import Grade, Observed, SettingId, Value
from contribaudit.core.model.rulebook import (
    Clocks,
    Figure,
    Limits,
    Rulebook,
    RulebookFile,
    Statement,
    Statements,
    Words,
)
from contribaudit.core.model.snapshot import Collection, CollectionStatus, KnownSpace, NoSpaces, Space
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.errors import EvidenceDamaged, EvidenceNewer, UsageError
from contribaudit.exporters.report_v1 import (
    SCHEMA,
    ChangeV1,
    CollectionV1,
    EvidenceV1,
    FindingV1,
    JsonValue,
    OrganizationV1,
    ReportV1,
    StepV1,
    SubjectV1,
    WaiverV1,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter


SOURCE = "a saved report"


@dataclass(frozen=True, slots=True, repr=False)
class SavedReport(Report):
    """A report whose inventory is in numbers only, and whose steps are those that the document tells."""

    held: Counts = field(kw_only=True)
    told: tuple[NextStep, ...] = field(kw_only=True, default=())

    @property
    def counts(self) -> Counts:
        """As the document has them."""
        return self.held

    @property
    def steps(self) -> tuple[NextStep, ...]:
        """As the document has them; one of an earlier version has none, and then what its findings alone tell."""
        return self.told or next_steps(self)


@dataclass(frozen=True, slots=True)
class SavedFinding(Finding):
    """A finding under the ID that the document gives it."""

    told_id: str = ""

    @property
    def id(self) -> str:
        """As told: where people have stand-ins, the subject's own ID may be another one."""
        return self.told_id


@dataclass(frozen=True, slots=True)
class SavedChange(Change):
    """A change under the ID that the document gives it."""

    told_id: str = ""

    @property
    def id(self) -> str:
        """As told: it was made of a time with fractions of a second."""
        return self.told_id


class SavedState(State):
    """Names of subjects, organizations and collections; nothing that a check could judge."""

    def __init__(
        self,
        *,
        as_of: datetime,
        rulebook: Rulebook,
        organizations: Iterable[OrganizationState],
        plans: Iterable[Observed],
        subjects: Mapping[Subject, SubjectV1],
    ) -> None:
        """`subjects` are those of the findings and changes, with what the document calls them."""
        books: dict[str, SavedSpaces] = {}
        for subject, told in subjects.items():
            if subject.kind is Kind.SPACE:
                books.setdefault(subject.organization, SavedSpaces()).add(subject, told, as_of)
        super().__init__(
            as_of=as_of,
            rulebook=rulebook,
            organizations=organizations,
            observations=plans,
            remembered=[name for subject, told in subjects.items() for name in _names(subject, told, as_of)],
            spaces=books,
        )
        self._named: dict[tuple[str, Kind], list[Subject]] = {}
        for subject in subjects:
            self._named.setdefault((subject.organization, subject.kind), []).append(subject)
            if subject.kind is Kind.SPACE:
                known = books[subject.organization].find(subject.id)
                self.once(("space", subject), lambda found=known: found[0] if found else None)  # type: ignore[misc]

    def subjects(self, kind: Kind, organization: str | None = None) -> list[Subject]:
        """Those that a finding or a change is about; organizations and the company as ever."""
        if kind in (Kind.COMPANY, Kind.ORGANIZATION):
            return super().subjects(kind, organization)
        places = [one.id for one in self.looked_at] if organization is None else [organization]
        return [subject for place in places for subject in self._named.get((place, kind), [])]


@dataclass(frozen=True, slots=True)
class _NamedSpace(KnownSpace):
    told_alias: str = ""

    @property
    def alias(self) -> str:
        return self.told_alias


class SavedSpaces(NoSpaces):
    """Spaces that a finding or a change is about, by what the document calls them. No listing is in it."""

    def __init__(self) -> None:
        self._known: dict[str, KnownSpace] = {}

    def add(self, subject: Subject, told: SubjectV1, as_of: datetime) -> None:
        """Keep the names of a space, unless it had none."""
        if told["name"] == subject.id and not told["site"] and told["alias"] == f"space:{subject.id}":
            return
        app = Subject(subject.organization, Kind.APP, "")
        space = Space(app, subject.id, told["alias"].rpartition("/")[2], told["name"], "", "")
        self._known[subject.id] = _NamedSpace(space, told["site"], told["app"], as_of, True, told["alias"])

    def find(self, text: str) -> Sequence[KnownSpace]:
        """The space with this ID."""
        return [self._known[text]] if text in self._known else []


def report_of(document: ReportV1, *, words: Mapping[str, Words] | None = None) -> Report:
    """The report that the document was written from, as far as the document tells.

    `words` are those of the rulebook that judged it, where its files lie beside the document.
    Its state names the subjects of findings and changes and knows how each collector ended; `state.everything()` holds
    the organizations' plans alone. Raises ValueError for a text that is no time, date, or known word.
    """
    as_of = _time(document["as_of"])
    subjects: dict[Subject, SubjectV1] = {}
    findings = tuple(_finding(one, subjects) for one in document["findings"])
    changes = tuple(_change(one, subjects) for one in document["changes"])
    collections: dict[str, dict[str, Collection]] = {}
    for row in document["collection"]:
        collections.setdefault(row["organization"], {})[row["collector"]] = _collection(row)
    state = SavedState(
        as_of=as_of,
        rulebook=replace(_rulebook(document, as_of), words=words or {}),
        organizations=[_organization(one, collections.get(one["id"], {})) for one in document["organizations"]],
        plans=[
            _name(organization_subject(one["id"]), names.HIGHEST_PLAN, one["highest_plan"], as_of)
            for one in document["organizations"]
            if one["highest_plan"] is not None
        ],
        subjects=subjects,
    )
    run, newly = document["run"], set(document["newly"])
    return SavedReport(
        tool_version=document["tool"]["version"],
        state=state,
        run=RunLine(
            run["id"],
            run["previous"],
            _time(run["started_at"]),
            _time(run["finished_at"]),
            run["complete"],
            run["exit_code"],
            None if run["planned_at"] is None else _time(run["planned_at"]),
            Severity(run["fail_on"]),
        ),
        policy_name=document["policy"]["name"],
        policy_sha256=document["policy"]["sha256"],
        findings=findings,
        changes=changes,
        warnings=tuple(document["warnings"]),
        newly=tuple(one for one in findings if one.id in newly),
        key_days_left=document["key_days_left"],
        held=Counts(**document["inventory"]),
        told=_steps(document, findings),
    )


def changes_of(document: ReportV1) -> tuple[Change, ...]:
    """The document's changes alone."""
    subjects: dict[Subject, SubjectV1] = {}
    return tuple(_change(one, subjects) for one in document["changes"])


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} is a time without a zone")
    return moment.astimezone(UTC)


def _value(value: JsonValue) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _organization(told: OrganizationV1, ran: Mapping[str, Collection]) -> OrganizationState:
    return OrganizationState(told["id"], told["name"], ran, told["unread_reason"], told["left_out"])


def _collection(row: CollectionV1) -> Collection:
    return Collection(
        row["organization"],
        row["collector"],
        CollectionStatus(row["status"]),
        _time(row["started_at"]),
        row["announced"],
        row["read"],
        row["code"],
        row["reason"],
        row["missing_scope"],
        row["requests"],
        row["seconds"],
    )


def _subject(organization: str, told: SubjectV1, subjects: dict[Subject, SubjectV1]) -> Subject:
    subject = Subject(organization, Kind(told["kind"]), told["id"])
    subjects.setdefault(subject, told)
    return subject


def _finding(one: FindingV1, subjects: dict[Subject, SubjectV1]) -> SavedFinding:
    return SavedFinding(
        check=one["check"],
        title=one["title"],
        severity=Severity(one["severity"]),
        outcome=Outcome(one["outcome"]),
        underlying_outcome=Outcome(one["underlying_outcome"]),
        reason_code=one["reason_code"],
        reason=one["reason"],
        subject=_subject(one["organization"], one["subject"], subjects),
        setting=None if one["setting"] is None else SettingId(one["setting"]),
        expected=_value(one["expected"]),
        observed=_value(one["observed"]),
        evidence=tuple(_evidence(evidence) for evidence in one["evidence"]),
        fragile=one["fragile"],
        due_at=None if one["due_at"] is None else _time(one["due_at"]),
        remediation=one["remediation"],
        console_path=one["console_path"],
        controls=tuple(one["controls"]),
        waiver=None if one["waiver"] is None else _waiver(one["waiver"]),
        rule=one["rule"],
        told_id=one["id"],
    )


def _evidence(one: EvidenceV1) -> Evidence:
    observed_at = _time(one["observed_at"])
    return Evidence(
        Grade(one["grade"]),
        one["source"],
        observed_at,
        one["sha256"],
        one["attested_by"],
        one["confirmed_by"],
    )


def _waiver(one: WaiverV1) -> AppliedWaiver:
    return AppliedWaiver(one["reason"], one["approved_by"], one["ticket"], date.fromisoformat(one["expires"]))


def _change(one: ChangeV1, subjects: dict[Subject, SubjectV1]) -> SavedChange:
    why = None
    if one["cause_code"] is not None:
        why = Cause(
            CauseKind(one["cause_code"]),
            one["cause"] or "",
            one["actor"],
            one["event_id"],
            match=Match(one["match"]) if one["match"] else None,
            others=tuple(one["other_events"]),
        )
    return SavedChange(
        subject=_subject(one["organization"], one["subject"], subjects),
        setting=SettingId(one["setting"]),
        before=_value(one["before"]),
        after=_value(one["after"]),
        existed_before=one["existed_before"],
        exists_after=one["exists_after"],
        first_seen=_time(one["first_seen"]),
        last_seen=None if one["last_seen"] is None else _time(one["last_seen"]),
        cause=one["cause"],
        actor=one["actor"],
        event_id=one["event_id"],
        name=one["subject"]["name"],
        why=why,
        ticket=one["ticket"],
        told_id=one["id"],
    )


def _steps(document: ReportV1, findings: Iterable[Finding]) -> tuple[NextStep, ...]:
    known = {one.id: one for one in findings} if document["next"] else {}
    return tuple(_step(one, known) for one in document["next"])


def _step(one: StepV1, known: Mapping[str, Finding]) -> NextStep:
    its = tuple(known[each] for each in one["findings"] if each in known)
    return NextStep(
        StepKind(one["kind"]),
        None if one["severity"] is None else Severity(one["severity"]),
        one["minutes"],
        one["text"],
        one["command"],
        one["organization"],
        tuple(dict.fromkeys(each.subject for each in its)),
        None if one["due_at"] is None else _time(one["due_at"]),
        its,
    )


def _name(subject: Subject, setting: SettingId, value: str, as_of: datetime) -> Observed:
    return Observed(setting, subject, value, Grade.DOCUMENTED, as_of, SOURCE)


def _names(subject: Subject, told: SubjectV1, as_of: datetime) -> Iterator[Observed]:
    """What the subject is called: to recall, never to judge."""
    known = {names.APP_ALIAS: told["alias"] if told["alias"] != f"{subject.kind}:{subject.id}" else ""}
    if subject.kind is Kind.APP:
        known |= {names.APP_NAME: told["name"], names.APP_HOST: told["site"], names.APP_TYPE_KEY: told["app"]}
    elif subject.kind is Kind.GROUP:
        known |= {names.GROUP_NAME: told["name"]}
    for setting, value in known.items():
        if value and value != subject.id:
            yield _name(subject, setting, value, as_of)


def _rulebook(document: ReportV1, as_of: datetime) -> Rulebook:
    """Version, digest and dates; every rule of it is left out."""
    told = document["rulebook"]
    nothing: Any = Figure(0, "", "")
    reviewed = as_of.date() - timedelta(days=told["oldest_review_days"])
    return Rulebook(
        version=told["version"],
        effective=date.fromisoformat(told["effective"]),
        review_within_days=0,
        scope_review_within_days=0,
        files=(RulebookFile(SOURCE, told["sha256"], reviewed, True),),
        plans=(),
        realms=(),
        realm_groups={},
        moves={},
        apps={},
        words={},
        clocks=Clocks(*[nothing for _ in fields(Clocks)]),
        limits=Limits(*[nothing for _ in fields(Limits)]),
        statements=Statements(Statement("", "", None, "")),
        sha256=told["sha256"],
    )


REPORT = "report.json"
_FAMILY, _, _VERSION = SCHEMA.rpartition("/")
_HINT = "Name the JSON of an audit (`audit --format json`), or an evidence folder or .zip"
_ORIGINAL = "Ask for the original"
_SMALL_BYTES = 1 << 26
_DENSEST = 200
"""How many times its packed size a large report may have: of a million findings it is about forty."""
_LONE = re.compile("[\ud800-\udfff]")

ADDED_LATER: dict[str, dict[str, Any]] = {
    "": {"newly": [], "key_days_left": None, "next": []},
    "run": {"planned_at": None, "fail_on": "high"},
    "organizations": {"unread_reason": "", "left_out": False},
    "inventory": {"sites_read": 0, "apps_read": 0, "spaces_counted": None, "spaces_whole": None},
    "collection": {"code": "", "missing_scope": None, "started_at": ""},
    "findings": {"rule": ""},
    "findings.subject": {"alias": ""},
    "findings.evidence": {"confirmed_by": None},
    "changes": {
        "existed_before": True, "exists_after": True, "id": "", "cause_code": None, "match": None, "other_events": [],
        "ticket": "",
    },
    "changes.subject": {"alias": ""},
}  # fmt: skip
"""Keys that the first reports of this schema did not have, and what stands for them; a warning names them."""


def load(place: Path, *, agreement: bool = True) -> ReportV1:
    """The report at this place: a JSON file, a folder with `report.json`, or a `.zip` with one.

    Keys that an older version did not have are filled in, and a warning in the report names them. Raises UsageError
    for what is no report (saying where it is not), EvidenceNewer for a later schema, EvidenceDamaged for an archive
    that cannot be read and, where `agreement` is asked for, for a report whose own counts are not its findings'.
    """
    return parse(_bytes(place), str(place), agreement=agreement)


def parse(data: bytes, called: str, *, agreement: bool = True) -> ReportV1:
    """The same of bytes; `called` names them in errors."""
    try:
        document = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{called} is not JSON{where}", hint=_HINT) from None
    _require_schema(document, called)
    _fill_in(document)
    _require_shape(document, called)
    if agreement:
        _require_agreement(document, called)
    report: ReportV1 = document
    return report


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _bytes(place: Path) -> bytes:
    try:
        if place.is_dir():
            report = place / REPORT
            if report.exists() and (report.is_symlink() or not report.is_file()):
                raise EvidenceDamaged(f"{report} is no plain file", hint=_ORIGINAL)
            return report.read_bytes()
        if place.is_file() and zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                return _unpacked(archive, place)
        return _regular(place)
    except (KeyError, FileNotFoundError):
        missing = f"{place} holds no {REPORT}" if place.exists() else f"{place} does not exist"
        raise UsageError(missing, hint=_HINT) from None
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise EvidenceDamaged(f"{place} cannot be read: {error}", hint=_ORIGINAL) from None
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror or error}", hint=_HINT) from None


def _unpacked(archive: zipfile.ZipFile, place: Path) -> bytes:
    """The report in the archive, unless it is a bomb or there are two."""
    if archive.namelist().count(REPORT) > 1:
        raise EvidenceDamaged(f"{place} holds {REPORT} twice", hint=_ORIGINAL)
    info = archive.getinfo(REPORT)
    packed = min(info.compress_size, place.stat().st_size)
    if info.file_size > _SMALL_BYTES and info.file_size > packed * _DENSEST:
        raise EvidenceDamaged(f"{REPORT} in {place} unpacks to {info.file_size:,} bytes", hint=_ORIGINAL)
    return archive.read(info)


def _regular(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is a pipe or a device, not a file", hint=_HINT)
    return path.read_bytes()


def _require_schema(document: object, called: str) -> None:
    told = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(told, str) or not told.startswith(f"{_FAMILY}/"):
        found = f"its schema is {told[:60]!r}" if isinstance(told, str) else 'it has no "schema"'
        raise UsageError(f"{called} is not a report of contribaudit: {found}", hint=_HINT)
    version = told.removeprefix(f"{_FAMILY}/")
    if version != _VERSION:
        if version.isascii() and version.isdecimal() and int(version[:9]) > int(_VERSION):
            raise EvidenceNewer(
                f"{called} has the schema {told[:60]}; this version reads up to {SCHEMA}",
                hint="Read it with a newer version of contribaudit",
            )
        raise UsageError(f"{called} has the schema {told[:60]!r}, which never was", hint=_HINT)


def _fill_in(document: dict[str, Any]) -> None:
    missing: list[str] = []
    for way, standing in ADDED_LATER.items():
        objects: list[Any] = [document]
        for step in way.split(".") if way else []:
            found = [one[step] for one in objects if isinstance(one, dict) and step in one]
            objects = [item for one in found for item in (one if isinstance(one, list) else [one])]
        absent: set[str] = set()
        for one in objects:
            if isinstance(one, dict) and not one.keys() >= standing.keys():
                absent |= standing.keys() - one.keys()
                one.update({key: value for key, value in standing.items() if key not in one})
                if "alias" in standing and not one["alias"]:
                    one["alias"] = f"{one.get('kind')}:{one.get('id')}"
        missing += sorted(f"{way}.{key}" if way else key for key in absent)
    run, rows = document.get("run"), document.get("collection")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(run, dict) and not row.get("started_at"):
            row["started_at"] = run.get("started_at")
    if missing and isinstance(document.get("warnings"), list):
        document["warnings"].append(
            f"An older version wrote this report: it does not hold {', '.join(missing)}, and nothing is said of them."
        )


@cache
def _adapter() -> TypeAdapter[ReportV1]:
    from pydantic import TypeAdapter

    return TypeAdapter(ReportV1)


def _require_shape(document: dict[str, Any], called: str) -> None:
    from pydantic import ValidationError

    try:
        _adapter().validate_python(_without_lone(document), strict=True)
    except RecursionError:
        raise UsageError(f"{called} is not a report of contribaudit: it is nested too deep", hint=_HINT) from None
    except ValidationError as error:
        first, several = error.errors(include_url=False, include_input=False)[0], error.error_count()
        where = ".".join(str(step) for step in first["loc"])
        more = f", and {several - 1} more" if several > 1 else ""
        raise UsageError(
            f"{called} is not a report of contribaudit: {where}: {first['msg']}{more}",
            hint=_HINT,
        ) from None

    try:
        report_of(_head_of(document))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{called} is not a report of contribaudit: {error}", hint=_HINT) from None


def _head_of(document: dict[str, Any]) -> Any:
    """The report with one finding for each set of times in it: times are all that the shape does not check."""
    seen: dict[object, Any] = {}
    for one in document["findings"]:
        times = [one["due_at"], *(evidence["observed_at"] for evidence in one["evidence"])]
        key = (*times, one["waiver"] and one["waiver"]["expires"])
        seen.setdefault(key, one)
    return {**document, "findings": list(seen.values())}


def _without_lone(value: Any) -> Any:
    """The same without lone surrogates, which pydantic takes for no text at all."""
    match value:
        case str():
            return value if value.isascii() else _LONE.sub("?", value)
        case dict():
            return {key: _without_lone(one) for key, one in value.items()}
        case list():
            return [_without_lone(one) for one in value]
        case _:
            return value


def _require_agreement(document: dict[str, Any], called: str) -> None:
    findings = document["findings"]
    hint = "Somebody edited it: ask for the original, and check it with `contribaudit evidence verify`"
    if len({one["id"] for one in findings}) != len(findings):
        twice, _ = Counter(one["id"] for one in findings).most_common(1)[0]
        raise EvidenceDamaged(f"{called} holds the finding {twice[:16]} twice", hint=hint)
    counted = Counter(one["outcome"] for one in findings)
    if counted != document["summary"]["by_outcome"]:
        raise EvidenceDamaged(f"{called} counts other outcomes than its findings have", hint=hint)
