"""What happened in the organization since the last run, by its audit log.

`GET /admin/v1/orgs/{orgId}/events-stream`, scope `read:events:admin`, 50 requests a minute, oldest processed first.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/

Each reading goes on at the cursor that the last one ended with, so that nothing is asked for twice. Events whose action
may be the cause of a change are kept; which actions those are, the log's own catalogue is searched for. All others are
counted. Without Atlassian Guard or an Enterprise plan the log refuses, or holds nothing: an empty one proves nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

from contribaudit.atlassian.calls import STREAM_EVENTS
from contribaudit.atlassian.paging import is_cursor
from contribaudit.atlassian.stream import StreamPage
from contribaudit.collectors.event_actions import actions_of
from contribaudit.collectors.event_parse import parse
from contribaudit.collectors.interface import Collector, Reading
from contribaudit.core.model.audit_log import CURSOR_REFUSED, STOPPED_EARLY, UNREADABLE_ENTRY, EventAction, LogReading
from contribaudit.core.model.observation import Observation
from contribaudit.errors import AdminApiError, CursorRefused

MAX_PAGES = 200
"""In one run; the next goes on where it stopped. Four minutes at the published limit."""
FIRST_LOOK = timedelta(days=1)
"""How far back the very first run of an organization looks."""


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Put the events and how far the log was read into the reading; nothing is observed by it."""
    walk = _Walk(reading, await _relevant(reading))
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
    """The actions whose events are kept. Where the catalogue was not read, those of the last reading."""
    try:
        known = await actions_of(reading)
    except AdminApiError:
        return reading.log_position.actions
    return tuple(sorted(one for one in known if reading.log_rules.families_of(one)))


class _Walk:
    """One reading of the stream, page by page."""

    def __init__(self, reading: Reading, actions: tuple[EventAction, ...]) -> None:
        self.reading, self.actions = reading, actions
        self.wanted = {action.id for action in actions}
        position = reading.log_position
        earliest = reading.started_at - timedelta(days=reading.log_rules.retention_days)
        start = position.covers_until or position.previous_run or reading.started_at - FIRST_LOOK
        # A log that was told to be processed later than now was not read up to then.
        start = min(start, reading.started_at)
        self.since = max(start, earliest)
        # A cursor that old would lead through what the log has forgotten.
        self.cursor = position.cursor if position.cursor and start >= earliest else ""
        self.until: datetime | None = None
        self.code = self.reason = ""
        if self.cursor and not is_cursor(self.cursor):
            what = f"the history holds a place in the log that cannot be asked for ({len(self.cursor)} characters)"
            self.read_again(what)

    def note(self, code: str, reason: str) -> None:
        """Say why the reading is not whole; the first reason stays."""
        if not self.code or self.code == CURSOR_REFUSED:
            self.code, self.reason = code, reason

    async def on(self) -> None:
        """Read as far as there is something, or as one run may."""
        try:
            await self.pages()
        except CursorRefused as error:
            if not self.cursor or self.reading.pages:
                raise
            self.read_again(error.message)
            await self.pages()

    def read_again(self, why: str) -> None:
        """Leave the place to go on from, and begin where the last reading ended."""
        self.note(CURSOR_REFUSED, f"{why}; read again from {self.since:%Y-%m-%d %H:%M}Z")
        self.cursor = ""

    async def pages(self) -> None:
        """Every page from here on."""
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
            why = f"more than {MAX_PAGES} pages of events; the next run goes on from there"
            self.note(STOPPED_EARLY, why)
            self.reading.fall_short(STOPPED_EARLY, why)

    def take(self, page: StreamPage) -> None:
        """Keep what may be a cause, count the rest."""
        reading = self.reading
        for entry in page.items:
            reading.entries += 1
            event = parse(reading.client.organization, entry)
            if event is None:
                response = reading.keep(entry)
                reading.surprise("event without id, time or action", response)
                self.note(UNREADABLE_ENTRY, "an event has no ID, no time or no action")
                reading.fall_short(UNREADABLE_ENTRY, "an event has no ID, no time or no action")
                continue
            # Sorted by processing: whatever was processed before this one has been read.
            processed = min(event.processed_at, reading.started_at) if event.processed_at else None
            self.until = max(filter(None, (self.until, processed)), default=None)
            if event.action in self.wanted or reading.log_rules.families_of(EventAction(event.action)):
                reading.events[event.id] = replace(event, response=reading.keep(entry))
        reading.unique = reading.entries
        self.cursor = page.cursor

    def result(self) -> LogReading:
        """How far it came. What was asked for and not answered is not covered."""
        came = self.until is not None
        return LogReading(
            organization=self.reading.client.organization,
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
        "Who did what, and when, as far as the log tells. An empty log proves nothing: without Guard or Enterprise it"
        " is not filled."
    ),
)
