"""The vendor's sub-processors in the history: each import of the list, and who reviewed what."""

from __future__ import annotations

import json
import zlib
from dataclasses import astuple
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, select

from contribaudit.core.model.subprocessors import Link, ListHistory, Review, Row, SubprocessorList
from contribaudit.errors import StoreDamaged
from contribaudit.store import ids
from contribaudit.store.columns import signature_in, signed
from contribaudit.store.schema import subprocessor_lists, subprocessor_reviews
from contribaudit.store.vendors import keep_page


def add_list(connection: Connection, listed: SubprocessorList, body: bytes) -> None:
    """Keep an import with its page. What it says is not held against other imports here."""
    ids.one_writer(connection)
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
    keep_page(connection, body)


def add_review(connection: Connection, review: Review) -> None:
    """Keep a review."""
    ids.one_writer(connection)
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
