"""Times from outside, sums of times within the calendar's range, and the days of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import overload

_FIRST_YEAR = 1000
"""Earlier years are placeholders ("0001-01-01"), and lose their leading zeros when they are written again."""
LAST_DAY = date.max
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


def parse_utc(text: object) -> datetime | None:
    """An ISO 8601 date or time as aware UTC, where no offset means UTC; None for every other value.

    None too for a time that UTC cannot hold ("9999-12-31T23:59:59-05:00") and for one before the year 1000.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= _FIRST_YEAR else None


def parse_end(text: str) -> datetime | None:
    """The last moment of the given day, or the given time itself; None for text that `parse_utc` does not read."""
    moment = parse_utc(text)
    is_day = len(text.strip()) <= len("2026-11-21")
    return later(moment, timedelta(days=1, microseconds=-1)) if moment is not None and is_day else moment


def utc_day(moment: datetime) -> date:
    """The day of an aware moment in UTC."""
    return moment.astimezone(UTC).date()


def start_of(day: date) -> datetime:
    """The first moment of the day in UTC."""
    return datetime.combine(day, time(), UTC)


@overload
def later(start: datetime, span: timedelta) -> datetime: ...
@overload
def later(start: date, span: timedelta) -> date: ...
def later(start: date, span: timedelta) -> date:
    """`start` plus `span`; the calendar's last day or moment when the sum lies beyond it."""
    try:
        return start + span
    except OverflowError:
        return LAST_MOMENT if isinstance(start, datetime) else LAST_DAY
