"""`python -m benchmarks documents`: a change is told on its day, once; what is no change is not told."""

from __future__ import annotations

from benchmarks.documents import month


def test_a_month_is_told_as_it_happens() -> None:
    wrong, lines = month()
    assert not wrong, "\n".join(lines)
