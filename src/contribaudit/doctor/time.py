"""When the key ends, and whether the clock is right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contribaudit.core.model.times import parse_utc
from contribaudit.doctor.line import Line

SKEW_SECONDS = 60
DAYS_LEFT = 21
"""From so many days before the key's end on it is a warning: time enough to create another."""


def key_end(keys: list[dict[str, Any]], label: str, now: datetime) -> Line:
    """When the key ends, of all that the API lists; `label` is ours, "" when nobody said."""
    labelled = [key for key in keys if label and key.get("label") == label]
    running = [moment for key in labelled or keys if (moment := parse_utc(key.get("expiresAt"))) and moment > now]
    if not running:
        return Line.warning("key end", "when the key ends is not told", "Note its end in a calendar")
    end = min(running)
    days = (end - now).days
    if len(labelled) == 1 or len(keys) == 1:
        what, hint = f"the key ends on {end.date()}, in {days} days", ""
    else:
        several = f"{len(running)} keys" if len(running) > 1 else "one key"
        what = f"of {several} the first ends on {end.date()}, in {days} days"
        hint = "set api_key_label to tell which is the one that audits"
    if days > DAYS_LEFT:
        return Line.ok("key end", what, hint[:1].upper() + hint[1:])
    renew = "Create its successor at admin.atlassian.com, Organization settings, API keys"
    return Line.warning("key end", what, f"{renew}; {hint}" if hint else renew)


def clock(skew: float | None) -> Line:
    """Whether this machine's clock and the API's agree; `skew` is theirs minus ours."""
    if skew is None:
        return Line.ok("clock", "the API did not tell its time")
    if abs(skew) > SKEW_SECONDS:
        way = "behind" if skew > 0 else "ahead of"
        return Line.warning(
            "clock", f"this machine's clock is {abs(skew):.0f} s {way} the API's", "Let the clock be set by NTP"
        )
    return Line.ok("clock", "within a minute of the API's")
