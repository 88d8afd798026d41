"""Spellings that are one name."""

from __future__ import annotations

import pytest

from contribaudit.core.model.canonical import letters


@pytest.mark.parametrize("text", ["dataResidency", "data_residency", "Data-Residency ", "\uff44\uff41ta.residency"])
def test_spellings_of_one_name(text: str) -> None:
    assert letters(text) == "dataresidency"


def test_what_is_left_of_signs() -> None:
    assert letters("_-. ") == ""
    assert letters("v2") != letters("v3")
