"""The inventory: a tree of everything there is, what each contributes, and the one under the cursor in full."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, Static

from contribaudit.core.space_names import remember
from contribaudit.core.spaces import KnownSpace
from contribaudit.core.subject import Kind, Subject
from contribaudit.errors import ContribauditError
from contribaudit.exporters.cells import Cell
from contribaudit.exporters.text_table import capture
from contribaudit.tui.messages import ShowFindings
from contribaudit.tui.rows import inventory as rows
from contribaudit.tui.rows import search
from contribaudit.tui.rows.filtering import quoted
from contribaudit.tui.rows.line import query_of
from contribaudit.tui.rows.outline import Leaf, Node, Outline
from contribaudit.tui.rows.places import Places
from contribaudit.tui.rows.subject import described, findings_of
from contribaudit.tui.screens.base import BoardScreen, Sheet
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.tree_grid import TreeGrid

_PAGE = 32
_TYPING_SECONDS = 0.15
_STAYING_SECONDS = 0.08
_MOST_EXPORTED = 5_000


class InventoryScreen(BoardScreen):
    """Only the lines that are open and in sight are ever worked out, off the screen's thread."""

    NAME: ClassVar[str] = "Inventory"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", key_display="/"),
        Binding("F", "findings", "Its findings"),
        Binding("enter", "findings", "Its findings, from the detail", show=False),
        Binding("d", "detail", "Detail"),
        Binding("y", "copy", "Copy as text", show=False),
        Binding("escape", "back", "Back", show=False),
    ]
    CSS = """
    InventoryScreen #find { height: 1; border: none; padding: 0 1; background: $boost; }
    InventoryScreen #find:focus { background: $primary 20%; }
    InventoryScreen #places { height: 1fr; layout: vertical; }
    InventoryScreen #tree, InventoryScreen #hits { height: 3fr; width: 1fr; }
    InventoryScreen #hits { display: none; }
    InventoryScreen.-finding #hits { display: block; }
    InventoryScreen.-finding #tree { display: none; }
    InventoryScreen #subject { height: 2fr; padding: 0 1; border-top: solid $primary 40%; scrollbar-size-vertical: 1; }
    InventoryScreen #subject:focus { border-top: solid $primary; }
    InventoryScreen.-alone #subject { display: none; }
    InventoryScreen.-wide #places { layout: horizontal; }
    InventoryScreen.-wide #tree, InventoryScreen.-wide #hits { height: 1fr; width: 2fr; }
    InventoryScreen.-wide #subject { height: 1fr; width: 1fr; border-top: none; border-left: solid $primary 40%; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._board: Board | None = None
        self._outline: Outline | None = None
        self._counts: Mapping[Subject, rows.Count] | None = None
        self._facts: dict[Subject, rows.Facts] = {}
        self._pages: dict[tuple[Subject, int], Sequence[KnownSpace]] = {}
        self._hits: list[search.Hit] = []
        self._searched = ""
        """What the hits are of."""
        self._jump_at_once = False
        self._asking = False
        self._typing: Timer | None = None
        self._detail_text = ""

    def body(self) -> ComposeResult:
        """What to look for, the tree or what was found, and the detail."""
        yield Input(placeholder="find a space by key, name or ARI, an app, a site …   Enter goes there", id="find")
        with Container(id="places"):
            yield TreeGrid(rows.COLUMNS, id="tree", empty="Nothing was read yet")
            yield Grid(search.COLUMNS, id="hits", empty="Nothing bears this")
            with VerticalScroll(id="subject"):
                yield Static(id="told", markup=False)

    def on_mount(self) -> None:
        """The tree has the keys."""
        super().on_mount()
        self._tree.focus()

    def show_board(self, board: Board) -> None:
        """Another state: what was open stays open, and the cursor on what it was on."""
        here, before = self._here(), self._outline
        self._board, self._counts = board, None
        self._facts, self._pages = {}, {}
        places = Places(board.report.state)
        self._places = places
        self._outline = Outline(places.children)
        self._outline.open(*(before.opened if before is not None else places.opened_at_first()))
        self._fill(None)
        if here is not None:
            self._stand_on(here)
        self._count(board)

    def show_subject(self, subject: Subject) -> bool:
        """Go to it in the tree."""
        if self._outline is None and self.dashboard.board is not None:
            self._due = None
            self.show_board(self.dashboard.board)
        return self._outline is not None and self._go_to(subject)

    def sheet(self) -> Sheet | None:
        """The lines that are open."""
        if self._outline is None:
            return None
        count = min(len(self._outline), _MOST_EXPORTED)
        written: list[Sequence[Cell]] = [
            [self._line_id(number), *(cell.plain.strip() for cell in self._cells(number))] for number in range(count)
        ]
        return Sheet("inventory", ("id", *(column.title for column in rows.COLUMNS)), written)

    # The tree

    @property
    def _tree(self) -> TreeGrid:
        return self.query_one("#tree", TreeGrid)

    def _fill(self, cursor: int | None) -> None:
        if self._outline is not None:
            self._tree.show(len(self._outline), self._cells, cursor=cursor)

    def _cells(self, number: int) -> list[Text]:
        assert self._outline is not None
        line = self._outline.line(number)
        subject, space = self._who(line)
        facts = self._facts.get(subject) if subject is not None else None
        if facts is None and (subject is not None or isinstance(line, Leaf)):
            self._ask()
        count = self._counts.get(subject, rows.NONE_FOUND) if self._counts is not None and subject is not None else None
        opened = isinstance(line, Node) and self._outline.is_open(line.path)
        return rows.cells(line, opened=opened, facts=facts, count=count, space=space)

    def _who(self, line: Node | Leaf) -> tuple[Subject | None, KnownSpace | None]:
        """The subject of a line; of a space only once its page is there."""
        if isinstance(line, Node):
            return line.subject, None
        assert line.parent.subject is not None
        page = self._pages.get((line.parent.subject, line.number // _PAGE), ())
        place = line.number % _PAGE
        return (page[place].space.subject, page[place]) if place < len(page) else (None, None)

    def _ask(self) -> None:
        """Have worked out what is in sight, once this frame is painted."""
        if not self._asking:
            self._asking = True
            self.call_after_refresh(self._ask_now)

    def _ask_now(self) -> None:
        self._asking = False
        if self._outline is None or self._board is None:
            return
        top = int(self._tree.scroll_offset.y)
        in_sight = range(top, min(len(self._outline), top + self._tree.size.height))
        subjects: list[Subject] = []
        pages: list[tuple[Subject, int]] = []
        for line in map(self._outline.line, in_sight):
            subject, _ = self._who(line)
            if subject is not None and subject not in self._facts:
                subjects.append(subject)
            elif isinstance(line, Leaf) and subject is None and line.parent.subject is not None:
                pages.append((line.parent.subject, line.number // _PAGE))
        wanted = list(dict.fromkeys(page for page in pages if page not in self._pages))
        if subjects or wanted:
            self._asking = True
            self._work_out(self._board, subjects, wanted)

    @work(thread=True, group="facts")
    def _work_out(self, board: Board, subjects: list[Subject], pages: list[tuple[Subject, int]]) -> None:
        state, computed = board.report.state, board.policy is not None
        found: dict[tuple[Subject, int], Sequence[KnownSpace]] = {}
        told: dict[Subject, rows.Facts] = {}
        try:
            for app, page in pages:
                spaces = state.spaces(app.organization).page(app, page * _PAGE, _PAGE)
                found[app, page] = spaces
                for one in spaces:
                    remember(state, one)
                    told[one.space.subject] = rows.facts_of(state, one.space.subject, computed=computed)
            for subject in subjects:
                told[subject] = rows.facts_of(state, subject, computed=computed)
        except ContribauditError as error:
            self.app.call_from_thread(self.dashboard.say_error, error)
        else:
            self.app.call_from_thread(self._worked_out, board, found, told)

    def _worked_out(
        self,
        board: Board,
        pages: Mapping[tuple[Subject, int], Sequence[KnownSpace]],
        facts: Mapping[Subject, rows.Facts],
    ) -> None:
        self._asking = False
        if board is self._board:
            self._pages |= pages
            self._facts |= facts
            if pages and isinstance(self._line(), Leaf):
                self._describe_here()
        self._tree.refresh()

    @work(thread=True, exclusive=True, group="counts")
    def _count(self, board: Board) -> None:
        try:
            counts = rows.tally(board.report)
        except ContribauditError as error:
            self.app.call_from_thread(self.dashboard.say_error, error)
        else:
            self.app.call_from_thread(self._counted, board, counts)

    def _counted(self, board: Board, counts: Mapping[Subject, rows.Count]) -> None:
        if board is self._board:
            self._counts = counts
            self._tree.refresh()

    def on_tree_grid_turned(self, event: TreeGrid.Turned) -> None:
        """Open or close a line; what cannot be closed leads to what it is part of."""
        outline = self._outline
        if outline is None:
            return
        line = outline.line(event.row)
        path = line.path if isinstance(line, Node) else line.parent.path
        opens = isinstance(line, Node) and line.opens
        is_open = opens and outline.is_open(path)
        if event.to is False and not is_open:
            above = path if isinstance(line, Leaf) else path[:-1]
            self._tree.cursor = outline.number_of(above) if above else event.row
        elif opens and event.to is not is_open:
            outline.close(path) if is_open else outline.open(path)
            self._fill(None)

    # Where the cursor is

    def _line(self) -> Node | Leaf | None:
        row = self._tree.cursor
        return self._outline.line(row) if self._outline is not None and row is not None else None

    def _here(self) -> Subject | None:
        line = self._line()
        return self._who(line)[0] if line is not None else None

    def _go_to(self, subject: Subject, space: KnownSpace | None = None) -> bool:
        """Open what is above it and stand on it; False for what is not in the tree."""
        path = self._places.path_of(subject) if space is None else self._places.path_of(space.space.app)
        if path is None or self._outline is None:
            return False
        above = [path[:depth] for depth in range(1, len(path))]
        self._outline.open(*above, *([path] if subject.kind is Kind.SPACE else []))
        self.action_tree()
        self._fill(self._outline.number_of(path))
        if subject.kind is Kind.SPACE:
            self._stand_on(subject)
        return True

    @work(thread=True, exclusive=True, group="stand")
    def _stand_on(self, subject: Subject) -> None:
        """The cursor on the subject, where it is among the lines; of a space the history tells which line."""
        board, outline = self._board, self._outline
        if board is None or outline is None:
            return
        try:
            path = self._places.path_of(subject)
            leaf = None
            if subject.kind is Kind.SPACE:
                known = board.report.state.spaces(subject.organization).find(subject.id)
                leaf = board.report.state.spaces(subject.organization).position(known[0].space) if known else None
        except ContribauditError as error:
            self.app.call_from_thread(self.dashboard.say_error, error)
            return
        if path is not None:
            self.app.call_from_thread(self._stood, outline, outline.number_of(path, leaf))

    def _stood(self, outline: Outline, number: int | None) -> None:
        if outline is self._outline and number is not None:
            self._tree.cursor = number

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """The detail follows the cursor."""
        if event.grid.id == "tree":
            self._describe_here()

    def _describe_here(self) -> None:
        line = self._line()
        if line is None or self._board is None:
            self._told("Nothing to show")
            return
        subject, _ = self._who(line)
        note = line.note if isinstance(line, Node) else ""
        if subject is not None:
            self._describe(self._board, subject, note)
        elif isinstance(line, Node):
            self._told(": ".join(part for part in (line.label, note) if part))

    @work(exclusive=True, group="describe")
    async def _describe(self, board: Board, subject: Subject, note: str) -> None:
        await asyncio.sleep(_STAYING_SECONDS)
        make = partial(described, board.report, subject, note, computed=board.policy is not None)
        try:
            told = await asyncio.to_thread(make)
        except ContribauditError as error:
            self.dashboard.say_error(error)
            return
        self.query_one("#told", Static).update(told)
        self._detail_text = capture(told)
        self.query_one("#subject").scroll_home(animate=False)

    def _told(self, text: str) -> None:
        self.query_one("#told", Static).update(Text(text))
        self._detail_text = text

    # To find

    def on_input_changed(self) -> None:
        """Look for it once the person pauses for a moment."""
        if self._typing is not None:
            self._typing.stop()
        text = self.query_one("#find", Input).value
        if text.strip():
            self._typing = self.set_timer(_TYPING_SECONDS, lambda: self._find(text))
        else:
            self.action_tree()

    def on_input_submitted(self) -> None:
        """Go to the first that was found, once it is."""
        text = self.query_one("#find", Input).value
        if not text.strip():
            self.action_tree()
        elif text == self._searched:
            self._jump()
        else:
            self._jump_at_once = True
            self._find(text)

    @work(thread=True, exclusive=True, group="find")
    def _find(self, text: str) -> None:
        if self._board is None:
            return
        try:
            found = search.hits(self._board.report.state, text)
        except ContribauditError as error:
            self.app.call_from_thread(self.dashboard.say_error, error)
        else:
            self.app.call_from_thread(self._found, text, found)

    def _found(self, text: str, found: list[search.Hit]) -> None:
        if text != self.query_one("#find", Input).value:
            return
        self._hits, self._searched = found, text
        self.add_class("-finding")
        self.query_one("#hits", Grid).show(len(found), lambda row: search.cells(found[row]), cursor=0)
        told = f"{len(found)} found" if len(found) < search.MOST else f"the first {search.MOST}; go on typing"
        self._told(f"{told}. Enter goes to the first, Down into the list, Escape back to the tree.")
        if self._jump_at_once:
            self._jump()

    def on_grid_chosen(self, event: Grid.Chosen) -> None:
        """Go to what was found."""
        if event.grid.id == "hits":
            self._jump()

    def on_key(self, event: object) -> None:
        """Down from the box leads into what was found."""
        key = getattr(event, "key", "")
        if key == "down" and self.query_one("#find").has_focus:
            (self.query_one("#hits") if self.has_class("-finding") else self._tree).focus()

    def _jump(self) -> None:
        self._jump_at_once = False
        row = self.query_one("#hits", Grid).cursor
        if row is None or row >= len(self._hits):
            self.dashboard.say("Nothing bears this", warning=True)
            return
        hit = self._hits[row]
        if not self._go_to(hit.subject, hit.space):
            self.dashboard.say(f"{hit.name} is not in the tree", warning=True)

    # What the keys do

    def action_find(self) -> None:
        """Type what to look for."""
        self.query_one("#find", Input).focus()

    def action_tree(self) -> None:
        """Back to the tree; what was typed goes."""
        box = self.query_one("#find", Input)
        with box.prevent(Input.Changed):
            box.value = ""
        self._searched = ""
        self.remove_class("-finding")
        self._tree.focus()
        self._describe_here()

    def action_back(self) -> None:
        """From the box, the list or the detail to the tree, from there to the overview."""
        if self.has_class("-finding") or not self._tree.has_focus:
            self.action_tree()
        else:
            super().action_back()

    def action_detail(self) -> None:
        """Give the detail's room to the tree, or take it back."""
        self.toggle_class("-alone")

    def action_copy(self) -> None:
        """The detail as text, into the clipboard."""
        self.app.copy_to_clipboard(self._detail_text)
        self.dashboard.say("Copied as text")

    def action_findings(self) -> None:
        """The findings of what is under the cursor, of a site or an organization those of all of it."""
        subject = self._here()
        if subject is None or self._board is None:
            self.dashboard.say("There is nothing to judge here", warning=True)
        elif subject.kind is Kind.ORGANIZATION:
            self.post_message(ShowFindings(f"org:{quoted(subject.id)}"))
        elif subject.kind is Kind.SITE:
            self.post_message(ShowFindings(f"site:{quoted(subject.id)}"))
        else:
            mine = findings_of(self._board.report, subject)
            self.post_message(ShowFindings(query_of([one.subject for one in mine] or [subject])))

    def _line_id(self, number: int) -> str:
        assert self._outline is not None
        subject, _ = self._who(self._outline.line(number))
        return subject.id if subject is not None else ""
