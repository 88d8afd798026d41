"""Stacked bars as plain numbers, for inline SVG: five groups of outcomes, told apart by pattern as well as colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

GROUPS: dict[str, tuple[str, ...]] = {
    "fail": ("fail", "conflict"),
    "not achievable": ("not_achievable",),
    "unverified": ("unknown", "stale"),
    "settled": ("waived", "exempt", "pending", "not_yet_effective"),
    "pass": ("pass",),
}
"""What no app has is left out, as among what applies."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a bar; places are percent of the widest bar."""

    group: str
    number: int
    start: float
    width: float

    @property
    def style(self) -> str:
        """The class that paints it."""
        return f"bar-{self.group.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with what it is of."""

    title: str
    total: int
    segments: tuple[Segment, ...]

    @property
    def told(self) -> str:
        """The bar in words."""
        return ", ".join(f"{one.number} {one.group}" for one in self.segments) or "nothing applies"


def bars(counts: Iterable[tuple[str, Counter[str]]]) -> list[Bar]:
    """A bar for each title, as long as it has findings that apply, the longest over the whole width."""
    grouped = [
        (title, {name: sum(counter[one] for one in outcomes) for name, outcomes in GROUPS.items()})
        for title, counter in counts
    ]
    widest = max((sum(groups.values()) for _, groups in grouped), default=0) or 1
    return [_bar(title, groups, widest) for title, groups in grouped]


def _bar(title: str, groups: dict[str, int], widest: int) -> Bar:
    segments: list[Segment] = []
    start = 0.0
    for name, number in groups.items():
        if number:
            width = 100 * number / widest
            segments.append(Segment(name, number, round(start, 3), round(width, 3)))
            start += width
    return Bar(title, sum(groups.values()), tuple(segments))
