"""The timeline, driven as a person drives it, over audits of a simulated organization."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from contribaudit.simulator import Fault
from contribaudit.simulator.values import Actor
from contribaudit.tui.screens.dialogs import TicketScreen
from contribaudit.tui.screens.inventory import InventoryScreen
from contribaudit.tui.screens.overview import OverviewScreen, TrendPanel
from contribaudit.tui.screens.timeline import TimelineScreen
from contribaudit.tui.sources import HistorySource
from contribaudit.tui.widgets.day_strip import DayStrip
from tests.administrator import AdminConsole
from tests.flow.audits import Bench, simulated
from tests.tui import boards
from tests.tui.boards import Shown, board, opener
from tests.tui.driving import NARROW, NORMAL, WIDE, dashboard, driven, on_screen, until
from tests.tui.inventories import hostile

pytestmark = pytest.mark.anyio
TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n'
BOB = Actor("b-1", "Bob", "bob@tidy.example")
TRACKER, WIKI = "tidy/jira-software", "tidy/confluence"


def at(days: float) -> datetime:
    """Noon, so many days after the first audit, ten days ago."""
    return TODAY - timedelta(days=10 - days)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Bob moves an app on the first day; nobody looks for three days; then another app moves and one run is partial."""
    with simulated(tmp_path_factory.mktemp("bench")) as made:
        made.audit(POLICY, now=at(0))
        AdminConsole(made.organization, lambda: at(0.5), actor=BOB).move(TRACKER, "US")
        made.audit(POLICY, now=at(1))
        made.audit(POLICY, now=at(4))
        made.faults.append(Fault("403-a", "policies"))
        made.audit(POLICY, now=at(5))
        made.faults.clear()
        AdminConsole(made.organization, lambda: at(5.5)).move(WIKI, "US")
        made.audit(POLICY, now=at(6))
        yield made


def source(bench: Bench) -> HistorySource:
    return HistorySource(bench.job(POLICY, now=at(6.5)), you="it@acme.example")


async def shown(pilot: Pilot[str], *parts: str) -> str:
    await until(pilot, lambda: all(part in on_screen(pilot) for part in parts))
    return on_screen(pilot)


async def press(pilot: Pilot[str], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def line(pilot: Pilot[str]) -> str:
    return next((one for one in on_screen(pilot).splitlines() if one.startswith(">")), "")


async def to(pilot: Pilot[str], part: str) -> None:
    """The cursor on the first line that holds this."""
    await press(pilot, "home")
    for _ in range(60):
        await pilot.pause()
        if part in line(pilot):
            return
        await press(pilot, "down")
    raise AssertionError(f"no line holds {part!r}")


async def there(pilot: Pilot[str]) -> str:
    """On the timeline, once it was read."""
    await press(pilot, "t")
    return await shown(pilot, "run #5")


async def test_changes_with_causes_and_the_time_nobody_looked(bench: Bench) -> None:
    async with driven(lambda: source(bench), WIDE) as pilot:
        text = await there(pilot)
        assert "bob@tidy.example, event" in text
        assert "Location: EU -> US" in text
        assert "no run" in text
        assert "no observations for 72 h" in text
        assert "partial" not in text
        assert "==..=~=" in text
        await press(pilot, "H")
        await shown(pilot, "partial")
        await press(pilot, "s")
        await shown(pilot, "oldest first")


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Bench]:
    """One audit and no change."""
    with simulated(tmp_path) as made:
        made.audit(POLICY, now=at(0))
        yield made


async def test_a_first_run_is_a_day_of_the_strip_and_no_change(begun: Bench) -> None:
    async with driven(lambda: HistorySource(begun.job(POLICY, now=at(0.1)), you="it@acme.example"), NARROW) as pilot:
        await press(pilot, "t")
        text = await shown(pilot, "This is the first run: nothing to compare it with; press H to show it")
        assert f"{at(0):%a %d %b %Y}: complete" in text
        await press(pilot, "H")
        await shown(pilot, "run #1")


async def test_a_change_in_full(bench: Bench) -> None:
    async with driven(lambda: source(bench), NORMAL) as pilot:
        await there(pilot)
        await press(pilot, "slash", *"bob realm", "enter")
        await shown(pilot, "1 change, newest first")
        await to(pilot, "EU -> US")
        await shown(
            pilot,
            "CAUSE",
            "By bob@tidy.example",
            "The event names exactly this setting and subject",
        )
        await press(pilot, "I")
        await until(pilot, lambda: isinstance(pilot.app.screen, InventoryScreen))
        await until(pilot, lambda: "Jira" in line(pilot))


async def test_back_to_a_day_and_to_now(bench: Bench) -> None:
    """Before Bob's move the app was in the EU: every screen shows it so and says of when that is."""
    async with driven(lambda: source(bench), NORMAL) as pilot:
        await there(pilot)
        await press(pilot, *["left"] * 20)  # no further back than the first day
        await shown(pilot, f"{at(0):%a %d %b %Y}: complete")
        await press(pilot, "enter")
        await shown(pilot, f"As of {at(0):%a %d %b %Y} 23:59Z, not now")
        board = dashboard(pilot).board
        assert board is not None
        assert board.report.run.id == 1
        await press(pilot, "i")
        text = await shown(pilot, "not now. Escape returns to now", "EU pinned")
        assert "US" not in text
        await press(pilot, "slash", "x", "escape")  # out of the box first
        assert dashboard(pilot).board is board
        await press(pilot, "escape")
        await until(pilot, lambda: dashboard(pilot).board is not board)
        await shown(pilot, "US pinned")
        assert "not now" not in on_screen(pilot)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen))


async def test_a_day_that_nobody_looked_at_and_from_run_to_run(bench: Bench) -> None:
    async with driven(lambda: source(bench), NORMAL) as pilot:
        await there(pilot)
        await press(pilot, *["left"] * 4)
        await shown(pilot, f"{at(2):%a %d %b %Y}: not read")
        await until(pilot, lambda: "no observations" in line(pilot))
        await press(pilot, "enter")
        await until(pilot, lambda: dashboard(pilot).board.report.run.id == 2)  # type: ignore[union-attr]
        await press(pilot, "full_stop")
        await until(pilot, lambda: "run #3" in line(pilot))
        await press(pilot, "comma")
        await until(pilot, lambda: "run #2" in line(pilot))
        await pilot.click(DayStrip, offset=(NORMAL[0] - 3, 1))
        await shown(pilot, f"{at(6):%a %d %b %Y}: complete")


async def test_a_ticket_is_noted_where_the_command_line_finds_it(bench: Bench) -> None:
    async with driven(lambda: source(bench), NORMAL) as pilot:
        await there(pilot)
        await press(pilot, "N")  # a day has no ticket
        assert isinstance(pilot.app.screen, TimelineScreen)
        await to(pilot, "Location: EU")
        await press(pilot, "N")
        await until(pilot, lambda: isinstance(pilot.app.screen, TicketScreen))
        await press(pilot, "ctrl+s")
        await shown(pilot, "Needed")
        await press(pilot, *"GRC-9", "ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimelineScreen))
        await shown(pilot, "TICKET GRC-9")
    noted = bench.store.annotations(bench.organization.id)
    assert [(one.ticket, one.by.by) for its in noted.values() for one in its] == [("GRC-9", "it@acme.example")]


async def test_filters_go_round_and_escape_clears_them(bench: Bench) -> None:
    async with driven(lambda: source(bench), NORMAL) as pilot:
        await there(pilot)
        await press(pilot, "K")
        await shown(pilot, "family (K): data residency")
        await press(pilot, "S")
        await shown(pilot, "site (S): tidy.atlassian.net")
        await press(pilot, "x")
        await shown(pilot, "0 changes, newest first", "no observations")
        await press(pilot, "slash", *"zzz", "enter", "escape")
        await shown(pilot, "family (K): all; site (S): all")
        assert pilot.app.screen.query_one("#wanted", Input).value == ""


def written_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of the timeline that was exported."""
    [written] = folder.glob("contribaudit-timeline-*.csv")
    with written.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def test_where_there_is_no_history_the_report_is_told(home: Path) -> None:
    async with driven(lambda: Shown(boards.board()), NORMAL, begin="timeline") as pilot:
        await shown(pilot, "no history here, only this report")
        await to(pilot, ": ")
        await press(pilot, "N")
        await shown(pilot, "Notes need the history")
        await press(pilot, "e")
        await until(pilot, lambda: bool(list(home.glob("contribaudit-timeline-*.csv"))))
    first = written_rows(home)[0]
    assert (first["last_seen"], first["at"]) == ("2026-11-19T16:00:00Z", "2026-11-20T16:00:00Z")
    assert first["seen between"] == "19 Nov - 20 Nov"


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
async def test_names_are_letters_on_the_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    """Whatever they hold, at every size and in both themes."""
    with hostile(tmp_path) as kept:
        async with driven(lambda: kept, size, begin="timeline") as pilot:
            await shown(pilot, "run #2")
            for _ in range(8):
                await press(pilot, "down")
                assert not set(on_screen(pilot)) & {"\x1b", "\u202e", "\r"}
            await press(pilot, "L")
            await shown(pilot, "[red]x[/red]\N{REPLACEMENT CHARACTER}[31m" if size == WIDE else "x[/red]")


async def test_a_day_of_the_trend_is_opened_in_the_timeline() -> None:
    """Left to a day, Enter."""
    async with driven(opener(board()), NORMAL) as pilot:
        pilot.app.screen.query_one(TrendPanel).focus()
        await press(pilot, "left", "left", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimelineScreen))
        await shown(pilot, "Fri 20 Nov 2026: complete, 2 changes")
