"""The Findings screen: every finding, filtered as you type, sorted and grouped, with one in full.

If the terminal has no room for the detail next to the table, the finding opens in a screen of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from contribaudit.core.model.finding import Finding
from contribaudit.tui.files import Sheet
from contribaudit.tui.rows import findings as rows
from contribaudit.tui.rows.filtering import (
    GROUPS,
    SORTS,
    FindingIndex,
    Heading,
    Narrowing,
    grouped,
    hint,
    ordered,
    parse,
)
from contribaudit.tui.screens.base import FilteredScreen
from contribaudit.tui.screens.finding import DetailScreen, FindingDetail
from contribaudit.tui.source import Board
from contribaudit.tui.widgets.field import PlainInput
from contribaudit.tui.widgets.grid import Grid


class FindingsScreen(FilteredScreen):
    """The table with the filter above it and, if there is room, the finding under the cursor beside it."""

    NAME: ClassVar[str] = "Findings"
    FIRST = "Grid"
    PAUSE_SECONDS = 0.06
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("s", "sort", "Sort"),
        Binding("g", "group", "Group", show=False),
        Binding("x", "passes", "Only…", tooltip="Only findings that need action, or all"),
        Binding("w", "app.waive", "Waive"),
        Binding("v", "detail('raw')", "Raw response", show=False),
        Binding("y", "detail('copy')", "Copy as text", show=False),
        Binding("b", "detail('page')", "Documentation", show=False),
        Binding("c", "detail('console')", "Console", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._index = FindingIndex(())
        self._orders: dict[str, list[int]] = {}
        self._narrowing = Narrowing()
        self._lines: Sequence[int | Heading] = ()
        self._sort, self._group = "gravity", ""
        self._hide_passes = False

    def body(self) -> ComposeResult:
        """Yield the filter, the counts, the table and the detail."""
        yield PlainInput(placeholder="filter: words, outcome:fail, site:acme, check:DR, is:open   ?: help", id="filter")
        yield Static(id="counts")
        with Horizontal(id="table"):
            yield Grid(rows.COLUMNS, id="findings", empty="No finding matches the filter. Press Escape to clear it.")
            yield FindingDetail(id="detail")

    @property
    def shown(self) -> list[Finding]:
        """The findings that match the filter, in the order of the table."""
        return [self._index.rows[line].finding for line in self._lines if isinstance(line, int)]

    def show_board(self, board: Board) -> None:
        """Show the board's findings; the cursor stays on its finding."""
        finding = self.finding
        self._index, self._orders = board.index, {}
        self._fill(None if finding is None else self._index.place_of(finding))

    def filter_by(self, query: str) -> None:
        """Show the findings that match this filter."""
        self._hide_passes = False
        box = self.box
        with box.prevent(Input.Changed):
            box.value = query
        self._fill(None)
        self.set_focus(self.query_one(Grid))

    def action_add_term(self, term: str) -> None:
        """Add this term to the filter, in place of a term of the same facet."""
        facet = term.partition(":")[0]
        terms = [one for one in self.box.value.split() if not one.startswith(f"{facet}:")]
        self.filter_by(" ".join([*terms, term]))

    def action_drop_term(self, facet: str) -> None:
        """Remove the terms of this facet from the filter."""
        terms = [one for one in self.box.value.split() if not one.startswith(f"{facet}:")]
        self.filter_by(" ".join(terms))

    def on_grid_headed(self, message: Grid.Headed) -> None:
        """Sort by the clicked column."""
        title = message.grid.columns[message.column].title
        self._sort = {"severity": "gravity", "why": "gravity"}.get(title, title)
        self.filter_changed()

    def filter_changed(self) -> None:
        """Filter again; the cursor stays on its finding if that still matches."""
        self._fill(self._index_at_cursor())

    def action_back(self) -> None:
        """Return from filter or detail to the table; from the table clear the filter, or else go to the overview."""
        grid, box = self.query_one(Grid), self.box
        if not grid.has_focus:
            self.set_focus(grid)
        elif box.value:
            self.filter_by("")
        else:
            super().action_back()

    def action_sort(self) -> None:
        """Switch to the next sort order."""
        names = list(SORTS)
        self._sort = names[(names.index(self._sort) + 1) % len(names)]
        self.filter_changed()

    def action_group(self) -> None:
        """Switch to the next grouping, or to none."""
        names = list(GROUPS)
        self._group = names[(names.index(self._group) + 1) % len(names)]
        self.filter_changed()

    def action_passes(self) -> None:
        """Hide the findings that require no action, or show them again."""
        self._hide_passes = not self._hide_passes
        self.filter_changed()

    def action_detail(self, name: str) -> None:
        """Call the detail's action of this name for the finding under the cursor."""
        detail = self.query_one(FindingDetail)
        if not detail.display:
            detail.show(self._board, self.finding)
        getattr(detail, f"action_{name}")()

    def on_grid_moved(self) -> None:
        """Show the finding under the cursor in the detail."""
        detail = self.query_one(FindingDetail)
        if detail.display:
            detail.show(self._board, self.finding)

    def on_resize(self) -> None:
        """Fill the detail, for which there may be room now."""
        self.call_after_refresh(self.on_grid_moved)

    def on_grid_chosen(self) -> None:
        """Focus the detail, or open it in a screen of its own if there is no room."""
        finding = self.finding
        if finding is None or self._board is None:
            return
        detail = self.query_one(FindingDetail)
        if detail.display:
            detail.focus()
        else:
            self.app.push_screen(DetailScreen(self._board, finding))

    def sheet(self) -> Sheet | None:
        """The rows of the findings that match the filter."""
        left = (self._index.rows[line] for line in self._lines if isinstance(line, int))
        return Sheet.of("findings", rows.FIELDS, left)

    @property
    def finding(self) -> Finding | None:
        """The finding under the cursor; None on a heading."""
        place = self._index_at_cursor()
        return None if place is None else self._index.rows[place].finding

    def _index_at_cursor(self) -> int | None:
        """The place in the index of the finding under the cursor; None on a heading."""
        cursor = self.query_one(Grid).cursor
        if cursor is None or cursor >= len(self._lines):
            return None
        line = self._lines[cursor]
        return line if isinstance(line, int) else None

    def _fill(self, place: int | None) -> None:
        """Filter, sort and group again. The cursor goes to `place`, a place in the index, if that is still shown."""
        if self._board is None:
            return
        if self._sort not in self._orders:
            by_gravity = self._sort == "gravity"
            self._orders[self._sort] = self._board.most_severe if by_gravity else ordered(self._index, self._sort)
        terms = parse(self.box.value)
        order = self._orders[self._sort]
        places = self._narrowing.filtered(self._index, order, terms, hide_passes=self._hide_passes)
        self._lines = grouped(self._index, places, self._group)
        text = rows.counts(
            self._index,
            places,
            sort=self._sort,
            group=self._group,
            hide_passes=self._hide_passes,
            chips=[
                (one.facet, rows.chip(self._board, value))
                for one in terms
                if one.facet == "step"
                for value in one.values
            ],
        )
        slip = hint(self.box.value, self._index)
        if slip:
            text.append(f"\n{slip}", "bold yellow")
        self.query_one("#counts", Static).update(text)
        if place is None:
            place = next((line for line in self._lines if isinstance(line, int) and self._index.rows[line].newly), None)
        cursor = self._lines.index(place) if place is not None and place in self._lines else 0
        self.query_one(Grid).show(len(self._lines), self._cells, cursor=cursor)

    def _cells(self, number: int) -> list[Text]:
        line = self._lines[number]
        return rows.heading(line) if isinstance(line, Heading) else rows.cells(self._index.rows[line])
