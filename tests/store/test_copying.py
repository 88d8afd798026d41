"""A history copied to the other database answers the same, table by table."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit.errors import UsageError
from contribaudit.store.history import History

from .builders import ORG, day, missing, realms, save, snapshot


@pytest.mark.parametrize("revision", ["0009"])
def test_a_copy_answers_what_the_original_does_and_back_again(kept: str, tmp_path: Path) -> None:
    """Into SQLite and back into another: rows and digests are the same on each side."""
    with (
        History.open(kept) as original,
        History.open(str(tmp_path / "copy.db")) as copy,
        History.open(str(tmp_path / "again.db")) as again,
    ):
        first = original.copy_into(copy)
        assert copy.copy_into(again) == first
        assert sum(table.rows for table in first) > 20
        assert [run.id for run in copy.runs()] == [run.id for run in original.runs()]
        with pytest.raises(UsageError, match="already holds runs"):
            original.copy_into(copy)


def test_what_stands_in_sqlite_reads_the_same_in_postgresql(tmp_path: Path, postgres_schema: str) -> None:
    with History.open(str(tmp_path / "one.db")) as original, History.open(postgres_schema) as copy:
        save(original, snapshot(1, realms(one="EU", two=None, three=missing())))
        save(original, snapshot(2, realms(one="US", two=None, three="\x00 \ud800 \u202e")))
        original.record_unreached("acme", day(3), "TLS failed")
        assert sum(table.rows for table in original.copy_into(copy)) > 10
        assert copy.changes(ORG, 1, 2) == original.changes(ORG, 1, 2)
