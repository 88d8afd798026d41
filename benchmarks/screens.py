"""`make screens`: a picture of each screen of the dashboard, of the simulated organization, into docs/screens/."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from contribaudit.tui.app import Dashboard
from contribaudit.tui.sources import open_demo

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
SIZE = (120, 40)
SCREENS = {
    "overview": (),
    "findings": ("f",),
    "inventory": ("i", "down", "right", "down", "right"),
    "timeline": ("t",),
    "evidence-desk": ("o", "a"),
    "run": ("o", "r"),
    "baseline": ("o", "p"),
}
"""The keys that lead to each, from the one before."""


def run() -> None:
    """Write the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(_pictures())


async def _pictures() -> None:
    app = Dashboard(open_demo)
    async with app.run_test(size=SIZE) as pilot:
        while app.board is None:
            await pilot.pause(0.2)
        for name, keys in SCREENS.items():
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.5)
            await pilot.pause(2)
            # The picture would ask another host for its font.
            picture = re.sub(r"@font-face\s*\{[^}]*\}", "", app.export_screenshot(title=f"contribaudit {name}"))
            (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
            print(FOLDER / f"{name}.svg")


if __name__ == "__main__":
    run()
