"""The sheets that are made from a report: findings, controls, what was read, and what the vendor publishes.

findings.csv has the columns of the report's own CSV, plus the due date and the file that a finding rests on.
controls.csv has a row for each control of a framework and each check that bears on it. Sub-processors, their reviews
and watched documents are shown as known at the time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, timedelta

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS
from contribaudit.core.resolve.subprocessor_exposure import exposures, list_in_force, processors
from contribaudit.evidence.controls import COUNTED, ByControl, split
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.pack import file_of
from contribaudit.evidence.sheets import Row, Sheet
from contribaudit.evidence.start import Basis
from contribaudit.exporters import csv_evidence, tabular
from contribaudit.exporters.csv_evidence import COLLECTION, INVENTORY, SETTINGS
from contribaudit.exporters.report_v1 import FindingV1, by_check_and_subject
from contribaudit.exporters.subprocessors import EXPOSURE_COLUMNS, exposure_cells, list_cells
from contribaudit.exporters.terms import LOOKS, PROVISIONS, look_rows, provision_rows

# ── Findings and controls ─────────────────────────────────────────────────────────────────────────────

_READ = csv_evidence.FINDINGS.columns
_DUE, _BASED = _READ.index("due_days") + 1, _READ.index("evidence_grade")
_FINDINGS = (*_READ[:_DUE], "due_on", *_READ[_DUE:_BASED], "evidence_file", *_READ[_BASED:], "evidence_file_sha256")
Digest = Callable[[str], str | None]
"""Gets the SHA-256 of a file that the folder already contains; None for others."""


def finding_rows(dossier: Dossier, digest_of: Digest, rests: Basis) -> Iterator[Row]:
    """The rows of findings.csv."""
    cells = csv_evidence.finding_cells(dossier.document)
    for finding in by_check_and_subject(dossier.document["findings"]):
        row, (due_on, path) = cells(finding), rests(finding)
        yield (*row[:_DUE], due_on, *row[_DUE:_BASED], path, *row[_BASED:], digest_of(path))


def basis(dossier: Dossier, digests: Collection[str]) -> Basis:
    """A function that gets a finding's due date and its file; `digests` are those of the folder's raw answers."""
    due = due_dates(dossier)
    return lambda finding: (due.get(finding["id"]), _file_of(finding, digests))


def _file_of(finding: FindingV1, digests: Collection[str]) -> str:
    """The file of the folder that a finding rests on.

    The raw answer if the folder has it, otherwise the attestation. A finding without evidence rests on the list of what
    was read, which says why the rest was not.
    """
    digest, source, attestation = "", "", None
    if finding["evidence"]:
        first = finding["evidence"][0]
        digest, source, attestation = first["sha256"], first["source"], first["attestation_id"]
    if digest in digests:
        return file_of(digest)
    if attestation:
        return "attestations.csv"
    if source.startswith("policy ") or finding["reason_code"].startswith("policy_names"):
        return "policy.toml"
    if source.startswith("baseline "):
        return "runs.csv"
    return "settings.csv" if digest or (finding["setting"] and not source) else "collection.csv"


def due_dates(dossier: Dossier) -> dict[str, date]:
    """By finding ID, the due date: `due_days` after the finding was first seen open; from today for a new finding."""
    due_days = {
        one.id: one.due_days for one in dossier.report.findings if one.due_days is not None and one.outcome.is_open
    }
    since: dict[str, date] = {}
    organizations = ("", *dossier.organizations) if due_days else ()
    for organization in organizations:
        for span in dossier.store.outcome_history(organization, until=dossier.ends):
            outcome = Outcome(span.outcome)
            if not outcome.is_open:
                since.pop(span.finding, None)
            elif span.finding in due_days:
                since.setdefault(span.finding, span.since.date())
    today = dossier.report.state.as_of.date()
    return {one: since.get(one, today) + timedelta(days=days) for one, days in due_days.items()}


FINDINGS = Sheet(
    "findings.csv",
    _FINDINGS,
    lambda dossier: finding_rows(dossier, lambda _path: None, basis(dossier, ())),
    frozenset(("attested_by", "owner", "waiver_approved_by")),
)
"""Without evidence files and digests: the export replaces the rows by ones that know the folder."""


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


# ── What was read ─────────────────────────────────────────────────────────────────────────────────────


FROM_REPORT = (
    Sheet(INVENTORY.name, INVENTORY.columns, lambda dossier: INVENTORY.rows(dossier.report.state)),
    Sheet(SETTINGS.name, SETTINGS.columns, lambda dossier: SETTINGS.rows(dossier.report.state)),
    Sheet(COLLECTION.name, COLLECTION.columns, lambda dossier: COLLECTION.rows(dossier.document)),
)
SPACES = Sheet("spaces.csv", tabular.COLUMNS, lambda dossier: tabular.space_rows(dossier.report.state))


# ── What the vendor publishes ─────────────────────────────────────────────────────────────────────────


NOTE_COLUMNS = (
    "document", "anchor", "provision", "text_sha256", "holds", "note", "signed_by", "signed_at", "account", "host",
)  # fmt: skip


def _list(dossier: Dossier) -> Iterable[Row]:
    state = dossier.report.state
    listed = list_in_force(state)
    return list_cells(listed, processors(state, listed)) if listed is not None else ()


SUBPROCESSORS = Sheet("subprocessors.csv", SUBPROCESSOR_COLUMNS, _list, frozenset(("imported_by",)))


def _exposure(dossier: Dossier) -> Iterator[Row]:
    state = dossier.report.state
    return exposure_cells(state, exposures(state, processors(state)))


EXPOSURE = Sheet("subprocessor_exposure.csv", EXPOSURE_COLUMNS, _exposure)


def _reviews(dossier: Dossier) -> Iterator[Row]:
    for one in dossier.report.state.subprocessors.reviews:
        signed = one.signed
        yield one.effective.isoformat(), one.row, signed.by, signed.at, signed.account, signed.host, one.note


REVIEWS = Sheet(
    "subprocessor_reviews.csv",
    ("effective", "row", "reviewed_by", "reviewed_at", "account", "host", "note"),
    _reviews,
    frozenset(("reviewed_by", "account", "host")),
)


def _looks(dossier: Dossier) -> Iterator[Row]:
    rules = dossier.report.state.rulebook.terms
    yield from look_rows(rules, rules.watched(dossier.store.added_documents()), dossier.report.state.documents)


def _provisions(dossier: Dossier) -> Iterator[Row]:
    state = dossier.report.state
    rules, archive, anchored = state.rulebook.terms, state.documents, state.anchored
    for name in sorted(archive.looks):
        for look in archive.editions(name):
            yield from provision_rows(rules, look, archive.read(look.id), anchored, archive.notes)


def _notes(dossier: Dossier) -> Iterator[Row]:
    for one in dossier.report.state.documents.notes:
        signed = (one.signed.by, one.signed.at, one.signed.account, one.signed.host)
        yield (one.document, one.anchor, one.provision, one.text_sha256, one.holds, one.text, *signed)


TERMS = Sheet("terms.csv", LOOKS, _looks, frozenset(("recorded_by", "account", "host")))
TERMS_PROVISIONS = Sheet("provisions.csv", PROVISIONS, _provisions)
TERMS_NOTES = Sheet("terms_notes.csv", NOTE_COLUMNS, _notes, frozenset(("signed_by", "account", "host")))
