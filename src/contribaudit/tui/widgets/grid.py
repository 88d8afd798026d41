"""A table that builds only the visible rows, so that 100,000 cost as little as fifty; also with a cursor on cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
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
_LEAST = 6
"""A flexible column gets no narrower than this where the grid is too narrow, so that the others are not cut off."""
_PLAIN = Console(width=1000, height=10, force_terminal=True, color_system="truecolor", markup=False, emoji=False)
"""A console that turns a text's styles into segments; nothing is printed on it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `width` cells; a `flexible` one takes its share of the cells that remain, or that are missing."""

    title: str
    width: int
    flexible: bool = False
    drop_below: int = 0
    """The column is left out if the grid is narrower than this many cells; 0 for never."""


class Grid(ScrollView, can_focus=True):
    """Rows by number below a fixed header. `cells` makes the texts of a row when it becomes visible.

    `cursor` is the number of the row under the cursor, None without rows; that row is visible after every move and
    after `show`. Posts `Moved` when the row under the cursor or its content changes, and `Chosen` on Enter and on a
    click on the cursor's row. That row begins with ">", so that it can be found without colours.
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
        """The row under the cursor, or its content, changed; `row` is None without rows."""

        grid: Grid
        row: int | None

    @dataclass
    class Chosen(Message):
        """A row was opened."""

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
        """`reading` is shown until `show` is called first; "" if nothing has to be read."""
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._count = 0
        self._cells: Callable[[int], Sequence[Text]] = lambda _row: ()
        self.empty = empty
        """The sentence shown if there are no rows."""
        self._reading = reading

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return self._count

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, including those that the present width leaves out."""
        return self._columns

    def show(
        self,
        count: int,
        cells: Callable[[int], Sequence[Text]],
        *,
        cursor: int | None = None,
        columns: Sequence[Column] | None = None,
    ) -> None:
        """Show these rows. `cells` gives one text per column, with observed text already made safe.

        `cursor` is the row for the cursor; None keeps its present number, or the last row if that is gone.
        """
        if columns is not None:
            self._columns = tuple(columns)
        self._count, self._cells, self._reading = count, cells, ""
        place = self.cursor if cursor is None else cursor
        row = min(max(place or 0, 0), count - 1) if count else None
        self.virtual_size = self._extent()
        self.hover = None
        self.set_reactive(Grid.cursor, row)
        self._into_sight()
        self.post_message(self.Moved(self, row))
        self.refresh()

    @property
    def is_reading(self) -> bool:
        """Whether the rows are still being read."""
        return bool(self._reading)

    def give_up(self) -> None:
        """If the rows are still being read, show that they were not read."""
        if self._reading:
            self._reading = "Not read"
            self.refresh()

    def watch_cursor(self, row: int | None) -> None:
        """Keep the cursor visible, and post `Moved`."""
        self._into_sight()
        self.post_message(self.Moved(self, row))
        self.refresh()

    def watch_hover(self) -> None:
        """Repaint to light the row under the mouse."""
        self.refresh()

    def action_move(self, by: int) -> None:
        """Move the cursor by this many rows, negative for up."""
        self._move_cursor_to((self.cursor or 0) + by)

    def action_page(self, pages: float) -> None:
        """Move the cursor by this many pages, negative for up."""
        self._move_cursor_to((self.cursor or 0) + int(pages * max(2, self._room - 1)))

    def action_edge(self, row: int) -> None:
        """Move the cursor to the first row, or to the last (-1)."""
        self._move_cursor_to(self._count - 1 if row < 0 else 0)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row, or open that row if the cursor is there already."""
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
        """Light the row under the mouse."""
        self.hover = self._row_at(event.y)

    def on_leave(self) -> None:
        """Light no row."""
        self.hover = None

    def on_resize(self) -> None:
        """Keep the cursor visible in the new size."""
        self.virtual_size = self._extent()
        self._into_sight()

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, or the row at this position."""
        width = self.size.width
        if y == 0:
            titles = [Text(column.title) for column in self._columns]
            return self._row_strip(titles, self.get_component_rich_style("grid--header"), width, " ")
        row = y + int(self.scroll_offset.y) - 1
        if not self._count:
            sentence = wrap(self._reading or self.empty, max(1, width - 1))
            line = f" {sentence[y - 1]}" if y <= len(sentence) else ""
            return Strip([Segment(line, self.rich_style)]).adjust_cell_length(width, self.rich_style)
        if row >= self._count:
            return Strip.blank(width, self.rich_style)
        if row == self.cursor:
            return self._row_strip(self._cells(row), self.get_component_rich_style("grid--cursor"), width, ">")
        style = self.get_component_rich_style("grid--hover") if row == self.hover else self.rich_style
        return self._row_strip(self._cells(row), style, width, " ")

    def widths(self, width: int) -> list[int]:
        """The width of each column in a grid of this width; 0 for a column that is left out."""
        shown = [0 if column.drop_below and width < column.drop_below else column.width for column in self._columns]
        left = width - _GAP - sum(shown) - _GAP * sum(1 for one in shown if one)
        flexible = [n for n, column in enumerate(self._columns) if column.flexible and shown[n]]
        if left < 0:
            flexible.sort(key=lambda number: shown[number])  # a wider one gives what a narrow one cannot
        for place, number in enumerate(flexible):
            share = max(left // (len(flexible) - place), min(0, _LEAST - shown[number]))
            shown[number] += share
            left -= share
        return shown

    def column_at(self, x: int) -> int | None:
        """The number of the column at this position; None right of the last one."""
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
        """The number of visible rows."""
        return max(1, self.size.height - 1)

    def _extent(self) -> Size:
        """The scrollable size, with no width, so that nothing scrolls sideways."""
        return Size(0, self._count + 1)

    def _row_at(self, y: int) -> int | None:
        row = y + int(self.scroll_offset.y) - 1
        return row if y >= 1 and 0 <= row < self._count else None

    def _move_cursor_to(self, row: int) -> None:
        if self._count:
            self.cursor = min(max(row, 0), self._count - 1)

    def _into_sight(self) -> None:
        """Scroll to the cursor at once, since deferred scrolling would paint a frame without the cursor."""
        row = self.cursor
        if not self.size.height:
            return
        top = int(self.scroll_offset.y)
        new_top = min(top, max(0, self._count - self._room))
        if row is not None:
            new_top = row if row < new_top else max(new_top, row - self._room + 1)
        if new_top != top:
            self.scroll_target_y = self.scroll_y = new_top


class CellGrid(Grid):
    """A grid whose cursor is on one cell of its row. `column` counts from 0 for the second column of the grid.

    `Chosen` is posted for the cell under the cursor.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "column(-1)", "Column to the left", show=False),
        Binding("right,l", "column(1)", "Column to the right", show=False),
    ]
    column: reactive[int] = reactive(0)

    def watch_column(self) -> None:
        """Post `Moved` for another cell of the same row."""
        self.post_message(self.Moved(self, self.cursor))
        self.refresh()

    def action_column(self, by: int) -> None:
        """Move the cursor by this many columns."""
        self.column = min(max(self.column + by, 0), max(0, len(self._columns) - 2))

    def go_to(self, row: int, column: int) -> None:
        """Put the cursor on this cell."""
        self.column = column
        self._move_cursor_to(row)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked cell, or open it if the cursor is there. The grid handles clicks on titles."""
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
