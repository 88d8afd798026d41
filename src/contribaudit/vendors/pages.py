"""Extracts a page's text by headings and provisions and its stated date, or says what it is instead.

HTML is parsed by Lexbor (selectolax), as browsers do; this module only cuts it into headings, paragraphs, items and
rows. Menus, scripts and forms are left out, and so is everything around the page's main part. Nothing is run or loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from contribaudit.core.model.provisions import Provision, ProvisionKind, Provisions, folded
from contribaudit.errors import PageNotRead
from contribaudit.vendors.decoding import BY_HAND, decoded, stated_day


@dataclass(frozen=True, slots=True)
class Readable:
    """A page that can be read."""

    title: str
    provisions: Provisions
    words: int
    stated_on: date | None
    """The date that the page states for itself; None without one."""
    has_login: bool
    """Whether the page asks for a password."""
    scripts: int
    cut_off: bool
    """Whether the page's HTML is cut off before the end."""


def read_page(body: bytes, content_type: str = "") -> Readable:
    """The text of a page, from HTML or plain text.

    Raises PageNotRead for bytes without text: `empty`, `too_large`, `not_text`, `encoding`.
    """
    text = decoded(body, content_type)
    return _of_html(text) if _is_html(text) else _read_plain_text(text)


_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|main|article|section|div|p|h[1-6]|table|ul|ol|form|script|title)\b",
    re.IGNORECASE,
)


def _is_html(text: str) -> bool:
    return _TAG.search(text[:20000]) is not None


# ── HTML ──────────────────────────────────────────────────────────────────────────────────────────────

_UNSEEN = frozenset(
    (
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "svg",
        "iframe",
        "object",
        "select",
        "button",
        "input",
        "canvas",
    )
)
_AROUND = frozenset(("nav", "header", "footer", "aside", "form", "dialog"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    (
        "p", "div", "section", "article", "main", "body", "ul", "ol", "dl", "blockquote", "pre", "figure", "figcaption",
        "table", "thead", "tbody", "tfoot", "tr", "details", "summary", "fieldset", "address", "hr", "center", "header",
        "footer", "nav", "aside", "button", "form", "html", "dialog", "caption", "li", "dt", "dd", "td", "th",
        *_HEADINGS,
    )
)  # fmt: skip
_MOSTLY = 0.5
_CONTENT = frozenset(("main", "article"))
_LEAST_WORDS = {"form": 150, "button": 4}
"""From this number of words, a form is the page itself, and a button is a question above its answer."""


_DEEPEST = 1000
_NESTING = re.compile(
    r"<(/?)(?:div|span|section|article|ul|ol|dl|table|blockquote|font|b|i|u|s|em|strong|a|small|big|code|tt|center)\b",
    re.IGNORECASE,
)


def _refuse_depth(text: str) -> None:
    """Raise PageNotRead for implausibly deep markup, which would take minutes to parse."""
    depth = 0
    for tag in _NESTING.finditer(text):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        if depth > _DEEPEST:
            raise PageNotRead(f"its markup is nested more than {_DEEPEST} deep", why="not_text", hint=BY_HAND)


def _of_html(text: str) -> Readable:
    _refuse_depth(text)
    tree = LexborHTMLParser(text)
    element = tree.css_first("title")
    title = folded(element.text()) if element is not None else ""
    main = tree.css_first("main, [role=main]")
    whole = tuple(_provisions(main, _UNSEEN | _AROUND)) if main is not None else ()
    words = len(tree.body.text(separator=" ").split()) if tree.body is not None else 0
    if tree.body is not None and _count_words(whole) < _MOSTLY * words:
        every = tuple(_provisions(tree.body, _UNSEEN | _AROUND))
        whole = whole if _count_words(whole) >= _MOSTLY * _count_words(every) else every
    if not whole and tree.body is not None:  # the page has all its text in what usually surrounds a page
        whole = tuple(_provisions(tree.body, _UNSEEN))
    opened, closed = (
        re.search(r"<(html|body)\b", text, re.IGNORECASE),
        re.search(r"</(html|body)\s*>", text[-4096:], re.IGNORECASE),
    )
    return Readable(
        title=title,
        provisions=whole,
        words=_count_words(whole),
        stated_on=stated_day(whole),
        has_login=tree.css_first("input[type=password], input[name=password]") is not None,
        scripts=len(tree.css("script")),
        cut_off=opened is not None and closed is None,
    )


def _count_words(provisions: Provisions) -> int:
    return sum(len(one.text.split()) for one in provisions)


_LONGEST = 30_000
"""In characters, as many as a spreadsheet cell holds."""


def _cut_at_sentences(text: str) -> list[str]:
    """A long text in pieces, cut after a sentence where possible."""
    pieces = []
    while len(text) > _LONGEST:
        at = text.rfind(". ", 1, _LONGEST) + 1 or _LONGEST
        pieces.append(text[:at].strip())
        text = text[at:].strip()
    return [*pieces, text]


class _Blocks:
    """Joins text to blocks, and keeps track of the headings above them."""

    def __init__(self) -> None:
        self.made: list[Provision] = []
        self._pieces: list[str] = []
        self._over: list[tuple[int, str]] = []

    def add(self, text: str) -> None:
        """Add text to the open block."""
        self._pieces.append(text)

    def take_back(self) -> str:
        """Remove the last block and return its text; "" without one."""
        return self.made.pop().text if self.made else ""

    def end(self, kind: ProvisionKind, level: int = 0) -> None:
        """End the open block, and drop it when it has no text. `level` is the level of a heading."""
        text = " ".join("".join(self._pieces).split())
        self._pieces.clear()
        if not text.strip("|\u00a0 "):
            return
        *pieces, text = _cut_at_sentences(text)
        for piece in pieces:
            self.made.append(Provision(kind, tuple(one for _, one in self._over), piece))
        if kind is ProvisionKind.HEADING:
            while self._over and self._over[-1][0] >= level:
                self._over.pop()
        self.made.append(Provision(kind, tuple(one for _, one in self._over), text))
        if kind is ProvisionKind.HEADING:
            self._over.append((level, text))


_CELL = " | "


def _provisions(root: LexborNode, without: frozenset[str]) -> list[Provision]:
    """The blocks under a node, in page order; without recursion, so that any depth works."""
    blocks = _Blocks()
    rows = heads = items = 0
    inner = int((root.tag or "") in _CONTENT)
    level = 0
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        tag = node.tag or ""
        if tag == "-text":
            if not leaving:
                blocks.add(node.text_content or "")
            continue
        if leaving:
            inner -= tag in _CONTENT
            if tag in _HEADINGS and not rows:
                blocks.end(ProvisionKind.HEADING, level)
                heads -= 1
            elif tag == "tr":
                rows -= 1
                if not rows:
                    blocks.end(ProvisionKind.ROW)
            elif tag in ("td", "th"):
                blocks.add(_CELL if node.next is not None else " ")
            elif tag in ("li", "dt", "dd"):
                blocks.end(ProvisionKind.ITEM) if not rows else blocks.add(" ")
                items -= 1
            elif tag in _BLOCKS:
                _end_block(blocks, rows, heads, items)
            continue
        if tag.startswith(("-comment", "!doctype", "_comment")) or (tag in without and not _content(node, tag, inner)):
            continue
        inner += tag in _CONTENT
        if tag == "br":
            blocks.add(" ")
            continue
        if tag in _BLOCKS and tag not in ("td", "th"):
            _end_block(blocks, rows, heads, items)
        if tag in _HEADINGS and not rows:
            heads, level = heads + 1, _HEADINGS[tag]
        rows += tag == "tr"
        items += tag in ("li", "dt", "dd")
        stack.append((node, True))
        child = node.last_child
        while child is not None:
            stack.append((child, False))
            child = child.prev
    _end_block(blocks, 0, 0, 0)
    return [_plain_row(one) for one in blocks.made]


def _content(node: LexborNode, tag: str, inner: int) -> bool:
    """Whether a usually surrounding element holds content: a long form, an article's own header, a question."""
    if tag in ("header", "footer"):
        return inner > 0
    return tag in _LEAST_WORDS and len(node.text().split()) >= _LEAST_WORDS[tag]


def _end_block(blocks: _Blocks, rows: int, heads: int, items: int) -> None:
    """Start or end a block; within a row or a heading, only separate words."""
    if rows or heads:
        blocks.add(" ")
    else:
        blocks.end(ProvisionKind.ITEM if items else ProvisionKind.TEXT)


def _plain_row(provision: Provision) -> Provision:
    """A row without its trailing divider."""
    if provision.kind is not ProvisionKind.ROW:
        return provision
    cells = [cell.strip() for cell in provision.text.strip().removesuffix("|").split("|")]
    return Provision(provision.kind, provision.heading, _CELL.join(cells))


# ── Plain text ────────────────────────────────────────────────────────────────────────────────────────

_HASHES = re.compile(r"(#{1,6})\s+(\S.*)")
_RULE = re.compile(r"[-|=_*\s]+")
_ITEM = re.compile(r"[*\u2022-]\s+(\S.*)")
_TITLE_LENGTH = 90


class _Table:
    """Joins the rows of a table as text browsers print it: lines that hold only "|" divide the cells."""

    def __init__(self, blocks: _Blocks) -> None:
        self._blocks = blocks
        self._cells: list[list[str]] = []
        self._columns = 0

    @property
    def full(self) -> bool:
        """Whether the row has its last cell; when the number of cells is unknown, once that cell has two blocks."""
        return len(self._cells) >= self._columns if self._columns else len(self._cells[-1]) > 1

    def divide(self) -> None:
        """Begin a cell, or a row if none is open or it is full; the previous block becomes its first cell."""
        if self._cells and not self.full:
            self._cells.append([])
            return
        first = self._cells[-1].pop() if self._cells and self._cells[-1] else self._blocks.take_back()
        self.end()
        self._cells = [[first], []]

    def rule(self, line: str) -> None:
        """Take the number of columns from the line under the head."""
        self._columns = line.count("|") + 1 if "|" in line else 0
        self.end()

    def takes(self, block: str, *, heading: bool) -> bool:
        """Put a block into the open row; False when none is open or the block belongs to what follows."""
        if not self._cells or (self._cells[-1] and (self.full if self._columns else True) and heading):
            self.end()
            return False
        self._cells[-1].append(block)
        return True

    def end(self) -> None:
        """End the open row."""
        if self._cells:
            self._blocks.add(_CELL.join(" ".join(cell) for cell in self._cells))
            self._blocks.end(ProvisionKind.ROW)
        self._cells = []


def _read_plain_text(text: str) -> Readable:
    """The paragraphs of plain text between empty lines, as text browsers and copying produce them."""
    blocks = _Blocks()
    table = _Table(blocks)
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        block = " ".join(paragraph.split())
        if block == "|":
            table.divide()
        elif _RULE.fullmatch(block):
            table.rule(block)
        elif block:
            _paragraph(blocks, table, block, one_line="\n" not in paragraph.strip())
    table.end()
    parts = tuple(blocks.made)
    title = next((one.text for one in parts if one.kind is ProvisionKind.HEADING), "")
    return Readable(title, parts, _count_words(parts), stated_day(parts), has_login=False, scripts=0, cut_off=False)


def _paragraph(blocks: _Blocks, table: _Table, block: str, *, one_line: bool) -> None:
    hashes, item = _HASHES.fullmatch(block), _ITEM.fullmatch(block)
    text = hashes[2] if hashes else item[1] if item else block
    if table.takes(text, heading=hashes is not None):
        return
    blocks.add(text)
    opening = one_line and not blocks.made and len(block) <= _TITLE_LENGTH and block[-1] not in ".;:,!?"
    if hashes or opening:
        blocks.end(ProvisionKind.HEADING, len(hashes[1]) if hashes else 1)
    else:
        blocks.end(ProvisionKind.ITEM if item else ProvisionKind.TEXT)


# ── What it is instead ────────────────────────────────────────────────────────────────────────────────

_SHELL_WORDS = 20
_NOTICE_WORDS = 250
_ERRORS = re.compile(
    r"\b(404|403|500|502|503|page (?:not|can(?:not|'t) be) found|not found|access denied|forbidden|something went wrong"
    r"|error occurred|temporarily unavailable|under maintenance|just a moment|attention required|are you (?:a )?human"
    r"|verify you are human|unusual traffic|too many requests|bad gateway|service unavailable)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"\b(log ?in|sign ?in|log in to continue|single sign-on|enter your password)\b", re.IGNORECASE)
_SCRIPT = re.compile(
    r"\b(enable javascript|javascript is (?:disabled|required)|requires javascript|javascript to run)\b", re.IGNORECASE
)
_LOGIN_PATH = re.compile(r"/(?:log-?in|sign-?in|sso|auth|authorize)(?:[/?.]|$)", re.IGNORECASE)


def instead(page: Readable, answered_by: str = "") -> tuple[str, str] | None:
    """A code and a clause for what the page is in place of a document, by its content; None for a document.

    The codes are `login_form`, `script_shell`, `error_page` and `empty`.
    """
    opening = " ".join((page.title, *(one.text for one in page.provisions[:2])))
    few = page.words <= _NOTICE_WORDS
    led_to_login = _LOGIN_PATH.search(answered_by) is not None
    if (page.has_login and few) or (few and (led_to_login or _LOGIN.search(page.title))):
        return "login_form", "it is a login form, not a document"
    if few and _ERRORS.search(opening):
        return "error_page", f"it is an error page: {opening[:80]}"
    if page.scripts and (page.words < _SHELL_WORDS or (few and _SCRIPT.search(opening))):
        return "script_shell", "its text is loaded by scripts, which are not run, so none of it was received"
    if not page.provisions:
        return "empty", "it holds no text"
    return None


def lines(provisions: Provisions) -> Iterator[str]:
    """The text for display: one line per provision, headings marked."""
    for provision in provisions:
        match provision.kind:
            case ProvisionKind.HEADING:
                yield f"{'#' * min(len(provision.heading) + 1, 6)} {provision.text}"
            case ProvisionKind.ITEM:
                yield f"- {provision.text}"
            case _:
                yield provision.text
