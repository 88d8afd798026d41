"""The Map screen: apps by location, then sites by seven questions, worst first. Enter shows the findings behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from contribaudit.core.advise.site_map import QUESTIONS, Location, MapRow, SiteMap
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows import site_map as rows
from contribaudit.tui.rows.filtering import quoted
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.grid import CellGrid, Column, Grid

_NOTHING = SiteMap((), ())


class LocationBar(Widget, can_focus=True):
    """The stacked bar of locations with its legend. Left and Right move along it; Enter opens a location."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Location to the left", show=False),
        Binding("right,l", "move(1)", "Location to the right", show=False),
        Binding("down,j", "leave", "To the sites", show=False),
        Binding("enter", "choose", "Findings there"),
    ]
    DEFAULT_CSS = """
    LocationBar { height: auto; max-height: 6; padding: 0 1; margin-bottom: 1; }
    """
    here: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """A location was opened."""

        number: int

    class Left(Message):
        """The cursor leaves the bar downwards."""

    def __init__(self) -> None:
        super().__init__()
        self._map: SiteMap | None = None

    def show(self, whole: SiteMap) -> None:
        """Draw this map's locations."""
        self._map = whole
        self.here = min(self.here, max(0, len(whole.locations) - 1))
        self.refresh(layout=True)

    def render(self) -> Text:
        """The bar, then its legend."""
        if self._map is None:
            return Text("reading the history …", "dim")
        if not self._map.locations:
            return Text.assemble(("No app was read, so nothing is known of a location.", "yellow"))
        return Text("\n").join(self._bar_lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """The number of lines of the bar and its legend."""
        return len(self._bar_lines(width)) if self._locations else 1

    def _bar_lines(self, width: int) -> list[Text]:
        return rows.bar(self._map or _NOTHING, max(1, width), self.here if self.has_focus else None)

    def action_move(self, by: int) -> None:
        """Move the cursor along the bar."""
        self.here = min(max(self.here + by, 0), max(0, len(self._locations) - 1))

    @property
    def _locations(self) -> tuple[Location, ...]:
        return self._map.locations if self._map is not None else ()

    def action_leave(self) -> None:
        """Leave the bar for the sites."""
        self.post_message(self.Left())

    def action_choose(self) -> None:
        """Open the location under the cursor."""
        if self._locations:
            self.post_message(self.Chosen(self.here))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked piece of the bar; a double click on the cursor's piece opens it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for number, piece in enumerate(rows.pieces(self._map or _NOTHING, self.content_size.width)):
            if offset.y == 0 and piece.start <= offset.x < piece.start + piece.width:
                if number == self.here and event.chain > 1:
                    self.action_choose()
                self.here = number


class SiteGrid(CellGrid):
    """The table of sites. Up from the first row leads to the bar."""

    DEFAULT_CSS = "SiteGrid { &:focus > .grid--cursor { text-style: none; } }"

    class Top(Message):
        """The cursor leaves the table upwards."""

    def action_column(self, by: int) -> None:
        """Move to another question; the column with the number of apps is skipped."""
        self.column = min(max(self.column + by, 0), len(QUESTIONS) - 1)

    def action_move(self, by: int) -> None:
        """Move the cursor; up from the first row, leave for the bar."""
        if by < 0 and not self.cursor:
            self.post_message(self.Top())
        else:
            super().action_move(by)


class Waffle(SiteGrid):
    """Sites as tiles, so that thousands fit. The cursor is on a tile; `column` counts the tiles of a line."""

    def __init__(self) -> None:
        super().__init__([Column("", 1, flexible=True)], id="waffle", empty="")
        self._rows: tuple[MapRow, ...] = ()
        self._question = rows.ALL_QUESTIONS
        self._wide = 1

    def tiles(self, all_rows: tuple[MapRow, ...], question: int) -> None:
        """Show these sites, coloured by a question."""
        site = self.site
        self._rows, self._question = all_rows, question
        self._arrange(site or 0)

    @property
    def site(self) -> int | None:
        """The number of the site under the cursor; None without sites."""
        place = (self.cursor or 0) * self._wide + self.column
        return place if self.cursor is not None and place < len(self._rows) else None

    def _arrange(self, site: int) -> None:
        self._wide = rows.per_line(self.size.width)
        lines = -(-len(self._rows) // self._wide)
        self.column = site % self._wide
        title = "worst of all questions" if self._question < 0 else QUESTIONS[self._question].name
        self.show(lines, self._tiles_of, cursor=site // self._wide, columns=[Column(title, 1, flexible=True)])

    def _tiles_of(self, line: int) -> list[Text]:
        some = self._rows[line * self._wide : (line + 1) * self._wide]
        return [rows.waffle_line(some, self._question, self.column if line == self.cursor else None)]

    def action_column(self, by: int) -> None:
        """Move along the tiles, also across the ends of lines."""
        place = min(max((self.cursor or 0) * self._wide + self.column + by, 0), max(0, len(self._rows) - 1))
        self.go_to(place // self._wide, place % self._wide)

    def watch_cursor(self, row: int | None) -> None:
        """Keep the cursor on a tile, since the last line may be shorter."""
        if row is not None and self._rows:
            self.column = min(self.column, len(self._rows) - 1 - row * self._wide)
        super().watch_cursor(row)

    def on_resize(self) -> None:
        """Arrange the tiles in new lines, with the cursor on the same site."""
        site = self.site
        if self.size.width and self._rows:
            self._arrange(site or 0)
        super().on_resize()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked tile, or open that tile if the cursor is there already."""
        event.prevent_default()
        row = self._row_at(event.y)
        column = max(0, (event.x - 1) // 2)
        if row is None or row * self._wide + column >= len(self._rows) or column >= self._wide:
            return
        if row == self.cursor and column == self.column:
            self.action_choose()
        else:
            self.go_to(row, column)


class MapScreen(BoardScreen):
    """The bar, the sites as a table or as tiles, and the cell under the cursor in words."""

    NAME: ClassVar[str] = "Map"
    FIRST = "#sites"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pass", "Show", show=False),
        Binding("s", "question", "Sort", tooltip="Sort by another question"),
        Binding("V", "waffle", "Table or tiles"),
    ]
    DEFAULT_CSS: ClassVar[str] = """
    MapScreen {
        & #about { height: 1; padding: 0 1; }
        & #sites, & #waffle { height: 1fr; }
        & #told { height: 2; padding: 0 1; background: $boost; }
        & #letters { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._map = _NOTHING
        self._called: dict[str, str] = {}
        self._rows: tuple[MapRow, ...] = ()
        self._question = rows.ALL_QUESTIONS
        self._tiles: bool | None = None
        """Whether the person chose tiles; None to choose by the number of sites."""

    def body(self) -> ComposeResult:
        """Yield the summary, the bar, the sites as table and tiles, the cell in words, and the legend."""
        yield Static(id="about", markup=False)
        yield LocationBar()
        yield SiteGrid(rows.COLUMNS, id="sites", empty="")
        waffle = Waffle()
        waffle.display = False
        yield waffle
        yield Static(id="told", markup=False)
        yield Static(rows.legend(), id="letters", markup=False)

    def show_board(self, board: Board) -> None:
        """Draw the board's map."""
        self._map = board.map
        self._called = {one.id: one.name for one in board.report.organizations}
        self.query_one(LocationBar).show(self._map)
        self._fill()

    def sheet(self) -> Sheet | None:
        """Every site, in the order shown."""
        return Sheet("map", rows.SHEET, [rows.sheet_row(one) for one in self._rows])

    def action_question(self) -> None:
        """Sort the sites by the next question, and after the last by all questions."""
        following = self._question + 1
        self._question = following if following < len(QUESTIONS) else rows.ALL_QUESTIONS
        if self._question >= 0:
            self.query_one("#sites", SiteGrid).column = self._question
        self._fill()

    def action_waffle(self) -> None:
        """Switch between table and tiles."""
        self._tiles = not self._as_tiles
        self._fill()

    def action_pass(self) -> None:
        """Do nothing: the focused widget handles Enter; this entry names the key."""

    def on_grid_headed(self, message: Grid.Headed) -> None:
        """Sort by the clicked question."""
        if 0 < message.column <= len(QUESTIONS):
            self._question = message.column - 1
            self._fill()

    def on_grid_moved(self) -> None:
        """Describe the cell under the cursor."""
        row = self._row
        text = rows.detail(row, self._column) if row is not None else Text("")
        if row is not None and self._as_tiles and self._question < 0:
            text = rows.row_words(row, self._called)
        self.query_one("#told", Static).update(text)

    def on_grid_chosen(self) -> None:
        """Show the findings behind the cell, or the site if the cell has none."""
        row = self._row
        if row is None:
            return
        if self._as_tiles and self._question < 0:
            self.dashboard.show_findings(f"site:{quoted(row.site)} is:open" if row.site else 'site:"" kind:app')
            return
        query = rows.filter_of(row, QUESTIONS[self._column], row.cells[self._column])
        if query:
            self.dashboard.show_findings(query)
        elif row.site:
            self.dashboard.show_subject(Subject(row.organization, Kind.SITE, row.site))
        else:
            self.dashboard.say("No finding answers this, and the policy asks nothing about it")

    def on_location_bar_chosen(self, message: LocationBar.Chosen) -> None:
        """Show the findings about the apps in this location."""
        self.dashboard.show_findings(rows.location_query(self._map.locations[message.number]))

    def on_location_bar_left(self) -> None:
        """Put the focus on the sites."""
        self._front.focus()

    def on_site_grid_top(self) -> None:
        """Focus the bar."""
        self.query_one(LocationBar).focus()

    @property
    def _as_tiles(self) -> bool:
        return len(self._map.rows) > rows.MOST_ROWS if self._tiles is None else self._tiles

    @property
    def _front(self) -> SiteGrid:
        return self.query_one(Waffle) if self._as_tiles else self.query_one("#sites", SiteGrid)

    @property
    def _column(self) -> int:
        return self._question if self._as_tiles else self.query_one("#sites", SiteGrid).column

    @property
    def _row(self) -> MapRow | None:
        place = self.query_one(Waffle).site if self._as_tiles else self.query_one("#sites", SiteGrid).cursor
        return self._rows[place] if place is not None and place < len(self._rows) else None

    def _fill(self) -> None:
        had_focus = isinstance(self.focused, SiteGrid)
        self._rows = rows.by_question(self._map.rows, self._question)
        table, waffle = self.query_one("#sites", SiteGrid), self.query_one(Waffle)
        table.display, waffle.display = not self._as_tiles, self._as_tiles
        if self._as_tiles:
            waffle.tiles(self._rows, self._question)
        else:
            table.show(len(self._rows), lambda row: self._cells(table, row))
        if had_focus or self.focused is None:
            self._front.focus()
        organizations = len({one.organization for one in self._rows})
        asked = "all questions" if self._question < 0 else QUESTIONS[self._question].name
        about = rows.scope_words(self._map, organizations).append(f"  worst first by {asked}", "dim")
        self.query_one("#about", Static).update(about)
        self.on_grid_moved()

    def _cells(self, table: SiteGrid, row: int) -> list[Text]:
        cursor_column = table.column if row == table.cursor else None
        return rows.cells(self._rows[row], cursor_column, self._called, table.widths(table.size.width))
