"""The attest grid with many rows: keys, mouse, sizes, and what comes out of it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from contribaudit.core.resolve.state import State
from contribaudit.store.history import History
from contribaudit.tui.screens.answering import ChoiceScreen
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.help import HelpScreen
from contribaudit.tui.widgets.grid import CellGrid
from tests.builders import ORG
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, WIDE, driven, on_screen, until
from tests.tui.grids import due_of, session_of
from tests.tui.live import ANNA, asked, rows_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(
    folder: Path, apps: int, screen: str = "rovo-access", size: tuple[int, int] = NORMAL
) -> AsyncIterator[tuple[Pilot[str], AttestScreen, History]]:
    """The grid of so many apps, its signals read, and where it records."""
    due, state = due_of(apps, screen, "Enterprise" if screen == "encryption" else "Standard")
    with History.open(str(folder / "history.sqlite")) as store:
        async with driven(opener(board()), size) as pilot:
            form = AttestScreen(session_of(state, store), due, ANNA)
            await pilot.app.push_screen(form)
            await until(pilot, lambda: form.has_class("-ready") and isinstance(pilot.app.focused, CellGrid))
            yield pilot, form, store


async def test_the_keys_of_a_grid_that_had_the_focus_before_its_answers_are_shown(tmp_path: Path) -> None:
    """On a slow machine the focus is there first."""
    due, state = due_of(3)
    go_on = threading.Event()
    with History.open(str(tmp_path / "history.sqlite")) as store:
        session = session_of(state, store)
        read = session.read

        def slowly() -> State:
            assert go_on.wait(20)
            return read()

        session.read = slowly  # type: ignore[method-assign]
        async with driven(opener(board()), NORMAL) as pilot:
            form = AttestScreen(session, due, ANNA)
            await pilot.app.push_screen(form)
            await until(pilot, lambda: isinstance(pilot.app.focused, CellGrid))
            assert "Fill down" not in on_screen(pilot)
            go_on.set()
            await until(pilot, lambda: form.has_class("-ready") and "Fill down" in on_screen(pilot))
            enter = [line for line in HelpScreen(form)._help_text().plain.splitlines() if line.startswith("  enter ")]
            assert [line.split(None, 1)[1] for line in enter] == ["Value"]


def told(form: AttestScreen) -> str:
    return str(form.query_one(".form--told", Static).render())


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
async def test_one_key_and_fill_down_answer_26_rows(tmp_path: Path, size: tuple[int, int]) -> None:
    """They are one statement, which each of them keeps; what stayed empty is not recorded."""
    async with opened(tmp_path, 26, size=size) as (pilot, form, store):
        assert "0 of 52 filled" in on_screen(pilot)
        await pilot.press("3", "A", "ctrl+s")
        question = await asked(pilot)
        assert "ai.access = blocked" in question
        assert "and 14 more, 26 in all" in question
        await pilot.press("ctrl+s")
        await until(pilot, lambda: pilot.app.screen is not form)
        made = store.attestations(ORG)
        assert len(made) == 26
        assert {str(one.value) for one in made} == {"blocked"}
        assert {one.note for one in made} == {"One statement about all (26 rows): ai.access = blocked."}


async def test_one_statement_covers_the_rows_that_are_shown(tmp_path: Path) -> None:
    async with opened(tmp_path, 26) as (pilot, form, _):
        await pilot.press("slash", *"app-001", "enter")
        assert "10 of 26 rows shown" in on_screen(pilot)
        await pilot.press("1", "asterisk")
        assert "app-0010" in rows_of(pilot, "answers")[0]
        assert form.answers.filled == 10
        assert set(form.answers.notes.values()) == {
            "One statement about the rows that match 'app-001' (10 rows): ai.access = allowed."
        }
        await pilot.press("escape")
        assert len(rows_of(pilot, "answers")) == 26
        await pilot.press("u")
        assert form.answers.filled == 1, "the statement goes, the answer before it stays"


async def test_a_list_is_typed_and_a_wrong_value_told(tmp_path: Path) -> None:
    async with opened(tmp_path, 3, "encryption") as (pilot, form, _):
        await pilot.press("2", "2", "1", "right", "home", "enter", *"soon", "enter")
        assert "`soon` is not a date" in told(form)
        await pilot.press(*["backspace"] * 4, *"today", "enter")
        assert form.answers.value(0, 1) == "2026-11-21"
        await pilot.press("1")
        assert form.query_one("#entry").has_class("-shown"), "a digit begins to type where there are no words"
        await pilot.press("escape")
        assert isinstance(pilot.app.focused, CellGrid)
        assert form.answers.value(1, 1) is None


async def test_enter_offers_the_words(tmp_path: Path) -> None:
    async with opened(tmp_path, 3) as (pilot, form, _):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceScreen))
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.screen is form)
        assert form.answers.value(0, 0) == "limited"


async def test_the_mouse_does_it_too(tmp_path: Path) -> None:
    """A click on a cell, on a word of the legend, on a key of the last line."""
    async with opened(tmp_path, 6) as (pilot, form, _):
        lines = on_screen(pilot).splitlines()
        row = next(n for n, line in enumerate(lines) if "app-0003" in line)
        await pilot.click(offset=(lines[row].index("·"), row))
        assert form.query_one(CellGrid).cursor == 3
        words = next(n for n, line in enumerate(lines) if "3 blocked" in line)
        await pilot.click(offset=(lines[words].index("3 blocked") + 3, words))
        assert form.answers.value(3, 0) == "blocked"
        last = on_screen(pilot).splitlines()[-1]
        await pilot.click(offset=(last.index("u Undo"), len(lines) - 1))
        await until(pilot, lambda: form.answers.filled == 0)
