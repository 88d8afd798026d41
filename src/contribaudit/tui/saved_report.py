"""Turns a saved report document into the report that the screens show, without a history or network.

The report holds what the document holds and no more. What no document holds is empty: the observations behind the
inventory and the settings, and the words of the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from contribaudit.core.advise.report import Counts, Report, RunLine
from contribaudit.core.advise.site_map import SiteMap
from contribaudit.core.advise.steps import NextStep
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import Grade, Observed, SettingId
from contribaudit.core.model.rulebook import (
    Clocks,
    Figure,
    Limits,
    Rulebook,
    RulebookFile,
    Statement,
    Words,
)
from contribaudit.core.model.snapshot import KnownSpace, Space
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.state import OrganizationState, Place, State
from contribaudit.exporters.report_v1 import ReportV1, SubjectV1
from contribaudit.exporters.saved import change_fields, map_of, organizations_of, subject_of

SOURCE = "a saved report"


@dataclass(frozen=True, slots=True, repr=False)
class SavedReport(Report):
    """A report with an inventory in numbers only, and with the steps that the document lists."""

    document_counts: Counts = field(kw_only=True)
    document_steps: tuple[NextStep, ...] = field(kw_only=True)
    document_map: SiteMap = field(kw_only=True)

    @property
    def counts(self) -> Counts:
        """The inventory's numbers from the document."""
        return self.document_counts

    @property
    def map(self) -> SiteMap:
        """The map from the document."""
        return self.document_map

    @property
    def steps(self) -> tuple[NextStep, ...]:
        """The steps from the document."""
        return self.document_steps


@dataclass(frozen=True, slots=True)
class SavedFinding(Finding):
    """A finding with the ID that the document gives it."""

    document_id: str = ""

    @property
    def id(self) -> str:
        """The document's ID: where people are pseudonymized, one made from the subject could differ."""
        return self.document_id


@dataclass(frozen=True, slots=True)
class SavedChange(Change):
    """A change with the ID that the document gives it."""

    document_id: str = ""

    @property
    def id(self) -> str:
        """The document's ID: it was made from a time with fractions of a second, which the document lacks."""
        return self.document_id


@dataclass(frozen=True, slots=True)
class _NamedSpace(KnownSpace):
    document_alias: str = ""

    @property
    def alias(self) -> str:
        return self.document_alias


class SavedState(State):
    """A state with the names of subjects, organizations and collections, but nothing that a check could judge."""

    def __init__(
        self,
        *,
        as_of: datetime,
        rulebook: Rulebook,
        organizations: Iterable[OrganizationState],
        plans: Iterable[Observed],
        subjects: Mapping[Subject, SubjectV1],
    ) -> None:
        """`subjects` are those of the findings and changes, with their names in the document."""
        super().__init__(
            as_of=as_of,
            rulebook=rulebook,
            organizations=organizations,
            observations=plans,
        )
        self._named: dict[tuple[str, Kind], list[Subject]] = {}
        self._described = subjects
        for subject, entry in subjects.items():
            self._named.setdefault((subject.organization, subject.kind), []).append(subject)
            if subject.kind is Kind.SPACE:
                space = _space(subject, entry, as_of)
                self.once(("space", subject), lambda bound=space: bound)  # type: ignore[misc]

    def place(self, subject: Subject) -> Place:
        """The subject's name, site and app from the document."""
        entry = self._described.get(subject)
        return super().place(subject) if entry is None else Place(entry["name"], entry["site"], entry["app"])

    def recall(self, subject: Subject, setting: SettingId) -> str:
        """The subject's alias, and an app's host and type, from the document."""
        entry = self._described.get(subject)
        if entry is None:
            return super().recall(subject, setting)
        texts = {names.APP_ALIAS: entry["alias"], names.APP_HOST: entry["site"], names.APP_TYPE_KEY: entry["app"]}
        return texts.get(setting, "")

    def subjects(self, kind: Kind, organization: str | None = None) -> list[Subject]:
        """The subjects that a finding or a change is about; organizations and the company as in any state."""
        if kind in (Kind.COMPANY, Kind.ORGANIZATION):
            return super().subjects(kind, organization)
        places = [one.id for one in self.looked_at] if organization is None else [organization]
        return [subject for place in places for subject in self._named.get((place, kind), [])]


def _space(subject: Subject, described: SubjectV1, as_of: datetime) -> KnownSpace | None:
    """A space as the document names it; None if the document gives it no name."""
    if described["name"] == subject.id and not described["site"] and described["alias"] == f"space:{subject.id}":
        return None
    app = Subject(subject.organization, Kind.APP, "")
    space = Space(app, subject.id, described["alias"].rpartition("/")[2], described["name"], "", "")
    return _NamedSpace(space, described["site"], described["app"], as_of, True, described["alias"])


def report_of(document: ReportV1, *, words: Mapping[str, Words] | None = None) -> Report:
    """The report that a loaded document was written from, as far as the document holds it.

    `words` are those of the rulebook that judged it, if its files accompany the document.
    Its state names the subjects of findings and changes and knows how each collector ended; `state.everything()` holds
    the organizations' plans alone.
    """
    as_of = datetime.fromisoformat(document["as_of"])
    subjects: dict[Subject, SubjectV1] = {}
    for each in (*document["findings"], *document["changes"]):
        subjects.setdefault(subject_of(each["organization"], each["subject"]), each["subject"])
    findings = TypeAdapter(tuple[SavedFinding, ...]).validate_python(
        [
            {**one, "subject": subject_of(one["organization"], one["subject"]), "document_id": one["id"]}
            for one in document["findings"]
        ]
    )
    changes = TypeAdapter(tuple[SavedChange, ...]).validate_python(
        [{**change_fields(one), "document_id": one["id"]} for one in document["changes"]]
    )
    newly = set(document["newly"])
    return SavedReport(
        tool_version=document["tool"]["version"],
        state=SavedState(
            as_of=as_of,
            rulebook=replace(_rulebook(document, as_of), words=words or {}),
            organizations=organizations_of(document),
            plans=[
                Observed(names.HIGHEST_PLAN, organization_subject(one["id"]), plan, Grade.DOCUMENTED, as_of, SOURCE)
                for one in document["organizations"]
                if (plan := one["highest_plan"]) is not None
            ],
            subjects=subjects,
        ),
        run=TypeAdapter(RunLine).validate_python(document["run"]),
        policy_name=document["policy"]["name"],
        policy_sha256=document["policy"]["sha256"],
        questions={check: tuple(asking) for check, asking in document["policy"]["questions"].items()},
        findings=findings,
        changes=changes,
        warnings=tuple(document["warnings"]),
        newly=tuple(one for one in findings if one.id in newly),
        key_days_left=document["key_days_left"],
        document_counts=Counts(**document["inventory"]),
        document_steps=_steps(document, findings),
        document_map=map_of(document["map"]),
    )


def _steps(document: ReportV1, findings: Iterable[Finding]) -> tuple[NextStep, ...]:
    by_id = {one.id: one for one in findings}
    rows = []
    for step in document["next"]:
        its = [by_id[finding_id] for finding_id in step["findings"] if finding_id in by_id]
        rows.append(
            {**step, "due": step["due_at"], "findings": its, "subjects": list(dict.fromkeys(f.subject for f in its))}
        )
    return TypeAdapter(tuple[NextStep, ...]).validate_python(rows)


def _rulebook(document: ReportV1, as_of: datetime) -> Rulebook:
    """A rulebook with the document's version, digest and dates, and without any rule."""
    header = document["rulebook"]
    nothing: Any = Figure(0, "", "")
    reviewed = as_of.date() - timedelta(days=header["oldest_review_days"])
    return Rulebook(
        version=header["version"],
        effective=date.fromisoformat(header["effective"]),
        review_within_days=0,
        scope_review_within_days=0,
        files=(RulebookFile(SOURCE, header["sha256"], reviewed, True),),
        plans=(),
        realms=(),
        realm_groups={},
        moves={},
        apps={},
        words={},
        clocks=Clocks(*[nothing for _ in fields(Clocks)]),
        limits=Limits(*[nothing for _ in fields(Limits)]),
        ai_processing=Statement("", "", ""),
        sha256=header["sha256"],
    )
