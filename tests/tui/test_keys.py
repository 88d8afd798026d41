"""The line of keys: what fits, what goes first, and the key that is always there."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from contribaudit.tui.rows.keys import LETTERS, Key, Keys, fitted
from contribaudit.tui.screens import ALL
from contribaudit.tui.screens.dialogs import TicketScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.help import HelpScreen
from contribaudit.tui.screens.overview import OverviewScreen
from contribaudit.tui.widgets.bars import KeyLine
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, WIDE, driven, on_screen, until

pytestmark = pytest.mark.anyio
KEYS = Keys(
    own=(Key("w", "w", "Walk all"), Key("c", "c", "Confirm")),
    screens=(Key("f", "f", "Findings"), Key("t", "t", "Timeline")),
    all_keys=(Key("question_mark", "?", "Keys"),),
    leave=(Key("q", "q", "Quit"),),
)


@pytest.mark.parametrize(
    ("width", "left", "right"),
    [
        (63, "w Walk all  c Confirm  f Findings  t Timeline", "? Keys  q Quit"),
        (62, "w Walk all  c Confirm  f Findings  t Timeline", "? Keys"),
        (54, f"w Walk all  c Confirm  f t {LETTERS}", "? Keys  q Quit"),
        (50, f"w Walk all  c Confirm  f t {LETTERS}", "? Keys"),
        (42, "w Walk all  c Confirm", "? Keys"),
        (25, "w Walk all", "? Keys"),
        (5, "", "? Keys"),
    ],
)
def test_own_keys_go_last_and_all_keys_never(width: int, left: str, right: str) -> None:
    found = fitted(KEYS, width)
    assert (_said(found.left), _said(found.right)) == (left, right)
    assert sum(one.width for one in (*found.left, *found.right)) <= max(width, 8)


def _said(keys: tuple[Key, ...]) -> str:
    return "".join(f" {one.sign} {one.label} " if one.label else f" {one.sign}" for one in keys).strip()


def line(pilot: Pilot[str]) -> str:
    """The last line of the terminal."""
    return on_screen(pilot).splitlines()[pilot.app.size.height - 1]


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
async def test_no_screen_cuts_a_key_off(size: tuple[int, int]) -> None:
    """Every key of a screen's own is there in full, and so is the one that shows all."""
    async with driven(opener(board()), size) as pilot:
        for screen in ALL.values():
            await pilot.press(screen.key)
            await until(pilot, lambda name=screen.name: getattr(pilot.app.screen, "NAME", "") == name)  # type: ignore[misc]
            await until(pilot, lambda: "? Keys" in line(pilot))
            shown, keys = line(pilot), pilot.app.screen.query_one(KeyLine).keys
            assert keys.own
            for key in keys.own:
                assert f"{key.sign} {key.label}" in shown
            assert len(shown) <= size[0]
            for other in ALL.values():
                assert other is screen or f" {other.key} " in shown
            if size == WIDE:
                assert " t Timeline " in f"{shown} " or screen.name == "Timeline"
                assert "q Quit" in shown


async def test_a_click_presses_the_key() -> None:
    async with driven(opener(board()), NORMAL) as pilot:
        await pilot.click(KeyLine, offset=(line(pilot).index("f Findings"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        await pilot.click(KeyLine, offset=(line(pilot).index("? Keys"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_where_a_question_mark_is_typed_another_key_shows_them() -> None:
    """In a filter and in a form; the form's help names the form's keys and none of the app's."""
    async with driven(opener(board()), (100, 100)) as pilot:
        await pilot.press("f", "slash")
        await until(pilot, lambda: "F1 Keys" in line(pilot))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("f1")
        await pilot.app.push_screen(TicketScreen("a change"))
        await until(pilot, lambda: "F1 Keys" in line(pilot))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        text = on_screen(pilot)
        assert "Previous field" in text
        assert "Review" in text
        assert OverviewScreen.NAME not in text
