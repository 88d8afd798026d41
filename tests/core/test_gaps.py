"""When nobody looked is told, and never filled."""

from __future__ import annotations

from datetime import timedelta

from contribaudit.core.advise.gaps import Gap, RunSeen, gaps, gaps_by_collector
from tests.builders import NOW, ORG

HOUR = timedelta(hours=1)


def run(number: int, hours_ago: float, removed: str = "", **status: str) -> RunSeen:
    """A run of ten minutes."""
    begun = NOW - hours_ago * HOUR
    return RunSeen(number, begun, begun + HOUR / 6, status, removed, was_whole=bool(removed))


def spans(found: list[Gap]) -> list[tuple[str | None, float, bool, str]]:
    return [(one.collector, one.hours, one.open, one.why) for one in found]


def of(*runs: RunSeen, since: float | None = None) -> list[Gap]:
    begin = None if since is None else NOW - since * HOUR
    return gaps(ORG, runs, begin, NOW, expected_every_hours=26)


def test_daily_runs_leave_no_gap() -> None:
    assert of(*(run(number, 24.0 * (4 - number), apps="ok") for number in range(1, 5))) == []


def test_a_gap_goes_from_the_end_of_one_run_to_the_start_of_the_next() -> None:
    assert spans(of(run(1, 100, apps="ok"), run(2, 40, apps="ok"), run(3, 20, apps="ok"))) == [
        (None, 59.83, False, "no run")
    ]


def test_a_partial_run_closes_no_gap_of_what_it_did_not_read() -> None:
    """Of the other collector it does."""
    seen = [run(1, 60, apps="ok", policies="ok"), run(2, 36, apps="ok", policies="partial")]
    seen.append(run(3, 12, apps="ok", policies="ok"))
    found = gaps_by_collector(ORG, seen, None, NOW, expected_every_hours=26)
    why = "1 run did not read everything"
    assert spans(found) == [(None, 47.83, False, why), ("policies", 47.83, False, why)]


def test_a_run_that_was_removed_is_named_and_closes_nothing() -> None:
    removed = run(2, 60, removed="removed on 2026-11-20 by auditor")
    (gap,) = of(run(1, 90, apps="ok"), removed, run(3, 12, apps="ok"))
    assert gap.why == "1 run removed on 2026-11-20 by auditor, 1 of them whole"


def test_the_time_since_the_last_run_is_open() -> None:
    assert spans(of(run(1, 50, apps="ok"))) == [(None, 49.83, True, "no run")]


def test_the_time_before_the_first_run_is_a_gap_only_of_a_period_that_was_asked_for() -> None:
    runs = [run(1, 20, apps="ok")]
    assert of(*runs) == []
    assert spans(of(*runs, since=100)) == [(None, 80.0, False, "no run")]
    assert spans(of(since=100)) == [(None, 100.0, True, "no run")]


def test_runs_that_read_nothing_whole_close_nothing() -> None:
    assert spans(of(run(1, 30, apps="failed"), since=40)) == [(None, 40.0, True, "1 run did not read everything")]
