"""Times from outside: usable, or none; what is reckoned from them stays within the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contribaudit.core.model.times import LAST_DAY, LAST_MOMENT, later, parse_utc


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+02:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-05:00",
        "9999-12-31T19:00:00-05:00",
        "0000-01-01",
        "10000-01-01",
        "2026-06-30T23:59:60Z",
        "2026-06-30T24:00:00Z",
        "2026-02-30",
        "2026-01-01T00:00:00+25:00",
        "soon",
        "",
        "2026-01-01\ud83d",
        None,
        True,
        20260101,
        ["2026-01-01"],
    ],
)
def test_what_is_no_usable_time(text: object) -> None:
    assert parse_utc(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T08:00:00.123Z", datetime(2026, 11, 21, 8, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-11-21T08:00:00+02:00", datetime(2026, 11, 21, 6, tzinfo=UTC)),
        (" 2026-11-21T08:00 ", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_usable_time_is_utc(text: str, moment: datetime) -> None:
    found = parse_utc(text)
    assert found == moment
    assert found is not None
    assert found.tzinfo is UTC


def test_what_is_reckoned_ends_with_the_calendar() -> None:
    assert later(date(9999, 12, 30), timedelta(days=90)) == LAST_DAY
    assert later(datetime(9999, 12, 31, tzinfo=UTC), timedelta(days=30)) == LAST_MOMENT
    assert later(date(2026, 1, 1), timedelta(days=1)) == date(2026, 1, 2)
