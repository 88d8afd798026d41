"""Tables of watched documents, looks at them, their texts and people's notes; and of the vendor's sub-processors."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select, update

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import Look, LookOutcome, Note, Provision, ProvisionKind, Provisions, Watched
from contribaudit.core.model.subprocessors import Link, ListHistory, Review, Row, SubprocessorList
from contribaudit.errors import StoreDamaged
from contribaudit.store import ids
from contribaudit.store.columns import fields_of, read_texts, signature_in, signed
from contribaudit.store.schema import (
    document_looks,
    document_notes,
    document_pages,
    subprocessor_lists,
    subprocessor_reviews,
    watched_documents,
)

_KINDS = {one.value: one for one in ProvisionKind}
_HINT = "Restore the history from a backup, or import the document again"


def add_document(connection: Connection, watched: Watched, signature: Signature) -> None:
    """Watch a document from now on; a document that is already watched gets the new title and address."""
    values = {"title": watched.title, "url": watched.url, **signed(signature, "added")}
    same_name = watched_documents.c.document == watched.name
    if connection.execute(select(watched_documents.c.id).where(same_name)).scalar() is None:
        ids.add(connection, watched_documents, document=watched.name, **values)
    else:
        connection.execute(update(watched_documents).where(same_name).values(values))


def read_added(connection: Connection) -> tuple[Watched, ...]:
    """The documents that people added, in the order of adding."""
    rows = connection.execute(select(watched_documents).order_by(watched_documents.c.id))
    return tuple(Watched(row.document, row.title, row.url, shipped=False) for row in rows)


def add_look(connection: Connection, look: Look, body: bytes | None, provisions: Provisions | None) -> Look:
    """Store a look. `body` is the page as received and `provisions` its text; None when they are not stored."""
    number = ids.add(
        connection,
        document_looks,
        outcome=look.outcome.value,
        stated_on=look.stated_on.isoformat() if look.stated_on else None,
        redirects=json.dumps(look.redirects),
        provisions=None if provisions is None else _packed(provisions),
        **fields_of(look, _AS_THEY_ARE),
        **signed(look.recorded, "recorded"),
    )
    if body is not None:
        ids.keep_body(connection, document_pages, sha256(body).hexdigest(), body)
    row = connection.execute(select(*_COLUMNS).where(document_looks.c.id == number)).one()
    return _look_from_row(row)


_AS_THEY_ARE = (
    "document", "code", "reason", "retrieved_at", "source", "fetched", "sha256", "text_sha256", "size_bytes",
    "accepted", "etag", "last_modified",
)  # fmt: skip
_COLUMNS = [column for column in document_looks.c if column.name != "provisions"]


_LOOKS = select(*_COLUMNS).order_by(document_looks.c.id)


def read_looks(connection: Connection, document: str | None = None) -> dict[str, Sequence[Look]]:
    """Every look at the document (None: at any document), by document, in the order of recording."""
    query = _LOOKS if document is None else _LOOKS.where(document_looks.c.document == document)
    by_document: dict[str, list[Look]] = defaultdict(list)
    for row in connection.execute(query):
        by_document[row.document].append(_look_from_row(row))
    return {name: tuple(looks) for name, looks in by_document.items()}


def _look_from_row(row: Any) -> Look:
    return Look(
        id=row.id,
        outcome=LookOutcome(row.outcome),
        stated_on=date.fromisoformat(row.stated_on) if row.stated_on else None,
        redirects=read_texts(row.redirects),
        recorded=signature_in(row, "recorded"),
        **fields_of(row, _AS_THEY_ARE),
    )


def _packed(provisions: Provisions) -> bytes:
    rows = [[one.kind.value, list(one.heading), one.text] for one in provisions]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode("ascii"))


def read_provisions(connection: Connection, look: int) -> Provisions:
    """The text that a look brought, () for none. Raises StoreDamaged when it cannot be read."""
    packed = connection.execute(select(document_looks.c.provisions).where(document_looks.c.id == look)).scalar()
    if packed is None:
        return ()
    try:
        rows = json.loads(zlib.decompress(packed))
        return tuple(Provision(_KINDS[kind], tuple(heading), text) for kind, heading, text in rows)
    except (zlib.error, ValueError, TypeError, KeyError) as error:
        raise StoreDamaged(f"The text of look {look} at a document cannot be read", hint=_HINT) from error


def read_page(connection: Connection, digest: str) -> bytes:
    """A page as it was received. Raises StoreDamaged when it is missing or was altered."""
    return ids.read_body(connection, document_pages, digest, "The page", _HINT)


def add_note(connection: Connection, note: Note) -> Note:
    """Store a person's note and return it with its number."""
    names = ("document", "anchor", "provision", "text_sha256", "holds")
    number = ids.add(connection, document_notes, note=note.text, **fields_of(note, names), **signed(note.signed))
    return replace(note, id=number)


_NOTES = select(document_notes).order_by(document_notes.c.id)


def read_notes(connection: Connection) -> tuple[Note, ...]:
    """Every note, in the order of writing."""
    return tuple(
        Note(row.id, row.document, row.anchor, row.provision, row.text_sha256, row.holds, row.note, signature_in(row))
        for row in connection.execute(_NOTES)
    )


def add_list(connection: Connection, listed: SubprocessorList, body: bytes) -> None:
    """Store an import with its page. It is not compared with other imports here."""
    assert listed.imported is not None
    assert listed.sha256 == sha256(body).hexdigest()
    values = {
        "effective": listed.effective.isoformat(),
        "source": listed.source,
        "digest": listed.sha256,
        "rows": zlib.compress(json.dumps([astuple(row) for row in listed.rows], separators=(",", ":")).encode("ascii")),
        **signed(listed.imported, "imported"),
        "etag": listed.etag,
        "last_modified": listed.last_modified,
    }
    ids.add(connection, subprocessor_lists, **values)
    ids.keep_body(connection, document_pages, listed.sha256, body)


def add_review(connection: Connection, review: Review) -> None:
    """Store a review."""
    values = {"effective": review.effective.isoformat(), "row": review.row, "note": review.note}
    ids.add(connection, subprocessor_reviews, **values, **signed(review.signed))


_LISTS = select(subprocessor_lists).order_by(subprocessor_lists.c.id)
_REVIEWS = select(subprocessor_reviews).order_by(subprocessor_reviews.c.id)


def read_lists(connection: Connection) -> ListHistory:
    """Every import and every review. Raises StoreDamaged for rows that cannot be read."""
    imports = [
        SubprocessorList(
            date.fromisoformat(row.effective),
            _rows(row.rows, row.effective),
            row.source,
            row.digest,
            signature_in(row, "imported"),
            row.etag or "",
            row.last_modified or "",
        )
        for row in connection.execute(_LISTS)
    ]
    reviews = [
        Review(date.fromisoformat(row.effective), row.row, signature_in(row), row.note)
        for row in connection.execute(_REVIEWS)
    ]
    return ListHistory.of(imports, reviews)


def _rows(packed: bytes, effective: str) -> tuple[Row, ...]:
    try:
        return tuple(
            Row(name, products, purposes, categories, places, security, tuple(Link(*one) for one in links), group)
            for name, products, purposes, categories, places, security, links, group in json.loads(
                zlib.decompress(packed)
            )
        )
    except (zlib.error, ValueError, TypeError, IndexError) as error:
        raise StoreDamaged(
            f"The list of sub-processors of {effective} cannot be read",
            hint="Restore the history from a backup, or import the page again",
        ) from error
