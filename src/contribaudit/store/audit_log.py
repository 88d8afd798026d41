"""Tables of audit log events, of people's notes on changes, and of who has looked at the changes up to which run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.audit_log import AuditEvent, AuditLog, EventAction, LogPosition, LogReading
from contribaudit.core.model.change import Annotation
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.store import ids
from contribaudit.store.columns import fields_of, read_texts, signature_in, signed
from contribaudit.store.facts import organization_number
from contribaudit.store.schema import change_notes, events, log_readings, looks, responses, snapshots

_AS_THEY_ARE = ("action", "actor_id", "actor_name", "actor_email", "via", "message", "processed_at")
_READING = ("covers_from", "covers_until", "code", "reason", "read", "kept", "cursor")


def save_log(connection: Connection, run: int, organization: int, snapshot: Snapshot) -> None:
    """Store how far the run read the audit log, and the events that no earlier run read."""
    reading = snapshot.log_reading
    if reading is None:
        return
    last = _newest_actions(connection, organization)
    actions = None if last == reading.actions else json.dumps([[a.id, a.title, a.group] for a in reading.actions])
    values = fields_of(reading, _READING) | {"organization": organization, "run": run, "actions": actions}
    ids.add(connection, log_readings, **values)
    recorded = _known_events(connection, organization, [event.id for event in snapshot.events])
    coming = [event for event in {event.id: event for event in snapshot.events}.values() if event.id not in recorded]
    if not coming:
        return
    digests = [event.response for event in coming if event.response]
    numbers = ids.response_ids(connection, digests, {d: snapshot.raw[d] for d in digests if d in snapshot.raw})
    first = ids.next_id(connection, events)
    rows = [
        fields_of(event, _AS_THEY_ARE)
        | {
            "id": number,
            "organization": organization,
            "event": event.id,
            "happened_at": event.time,
            "named": json.dumps(event.named),
            "response": numbers.get(event.response),
        }
        for number, event in enumerate(coming, first)
    ]
    connection.execute(insert(events), rows)


_ORGANIZATION: BindParameter[Any] = bindparam("organization")
_POSITION = select(
    select(log_readings.c.cursor)
    .where(log_readings.c.organization == _ORGANIZATION)
    .order_by(log_readings.c.run.desc())
    .limit(1)
    .scalar_subquery(),
    select(func.max(log_readings.c.covers_until)).where(log_readings.c.organization == _ORGANIZATION).scalar_subquery(),
    select(func.max(snapshots.c.started_at)).where(snapshots.c.organization == _ORGANIZATION).scalar_subquery(),
)


def log_position(connection: Connection, organization: str) -> LogPosition:
    """How far the organization's audit log was read, so that the next reading can continue from there."""
    number = organization_number(connection, organization)
    cursor, covered, begun = connection.execute(_POSITION, {"organization": number}).one()
    return LogPosition(cursor or "", covered, begun, _newest_actions(connection, number) or ())


_EVENTS = (
    select(events, responses.c.digest)
    .outerjoin(responses, events.c.response == responses.c.id)
    .where(events.c.organization == _ORGANIZATION)
    .order_by(events.c.happened_at, events.c.id)
)


def read_log(
    connection: Connection, organization: str, since: datetime | None = None, until: datetime | None = None
) -> AuditLog:
    """The kept events that happened after `since` and not later than `until` (None: all), and every reading."""
    number = organization_number(connection, organization)
    query, times = _EVENTS, {}
    if since is not None:
        query, times["since"] = query.where(events.c.happened_at > bindparam("since")), since
    if until is not None:
        query, times["until"] = query.where(events.c.happened_at <= bindparam("until")), until
    entries = [
        AuditEvent(
            id=row.event,
            time=row.happened_at,
            named=read_texts(row.named),
            response=row.digest or "",
            **fields_of(row, _AS_THEY_ARE),
        )
        for row in connection.execute(query, {"organization": number} | times)
    ]
    return AuditLog(tuple(entries), tuple(_readings(connection, number)))


_READINGS = select(log_readings).where(log_readings.c.organization == _ORGANIZATION).order_by(log_readings.c.run)
_ACTIONS = (
    select(log_readings.c.actions)
    .where(log_readings.c.organization == _ORGANIZATION, log_readings.c.actions.is_not(None))
    .order_by(log_readings.c.run.desc())
    .limit(1)
)


def _readings(connection: Connection, number: int | None) -> Iterable[LogReading]:
    actions: tuple[EventAction, ...] = ()
    for row in connection.execute(_READINGS, {"organization": number}):
        actions = actions if row.actions is None else _actions(row.actions)
        yield LogReading(row.run, actions=actions, **fields_of(row, _READING))


def _newest_actions(connection: Connection, organization: int | None) -> tuple[EventAction, ...] | None:
    """The actions whose events the newest reading kept; None before the first reading."""
    text = connection.execute(_ACTIONS, {"organization": organization}).scalar()
    return None if text is None else _actions(text)


def _actions(text: str) -> tuple[EventAction, ...]:
    return tuple(EventAction(*parts) for parts in json.loads(text))


def _known_events(connection: Connection, organization: int, names: Sequence[str]) -> set[str]:
    query = select(events.c.event).where(events.c.organization == organization)
    return {name for (name,) in ids.rows_among(connection, query, events.c.event, names)}


def annotate(
    connection: Connection, organization: str, change: str, ticket: str, note: str, signature: Signature
) -> None:
    """Add a note to the change with this ID. The caller has checked that the change exists."""
    number = ids.organization_id(connection, organization)
    ids.add(connection, change_notes, organization=number, change=change, ticket=ticket, note=note, **signed(signature))


_CHANGE_NOTES = select(change_notes).where(change_notes.c.organization == _ORGANIZATION).order_by(change_notes.c.id)


def read_annotations(connection: Connection, organization: str) -> Mapping[str, tuple[Annotation, ...]]:
    """People's notes by the ID of the change, oldest first."""
    number = organization_number(connection, organization)
    by_change: dict[str, tuple[Annotation, ...]] = {}
    for row in connection.execute(_CHANGE_NOTES, {"organization": number}):
        by_change[row.change] = (*by_change.get(row.change, ()), Annotation(row.ticket, row.note, signature_in(row)))
    return by_change


def record_look(connection: Connection, account: str, host: str, run: int, moment: datetime) -> None:
    """Record that the account has seen all changes up to the run."""
    values: dict[str, Any] = {"account": account, "host": host, "run": run, "looked_at": moment}
    ids.add(connection, looks, **values)


def last_look(connection: Connection, account: str, host: str) -> int | None:
    """The newest run up to which the account has seen the changes; None when the account never looked."""
    c = looks.c
    return connection.execute(select(func.max(c.run)).where(c.account == account, c.host == host)).scalar()
