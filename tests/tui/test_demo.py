"""The demo's dashboard: everything that a person would do with their own organization can be tried."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from textual.pilot import Pilot

from contribaudit.core.model.finding import Outcome
from contribaudit.tui.screens.approve import ApproveForm
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.run import RunScreen
from contribaudit.tui.sources import HistorySource, open_demo
from contribaudit.tui.widgets.grid import CellGrid
from tests.tui.driving import NARROW, NORMAL, dashboard, driven, until
from tests.tui.live import asked, rows_of, said, waiving, write

pytestmark = pytest.mark.anyio
SHIPPED = resources.files("contribaudit.demo").joinpath("drifted.toml")
TODAY = datetime.now(UTC).date()


@pytest.fixture
def demo() -> Iterator[HistorySource]:
    """The demo, open; the dashboard closes it."""
    source = open_demo()
    try:
        yield source
    finally:
        source.close()


def policy_of(demo: HistorySource) -> Path:
    assert demo.policy_path is not None
    return demo.policy_path


async def agreed(pilot: Pilot[str], wanted: str) -> str:
    """Show what the form would do, and say yes; what was shown."""
    await pilot.press("ctrl+s")
    told = await asked(pilot)
    before = dashboard(pilot).board
    await pilot.press("right", "enter")
    await until(pilot, lambda: dashboard(pilot).board is not before and wanted in said(pilot))
    return told


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_a_finding_is_waived_in_a_file_that_goes_with_the_demo(
    demo: HistorySource, size: tuple[int, int]
) -> None:
    """The diff is shown and the file written, the packaged one stays as it is, and afterwards the folder is gone."""
    path, shipped = policy_of(demo), SHIPPED.read_bytes()
    assert path.read_bytes() == shipped
    async with driven(lambda: demo, size) as pilot:
        form = await waiving(pilot)
        assert form._findings[0].outcome is Outcome.FAIL
        await write(pilot, "reason", "accepted for the move")
        await write(pilot, "approved_by", "ciso@acme.example")
        await write(pilot, "approved_at", str(TODAY - timedelta(days=1)))
        await write(pilot, "expires", str(TODAY + timedelta(days=30)))
        told = await agreed(pilot, "is waived")
        assert str(path) in told
        assert '+reason = "accepted for the move"' in told
        assert "FAIL -> waived" in told
        assert path.read_bytes().startswith(shipped)
        board = dashboard(pilot).board
        assert board is not None
        assert {one.id: one for one in board.report.findings}[form._findings[0].id].outcome is Outcome.WAIVED
    assert SHIPPED.read_bytes() == shipped
    assert not path.parent.exists()


async def test_a_look_and_an_approval_are_recorded(demo: HistorySource) -> None:
    """The walk reads the simulated signals before and after; the newest run becomes the baseline."""
    async with driven(lambda: demo) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: bool(rows_of(pilot, "due-grid")))
        await pilot.press("1", "home", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttestScreen))
        await until(pilot, lambda: pilot.app.screen.has_class("-ready") and isinstance(pilot.app.focused, CellGrid))
        await pilot.press("1")
        assert "anchored by the signal ugc-data-use-preferences of the org" in await agreed(pilot, "was recorded")
        await pilot.press("p")
        await until(pilot, lambda: bool(rows_of(pilot, "outside")))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, ApproveForm))
        await write(pilot, "reason", "everything was looked at")
        assert "by      it@acme.example" in await agreed(pilot, "approved run 2 as the baseline")
        (organization,) = (one.organization for one in demo.job.targets)
        assert [one.by for one in demo.job.store.attestations(organization)] == ["it@acme.example"]
        assert [one.run for one in demo.job.store.baselines(organization)] == [2]


async def test_a_run_tells_of_every_page(demo: HistorySource) -> None:
    """Live progress, as with an organization of one's own."""
    async with driven(lambda: demo) as pilot:
        await pilot.press("r", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: screen._run is not None and not screen.running)
        read = {one.collector: one for one in screen._watch.readings.values()}
        assert (read["workspaces"].read, read["workspaces"].announced) == (14, 15)  # one entry comes twice
        assert {name for name, one in read.items() if one.read and not one.pages} == set()
