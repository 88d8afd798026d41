"""A run from the dashboard: done, stopped, failed, refused."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Fault
from contribaudit.store.history import History
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.run import RunScreen, counts, ordered, waits
from contribaudit.tui.widgets.grid import Grid
from contribaudit.watch import Watch
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, dashboard, driven, on_screen, until
from tests.tui.live import HOSTILE, Live, Opener, called, found, harmless, rows_of, said

pytestmark = pytest.mark.anyio
POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n[[rule]]\ncheck = "DC-01"\n'


async def start(pilot: Pilot[str]) -> RunScreen:
    """Start a run by keys."""
    await pilot.press("r", "enter")
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    await until(pilot, lambda: screen._run is not None)
    return screen


async def finished(pilot: Pilot[str]) -> RunScreen:
    """Run until it ends."""
    screen = await start(pilot)
    await until(pilot, lambda: not screen.running)
    await pilot.pause()
    return screen


def state(screen: RunScreen) -> str:
    return str(screen.query_one("#state", Static).render())


def runs(here: Live) -> int:
    return len(here.bench.store.runs())


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_results_arrive_on_every_screen_and_cursors_stay(kept: Opener, size: tuple[int, int]) -> None:
    """What is new is summed up; the finding under the cursor is still under it."""
    here = kept(POLICY)
    await here.audited()
    async with driven(here.source, size) as pilot:
        await pilot.press("f")
        screen = pilot.app.screen
        assert isinstance(screen, FindingsScreen)
        await until(pilot, lambda: bool(screen.shown))
        await pilot.press("end")
        before = screen.finding
        assert before is not None
        moved = here.bench.organization.apps[0]
        here.bench.organization.set_app(moved.id, realm="US")
        done = await finished(pilot)
        assert "Done." in state(done)
        shown = on_screen(pilot)
        assert "Run #2 is saved." in shown
        assert "Newly failing or unverified: 1 finding" in shown
        assert "DR-01" in shown
        assert "pass -> FAIL" in shown
        await pilot.press("f")
        await pilot.pause()
        after = screen.finding
        assert after is not None
        assert (after.check, after.subject) == (before.check, before.subject)
        assert any(one.outcome is Outcome.FAIL for one in screen.shown)


async def test_each_reading_says_how_it_ended(kept: Opener) -> None:
    """A source that is refused is named with its reason, and the run is kept: what was not seen is unknown."""
    here = kept(POLICY)
    await here.audited()
    here.bench.faults.append(Fault("403-a", "workspaces"))
    async with driven(here.source) as pilot:
        await finished(pilot)
        rows = {row.split("  ")[1].strip(): row for row in rows_of(pilot, "readings")}
        assert "FAILED" in rows["workspaces"]
        assert "403" in rows["workspaces"]
        assert "read" in rows["policies"]
        assert "1 failed" in on_screen(pilot)
        assert "Not everything could be read" in on_screen(pilot)
        assert found(pilot, "DR-01").outcome is Outcome.UNKNOWN


async def test_escape_stops_it_and_the_history_stays_whole(kept: Opener) -> None:
    """A reading that hangs is given up at once; another run can follow."""
    here = kept(POLICY)
    await here.audited()
    here.bench.faults.append(Fault("hang", "workspaces", seconds=3))
    async with driven(here.source) as pilot:
        screen = await start(pilot)
        await until(pilot, lambda: any("reading" in row for row in rows_of(pilot, "readings")))
        assert "Press Escape to stop it" in state(screen)
        await pilot.press("enter")
        assert "A run is in progress" in said(pilot), "a second one is refused"
        await pilot.press("escape")
        await until(pilot, lambda: not screen.running)
        await pilot.pause()
        assert "Stopped. Nothing of this run was saved" in state(screen)
        assert runs(here) == 1
        here.bench.faults.clear()
        await finished(pilot)
        assert "Done." in state(screen)
        assert runs(here) == 2


async def test_another_process_that_audits_is_named(kept: Opener) -> None:
    """Nothing starts, the board stays, and the next step is said."""
    here = kept(POLICY)
    await here.audited()
    other = History.open(str(here.bench.folder / "history.sqlite"))
    async with driven(here.source) as pilot:
        with other, other.lock(here.bench.organization.id):
            screen = await finished(pilot)
            assert "Not started: Another audit of organization" in state(screen)
            assert "Wait until it has finished" in state(screen)
        assert dashboard(pilot).board is not None
        # A button takes no second Enter while it still looks pressed.
        await until(pilot, lambda: not screen.query_one("#start").has_class("-active"))
        await finished(pilot)
        await until(pilot, lambda: "Done." in state(screen))


async def test_a_missing_key_says_what_to_do(kept: Opener) -> None:
    here = kept(POLICY)
    await here.audited()
    here.without_key()
    async with driven(here.source) as pilot:
        screen = await finished(pilot)
        assert "The run failed, and nothing of it was saved." in state(screen)
        assert "Set CONTRIBAUDIT_API_KEY" in state(screen)
    assert runs(here) == 1


async def test_a_run_goes_on_behind_other_screens(kept: Opener) -> None:
    """And says that it is done."""
    here = kept(POLICY)
    await here.audited()
    here.bench.faults.append(Fault("hang", "workspaces", seconds=0.5))
    async with driven(here.source) as pilot:
        screen = await start(pilot)
        await pilot.press("f")
        await until(pilot, lambda: not screen.running)
        await until(pilot, lambda: "Run #2 is done" in said(pilot))


async def test_the_first_run_fills_an_empty_history(kept: Opener) -> None:
    """From the welcome straight to the run."""
    here = kept(POLICY)
    async with driven(here.source) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        screen = await finished(pilot)
        assert "Done." in state(screen)
        assert "everything is new" in on_screen(pilot)


async def test_what_cannot_be_read_says_so() -> None:
    async with driven(opener(board())) as pilot:
        await pilot.press("r", "enter")
        await pilot.pause()
        assert "No API key here" in on_screen(pilot)


async def test_hostile_names_are_data_in_a_run(kept: Opener) -> None:
    here = kept(POLICY, "tidy", called(HOSTILE))
    await here.audited()
    async with driven(here.source) as pilot:
        await finished(pilot)
        assert isinstance(pilot.app.screen.query_one("#readings"), Grid)
        harmless(on_screen(pilot))


def test_the_watch_counts_pages_waits_and_ends() -> None:
    """Told by another thread, in any order; a wait is shown until it is over."""
    now = [100.0]
    watch = Watch(clock=lambda: now[0])
    watch.page_read("o", "nobody", 1, None)
    watch.collector_started("o", "workspaces")
    watch.page_read("o", "workspaces", 100, 250)
    watch.page_read("o", "workspaces", 200, 250)
    watch.waiting("GET /x", 30, "the API asked for it")
    now[0] += 10
    assert waits(watch, now[0]).plain == "waiting 20 s  GET /x: the API asked for it\n"
    watch.collector_finished("o", "workspaces", "partial", "it broke off")
    assert waits(watch, now[0] + 20).plain == ""
    (one,) = ordered(watch)
    assert (one.state, one.read, one.announced, one.pages, one.reason) == ("partial", 200, 250, 2, "it broke off")
    assert counts(watch, 12).plain == "1 of 1 readings done, 2 pages, 12 s, waited 1 time, 0 failed, 1 partial"
