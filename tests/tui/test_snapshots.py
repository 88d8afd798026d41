"""Pictures of the screens, from a fixed board, at three sizes. CONTRIBAUDIT_RENEW=1 takes them anew: look at them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from contribaudit.tui.screens import ALL
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, WIDE, driven

pytestmark = pytest.mark.anyio
RENEW = bool(os.environ.get("CONTRIBAUDIT_RENEW"))  # here: a test's own machine has no such variables
FOLDER = Path(__file__).parent / "pictures"
SIZES = {"80x24": NARROW, "120x40": NORMAL, "200x60": WIDE}
JOURNEYS = {
    "overview": (),
    "findings": ("f",),
    "findings-filtered": ("f", "slash", *"is", "colon", *"open", "enter", "g"),
    "finding": ("f", "down", "enter"),
    "raw": ("f", "v"),
    "keys": ("question_mark",),
    "next": ("n",),
    "light": ("L",),
    "map": ("M", "right", "right", "right"),
}


@pytest.mark.parametrize(
    ("journey", "size"),
    [
        *((journey, size) for journey in ("overview", "findings", "map", "next") for size in SIZES),
        ("finding", "80x24"),
        ("findings-filtered", "120x40"),
        ("raw", "80x24"),
        ("keys", "80x24"),
        ("light", "120x40"),
    ],
)
async def test_the_picture_is_the_one_that_was_looked_at(journey: str, size: str) -> None:
    """To the cell and its colours."""
    keys = JOURNEYS[journey]
    async with driven(opener(board()), SIZES[size], begin=mode_of(keys)) as pilot:
        await pilot.press(*keys)
        await compare(pilot, f"{journey}-{size}")


def mode_of(keys: Sequence[str]) -> str:
    """The screen that the first of these keys leads to: where to begin, so that no other is made for nothing."""
    return next((mode for mode, screen in ALL.items() if screen.key in keys[:1]), "overview")


async def compare(pilot: Pilot[str], name: str) -> None:
    """The screen, once nothing moves on it any more, with the picture of this name."""
    before = None
    while before != (now := pilot.app.screen._compositor.render_strips()):
        before = now
        await pilot.pause(0.3)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
    picture = taken(pilot, name)
    path = FOLDER / f"{name}.svg"
    if RENEW:
        await _write(path, picture)
    assert picture == await _read(path)


def taken(pilot: Pilot[str], name: str) -> str:
    """The picture without the number that rich makes of its content, and that every element carries."""
    title = f"contribaudit {name.replace('-', ' ')}"
    return re.sub(r"terminal-\d+", "terminal", pilot.app.export_screenshot(title=title))


async def _write(path: Path, text: str) -> None:
    import anyio

    await anyio.Path(path.parent).mkdir(exist_ok=True)
    await anyio.Path(path).write_text(text, encoding="utf-8")


async def _read(path: Path) -> str:
    import anyio

    return await anyio.Path(path).read_text(encoding="utf-8")
