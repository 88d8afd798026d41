"""The line of keys: what fits, what goes first, and the key that is always there."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from textual.pilot import Pilot

from contribaudit.tui.screens import ALL
from contribaudit.tui.screens.dialogs import TicketScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.help import HelpScreen, WelcomeScreen
from contribaudit.tui.screens.overview import OverviewScreen
from contribaudit.tui.widgets.bars import LETTERS, Key, KeyLine, Keys, fitted
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
                assert other is screen or not other.in_footer or f" {other.key} " in shown
            if size == WIDE:
                assert " t Timeline " in f"{shown} " or screen.name == "Timeline"
                assert "q Quit" in shown


async def test_a_click_presses_the_key() -> None:
    async with driven(opener(board()), NORMAL) as pilot:
        await pilot.click(KeyLine, offset=(line(pilot).index(" f ") + 1, 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        await pilot.click(KeyLine, offset=(line(pilot).index("? Keys"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_where_a_question_mark_is_typed_another_key_shows_them() -> None:
    """In a filter and in a form; the form's help names the form's keys and none of the app's."""
    async with driven(opener(board()), (100, 100), begin="findings") as pilot:
        await pilot.press("slash")
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


WHATEVER_IS_IN_FRONT = {
    *("enter", "escape", "space", "tab", "shift+tab"),
    *("left", "right", "up", "down", "shift+left", "shift+right", "h", "j", "k", "l"),
}
"""Keys that move in it or act on it; digits, which choose by number, are like them."""


def test_a_key_means_one_thing_on_all_screens() -> None:
    """Of every screen, form and widget; but help is closed by q, and a first start's dialog names its letters."""
    meant: dict[str, dict[str, str]] = {}
    for kind in sorted(_bound(), key=lambda one: one.__qualname__):
        for binding in kind.__dict__.get("BINDINGS", ()):
            for key in binding.key.split(","):
                if key not in WHATEVER_IS_IN_FRONT and not key.isdigit():
                    meant.setdefault(key, {}).setdefault(binding.tooltip or binding.description, kind.__qualname__)
    several = {key: told for key, told in meant.items() if len({_meaning(one) for one in told}) > 1}
    assert not several


ALIKE = {
    "Next match": "Find",
    "Search": "Filter",
    "Find anything by name": "Filter",
    "Sort": "Sort",
    "Sort by another question": "Sort",
    "Copy": "Copy as text",
    "Copy the command": "Copy as text",
    "Waive the finding": "Waive",
    "Agree": "Go on",
    "Write and verify": "Go on",
    "Until a day": "Filter",
    "Copy the digest": "Copy as text",
    "Review": "Go on",
    "Clear": "Take away",
    "Empty the cell": "Take away",
    "Revoke": "Take away",
    "One statement for every row shown": "All",
    "Every due screen, one after the other": "All",
    "Approve…": "Baseline",
}
"""The same thing in the words of the screen."""


def _meaning(told: str) -> str:
    return "Only" if told.startswith("Only") else ALIKE.get(told, told)


def _bound() -> set[type]:
    import contribaudit.tui as package

    found: set[type] = set()
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__.startswith(package.__name__):
                found.add(value)
    return found - {HelpScreen, WelcomeScreen}
