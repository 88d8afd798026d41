"""A table that builds only the rows in sight: 100 000 cost as little as fifty. Its rows may open and close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

_GAP = 1
_PLAIN = Console(width=1000, height=10, force_terminal=True, color_system="truecolor", markup=False, emoji=False)
"""Turns a text's styles into segments; nothing is ever printed on it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `width` cells, or a share of what is left where `flexible`, then never less than `width`."""

    title: str
    width: int
    flexible: bool = False
    drop_below: int = 0
    """Left out where the grid is narrower than so many cells; 0 for never."""


class Grid(ScrollView, can_focus=True):
    """Rows by number, under a header that stays. `cells` makes the texts of one row when it comes into sight.

    The row under the cursor is `cursor` (None without rows); it is in sight after every move and after `show`. Posts
    `Moved` when another row, or another content of it, is under the cursor, and `Chosen` on Enter and on a click on
    the row that has the cursor. The cursor's row begins with ">", so that it is found without colours.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--header", "grid--cursor", "grid--hover"}
    DEFAULT_CSS = """
    Grid {
        height: 1fr;
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        & > .grid--header { text-style: bold underline; color: $text-muted; }
        & > .grid--hover { background: $boost; }
        & > .grid--cursor { background: $primary 20%; }
        &:focus > .grid--cursor { background: $primary 35%; text-style: bold; }
    }
    """
    cursor: reactive[int | None] = reactive(None)
    hover: reactive[int | None] = reactive(None)

    @dataclass
    class Moved(Message):
        """Another row is under the cursor, or none (None)."""

        grid: Grid
        row: int | None

    @dataclass
    class Chosen(Message):
        """The row was opened."""

        grid: Grid
        row: int

    @dataclass
    class Headed(Message):
        """A column's title was clicked."""

        grid: Grid
        column: int

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str | None = None,  # noqa: A002  Textual's own name
        empty: str = "No data to show",
        reading: str = "Reading …",
    ) -> None:
        """`reading` stands there until rows are shown for the first time, be it none; "" where nothing is read."""
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._count = 0
        self._cells: Callable[[int], Sequence[Text]] = lambda _row: ()
        self.empty = empty
        """The sentence that stands where there are no rows."""
        self._reading = reading

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return self._count

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are shown, those included that the width leaves out."""
        return self._columns

    def show(
        self,
        count: int,
        cells: Callable[[int], Sequence[Text]],
        *,
        cursor: int | None = None,
        columns: Sequence[Column] | None = None,
    ) -> None:
        """Show other rows. `cells` gives as many texts as there are columns; observed text must have been made `plain`.

        `cursor` is the row to stand on; None keeps its number where that still exists.
        """
        if columns is not None:
            self._columns = tuple(columns)
        self._count, self._cells, self._reading = count, cells, ""
        wanted = self.cursor if cursor is None else cursor
        row = min(max(wanted or 0, 0), count - 1) if count else None
        self.virtual_size = self._extent()
        self.hover = None
        self.set_reactive(Grid.cursor, row)
        self._into_sight()
        self.post_message(self.Moved(self, row))
        self.refresh()

    @property
    def is_reading(self) -> bool:
        """Whether nothing is known of its rows yet."""
        return bool(self._reading)

    def give_up(self) -> None:
        """Say that its rows were not read, where they are still waited for."""
        if self._reading:
            self._reading = "Not read"
            self.refresh()

    def watch_cursor(self, row: int | None) -> None:
        """Keep the cursor in sight, and tell."""
        self._into_sight()
        self.post_message(self.Moved(self, row))
        self.refresh()

    def watch_hover(self) -> None:
        """Show which row the mouse is on."""
        self.refresh()

    def action_move(self, by: int) -> None:
        """Some rows up or down."""
        self._move_cursor_to((self.cursor or 0) + by)

    def action_page(self, pages: float) -> None:
        """Some pages up or down, or a part of one."""
        self._move_cursor_to((self.cursor or 0) + int(pages * max(2, self._room - 1)))

    def action_edge(self, row: int) -> None:
        """To the first row, or the last (-1)."""
        self._move_cursor_to(self._count - 1 if row < 0 else 0)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; one on the cursor's row opens it."""
        row = self._row_at(event.y)
        if event.y == 0:
            column = self.column_at(event.x)
            if column is not None:
                self.post_message(self.Headed(self, column))
        elif row is not None and row == self.cursor:
            self.action_choose()
        elif row is not None:
            self.cursor = row

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The row under the mouse is lit."""
        self.hover = self._row_at(event.y)

    def on_leave(self) -> None:
        """The mouse went elsewhere."""
        self.hover = None

    def on_resize(self) -> None:
        """Rows take the new width, and the cursor stays in sight."""
        self.virtual_size = self._extent()
        self._into_sight()

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the header, or the row that is there now."""
        width = self.size.width
        if y == 0:
            titles = [Text(column.title) for column in self._columns]
            return self._row_strip(titles, self.get_component_rich_style("grid--header"), width, " ")
        row = y + int(self.scroll_offset.y) - 1
        if not self._count:
            said = f" {self._reading or self.empty}" if y == 1 else ""
            return Strip([Segment(said, self.rich_style)]).adjust_cell_length(width, self.rich_style)
        if row >= self._count:
            return Strip.blank(width, self.rich_style)
        if row == self.cursor:
            return self._row_strip(self._cells(row), self.get_component_rich_style("grid--cursor"), width, ">")
        style = self.get_component_rich_style("grid--hover") if row == self.hover else self.rich_style
        return self._row_strip(self._cells(row), style, width, " ")

    def widths(self, width: int) -> list[int]:
        """Cells of each column in a grid of this width; 0 for one that is left out."""
        shown = [0 if column.drop_below and width < column.drop_below else column.width for column in self._columns]
        left = width - _GAP - sum(shown) - _GAP * sum(1 for one in shown if one)
        flexible = [n for n, column in enumerate(self._columns) if column.flexible and shown[n]]
        for place, number in enumerate(flexible):
            share = max(0, left) // (len(flexible) - place)
            shown[number] += share
            left -= share
        return shown

    def column_at(self, x: int) -> int | None:
        """The column that is shown there; None right of the last."""
        start = 1  # behind the cursor's mark
        for column, width in enumerate(self.widths(self.size.width)):
            if width and start <= x < start + width + _GAP:
                return column
            start += width + _GAP if width else 0
        return None

    def _row_strip(self, cells: Sequence[Text], style: Style, width: int, mark: str) -> Strip:
        segments: list[Segment] = [Segment(mark, style)]
        for text, room in zip(cells, self.widths(width), strict=False):
            if not room:
                continue
            fitted = text
            if cell_len(text.plain) > room or "\n" in text.plain:
                fitted = text.copy()
                fitted.plain = text.plain.replace("\n", " ")
                fitted.truncate(room, overflow="ellipsis", pad=False)
            # A text without spans is rendered without its own style.
            base = style + (_PLAIN.get_style(text.style) if isinstance(text.style, str) else text.style)
            segments += [
                Segment(piece.text, base + piece.style if piece.style else base)
                for piece in fitted.render(_PLAIN)
                if piece.text != "\n"
            ]
            segments.append(Segment(" " * (room - cell_len(fitted.plain) + _GAP), style))
        return Strip(segments).adjust_cell_length(width, style)

    @property
    def _room(self) -> int:
        """How many rows are in sight at once."""
        return max(1, self.size.height - 1)

    def _extent(self) -> Size:
        """Without a width: nothing ever scrolls sideways, whatever a scrollbar takes."""
        return Size(0, self._count + 1)

    def _row_at(self, y: int) -> int | None:
        row = y + int(self.scroll_offset.y) - 1
        return row if y >= 1 and 0 <= row < self._count else None

    def _move_cursor_to(self, row: int) -> None:
        if self._count:
            self.cursor = min(max(row, 0), self._count - 1)

    def _into_sight(self) -> None:
        """Scroll at once: what is deferred would paint a frame without the cursor."""
        row = self.cursor
        if not self.size.height:
            return
        top = int(self.scroll_offset.y)
        wanted = min(top, max(0, self._count - self._room))
        if row is not None:
            wanted = row if row < wanted else max(wanted, row - self._room + 1)
        if wanted != top:
            self.scroll_target_y = self.scroll_y = wanted


class CellGrid(Grid):
    """A grid whose cursor is on one cell of its row: `column` counts from the first that can be answered, the second.

    `Chosen` is posted for that cell.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "column(-1)", "Column to the left", show=False),
        Binding("right,l", "column(1)", "Column to the right", show=False),
    ]
    column: reactive[int] = reactive(0)

    def watch_column(self) -> None:
        """Another cell, of the same row."""
        self.post_message(self.Moved(self, self.cursor))
        self.refresh()

    def action_column(self, by: int) -> None:
        """To a column beside it."""
        self.column = min(max(self.column + by, 0), max(0, len(self._columns) - 2))

    def go_to(self, row: int, column: int) -> None:
        """Put the cursor on this cell."""
        self.column = column
        self._move_cursor_to(row)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor to the cell; one on the cursor's cell opens it, one on a title is the grid's."""
        if event.y == 0:
            return
        event.prevent_default()
        row, column = self._row_at(event.y), (self.column_at(event.x) or 0) - 1
        if row is None:
            return
        if row == self.cursor and column in (self.column, -1):
            self.action_choose()
        else:
            self.go_to(row, max(column, 0))


class TreeGrid(Grid):
    """Posts `Turned` when a row is to be opened (True), closed (False), or the other way round (None).

    Enter, a click and the space bar turn a row, right opens it, left closes it or goes to what it is part of.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(True)", "Open", show=False),
        Binding("left,h", "turn(False)", "Close, or up", show=False),
        Binding("space", "choose", "Open or close", show=False),
    ]

    @dataclass
    class Turned(Message):
        """A row is to be opened or closed."""

        grid: TreeGrid
        row: int
        to: bool | None

    def action_turn(self, to: bool) -> None:
        """Open or close the row under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Turned(self, self.cursor, to))

    def action_choose(self) -> None:
        """Open the row where it is closed, else close it."""
        if self.cursor is not None:
            self.post_message(self.Turned(self, self.cursor, None))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor and turns the row."""
        row = self._row_at(event.y)
        if row is None:
            return
        event.prevent_default()
        self.cursor = row
        self.action_choose()
