"""The report as JSON, schema `contribaudit.report/1`: a shape of its own, so that the inside can change under it.

The text is that of `json.dumps(value, indent=2)`, which itself is slow, since only its short form is written in C.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, overload

from contribaudit.core.advise.report import Report
from contribaudit.core.advise.site_map import QUESTIONS, SiteMap
from contribaudit.core.advise.steps import NextStep
from contribaudit.core.advise.verdict import count_outcomes, count_severities
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Value
from contribaudit.core.model.snapshot import Collection
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.core.resolve.state import State
from contribaudit.exporters.report_v1 import (
    SCHEMA,
    ChangeV1,
    CollectionV1,
    FindingV1,
    JsonValue,
    Lean,
    MapV1,
    ReportV1,
    StepV1,
    SubjectV1,
)
from contribaudit.exporters.subprocessors import exposure_document
from contribaudit.exporters.text import rfc3339


def indented(value: Any, line: str = "\n") -> str:
    """The value as JSON, ASCII only; `line` begins every line after the first: a line break and the blanks so far.

    Takes objects with texts as keys, lists, tuples, texts, numbers, truth values and null.
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
    """The report in the published shape. Findings are sorted by ID, so that two runs compare line by line."""
    document = lean_document(report)
    document["findings"] = list(document["findings"])
    return document


def lean_document(report: Report) -> ReportV1:
    """The same document for whoever goes through its findings one by one: they are made as they are asked for, and are
    never all there at once.
    """
    counts, state = report.counts, report.state
    rulebook = state.rulebook
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
        "run": {
            "id": report.run.id,
            "previous": report.run.previous,
            "started_at": rfc3339(report.run.started_at),
            "finished_at": rfc3339(report.run.finished_at),
            "complete": report.run.complete,
            "exit_code": report.run.exit_code,
            "planned_at": rfc3339(report.run.planned_at),
            "fail_on": report.run.fail_on.value,
            "previous_finished_at": rfc3339(report.run.previous_finished_at),
            "account": report.run.account,
            "trigger": report.run.trigger,
        },
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
            return [finding_row(self._state, one) for one in self._sorted[place]]
        return finding_row(self._state, self._sorted[place])

    def by_check_and_subject(self) -> Iterator[FindingV1]:
        """Yield what `by_check_and_subject` returns, one finding at a time."""
        place = self._state.place
        ordered = list(self._sorted)
        keys: tuple[Callable[[Finding], str], ...] = (
            lambda one: place(one.subject).name,
            lambda one: one.subject.kind,
            lambda one: place(one.subject).app,
            lambda one: place(one.subject).site,
            lambda one: one.subject.organization,
            lambda one: one.check,
        )
        for key in keys:  # one after the other, the last first: a key of six texts for each of a million takes room
            ordered.sort(key=key)
        return (finding_row(self._state, one) for one in ordered)


_NO_FINDINGS = '\n  "findings": []'


def pieces(document: ReportV1, findings: Iterable[FindingV1] | None = None) -> Iterator[str]:
    """The report as JSON, piece by piece, indented, ASCII only (a lone surrogate in a name stays what it was).

    Findings of a lean document are made as they are written: a million of them are never all there as JSON. `findings`
    take the place of its own.
    """
    # No line within a text begins so: JSON has line breaks of its own only between texts.
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


def as_json(value: Value) -> JsonValue:
    """A value as JSON has it: tuples become lists."""
    return list(value) if isinstance(value, tuple) else value


def map_rows(whole: SiteMap) -> MapV1:
    """The map as the document has it."""
    told: Any = {
        "locations": [
            {
                "name": one.name,
                "title": one.title,
                "apps": one.apps,
                "pinned": one.pinned,
                "outcome": _outcome_word(one.outcome),
            }
            for one in whole.locations
        ],
        "sites": [
            {
                "organization": row.organization,
                "site": row.site,
                "apps": row.apps,
                "cells": [
                    {
                        "question": question.name,
                        "outcome": _outcome_word(cell.outcome),
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
    shaped: MapV1 = told
    return shaped


def _outcome_word(outcome: Outcome | None) -> Any:
    return None if outcome is None else outcome.value


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


def subject_row(state: State, subject: Subject) -> SubjectV1:
    """One subject in the published shape."""
    place = state.place(subject)
    return {
        "kind": subject.kind.value,
        "id": subject.id,
        "name": place.name,
        "site": place.site,
        "app": place.app,
        "alias": alias_of(state, subject),
    }


def finding_row(state: State, one: Finding) -> FindingV1:
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
        "subject": subject_row(state, one.subject),
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
                "attestation_id": evidence.attestation_id,
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
        "owner": one.owner,
        "due_days": one.due_days,
    }


def change_row(state: State, one: Change) -> ChangeV1:
    """One change in the published shape."""
    return {
        "organization": one.subject.organization,
        "subject": subject_row(state, one.subject),
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
