"""What happened in the organization since the last run, from its audit log.

`GET /admin/v1/orgs/{orgId}/events-stream`, scope `read:events:admin`, 50 requests a minute, oldest processed first;
`GET /admin/v1/orgs/{orgId}/event-actions`, the same scope, 10 requests a minute.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/

Each reading continues at the cursor that the last one ended with, so that no event is requested twice. Events whose
action may be the cause of a change are kept: who, when, which action, on what. All others are only counted. The names
of actions are not published and must not be hard-coded, so the log's own catalogue is searched for them.

Without Atlassian Guard or an Enterprise plan, the log refuses or holds nothing: an empty one proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from contribaudit.atlassian.calls import LIST_EVENT_ACTIONS, STREAM_EVENTS
from contribaudit.atlassian.client import StreamPage
from contribaudit.atlassian.paging import is_cursor
from contribaudit.catalogue.organization import EVENT_ACTIONS as SETTING
from contribaudit.collectors.interface import Collector, Reading, id_in
from contribaudit.core.model.audit_log import (
    CURSOR_REFUSED,
    STOPPED_EARLY,
    UNREADABLE_ENTRY,
    AuditEvent,
    EventAction,
    LogReading,
)
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.times import parse_utc
from contribaudit.errors import AdminApiError, CursorRefused

_MOST_NAMES = 100
_LONGEST = 500
_IDENTIFIER = re.compile(
    r"ari:\S+|https?://\S+|[\w-]+(?:\.[\w-]+)+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
_HOST = re.compile(r"^https?://([^/\s]+)", re.IGNORECASE)


def parse(entry: Mapping[str, Any]) -> AuditEvent | None:
    """The event, still without its raw digest; None for an entry without an ID, a usable time or an action.

    An event without a usable time counts as having happened when the log processed it.
    """
    attributes = _object(entry.get("attributes"))
    identity, action = _short_text(id_in(entry)), _short_text(attributes.get("action"))
    processed = parse_utc(attributes.get("processedAt"))
    time = parse_utc(attributes.get("time")) or processed
    if not identity or not action or time is None:
        return None
    actor = _object(attributes.get("actor"))
    message = _object(entry.get("message")).get("content")
    return AuditEvent(
        id=identity,
        time=time,
        processed_at=processed,
        action=action,
        actor_id=_short_text(actor.get("id")),
        actor_name=_short_text(actor.get("name")),
        actor_email=_short_text(actor.get("email")),
        via=_via(actor),
        named=tuple(dict.fromkeys(_identifiers(attributes)))[:_MOST_NAMES],
        message=_short_text(message),
    )


def _via(actor: Mapping[str, Any]) -> str:
    """How the actor acted, when not as a person in a browser."""
    auth, behalf, app = (_object(actor.get(name)) for name in ("auth", "onBehalfOf", "app"))
    parts: list[str] = []
    if auth.get("authType"):
        label = _short_text(auth.get("tokenLabel")) or _short_text(auth.get("tokenId"))
        parts.append(f"{_short_text(auth['authType'])} {label}".strip())
    person = _short_text(behalf.get("email")) or _short_text(behalf.get("name")) or _short_text(behalf.get("id"))
    if person:
        parts.append(f"on behalf of {person}")
    if app.get("id"):
        parts.append(f"app {_short_text(app['id'])}")
    return ", ".join(parts)


def _identifiers(attributes: Mapping[str, Any]) -> Iterator[str]:
    """IDs of the objects and containers of an event, and identifiers in their attributes: ARIs, hosts and UUIDs."""
    for place in ("context", "container"):
        listed = attributes.get(place)
        for item in listed if isinstance(listed, list) else ():
            part = _object(item)
            if identity := _short_text(part.get("id")):
                yield identity
            for value in _object(part.get("attributes")).values():
                text = _short_text(value)
                if _IDENTIFIER.fullmatch(text):
                    host = _HOST.match(text)
                    yield host[1] if host else text


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _short_text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


_KEYS = frozenset(("id", "type", "attributes"))
_ATTRIBUTE_KEYS = frozenset(("displayName", "groupDisplayName"))


async def read_actions(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the IDs of the catalogue's actions."""
    entries = await _entries(reading)
    reading.pages += 1
    ids: set[str] = set()
    for entry in entries:
        reading.entries += 1
        response = reading.keep(entry)
        reading.known_keys("", entry, _KEYS, response)
        reading.known_keys("attributes", _object(entry.get("attributes")), _ATTRIBUTE_KEYS, response)
        if identity := reading.identity(entry):
            ids.add(identity)
    reading.unique = len(ids)
    if not reading.shortfalls:
        yield reading.observed(SETTING, reading.organization, tuple(sorted(ids)))


async def actions_of(reading: Reading) -> tuple[EventAction, ...]:
    """Every action with its names, in server order, without entries that have no ID. Raises AdminApiError."""
    actions: list[EventAction] = []
    for entry in await _entries(reading):
        identity, names = id_in(entry), _object(entry.get("attributes"))
        title, group = (_short_text(names.get(name)) for name in ("displayName", "groupDisplayName"))
        if identity:
            actions.append(EventAction(identity, title, group))
    return tuple(actions)


async def _entries(reading: Reading) -> list[dict[str, Any]]:
    """The raw catalogue, requested once per run because the API allows only ten requests a minute."""

    async def ask() -> list[dict[str, Any]]:
        return [entry async for page in reading.client.pages(LIST_EVENT_ACTIONS) for entry in page.items]

    return await reading.together(LIST_EVENT_ACTIONS, ask)


EVENT_ACTIONS = Collector(
    name="event_actions",
    call=LIST_EVENT_ACTIONS,
    promises=(SETTING.id,),
    read=read_actions,
    proves=(
        "The actions that the audit log can record. Whether it records any depends on Guard or Enterprise, and is "
        "not returned."
    ),
)


MAX_PAGES = 200
"""Most pages in one run, four minutes at the published limit; the next run continues from there."""
FIRST_LOOK = timedelta(days=1)
"""How far back an organization's first run looks."""


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Put the events and the extent of the reading into `reading`; yields no observations."""
    walk = _StreamReading(reading, await _relevant(reading))
    try:
        await walk.on()
    except AdminApiError as error:
        walk.note(error.code, error.message)
        raise
    finally:
        reading.log_reading = walk.result()
    nothing: tuple[Observation, ...] = ()
    for observation in nothing:
        yield observation


async def _relevant(reading: Reading) -> tuple[EventAction, ...]:
    """The actions whose events are kept; the last reading's actions when the catalogue was not read."""
    try:
        actions = await actions_of(reading)
    except AdminApiError:
        return reading.log_position.actions
    return tuple(sorted(one for one in actions if reading.log_rules.families_of(one)))


class _StreamReading:
    """One reading of the stream, page by page."""

    def __init__(self, reading: Reading, actions: tuple[EventAction, ...]) -> None:
        self.reading, self.actions = reading, actions
        self.wanted = {action.id for action in actions}
        position = reading.log_position
        earliest = reading.started_at - timedelta(days=reading.log_rules.retention_days)
        start = position.covers_until or position.previous_run or reading.started_at - FIRST_LOOK
        # A log can claim to be processed into the future; it cannot have been read up to then.
        start = min(start, reading.started_at)
        self.since = max(start, earliest)
        # An older cursor would lead to events that the log no longer holds.
        self.cursor = position.cursor if position.cursor and start >= earliest else ""
        self.until: datetime | None = None
        self.code = self.reason = ""
        if self.cursor and not is_cursor(self.cursor):
            what = f"the history holds an audit log cursor that cannot be sent ({len(self.cursor)} characters)"
            self.read_again(what)

    def note(self, code: str, reason: str) -> None:
        """Record why the reading is incomplete; the first reason stays."""
        if not self.code or self.code == CURSOR_REFUSED:
            self.code, self.reason = code, reason

    async def on(self) -> None:
        """Read to the end of the log, or as far as one run may."""
        try:
            await self.pages()
        except CursorRefused as error:
            if not self.cursor or self.reading.pages:
                raise
            self.read_again(error.message)
            await self.pages()

    def read_again(self, why: str) -> None:
        """Drop the cursor, and start where the last reading ended."""
        self.note(CURSOR_REFUSED, f"{why}; read again from {self.since:%Y-%m-%d %H:%M}Z")
        self.cursor = ""

    async def pages(self) -> None:
        """Read every page from here on."""
        stream = self.reading.client.stream(
            STREAM_EVENTS, cursor=self.cursor, since=None if self.cursor else self.since, max_pages=MAX_PAGES
        )
        page: StreamPage | None = None
        async for page in stream:
            self.reading.pages += 1
            self.take(page)
        if page is not None and page.last:
            self.until = self.reading.started_at
        else:
            why = f"more than {MAX_PAGES} pages of events; the next run continues from there"
            self.note(STOPPED_EARLY, why)
            self.reading.fall_short(STOPPED_EARLY, why)

    def take(self, page: StreamPage) -> None:
        """Keep the events that may be a cause, and count the rest."""
        reading = self.reading
        for entry in page.items:
            reading.entries += 1
            event = parse(entry)
            if event is None:
                response = reading.keep(entry)
                reading.surprise("event without id, time or action", response)
                self.note(UNREADABLE_ENTRY, "an event has no ID, no time or no action")
                reading.fall_short(UNREADABLE_ENTRY, "an event has no ID, no time or no action")
                continue
            # Sorted by processing time: everything processed before this event has been read.
            processed = min(event.processed_at, reading.started_at) if event.processed_at else None
            self.until = max(filter(None, (self.until, processed)), default=None)
            if event.action in self.wanted or reading.log_rules.families_of(EventAction(event.action)):
                reading.events[event.id] = replace(event, response=reading.keep(entry))
        reading.unique = reading.entries
        self.cursor = page.cursor

    def result(self) -> LogReading:
        """The extent of this reading for the history. Requests without an answer are not covered."""
        came = self.until is not None
        return LogReading(
            run=0,
            covers_from=self.since if came else None,
            covers_until=self.until if came else None,
            code=self.code,
            reason=self.reason,
            actions=self.actions,
            read=self.reading.entries,
            kept=len(self.reading.events),
            cursor=self.cursor,
        )


EVENTS = Collector(
    name="events",
    call=STREAM_EVENTS,
    promises=(),
    read=read,
    proves=(
        "Who did what and when, as far as the log records it. An empty log proves nothing: without Guard or "
        "Enterprise nothing is recorded."
    ),
)
