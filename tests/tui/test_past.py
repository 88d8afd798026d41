"""While the state of another moment is shown nothing is written: each key that would says so, and opens nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from textual.pilot import Pilot

from contribaudit.tui.host import past
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.screens.dialogs import TicketScreen
from contribaudit.tui.screens.run import RunScreen
from contribaudit.tui.source import Board
from tests.tui.boards import Kept, board
from tests.tui.driving import dashboard, driven, until
from tests.tui.live import Opener, rows_of, said

pytestmark = pytest.mark.anyio
WRITES = {
    "waive": ("f", "w"),
    "look at one screen": ("a", "enter"),
    "walk all screens": ("a", "asterisk"),
    "confirm": ("a", "2", "C"),
    "revoke": ("a", "2", "delete"),
    "approve": ("p", "p"),
    "approve by Enter": ("p", "enter"),
    "note a ticket": ("t", "N"),
    "run": ("r", "enter"),
    "changes seen": ("o", "m"),
}


async def test_every_key_that_writes_refuses_on_the_past(kept: Opener) -> None:
    """Where all of them could write now. Back in the present they do."""
    here = kept()
    await here.audited()
    async with driven(here.source) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: bool(rows_of(pilot, "due-grid")))
        app = dashboard(pilot)
        app.look_back(datetime.now(UTC))
        await until(pilot, lambda: app.board is not None and app.board.asked_for is not None)
        told = past(app.board)
        assert told.startswith("This is the state as of ")
        assert told.endswith("press Escape to return to now")
        before = len(here.bench.requests)
        for name, keys in WRITES.items():
            assert await _says(pilot, keys, told), name
            assert isinstance(pilot.app.screen, BoardScreen), name
            assert not isinstance(pilot.app.screen, RunScreen) or not pilot.app.screen.running
        assert len(here.bench.requests) == before
        assert here.bench.store.baselines(here.bench.organization.id) == ()
        await pilot.press("a", "1")
        await pilot.press("escape")
        await until(pilot, lambda: app.board is not None and app.board.asked_for is None)
        await until(pilot, lambda: bool(rows_of(pilot, "due-grid")))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttestScreen))


async def test_a_form_that_was_begun_in_the_present_stays_there() -> None:
    """The state of the past that comes late changes nothing behind it."""
    go = threading.Event()

    class Slow(Kept):
        def load_at(self, moment: datetime) -> Board:
            assert go.wait(60)
            return super().load_at(moment)

    async with driven(lambda: Slow(board())) as pilot:
        dashboard(pilot).look_back(datetime.now(UTC))
        await pilot.app.push_screen(TicketScreen("a change"))
        go.set()
        await until(pilot, lambda: "stays at the present" in said(pilot))
        shown = dashboard(pilot).board
        assert shown is not None
        assert shown.asked_for is None
        await pilot.press("escape")
        dashboard(pilot).look_back(datetime.now(UTC))
        await until(pilot, lambda: bool(past(dashboard(pilot).board)))


async def _says(pilot: Pilot[str], keys: tuple[str, ...], told: str) -> bool:
    """Whether pressing these says so, and nothing else."""
    pilot.app.clear_notifications()
    for key in keys:
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.screen.is_mounted)
    await until(pilot, lambda: bool(said(pilot)))
    return set(said(pilot).splitlines()) == {told}
