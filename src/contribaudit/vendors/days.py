"""The day that a page names as its own, in the ways in which pages write days."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

from contribaudit.core.model.provisions import Provisions, folded

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(f"{name}[a-z]*" for name in _MONTHS)
DAY = (
    rf"(?:(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})|(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month2>{_MONTH})\.?,?\s+(?P<year2>\d{{4}}))"
)
"""The pattern of a day: 2026-03-02, March 2, 2026, or 2nd Mar. 2026; to be read without case."""
_DAY = re.compile(DAY, re.IGNORECASE)
_NAMED = re.compile(
    r"\b(effective(?:\s+(?:starting|date|from|as of|on))?|last\s+(?:updated|modified|revised|changed)|updated(?:\s+on)?"
    r"|version\s+of|revised|published|in force (?:from|since))\b",
    re.IGNORECASE,
)
_NEAR = 40
_FIRST = 40


def stated_day(provisions: Provisions) -> date | None:
    """The day behind "Effective starting:", "Last updated:" and the like, near the top; None where there is none."""
    for one in provisions[:_FIRST]:
        text = folded(one.text).strip("_* ")
        named = _NAMED.search(text)
        if named is None or len(text) > 200:
            continue
        found = _DAY.search(text, named.end(), named.end() + _NEAR)
        with suppress(ValueError):
            if found is not None:
                return day_of(found)
    return None


def day_of(found: re.Match[str]) -> date:
    """The day that `DAY` matched. Raises ValueError for one that does not exist."""
    if found["iso"]:
        return date.fromisoformat(found["iso"])
    month = _MONTHS.index((found["month"] or found["month2"]).casefold()[:3]) + 1
    return date(int(found["year"] or found["year2"]), month, int(found["day"] or found["day2"]))
