"""A share of `python -m benchmarks days`: what happens is told on its day, once, and nothing else is."""

from __future__ import annotations

from benchmarks.days import run


def test_the_first_weeks_are_told_as_they_happen() -> None:
    assert run(days=14) == 0
