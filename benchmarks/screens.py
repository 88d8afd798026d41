"""`make screens`: pictures of dashboard and HTML report, of the simulated organization, into docs/screens/."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from contribaudit.tui.app import Dashboard
from contribaudit.tui.screens import ALL
from contribaudit.tui.sources import open_demo

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
SIZES = {"": (120, 40), "-80x24": (80, 24)}
"""What follows a picture's name, and the terminal's width and height."""
SCENARIO = "acme"
KEYS = {
    "inventory": ("down", "right", "down", "right"),
    "map": ("right", "right", "right"),
    "whatif": ("down", "enter"),
}
"""What is pressed on a screen before its picture is taken."""
CALLED = {
    "desk": "evidence-desk",
    "approve": "baseline",
    "terms": "documents",
    "whatif": "what-if",
    "pack": "evidence-pack",
}
"""Names of pictures that are not those of the modes."""


def run() -> None:
    """Write the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(_pictures())
    _report()


async def _pictures() -> None:
    """Each screen at both sizes, one after the other, so that none shows what another did."""
    app = Dashboard(lambda: open_demo(SCENARIO))
    async with app.run_test(size=SIZES[""]) as pilot:
        while app.board is None:
            await pilot.pause(0.2)
        for mode in ALL:
            await app.switch_mode(mode)
            await pilot.pause(2)
            for key in KEYS.get(mode, ()):
                await pilot.press(key)
                await pilot.pause(0.5)
            await pilot.pause(3 if mode in KEYS else 1)
            name = CALLED.get(mode, mode)
            for ending, (width, height) in SIZES.items():
                await pilot.resize_terminal(width, height)
                await pilot.pause(1)
                # The picture would ask another host for its font.
                picture = re.sub(r"@font-face\s*\{[^}]*\}", "", app.export_screenshot(title=f"contribaudit {name}"))
                (FOLDER / f"{name}{ending}.svg").write_text(picture, encoding="utf-8")
                print(FOLDER / f"{name}{ending}.svg")
            await pilot.resize_terminal(*SIZES[""])


DEVICES = {
    "report-desktop": (1280, 1000, "light"),
    "report-dark": (1280, 860, "dark"),
    "report-phone": (390, 1500, "light"),
}
"""Width and height in pixels, and which colours."""
SHEETS = (1, 2)
"""Sheets of paper that there is a picture of."""


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
        words = [
            sys.executable,
            "-m",
            "contribaudit",
            "demo",
            "--quiet",
            "--html",
            str(page_file),
            "--output",
            "table.txt",
        ]
        subprocess.run(words, cwd=folder, check=True)
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
