"""The tables of sub-processors of a saved HTML page; a cell may repeat its column's label, as for narrow screens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from contribaudit.core.model.subprocessors import (
    Column,
    Link,
)
from contribaudit.errors import SubprocessorsNotRead
from contribaudit.vendors.subprocessor_cells import (
    COMPARE,
    Labels,
    Table,
    clean,
    row_of,
    truncated,
    unlabelled,
    without_label,
)

_BLOCKS = frozenset(
    ("p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "section", "dd", "dt", "tr", "td")
)
_NOT_SHOWN = frozenset(("script", "style", "template", "noscript", "#comment", "-comment"))


def html_tables(text: str, labels: Labels) -> Iterator[Table]:
    markup = _without_scripts(text)
    opened = len(re.findall(r"<table\b", markup, re.IGNORECASE))
    closed = len(re.findall(r"</table\s*>", markup, re.IGNORECASE))
    cut = opened != closed or (
        re.search(r"<html\b", markup, re.IGNORECASE) is not None
        and re.search(r"</html\s*>\s*\Z", markup, re.IGNORECASE) is None
    )
    document = LexborHTMLParser(text)
    for table in document.css("table"):
        if len(table.css("table")) > 1:
            continue  # one that only arranges the page; those in it are read by themselves
        found = _html_table(table, labels)
        if found is not None:
            yield found
    if cut:
        raise truncated("its HTML ends before its end")


_SCRIPT = re.compile(r"<(script|style)\b|<!--", re.IGNORECASE)


def _without_scripts(text: str) -> str:
    """The page without scripts, styles and comments: those of a saved page write tables too."""
    pieces: list[str] = []
    at = 0
    while (found := _SCRIPT.search(text, at)) is not None:
        pieces.append(text[at : found.start()])
        end = re.compile(rf"</{found[1]}\s*>" if found[1] else "-->", re.IGNORECASE).search(text, found.end())
        if end is None:  # it reaches to the end of the page
            return "".join(pieces)
        at = end.end()
    return "".join((*pieces, text[at:]))


def _html_table(table: LexborNode, labels: Labels) -> Table | None:
    lines = [[cell for cell in line.iter() if cell.tag in ("td", "th")] for line in table.css("tr")]
    lines = [line for line in lines if line]
    if not lines:
        return None
    if len(lines) > 1 and len(lines[0]) == 1:
        lines = lines[1:]  # a title over all columns
    headings = [_shown(cell) for cell in lines[0]]
    columns = labels.table([labels.of(one) for one in headings], headings)
    if columns is None:
        return None
    grid: list[tuple[str, list[str], list[list[Link]]]] = []
    for line in lines[1:]:
        cells = [_shown(cell) for cell in line]
        name = clean(cells[0])
        if len(cells) != len(columns) or any(cell.attributes.get("colspan", "1") != "1" for cell in line):
            raise SubprocessorsNotRead(
                f"row {name!r} has {len(cells)} cells, and its table {len(columns)} columns",
                why="truncated",
                hint=COMPARE,
            )
        grid.append((name, cells, [list(_links(cell)) for cell in line]))
    labelled = any(
        labels.split(cell)[0] == column
        for _, cells, _ in grid
        for column, cell in zip(columns[1:], cells[1:], strict=True)
    )
    rows = []
    for name, cells, links in grid:
        bare = [without_label(cells[0], labels)]
        for column, cell in zip(columns[1:], cells[1:], strict=True):
            bare.append(_bare(name, column, cell, labels, required=labelled))
        rows.append(row_of(columns, bare, labels, links))
    return Table(columns, tuple(rows))


def _bare(name: str, column: Column, cell: str, labels: Labels, *, required: bool) -> str:
    """The cell without its label. Raises SubprocessorsNotRead for another column's, and for none where one is due."""
    found, rest = labels.split(cell)
    if found == column:
        return rest
    if required or (found is not None and found != "name"):
        raise unlabelled(name, column, labels, cell)
    return cell


def _shown(node: LexborNode) -> str:
    """What a cell shows, a paragraph a line."""
    pieces: list[str] = []

    def walk(one: LexborNode) -> None:
        child = one.child
        while child is not None:
            tag = child.tag or ""
            if tag == "-text":
                pieces.append(re.sub(r"\s+", " ", child.text_content or ""))
            elif tag == "br":
                pieces.append("\n")
            elif tag not in _NOT_SHOWN:
                block = tag in _BLOCKS
                pieces.append("\n" if block else "")
                walk(child)
                pieces.append("\n" if block else "")
            child = child.next

    walk(node)
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _links(cell: LexborNode) -> Iterator[Link]:
    for anchor in cell.css("a"):
        address = anchor.attributes.get("href")
        if address:
            yield Link(clean(_shown(anchor)), clean(address).replace(" ", ""))


def plain(text: str) -> str:
    body = LexborHTMLParser(text).body
    return _shown(body) if body is not None else ""
