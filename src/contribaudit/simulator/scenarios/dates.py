"""Dates relative to now, as scenario files write them: "in 9 days", "30 days ago", "in 10 days at 22:00"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

_PATTERN = re.compile(r"(?:in (?P<ahead>\d+) days?|(?P<behind>\d+) days? ago)(?: at (?P<clock>\d\d:\d\d))?")


def when(text: str, now: datetime) -> datetime:
    """The aware UTC moment, on a whole second. Without a clock time it is now's own time of day.

    Raises `ValueError` for anything else.
    """
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is no date; write "in 9 days", "30 days ago" or "in 10 days at 22:00"')
    days = int(found["ahead"]) if found["ahead"] else -int(found["behind"])
    moment = now.astimezone(UTC).replace(microsecond=0) + timedelta(days=days)
    if found["clock"]:
        moment = datetime.combine(moment.date(), time.fromisoformat(found["clock"]), UTC)
    return moment
