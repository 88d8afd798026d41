"""The findings, as a person at a keyboard meets them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from contribaudit.core.model.finding import Finding
from contribaudit.store.runs import OutcomeSpan
from contribaudit.tui.screens.finding import DetailScreen, FindingDetail, RawScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.widgets.grid import Grid
from tests.tui.boards import Kept, board, many, opener
from tests.tui.driving import NARROW, NORMAL, dashboard, driven, on_screen, until
from tests.tui.live import said

pytestmark = pytest.mark.anyio


def screen(pilot: Pilot[str]) -> FindingsScreen:
    """The screen in front."""
    assert isinstance(pilot.app.screen, FindingsScreen)
    return pilot.app.screen


async def typed(pilot: Pilot[str], text: str) -> None:
    """Press / and type; wait until the table has followed."""
    await pilot.press("slash")
    pilot.app.screen.query_one(Input).value = ""
    await pilot.press(*("space" if one == " " else "colon" if one == ":" else one for one in text))
    await pilot.pause(0.15)


async def test_the_table_follows_what_is_typed() -> None:
    """Each letter narrows it; the line above counts what is left."""
    async with driven(opener(board()), begin="findings") as pilot:
        assert len(screen(pilot).shown) == 20
        await typed(pilot, "outcome:fail")
        assert [one.outcome.value for one in screen(pilot).shown] == ["fail"]
        assert "1 of 20" in on_screen(pilot)
        await pilot.press("escape", "escape")
        assert len(screen(pilot).shown) == 20


async def test_a_filter_that_nothing_fits_says_so() -> None:
    """And how to be rid of it."""
    async with driven(opener(board()), begin="findings") as pilot:
        await typed(pilot, "nosuchthing")
        assert screen(pilot).shown == []
        assert "No finding matches the filter. Press Escape to clear it." in on_screen(pilot)


class Slow(Kept):
    """Tells no history before it may."""

    def __init__(self) -> None:
        super().__init__(board())
        self.may = Event()

    def outcomes(self, finding: Finding) -> list[OutcomeSpan]:
        self.may.wait(60)
        return super().outcomes(finding)


async def test_the_detail_beside_the_table_follows_the_cursor() -> None:
    """Question, trap, wanted, seen, evidence, what to do, and its history once the source has told it."""
    source = Slow()
    async with driven(lambda: source, begin="findings") as pilot:
        detail = screen(pilot).query_one(FindingDetail)
        await until(pilot, lambda: detail.finding is not None)
        for part in ("QUESTION\n", "TRAP\n", "WANTED\nEU", "SEEN\nUS", "EVIDENCE\n1. documented", "WHAT TO DO\n"):
            assert part in detail.text
        first = detail.finding
        await pilot.press("down")
        await until(pilot, lambda: detail.finding is not first and "reading the history" in detail.text)
        source.may.set()
        await until(pilot, lambda: "2026-11-18 12:00Z to now" in detail.text)


async def test_a_computed_answer_tells_its_reasons() -> None:
    """Each link of the chain, numbered."""
    async with driven(opener(board()), begin="findings") as pilot:
        await typed(pilot, "check:DC-01 org:global")
        detail = screen(pilot).query_one(FindingDetail)
        assert "BECAUSE\n1. " in detail.text


async def test_in_eighty_columns_the_detail_is_a_screen_of_its_own() -> None:
    """Enter opens it, Escape comes back to the same row."""
    async with driven(opener(board()), NARROW, begin="findings") as pilot:
        await pilot.press("down", "down")
        assert not screen(pilot).query_one(FindingDetail).display
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, DetailScreen)
        assert "WANTED" in pilot.app.screen.query_one(FindingDetail).text
        await pilot.press("escape")
        assert screen(pilot).query_one(Grid).cursor == 2


async def test_the_raw_answer_is_pretty_and_searchable() -> None:
    """v shows it; / and n go from hit to hit."""
    async with driven(opener(board()), begin="findings") as pilot:
        await pilot.press("v")
        assert isinstance(pilot.app.screen, RawScreen)
        raw = pilot.app.screen
        await until(pilot, lambda: bool(raw.lines))
        assert list(raw.lines) == ["{", '  "realm": "US",', '  "nested": {', '    "realm": "EU"', "  }", "}"]
        await pilot.press("slash", "r", "e", "a", "l", "m", "enter")
        assert raw.query_one(Grid).cursor == 1
        await pilot.press("f3")
        assert raw.query_one(Grid).cursor == 3
        await pilot.press("f3")
        assert raw.query_one(Grid).cursor == 1
        await pilot.press("escape", "escape")
        assert isinstance(pilot.app.screen, FindingsScreen)


async def test_copying_takes_the_whole_detail() -> None:
    """Also from a narrow terminal, where it is not on the screen."""
    async with driven(opener(board()), NARROW, begin="findings") as pilot:
        await pilot.press("y")
        assert "WANTED\nEU" in pilot.app.clipboard
        await pilot.press("b")
        assert pilot.app.clipboard.startswith("https://support.atlassian.com/")


@pytest.mark.parametrize(
    ("path", "told", "copied"),
    [
        (
            "Atlassian Administration > Security > Data contribution",
            "Copied: https://admin.atlassian.com (then Security > Data contribution)",
            "https://admin.atlassian.com",
        ),
        ("Trello > Workspace settings", "No address is known here for: Trello > Workspace settings", ""),
        ("", "No console path is known for this check", ""),
    ],
)
async def test_the_console_is_opened_at_its_start(path: str, told: str, copied: str) -> None:
    """With the way on from there: no screen of it has a documented address."""
    shown = board()
    findings = tuple(replace(one, console_path=path) for one in shown.report.findings)
    async with driven(
        opener(replace(shown, report=replace(shown.report, findings=findings))), NARROW, begin="findings"
    ) as pilot:
        await pilot.press("c")
        assert pilot.app.clipboard == copied
        assert told in said(pilot)
        await pilot.press("enter")
        detail = pilot.app.screen.query_one(FindingDetail)
        assert (f"CONSOLE\n{path}\n" in detail.text) is bool(path)
        assert ("begins at https://admin.atlassian.com (key c)" in detail.text) is bool(copied)
        await pilot.press("c")
        assert said(pilot).count(told) == 2, "there too"


async def test_order_group_and_hidden_passes() -> None:
    """s, g and x; the cursor stays on its finding."""
    async with driven(opener(board()), begin="findings") as pilot:
        await pilot.press("down", "down", "down")
        here = screen(pilot).finding
        await pilot.press("s")
        assert "by check" in " ".join(on_screen(pilot).split())
        assert screen(pilot).finding is here
        await pilot.press("g")
        await until(pilot, lambda: "grouped by site" in " ".join(on_screen(pilot).split()))
        assert screen(pilot).finding is here
        await pilot.press("x")
        assert len(screen(pilot).shown) == 14
        assert screen(pilot).finding is here


async def test_a_reload_keeps_the_cursor_on_its_finding() -> None:
    """Findings before it are gone, and it has another outcome."""
    shown = board()
    async with driven(opener(shown), begin="findings") as pilot:
        await pilot.press(*["down"] * 5)
        here = screen(pilot).finding
        assert here is not None
        gone = screen(pilot).shown[:3]
        left = tuple(replace(one) for one in shown.report.findings if one not in gone)
        dashboard(pilot).accept(replace(shown, report=replace(shown.report, findings=left)))
        await pilot.pause()
        now = screen(pilot).finding
        assert now is not None
        assert (now.check, now.subject) == (here.check, here.subject)


async def test_a_click_on_a_count_filters_by_it() -> None:
    """Twice the same facet: the second gives way to the first."""
    async with driven(opener(board()), begin="findings") as pilot:
        screen(pilot).action_add_term("outcome:pass")
        screen(pilot).action_add_term("outcome:unknown")
        assert screen(pilot).query_one(Input).value == "outcome:unknown"
        assert len(screen(pilot).shown) == 9


async def test_what_is_shown_is_written_as_csv(home: Path) -> None:
    """Only what the filter leaves, for this account alone, beside what is there already."""
    async with driven(opener(board()), begin="findings") as pilot:
        await typed(pilot, "outcome:conflict")
        await pilot.press("escape", "e", "e")
        await pilot.app.workers.wait_for_complete()
    _require_two_sheets(home)


def _require_two_sheets(home: Path) -> None:
    """Both say the same, and are for this account alone."""
    written = list(home.glob("contribaudit-findings-*.csv"))
    assert len(written) == 2
    for path in written:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        assert [row["outcome"] for row in rows] == ["conflict", "conflict"]
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_hundred_thousand_findings_are_shown_filtered_and_scrolled() -> None:
    """Only what is in sight is built, and the filter finds one of them."""
    async with driven(opener(many(100_000)), begin="findings") as pilot:
        await until(pilot, lambda: screen(pilot).query_one(Grid).row_count == 100_000)
        await pilot.press("end")
        assert screen(pilot).query_one(Grid).cursor == 99_999
        await typed(pilot, "app-04711")
        await until(pilot, lambda: len(screen(pilot).shown) == 10)


async def test_an_answer_for_a_detail_that_is_not_there_is_dropped() -> None:
    """Before it is mounted and after it is gone nothing is painted, and what was given before shows once it is."""
    shown = board()
    early = FindingDetail()
    early._board, early._finding = shown, shown.report.findings[0]
    early._paint()
    async with driven(opener(shown), NORMAL) as pilot:
        await pilot.app.screen.mount(early)
        await pilot.pause()
        assert shown.report.findings[0].check in early.text
        await early.remove()
        early._paint()
