"""Runs are listed, found by number and date, and given their verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from contribaudit.errors import UsageError
from contribaudit.store.history import History

from .builders import FAILED, ORG, PARTIAL, day, draft, realms, save, snapshot


def test_a_run_comes_back_as_it_was_saved(location: str) -> None:
    with History.open(location) as history:
        saved = history.save(draft(0, "--only residency"), [snapshot(0, realms(one="eu"))])
    with History.open(location) as history:
        assert history.run(1) == saved
    assert (saved.id, saved.organizations, saved.complete) == (1, (ORG,), True)
    assert (saved.exit_code, saved.summary, saved.selection) == (None, {}, "--only residency")
    assert saved.started_at == day(0)
    assert saved.started_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("late", "minutes"), [(timedelta(0), 0), (timedelta(seconds=119), 1), (timedelta(days=1), 1440)]
)
def test_when_a_run_was_planned_is_kept(history: History, late: timedelta, minutes: int) -> None:
    """In UTC, and how many whole minutes late it began; one that nobody planned has neither."""
    east = timezone(timedelta(hours=9))
    planned = replace(draft(1), planned_at=(day(1) - late).astimezone(east))
    saved = history.save(planned, [snapshot(1, realms(one="eu"))])
    assert (saved.planned_at, saved.late_minutes) == (day(1) - late, minutes)
    assert saved.planned_at is not None
    assert saved.planned_at.utcoffset() == timedelta(0)
    other = save(history, snapshot(2, realms(one="eu")))
    assert (other.planned_at, other.late_minutes) == (None, None)


def test_a_verdict_is_kept_with_its_run(history: History) -> None:
    save(history, snapshot(0, realms(one="eu")))
    history.record_verdict(1, 3, {"pass": 4, "unknown": 1})
    assert (history.run(1).exit_code, history.run(1).summary) == (3, {"pass": 4, "unknown": 1})
    with pytest.raises(UsageError, match=r"no run 2\. The newest run is 1"):
        history.record_verdict(2, 0, {})


@pytest.mark.parametrize("status", [PARTIAL, FAILED])
def test_a_run_is_complete_when_every_collector_was(history: History, status: object) -> None:
    whole, part = snapshot(0, realms(one="eu")), snapshot(0, realms(), {"apps": status}, "b")  # type: ignore[dict-item]
    assert save(history, whole).complete
    assert not save(history, whole, part).complete
    assert not history.save(draft(1), []).complete


def test_runs_newest_first(history: History) -> None:
    for number, organization in enumerate(["a", "b", "a"]):
        save(history, snapshot(number, realms(one="eu"), organization=organization))
    assert [run.id for run in history.runs()] == [3, 2, 1]
    assert [run.id for run in history.runs(limit=2)] == [3, 2]
    assert [run.id for run in history.runs(organization="a")] == [3, 1]
    assert [run.id for run in history.runs(organization="a", limit=1)] == [3]
    assert history.runs(organization="nobody") == []


def test_previous_is_the_organizations_own(history: History) -> None:
    for number, organization in enumerate(["a", "b", "a"]):
        save(history, snapshot(number, realms(one="eu"), organization=organization))
    assert [history.previous("a", run) for run in (1, 2, 3, 4)] == [None, 1, 1, 3]
    assert history.previous("nobody", 3) is None


def test_a_run_is_found_by_its_time(history: History) -> None:
    for number, organization in enumerate(["a", "b"]):
        save(history, snapshot(number, realms(one="eu"), organization=organization))

    def found(moment: datetime, organization: str | None = None) -> int | None:
        run = history.run_at(moment, organization)
        return None if run is None else run.id

    assert found(day(0) - timedelta(microseconds=1)) is None
    assert found(day(0)) == 1
    assert found(day(1)) == found(day(9)) == 2
    assert found(day(9), "a") == 1
    assert found(day(9), "nobody") is None


def test_a_missing_run_is_said_with_the_newest(history: History) -> None:
    with pytest.raises(UsageError, match="history is empty"):
        history.run(1)
    save(history, snapshot(0, realms(one="eu")))
    with pytest.raises(UsageError, match="newest run is 1"):
        history.run(7)
