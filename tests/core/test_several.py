"""How many there are, in words."""

from __future__ import annotations

import pytest

from contribaudit.core.model.several import counted


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (1, "third party", "1 third party"),
        (2, "third party", "2 third parties"),
        (0, "company", "0 companies"),
        (2, "day", "2 days"),
        (1, "deadline", "1 deadline"),
        (9040, "space", "9,040 spaces"),
    ],
)
def test_several_take_the_plural(number: int, noun: str, told: str) -> None:
    assert counted(number, noun) == told


def test_a_plural_that_follows_no_rule_is_given() -> None:
    assert [counted(number, "pass is fragile", "passes are fragile") for number in (1, 1200)] == [
        "1 pass is fragile",
        "1,200 passes are fragile",
    ]
