"""The table that builds only what is in sight."""

from __future__ import annotations

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.widgets import Static

from contribaudit.tui.widgets.grid import Column, Grid
from contribaudit.tui.widgets.listing import Listing

pytestmark = pytest.mark.anyio
COLUMNS = (Column("name", 12), Column("what", 10, flexible=True), Column("more", 10, flexible=True, drop_below=60))


class Bench(App[None]):
    """A grid between two lines."""

    def __init__(self) -> None:
        super().__init__()
        self.built: list[int] = []
        self.told: list[int | None] = []
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield Static("above")
        yield Grid(COLUMNS)
        yield Static("below")

    def cells(self, row: int) -> list[Text]:
        self.built.append(row)
        return [Text(f"row {row}", "red"), Text("good").append(" bad", "bold yellow"), Text("x" * 200)]

    def on_grid_moved(self, message: Grid.Moved) -> None:
        self.told.append(message.row)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        self.chosen.append(message.row)

    @property
    def grid(self) -> Grid:
        return self.query_one(Grid)

    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in self.grid.render_line(y)) for y in range(self.grid.size.height)]


async def test_a_sentence_without_rows_is_wrapped_and_never_cut() -> None:
    app = Bench()
    sentence = "No document is archived yet. `contribaudit terms check --fetch` fetches them."
    async with app.run_test(size=(40, 10)) as pilot:
        app.grid.empty = sentence
        app.grid.show(0, app.cells)
        await pilot.pause()
        shown = app.lines()[1:]
        assert " ".join(" ".join(shown).split()) == sentence
        assert shown[1].strip()


async def test_only_rows_in_sight_are_built() -> None:
    """Of a hundred thousand rows as many as the screen holds, wherever the cursor goes."""
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.focus()
        app.grid.show(100_000, app.cells)
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert max(app.built) == 99_999
        assert len(set(app.built)) < 60


@pytest.mark.parametrize("keys", [["end"], ["pagedown", "pagedown"], ["down"] * 40, ["end", "pageup"], ["end", "home"]])
async def test_the_cursor_is_in_sight_after_every_move(keys: list[str]) -> None:
    """At once, and not a frame later; the header stays where it is."""
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.focus()
        app.grid.show(500, app.cells)
        for key in keys:
            app.grid._move_cursor_to(
                {"end": 499, "home": 0}.get(key, (app.grid.cursor or 0) + (20 if "page" in key else 1))
            )
            lines = app.lines()
            assert sum(line.startswith(f">row {app.grid.cursor} ") for line in lines) == 1
            assert lines[0].split() == ["name", "what", "more"]
        await pilot.press(*keys)
        assert sum(line.startswith(">") for line in app.lines()) == 1


async def test_other_rows_keep_the_cursor_in_sight() -> None:
    """Fewer rows than before, a cursor far down, none at all, and rows again."""
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.show(500, app.cells, cursor=450)
        assert any(line.startswith(">row 450 ") for line in app.lines())
        app.grid.show(30, app.cells)
        assert any(line.startswith(">row 29 ") for line in app.lines())
        app.grid.show(0, app.cells)
        assert app.grid.cursor is None
        assert app.lines()[1].strip() == "No data to show"
        app.grid.show(3, app.cells)
        await pilot.pause()
        assert app.told[-1] == 0


async def test_cells_keep_their_colours_under_the_cursor_too() -> None:
    """A style of the whole text counts as much as one of a part of it."""
    app = Bench()
    async with app.run_test(size=(80, 24)):
        app.grid.show(2, app.cells)
        for line in (1, 2):
            styles = {segment.text: segment.style for segment in app.grid.render_line(line)}
            assert styles[f"row {line - 1}"] is not None
            assert styles[f"row {line - 1}"].color.name == "red"  # type: ignore[union-attr]
            assert styles[" bad"].bold  # type: ignore[union-attr]
            assert styles[" bad"].color.name == "yellow"  # type: ignore[union-attr]


@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 200])
async def test_no_line_is_wider_than_the_grid_and_nothing_scrolls_sideways(width: int) -> None:
    """A column that has no room is left out, the others are cut."""
    app = Bench()
    async with app.run_test(size=(width, 24)) as pilot:
        app.grid.show(500, app.cells)
        await pilot.pause()
        assert not app.grid.show_horizontal_scrollbar
        assert app.grid.max_scroll_x == 0
        assert {app.grid.render_line(y).cell_length for y in range(5)} == {app.grid.size.width}
        assert ("more" in app.lines()[0]) == (app.grid.size.width >= 60)


async def test_the_mouse_lights_moves_and_opens() -> None:
    """Hover, a click on another row, one on the cursor's row, and the wheel."""
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.show(500, app.cells)
        await pilot.hover(Grid, offset=(3, 5))
        assert app.grid.hover == 4
        await pilot.click(Grid, offset=(3, 5))
        assert app.grid.cursor == 4
        assert app.chosen == []
        await pilot.click(Grid, offset=(3, 5))
        assert app.chosen == [4]
        await pilot.click(Grid, offset=(3, 0))
        assert app.grid.cursor == 4
        app.grid.post_message(_wheel())
        await pilot.pause(0.5)
        assert app.grid.scroll_offset.y > 0
        assert app.lines()[0].split() == ["name", "what", "more"]


async def test_enter_opens_the_row_and_a_resize_keeps_it_in_sight() -> None:
    """The terminal grows smaller while the cursor is at the end."""
    app = Bench()
    async with app.run_test(size=(80, 40)) as pilot:
        app.grid.focus()
        app.grid.show(500, app.cells, cursor=499)
        await pilot.press("enter")
        assert app.chosen == [499]
        await pilot.resize_terminal(50, 10)
        await pilot.pause()
        assert any(line.startswith(">row 499 ") for line in app.lines())


def _wheel() -> MouseScrollDown:
    return MouseScrollDown(None, 3, 5, 0, 1, 0, False, False, False)


async def test_half_pages_and_the_last_row() -> None:
    """As in every pager: Ctrl-D, Ctrl-U, G."""
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.focus()
        app.grid.show(500, app.cells)
        await pilot.press("ctrl+d")
        half = app.grid.cursor
        assert half is not None
        assert 5 < half < app.grid.size.height
        await pilot.press("ctrl+d", "ctrl+u")
        assert app.grid.cursor == half
        await pilot.press("G")
        assert app.grid.cursor == 499


async def test_a_click_on_a_title_is_told() -> None:
    """By the column that stands there; a column that the width leaves out stands nowhere."""
    headed: list[int] = []

    class Titled(Bench):
        def on_grid_headed(self, message: Grid.Headed) -> None:
            headed.append(message.column)

    app = Titled()
    async with app.run_test(size=(50, 24)) as pilot:
        app.grid.show(3, app.cells)
        await pilot.click(Grid, offset=(2, 0))
        await pilot.click(Grid, offset=(14, 0))
        await pilot.click(Grid, offset=(47, 0))
    assert headed == [0, 1, 1]
    assert app.chosen == []


class Listed(App[None]):
    """A list of words."""

    def __init__(self) -> None:
        super().__init__()
        self.listing: Listing[str] = Listing(COLUMNS[:1], id="words", empty="No words.", key=str)

    def compose(self) -> ComposeResult:
        yield self.listing

    def lists(self, *words: str) -> None:
        self.listing.show(words, lambda one: [Text(one)], lambda one: [Text(one)])


async def test_a_list_sorts_by_its_title_and_keeps_its_row() -> None:
    """Numbers before words and by their size; backwards, then as it came; empty is said once it is known."""
    app = Listed()
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.listing.query_one(Grid).empty == ""
        app.lists()
        assert app.listing.query_one(Grid).empty == "No words."
        app.lists("b", "10 x", "2 x", "a")
        for wanted in (["2 x", "10 x", "a", "b"], ["b", "a", "10 x", "2 x"], ["b", "10 x", "2 x", "a"]):
            await pilot.click(Grid, offset=(2, 0))
            await pilot.pause()
            assert list(app.listing.rows) == wanted
            assert app.listing.selected == "b"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, [10, 31, 12, 22]),
        (73, [10, 28, 12, 18]),
        (72, [10, 28, 12, 17]),
        (63, [10, 23, 12, 13]),
        (45, [10, 12, 12, 6]),
        (30, [10, 6, 12, 6]),
    ],
)
async def test_flexible_columns_share_what_remains_and_what_is_missing(width: int, shown: list[int]) -> None:
    """Down to a few cells: the columns fill the grid, and none is cut off at its edge."""
    columns = (Column("day", 10), Column("document", 28, flexible=True), Column("what", 12))
    grid = Grid((*columns, Column("who", 18, flexible=True)))
    assert grid.widths(width) == shown
