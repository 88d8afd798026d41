"""What the vendor publishes: sub-processors and who reviewed them, and the watched documents, as they were known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contribaudit.core.model.provisions import Archive
from contribaudit.core.model.subprocessors import SUBPROCESSOR_COLUMNS
from contribaudit.core.resolve.provisions import standings
from contribaudit.core.resolve.subprocessor_exposure import exposures, list_in_force, processors
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters.subprocessors import EXPOSURE_COLUMNS, exposure_cells, list_cells
from contribaudit.exporters.terms import LOOKS, PROVISIONS, look_rows, provision_rows

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


def archive_of(dossier: Dossier) -> Archive:
    """Every look and note that had been recorded by the end of the pack."""
    return dossier.report.state.documents


def _looks(dossier: Dossier) -> Iterator[Row]:
    rules = dossier.report.state.rulebook.terms
    yield from look_rows(rules, rules.watched(dossier.store.added_documents()), archive_of(dossier))


def _provisions(dossier: Dossier) -> Iterator[Row]:
    rules, archive = dossier.report.state.rulebook.terms, archive_of(dossier)
    anchored = standings(rules, archive)
    for name in sorted(archive.looks):
        for look in archive.editions(name):
            yield from provision_rows(rules, look, archive.read(look.id), anchored, archive.notes)


def _notes(dossier: Dossier) -> Iterator[Row]:
    for one in archive_of(dossier).notes:
        signed = (one.signed.by, one.signed.at, one.signed.account, one.signed.host)
        yield (one.document, one.anchor, one.provision, one.text_sha256, one.holds, one.text, *signed)


TERMS = Sheet("terms.csv", LOOKS, _looks, frozenset(("recorded_by", "account", "host")))
TERMS_PROVISIONS = Sheet("provisions.csv", PROVISIONS, _provisions)
TERMS_NOTES = Sheet("terms_notes.csv", NOTE_COLUMNS, _notes, frozenset(("signed_by", "account", "host")))
