"""The tree of everything, and a search in it: only lines that are open and in sight are worked out, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import work
from textual.message import Message

from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.state import State
from contribaudit.exporters.text import Cell
from contribaudit.tui.host import Host, host_of
from contribaudit.tui.rows import inventory as rows
from contribaudit.tui.rows import inventory_tree
from contribaudit.tui.rows.inventory_tree import Page, TreeLines
from contribaudit.tui.rows.outline import Leaf, Node
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import Grid, TreeGrid


class InventoryTree(TreeGrid):
    """Posts `Moved` when another line is under the cursor, and when more is known of the one that is."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(rows.COLUMNS, id=id, empty="No audit has run yet")
        self._lines: TreeLines | None = None
        self._asking = False

    def show_board(self, board: Board) -> None:
        """Another state: what was open stays open, and the cursor on what it was on."""
        here, before = self.here, self._lines
        self._lines = TreeLines(board, before.outline.opened if before is not None else None)
        self._fill()
        if here is not None:
            self._stand_on(here)
        self.call_after_refresh(self._tally, self._lines)

    @property
    def line(self) -> Node | Leaf | None:
        """The line under the cursor."""
        return self._lines.outline.line(self.cursor) if self._lines is not None and self.cursor is not None else None

    @property
    def here(self) -> Subject | None:
        """What it is about."""
        line = self.line
        return self._lines.subject_of(line) if self._lines is not None and line is not None else None

    def go_to(self, subject: Subject, space: KnownSpace | None = None) -> bool:
        """Open what is above it and stand on it; False for what is not in the tree."""
        number = self._lines.open_to(subject, space) if self._lines is not None else None
        if number is None:
            return False
        self._fill(number)
        if subject.kind is Kind.SPACE:
            self._stand_on(subject)
        return True

    def written(self, most: int) -> list[Sequence[Cell]]:
        """ID and texts of the open lines, from the top."""
        lines = self._lines
        if lines is None:
            return []
        found: list[Sequence[Cell]] = []
        for number in range(min(len(lines.outline), most)):
            subject = lines.subject_of(lines.outline.line(number))
            texts = [cell.plain.strip() for cell in lines.cells(number)]
            found.append([subject.id if subject is not None else "", *texts])
        return found

    def on_tree_grid_turned(self, event: TreeGrid.Turned) -> None:
        """Open or close a line; what cannot be closed leads to what it is part of."""
        event.stop()
        if self._lines is None:
            return
        outline = self._lines.outline
        line = outline.line(event.row)
        path = line.path if isinstance(line, Node) else line.parent.path
        opens = isinstance(line, Node) and line.opens
        is_open = opens and outline.is_open(path)
        if event.to is False and not is_open:
            above = path if isinstance(line, Leaf) else path[:-1]
            self.cursor = outline.number_of(above) if above else event.row
        elif opens and event.to is not is_open:
            outline.close(path) if is_open else outline.open(path)
            self._fill()

    def _fill(self, cursor: int | None = None) -> None:
        if self._lines is not None:
            self.show(len(self._lines.outline), self._line_cells, cursor=cursor)

    def _line_cells(self, number: int) -> list[Text]:
        assert self._lines is not None
        if any(self._lines.unknown([number])):
            self._ask()
        return self._lines.cells(number)

    # What is worked out in a thread

    def _ask(self) -> None:
        """Have worked out what is in sight, once this frame is painted."""
        if not self._asking:
            self._asking = True
            self.call_after_refresh(self._ask_now)

    def _ask_now(self) -> None:
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
        with self._dashboard.telling():
            found = await self._dashboard.in_thread(lines.work_out, subjects, pages)
            self._asking = False
            lines.add(found)
            if lines is self._lines and pages and isinstance(self.line, Leaf):
                self.post_message(self.Moved(self, self.cursor))
            self.refresh()

    @work(exclusive=True, group="counts")
    async def _tally(self, lines: TreeLines) -> None:
        with self._dashboard.telling():
            lines.counts = await self._dashboard.in_thread(rows.tally, lines.board.report)
            self.refresh()

    @work(exclusive=True, group="stand")
    async def _stand_on(self, subject: Subject) -> None:
        """The cursor on the subject, where it is among the lines; of a space the history tells which line."""
        lines = self._lines
        if lines is None:
            return
        with self._dashboard.telling():
            place = await self._dashboard.in_thread(lines.place_of, subject)
            number = lines.outline.number_of(*place) if place is not None else None
            if lines is self._lines and number is not None:
                self.cursor = number

    @property
    def _dashboard(self) -> Host:
        return host_of(self)


class Hits(Grid):
    """Looks for what it is told to, in a thread. Posts `Found`, and `Picked` for the hit to go to."""

    @dataclass
    class Found(Message):
        """There is something to list, or nothing."""

        told: str
        """How much was found, and what the keys do."""

    @dataclass
    class Picked(Message):
        """Go there; None where nothing was found."""

        hit: inventory_tree.Hit | None

    def __init__(self, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(inventory_tree.COLUMNS, id=id, empty="No match")
        self._hits: list[inventory_tree.Hit] = []
        self._wanted = self._listed = ""
        """What to look for, and what the list is of."""
        self._pick_at_once = False

    def look_for(self, state: State, text: str) -> None:
        """List what bears the text."""
        self._wanted = text
        self._find(state, text)

    def pick(self, state: State, text: str) -> None:
        """Go to the first that bears the text, or to the one under the cursor where it was found already."""
        if text == self._listed:
            self.action_choose()
        else:
            self._pick_at_once = True
            self.look_for(state, text)

    def forget(self) -> None:
        """Nothing is looked for any more."""
        self._wanted = self._listed = ""
        self._pick_at_once = False

    def action_choose(self) -> None:
        """Go to what is under the cursor."""
        self._pick_at_once = False
        row = self.cursor
        self.post_message(self.Picked(self._hits[row] if row is not None and row < len(self._hits) else None))

    @work(exclusive=True, group="find")
    async def _find(self, state: State, text: str) -> None:
        dashboard = host_of(self)
        with dashboard.telling():
            found = await dashboard.in_thread(inventory_tree.hits, state, text)
            if text != self._wanted:
                return
            self._hits, self._listed = found, text
            self.show(len(found), lambda row: inventory_tree.cells(found[row]), cursor=0)
            told = (
                f"{len(found)} found"
                if len(found) < inventory_tree.MOST
                else f"the first {inventory_tree.MOST}; keep typing to narrow it down"
            )
            self.post_message(self.Found(f"{told}. Enter: first match; Down: list; Escape: back to the tree."))
            if self._pick_at_once:
                self.action_choose()
