"""A sample is the same by the same seed, from every outcome, in proportion."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.evidence.sample import COLUMNS, draw, sheet
from contribaudit.exporters.saved import load


def findings(**counts: int) -> list[dict[str, Any]]:
    return [{"outcome": outcome, "id": f"{outcome}-{n}"} for outcome, count in counts.items() for n in range(count)]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 60), min_size=1), st.integers(1, 80), st.text())
def test_shares(counts: dict[str, int], size: int, seed: str) -> None:
    """As many as asked for, none twice, every outcome where there is room, and none more than its share and one."""
    given_ = findings(**counts)
    drawn = draw(given_, size, seed)
    assert len(drawn) == min(size, len(given_))
    assert len({one["id"] for one in drawn}) == len(drawn)
    per_outcome = Counter(one["outcome"] for one in drawn)
    if size >= len(counts):
        assert per_outcome.keys() == counts.keys()
    assert all(per_outcome[outcome] <= 2 + size * count / len(given_) for outcome, count in counts.items())


def test_a_seed_draws_the_same_whatever_the_order() -> None:
    given_ = findings(passed=200, failed=10)
    assert draw(given_, 25, "2026-Q4") == draw(given_[::-1], 25, "2026-Q4")
    assert draw(given_, 25, "2026-Q4") != draw(given_, 25, "2026-Q3")


def test_proportion() -> None:
    """One of each outcome, and of the 97 that are left a share of what is left of each: 87.5, 8.7 and 0.9."""
    drawn = Counter(one["outcome"] for one in draw(findings(a=900, b=90, c=10), 100, "s"))
    assert drawn == {"a": 88, "b": 10, "c": 2}


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_the_sheet_of_a_pack(size: int, unsigned: Path, zipped: Path) -> None:
    """Folder and archive; what the auditor fills in is empty, what we know is not."""
    document = load(unsigned)
    run, found = document["run"]["id"], document["findings"]
    assert load(zipped)["run"]["id"] == run
    drawn = draw(found, size, "seed")
    rows = list(csv.DictReader(io.StringIO(sheet(run, drawn), newline="")))
    assert len(rows) == min(size, len(found))
    assert tuple(rows[0]) == COLUMNS
    assert all(row["finding_id"] and row["check_id"] and row["subject"] and row["outcome"] for row in rows)
    assert {row[name] for row in rows for name in COLUMNS[-4:]} == {""}
