"""Phrases for counts and lists ("1,200 runs", "a, b and 4 more"), and grouping by a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def grouped(things: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The things grouped by key: keys in the order of their first thing, things in the given order."""
    groups: dict[K, list[T]] = {}
    for one in things:
        groups.setdefault(key(one), []).append(one)
    return groups


def repeated(things: Iterable[K]) -> list[K]:
    """The things that occur more than once, each listed once."""
    return [one for one, number in Counter(things).items() if number > 1]


def and_more(left: int, where: str = "") -> str:
    """The end of a shortened list: "and 1,200 more", or "and 4 more: --all" with `where`; "" when none are left."""
    return f"and {left:,} more{f': {where}' if where else ''}" if left > 0 else ""


def some(called: Sequence[str], most: int = 5, between: str = ", ") -> str:
    """The first `most` items, and how many more there are: "a, b and 4 more", or "a; b; and 4 more"."""
    shown, rest = between.join(called[:most]), and_more(len(called) - most)
    return f"{shown}{' ' if between == ', ' else between}{rest}" if rest else shown


def first_of(sentences: Sequence[str]) -> str:
    """The first item, and how many more there are: "a (and 4 more)"; "" for no items."""
    return f"{sentences[0]} ({and_more(len(sentences) - 1)})" if len(sentences) > 1 else "".join(sentences)


def either(called: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    return " or ".join((", ".join(called[:-1]), called[-1])) if len(called) > 1 else "".join(called)


def every(number: int, noun: str) -> str:
    """ "the only app", "both apps", "all 1,200 apps"; `number` is at least 1."""
    if number < 3:
        return f"the only {noun}" if number == 1 else f"both {counted(2, noun)[2:]}"
    return f"all {counted(number, noun)}"


def counted(number: int, one: str, several: str = "") -> str:
    """ "1 run", "1,200 runs", "2 companies"; `several` is for irregular phrases: "1 is gone", "2 are gone"."""
    regular = f"{one[:-1]}ies" if one.endswith("y") and one[-2:-1] not in "aeiou" else f"{one}s"
    return f"{number:,} {one if number == 1 else several or regular}"
