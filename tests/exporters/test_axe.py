"""The page for everybody: axe-core finds nothing to complain of, and every pair of colours is legible.

`make axe` runs axe-core and prints what it says. It comes from npm into a temporary folder, or from the file that
CONTRIBAUDIT_AXE names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from contribaudit.core.advise.report import Report
from contribaudit.exporters import html
from contribaudit.exporters.json_v1 import as_document
from contribaudit.exporters.report_v1 import ReportV1
from tests.exporters.awkward import awkward_report
from tests.exporters.browser import CHROMIUM, Page, browser
from tests.exporters.hostile import hostile_document

AXE = os.environ.get("CONTRIBAUDIT_AXE", "")
VERSION = "4.14.1"
_WHY_NOT = next(
    (
        reason
        for lacking, reason in (
            (not AXE, "`make axe` runs this: it installs axe-core from npm"),
            (not CHROMIUM, "Chromium is not installed (Debian package chromium)"),
            (AXE == "npm" and not shutil.which("npm"), "npm is not installed (https://nodejs.org)"),
        )
        if lacking
    ),
    "",
)
needs_axe = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core."""
    if AXE != "npm":
        return Path(AXE).read_text(encoding="utf-8")
    folder = tmp_path_factory.mktemp("npm")
    words = [
        "npm",
        "install",
        "--prefix",
        str(folder),
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        f"axe-core@{VERSION}",
    ]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        pytest.skip(f"npm could not install axe-core {VERSION}: {ended.stderr.strip()[-200:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


_RUN = """axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((told) => ({
  passes: told.passes.length,
  undecided: told.incomplete.map((one) => [one.id, one.nodes.length]),
  violations: told.violations.map((one) => [one.impact, one.id, one.nodes.map((node) => node.html.slice(0, 200))]),
}))"""


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "width", "height"), [("desktop", 1280, 900), ("phone", 390, 844)])
@pytest.mark.parametrize("name", ["drifted", "awkward", "hostile"])
def test_axe_finds_nothing(
    name: str, device: str, width: int, height: int, scheme: str, axe: str, page: Page, tmp_path: Path, request: Any
) -> None:
    """No violation of any impact, with rows opened, a filter chosen and a chip shown."""
    path = tmp_path / "report.html"
    with path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(html.pieces(_document(name, request)))
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open(path, at="#findings?fragile=1")
    page.run("document.querySelector('.chip').click()")
    page.run("location.hash = '#findings?kind=app'")
    page.run("[...document.querySelectorAll('#rows .open')].slice(0, 3).forEach((one) => one.click())")
    page.run(f"{axe}; 1")
    told = page.run(_RUN)
    undecided = ", ".join(f"{rule} of {number}" for rule, number in told["undecided"]) or "none"
    print(  # noqa: T201  the figures are what `make axe` is for
        f"axe-core {VERSION}, {name}, {device} {width} px, {scheme}: {len(told['violations'])} violations, "
        f"{told['passes']} rules pass; it cannot tell: {undecided}"
    )
    assert told["violations"] == []


def _document(name: str, request: Any) -> ReportV1:
    if name == "hostile":
        return hostile_document()
    found: Report = awkward_report() if name == "awkward" else request.getfixturevalue("drifted_report")
    return as_document(found)


LEAST = 4.5
"""WCAG 2.2, 1.4.3: the contrast of text with what it stands on."""
INKS = ("text", "soft", "link", "bad", "lack", "open", "good", "calm")
PAPERS = ("page", "band")
OWN = (("bad", "bad-page"), ("lack", "lack-page"), ("open", "open-page"), ("good", "good-page"), ("calm", "calm-page"))
HEADERS = ("bad-page", "good-page", "open-page", "lack-page", "calm-page")


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_is_legible(scheme: int) -> None:
    """Text, links and each outcome's ink reach 4.5:1 on all that they stand on, the map's cells among them."""
    css = resources.files(html.__name__).joinpath("report.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{([^}]*)\}", css)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block))
    pairs = [
        *((ink, paper) for ink in INKS for paper in PAPERS),
        *((ink, paper) for ink in ("text", "soft", "link") for paper in HEADERS),
        *OWN,
        ("page", "bad"),
    ]
    dim = [
        f"--{ink} on --{paper}: {ratio:.2f}"
        for ink, paper in pairs
        if (ratio := _contrast(colours[ink], colours[paper])) < LEAST
    ]
    assert dim == []


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
