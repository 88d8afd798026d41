"""The cells of the vendor's list of sub-processors: column labels, texts with their links, and rows of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contribaudit.core.model.subprocessors import (
    GROUP,
    THIRD_PARTY,
    Column,
    Link,
    Row,
    SubprocessorRules,
)
from contribaudit.errors import SubprocessorsNotRead

SAVE = "Open the page in a browser, let it load completely, and save it as HTML"
COMPARE = "Compare the row with the page. If the page has changed its form, save it as HTML and import that"


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


class Labels:
    """The labels of columns, in the words of the rulebook."""

    def __init__(self, rules: SubprocessorRules) -> None:
        self._of = {label: column for column, labels in rules.columns.items() for label in labels}
        self.shown: Mapping[str, str] = rules.titles

    def of(self, text: str) -> Column | None:
        """The column whose label is exactly this text; None for any other text."""
        return self._of.get(" ".join(text.casefold().split()).strip(" #*_:"))

    def heads(self, line: str) -> bool:
        """Whether a line is a cell's label, or begins with a label and a colon."""
        return self.split(line)[0] not in (None, "name")

    def split(self, cell: str) -> tuple[Column | None, str]:
        """The column whose label begins a cell (as a paragraph or with a colon), and the rest; None without one."""
        first, _, rest = cell.partition("\n")
        column = self.of(first)
        if column is not None:
            return column, rest.strip()
        label, colon, value = first.partition(":")
        column = self.of(label) if colon else None
        return (column, f"{value.strip()}\n{rest}".strip()) if column is not None else (None, cell)

    def begins(self, text: str) -> tuple[Column, str] | None:
        """The column whose label begins a cell, and the text after it; None without one."""
        first, _, rest = text.partition("\n")
        column = self.of(first)
        if column is not None:
            return column, rest.strip()
        folded = text.casefold()
        for label, column in sorted(self._of.items(), key=lambda one: -len(one[0])):
            after = folded[len(label) : len(label) + 1]
            if folded.startswith(label) and (after == ":" or (after in " \n" and column != "name")):
                return column, text[len(label) :].lstrip(": \n")
        return None

    def table(self, columns: Sequence[Column | None], headings: Sequence[str]) -> tuple[Column, ...] | None:
        """The column layout of a sub-processor table with these columns; None for any other table.

        Raises SubprocessorsNotRead for a sub-processor table with a missing or additional column.
        """
        present = {one for one in columns if one is not None}
        if "products" not in present or not present & {"locations", "country"}:
            return None
        layout = THIRD_PARTY if "locations" in present else GROUP
        if tuple(columns) == layout:
            return layout
        strange = [clean(text) for text, one in zip(headings, columns, strict=True) if one is None]
        missing = [self.shown[one] for one in layout if one not in present]
        what = f"it has the column {strange[0]!r}, which is not known" if strange else "its columns have another order"
        what = f"the column {missing[0]!r} is missing" if missing else what
        raise SubprocessorsNotRead(f"a table cannot be read: {what}", why="unknown_column", hint=COMPARE)


_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*([^()\s]*)\s*\)")
_UNWRAPPED_ADDRESS = re.compile(r"\]\(([^()]*)\)")
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """The text on one line, without control and invisible characters."""
    return " ".join(_INVISIBLE.sub("", text).split())


def _cell(text: str) -> tuple[str, tuple[Link, ...]]:
    """A cell's text, one line per paragraph, and the links that it writes in Markdown."""
    text = _UNWRAPPED_ADDRESS.sub(lambda match: f"]({''.join(match[1].split())})", text)
    links = tuple(Link(clean(match[1]), match[2]) for match in _LINK.finditer(text))
    shown = _LINK.sub(lambda match: f" {match[1]} ", text).replace("**", "")
    paragraphs = (clean(one) for one in shown.split("\n"))
    return re.sub(r" ([.,;:])", r"\1", "\n".join(one for one in paragraphs if one)), links


def row_of(
    columns: tuple[Column, ...], cells: Sequence[str], labels: Labels, links: Sequence[Iterable[Link]] = ()
) -> Row:
    """A row from cells without their labels; `links` are those of each cell that are not in its text.

    Raises SubprocessorsNotRead for a row without a name.
    """
    texts: dict[Column, str] = {}
    links_of_row: dict[Link, None] = {}
    links_by_cell = [*links, *[()] * (len(columns) - len(links))]
    for column, raw, others in zip(columns, cells, links_by_cell, strict=True):
        texts[column], written = _cell(raw)
        links_of_row.update(dict.fromkeys((*others, *written)))
    name = clean(texts["name"])
    if "](" in name:
        raise SubprocessorsNotRead(
            f"a row has no name: {name[:60]!r} is the end of a link", why="empty_cell", hint=COMPARE
        )
    if not name:
        raise SubprocessorsNotRead(
            f"a row has no name; its {labels.shown['products']} are {clean(texts['products'])!r}",
            why="empty_cell",
            hint=COMPARE,
        )
    return Row(
        name=name,
        products=texts["products"],
        purposes=texts.get("purposes", ""),
        data_categories=texts.get("data_categories", ""),
        locations=texts.get("locations", texts.get("country", "")),
        security=texts.get("security", ""),
        links=tuple(links_of_row),
        group=columns == GROUP,
    )


def truncated(reason: str, why: str = "truncated") -> SubprocessorsNotRead:
    """The error for an incomplete page."""
    return SubprocessorsNotRead(f"the page is truncated: {reason}", why=why, hint=SAVE)


def unlabelled(name: str, column: Column, labels: Labels, text: str) -> SubprocessorsNotRead:
    begins = clean(text)[:60]
    state = f"begins with {begins!r}" if begins else "is empty"
    return SubprocessorsNotRead(
        f"row {name!r}, column {labels.shown[column]!r}: the cell {state} instead of its label",
        why="unlabelled",
        hint=COMPARE,
    )


def without_label(cell: str, labels: Labels) -> str:
    """The name without its label, which a page may repeat before it."""
    label, rest = labels.split(cell)
    return rest if label == "name" and rest.strip() else cell
