"""Reads the tables of sub-processors from saved HTML, a text browser's page, or a paste.

An HTML cell may repeat its column's label, as for narrow screens. In text, cells are separated by bars or tabs, or only
begin with their labels.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from contribaudit.core.model.subprocessors import MAY_BE_EMPTY, THIRD_PARTY, Column, Link, Row
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

# ── HTML ──────────────────────────────────────────────────────────────────────────────────────────────

_BLOCKS = frozenset(
    ("p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "section", "dd", "dt", "tr", "td")
)
_NOT_SHOWN = frozenset(("script", "style", "template", "noscript", "#comment", "-comment"))


def html_tables(text: str, labels: Labels) -> Iterator[Table]:
    """The tables of a saved HTML page. Raises SubprocessorsNotRead for a table that is cut off or cannot be read."""
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
            continue  # a layout table; the tables inside it are read separately
        parsed = _html_table(table, labels)
        if parsed is not None:
            yield parsed
    if cut:
        raise truncated("its HTML is cut off before the end")


_SCRIPT = re.compile(r"<(script|style)\b|<!--", re.IGNORECASE)


def _without_scripts(text: str) -> str:
    """The page without scripts, styles and comments, because scripts of a saved page may write tables too."""
    pieces: list[str] = []
    at = 0
    while (match := _SCRIPT.search(text, at)) is not None:
        pieces.append(text[at : match.start()])
        end = re.compile(rf"</{match[1]}\s*>" if match[1] else "-->", re.IGNORECASE).search(text, match.end())
        if end is None:  # it extends to the end of the page
            return "".join(pieces)
        at = end.end()
    return "".join((*pieces, text[at:]))


def _html_table(table: LexborNode, labels: Labels) -> Table | None:
    lines = [[cell for cell in line.iter() if cell.tag in ("td", "th")] for line in table.css("tr")]
    lines = [line for line in lines if line]
    if not lines:
        return None
    if len(lines) > 1 and len(lines[0]) == 1:
        lines = lines[1:]  # a title that spans all columns
    headings = [_displayed_text(cell) for cell in lines[0]]
    columns = labels.table([labels.of(one) for one in headings], headings)
    if columns is None:
        return None
    grid: list[tuple[str, list[str], list[list[Link]]]] = []
    for line in lines[1:]:
        cells = [_displayed_text(cell) for cell in line]
        name = clean(cells[0])
        if len(cells) != len(columns) or any(cell.attributes.get("colspan", "1") != "1" for cell in line):
            raise SubprocessorsNotRead(_cells_and_columns(name, cells, columns), why="truncated", hint=COMPARE)
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
            bare.append(_without_label(name, column, cell, labels, required=labelled))
        rows.append(row_of(columns, bare, labels, links))
    return Table(columns, tuple(rows))


def _without_label(name: str, column: Column, cell: str, labels: Labels, *, required: bool) -> str:
    """The cell without its label. Raises SubprocessorsNotRead for another column's label, or a missing required one."""
    label, rest = labels.split(cell)
    if label == column:
        return rest
    if required or (label is not None and label != "name"):
        raise unlabelled(name, column, labels, cell)
    return cell


def _displayed_text(node: LexborNode) -> str:
    """The displayed text of a cell, one line per paragraph."""
    pieces: list[str] = []

    def walk(parent: LexborNode) -> None:
        child = parent.child
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
            yield Link(clean(_displayed_text(anchor)), clean(address).replace(" ", ""))


def plain(text: str) -> str:
    """The displayed text of an HTML page, one line per paragraph."""
    body = LexborHTMLParser(text).body
    return _displayed_text(body) if body is not None else ""


def _cells_and_columns(name: str, cells: Sequence[str], columns: Sequence[Column]) -> str:
    return f"row {name!r} has {len(cells)} cells, and its table {len(columns)} columns"


# ── Text ──────────────────────────────────────────────────────────────────────────────────────────────

_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE)
_HARD_BREAK = re.compile(r"\n[ \t]{2,}(?=\n|$)")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]", re.MULTILINE)
_BAR = "\x1f"


def text_tables(text: str, labels: Labels) -> Iterator[Table]:
    """The tables of a text or a paste. Raises SubprocessorsNotRead for one that is cut off, or an unlabelled cell."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace(_BAR, " ")
    lines = text.split("\n")
    headed = next((n for n, line in enumerate(lines) if "\t" in line and _is_header(line.split("\t"), labels)), None)
    if headed is not None and not _labelled(lines[headed + 1 :], labels):
        yield from _tabbed(lines[headed:], labels)
        return
    chunks = _chunks(text, labels)
    yield from _stream(chunks, labels)


def _is_header(cells: Sequence[str], labels: Labels) -> bool:
    return labels.table([labels.of(one) for one in cells], list(cells)) is not None


def _labelled(lines: Sequence[str], labels: Labels) -> bool:
    """Whether the cells of pasted rows carry their labels."""
    rows = (line.split("\t") for line in lines if "\t" in line)
    return any(labels.begins(cells[1]) is not None for cells in rows if not _is_header(cells, labels))


def _tabbed(lines: Sequence[str], labels: Labels) -> Iterator[Table]:
    """Tables with one line per row and tabs between cells, as in a spreadsheet; the header names the columns."""
    columns: tuple[Column, ...] | None = None
    rows: list[Row] = []
    for cells in csv.reader(lines, delimiter="\t"):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > 1 and _is_header(cells, labels):
            if columns is not None:
                yield Table(columns, tuple(rows))
            columns, rows = labels.table([labels.of(one) for one in cells], cells), []
            continue
        assert columns is not None, "the first line is a header"
        if len(cells) == 1:
            continue  # a heading or a sentence between the tables
        if len(cells) != len(columns):
            raise truncated(_cells_and_columns(clean(cells[0]), cells, columns))
        rows.append(row_of(columns, cells, labels))
    if columns is not None:
        yield Table(columns, tuple(rows))


def _chunks(text: str, labels: Labels) -> list[str]:
    """The text split into cells: at bars and tabs, else before each line that is a label."""
    text = _RULE.sub("  ", text)
    if re.search(r"^[ \t]*\|[ \t]*$", text, re.MULTILINE) or text.count("|") >= len(THIRD_PARTY):
        text = re.sub(r"^[ \t]*\|(?=[^\n]*\|[ \t]*$)(?P<row>[^\n]*)\|[ \t]*$", r"\g<row>\n  ", text, flags=re.MULTILINE)
        text = text.replace("|", _BAR)
    elif "\t" in text:
        text = text.replace("\t", _BAR)
    else:
        cells = (_BAR + line if labels.heads(line) else line for line in text.split("\n"))
        text = "\n".join(cells)
    # Without the lost blank lines, a label would run into the text after it.
    spaced = (f"\n{line}\n" if labels.of(line.replace(_BAR, "")) is not None else line for line in text.split("\n"))
    return "\n".join(spaced).split(_BAR)


def _paragraphs(text: str) -> str:
    """Wrapped lines joined: one line per paragraph, and a new line after a hard break."""
    joined: list[str] = []
    fresh, hyphen = True, False
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            fresh = True
            continue
        if fresh:
            joined.append("\n" if joined else "")
            bare = re.sub(r"^#{1,6}\s+", "", bare)
        elif not (hyphen and re.match(r"\w", bare)):  # text browsers also break lines at hyphens
            joined.append(" ")
        joined.append(bare)
        fresh, hyphen = line.endswith("  "), re.search(r"\w-$", bare) is not None
    return "".join(joined)


def _stream(chunks: Sequence[str], labels: Labels) -> Iterator[Table]:
    at = 0
    while (start := _header_at(chunks, at, labels)) is not None:
        columns, at, rest = _header(chunks, start, labels)
        if columns is None:
            continue
        rows: list[Row] = []
        name = rest
        while name:
            if labels.of(name) == "name" and at < len(chunks) and _bare_label(chunks[at], labels):
                at -= 1
                break
            left = len(chunks) - at
            if left < len(columns) - 1:
                if not left and not _looks_cut(name):
                    break  # a sentence after the last table
                missing = labels.shown[columns[1 + left]]
                reason = f"it breaks off in row {clean(name)!r}, before {missing!r}"
                raise truncated(reason)
            cells = [name]
            following = ""
            for column in columns[1:]:
                chunk, last = chunks[at], column == columns[-1]
                at += 1
                if last:
                    chunk, following = _split_next_name(chunk, labels, at == len(chunks))
                cells.append(_of_label(clean(name), column, _paragraphs(chunk), labels, last=at == len(chunks)))
            rows.append(row_of(columns, cells, labels))
            name = following
        yield Table(columns, tuple(rows))


def _looks_cut(text: str) -> bool:
    """Whether the text after the last row may be another name, rather than a sentence of the page."""
    return "\n" not in text and len(text) <= 80 and not re.match(r"(©|copyright|back to|was this)", text.casefold())


def _of_label(name: str, column: Column, cell: str, labels: Labels, *, last: bool) -> str:
    begins = labels.begins(cell)
    if begins is None or begins[0] != column:
        raise unlabelled(name, column, labels, cell)
    if not begins[1] and last and column not in MAY_BE_EMPTY:
        reason = f"it breaks off in row {name!r}, in {labels.shown[column]!r}"
        raise truncated(reason)
    return begins[1]


def _header_at(chunks: Sequence[str], at: int, labels: Labels) -> int | None:
    """Where a header row begins: a chunk that ends with the label of names, followed by the bare label of products."""
    for place in range(at, len(chunks) - 1):
        if labels.of(_paragraphs(chunks[place]).rpartition("\n")[2]) == "name" and _bare_label(
            chunks[place + 1], labels
        ):
            return place
    return None


def _bare_label(chunk: str, labels: Labels) -> bool:
    return labels.of(_paragraphs(chunk)) == "products"


def _header(chunks: Sequence[str], start: int, labels: Labels) -> tuple[tuple[Column, ...] | None, int, str]:
    """The columns of a header, the position after its last chunk, and the first row's name at that chunk's end."""
    columns: list[Column | None] = ["name"]
    headings = ["name"]
    for at in range(start + 1, len(chunks)):
        text = _paragraphs(chunks[at])
        first, _, rest = text.partition("\n")
        columns.append(labels.of(first))
        headings.append(first)
        if rest:
            last = rest.rpartition("\n")[2]
            return labels.table(columns, headings), at + 1, last
        if columns[-1] is None:
            break
    heading = labels.shown.get(columns[-1], headings[-1]) if columns[-1] is not None else clean(headings[-1])[:60]
    raise truncated(f"its table breaks off after the heading {heading!r}")


def _split_next_name(chunk: str, labels: Labels, at_end: bool) -> tuple[str, str]:
    """The last cell of a row, and the next row's name, which follows it without a bar; "" when there is none."""
    parts = [part for part in _HARD_BREAK.split(chunk) if part.strip()]
    heading = next((n for n, part in enumerate(parts) if n and _HEADING.search(part)), None)
    if heading is not None:  # the table has ended
        return "\n\n".join(parts[:heading]), _paragraphs(parts[-1]).rpartition("\n")[2]
    if len(parts) > 2 and parts[-1].lstrip().startswith("("):  # "Some Company (its models)", broken before the bracket
        parts[-2:] = [f"{parts[-2]}\n{parts[-1].lstrip()}"]
    if len(parts) > 1:
        cells, between = parts[:-1], _paragraphs(parts[-1])
        if labels.of(between.rpartition("\n")[2]) == "name":
            return "\n\n".join(cells), between.rpartition("\n")[2]
        return "\n\n".join(cells), between if at_end else without_label(between, labels).replace("\n", " ")
    if at_end:
        return chunk, ""
    # The paste lost its hard breaks: the name is the last paragraph, or the last line without paragraphs.
    cut = chunk.rstrip("\n ")
    blank = list(re.finditer(r"\n[ \t]*\n", cut))
    label_alone = labels.of(_paragraphs(cut[: blank[-1].start()])) is not None if blank else True
    if blank and not label_alone:
        cell, name = cut[: blank[-1].start()], cut[blank[-1].end() :]
    else:
        cell, _, name = cut.rpartition("\n")
    title = re.search(r"^.*\bgroup sub-?processors?\b.*$", cell, re.IGNORECASE | re.MULTILINE)
    return cell[: title.start()] if title else cell, _paragraphs(name).replace("\n", " ")
