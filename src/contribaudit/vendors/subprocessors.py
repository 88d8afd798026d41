"""Imports the vendor's list of sub-processors in each of its forms, and compares it with earlier imports:

    HTML             two tables; a cell may repeat its column's label, as pages do for narrow screens
    text             of a text browser: cells between bars, each beginning with its column's label
    paste            the same without bars, or one line per row with tabs between its cells
    CSV              as `subprocessors list --format csv` writes it: `vendors.subprocessor_csv`

Nothing is guessed and nothing left out: a cell that does not begin with its column's label, a table that is cut off and
a page without its second table each stop the import, which names the row and the column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256

from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.subprocessors import (
    GROUP,
    THIRD_PARTY,
    ListedRows,
    ListHistory,
    Row,
    SubprocessorList,
    SubprocessorRules,
)
from contribaudit.errors import PageNotRead, SubprocessorsNotRead
from contribaudit.vendors.decoding import DAY, day_of, decoded
from contribaudit.vendors.subprocessor_cells import SAVE, Labels, truncated
from contribaudit.vendors.subprocessor_csv import is_csv, read_csv
from contribaudit.vendors.subprocessor_tables import html_tables, plain, text_tables


def take_in(
    body: bytes,
    source: str,
    rules: SubprocessorRules,
    before: ListHistory,
    imported: Signature,
    *,
    content_type: str = "",
    anyway: bool = False,
) -> SubprocessorList:
    """The list that a page holds. `anyway` also accepts one that `same_day`, `older` or `imported_today` would refuse.

    The same list on a later day is accepted, because it shows that the list was checked again without a change. Raises
    SubprocessorsNotRead, whose `why` is one of `read_subprocessors`, or `empty`, `too_large`, `not_text`, `encoding`,
    `imported_today`, `same_day`, `older`.
    """
    try:
        text = decoded(body, content_type)
        listed = read_csv(text) if is_csv(text) else read_subprocessors(text, rules)
    except (PageNotRead, SubprocessorsNotRead) as error:
        raise SubprocessorsNotRead(f"{source}: {error.message}", why=error.why, hint=error.hint) from None
    coming = SubprocessorList(listed.effective, listed.rows, source, sha256(body).hexdigest(), imported)
    if not anyway:
        _refuse_conflicting(coming, before, imported)
    return coming


def last_from(address: str, before: ListHistory) -> SubprocessorList | None:
    """The newest import from this address for which the server can say whether the page changed; None without one."""
    return next(
        (one for one in reversed(before.imports) if one.source == address and (one.etag or one.last_modified)), None
    )


def unchanged(
    last: SubprocessorList, before: ListHistory, imported: Signature, *, anyway: bool = False
) -> SubprocessorList:
    """The last list as a new import, because the server says that its page has not changed.

    Raises the errors of `take_in` for a list that was imported today or is older than another.
    """
    coming = replace(last, imported=imported)
    if not anyway:
        _refuse_conflicting(coming, before, imported)
    return coming


def _refuse_conflicting(coming: SubprocessorList, before: ListHistory, imported: Signature) -> None:
    """Raise SubprocessorsNotRead for a list that was imported today, contradicts another, or is older than another."""
    for old in before.imports:
        if old.effective != coming.effective or old.imported is None:
            continue
        if old.rows != coming.rows:
            raise SubprocessorsNotRead(
                f"another list with the effective date {coming.effective} was imported on {old.imported.at:%Y-%m-%d}",
                why="same_day",
                hint="Compare the two pages. If the vendor corrected its page, import it again with --anyway",
            )
        if old.imported.at.date() == imported.at.date():
            raise SubprocessorsNotRead(
                f"the list of {coming.effective} was imported today, at {old.imported.at:%H:%M}Z by {old.imported.by}",
                why="imported_today",
                hint="Nothing is left to do; `contribaudit subprocessors list` shows it",
            )
    newest = before.newest
    if newest is not None and coming.effective < newest.effective:
        raise SubprocessorsNotRead(
            f"this list is of {coming.effective}, and a newer one, of {newest.effective}, is already imported",
            why="older",
            hint="Import it with --anyway to keep it for comparison: the newer one stays the list in force",
        )


def read_subprocessors(text: str, rules: SubprocessorRules) -> ListedRows:
    """The rows of a page, in its order.

    Raises SubprocessorsNotRead, whose `why` is `another_page`, `no_date`, `truncated`, `no_second_table`, `unlabelled`,
    `unknown_column`, `empty_cell` or `damaged_text`.
    """
    if "\ufffd" in text:
        hint = "Save the page again as UTF-8"
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
        what = f"under the heading {labels.shown[bare.columns[-1]]!r}, no row has cells that begin with their labels"
        raise SubprocessorsNotRead(f"a table cannot be read: {what}", why="unlabelled", hint=SAVE)
    if not any(table.columns == GROUP for table in tables):
        raise truncated(f"the second table, of {rules.vendor}'s own companies, is missing", "no_second_table")
    return ListedRows(_effective(text if not html else plain(text)), tuple(rows))


_CELL = re.compile(r"<table\b[^<>]*>\s*(?:<[^<>]*>\s*){0,4}<t[dh]\b", re.IGNORECASE)
"""Matches an HTML table, but not a tag in a name on a text page."""


_BEFORE_DATE = r"[^0-9\n]{0,40}?"
_DATE = re.compile(rf"(?<![a-z])effective(?![a-z]){_BEFORE_DATE}{DAY}", re.IGNORECASE)
_UPDATED = re.compile(rf"(?<![a-z])(?:last\s+)?(?:updated|modified|revised)(?![a-z]){_BEFORE_DATE}{DAY}", re.IGNORECASE)
"""For a page without an effective date."""


def _effective(text: str) -> date:
    words = " ".join(text[:2_000_000].split())
    match = _DATE.search(words) or _UPDATED.search(words)
    hint = "The page shows it at the top, as “Effective Starting March 2, 2026”; import the whole page"
    if match is None:
        raise SubprocessorsNotRead("the page has no effective date", why="no_date", hint=hint)
    try:
        return day_of(match)
    except ValueError:
        raise SubprocessorsNotRead(
            f"the page's effective date does not exist: {match[0]!r}", why="no_date", hint=hint
        ) from None


def _names_vendor(text: str, rows: Sequence[Row], rules: SubprocessorRules) -> bool:
    """Whether this is the vendor's own page: its title or the vendor's companies say so, not one row among many."""
    vendor = re.escape(rules.vendor)
    if re.search(rf"\b{vendor}(?:['\u2019]s)?\s+(?:group\s+)?sub-?\s?processors?\b", text, re.IGNORECASE):
        return True
    return any(row.group and re.search(rf"\b{vendor}\b", row.name, re.IGNORECASE) for row in rows)
