"""Keys that come faster than screens are made, answers that come when their widget is gone, work that fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Static

from contribaudit.core.model.finding import Finding
from contribaudit.store.runs import OutcomeSpan
from contribaudit.tui.app import Dashboard
from contribaudit.tui.screens import ALL
from contribaudit.tui.screens.finding import FindingDetail
from contribaudit.tui.source import Lack, Lacking, Source
from contribaudit.tui.widgets.grid import Grid
from contribaudit.tui.widgets.inventory_tree import InventoryTree
from tests.tui.boards import Kept, board, opener
from tests.tui.driving import driven, on_screen, until

pytestmark = pytest.mark.anyio

KEYS = (
    *(screen.key for screen in ALL.values()),
    *(screen.key for screen in ALL.values()),
    *("question_mark", "escape", "enter", "tab", "shift+tab", "slash", "down", "up", "left", "right", "pagedown"),
    *(
        "end",
        "space",
        "n",
        "p",
        "v",
        "y",
        "s",
        "w",
        "a",
        "e",
        "R",
        "L",
        "O",
        "x",
        "1",
        "ctrl+p",
        "b",
        "c",
        "m",
        "F",
        "G",
        "ctrl+d",
        "colon",
        "C",
    ),
)


class Slow(Kept):
    """Answers after a moment that is never the same, as a loaded machine does."""

    rng = random.Random(0)

    def outcomes(self, finding: Finding) -> list[OutcomeSpan]:
        import time

        time.sleep(self.rng.uniform(0, 0.2))
        return super().outcomes(finding)


async def strike(app: Dashboard, rng: random.Random, keys: Sequence[str]) -> None:
    """Send the keys as a terminal does, without waiting for what they do."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        await asyncio.sleep(rng.choice((0, 0, 0, 0.001, 0.01, 0.05)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("open_source", [lambda: Slow(board()), lambda: Lacking(Lack.UNCONFIGURED)])
async def test_no_key_is_too_fast(open_source: Callable[[], Source], seed: int, home: Path) -> None:
    rng = random.Random(seed)
    app = Dashboard(open_source)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await strike(app, rng, [rng.choice(KEYS) for _ in range(60)])
        if app.is_running:  # a palette's entry may have left it
            await pilot.pause(0.3)
    assert not app.return_code


async def test_what_comes_after_the_last_screen_is_for_nobody() -> None:
    """A key that was on its way through the widgets, on a machine so busy that the dashboard is closed meanwhile."""
    async with driven(opener(board())) as pilot:
        app = pilot.app
    key = events.Key("x", "x")
    key._set_forwarded()
    for event in (key, events.Paste("text"), events.MouseUp(None, 1, 1, 0, 0, 1, False, False, False)):
        assert not app.screen_stack
        await app.on_event(event)


class Failing(Kept):
    """Asked for a finding's history, it meets a bug."""

    def outcomes(self, finding: Finding) -> list[OutcomeSpan]:  # noqa: ARG002
        raise ZeroDivisionError("by nothing")


async def test_a_worker_that_fails_is_a_message() -> None:
    async with driven(lambda: Failing(board())) as pilot:
        await pilot.press("f", "enter")
        await until(pilot, lambda: "ZeroDivisionError: by nothing" in on_screen(pilot))
        await pilot.press("escape", "o")
        assert pilot.app.is_running


async def test_what_is_shown_before_there_is_a_place_for_it_is_there_then() -> None:
    """And an answer for what is gone is dropped."""
    async with driven(lambda: Kept(board())) as pilot:
        shown = board()
        detail = FindingDetail()
        detail._board, detail._finding = shown, shown.report.findings[0]
        detail._paint()
        await pilot.app.screen.mount(detail)
        assert str(detail.query_one(Static).render()).startswith(detail.text[:20])
        await detail.remove()
        detail._paint()


async def test_waiting_for_a_widget_outlasts_the_screen_before_it(home: Path) -> None:
    """What stands on the screen to come is looked for on the one in front, and that is no failure."""
    async with driven(opener(board())) as pilot:
        pilot.app.set_timer(0.05, lambda: pilot.app.simulate_key("f"))
        await until(pilot, lambda: pilot.app.screen.query_one("#findings", Grid).row_count > 0)
        pilot.app.set_timer(0.05, lambda: pilot.app.simulate_key("i"))
        await until(pilot, lambda: pilot.app.screen.query_one(InventoryTree).row_count > 0)
        assert not pilot.app.screen.query("#findings")
