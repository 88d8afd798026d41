"""findings.csv and controls.csv of a folder.

The first has the columns of the report's, when each is to be mended, and the file that it rests on; the second a row
for each control of a framework and each check that bears on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta

from contribaudit.core.model.finding import Outcome
from contribaudit.evidence.answers import file_of
from contribaudit.evidence.controls import COUNTED, ByControl, split
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters import csv_evidence
from contribaudit.exporters.text import Cell

_READ = csv_evidence.FINDINGS.columns
_DUE, _BASED = _READ.index("due_days") + 1, _READ.index("evidence_grade")
COLUMNS = (*_READ[:_DUE], "due_on", *_READ[_DUE:_BASED], "evidence_file", *_READ[_BASED:], "evidence_file_sha256")
_POLICY, _VALUES, _READINGS, _RUNS = "policy.toml", "settings.csv", "collection.csv", "runs.csv"
Digest = Callable[[str], str | None]
"""SHA-256 of a file that is in the folder by now."""


def rows(dossier: Dossier, digest_of: Digest, held: Collection[str]) -> Iterator[Row]:
    """The rows; `held` are the digests of the raw answers in the folder."""
    due = due_dates(dossier)
    place = {name: number for number, name in enumerate(_READ)}
    for row in csv_evidence.FINDINGS.rows(dossier.document):
        told = {name: row[place[name]] for name in _BASIS}
        path = basis(told, held)
        due_on = due.get(str(row[place["finding_id"]]))
        yield (*row[:_DUE], due_on, *row[_DUE:_BASED], path, *row[_BASED:], digest_of(path))


_BASIS = ("evidence_sha256", "attestation_id", "evidence_source", "reason_code", "setting")


def basis(told: dict[str, Cell], held: Collection[str]) -> str:
    """The file of the folder that a finding rests on.

    The answer itself where it is there, then what a person recorded; a finding that rests on nothing that was read
    rests on the list of what was read, and why the rest was not.
    """
    digest, source = told["evidence_sha256"], str(told["evidence_source"] or "")
    if isinstance(digest, str) and digest in held:
        return file_of(digest)
    if told["attestation_id"]:
        return "attestations.csv"
    if source.startswith("policy ") or str(told["reason_code"]).startswith("policy_names"):
        return _POLICY
    if source.startswith("baseline "):
        return _RUNS
    return _VALUES if digest or (told["setting"] and not source) else _READINGS


def due_dates(dossier: Dossier) -> dict[str, date]:
    """By finding, the day until which it is to be mended: so many days from when it was first seen so."""
    asked = {
        one.id: one.due_days
        for one in dossier.report.findings
        if one.due_days is not None and (one.outcome.violates or one.outcome.unproven)
    }
    since: dict[str, date] = {}
    organizations = ("", *dossier.organizations) if asked else ()
    for organization in organizations:
        for span in dossier.store.outcome_history(organization, until=dossier.ends):
            outcome = Outcome(span.outcome)
            if not (outcome.violates or outcome.unproven):
                since.pop(span.finding, None)
            elif span.finding in asked:
                since.setdefault(span.finding, span.since.date())
    today = dossier.report.state.as_of.date()
    return {one: since.get(one, today) + timedelta(days=days) for one, days in asked.items()}


FINDINGS = Sheet(
    "findings.csv",
    COLUMNS,
    lambda dossier: rows(dossier, lambda _path: None, ()),
    frozenset(("attested_by", "owner", "waiver_approved_by")),
)
"""Export puts rows in that know the folder."""


def _control_rows(dossier: Dossier) -> Iterator[Row]:
    counted = ByControl()
    for one in dossier.report.findings:
        counted.take(one.check, one.title, one.severity, one.outcome.value, one.controls)
    for row in counted.rows():
        numbers = (row.outcomes[one] for one in COUNTED)
        severity, worst = row.severity.value, row.worst.value
        yield (*split(row.control), row.check, row.title, severity, worst, row.outcomes.total(), *numbers)


CONTROLS = Sheet(
    "controls.csv",
    ("framework", "control", "check_id", "check_title", "severity", "worst_outcome", "findings", *COUNTED),
    _control_rows,
)
