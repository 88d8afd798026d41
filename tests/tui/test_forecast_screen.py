"""What if: what is assumed is worked out over the history, called a prediction, and kept nowhere."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.forecast import ForecastScreen
from contribaudit.tui.widgets.field import PlainInput
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, driven, on_screen, until
from tests.tui.live import Opener, rows_of

pytestmark = pytest.mark.anyio
POLICY = '[[rule]]\ncheck = "DC-06"\nexpect = "enterprise"\n\n[[rule]]\ncheck = "DC-01"\n'


async def _assume(pilot: Pilot[str], word: str) -> None:
    """W, down to the assumption, Enter."""
    await pilot.press("W")
    await until(pilot, lambda: bool(rows_of(pilot, "choices")))
    place = next(number for number, row in enumerate(rows_of(pilot, "choices")) if word in row)
    await pilot.press(*["down"] * place, "enter")


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_another_plan_shows_what_it_would_change_now_and_then(kept: Opener, size: tuple[int, int]) -> None:
    """Only what changes, the most severe first; Enter leads to the finding of today; the history stays as it was."""
    here = kept(POLICY)
    await here.audited()
    async with driven(here.source, size) as pilot:
        await _assume(pilot, "Free")
        await until(pilot, lambda: "would change" in on_screen(pilot))
        assert "PREDICTION  if the highest plan becomes Free" in on_screen(pilot)
        changes = rows_of(pilot, "changes")
        assert "  contributed  " in changes[0]
        await pilot.press(*["down"] * next(n for n, row in enumerate(changes) if "DC-0" in row), "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        assert "check:DC-0" in on_screen(pilot)
    assert len(here.bench.store.runs()) == 1


async def test_a_day_that_is_none_or_has_passed_is_told_and_stays_in_the_box(kept: Opener) -> None:
    here = kept(POLICY)
    await here.audited()
    async with driven(here.source, begin="whatif") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "choices")))
        for text, told in (("soon", "is not a date"), ("2020-01-01", "has passed")):
            box = pilot.app.screen.query_one(PlainInput)
            box.focus()
            box.value = text
            await pilot.press("enter")
            await until(pilot, lambda told=told: told in on_screen(pilot))  # type: ignore[misc]
            assert (box.value, box.has_focus) == (text, True)
        box.value = "+30d"
        await pilot.press("enter")
        await until(pilot, lambda: "nobody changes or attests anything" in on_screen(pilot))


async def test_a_pack_has_no_forecast_and_says_so() -> None:
    async with driven(opener(board())) as pilot:
        await _assume(pilot, "trial")
        await until(pilot, lambda: "needs the history" in on_screen(pilot))
        assert isinstance(pilot.app.screen, ForecastScreen)
