"""The inventory's tree and the search in it. A thread computes the facts, only for lines that are visible.

The search finds organizations, sites, apps, connectors, groups, and the spaces in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.binding import Binding, BindingType
from textual.message import Message

from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, remember
from contribaudit.core.resolve.inventory import sites_of
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell, safe_text
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.rows import inventory as rows
from contribaudit.tui.rows.outline import Leaf, Node, Outline, Path, Places
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Column, Grid

_PAGE = 32
Page = tuple[Subject, int]
"""An app, and the number of a page of its spaces."""


class TreeLines:
    """The tree's lines by number. `work_out` and `place_of` read the history, so call them in a thread."""

    def __init__(self, board: Board, opened: Iterable[Path] | None = None) -> None:
        """`opened` are the nodes that were open on the board before; None opens the nodes of most interest."""
        self.board = board
        self._places = Places(board.report.state)
        self.outline = Outline(self._places.children)
        self.outline.open(*(opened if opened is not None else self._places.opened_at_first()))
        self.counts: Mapping[Subject, rows.Count] | None = None
        """None while findings are being counted."""
        self._facts: dict[Subject, rows.Facts] = {}
        self._pages: dict[Page, Sequence[KnownSpace]] = {}

    def subject_of(self, line: Node | Leaf) -> Subject | None:
        """The subject of a line; None for a folder, a remark, or a space whose page was not read yet."""
        space = self._space_of(line)
        return line.subject if isinstance(line, Node) else space.space.subject if space is not None else None

    def cells(self, number: int) -> list[Text]:
        """The texts of one line, with an ellipsis for values that are still being computed."""
        line = self.outline.line(number)
        subject = self.subject_of(line)
        facts = self._facts.get(subject) if subject is not None else None
        count = self.counts.get(subject, rows.NONE_FOUND) if self.counts is not None and subject is not None else None
        opened = isinstance(line, Node) and self.outline.is_open(line.path)
        return rows.cells(line, opened=opened, facts=facts, count=count, space=self._space_of(line))

    def unknown(self, numbers: Iterable[int]) -> tuple[list[Subject], list[Page]]:
        """The subjects and the pages of spaces on these lines that were not computed yet."""
        subjects: list[Subject] = []
        pages: list[Page] = []
        for line in map(self.outline.line, numbers):
            subject = self.subject_of(line)
            if subject is not None and subject not in self._facts:
                subjects.append(subject)
            elif subject is None and isinstance(line, Leaf):
                page = _page_of(line)
                pages += [page] if page not in self._pages else []
        return subjects, list(dict.fromkeys(pages))

    def work_out(self, subjects: Iterable[Subject], pages: Iterable[Page]) -> None:
        """Compute these facts and read these pages. Call in a thread. Raises ContribauditError."""
        state, computed = self.board.report.state, self.board.policy is not None
        for app, number in pages:
            spaces = state.spaces(app.organization).page(app, number * _PAGE, _PAGE)
            for space in spaces:
                remember(state, space)
                self._facts[space.space.subject] = rows.facts_of(state, space.space.subject, computed=computed)
            self._pages[app, number] = spaces  # last, since the screen may look before the thread has ended
        for subject in subjects:
            self._facts[subject] = rows.facts_of(state, subject, computed=computed)

    def open_to(self, subject: Subject, space: KnownSpace | None = None) -> int | None:
        """Open the nodes above; returns the line of the subject, or of a space's app; None if it is not in the tree."""
        path = self._places.path_of(subject if space is None else space.space.app)
        if path is None:
            return None
        above = [path[:depth] for depth in range(1, len(path))]
        self.outline.open(*above, *([path] if subject.kind is Kind.SPACE else []))
        return self.outline.number_of(path)

    def place_of(self, subject: Subject) -> tuple[Path, int | None] | None:
        """The subject's path and, for a space, the number of its leaf. Call in a thread. Raises ContribauditError."""
        path, leaf = self._places.path_of(subject), None
        if subject.kind is Kind.SPACE:
            book = self.board.report.state.spaces(subject.organization)
            matches = book.find(subject.id)
            leaf = book.position(matches[0].space) if matches else None
        return (path, leaf) if path is not None else None

    def _space_of(self, line: Node | Leaf) -> KnownSpace | None:
        if isinstance(line, Node):
            return None
        page, place = self._pages.get(_page_of(line), ()), line.number % _PAGE
        return page[place] if place < len(page) else None


def _page_of(line: Leaf) -> Page:
    assert line.parent.subject is not None
    return line.parent.subject, line.number // _PAGE


HIT_COLUMNS = (Column("kind", 12), Column("name", 24, flexible=True), Column("where", 20, flexible=True))
MOST_HITS = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A subject that matches the search."""

    subject: Subject
    name: str
    """Plain text."""
    where: str
    """Plain text."""
    space: KnownSpace | None = None


def hits(state: State, text: str, most: int = MOST_HITS) -> list[Hit]:
    """Subjects with the text in their key, name or ID, ignoring case: organizations first, spaces last.

    Reads the history, so call it in a thread.
    """
    query = text.strip().casefold()
    if not query:
        return []
    bare = query.partition(":")[2] if query.startswith(("app:", "site:", "connector:")) else query
    matching = list(islice((one for one in _searchable(state) if _bears(one, bare)), most))
    for place in state.looked_at:
        matching += [_space_hit(one) for one in _spaces(state, place.id, text.strip(), most - len(matching))]
    return matching[:most]


def hit_cells(hit: Hit) -> list[Text]:
    """The texts of one row of the hits."""
    return [Text(hit.subject.kind.value), Text(hit.name), Text(hit.where, "dim")]


def _spaces(state: State, organization: str, text: str, most: int) -> list[KnownSpace]:
    book = state.spaces(organization)
    if most <= 0:
        return []
    if text.casefold().startswith(("ari:", "space:")):
        exact = list(book.find(text))
        if exact:
            return exact[:most]
        text = text.rpartition("/")[2]
    matching = list(book.search(text, most)) if text else []
    folded = text.casefold()
    return sorted(matching, key=lambda one: one.space.key.casefold() != folded)


def _space_hit(one: KnownSpace) -> Hit:
    name = f"{one.space.key}  {one.space.name}" if one.space.key else one.space.name or one.space.id
    return Hit(one.space.subject, safe_text(name), safe_text(f"{one.host or one.space.app.id}/{one.type_key}"), one)


def _searchable(state: State) -> Iterator[Hit]:
    for organization in state.organizations:
        name = safe_text(state.organization_name(organization))
        yield Hit(organization_subject(organization), name, safe_text(organization))
        for site in sites_of(state, organization):
            yield Hit(site.subject, safe_text(site.label), name)
        for app in state.apps_named_anywhere(organization):
            alias = safe_text(alias_of(state, app)).removeprefix("app:")
            yield Hit(app, alias, safe_text(f"{state.place(app).name}  {app.id}"))
        for kind in (Kind.CONNECTOR, Kind.GROUP):
            for one in state.subjects(kind, organization):
                yield Hit(one, safe_text(state.place(one).name), name)
        for gone in state.organization(organization).departures.apps:
            yield Hit(
                gone.app, safe_text(gone.alias).removeprefix("app:"), f"gone, last seen {gone.last_seen:%Y-%m-%d}"
            )


def _bears(hit: Hit, text: str) -> bool:
    named = (hit.name, hit.subject.id, hit.where if hit.subject.kind is Kind.APP else "")
    return any(text in one.casefold() for one in named)


class InventoryTree(Grid):
    """The tree. Posts `Moved` when another line is under the cursor, or when more is known about that line.

    Enter, a click and the space bar open or close a line, Right opens it, and Left closes it or goes to its parent.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(True)", "Open", show=False),
        Binding("left,h", "turn(False)", "Close, or up", show=False),
        Binding("space", "choose", "Open or close", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(rows.COLUMNS, id=id, empty="No audit has run yet")
        self._lines: TreeLines | None = None
        self._asking = False

    def show_board(self, board: Board) -> None:
        """Show another board; nodes stay open, and the cursor stays on its subject."""
        subject, before = self.subject, self._lines
        self._lines = TreeLines(board, before.outline.opened if before is not None else None)
        self._fill()
        if subject is not None:
            self._move_cursor_onto(subject)
        self.call_after_refresh(self._tally, self._lines)

    @property
    def line(self) -> Node | Leaf | None:
        """The line under the cursor."""
        return self._lines.outline.line(self.cursor) if self._lines is not None and self.cursor is not None else None

    @property
    def subject(self) -> Subject | None:
        """The subject of the line under the cursor; None if the line has none."""
        line = self.line
        return self._lines.subject_of(line) if self._lines is not None and line is not None else None

    def go_to(self, subject: Subject, space: KnownSpace | None = None) -> bool:
        """Open the nodes above the subject and move the cursor to it; False if it is not in the tree."""
        number = self._lines.open_to(subject, space) if self._lines is not None else None
        if number is None:
            return False
        self._fill(number)
        if subject.kind is Kind.SPACE:
            self._move_cursor_onto(subject)
        return True

    def written(self, most: int) -> list[Sequence[Cell]]:
        """The ID and texts of up to `most` open lines, from the top."""
        lines = self._lines
        if lines is None:
            return []
        table: list[Sequence[Cell]] = []
        for number in range(min(len(lines.outline), most)):
            subject = lines.subject_of(lines.outline.line(number))
            texts = [cell.plain.strip() for cell in lines.cells(number)]
            table.append([subject.id if subject is not None else "", *texts])
        return table

    def action_turn(self, to: bool) -> None:
        """Open or close the line under the cursor; closing one that is not open goes to its parent."""
        self._turn(to)

    def action_choose(self) -> None:
        """Open the line under the cursor, or close it if it is open."""
        self._turn(None)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked line, and open or close that line."""
        row = self._row_at(event.y)
        if row is None:
            return
        event.prevent_default()
        self.cursor = row
        self._turn(None)

    def _turn(self, to: bool | None) -> None:
        """Open the line under the cursor (True), close it or go to its parent (False), or toggle it (None)."""
        if self._lines is None or self.cursor is None:
            return
        outline = self._lines.outline
        line = outline.line(self.cursor)
        path = line.path if isinstance(line, Node) else line.parent.path
        opens = isinstance(line, Node) and line.opens
        is_open = opens and outline.is_open(path)
        if to is False and not is_open:
            above = path if isinstance(line, Leaf) else path[:-1]
            self.cursor = outline.number_of(above) if above else self.cursor
        elif opens and to is not is_open:
            outline.close(path) if is_open else outline.open(path)
            self._fill()

    def _fill(self, cursor: int | None = None) -> None:
        if self._lines is not None:
            self.show(len(self._lines.outline), self._line_cells, cursor=cursor)

    def _line_cells(self, number: int) -> list[Text]:
        assert self._lines is not None
        if any(self._lines.unknown([number])):
            self._schedule_lookup()
        return self._lines.cells(number)

    # Facts from a thread

    def _schedule_lookup(self) -> None:
        """Compute the visible lines after this frame."""
        if not self._asking:
            self._asking = True
            self.call_after_refresh(self._look_up_visible)

    def _look_up_visible(self) -> None:
        self._asking = False
        if self._lines is None:
            return
        top = int(self.scroll_offset.y)
        in_sight = range(top, min(len(self._lines.outline), top + self.size.height))
        subjects, pages = self._lines.unknown(in_sight)
        if subjects or pages:
            self._asking = True
            self._work_out(self._lines, subjects, pages)

    @work(group="facts")
    async def _work_out(self, lines: TreeLines, subjects: Sequence[Subject], pages: Sequence[Page]) -> None:
        with self._dashboard.showing_errors():
            await self._dashboard.in_thread(lines.work_out, subjects, pages)
            self._asking = False
            if lines is self._lines and pages and isinstance(self.line, Leaf):
                self.post_message(self.Moved(self, self.cursor))
            self.refresh()

    @work(exclusive=True, group="counts")
    async def _tally(self, lines: TreeLines) -> None:
        with self._dashboard.showing_errors():
            lines.counts = await self._dashboard.in_thread(rows.tally, lines.board.report)
            self.refresh()

    @work(exclusive=True, group="stand")
    async def _move_cursor_onto(self, subject: Subject) -> None:
        """Move the cursor to the subject if a line shows it; a space's line is looked up in the history."""
        lines = self._lines
        if lines is None:
            return
        with self._dashboard.showing_errors():
            place = await self._dashboard.in_thread(lines.place_of, subject)
            number = lines.outline.number_of(*place) if place is not None else None
            if lines is self._lines and number is not None:
                self.cursor = number

    @property
    def _dashboard(self) -> Host:
        return host_of(self)


class Hits(Grid):
    """The list of hits, searched in a thread. Posts `Found` after a search, and `Picked` for the chosen hit."""

    @dataclass
    class Found(Message):
        """A search has ended, with or without hits."""

        sentence: str
        """The number of hits, and the keys to use."""

    @dataclass
    class Picked(Message):
        """A hit was chosen; None if there is none."""

        hit: Hit | None

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(HIT_COLUMNS, id=id, empty="No match")
        self._hits: list[Hit] = []
        self._searched = self._listed = ""
        """The text of the latest search, and the text whose hits are listed."""
        self._pick_at_once = False

    def look_for(self, state: State, text: str) -> None:
        """List the subjects that match the text."""
        self._searched = text
        self._find(state, text)

    def pick(self, state: State, text: str) -> None:
        """Choose the hit under the cursor if this text's hits are listed, else search and choose the first hit."""
        if text == self._listed:
            self.action_choose()
        else:
            self._pick_at_once = True
            self.look_for(state, text)

    def forget(self) -> None:
        """End the search."""
        self._searched = self._listed = ""
        self._pick_at_once = False

    def action_choose(self) -> None:
        """Choose the hit under the cursor."""
        self._pick_at_once = False
        row = self.cursor
        self.post_message(self.Picked(self._hits[row] if row is not None and row < len(self._hits) else None))

    @work(exclusive=True, group="find")
    async def _find(self, state: State, text: str) -> None:
        dashboard = host_of(self)
        with dashboard.showing_errors():
            matches = await dashboard.in_thread(hits, state, text)
            if text != self._searched:
                return
            self._hits, self._listed = matches, text
            self.show(len(matches), lambda row: hit_cells(matches[row]), cursor=0)
            how_many = (
                f"{len(matches)} found"
                if len(matches) < MOST_HITS
                else f"the first {MOST_HITS}; keep typing to narrow it down"
            )
            self.post_message(self.Found(f"{how_many}. Enter: first match; Down: list; Escape: back to the tree."))
            if self._pick_at_once:
                self.action_choose()
