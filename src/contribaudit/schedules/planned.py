"""When a schedule meant a run to begin."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


def newest(hour: int, minute: int, start: datetime, zone: tzinfo | None = None) -> datetime:
    """The newest moment, not after `start`, at which clocks of the zone showed this time of day; UTC.

    `zone` None is this machine's. A time that comes twice, since clocks went back, is a moment each time. One that
    they skipped is the moment of the skip: cron runs such a job then, and systemd leaves that day out. Of several
    missed days it is thus the last, which is the only one that cron or systemd makes up for.
    """
    today = start.astimezone(zone).date()
    walls = (datetime.combine(today - days * _DAY, time(hour, minute)) for days in range(3))
    return max(moment for wall in walls for moment in _moments(wall, zone) if moment <= start)


def _moments(wall: datetime, zone: tzinfo | None) -> tuple[datetime, ...]:
    """When clocks showed it; the moment at which they jumped over it where they never did."""
    # Which fold reads it with which offset differs, in a jump, between this machine's zone and a named one.
    first, last = sorted(wall.replace(fold=fold, tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return first, last
    after = last.astimezone(zone).utcoffset()
    while first.astimezone(zone).utcoffset() != after:
        first += _MINUTE
    return (first,)
