"""Days as people type them into a form: 2027-01-31, `today`, or so many days from today, `+90d`."""

from __future__ import annotations

import re
from datetime import date, timedelta

from contribaudit.errors import UsageError

PLACEHOLDER = "YYYY-MM-DD, today or +90d"
_FROM_TODAY = re.compile(r"([+-])([0-9]{1,5})d?")


def day_of(text: str, today: date) -> date:
    """The day. Raises UsageError with what a day may be written as."""
    written = text.strip().casefold()
    if written == "today":
        return today
    found = _FROM_TODAY.fullmatch(written)
    try:
        if found is not None:
            days = timedelta(days=int(found[2]))
            return today + days if found[1] == "+" else today - days
        return date.fromisoformat(written)
    except (ValueError, OverflowError):
        raise UsageError(f"`{text[:40]}` is not a date", hint="Write it as 2027-01-31, today or +90d") from None


def spelled(text: str, today: date) -> str:
    """The text as it is, but a day that is counted from today written out. Raises UsageError."""
    counted = text.strip().casefold() == "today" or text.strip()[:1] in ("+", "-")
    return day_of(text, today).isoformat() if counted else text
