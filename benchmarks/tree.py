"""What opening a site with 20,000 spaces in the inventory takes, against a key press in an empty app."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from textual.app import App

SPACES, FEW = 20_000, 20
ROUNDS = 9
SIZE = (120, 40)


class Empty(App[None]):
    """Nothing but the library."""


def run() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        opened, found = asyncio.run(_measured(Path(folder) / "many.db", SPACES))
        few, _ = asyncio.run(_measured(Path(folder) / "few.db", FEW))
    bare = asyncio.run(_bare())
    print(f"a site with {SPACES:,} spaces in the inventory, {SIZE[0]} x {SIZE[1]}, median of {ROUNDS}")
    print(
        f"  opened, its first spaces shown    {opened * 1000:.0f} ms, {opened / bare:.1f} x a key press in an empty app"
    )
    print(f"  against a site with {FEW} spaces     {opened / few:.2f} x")
    print(
        f"  one found by its key as typed     {found * 1000:.0f} ms, {found / bare:.1f} x, the pause in typing included"
    )


async def _measured(location: Path, spaces: int) -> tuple[float, float]:
    """Seconds from the key to the first spaces on the screen, and to one that was looked for."""
    from tests.tui.driving import driven, on_screen
    from tests.tui.inventories import kept, space

    from contribaudit.tui.screens.inventory import InventoryScreen

    with kept(location, [space(f"K{n:05}", f"Space {n}") for n in range(spaces)]) as source:
        async with driven(lambda: source, SIZE) as pilot:
            await pilot.press("i", "down", "down")
            screen, opening, finding = pilot.app.screen, [], []
            assert isinstance(screen, InventoryScreen)

            async def shown(part: str) -> None:
                while part not in on_screen(pilot):
                    await pilot.pause(0.002)

            await shown(f"{spaces:,} spaces")
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await pilot.press("right")
                await shown("K00009  Space 9")
                opening.append(time.perf_counter() - began)
                await pilot.press("left", "R")  # what was worked out is forgotten
                await pilot.app.workers.wait_for_complete()
                await pilot.pause()
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await pilot.press("slash", "7", "7")
                await shown("Enter goes to the first")
                finding.append(time.perf_counter() - began)
                await pilot.press("escape")
                await pilot.pause()
    return statistics.median(opening), statistics.median(finding)


async def _bare() -> float:
    app = Empty()
    async with app.run_test(size=SIZE) as pilot:
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await pilot.press("right")
            await pilot.pause()
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)
