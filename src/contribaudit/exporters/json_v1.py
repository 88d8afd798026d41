"""The report as JSON, schema `contribaudit.report/1`: a separate form, so that internal classes can change.

The text equals that of `json.dumps(value, indent=2)`, which itself is slow, since only its compact form is written
in C.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, TypeVar, cast, overload

from contribaudit.core.advise.report import Report
from contribaudit.core.advise.site_map import QUESTIONS, SiteMap
from contribaudit.core.advise.steps import NextStep
from contribaudit.core.advise.verdict import count_outcomes, count_severities
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.state import State
from contribaudit.exporters.report_v1 import (
    SCHEMA,
    ChangeV1,
    CollectionV1,
    EvidenceV1,
    FindingV1,
    InventoryV1,
    Lean,
    LocationV1,
    MapCellV1,
    MapRowV1,
    MapV1,
    OrganizationV1,
    ReportV1,
    RulebookV1,
    RunV1,
    StepV1,
    SubjectV1,
    WaiverV1,
)
from contribaudit.exporters.subprocessors import exposure_document
from contribaudit.exporters.text import as_json, rfc3339

_Shape = TypeVar("_Shape")


def indented(value: Any, line: str = "\n") -> str:
    """The value as JSON, ASCII only. `line` begins each line after the first: a line break and the current indentation.

    Takes objects with text keys, lists, tuples, texts, numbers, booleans and null.
    """
    if isinstance(value, str):
        return quoted(value)
    inner = line + "  "
    if isinstance(value, Mapping):
        parts = [f"{quoted(key)}: {indented(one, inner)}" for key, one in value.items()]
        return "{" + inner + f",{inner}".join(parts) + line + "}" if parts else "{}"
    if isinstance(value, (list, tuple)):
        parts = [indented(one, inner) for one in value]
        return "[" + inner + f",{inner}".join(parts) + line + "]" if parts else "[]"
    return json.dumps(value)


def as_document(report: Report) -> ReportV1:
    """The report in its published form. Findings are sorted by ID, so that two runs can be compared line by line."""
    document = lean_document(report)
    document["findings"] = list(document["findings"])
    return document


def lean_document(report: Report) -> ReportV1:
    """The report in its published form, with findings that are made on demand and never all in memory."""
    state, rulebook = report.state, report.state.rulebook
    document: Any = {
        "schema": SCHEMA,
        "tool": {"name": "contribaudit", "version": report.tool_version},
        "rulebook": _published(
            RulebookV1,
            rulebook,
            oldest_review_days=(state.as_of.astimezone(UTC).date() - rulebook.oldest_review).days,
        ),
        "as_of": rfc3339(state.as_of),
        "warnings": list(report.warnings),
        "run": _published(RunV1, report.run),
        "policy": {
            "name": report.policy_name,
            "sha256": report.policy_sha256,
            "questions": {check: list(asking) for check, asking in report.questions.items()},
        },
        "organizations": [
            _published(
                OrganizationV1,
                one,
                unread_reason=state.organizations[one.id].unread_reason,
                left_out=state.organizations[one.id].left_out,
            )
            for one in report.organizations
        ],
        "inventory": _published(InventoryV1, report.counts),
        "collection": [collection_row(one) for one in report.collections],
        "findings": _Findings(report),
        "changes": [change_row(state, one) for one in report.changes],
        "summary": {
            "by_outcome": count_outcomes(report.findings),
            "by_severity": count_severities(report.findings),
        },
        "newly": sorted(one.id for one in report.newly),
        "key_days_left": report.key_days_left,
        "next": [step_row(one) for one in report.steps],
        "map": map_rows(report.map),
        "subprocessors": exposure_document(report),
    }
    shaped: ReportV1 = document
    return shaped


class _Findings(Lean):
    """A report's findings in published form and order; each is made again whenever it is requested."""

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
            return [finding_row(self._state, one) for one in self._sorted[place]]
        return finding_row(self._state, self._sorted[place])

    def by_check_and_subject(self) -> Iterator[FindingV1]:
        """The findings in the order of `report_v1.by_check_and_subject`, one at a time."""
        place = self._state.place
        ordered = list(self._sorted)
        keys: tuple[Callable[[Finding], str], ...] = (
            lambda finding: place(finding.subject).name,
            lambda finding: finding.subject.kind,
            lambda finding: place(finding.subject).app,
            lambda finding: place(finding.subject).site,
            lambda finding: finding.subject.organization,
            lambda finding: finding.check,
        )
        for key in keys:  # one by one, the last first: a million keys of six texts each would take too much memory
            ordered.sort(key=key)
        return (finding_row(self._state, finding) for finding in ordered)


_NO_FINDINGS = '\n  "findings": []'


def pieces(document: ReportV1, findings: Iterable[FindingV1] | None = None) -> Iterator[str]:
    """The report as JSON, piece by piece, indented, ASCII only (a lone surrogate in a name is kept).

    Findings of a lean document are made as they are written, so that a million of them are never all in memory.
    `findings`, if given, replace those of the document.
    """
    # A line break inside a text is escaped, so only the key itself can begin a line like this.
    rest = json.dumps({**document, "findings": []}, indent=2)
    before, opening, after = rest.partition(_NO_FINDINGS)
    yield before + opening.removesuffix("]")
    separator, end = "\n    ", "]"
    for one in document["findings"] if findings is None else findings:
        yield separator + indented(one, "\n    ")
        separator, end = ",\n    ", "\n  ]"
    yield end + after + "\n"


def report_digest(document: ReportV1) -> str:
    """SHA-256 (hex) of the report's canonical JSON."""
    return digest(canonical_json({**document, "findings": list(document["findings"])}))


def _published(shape: type[_Shape], value: object, **given: object) -> _Shape:
    """The keys of a shape of the report, each with what is given for it, or else the value's attribute of that name."""
    keys = shape.__annotations__
    return cast("_Shape", {key: given[key] if key in given else as_json(getattr(value, key)) for key in keys})


def map_rows(whole: SiteMap) -> MapV1:
    """The map in its published form."""
    return {
        "locations": [_published(LocationV1, location) for location in whole.locations],
        "sites": [
            _published(
                MapRowV1,
                row,
                cells=[
                    _published(MapCellV1, cell, question=question.name, values=dict(cell.values))
                    for question, cell in zip(QUESTIONS, row.cells, strict=True)
                ],
            )
            for row in whole.rows
        ],
    }


def step_row(step: NextStep) -> StepV1:
    """One step in its published form."""
    findings = [finding.id for finding in step.findings]
    return _published(StepV1, step, due_at=rfc3339(step.due), findings=findings)


def subject_row(state: State, subject: Subject) -> SubjectV1:
    """One subject in its published form."""
    place = state.place(subject)
    return {
        "kind": subject.kind.value,
        "id": subject.id,
        "name": place.name,
        "site": place.site,
        "app": place.app,
        "alias": alias_of(state, subject),
    }


def finding_row(state: State, finding: Finding) -> FindingV1:
    """One finding in its published form."""
    return _published(
        FindingV1,
        finding,
        organization=finding.subject.organization,
        subject=subject_row(state, finding.subject),
        evidence=[_published(EvidenceV1, one) for one in finding.evidence],
        waiver=None if finding.waiver is None else _published(WaiverV1, finding.waiver),
    )


def change_row(state: State, change: Change) -> ChangeV1:
    """One change in its published form."""
    why = change.why
    return _published(
        ChangeV1,
        change,
        organization=change.subject.organization,
        subject=subject_row(state, change.subject),
        cause_code=as_json(why.kind) if why else None,
        match=as_json(why.match) if why else None,
        other_events=list(why.others) if why else [],
    )


def collection_row(collection: Collection) -> CollectionV1:
    """One collector's run in its published form."""
    return _published(CollectionV1, collection)
