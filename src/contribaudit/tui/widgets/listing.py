"""A list with a sentence above it and, next to it, the detail of the row under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from contribaudit.tui.widgets.grid import Column, Grid

T = TypeVar("T")


class Listing(Vertical, Generic[T]):
    """A list with details. `show` fills it and keeps the cursor on its row. The list is the `Grid` named `<id>-grid`.

    `cells` makes a row's texts; `detail` gives one text, or two that are compared in columns of the same width; `key`
    identifies a row across calls of `show`. All three are pure functions.
    """

    DEFAULT_CSS = """
    Listing {
        height: 1fr;
        & > Static { height: auto; padding: 0 1; }
        & > .sides { height: 1fr; }
        & > .sides > Grid { width: 3fr; }
        & > .sides > VerticalScroll { width: 2fr; padding: 0 1; border-left: solid $primary 40%; }
        & > .sides > VerticalScroll { scrollbar-size-vertical: 1; }
        & > .sides > VerticalScroll > Horizontal { height: auto; }
        & > .sides > VerticalScroll > Horizontal > Static { width: 1fr; padding-right: 2; }
        &.-stacked > .sides { layout: vertical; }
        &.-stacked > .sides > Grid { width: 1fr; height: 1fr; }
        &.-stacked > .sides > VerticalScroll { width: 1fr; height: 3fr; border-left: none; }
        &.-stacked > .sides > VerticalScroll { border-top: solid $primary 40%; }
    }
    """

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str,  # noqa: A002  Textual's own name
        empty: str,
        key: Callable[[T], object],
        line: str = "",
        stacked: bool = False,
        sortable: bool = True,
    ) -> None:
        """`empty` is shown if there are no rows, once that is known; `stacked` puts the detail below, with more room.

        A click on a column's title sorts the list if it is `sortable`.
        """
        super().__init__(id=f"{id}-list", classes="-stacked" if stacked else "")
        self._grid = Grid(columns, id=f"{id}-grid", empty="")
        self.empty, self._sortable = empty, sortable
        """The sentence that the next `show` without rows shows."""
        self._sorted: tuple[int, bool] | None = None
        """The column by which rows are sorted, and whether in reverse; None for the original order."""
        self._cells: Callable[[T], list[Text]] = lambda _row: []
        self._line = Static(line, markup=False)
        self._side = VerticalScroll()
        self._first, self._second = Static(markup=False), Static(markup=False)
        self._key = key
        self._rows: Sequence[T] = ()
        self._came: Sequence[T] = ()
        """The rows in their original order."""
        self._detail: Callable[[T], Sequence[Text]] = lambda _row: ()

    def compose(self) -> ComposeResult:
        """Yield the sentence, the list, and the details for up to two texts."""
        yield self._line
        with Horizontal(classes="sides"):
            yield self._grid
            with self._side, Horizontal():
                yield self._first
                yield self._second

    @property
    def rows(self) -> Sequence[T]:
        """The listed rows, in the order shown."""
        return self._rows

    @property
    def selected(self) -> T | None:
        """The row under the cursor; None without rows."""
        cursor = self._grid.cursor
        return self._rows[cursor] if cursor is not None and cursor < len(self._rows) else None

    def say(self, line: Text) -> None:
        """Replace the sentence above the list."""
        self._line.update(line)

    def show(
        self,
        rows: Sequence[T],
        cells: Callable[[T], list[Text]],
        detail: Callable[[T], Sequence[Text]],
        *,
        at: T | None = None,
    ) -> None:
        """List these rows, with the cursor on `at`, or else on its earlier row if that is among them."""
        target = at if at is not None else self.selected
        self._grid.empty, self._cells, self._detail = self.empty, cells, detail
        self._came = rows
        self._rows = rows = self._in_order(rows)
        keys = [self._key(row) for row in rows] if target is not None else []
        place = keys.index(self._key(target)) if target is not None and self._key(target) in keys else None
        self._grid.show(len(rows), lambda number: cells(rows[number]), cursor=place)

    def _in_order(self, rows: Sequence[T]) -> Sequence[T]:
        if self._sorted is None:
            return rows
        column, backwards = self._sorted
        return sorted(rows, key=lambda row: _sort_key(self._cells(row)[column].plain), reverse=backwards)

    def on_grid_headed(self, message: Grid.Headed) -> None:
        """Sort by the clicked column; a second click sorts in reverse, a third restores the original order."""
        message.stop()
        if not self._sortable or self._grid.is_reading:
            return
        order = [(message.column, False), (message.column, True), None]
        self._sorted = order[(order.index(self._sorted) + 1) % 3 if self._sorted in order[:2] else 0]
        self.show(self._came, self._cells, self._detail)

    def on_grid_moved(self) -> None:
        """Show the detail of the row under the cursor."""
        self.describe()

    def describe(self) -> None:
        """Show the detail of the row under the cursor, made again."""
        row = self.selected
        texts = self._detail(row) if row is not None else ()
        self._first.update(texts[0] if texts else Text())
        self._second.display = len(texts) > 1
        self._second.update(Text("\n").join(texts[1:]))
        self._side.scroll_home(animate=False)


def _sort_key(text: str) -> tuple[bool, float, str]:
    """A sort key that puts numbers first, by size, then words."""
    head = text.strip().partition(" ")[0].replace(",", "")
    number = float(head) if head.replace(".", "", 1).isdigit() else None
    return number is None, number or 0.0, text.casefold()
