"""Twenty runners at once on one server: every run is kept whole, in one order; of one organization one audits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from contribaudit.errors import StoreBusy
from contribaudit.store.history import History

from .builders import draft, realms, snapshot

RUNNERS, RUNS = 20, 3


def organization(number: int) -> str:
    return f"org-{number:02}"


def test_of_different_organizations(postgres_schema: str) -> None:
    """A new database, too: one of them makes the tables. Nobody is turned away, and no number is given twice."""
    start = Barrier(RUNNERS)

    def runner(number: int) -> list[int]:
        start.wait()
        with History.open(postgres_schema) as history:
            kept = []
            for run in range(RUNS):
                saw = realms(one="eu" if run < 2 else "us", **{f"app{number}": "eu"})
                with history.lock(organization(number)):
                    kept.append(history.save(draft(run), [snapshot(run, saw, organization=organization(number))]).id)
                    history.keep_policy("a" * 64, "version = 1")  # all of them find it missing at once
                    history.record_verdict(kept[-1], 0, {"pass": run})
            return kept

    with ThreadPoolExecutor(RUNNERS) as pool:
        kept = list(pool.map(runner, range(RUNNERS)))
    assert sorted(run for its in kept for run in its) == list(range(1, RUNNERS * RUNS + 1))
    with History.open_to_read(postgres_schema) as history:
        for number, its in enumerate(kept):
            runs = history.runs(organization=organization(number))
            assert [run.id for run in runs] == sorted(its, reverse=True)
            assert all(run.complete and run.exit_code == 0 for run in runs)
            changes = history.changes(organization(number), its[0], its[-1])
            assert [(one.subject.id, one.before, one.after) for one in changes] == [("one", "eu", "us")]


def test_of_one_organization(postgres_schema: str) -> None:
    """One holds it, nineteen are told so at once."""
    start, done = Barrier(RUNNERS), Barrier(RUNNERS)
    History.open(postgres_schema).close()

    def runner(_number: int) -> bool:
        with History.open(postgres_schema) as history:
            start.wait()
            try:
                with history.lock("org"):
                    done.wait()
            except StoreBusy:
                done.wait()
                return False
            return True

    with ThreadPoolExecutor(RUNNERS) as pool:
        assert sum(pool.map(runner, range(RUNNERS))) == 1


def test_a_writer_waits_longer_than_a_statement_may_take(postgres_schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind nineteen others its turn comes late; it asks again and again rather than hang on one lock."""
    monkeypatch.setattr("contribaudit.store.bounded._LOCK_SECONDS", 1)
    monkeypatch.setattr("contribaudit.store.bounded.SILENT_SECONDS", 1)
    with (
        History.open(postgres_schema) as history,
        History.open(postgres_schema) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        with history._writing():
            waiting = pool.submit(other.save, draft(0), [snapshot(0, realms(one="eu"))])
            with pytest.raises(TimeoutError):
                waiting.result(timeout=2.5)
        assert waiting.result(timeout=60).id == 1
