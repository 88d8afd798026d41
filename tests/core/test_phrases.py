"""How many there are, in words."""

from __future__ import annotations

import pytest

from contribaudit.core.model.phrases import and_more, counted, either, every, first_of, some


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


def test_a_list_that_is_cut_says_how_many_are_left_out() -> None:
    """Whatever stands between its entries; a whole one ends as it is."""
    assert some(["a", "b", "c"], 2) == "a, b and 1 more"
    assert some(["a", "b", "c"], 2, "; ") == "a; b; and 1 more"
    assert some(["a", "b", "c"], 1, "\n") == "a\nand 2 more"
    assert some(["x"] * 1205, 1) == "x and 1,204 more"
    assert [some([]), some(["a"], 1, "; "), some(["a", "b"], 2)] == ["", "a", "a, b"]
    assert [first_of([]), first_of(["a"]), first_of(["a", "b", "c"])] == ["", "a", "a (and 2 more)"]


def test_a_last_line_says_where_the_rest_is() -> None:
    """Nothing stands there where nothing is left."""
    assert and_more(1200) == "and 1,200 more"
    assert and_more(3, "--all") == "and 3 more: --all"
    assert [and_more(0), and_more(-2, "--all")] == ["", ""]


def test_each_of_two_is_both() -> None:
    assert [every(number, "app") for number in (1, 2, 3, 1200)] == [
        "the only app",
        "both apps",
        "all 3 apps",
        "all 1,200 apps",
    ]
    assert every(2, "third party") == "both third parties"


def test_alternatives_have_one_or() -> None:
    assert [either(called) for called in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a or b", "a, b or c"]
