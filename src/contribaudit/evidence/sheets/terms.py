"""terms.csv, provisions.csv, terms_notes.csv: the watched documents as they were known when the run was judged."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit.core.model.provisions import Archive
from contribaudit.core.resolve.provisions import standings
from contribaudit.evidence.dossier import Dossier
from contribaudit.evidence.sheet import Row, Sheet
from contribaudit.exporters.terms import LOOKS, PROVISIONS, look_rows, provision_rows

NOTE_COLUMNS = (
    "document", "anchor", "provision", "text_sha256", "holds", "note", "signed_by", "signed_at", "account", "host",
)  # fmt: skip


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
