"""The table of controls in docs/evidence.md is that of the rulebook, and what it calls not mapped is not."""

from __future__ import annotations

import os
import re

from contribaudit import checks
from contribaudit.evidence.export import ALL
from contribaudit.rulebook import loader
from tests.exporters.golden import ROOT

DOC = ROOT / "docs" / "evidence.md"
FRAMEWORKS = (
    "ISO 27001:2022", "ISO 42001:2023", "SOC 2", "NIST 800-53r5", "NIST AI RMF", "GDPR", "HIPAA", "EU AI Act", "DORA",
)  # fmt: skip


def mapped() -> dict[str, dict[str, list[str]]]:
    """By framework and control, the checks that bear on it."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in FRAMEWORKS}
    words = loader.load().words
    for check in checks.ALL:
        for control in words[check.id].controls:
            framework = next(name for name in FRAMEWORKS if control.startswith(f"{name} "))
            found[framework].setdefault(control.removeprefix(f"{framework} "), []).append(check.id)
    return found


def table() -> str:
    rows = [
        f"| {framework} | {control} | {', '.join(bearing)} |"
        for framework, controls in mapped().items()
        for control, bearing in sorted(controls.items(), key=lambda one: _natural(one[0]))
    ]
    return "\n".join(["| framework | control | checks |", "|---|---|---|", *rows])


def _natural(control: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", control) if part]


def test_the_table_is_the_rulebook_s() -> None:
    """Renewed with CONTRIBAUDIT_RENEW=1."""
    text = DOC.read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- controls -->\n")
    inside, _, after = rest.partition("<!-- /controls -->")
    if os.environ.get("CONTRIBAUDIT_RENEW"):
        DOC.write_text(f"{before}<!-- controls -->\n{table()}\n<!-- /controls -->{after}", encoding="utf-8")
        return
    assert inside == table() + "\n"


def test_every_framework_says_what_is_not_mapped() -> None:
    """And names no control there that the table has."""
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \|$", DOC.read_text(encoding="utf-8").partition("### Not mapped")[2], re.MULTILINE
    )
    told = {name: reason for name, reason in rows if name in FRAMEWORKS}
    assert set(told) == set(FRAMEWORKS)
    for framework, controls in mapped().items():
        named = set(re.findall(r"\b(?:[A-Z]{1,3}[.-]?\d+(?:\.\d+)*(?:\(\d+\))?)", told[framework]))
        assert not named & set(controls), framework


def test_every_file_is_named() -> None:
    """The page's list of files knows every sheet."""
    text = DOC.read_text(encoding="utf-8")
    assert [sheet.name for sheet in ALL if f"`{sheet.name}`" not in text] == []
