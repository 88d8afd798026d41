"""Whatever is pasted where a user types: shown, and obeyed by no terminal."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from contribaudit.exporters.text import safe_text
from contribaudit.tui.screens.dialogs import TicketScreen
from contribaudit.tui.screens.finding import RawScreen
from contribaudit.tui.widgets.field import PlainInput
from tests.tui.boards import board, opener
from tests.tui.driving import driven, on_screen, until
from tests.tui.test_hostile import OBEYED

pytestmark = pytest.mark.anyio
PASTED = "\x1b[31m\x07red\u202e"


async def paste(pilot: Pilot[str]) -> Input:
    """As a terminal does it, into the box that has the keys."""
    await until(pilot, lambda: isinstance(pilot.app.focused, Input))
    box = pilot.app.focused
    assert isinstance(box, PlainInput)
    pilot.app.post_message(Paste(PASTED))
    await until(pilot, lambda: bool(box.value))
    return box


@pytest.mark.parametrize("keys", [("i", "slash"), ("t", "slash"), ("f", "slash"), ("f", "v", "slash")])
async def test_a_box_shows_what_was_pasted_as_letters(keys: tuple[str, ...]) -> None:
    """Of inventory, timeline, findings and a raw answer."""
    async with driven(opener(board())) as pilot:
        for key in keys:
            await pilot.press(key)
            if key == "v":
                await until(pilot, lambda: isinstance(pilot.app.screen, RawScreen))
        box = await paste(pilot)
        assert box.value == safe_text(PASTED) != PASTED
        assert not OBEYED.search(on_screen(pilot))
        assert "\N{REPLACEMENT CHARACTER}[31m" in on_screen(pilot)


async def test_a_field_of_a_form_too() -> None:
    async with driven(opener(board())) as pilot:
        await pilot.app.push_screen(TicketScreen("a change"))
        box = await paste(pilot)
        assert box.value == safe_text(PASTED)
        assert not OBEYED.search(on_screen(pilot))
