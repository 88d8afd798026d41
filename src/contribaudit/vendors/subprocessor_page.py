"""Reads the vendor's page of sub-processors, in each of the forms in which it reaches people.

    HTML             two tables; a cell may repeat its column's label, as pages do for narrow screens
    text             of a text browser: cells between bars, each beginning with its column's label
    paste            the same without bars, or a row a line with tabs between its cells
    CSV              as `subprocessors list --format csv` writes it: `vendors.subprocessor_csv`

Nothing is guessed and nothing left out: a cell that does not begin with its column's label, a table that breaks off and
a page without its second table each stop the import, which names the row and the column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from contribaudit.core.model.subprocessors import (
    GROUP,
    THIRD_PARTY,
    ListedRows,
    Row,
    SubprocessorRules,
)
from contribaudit.errors import SubprocessorsNotRead
from contribaudit.vendors.days import DAY, day_of
from contribaudit.vendors.subprocessor_cells import SAVE, Labels
from contribaudit.vendors.subprocessor_html import html_tables, plain
from contribaudit.vendors.subprocessor_text import text_tables


def read_subprocessors(text: str, rules: SubprocessorRules) -> ListedRows:
    """The rows of a page, in its order.

    Raises SubprocessorsNotRead, whose `why` tells: `another_page`, `no_date`, `truncated`, `no_second_table`,
    `unlabelled`, `unknown_column`, `empty_cell`, `damaged_text`.
    """
    if "\ufffd" in text:
        hint = "Save the page anew as UTF-8"
        raise SubprocessorsNotRead("characters were lost when the page was saved", why="damaged_text", hint=hint)
    html = text.lstrip().startswith("<") or _CELL.search(text) is not None
    labels = Labels(rules)
    tables = list(html_tables(text, labels) if html else text_tables(text, labels))
    rows = [row for table in tables for row in table.rows]
    if not any(table.columns == THIRD_PARTY for table in tables) or not _names_vendor(text, rows, rules):
        raise SubprocessorsNotRead(
            f"this is not {rules.vendor}'s list of sub-processors: no table has its columns"
            if not tables
            else f"this is not {rules.vendor}'s list of sub-processors",
            why="another_page",
            hint="Import the vendor's page of sub-processors, as HTML or as text",
        )
    bare = next((table for table in tables if not table.rows), None)
    if bare is not None:
        what = f"no row under the heading {labels.shown[bare.columns[-1]]!r} begins its cells with their labels"
        raise SubprocessorsNotRead(f"a table cannot be read: {what}", why="unlabelled", hint=SAVE)
    if not any(table.columns == GROUP for table in tables):
        what = f"the second table, of {rules.vendor}'s own companies, is missing"
        raise SubprocessorsNotRead(f"the page is truncated: {what}", why="no_second_table", hint=SAVE)
    return ListedRows(_effective(text if not html else plain(text)), tuple(rows))


_CELL = re.compile(r"<table\b[^<>]*>\s*(?:<[^<>]*>\s*){0,4}<t[dh]\b", re.IGNORECASE)
"""A table of HTML; a tag in a name of a text page is none."""


_UP_TO_IT = r"[^0-9\n]{0,40}?"
_DATE = re.compile(rf"(?<![a-z])effective(?![a-z]){_UP_TO_IT}{DAY}", re.IGNORECASE)
_UPDATED = re.compile(rf"(?<![a-z])(?:last\s+)?(?:updated|modified|revised)(?![a-z]){_UP_TO_IT}{DAY}", re.IGNORECASE)
"""For a page that does not say the other."""


def _effective(text: str) -> date:
    words = " ".join(text[:2_000_000].split())
    found = _DATE.search(words) or _UPDATED.search(words)
    hint = "The page tells it at its top, as “Effective Starting March 2, 2026”; import the page whole"
    if found is None:
        raise SubprocessorsNotRead("the page does not say since when it is in force", why="no_date", hint=hint)
    try:
        return day_of(found)
    except ValueError:
        raise SubprocessorsNotRead(
            f"the page is in force since a day that does not exist: {found[0]!r}", why="no_date", hint=hint
        ) from None


def _names_vendor(text: str, rows: Sequence[Row], rules: SubprocessorRules) -> bool:
    """Whether it is the vendor's own page: its title or its own companies say so, not a row among many."""
    vendor = re.escape(rules.vendor)
    if re.search(rf"\b{vendor}(?:['\u2019]s)?\s+(?:group\s+)?sub-?\s?processors?\b", text, re.IGNORECASE):
        return True
    return any(row.group and re.search(rf"\b{vendor}\b", row.name, re.IGNORECASE) for row in rows)
