"""The connection to the server breaks in the middle of an audit: 70, a sentence, and the last run still counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from contribaudit.audit import pipeline
from contribaudit.store import saving, transactions
from contribaudit.store.history import History
from tests.cli.conftest import Api, Cli
from tests.postgres import postgres_schema

__all__ = ["postgres_schema"]


def end_holder(address: str, organization: str) -> int:
    """End the connection that holds the organization, as an administrator or a restart does; how many there were."""
    engine = create_engine(make_url(address), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        key = transactions._lock_number(connection, organization) % 2**64
        holders = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'"
            " AND classid = CAST(:high AS bigint) AND objid = CAST(:low AS bigint)"
        )
        ended = connection.execute(holders, {"high": key >> 32, "low": key % 2**32}).scalar()
    engine.dispose()
    return int(ended or 0)


@pytest.fixture
def runs(cli: Cli, api: Api, postgres_schema: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    monkeypatch.setenv("CONTRIBAUDIT_STORE", postgres_schema)
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")

    def listed() -> list[Any]:
        return list(json.loads(cli("runs", "list", "--format", "json").out))

    return listed


def test_while_the_api_is_read(
    cli: Cli, api: Api, runs: Callable[[], list[Any]], postgres_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is lost, and another runner may have started: nothing is kept, though a new connection would do."""
    assert cli("audit").code in (1, 3)
    real, ended = pipeline._collect, []

    async def collect(*words: Any, **named: Any) -> Any:
        snapshots = await real(*words, **named)
        ended.append(end_holder(postgres_schema, api.organization))
        return snapshots

    monkeypatch.setattr(pipeline, "_collect", collect)
    broken = cli("audit")
    assert ended == [1]
    assert broken.code == 70
    assert "broke while the audit of organization" in broken.err
    assert "the last complete run still counts" in broken.err
    assert "Traceback" not in broken.err
    monkeypatch.setattr(pipeline, "_collect", real)
    assert [one["run"] for one in runs()] == [1]
    assert cli("audit").code in (1, 3)
    assert [one["run"] for one in runs()] == [2, 1]


def test_while_the_run_is_written(
    cli: Cli, runs: Callable[[], list[Any]], postgres_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction is gone with its connection."""
    assert cli("audit").code in (1, 3)
    real = saving._save_snapshot

    def save(connection: Any, *words: Any) -> None:
        real(connection, *words)
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(saving, "_save_snapshot", save)
    broken = cli("audit")
    assert broken.code == 70
    assert "closed the connection" in broken.err
    assert "Traceback" not in broken.err
    monkeypatch.setattr(saving, "_save_snapshot", real)
    assert [one["run"] for one in runs()] == [1]
    assert cli("audit").code in (1, 3)
    assert [one["run"] for one in runs()] == [2, 1]


def test_a_lock_that_was_lost_can_be_taken_again(postgres_schema: str) -> None:
    with History.open(postgres_schema) as history:
        with history.lock("org"):
            assert end_holder(postgres_schema, "org") == 1
        with history.lock("org"):
            pass
