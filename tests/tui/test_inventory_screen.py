"""The inventory, driven as a person drives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.console import RenderableType
from textual.pilot import Pilot
from textual.widgets import Input

from contribaudit.core.model.snapshot import KnownSpace
from contribaudit.core.model.subject import Subject
from contribaudit.store.spaces import StoredSpaces
from contribaudit.tui.rows import inventory as rows
from contribaudit.tui.rows.inventory import described
from contribaudit.tui.screens import inventory
from contribaudit.tui.screens.inventory import InventoryScreen
from contribaudit.tui.widgets.inventory_tree import InventoryTree
from tests.postgres import postgres_schema
from tests.tui import boards
from tests.tui.driving import NARROW, NORMAL, WIDE, dashboard, driven, on_screen, until
from tests.tui.inventories import PARTLY, TRACKER, WIKI, hostile, kept, space

__all__ = ["postgres_schema"]
pytestmark = pytest.mark.anyio
MANY = 20_000


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new history can be made."""
    if request.param == "sqlite":
        return str(tmp_path / "history.db")
    return str(request.getfixturevalue("postgres_schema"))


async def shown(pilot: Pilot[str], *parts: str) -> str:
    """Wait until all of it stands on the screen."""
    await until(pilot, lambda: all(part in on_screen(pilot) for part in parts))
    return on_screen(pilot)


async def press(pilot: Pilot[str], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def screen(pilot: Pilot[str]) -> InventoryScreen:
    assert isinstance(pilot.app.screen, InventoryScreen)
    return pilot.app.screen


def line(pilot: Pilot[str]) -> str:
    """The line that the cursor is on."""
    return next(one for one in on_screen(pilot).splitlines() if one.startswith(">"))


async def test_a_site_with_very_many_spaces_opens_and_only_what_is_in_sight_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20,000 spaces: neither opening nor going to the end asks the history for more than a screenful or two."""
    pages: list[int] = []
    answered: list[Subject] = []
    page, facts = StoredSpaces.page, rows.facts_of

    def counting(book: StoredSpaces, app: Subject, offset: int, limit: int) -> Sequence[KnownSpace]:
        pages.append(offset)
        return page(book, app, offset, limit)

    def answering(state: Any, subject: Subject, **options: Any) -> rows.Facts:
        answered.append(subject)
        return facts(state, subject, **options)

    monkeypatch.setattr(StoredSpaces, "page", counting)
    monkeypatch.setattr(rows, "facts_of", answering)
    with kept(tmp_path / "h.db", [space(f"K{n:05}", f"Space {n}") for n in range(MANY)]) as source:
        async with driven(lambda: source, NORMAL, begin="inventory") as pilot:
            await shown(pilot, "Confluence  20,000 spaces")
            await press(pilot, "down", "down", "right")
            text = await shown(pilot, "K00000  Space 0", "K00010  Space 10")
            assert "not yet" in text
            tree = screen(pilot).query_one(InventoryTree)
            assert tree.row_count == MANY + 4
            first = len(answered)
            assert len(pages) <= 2
            await press(pilot, "end", "up")
            await shown(pilot, "K19999  Space 19999", "space:acme.atlassian.net/confluence/K19999")
            assert len(pages) <= 4
            assert len(answered) - first <= 3 * 32
            await press(pilot, "left")
            assert "Confluence  20,000 spaces" in line(pilot)
            await press(pilot, "left")
            assert tree.row_count == 4


async def test_one_space_is_found_as_you_type_and_enter_goes_there(location: str) -> None:
    """By a part of its name; the tree opens where it stands, on SQLite and on PostgreSQL."""
    spaces = [space(f"K{n:04}", f"Space {n}") for n in range(500)] + [space("HRC", "HR cases"), space("ÄRA", "Zeit")]
    with kept(location, spaces) as source:
        async with driven(lambda: source, NARROW, begin="inventory") as pilot:
            await press(pilot, "slash", *"hr ca")
            await shown(pilot, "HRC  HR cases", "1 found")
            await press(pilot, "enter")
            await until(pilot, lambda: "HRC  HR cases" in line(pilot))
            await shown(pilot, "space:acme.atlassian.net/confluence/HRC")
            await press(pilot, "slash", *"zeit", "enter")  # before it was looked for
            await until(pilot, lambda: "ÄRA  Zeit" in line(pilot))
            await press(pilot, "slash", *"nothing like it")
            await shown(pilot, "No match")
            await press(pilot, "escape")
            assert "ÄRA  Zeit" in line(pilot)
            await press(pilot, "slash", *"jira", "down", "enter")
            await until(pilot, lambda: "Jira" in line(pilot))


async def test_a_description_that_comes_late_does_not_hide_what_a_search_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The subject under the cursor was still being read when the search began."""
    begun, go = Event(), Event()

    def slow(*about: Any, **options: Any) -> RenderableType:
        begun.set()
        assert go.wait(60)
        return described(*about, **options)

    monkeypatch.setattr(inventory, "described", slow)
    with kept(tmp_path / "h.db", [space("HRC", "HR cases")]) as source:
        async with driven(lambda: source, NARROW, begin="inventory") as pilot:
            await until(pilot, begun.is_set)
            await press(pilot, "slash", *"hr ca")
            await shown(pilot, "HRC  HR cases", "1 found")
            go.set()
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            assert "1 found" in on_screen(pilot)


async def test_from_a_line_to_its_findings_and_back(tmp_path: Path) -> None:
    with kept(tmp_path / "h.db", None) as source:
        async with driven(lambda: source, NORMAL, begin="inventory") as pilot:
            await shown(pilot, "1 fail")
            assert screen(pilot).show_subject(TRACKER)
            await until(pilot, lambda: "Jira" in line(pilot))
            await shown(pilot, "app:acme.atlassian.net/jira-software")
            await press(pilot, "F")
            await until(pilot, lambda: not isinstance(pilot.app.screen, InventoryScreen))
            await until(pilot, lambda: "jira-software" in pilot.app.screen.query_one("#filter", Input).value)
            await press(pilot, "i", "tab", "enter")
            await until(pilot, lambda: not isinstance(pilot.app.screen, InventoryScreen))


@pytest.mark.parametrize(
    ("spaces", "told", "said"),
    [
        (None, {}, "spaces were not read: add [sites]"),
        ([], {}, "no spaces: its listing was read"),
        ([space("ENG")], PARTLY, "not read completely: the site answered 403"),
    ],
)
async def test_what_is_not_known_of_spaces_is_said(tmp_path: Path, spaces: Any, told: Any, said: str) -> None:
    with kept(tmp_path / "h.db", spaces, **told) as source:
        async with driven(lambda: source, WIDE, begin="inventory") as pilot:
            await shown(pilot, "Confluence")
            await press(pilot, "down", "down", "enter")
            await until(pilot, lambda: screen(pilot).query_one(InventoryTree).row_count > 4)
            await press(pilot, "down")
            await shown(pilot, said)


async def test_a_click_opens_a_line(tmp_path: Path) -> None:
    with kept(tmp_path / "h.db", [space("ENG")]) as source:
        async with driven(lambda: source, NORMAL, begin="inventory") as pilot:
            await shown(pilot, "Confluence  1 space")
            tree = screen(pilot).query_one(InventoryTree)
            await pilot.click(InventoryTree, offset=(4, 3))
            await shown(pilot, "ENG  The ENG")
            await pilot.click(InventoryTree, offset=(4, 1))
            await until(pilot, lambda: tree.row_count == 1)


async def test_another_board_keeps_what_is_open_and_where_the_cursor_is(tmp_path: Path) -> None:
    with kept(tmp_path / "h.db", [space("ENG"), space("OPS")]) as source:
        async with driven(lambda: source, NORMAL, begin="inventory") as pilot:
            await shown(pilot, "Confluence")
            await press(pilot, "down", "down", "right")
            await shown(pilot, "OPS")
            await press(pilot, "down", "down")
            await until(pilot, lambda: "OPS" in line(pilot))
            before = dashboard(pilot).board
            await press(pilot, "R")
            await until(pilot, lambda: dashboard(pilot).board is not before)
            await until(pilot, lambda: "OPS" in line(pilot))


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
async def test_names_are_letters_on_the_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    """Whatever they hold, at every size and in both themes."""
    with hostile(tmp_path) as source:
        async with driven(lambda: source, size, begin="inventory") as pilot:
            await shown(pilot, "confluence" if size == WIDE else "x[/red]")
            tree = screen(pilot).query_one(InventoryTree)
            for _ in range(12):
                await press(pilot, "right", "down")
            await press(pilot, "L")
            text = await shown(pilot, "[red]x[/red]\N{REPLACEMENT CHARACTER}[31m")
            assert not set(text) & {"\x1b", "\u202e", "\r"}
            assert tree.cursor == tree.row_count - 1


async def test_what_is_open_becomes_a_csv_file(home: Path) -> None:
    async with driven(lambda: boards.Shown(boards.board()), WIDE, begin="inventory") as pilot:
        await shown(pilot, "unknown")
        await press(pilot, "e")
        await until(pilot, lambda: bool(list(home.glob("contribaudit-inventory-*.csv"))))
        rows_shown = screen(pilot).query_one(InventoryTree).row_count
    _written_whole(home, rows_shown)


def _written_whole(home: Path, count: int) -> None:
    (path,) = home.glob("contribaudit-inventory-*.csv")
    written = path.read_text(encoding="utf-8").splitlines()
    assert written[0].startswith("id,what,in-app data")
    assert len(written) == count + 1


async def test_a_subject_that_is_not_in_the_tree_leads_to_its_findings(tmp_path: Path) -> None:
    with kept(tmp_path / "h.db", None) as source:
        async with driven(lambda: source, NORMAL, begin="inventory") as pilot:
            unknown = Subject(WIKI.organization, WIKI.kind, "ari:cloud:nobody")
            assert not screen(pilot).show_subject(unknown)
