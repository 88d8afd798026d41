"""A saved report as a `Report` again, for every exporter and screen that takes one: no history, no network.

`report_of` gives back what the document holds and no more: `as_document(report_of(document)) == document`, and the CSV
of the findings, the table and the line are byte for byte those of the live report. What no document holds is empty: the
observations behind the inventory and the settings, and the words of the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contribaudit.core.advise.next_steps import next_steps
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
from contribaudit.core.model.snapshot import KnownSpace, NoSpaces, Space
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.core.snapshot import Collection, CollectionStatus
from contribaudit.core.step import NextStep, StepKind
from contribaudit.exporters.report_v1 import (
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
