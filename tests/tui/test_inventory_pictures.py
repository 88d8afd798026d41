"""Pictures of inventory and timeline, at three sizes. CONTRIBAUDIT_RENEW=1 takes them anew: look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from contribaudit.tui.source import Source
from tests.tui.boards import board, opener
from tests.tui.driving import driven, on_screen, until
from tests.tui.inventories import kept, space
from tests.tui.test_snapshots import SIZES, compare, mode_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("size", SIZES)
async def test_the_inventory(size: str) -> None:
    """Of a fixed board: a site open, the cursor on an app."""
    await _taken(opener(board())(), ("i", "down", "down"), "fail", f"inventory-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_timeline(tmp_path: Path, size: str) -> None:
    """Three runs, a space that is new on the second day, nothing asked of spaces on the third."""
    eng, ops = space("ENG"), space("OPS")
    with kept(tmp_path / "history.db", [eng], [eng, ops], None) as source:
        await _taken(source, ("t", "down"), "OPS", f"timeline-{size}")


async def _taken(source: Source, keys: Sequence[str], part: str, name: str) -> None:
    size = name.rpartition("-")[2]
    async with driven(lambda: source, SIZES[size], begin=mode_of(keys)) as pilot:
        await pilot.press(keys[0])
        await until(pilot, lambda: part in on_screen(pilot))
        await pilot.press(*keys[1:])
        await compare(pilot, name)
