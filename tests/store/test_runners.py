"""Twenty runners at once on one server: every run is kept whole, in one order; of one organization one audits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import make_url, text

from contribaudit.errors import StoreBusy, StoreError
from contribaudit.store import saving
from contribaudit.store.history import History

from .builders import ORG, draft, realms, snapshot

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


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_writer_sees_what_was_written_while_it_waited(postgres_schema: str, level: str) -> None:
    """Whatever the server's default isolation is: the next number follows from what is there by then."""
    url = make_url(postgres_schema)
    level = level.replace(" ", r"\ ")
    options = f"{url.query['options']} -cdefault_transaction_isolation={level}"
    address = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
    with History.open(address) as history, History.open(address) as other, ThreadPoolExecutor(1) as pool:
        with history._writing() as connection:
            saving.save_run(connection, draft(0), [snapshot(0, realms(one="eu"))])
            waiting = pool.submit(other.save, draft(1), [snapshot(1, realms(one="us"))])
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        assert waiting.result(timeout=60).id == 2
        assert [one.after for one in history.changes(ORG, 1, 2)] == ["us"]


def test_a_run_whose_lock_breaks_while_it_waits_to_be_saved_is_not_kept(postgres_schema: str) -> None:
    """Another audit may have begun then, and be saved first: the older look must not become the newest run."""
    with (
        History.open(postgres_schema) as history,
        History.open(postgres_schema) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        with history.lock(ORG):
            with other._writing() as connection:
                waiting = pool.submit(history.save, draft(0), [snapshot(0, realms(one="eu"))])
                with pytest.raises(TimeoutError):
                    waiting.result(timeout=0.5)
                driver = history._held[ORG].connection.driver_connection
                assert driver is not None
                end = text("SELECT pg_terminate_backend(:pid)")
                assert connection.execute(end, {"pid": driver.info.backend_pid}).scalar()
            with pytest.raises(StoreError, match="broke while the audit"):
                waiting.result(timeout=60)
        assert history.runs() == []
