"""Reads the vendor's page of sub-processors, in each of the forms in which it reaches people.

    HTML             two tables; a cell may repeat its column's label, as pages do for narrow screens
    text             of a text browser: cells between bars, each beginning with its column's label
    paste            the same without bars, or a row a line with tabs between its cells
    CSV              as `subprocessors list --format csv` writes it: `vendors.subprocessor_csv`

Nothing is guessed and nothing left out: a cell that does not begin with its column's label, a table that breaks off and
a page without its second table each stop the import, which names the row and the column.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from contribaudit.core.model.subprocessors import (
    GROUP,
    MAY_BE_EMPTY,
    THIRD_PARTY,
    Column,
    Link,
    ListedRows,
    Row,
    SubprocessorRules,
)
from contribaudit.errors import SubprocessorsNotRead

_SAVE = "Open the page in a browser, let it load to its end, and save it as HTML"
_COMPARE = "Compare the row with the page. If the page has changed its form, save it as HTML and import that"


def read_subprocessors(text: str, rules: SubprocessorRules) -> ListedRows:
    """The rows of a page, in its order.

    Raises SubprocessorsNotRead, whose `why` tells: `another_page`, `no_date`, `truncated`, `no_second_table`,
    `unlabelled`, `unknown_column`, `empty_cell`, `damaged_text`.
    """
    if "\ufffd" in text:
        hint = "Save the page anew as UTF-8"
        raise SubprocessorsNotRead("characters were lost when the page was saved", why="damaged_text", hint=hint)
    html = text.lstrip().startswith("<") or _CELL.search(text) is not None
    labels = _Labels(rules)
    tables = list(_html_tables(text, labels) if html else _text_tables(text, labels))
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
        raise SubprocessorsNotRead(f"a table cannot be read: {what}", why="unlabelled", hint=_SAVE)
    if not any(table.columns == GROUP for table in tables):
        what = f"the second table, of {rules.vendor}'s own companies, is missing"
        raise SubprocessorsNotRead(f"the page is truncated: {what}", why="no_second_table", hint=_SAVE)
    return ListedRows(_effective(text if not html else _plain(text)), tuple(rows))


_CELL = re.compile(r"<table\b[^<>]*>\s*(?:<[^<>]*>\s*){0,4}<t[dh]\b", re.IGNORECASE)
"""A table of HTML; a tag in a name of a text page is none."""


@dataclass(frozen=True, slots=True)
class _Table:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


# ── Labels and cells ──────────────────────────────────────────────────────────────────────────────────


class _Labels:
    """The labels of columns, by the words that the rulebook has for them."""

    def __init__(self, rules: SubprocessorRules) -> None:
        self._of = {label: column for column, labels in rules.columns.items() for label in labels}
        self.shown: Mapping[str, str] = rules.titles

    def of(self, text: str) -> Column | None:
        """The column of which this is the label and nothing else."""
        return self._of.get(" ".join(text.casefold().split()).strip(" #*_:"))

    def heads(self, line: str) -> bool:
        """Whether a line is the label of a cell, or begins with one and a colon."""
        if self.of(line) not in (None, "name"):
            return True
        label, colon, _ = line.partition(":")
        return bool(colon) and self.of(label) not in (None, "name")

    def split(self, cell: str) -> tuple[Column | None, str]:
        """The column whose label stands in a paragraph of its own or before a colon, and the rest; None without one."""
        first, _, rest = cell.partition("\n")
        column = self.of(first)
        if column is not None:
            return column, rest.strip()
        label, colon, value = first.partition(":")
        column = self.of(label) if colon else None
        return (column, f"{value.strip()}\n{rest}".strip()) if column is not None else (None, cell)

    def begins(self, text: str) -> tuple[Column, str] | None:
        """The column whose label a cell begins with, and what follows it; None where it begins with none."""
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
        """The table that has these columns; None for one of something else.

        Raises SubprocessorsNotRead for a table of ours with a column more or less.
        """
        known = {one for one in columns if one is not None}
        if "products" not in known or not known & {"locations", "country"}:
            return None
        wanted = THIRD_PARTY if "locations" in known else GROUP
        if tuple(columns) == wanted:
            return wanted
        strange = [clean(text) for text, one in zip(headings, columns, strict=True) if one is None]
        missing = [self.shown[one] for one in wanted if one not in known]
        told = f"it has the column {strange[0]!r}, which is not known" if strange else "its columns have another order"
        told = f"the column {missing[0]!r} is missing" if missing else told
        raise SubprocessorsNotRead(f"a table cannot be read: {told}", why="unknown_column", hint=_COMPARE)


_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*([^()\s]*)\s*\)")
_UNWRAPPED_ADDRESS = re.compile(r"\]\(([^()]*)\)")
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def clean(text: str) -> str:
    """One line, without control and invisible characters."""
    return " ".join(_INVISIBLE.sub("", text).split())


def _cell(text: str) -> tuple[str, tuple[Link, ...]]:
    """A cell's text, a paragraph a line, and the links that it writes as Markdown does."""
    text = _UNWRAPPED_ADDRESS.sub(lambda found: f"]({''.join(found[1].split())})", text)
    links = tuple(Link(clean(found[1]), found[2]) for found in _LINK.finditer(text))
    shown = _LINK.sub(lambda found: f" {found[1]} ", text).replace("**", "")
    paragraphs = (clean(one) for one in shown.split("\n"))
    return re.sub(r" ([.,;:])", r"\1", "\n".join(one for one in paragraphs if one)), links


def _row(
    columns: tuple[Column, ...], cells: Sequence[str], labels: _Labels, links: Sequence[Iterable[Link]] = ()
) -> Row:
    """A row of cells without their labels; `links` are those of each cell that its text does not write.

    Raises SubprocessorsNotRead for a row without a name.
    """
    found: dict[Column, str] = {}
    known: dict[Link, None] = {}
    its_links = [*links, *[()] * (len(columns) - len(links))]
    for column, raw, others in zip(columns, cells, its_links, strict=True):
        found[column], written = _cell(raw)
        known.update(dict.fromkeys((*others, *written)))
    name = clean(found["name"])
    if "](" in name:
        raise SubprocessorsNotRead(
            f"a row has no name: {name[:60]!r} is the end of a link", why="empty_cell", hint=_COMPARE
        )
    if not name:
        raise SubprocessorsNotRead(
            f"a row has no name; its {labels.shown['products']} are {clean(found['products'])!r}",
            why="empty_cell",
            hint=_COMPARE,
        )
    return Row(
        name=name,
        products=found["products"],
        purposes=found.get("purposes", ""),
        data_categories=found.get("data_categories", ""),
        locations=found.get("locations", found.get("country", "")),
        security=found.get("security", ""),
        links=tuple(known),
        group=columns == GROUP,
    )


def _unlabelled(name: str, column: Column, labels: _Labels, text: str) -> SubprocessorsNotRead:
    begins = clean(text)[:60]
    told = f"begins with {begins!r}" if begins else "is empty"
    return SubprocessorsNotRead(
        f"row {name!r}, column {labels.shown[column]!r}: the cell {told} instead of its label",
        why="unlabelled",
        hint=_COMPARE,
    )


# ── HTML ──────────────────────────────────────────────────────────────────────────────────────────────

_BLOCKS = frozenset(
    ("p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "section", "dd", "dt", "tr", "td")
)
_NOT_SHOWN = frozenset(("script", "style", "template", "noscript", "#comment", "-comment"))


def _html_tables(text: str, labels: _Labels) -> Iterator[_Table]:
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
        raise SubprocessorsNotRead("the page is truncated: its HTML ends before its end", why="truncated", hint=_SAVE)


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


def _html_table(table: LexborNode, labels: _Labels) -> _Table | None:
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
                hint=_COMPARE,
            )
        grid.append((name, cells, [list(_links(cell)) for cell in line]))
    labelled = any(
        labels.split(cell)[0] == column
        for _, cells, _ in grid
        for column, cell in zip(columns[1:], cells[1:], strict=True)
    )
    rows = []
    for name, cells, links in grid:
        bare = [_named(cells[0], labels)]
        for column, cell in zip(columns[1:], cells[1:], strict=True):
            bare.append(_bare(name, column, cell, labels, required=labelled))
        rows.append(_row(columns, bare, labels, links))
    return _Table(columns, tuple(rows))


def _named(cell: str, labels: _Labels) -> str:
    """A name; a page may repeat the label before it."""
    found, rest = labels.split(cell)
    return rest if found == "name" and rest.strip() else cell


def _bare(name: str, column: Column, cell: str, labels: _Labels, *, required: bool) -> str:
    """The cell without its label. Raises SubprocessorsNotRead for another column's, and for none where one is due."""
    found, rest = labels.split(cell)
    if found == column:
        return rest
    if required or (found is not None and found != "name"):
        raise _unlabelled(name, column, labels, cell)
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


def _plain(text: str) -> str:
    body = LexborHTMLParser(text).body
    return _shown(body) if body is not None else ""


# ── Text ──────────────────────────────────────────────────────────────────────────────────────────────

_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE)
_HARD_BREAK = re.compile(r"\n[ \t]{2,}(?=\n|$)")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]", re.MULTILINE)
_BAR = "\x1f"


def _text_tables(text: str, labels: _Labels) -> Iterator[_Table]:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").replace(_BAR, " ")
    lines = text.split("\n")
    headed = next((n for n, line in enumerate(lines) if "\t" in line and _is_header(line.split("\t"), labels)), None)
    if headed is not None and not _labelled(lines[headed + 1 :], labels):
        yield from _tabbed(lines[headed:], labels)
        return
    chunks = _chunks(text, labels)
    yield from _stream(chunks, labels)


def _is_header(cells: Sequence[str], labels: _Labels) -> bool:
    return labels.table([labels.of(one) for one in cells], list(cells)) is not None


def _labelled(lines: Sequence[str], labels: _Labels) -> bool:
    """Whether the cells of pasted rows carry their labels."""
    rows = (line.split("\t") for line in lines if "\t" in line)
    return any(labels.begins(cells[1]) is not None for cells in rows if not _is_header(cells, labels))


def _tabbed(lines: Sequence[str], labels: _Labels) -> Iterator[_Table]:
    """A row a line, tabs between cells, as spreadsheets take it; the header says which column is which."""
    columns: tuple[Column, ...] | None = None
    rows: list[Row] = []
    for cells in csv.reader(lines, delimiter="\t"):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > 1 and _is_header(cells, labels):
            if columns is not None:
                yield _Table(columns, tuple(rows))
            columns, rows = labels.table([labels.of(one) for one in cells], cells), []
            continue
        assert columns is not None, "the first line is a header"
        if len(cells) == 1:
            continue  # a heading or a sentence between the tables
        if len(cells) != len(columns):
            told = f"row {clean(cells[0])!r} has {len(cells)} cells, and its table {len(columns)} columns"
            raise SubprocessorsNotRead(f"the page is truncated: {told}", why="truncated", hint=_SAVE)
        rows.append(_row(columns, cells, labels))
    if columns is not None:
        yield _Table(columns, tuple(rows))


def _chunks(text: str, labels: _Labels) -> list[str]:
    """The text cut where one cell ends and the next begins: at bars and tabs, else before each line that is a label."""
    text = _RULE.sub("  ", text)
    if re.search(r"^[ \t]*\|[ \t]*$", text, re.MULTILINE) or text.count("|") >= len(THIRD_PARTY):
        text = re.sub(r"^[ \t]*\|(?=[^\n]*\|[ \t]*$)(?P<row>[^\n]*)\|[ \t]*$", r"\g<row>\n  ", text, flags=re.MULTILINE)
        text = text.replace("|", _BAR)
    elif "\t" in text:
        text = text.replace("\t", _BAR)
    else:
        cells = (_BAR + line if labels.heads(line) else line for line in text.split("\n"))
        text = "\n".join(cells)
    # Where blank lines were lost, a label would run into what follows it.
    spaced = (f"\n{line}\n" if labels.of(line.replace(_BAR, "")) is not None else line for line in text.split("\n"))
    return "\n".join(spaced).split(_BAR)


def _paragraphs(text: str) -> str:
    """Wrapped lines joined: a paragraph a line, and a line of its own after a hard break."""
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
        elif not (hyphen and re.match(r"\w", bare)):  # a text browser also breaks lines at hyphens
            joined.append(" ")
        joined.append(bare)
        fresh, hyphen = line.endswith("  "), re.search(r"\w-$", bare) is not None
    return "".join(joined)


def _stream(chunks: Sequence[str], labels: _Labels) -> Iterator[_Table]:
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
                told = f"it breaks off in row {clean(name)!r}, before {missing!r}"
                raise SubprocessorsNotRead(f"the page is truncated: {told}", why="truncated", hint=_SAVE)
            cells = [name]
            following = ""
            for column in columns[1:]:
                chunk, last = chunks[at], column == columns[-1]
                at += 1
                if last:
                    chunk, following = _next_name(chunk, labels, at == len(chunks))
                cells.append(_of_label(clean(name), column, _paragraphs(chunk), labels, last=at == len(chunks)))
            rows.append(_row(columns, cells, labels))
            name = following
        yield _Table(columns, tuple(rows))


def _looks_cut(text: str) -> bool:
    """Whether what follows the last row may be the name of one more, rather than a sentence of the page."""
    return "\n" not in text and len(text) <= 80 and not re.match(r"(©|copyright|back to|was this)", text.casefold())


def _of_label(name: str, column: Column, cell: str, labels: _Labels, *, last: bool) -> str:
    begins = labels.begins(cell)
    if begins is None or begins[0] != column:
        raise _unlabelled(name, column, labels, cell)
    if not begins[1] and last and column not in MAY_BE_EMPTY:
        told = f"it breaks off in row {name!r}, in {labels.shown[column]!r}"
        raise SubprocessorsNotRead(f"the page is truncated: {told}", why="truncated", hint=_SAVE)
    return begins[1]


def _header_at(chunks: Sequence[str], at: int, labels: _Labels) -> int | None:
    """Where a header row begins: a chunk that ends with the label of names, before the bare label of products."""
    for place in range(at, len(chunks) - 1):
        if labels.of(_paragraphs(chunks[place]).rpartition("\n")[2]) == "name" and _bare_label(
            chunks[place + 1], labels
        ):
            return place
    return None


def _bare_label(chunk: str, labels: _Labels) -> bool:
    return labels.of(_paragraphs(chunk)) == "products"


def _header(chunks: Sequence[str], start: int, labels: _Labels) -> tuple[tuple[Column, ...] | None, int, str]:
    """The columns that a header names, where its last chunk was, and the name of the first row, which follows in it."""
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
    told = labels.shown.get(columns[-1], headings[-1]) if columns[-1] is not None else clean(headings[-1])[:60]
    raise SubprocessorsNotRead(
        f"the page is truncated: its table breaks off after the heading {told!r}", why="truncated", hint=_SAVE
    )


def _next_name(chunk: str, labels: _Labels, at_end: bool) -> tuple[str, str]:
    """The last cell of a row, and the name of the next one, which follows it without a bar; "" where none does."""
    parts = [part for part in _HARD_BREAK.split(chunk) if part.strip()]
    heading = next((n for n, part in enumerate(parts) if n and _HEADING.search(part)), None)
    if heading is not None:  # the table ended
        return "\n\n".join(parts[:heading]), _paragraphs(parts[-1]).rpartition("\n")[2]
    if len(parts) > 2 and parts[-1].lstrip().startswith("("):  # "Some Company (its models)", broken before the bracket
        parts[-2:] = [f"{parts[-2]}\n{parts[-1].lstrip()}"]
    if len(parts) > 1:
        cells, between = parts[:-1], _paragraphs(parts[-1])
        if labels.of(between.rpartition("\n")[2]) == "name":
            return "\n\n".join(cells), between.rpartition("\n")[2]
        return "\n\n".join(cells), between if at_end else _named(between, labels).replace("\n", " ")
    if at_end:
        return chunk, ""
    # A paste lost its hard breaks: the name is the last paragraph, or the last line where there are none.
    cut = chunk.rstrip("\n ")
    blank = list(re.finditer(r"\n[ \t]*\n", cut))
    label_alone = labels.of(_paragraphs(cut[: blank[-1].start()])) is not None if blank else True
    if blank and not label_alone:
        cell, name = cut[: blank[-1].start()], cut[blank[-1].end() :]
    else:
        cell, _, name = cut.rpartition("\n")
    title = re.search(r"^.*\bgroup sub-?processors?\b.*$", cell, re.IGNORECASE | re.MULTILINE)
    return cell[: title.start()] if title else cell, _paragraphs(name).replace("\n", " ")


# ── The page as a whole ───────────────────────────────────────────────────────────────────────────────

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(f"{name}[a-z]*" for name in _MONTHS)
_DAY = (
    rf"[^0-9\n]{{0,40}}?(?:(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month2>{_MONTH})\.?,?\s+(?P<year2>\d{{4}})"
    r"|(?P<iso>\d{4}-\d{2}-\d{2}))"
)
_DATE = re.compile(rf"(?<![a-z])effective(?![a-z]){_DAY}", re.IGNORECASE)
_UPDATED = re.compile(rf"(?<![a-z])(?:last\s+)?(?:updated|modified|revised)(?![a-z]){_DAY}", re.IGNORECASE)
"""For a page that does not say the other."""


def _effective(text: str) -> date:
    words = " ".join(text[:2_000_000].split())
    found = _DATE.search(words) or _UPDATED.search(words)
    hint = "The page tells it at its top, as “Effective Starting March 2, 2026”; import the page whole"
    if found is None:
        raise SubprocessorsNotRead("the page does not say since when it is in force", why="no_date", hint=hint)
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        number = _MONTHS.index((found["month"] or found["month2"]).casefold()[:3]) + 1
        return date(int(found["year"] or found["year2"]), number, int(found["day"] or found["day2"]))
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
