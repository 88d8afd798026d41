"""Deadlines as an iCalendar file, RFC 5545, for the calendars that people already look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta

from icalendar import Calendar, Event

from contribaudit import __version__
from contribaudit.core.model.deadline import Deadline
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import plain

DOMAIN = "deadlines.contribaudit"
"""After the `@` of each UID; it names no host."""


def calendar(found: Iterable[Deadline], state: State) -> bytes:
    """One event for each deadline that has a date, those that are over included; UTF-8, lines end in CRLF.

    A UID stays the same as long as it is about the same thing, so that a later file moves the event. DTSTAMP is the
    moment of the state.
    """
    made = Calendar()
    made.add("prodid", f"-//contribaudit//contribaudit {__version__}//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    for one in found:
        if one.ends_at is not None:
            made.add_component(_event(one, state))
    written: bytes = made.to_ical()
    return written


def _event(one: Deadline, state: State) -> Event:
    assert one.ends_at is not None
    event = Event()
    event.add("uid", f"{one.id}@{DOMAIN}")
    event.add("dtstamp", state.as_of.astimezone(UTC).replace(microsecond=0))
    if one.whole_day:
        day = one.ends_at.astimezone(UTC).date()
        event.add("dtstart", day)
        event.add("dtend", later(day, timedelta(days=1)))
    else:
        event.add("dtstart", one.ends_at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", plain(one.what))
    told = [plain(part) for part in (one.next_step, one.check, one.source) if part]
    event.add("description", "\n".join(told))
    event.add("categories", [one.kind.value])
    event.add("transp", "TRANSPARENT")
    return event
