"""Draws the map: where apps keep their data, a row per site with a cell per question, and squares for further sites.

This module only computes positions and sizes; the template writes the SVG and escapes the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from contribaudit.core.advise.site_map import QUESTIONS, MapCell, MapQuestion, MapRow, SiteMap
from contribaudit.core.model.phrases import counted
from contribaudit.exporters.html.rows import chosen
from contribaudit.exporters.site_map import GROUP_OF, cell_sentence, fact, letter, worst
from contribaudit.exporters.text import safe_text

WIDTH = 760
MOST_ROWS = 40
"""How many sites have a row; the others, which are less bad, are squares."""
NO_SITE = "no site"
"""The name for apps without a site, also in the list's address; no host contains a blank."""
MOST_SQUARES = 3000
_NAME, _ROW, _HEAD, _SQUARE = 214, 30, 26, 14
_LONGEST_NAME = 30
_LETTER_WIDTH = 8
_LEAST_PIECE = 6.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its text and link."""

    x: float
    y: float
    width: float
    height: float
    group: str
    """The group of outcomes in whose style the box is painted."""
    sentence: str
    """The content of the box as a sentence."""
    mark: str = ""
    word: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A site and its cells."""

    name: str
    y: float
    cells: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The map, in the units of the SVG's view box."""

    locations: tuple[Box, ...]
    heads: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    squares: tuple[Box, ...]
    lines_height: float
    squares_height: float
    beyond: int
    """How many sites are shown as squares only."""
    undrawn: int
    """How many sites are not drawn at all."""
    summary: str
    """The matrix in one sentence, without a full stop."""


def drawing(whole: SiteMap, organizations: dict[str, str]) -> Drawing:
    """The drawing of a map; `organizations` maps IDs to names."""
    column = (WIDTH - _NAME) / len(QUESTIONS)
    lines = [
        Line(
            _short_site_name(row),
            _HEAD + number * _ROW,
            tuple(
                Box(
                    _NAME + place * column + 1,
                    _HEAD + number * _ROW + 1,
                    column - 2,
                    _ROW - 2,
                    GROUP_OF[cell.outcome],
                    cell_sentence(row, question, cell),
                    letter(cell),
                    fact(cell),
                    _link(row, question, cell, organizations),
                )
                for place, (question, cell) in enumerate(zip(QUESTIONS, row.cells, strict=False))
            ),
        )
        for number, row in enumerate(whole.rows[:MOST_ROWS])
    ]
    rest = whole.rows[MOST_ROWS:]
    across = WIDTH // _SQUARE
    squares = [
        Box(
            number % across * _SQUARE,
            number // across * _SQUARE,
            _SQUARE - 2,
            _SQUARE - 2,
            _worst_group(row),
            safe_text(f"{row.site or NO_SITE}: {_worst_group(row)}"),
            link=chosen(site=row.site or NO_SITE),
        )
        for number, row in enumerate(rest[:MOST_SQUARES])
    ]
    return Drawing(
        locations=_bar(whole),
        heads=tuple((_NAME + (place + 0.5) * column, one.name) for place, one in enumerate(QUESTIONS)),
        lines=tuple(lines),
        squares=tuple(squares),
        lines_height=_HEAD + len(lines) * _ROW,
        squares_height=(len(squares) + across - 1) // across * _SQUARE,
        beyond=len(rest),
        undrawn=max(0, len(rest) - MOST_SQUARES),
        summary=_summary(whole.rows),
    )


def _bar(whole: SiteMap) -> tuple[Box, ...]:
    """A piece for each location, proportional to its number of apps, but wide enough to be visible."""
    if not whole.apps:
        return ()
    least = [max(_LEAST_PIECE, WIDTH * location.apps / whole.apps) for location in whole.locations]
    widths = [width * WIDTH / sum(least) for width in least]
    starts = [0.0]
    for width in widths:
        starts.append(starts[-1] + width)
    pieces = []
    for location, (start, end) in zip(whole.locations, pairwise(starts), strict=True):
        name = safe_text(location.name)
        word = f"{name} {location.apps:,}"
        verdict = "the policy does not ask" if location.outcome is None else f"at worst {location.outcome.words}"
        pieces.append(
            Box(
                round(start, 2),
                0,
                round(end - start - 1, 2),
                34,
                GROUP_OF[location.outcome],
                f"{name}: {counted(location.apps, 'app')}, {location.pinned} pinned; {verdict}",
                word=word if len(word) * _LETTER_WIDTH < end - start else "",
            )
        )
    return tuple(pieces)


def _short_site_name(row: MapRow) -> str:
    name = safe_text(row.site or NO_SITE)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"


def _link(row: MapRow, question: MapQuestion, cell: MapCell, organizations: dict[str, str]) -> str:
    """The link to the findings behind a cell, like `filter_of` for the dashboard; "" for none."""
    if cell.outcome is None:
        return ""
    organization = organizations.get(row.organization) or row.organization
    if cell.wide:
        where = {"kind": "organization", "organization": organization}
    elif row.site:
        where = {"site": row.site}
    else:
        where = {"site": NO_SITE, "kind": "app,space", "organization": organization}
    return chosen(**where, setting=",".join(question.judged_by), outcome=cell.outcome.value)


def _worst_group(row: MapRow) -> str:
    return GROUP_OF[worst(row).outcome if row.cells else None]


def _summary(rows: Sequence[MapRow]) -> str:
    parts = []
    for place, question in enumerate(QUESTIONS):
        groups = [GROUP_OF[row.cells[place].outcome] for row in rows if place < len(row.cells)]
        bad = [
            f"{counted(groups.count(one), f'site {word}', f'sites {words}')}"
            for one, word, words in (
                ("fail", "fails", "fail"),
                ("not achievable", "not achievable", "not achievable"),
                ("unverified", "unverified", "unverified"),
            )
            if one in groups
        ]
        parts.append(f"{question.name}: {', '.join(bad) or 'nothing open'}")
    return "; ".join(parts)
