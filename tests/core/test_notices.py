"""What is told, once, and what never is: by state told before and state now."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from contribaudit.core.advise.deadlines import Deadline, DeadlineKind
from contribaudit.core.advise.notices import (
    Event,
    Matter,
    ReportedMatter,
    Situation,
    _of_deadlines,
    back_off,
    last_slot,
    message_of,
    news,
    quiet_until,
    situation,
)
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.subject import organization_subject
from tests.builders import finding

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
KEY = "finding:0123"
BERLIN = ZoneInfo("Europe/Berlin")


def matter(event: Event = Event.FAILURES, state: str = "", key: str = KEY) -> Matter:
    return Matter(key, event, state, "In-app data contribution is off", "Acme: contributed", Severity.HIGH)


def told(
    event: Event = Event.FAILURES, state: str = "", *, times: int = 1, days_ago: float = 1
) -> dict[str, ReportedMatter]:
    return {KEY: ReportedMatter(event, state, "title", "text", NOW - timedelta(days=days_ago), times)}


def found(*bad: Matter, good: str = "", whole: bool = True) -> Situation:
    return Situation(bad, frozenset([good] if good else []), whole)


@pytest.mark.parametrize(
    ("before", "now", "tells", "recovers"),
    [
        ({}, found(matter()), 1, 0),
        (told(), found(matter()), 0, 0),
        (told(state="change-1"), found(matter()), 0, 0),  # the change is over, the failure is the same
        (told(state="change-1"), found(matter(state="change-2")), 1, 0),
        (told(), found(good=KEY), 0, 1),
        (told(), found(), 0, 0),
        (told(), found(whole=False), 0, 0),
        (told(), found(matter(Event.STALE)), 1, 0),
        (told(Event.STALE), found(matter()), 1, 0),
        (told(Event.RECOVERED), found(good=KEY), 0, 0),
        (told(Event.RECOVERED), found(matter()), 1, 0),
        (told(Event.RECOVERED, times=5), found(matter()), 0, 0),
        (told(Event.RECOVERED, times=5, days_ago=5), found(matter()), 1, 0),
        (told(Event.EXPIRING), found(good=KEY), 0, 0),
    ],
)
def test_a_state_is_told_once_and_recovered_only_when_verified(
    before: dict[str, ReportedMatter], now: Situation, tells: int, recovers: int
) -> None:
    fresh = news(before, now, NOW)
    assert (len(fresh.tell), len(fresh.recovered)) == (tells, recovers)


def test_what_is_gone_from_a_whole_run_is_forgotten_and_from_a_partial_one_is_not() -> None:
    assert news(told(), found(), NOW).forget == {KEY}
    assert not news(told(), found(whole=False), NOW).forget


def test_what_comes_and_goes_is_told_ever_more_rarely() -> None:
    assert [back_off(times).days for times in range(8)] == [0, 0, 0, 1, 2, 4, 7, 7]


def test_a_message_joins_what_belongs_together_and_stays_short() -> None:
    many = [matter(key=f"finding:{number}") for number in range(500)]
    message = message_of(Event.FAILURES, many, "Acme")
    assert message.title == "contribaudit: Acme: 500 findings fail"
    assert len(message.lines) == 6
    assert message.lines[-1] == "  and 496 more"


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-29T23:30", "2026-11-30T06:00"),
        ("2026-11-30T05:59", "2026-11-30T06:00"),
        ("2026-11-30T06:00", None),
        ("2026-11-30T12:00", None),
        ("2026-11-29T22:00", "2026-11-30T06:00"),
    ],
)
def test_quiet_hours_go_over_midnight_by_the_local_clock(now: str, until: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=BERLIN)
    ends = quiet_until(moment, (time(22), time(6)), BERLIN)
    assert ends == (datetime.fromisoformat(until).replace(tzinfo=BERLIN) if until else None)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-30T07:59", "2026-11-23T08:00"),  # a Monday
        ("2026-11-30T08:00", "2026-11-30T08:00"),
        ("2026-12-06T23:00", "2026-11-30T08:00"),
        ("2026-10-26T09:00", "2026-10-26T08:00"),  # the clock went back the day before
    ],
)
def test_the_weekly_slot_is_by_the_local_clock(now: str, slot: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=BERLIN).astimezone(UTC)
    assert last_slot(moment, 0, time(8), BERLIN) == datetime.fromisoformat(slot).replace(tzinfo=BERLIN)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_what_was_verified_is_right_again(outcome: Outcome) -> None:
    """A finding under a waiver, or whose window still runs, has not recovered; nor is it told as failing."""
    one = finding(outcome, Severity.CRITICAL)
    named = {one.subject.id: "Jira"}
    now = situation(one.subject.organization, [one], (), (), (), fail_on=Severity.HIGH, as_of=NOW, named=named)
    right = outcome in (Outcome.PASS, Outcome.EXEMPT, Outcome.NO_SUCH_SETTING)
    assert (f"finding:{one.id}" in now.good) is right
    assert bool(now.bad) is (outcome.violates or outcome.unproven)


def messages_about_a_key(hours: list[int]) -> list[int]:
    """At which of these hours before its end an audit tells of the key, each by what was told before."""
    ends = NOW + timedelta(days=60)
    deadline = Deadline(DeadlineKind.API_KEY, ends, "API key 'audit' ends", subject=organization_subject("acme"))
    known: dict[str, ReportedMatter] = {}
    told_at = []
    for left in hours:
        now = ends - timedelta(hours=left)
        for one in news(known, Situation(tuple(_of_deadlines([deadline], now)), frozenset(), True), now).tell:
            times = known[one.key].times + 1 if one.key in known else 1
            known[one.key] = ReportedMatter(one.event, one.state, "", "", now, times)
            told_at.append(left)
    return told_at


def test_a_key_s_end_is_told_30_14_7_and_1_days_before_and_then_once() -> None:
    """By daily audits, hourly ones, and some that were missed: each threshold once, at the first audit past it."""
    daily = messages_about_a_key([24 * day + 5 for day in range(60, -5, -1)])
    assert [hours // 24 for hours in daily if hours > 0] == [30, 14, 7, 1]
    assert len([hours for hours in daily if hours < 0]) == 1
    hourly = messages_about_a_key(list(range(60 * 24, -120, -1)))
    assert [hours // 24 for hours in hourly if hours > 0] == [30, 14, 7, 1]
    assert len([hours for hours in hourly if hours < 0]) == 1
    assert [hours // 24 for hours in messages_about_a_key([24 * 40, 24 * 20, 24 * 5, 12])] == [20, 5, 0]
