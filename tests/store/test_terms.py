"""Looks at documents, their texts and pages, and notes: kept to the letter, on either database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from sqlalchemy import update

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.provisions import Look, LookOutcome, Note, Provision, ProvisionKind, Watched
from contribaudit.errors import StoreDamaged
from contribaudit.store.history import History
from contribaudit.store.schema import document_looks, document_pages

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
WHO = Signature("dpo@acme.example", AT, "dpo", "laptop")
HOSTILE = "a\x00b \ud800 \u202e 'quoted' \u2019"
BODY = b"<p>\x00 page</p>"
TEXT = (
    Provision(ProvisionKind.HEADING, (), "Terms"),
    Provision(ProvisionKind.TEXT, ("Terms",), HOSTILE),
    Provision(ProvisionKind.ROW, ("Terms", HOSTILE), "one | two"),
)
LOOK = Look(
    id=0,
    document="dpa",
    outcome=LookOutcome.FIRST,
    code="",
    reason=HOSTILE,
    retrieved_at=AT,
    source="https://www.vendor.example/dpa",
    fetched=True,
    sha256=sha256(BODY).hexdigest(),
    text_sha256="1" * 64,
    size_bytes=len(BODY),
    stated_on=date(2026, 8, 17),
    redirects=("https://legal.vendor.example/dpa",),
    recorded=WHO,
    accepted=True,
    etag='"a"',
    last_modified="Mon, 02 Mar 2026 08:00:00 GMT",
)


def test_a_look_comes_back_to_the_letter(history: History) -> None:
    kept = history.add_look(LOOK, BODY, TEXT)
    unread = history.add_look(replace(LOOK, outcome=LookOutcome.NOT_READABLE, stated_on=None, sha256=""), None, None)
    archive = history.documents()
    assert archive.looks == {"dpa": (kept, unread)}
    assert kept == replace(LOOK, id=kept.id)
    assert archive.read(kept.id) == TEXT
    assert archive.read(unread.id) == ()
    assert history.page(kept.sha256) == BODY


def test_one_page_is_kept_once(history: History) -> None:
    history.add_look(LOOK, BODY, TEXT)
    history.add_look(LOOK, BODY, TEXT)
    assert history.page(LOOK.sha256) == BODY


def test_notes_and_added_documents_come_back(history: History) -> None:
    note = history.add_document_note(Note(0, "dpa", "anchor", HOSTILE, "1" * 64, True, HOSTILE, WHO))
    assert history.documents().notes == (note,)
    history.add_document(Watched("house-rules", "House rules", ""), WHO)
    history.add_document(Watched("house-rules", HOSTILE, "https://www.vendor.example/"), WHO)
    assert history.added_documents() == (Watched("house-rules", HOSTILE, "https://www.vendor.example/", shipped=False),)


def test_what_was_altered_is_told(history: History) -> None:
    look = history.add_look(LOOK, BODY, TEXT)
    with history._writing() as connection:
        connection.execute(update(document_pages).values(body=b"x"))
        connection.execute(update(document_looks).values(provisions=b"x"))
    with pytest.raises(StoreDamaged, match="cannot be decompressed"):
        history.page(look.sha256)
    with pytest.raises(StoreDamaged, match="cannot be read"):
        history.documents().read(look.id)
    with pytest.raises(StoreDamaged, match="is not in the history"):
        history.page("0" * 64)


def test_a_person_can_be_forgotten(history: History) -> None:
    history.add_document(Watched("house-rules", "House rules", ""), WHO)
    history.add_look(LOOK, BODY, TEXT)
    history.add_document_note(Note(0, "dpa", "", "", "", False, "x", WHO))
    assert history.forget_person("DPO@acme.example", AT, Signature("", AT, "root", "host")) >= 3
    archive = history.documents()
    assert "dpo" not in archive.looks["dpa"][0].recorded.by
    assert "dpo" not in archive.notes[0].signed.by


def test_what_came_later_is_not_known_at_a_moment(history: History) -> None:
    first = history.add_look(LOOK, BODY, TEXT)
    later = replace(WHO, at=AT.replace(day=3))
    history.add_look(replace(LOOK, outcome=LookOutcome.CHANGED, recorded=later), BODY, TEXT[:2])
    history.add_document_note(Note(0, "dpa", "", "", "", False, "x", later))
    known = history.documents().until(AT.replace(day=2))
    assert known.looks == {"dpa": (first,)}
    assert known.notes == ()
