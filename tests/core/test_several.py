"""How many there are, in words."""

from __future__ import annotations

import pytest

from contribaudit.core.model.several import counted
from contribaudit.exporters.text import plural


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (1, "third party", "1 third party"),
        (2, "third party", "2 third parties"),
        (0, "company", "0 companies"),
        (2, "day", "2 days"),
        (1, "deadline", "1 deadline"),
    ],
)
def test_several_take_the_plural(number: int, noun: str, told: str) -> None:
    assert counted(number, noun) == plural(number, noun) == told
