"""The map by keyboard and by mouse: to the findings behind a location, a cell and a tile."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from contribaudit.tui.rows.site_map import MOST_ROWS
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.inventory import InventoryScreen
from contribaudit.tui.screens.site_map import LocationBar, MapScreen, SiteGrid, Waffle
from tests.tui.boards import board, many_sites, opener
from tests.tui.driving import NARROW, NORMAL, driven, on_screen, until

pytestmark = pytest.mark.anyio


async def _open(pilot: Pilot[str]) -> None:
    await pilot.press("M")
    await until(pilot, lambda: isinstance(pilot.app.screen, MapScreen) and "worst first" in on_screen(pilot))


async def _query(pilot: Pilot[str]) -> str:
    await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
    return pilot.app.screen.query_one(Input).value


async def test_a_location_leads_to_the_findings_about_its_apps() -> None:
    """M, up, Enter: the apps outside the EU."""
    async with driven(opener(board()), NARROW) as pilot:
        await _open(pilot)
        await pilot.press("up", "enter")
        assert await _query(pilot) == "realm:US"
        shown = pilot.app.screen
        assert isinstance(shown, FindingsScreen)
        assert {one.subject.id for one in shown.shown} == {"ari:cloud:us", "ari:cloud:lab"}


async def test_a_cell_leads_to_its_findings_and_one_without_to_the_site() -> None:
    async with driven(opener(board()), NORMAL) as pilot:
        await _open(pilot)
        await pilot.press("right", "right", "right", "enter")
        assert await _query(pilot) == (
            "site:acme-lab.atlassian.net setting:residency.realm,residency.regions,residency.move outcome:fail"
        )
        await _open(pilot)
        await pilot.press("right", "right", "right", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, InventoryScreen))


async def test_a_click_on_the_bar_a_cell_and_a_title() -> None:
    async with driven(opener(board()), NORMAL) as pilot:
        await _open(pilot)
        bar, grid = pilot.app.screen.query_one(LocationBar), pilot.app.screen.query_one("#sites", SiteGrid)
        await pilot.click(bar, offset=(110, 0))
        assert bar.here == 1
        await pilot.click(grid, offset=(grid.widths(grid.size.width)[0] + 3, 0))
        assert "worst first by metadata" in on_screen(pilot)
        await pilot.click(bar, offset=(110, 0), times=2)
        assert await _query(pilot) == "realm:EU"


async def test_many_sites_are_tiles_and_keep_their_place() -> None:
    """Left and right go over the ends of lines; v shows them as a table; Enter what is open there."""
    async with driven(opener(many_sites(MOST_ROWS + 40)), NARROW) as pilot:
        await _open(pilot)
        waffle = pilot.app.screen.query_one(Waffle)
        assert waffle.has_focus
        await pilot.press("left", "end")
        assert waffle.site is not None
        await pilot.press("home", "down", "left", *["right"] * 3)
        here = waffle.site
        await pilot.resize_terminal(60, 24)
        await pilot.pause()
        assert waffle.site == here
        assert on_screen(pilot).count(">") == 2  # the line's mark, and the tile's
        await pilot.press("V")
        assert pilot.app.screen.query_one("#sites", SiteGrid).has_focus
        await pilot.press("V", "enter")
        assert (await _query(pilot)).endswith("is:open")


async def test_sites_are_ordered_by_one_question_after_another() -> None:
    async with driven(opener(board()), NARROW) as pilot:
        await _open(pilot)
        await pilot.press("s")
        assert "worst first by metadata" in on_screen(pilot)
        for _ in range(7):
            await pilot.press("s")
        assert "worst first by all questions" in on_screen(pilot)
