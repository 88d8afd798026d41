"""When a schedule meant a run to begin: the newest such time of day that is not after the start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.operations.schedules import newest

BERLIN, HOWE, APIA = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("clock", "start", "planned"),
    [
        ("06:15", "2026-11-20T06:15+01:00", "2026-11-20T06:15+01:00"),
        ("06:15", "2026-11-20T06:29:59+01:00", "2026-11-20T06:15+01:00"),
        ("06:15", "2026-11-20T06:14:59.999999+01:00", "2026-11-19T06:15+01:00"),
        ("23:59", "2026-11-21T00:04+01:00", "2026-11-20T23:59+01:00"),
        # The machine was off from Friday on: of what it missed, the last one.
        ("06:15", "2026-11-23T08:00+01:00", "2026-11-23T06:15+01:00"),
        ("06:15", "2026-11-23T05:00+01:00", "2026-11-22T06:15+01:00"),
        # Clocks went forward in the night: 06:15 is an hour earlier in UTC.
        ("06:15", "2026-03-28T06:16+01:00", "2026-03-28T05:15+00:00"),
        ("06:15", "2026-03-29T06:16+02:00", "2026-03-29T04:15+00:00"),
        ("06:15", "2026-03-29T06:14+02:00", "2026-03-28T05:15+00:00"),
        # There was no 02:30: the moment of the jump, from 02:00 to 03:00.
        ("02:30", "2026-03-29T03:00:02+02:00", "2026-03-29T01:00+00:00"),
        ("02:30", "2026-03-29T23:00+02:00", "2026-03-29T01:00+00:00"),
        ("02:30", "2026-03-29T01:59:59+01:00", "2026-03-28T02:30+01:00"),
        ("02:30", "2026-03-30T02:30:01+02:00", "2026-03-30T02:30+02:00"),
        # There were two 02:30: whichever came last before the start.
        ("02:30", "2026-10-25T02:31+02:00", "2026-10-25T00:30+00:00"),
        ("02:30", "2026-10-25T02:29+01:00", "2026-10-25T00:30+00:00"),
        ("02:30", "2026-10-25T02:31+01:00", "2026-10-25T01:30+00:00"),
    ],
)
def test_the_newest_time_that_is_not_after_the_start(clock: str, start: str, planned: str) -> None:
    hour, minute = map(int, clock.split(":"))
    found = newest(hour, minute, at(start), BERLIN)
    assert (found, found.tzinfo) == (at(planned), UTC)


@pytest.mark.parametrize(
    ("zone", "start", "planned"),
    [
        # A jump of half an hour, from 02:00 to 02:30.
        (HOWE, "2026-10-04T02:30:01+11:00", "2026-10-03T15:30+00:00"),
        # 30 December 2011 never was there: its runs were due at the midnight that began the 31st.
        (APIA, "2011-12-31T01:00+14:00", "2011-12-30T10:00+00:00"),
    ],
)
def test_jumps_of_other_lengths(zone: ZoneInfo, start: str, planned: str) -> None:
    assert newest(2, 15, at(start), zone) == at(planned)


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  naive bounds
    st.sampled_from([BERLIN, HOWE, ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]),
)
def test_never_after_the_start_and_never_older_than_a_day_with_its_jump(
    hour: int, minute: int, start: datetime, zone: ZoneInfo
) -> None:
    """Clocks of the zone show the time of day then, unless they jumped over it just then; and none is in between."""
    found = newest(hour, minute, start, zone)
    assert timedelta(0) <= start - found <= timedelta(hours=25)
    shown = found.astimezone(zone)
    if (shown.hour, shown.minute) != (hour, minute):
        before = (found - timedelta(microseconds=1)).astimezone(zone).replace(tzinfo=None)
        wanted = shown.replace(hour=hour, minute=minute, tzinfo=None)
        assert before < wanted < shown.replace(tzinfo=None)
    between = found + timedelta(minutes=1)
    while between <= start:
        shown = between.astimezone(zone)
        assert (shown.hour, shown.minute) != (hour, minute)
        between += timedelta(minutes=1)


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock is Berlin's."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    "start", ["2026-07-01T06:16+02:00", "2026-12-01T06:16+01:00", "2026-03-29T03:00:02+02:00", "2026-10-25T02:31+01:00"]
)
def test_without_a_zone_it_is_this_machines(start: str) -> None:
    """The same as with its name, in summer, in winter, and when clocks change."""
    for hour, minute in ((6, 15), (2, 30)):
        assert newest(hour, minute, at(start)) == newest(hour, minute, at(start), BERLIN)
    assert newest(6, 15, at("2026-07-01T06:16+02:00")) == at("2026-07-01T04:15+00:00")
