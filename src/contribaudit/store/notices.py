"""Notices already sent to people, and messages still to be delivered.

Every runner that shares the history asks it in one write transaction what is news, so that no two send the same notice.
A message is stored with one delivery per destination, which is retried until it arrives or is given up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from contribaudit.core.advise.notices import Event, Matter, Message, News, ReportedMatter
from contribaudit.store import ids
from contribaudit.store.columns import fields_of
from contribaudit.store.schema import deliveries, messages, told

KEPT_DAYS = 90
"""How many days messages, and notices of signals, are kept."""
COUNTED_DAYS = 14
"""How many days back earlier notices of a matter count."""
CLAIMED_MINUTES = 10
GIVEN_UP_AFTER = 8
"""How many attempts a delivery gets."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where messages go: a name without secrets, and a digest that identifies the destination."""

    digest: str
    name: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one destination."""

    id: int
    message_id: int
    destination: Destination
    message: Message
    organization: str
    run: int | None
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str

    @property
    def given_up(self) -> bool:
        """True when the delivery will not be tried again."""
        return self.sent_at is None and self.attempts >= GIVEN_UP_AFTER


_AS_THEY_ARE = ("id", "organization", "run", "created_at", "next_at", "sent_at", "attempts", "error")
Compose = Callable[[Mapping[str, ReportedMatter], bool], tuple[News, Sequence[tuple[Message, datetime]]]]
"""Takes the last notice of each matter, and whether the organization has had none yet. Returns what is news, and the
messages about it, each with the earliest moment to send it.
"""


def tell(
    connection: Connection,
    organization: str,
    run: int | None,
    now: datetime,
    destinations: Sequence[Destination],
    compose: Compose,
) -> News | None:
    """Find out what is news and store the messages about it. None, and nothing stored, when a newer run already did."""
    rows = connection.execute(select(told).where(told.c.organization == organization)).all()
    newest = max((row.run for row in rows if row.run is not None), default=None)
    if run is not None and newest is not None and run < newest:
        return None
    before = {
        row.key: ReportedMatter(Event(row.event), row.state, row.topic, row.text, row.told_at, row.times)
        for row in rows
        if row.key
    }
    news, coming = compose(before, newest is None)
    for matter in news.tell:
        _note(connection, organization, run, now, matter, before.get(matter.key))
    for key, was in news.recovered:
        matter = Matter(key, Event.RECOVERED, "", was.group, was.text)
        _note(connection, organization, run, now, matter, was, counts=False)
    _note_last_run(connection, organization, run if run is not None else newest, now)
    if news.forget:
        of_organization = told.c.organization == organization
        for key in news.forget:
            connection.execute(delete(told).where(of_organization, told.c.key == key))
    for message, not_before in coming:
        keep_message(connection, organization, run, now, destinations, message, not_before)
    _forget_old(connection, now)
    return news


def _note(
    connection: Connection,
    organization: str,
    run: int | None,
    now: datetime,
    matter: Matter,
    was: ReportedMatter | None,
    *,
    counts: bool = True,
) -> None:
    recent = was is not None and was.told_at > now - timedelta(days=COUNTED_DAYS)
    times = (was.times if was is not None and recent else 0) + counts
    told_at = now if counts or was is None else was.told_at
    values = {
        "run": run,
        "event": matter.event.value,
        "state": matter.state,
        "topic": matter.group,
        "text": matter.text,
        "told_at": told_at,
        "times": times,
    }
    if was is None:
        connection.execute(insert(told).values(organization=organization, key=matter.key, **values))
    else:
        same_matter = and_(told.c.organization == organization, told.c.key == matter.key)
        connection.execute(update(told).where(same_matter).values(values))


def _note_last_run(connection: Connection, organization: str, run: int | None, now: datetime) -> None:
    """Record under the empty key up to which run notices of the organization were made."""
    connection.execute(delete(told).where(told.c.organization == organization, told.c.key == ""))
    row = {"event": Event.FIRST.value, "state": "", "topic": "", "text": "", "told_at": now, "times": 0}
    connection.execute(insert(told).values(organization=organization, key="", run=run, **row))


def keep_message(
    connection: Connection,
    organization: str,
    run: int | None,
    now: datetime,
    destinations: Iterable[Destination],
    message: Message,
    not_before: datetime,
) -> None:
    """Store a message with a delivery for each destination."""
    number = ids.add(
        connection,
        messages,
        organization=organization,
        run=run,
        event=message.event.value,
        critical=message.critical,
        title=message.title,
        body=json.dumps({"lines": message.lines, "facts": message.facts}),
        created_at=now,
    )
    for one in destinations:
        columns = {"destination": one.digest, "name": one.name, "next_at": not_before}
        ids.add(connection, deliveries, message=number, attempts=0, error="", **columns)


def claim_deliveries(connection: Connection, now: datetime, destinations: Iterable[str]) -> list[Delivery]:
    """Deliveries to these destinations that are due, oldest first; no other runner gets them for CLAIMED_MINUTES."""
    c = deliveries.c
    due = and_(
        c.sent_at.is_(None),
        c.attempts < GIVEN_UP_AFTER,
        c.next_at <= now,
        or_(c.claimed_until.is_(None), c.claimed_until <= now),
        c.destination.in_(list(destinations)),
    )
    claimed = _read_deliveries(connection, due)
    until = now + timedelta(minutes=CLAIMED_MINUTES)
    for one in claimed:
        connection.execute(update(deliveries).where(c.id == one.id).values(claimed_until=until))
    return claimed


def note_delivery(connection: Connection, delivery: Delivery, now: datetime, error: str) -> None:
    """Record that a delivery arrived, or the error that prevented it ("" for none); retries wait longer each time."""
    values: dict[str, Any] = {"attempts": delivery.attempts + 1, "claimed_until": None, "error": error}
    if error:
        values["next_at"] = now + timedelta(minutes=min(5 * 4**delivery.attempts, 24 * 60))
    else:
        values["sent_at"] = now
    connection.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(values))


def read_deliveries(connection: Connection) -> list[Delivery]:
    """Every stored delivery, oldest first."""
    return _read_deliveries(connection, None)


def _read_deliveries(connection: Connection, which: Any) -> list[Delivery]:
    query = select(deliveries, messages).join(messages, deliveries.c.message == messages.c.id)
    if which is not None:
        query = query.where(which)
    entries = []
    for row in connection.execute(query.order_by(deliveries.c.id)):
        body = json.loads(row.body)
        message = Message(Event(row.event), row.title, tuple(body["lines"]), row.critical, body["facts"])
        where = Destination(row.destination, row.name)
        entries.append(
            Delivery(message_id=row.message, destination=where, message=message, **fields_of(row, _AS_THEY_ARE))
        )
    return entries


def _forget_old(connection: Connection, now: datetime) -> None:
    cutoff = now - timedelta(days=KEPT_DAYS)
    old = select(messages.c.id).where(messages.c.created_at < cutoff)
    connection.execute(delete(deliveries).where(deliveries.c.message.in_(old)))
    connection.execute(delete(messages).where(messages.c.created_at < cutoff))
    connection.execute(delete(told).where(told.c.key.like("signal:%"), told.c.told_at < cutoff))
