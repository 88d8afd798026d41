"""Whether the audit log was read for an interval, and is known to hold anything at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from contribaudit.core.event_rules import LogRules
from contribaudit.core.model.audit_log import AuditLog

_TOUCHING = timedelta(seconds=1)
"""Readings follow each other to the millisecond at best."""


def covered(log: AuditLog, after: datetime, until: datetime) -> bool:
    """True when readings cover the interval without a hole and the log has ever shown an event.

    An event may be processed later than the run that saw its change; the next readings then find it.
    """
    return filled(log) and not any(holes(log, after, until))


def filled(log: AuditLog) -> bool:
    """True when the log has ever shown an event: without Guard or Enterprise it is empty, or refuses."""
    return any(reading.read for reading in log.readings)


def holes(log: AuditLog, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of the interval that no reading covers, oldest first."""
    spans = sorted(span for reading in log.readings if (span := reading.span) is not None)
    reached = after
    for start, end in spans:
        if start > until:
            break
        if start > reached + _TOUCHING:
            yield reached, start
        reached = max(reached, end)
    if reached < until:
        yield reached, until


def how_read(log: AuditLog, after: datetime, until: datetime, rules: LogRules) -> str:
    """In words: whether the log could be read, whether without holes, and how far back it reaches."""
    back = f"it reaches back {rules.retention_days} days"
    if not log.readings:
        return "the audit log was never read"
    newest = log.readings[-1]
    spans = [span for reading in log.readings if (span := reading.span) is not None]
    if not spans:
        return f"the audit log could not be read: {newest.reason or newest.code}"
    if not filled(log):
        return "the audit log has never shown an event, as without Guard or Enterprise"
    missing = list(holes(log, after, until))
    if missing:
        told = ", ".join(f"{one:%Y-%m-%d %H:%M}Z to {other:%Y-%m-%d %H:%M}Z" for one, other in missing[:3])
        why = next((one.reason for one in reversed(log.readings) if one.reason), "")
        return f"the log was not read from {told}{f': {why}' if why else ''}; {back}"
    last = max(end for _, end in spans)
    late = "" if last - until >= timedelta(hours=rules.latency_hours) else "; a late event may still come"
    return f"log read, no holes; {back}{late}"
