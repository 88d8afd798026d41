"""Replaces a person's name in the history with a pseudonym; what the person did stays."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Column, Connection, delete, select, update

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.subject import pseudonym
from contribaudit.store import ids
from contribaudit.store.pruning import note
from contribaudit.store.schema import (
    attestations,
    baselines,
    change_notes,
    confirmations,
    document_looks,
    document_notes,
    events,
    facts,
    messages,
    responses,
    revocations,
    subprocessor_lists,
    subprocessor_reviews,
    told,
    watched_documents,
)

_NAMES: tuple[Column[str], ...] = (
    attestations.c.looked_by,
    attestations.c.recorded_by,
    confirmations.c.signed_by,
    revocations.c.signed_by,
    change_notes.c.signed_by,
    baselines.c.approved_by,
    watched_documents.c.added_by,
    document_looks.c.recorded_by,
    document_notes.c.signed_by,
    subprocessor_lists.c.imported_by,
    subprocessor_reviews.c.signed_by,
)
_TEXTS: tuple[Column[str], ...] = (told.c.text, messages.c.body)
"""Sentences of ours that may name whoever did something."""


def forget_person(connection: Connection, person: str, moment: datetime, signature: Signature) -> int:
    """Put the pseudonym in the name's place everywhere; how many entries that touched. It is noted under the pseudonym.

    Events of the audit log lose the actor's name, ID, message and raw object too.
    """
    ids.one_writer(connection)
    instead = pseudonym(person)
    touched = 0
    for column in _NAMES:
        for spelling in _spellings(connection, column, person):
            statement = update(column.table).where(column == spelling).values({column.name: instead})
            touched += connection.execute(statement).rowcount
    touched += _forget_actor(connection, person, instead)
    touched += sum(_forget_in_texts(connection, column, person, instead) for column in _TEXTS)
    if touched:
        note(connection, moment, signature, f"the name behind {instead} was erased", ())
    return touched


def _spellings(connection: Connection, column: Column[str], person: str) -> list[str]:
    """How the column spells the name: case and blanks do not tell persons apart."""
    folded = person.strip().casefold()
    every = connection.execute(select(column).distinct()).scalars()
    return [one for one in every if one.strip().casefold() == folded and one != pseudonym(person)]


def _forget_in_texts(connection: Connection, column: Column[str], person: str, instead: str) -> int:
    named = re.compile(re.escape(person.strip()), re.IGNORECASE)
    found = [text for text in connection.execute(select(column).distinct()).scalars() if named.search(text)]
    return sum(
        connection.execute(
            update(column.table).where(column == text).values({column.name: named.sub(instead, text)})
        ).rowcount
        for text in found
    )


def _forget_actor(connection: Connection, person: str, instead: str) -> int:
    touched = 0
    for spelling in _spellings(connection, events.c.actor_email, person):
        mine = events.c.actor_email == spelling
        raw = set(connection.execute(select(events.c.response).where(mine)).scalars()) - {None}
        values = {"actor_id": instead, "actor_name": "", "actor_email": instead, "message": "", "response": None}
        touched += connection.execute(update(events).where(mine).values(values)).rowcount
        for number in raw:
            used = select(facts.c.id).where(facts.c.response == number).limit(1)
            if connection.execute(used).scalar() is None:
                connection.execute(delete(responses).where(responses.c.id == number))
    return touched
