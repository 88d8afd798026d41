"""Every test of the history runs on SQLite, and on PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contribaudit.store.history import History
from tests.postgres import postgres_schema

__all__ = ["postgres_schema"]


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new history can be made."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    return str(request.getfixturevalue("postgres_schema"))


@pytest.fixture
def history(location: str) -> Iterator[History]:
    with History.open(location) as opened:
        yield opened
