"""Parses times, runs and checks that people type, and reads the page that they name."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from contribaudit.core.judge.check import Check, find, nearest_names, select
from contribaudit.core.model.phrases import either
from contribaudit.core.model.times import parse_end, parse_utc
from contribaudit.errors import UsageError

if TYPE_CHECKING:
    from contribaudit.audit.job import Job
    from contribaudit.store.history import History
    from contribaudit.store.records import RunRecord


_DURATION = re.compile(r"([0-9]{1,5})\s*([hdw])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 168}


def duration(text: str) -> timedelta:
    """A duration in hours, days or weeks. Raises UsageError for any other text."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"Invalid duration {text[:40]!r}", hint="Write hours, days or weeks: 12h, 30d, 2w.")
    return timedelta(hours=int(found[1]) * _HOURS[found[2].lower()])


def is_duration(text: str) -> bool:
    """True when the text is a duration."""
    return _DURATION.fullmatch(text.strip()) is not None


def moment(text: str) -> datetime:
    """A date or time (UTC unless it names a zone), or a duration before now: 12h, 7d, 2w. Raises UsageError."""
    if is_duration(text):
        return datetime.now(UTC) - duration(text)
    parsed = parse_utc(text)
    if parsed is None:
        raise UsageError(
            f"{text[:40]!r} is not a date", hint="Write 2026-11-21, 2026-11-21T06:00Z, or 7d for 7 days ago."
        )
    return parsed


def past_moment(job: Job, text: str | None) -> datetime | None:
    """The end of a run (by number) or of a day, or a time, never later than now; None for None.

    Raises UsageError, also for what has not begun: an answer of today would be taken for one of that day.
    """
    if text is not None and run_number(text) is None:
        _require_begun(text, job.clock())
    return end_by_now(job, text)


def end_by_now(job: Job, text: str | None) -> datetime | None:
    """The same for the end of a period, which may still run: now instead of a time in the future."""
    if text is None:
        return None
    number = run_number(text)
    end = (parse_end(text) or moment(text)) if number is None else job.store.run(number).finished_at
    return min(end, job.clock())


def _require_begun(text: str, now: datetime) -> None:
    if not is_duration(text) and moment(text) > now:
        raise UsageError(f"{text[:40]} is in the future", hint="Name a time that has passed, or today")


def run_number(text: str) -> int | None:
    """The number of a run; None for a date or any other text."""
    return int(text) if text.isdecimal() and len(text) < len("20261121") else None


def run_of(store: History, organization: str, text: str) -> RunRecord:
    """The run with that number, or the organization's last run by that time. Raises UsageError, also for the future.

    A duration that reaches back before the first run yields the first run.
    """
    number = run_number(text)
    if number is not None:
        return store.run(number)
    _require_begun(text, datetime.now(UTC))
    record = store.run_at(moment(text), organization)
    if record is None and is_duration(text):
        record = min(store.runs(organization=organization), key=lambda run: run.id, default=None)
    if record is None:
        hint = "Run `contribaudit runs list` to see its runs"
        raise UsageError(f"There is no run of {organization} at or before {text}", hint=hint)
    return record


def check_ids(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The IDs of the checks that match these IDs, slugs and wildcards. Raises UsageError for one that matches none."""
    from contribaudit import checks

    identities: dict[str, None] = {}
    for pattern in patterns:
        selected = select(checks.ALL, pattern)
        if not selected:
            raise _no_such_check(pattern)
        identities |= dict.fromkeys(check.id for check in selected)
    return tuple(identities)


def check_named(word: str) -> Check:
    """The check with this ID or slug. Raises UsageError when there is none."""
    from contribaudit import checks

    check = find(checks.ALL, word)
    if check is None:
        raise _no_such_check(word)
    return check


def _no_such_check(word: str) -> UsageError:
    from contribaudit import checks

    near = nearest_names(checks.ALL, word)
    advice = f"Did you mean {either(near)}? " if near else ""
    noun = "check fits" if set(word) & set("*?[") else "check is called"
    return UsageError(f"No {noun} {word[:60]!r}", hint=f"{advice}`contribaudit checks list` shows every ID and slug.")


def read_page(source: str) -> tuple[bytes, str]:
    """A saved page from a file, or from standard input for "-": its bytes, and the name of its source.

    At most MOST_BYTES + 1 bytes, which shows that a page is too large. Raises UsageError when it cannot be read.
    """
    from contribaudit.files import Unreadable, read_bytes
    from contribaudit.vendors.fetching import MOST_BYTES

    if source == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("There is nothing on standard input", hint="Pipe the page into the command")
        return sys.stdin.buffer.read(MOST_BYTES + 1), "standard input"
    try:
        return read_bytes(Path(source).expanduser(), most=MOST_BYTES + 1), Path(source).name
    except Unreadable as error:
        raise UsageError(f"The page {source} cannot be read: {error.reason}", hint=error.hint) from None
