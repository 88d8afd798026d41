"""`make screens`: pictures of dashboard and HTML report, of the simulated organization, into docs/screens/."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from contribaudit.tui.app import Dashboard
from contribaudit.tui.colours import DARK, LIGHT
from contribaudit.tui.screens.base import BoardScreen
from contribaudit.tui.sources import open_demo

if TYPE_CHECKING:
    from textual.pilot import Pilot

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
SCENARIO = "acme"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
"""The moment of every picture, so that only what has changed looks different."""
NORMAL, NARROW = (120, 40), (80, 24)
BOTH = (NORMAL, NARROW)
_SCALE = 0.8


@dataclass(frozen=True, slots=True)
class Picture:
    """One screen of the dashboard, as the keys leave it."""

    name: str
    mode: str
    shows: str
    """The class of the screen in front."""
    keys: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = (NORMAL,)
    """Width and height of the terminal, the one in which the keys are pressed first."""
    light: bool = False

    def file(self, size: tuple[int, int]) -> str:
        """What the picture of this size is called in the folder."""
        return f"{self.name}.png" if size == NORMAL else f"{self.name}-{size[0]}x{size[1]}.png"


PICTURES = (
    Picture("overview", "overview", "OverviewScreen", sizes=BOTH),
    Picture("next", "next", "NextScreen", ("down",), sizes=BOTH),
    Picture("findings", "findings", "FindingsScreen", sizes=BOTH),
    Picture("finding", "findings", "DetailScreen", ("enter",), sizes=(NARROW,)),
    Picture("raw-answer", "findings", "RawScreen", ("down", "v")),
    Picture("waive", "findings", "WaiveScreen", ("home", "down", "w"), sizes=BOTH),
    Picture("inventory", "inventory", "InventoryScreen", ("down", "right", "down", "right"), sizes=BOTH),
    Picture("map", "map", "MapScreen", ("right", "right", "right"), sizes=BOTH),
    Picture("timeline", "timeline", "TimelineScreen", ("down",), sizes=BOTH),
    Picture("documents", "terms", "TermsScreen"),
    Picture("subprocessors", "subprocessors", "SubprocessorsScreen"),
    Picture("evidence-desk", "desk", "DeskScreen", sizes=BOTH),
    Picture("attest", "desk", "AttestScreen", ("down", "enter"), sizes=BOTH),
    Picture("baseline", "approve", "ApproveScreen"),
    Picture("approve", "approve", "ApproveForm", ("p",)),
    Picture("what-if", "whatif", "ForecastScreen", ("down", "enter")),
    Picture("evidence-pack", "pack", "PackScreen"),
    Picture("run", "run", "RunScreen"),
    Picture("palette", "overview", "CommandPalette", ("ctrl+p", *"confl")),
    Picture("keys", "overview", "HelpScreen", ("question_mark",)),
    Picture("overview-light", "overview", "OverviewScreen", light=True),
)


def run() -> None:
    """Write the pictures."""
    from tests.exporters.browser import CHROMIUM, browser

    if not CHROMIUM:
        print("chromium is not installed: the pictures stay as they are")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, browser(Path(name) / "profile") as page:
        from benchmarks.pictures import png

        os.environ["XDG_DATA_HOME"] = name  # neither this person's theme nor their drafts
        for called, svg in asyncio.run(_pictures()).items():
            _keep(called, png(page, svg, _SCALE))
    _report()


async def _pictures() -> dict[str, str]:
    """Each as SVG by its file's name. One after the other, so that none shows what another did."""
    import time_machine

    made: dict[str, str] = {}
    with time_machine.travel(NOW, tick=False):
        app = Dashboard(lambda: open_demo(SCENARIO))
        async with app.run_test(size=NORMAL) as pilot:
            while app.board is None:
                await pilot.pause(0.2)
            for one in PICTURES:
                await pilot.resize_terminal(*one.sizes[0])
                await app.switch_mode(one.mode)
                app.theme = LIGHT if one.light else DARK
                await _at_rest(pilot)
                for key in one.keys:
                    await pilot.press(key)
                    await _at_rest(pilot)
                assert type(app.screen).__name__ == one.shows, (one.name, app.screen)
                for size in one.sizes:
                    await pilot.resize_terminal(*size)
                    await _at_rest(pilot)
                    made[one.file(size)] = app.export_screenshot(title=f"contribaudit {one.name}")
                while app.screen.is_modal or not isinstance(app.screen, BoardScreen):
                    app.pop_screen()
                    await pilot.pause()
    return made


async def _at_rest(pilot: Pilot[str]) -> None:
    """Once nothing moves on the screen any more, and no cursor blinks."""
    for box in pilot.app.screen.query("Input, TextArea"):
        box.cursor_blink = False  # type: ignore[attr-defined]
    before, now = "", pilot.app.export_screenshot()
    while before != now:
        await pilot.pause(0.5)
        await pilot.pause()
        before, now = now, pilot.app.export_screenshot()


DEVICES = {
    "report-desktop": (1280, 1000, "light"),
    "report-dark": (1280, 860, "dark"),
    "report-phone": (390, 1500, "light"),
}
"""Width and height in pixels, and which colours."""
SHEETS = (1, 2)
"""Sheets of paper that there is a picture of."""
_AT_THE_MOMENT = f"""
import runpy, time_machine
with time_machine.travel({NOW.isoformat()!r}, tick=False):
    runpy.run_module("contribaudit", run_name="__main__")
"""


def _report() -> None:
    """The HTML report on a desktop, on a phone and on paper."""
    from tests.exporters.browser import CHROMIUM, browser

    lacking = [name for name, place in (("chromium", CHROMIUM), ("pdftoppm", shutil.which("pdftoppm"))) if not place]
    if lacking:
        print(f"{' and '.join(lacking)} not installed: the report's pictures stay as they are")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page_file = folder / "report.html"
        words = ["demo", "--quiet", "--html", str(page_file), "--output", "table.txt"]
        subprocess.run([sys.executable, "-c", _AT_THE_MOMENT, *words], cwd=folder, check=True)
        with browser(folder / "profile") as page:
            for device, (width, height, scheme) in DEVICES.items():
                size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
                page.call("Emulation.setDeviceMetricsOverride", **size)
                page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                page.open(page_file)
                _keep(f"{device}.png", base64.b64decode(page.call("Page.captureScreenshot", format="png")["data"]))
            paper = page.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
            (folder / "report.pdf").write_bytes(base64.b64decode(paper["data"]))
        for sheet in SHEETS:
            picture = folder / f"sheet-{sheet}"
            pages = ["-f", str(sheet), "-l", str(sheet), "-singlefile", "-r", "80", "-png"]
            subprocess.run(["pdftoppm", *pages, "report.pdf", picture.name], cwd=folder, check=True)
            _keep(f"report-print-{sheet}.png", picture.with_suffix(".png").read_bytes())


def _keep(name: str, picture: bytes) -> None:
    (FOLDER / name).write_bytes(picture)
    print(FOLDER / name)


if __name__ == "__main__":
    run()
