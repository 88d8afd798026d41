"""Texts for the map of sites: a letter for the verdict, a short word for the fact, a sentence for both.

The dashboard and the HTML report both use them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.cells import cell_len, set_cell_size

from contribaudit.core.advise.site_map import GROUPS, NO_FINDING, UNKNOWN, MapCell, MapQuestion, MapRow
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.phrases import counted
from contribaudit.exporters.text import safe_text

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
GROUP_OF: Mapping[Outcome | None, str] = {
    None: NO_FINDING,
    **{outcome: name for name, outcomes in GROUPS.items() for outcome in outcomes},
}
"""How a cell is painted: like the bars of the report, or "no finding"."""
LETTERS = {
    "fail": "F",
    "not achievable": "N",
    "unverified": "?",
    "settled": "s",
    "pass": "p",
    "no finding": "\N{MIDDLE DOT}",
}
"""The letter in a cell, so that the background is never the only sign."""
MEANINGS = {
    "F": "fails",
    "N": "not achievable",
    "?": "unverified",
    "s": "settled",
    "p": "passes",
    "\N{MIDDLE DOT}": "no finding",
}
_YES_NO = {
    "contributed": "yes",
    "not contributed": "no",
    "exposed": "yes",
    "not exposed": "no",
    "pinned": "yes",
    "running": "yes",
    "active": "yes",
    "none": "no",
    "no setting": "none",
    "not yet effective": "later",
    UNKNOWN: "?",
}
_ASKS = {
    "metadata": "metadata contributed",
    "in-app": "in-app data contributed",
    "AI": "reached by AI",
    "location": "location",
    "pinned": "pinned to its location",
    "trial": "trial running",
    "BYOK": "customer-managed key",
}


def letter(cell: MapCell) -> str:
    """The letter for the verdict; see MEANINGS."""
    return LETTERS[GROUP_OF[cell.outcome]]


def fact(cell: MapCell, room: int = 8) -> str:
    """What was seen, in at most `room` columns: "yes", "yes 2, no 1", or the first value and how many more: "yes+1"."""
    counts: Counter[str] = Counter()
    for word, number in cell.values:
        counts[safe_text(_YES_NO.get(word, word))] += number
    whole = ", ".join(f"{word} {number}" for word, number in counts.items()) if len(counts) > 1 else "".join(counts)
    if cell_len(whole) <= room:
        return whole
    more = f"+{len(counts) - 1}" if len(counts) > 1 else ""
    first, left = next(iter(counts)), room - len(more)
    return f"{first if cell_len(first) <= left else set_cell_size(first, left - 1) + ELLIPSIS}{more}"


def worst(row: MapRow) -> MapCell:
    """The cell whose group paints the whole row."""
    order = list(LETTERS)
    return min(row.cells, key=lambda cell: order.index(GROUP_OF[cell.outcome]))


def cell_sentence(row: MapRow, question: MapQuestion, cell: MapCell) -> str:
    """The cell as a sentence, without a full stop."""
    seen = ", ".join(
        f"{_YES_NO.get(word, word) if word != UNKNOWN else UNKNOWN} {number:,}" for word, number in cell.values
    )
    verdict = "no finding" if cell.outcome is None else cell.outcome.words
    if cell.wide:
        verdict = f"{verdict} for the whole organization"
    name = row.site or "no site"
    return safe_text(f"{name}, {_ASKS[question.name]}: {seen or 'no app'} ({counted(row.apps, 'app')}): {verdict}")
