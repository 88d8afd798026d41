"""Writes deadlines as a table, JSON, CSV or an iCalendar file (RFC 5545) for the calendars that people use anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from icalendar import Calendar, Event

from contribaudit import __version__
from contribaudit.core.advise.deadlines import Deadline
from contribaudit.core.model.phrases import and_more
from contribaudit.core.model.times import later
from contribaudit.core.resolve.state import State
from contribaudit.exporters.tabular import render as render_rows
from contribaudit.exporters.text import Cell, row_of, safe_text

COLUMNS = (
    "deadline_id", "kind", "days_left", "ends_at", "whole_day", "organization_id", "organization_name", "subject_kind",
    "subject_id", "subject_name", "setting", "check", "what", "next_step", "source",
)  # fmt: skip
"""Columns of CSV and JSON: one row per deadline, soonest first. `days_left` and `ends_at` are empty without a date."""
_TABLE = ("days_left", "date", "kind", "what", "next_step")


def render(
    deadlines: Sequence[Deadline],
    state: State,
    output_format: str,
    *,
    terminal: bool = False,
    typed: Callable[[str], str] = str,
) -> str | bytes:
    """The deadlines in the given order. The table merges neighbours with the same day, kind and next step.

    `typed` completes the commands of next steps.
    """
    deadlines = [replace(one, next_step=typed(one.next_step)) for one in deadlines]
    if output_format == "ics":
        return calendar(deadlines, state)
    if output_format == "table":
        rows = [
            _deadline_row(list(group), state.as_of)
            for _, group in groupby(deadlines, lambda one: _row_key(one, state.as_of))
        ]
        return render_rows("table", _TABLE, rows, flexible="what", terminal=terminal)
    return render_rows(output_format, COLUMNS, [_cells(one, state) for one in deadlines])


def _row_key(deadline: Deadline, as_of: datetime) -> tuple[object, ...]:
    """A key that is equal for adjacent deadlines that share a row; a deadline without a date has a row of its own."""
    if deadline.ends_at is None:
        return (deadline.id,)
    return deadline.ends_at.date(), deadline.kind, deadline.next_step, deadline.days_left(as_of)


def _deadline_row(group: Sequence[Deadline], as_of: datetime) -> tuple[Cell, ...]:
    first = group[0]
    what = f"{first.what}, {and_more(len(group) - 1)} like it" if len(group) > 1 else first.what
    day = first.ends_at.date() if first.ends_at is not None else "no date known"
    return first.days_left(as_of), day, first.kind.replace("_", " "), what, first.next_step


def _cells(deadline: Deadline, state: State) -> tuple[Cell, ...]:
    subject = deadline.subject
    place = state.place(subject) if subject is not None else None
    organization = subject.organization if subject is not None else ""
    return row_of(
        COLUMNS,
        deadline,
        deadline_id=deadline.id,
        kind=deadline.kind.value,
        days_left=deadline.days_left(state.as_of),
        organization_id=organization or None,
        organization_name=state.organization_name(organization) or None,
        subject_kind=subject.kind.value if subject is not None else None,
        subject_id=subject.id if subject is not None else None,
        subject_name=place.name if place is not None else None,
        check=deadline.check or None,
    )


DOMAIN = "deadlines.contribaudit"
"""The part of each UID after the `@`; not an actual host."""


def calendar(deadlines: Iterable[Deadline], state: State) -> bytes:
    """One event for each deadline with a date, past ones included; UTF-8, lines end in CRLF.

    A UID stays the same as long as it refers to the same deadline, so that a later file moves the event. DTSTAMP is the
    time of the state.
    """
    ics = Calendar()
    ics.add("prodid", f"-//contribaudit//contribaudit {__version__}//EN")
    ics.add("version", "2.0")
    ics.add("calscale", "GREGORIAN")
    ics.add("method", "PUBLISH")
    for deadline in deadlines:
        if deadline.ends_at is not None:
            ics.add_component(_event(deadline, state))
    written: bytes = ics.to_ical()
    return written


def _event(deadline: Deadline, state: State) -> Event:
    assert deadline.ends_at is not None
    event = Event()
    event.add("uid", f"{deadline.id}@{DOMAIN}")
    event.add("dtstamp", state.as_of.astimezone(UTC).replace(microsecond=0))
    if deadline.whole_day:
        day = deadline.ends_at.astimezone(UTC).date()
        event.add("dtstart", day)
        event.add("dtend", later(day, timedelta(days=1)))
    else:
        event.add("dtstart", deadline.ends_at.astimezone(UTC).replace(microsecond=0))
    event.add("summary", safe_text(deadline.what))
    description = [safe_text(part) for part in (deadline.next_step, deadline.check, deadline.source) if part]
    event.add("description", "\n".join(description))
    event.add("categories", [deadline.kind.value])
    event.add("transp", "TRANSPARENT")
    return event
