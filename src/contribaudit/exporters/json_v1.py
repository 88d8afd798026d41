"""The report as JSON, schema `contribaudit.report/1`: a separate form, so that internal classes can change.

The text equals that of `json.dumps(value, indent=2)`, which itself is slow, since only its compact form is written
in C.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, overload

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
    FindingV1,
    InventoryV1,
    Lean,
    LocationV1,
    MapV1,
    ReportV1,
    RunV1,
    StepV1,
    SubjectV1,
)
from contribaudit.exporters.subprocessors import exposure_document
from contribaudit.exporters.text import rfc3339


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
        "rulebook": {
            "version": rulebook.version,
            "sha256": rulebook.sha256,
            "effective": rulebook.effective.isoformat(),
            "oldest_review_days": (state.as_of.astimezone(UTC).date() - rulebook.oldest_review).days,
        },
        "as_of": rfc3339(state.as_of),
        "warnings": list(report.warnings),
        "run": _published(RunV1, report.run),
        "policy": {
            "name": report.policy_name,
            "sha256": report.policy_sha256,
            "questions": {check: list(asking) for check, asking in report.questions.items()},
        },
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


def as_json(value: Any) -> Any:
    """A value for JSON: tuples as lists, times and words of an enumeration as texts."""
    match value:
        case tuple():
            return list(value)
        case datetime():
            return rfc3339(value)
        case StrEnum():
            return value.value
        case _:
            return value


def map_rows(whole: SiteMap) -> MapV1:
    """The map in its published form."""
    untyped: Any = {
        "locations": [_published(LocationV1, location) for location in whole.locations],
        "sites": [
            {
                "organization": row.organization,
                "site": row.site,
                "apps": row.apps,
                "cells": [
                    {
                        "question": question.name,
                        "outcome": as_json(cell.outcome),
                        "findings": cell.findings,
                        "wide": cell.wide,
                        "values": dict(cell.values),
                    }
                    for question, cell in zip(QUESTIONS, row.cells, strict=True)
                ],
            }
            for row in whole.rows
        ],
    }
    shaped: MapV1 = untyped
    return shaped


def step_row(step: NextStep) -> StepV1:
    """One step in its published form."""
    return {
        "kind": step.kind.value,
        "severity": step.severity.value if step.severity is not None else None,
        "minutes": step.minutes,
        "due_at": rfc3339(step.due),
        "text": step.text,
        "command": step.command,
        "organization": step.organization,
        "findings": [finding.id for finding in step.findings],
    }


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
    return {
        "id": finding.id,
        "check": finding.check,
        "title": finding.title,
        "severity": finding.severity.value,
        "outcome": finding.outcome.value,
        "underlying_outcome": finding.underlying_outcome.value,
        "reason_code": finding.reason_code,
        "due_at": rfc3339(finding.due_at),
        "organization": finding.subject.organization,
        "subject": subject_row(state, finding.subject),
        "setting": finding.setting,
        "expected": as_json(finding.expected),
        "observed": as_json(finding.observed),
        "evidence": [
            {
                "grade": evidence.grade.value,
                "source": evidence.source,
                "observed_at": rfc3339(evidence.observed_at) or "",
                "attested_by": evidence.attested_by,
                "sha256": evidence.sha256,
                "confirmed_by": evidence.confirmed_by,
                "attestation_id": evidence.attestation_id,
            }
            for evidence in finding.evidence
        ],
        "reason": finding.reason,
        "fragile": finding.fragile,
        "remediation": finding.remediation,
        "console_path": finding.console_path,
        "controls": list(finding.controls),
        "waiver": None
        if finding.waiver is None
        else {
            "reason": finding.waiver.reason,
            "approved_by": finding.waiver.approved_by,
            "ticket": finding.waiver.ticket,
            "expires": finding.waiver.expires.isoformat(),
        },
        "rule": finding.rule,
        "owner": finding.owner,
        "due_days": finding.due_days,
    }


def change_row(state: State, change: Change) -> ChangeV1:
    """One change in its published form."""
    return {
        "organization": change.subject.organization,
        "subject": subject_row(state, change.subject),
        "setting": change.setting,
        "before": as_json(change.before),
        "after": as_json(change.after),
        "existed_before": change.existed_before,
        "exists_after": change.exists_after,
        "first_seen": rfc3339(change.first_seen) or "",
        "last_seen": rfc3339(change.last_seen),
        "cause": change.cause,
        "actor": change.actor,
        "event_id": change.event_id,
        "id": change.id,
        "cause_code": change.why.kind.value if change.why else None,
        "match": change.why.match.value if change.why and change.why.match else None,
        "other_events": list(change.why.others) if change.why else [],
        "ticket": change.ticket,
    }


def collection_row(collection: Collection) -> CollectionV1:
    """One collector's run in its published form."""
    row: CollectionV1 = _published(CollectionV1, collection)
    return row


def _published(shape: type, value: object) -> Any:
    """The attributes that a shape of the report names, for a value that calls them the same."""
    return {name: as_json(getattr(value, name)) for name in shape.__annotations__}
