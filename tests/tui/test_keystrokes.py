"""How many keys a person presses for what is done most: counted, so that it grows only when somebody means it to.

Text that says something of its own, a reason or a person, counts as one: nobody can spare it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from contribaudit.core.model.finding import Outcome
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.timeline import TimelineScreen
from contribaudit.tui.screens.waive import WaiveScreen
from tests.tui.boards import board, opener
from tests.tui.driving import dashboard, driven, on_screen, until
from tests.tui.live import Opener, asked, comes_out, said
from tests.tui.test_attest_grid import opened
from tests.tui.test_waive_screen import moved

pytestmark = pytest.mark.anyio


class Counted:
    """Presses keys and counts them."""

    def __init__(self, pilot: Pilot[str]) -> None:
        self.pilot, self.keys = pilot, 0

    async def press(self, *keys: str) -> None:
        self.keys += len(keys)
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """A text of the person's own."""
        self.keys += 1
        await self.pilot.press(*("space" if one == " " else one for one in _names(text)))


def _names(text: str) -> Sequence[str]:
    return [{"@": "at", ".": "full_stop", "-": "minus", "+": "plus"}.get(one, one) for one in text]


async def test_attest_data_contribution(kept: Opener) -> None:
    """n, Enter, one key for the value, review, record."""
    here = kept()
    await here.audited()
    async with driven(here.source) as pilot:
        counted = Counted(pilot)
        await counted.press("n")
        await until(pilot, lambda: "Data contribution" in on_screen(pilot))
        await counted.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttestScreen) and pilot.app.screen.has_class("-ready"))
        await counted.press("2", "ctrl+s")
        await asked(pilot)
        await counted.press("ctrl+s")
        await comes_out(pilot, "DC-01", Outcome.PASS)
    assert counted.keys == 5


async def test_attest_26_trials(tmp_path: Path) -> None:
    """One answer, filled down; the grid is two keys away, as above."""
    async with opened(tmp_path, 26, "subscriptions") as (pilot, form, store):
        counted = Counted(pilot)
        counted.keys += len(("n", "enter"))
        await counted.press("1", "A", "ctrl+s")
        assert "26 in all" in await asked(pilot)
        await counted.press("ctrl+s")
        await until(pilot, lambda: pilot.app.screen is not form)
        assert len(store.attestations(form._due.organization)) == 26
    assert counted.keys == 6


async def test_waive_one_finding(kept: Opener) -> None:
    """The finding, the form with four texts in it, its diff."""
    here = kept('[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\nwhere = { app = ["confluence"] }\n', "tidy", moved)
    await here.audited()
    async with driven(here.source) as pilot:
        counted = Counted(pilot)
        await counted.press("f")
        await until(
            pilot, lambda: isinstance(pilot.app.screen, FindingsScreen) and pilot.app.screen.finding is not None
        )
        await counted.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, WaiveScreen))
        await counted.write("contract 2026-114")
        await counted.press("tab", "tab")  # requested by you stands there
        await counted.write("ciso@acme.example")
        await counted.press("tab")
        await counted.write("today")
        await counted.press("tab")
        await counted.write("+90d")
        await counted.press("ctrl+s")
        await asked(pilot)
        await counted.press("ctrl+s")
        await until(pilot, lambda: "waived" in on_screen(pilot) and "is waived" in said(pilot))
        report = dashboard(pilot).board.report  # type: ignore[union-attr]
        assert [one.check for one in report.findings if one.outcome is Outcome.WAIVED] == ["DR-01"]
    assert counted.keys == 12


async def test_follow_a_change_to_its_cause() -> None:
    """The timeline shows the change under the cursor with its cause."""
    async with driven(opener(board()), (160, 50)) as pilot:
        counted = Counted(pilot)
        await counted.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimelineScreen))
        await until(pilot, lambda: "no event found" in on_screen(pilot) or "residency move by" in on_screen(pilot))
    assert counted.keys == 1


async def test_find_apps_outside_the_eu() -> None:
    """The map, up to the bar, which stands on the location that most apps outside have; Enter."""
    async with driven(opener(board())) as pilot:
        counted = Counted(pilot)
        await counted.press("M")
        await until(pilot, lambda: "worst first" in on_screen(pilot))
        await counted.press("up", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        assert "realm:US" in on_screen(pilot)
    assert counted.keys == 3


async def test_see_what_a_trial_changes(kept: Opener) -> None:
    """What if, down to the plan that it would bring, Enter."""
    here = kept('[[rule]]\ncheck = "DC-06"\nexpect = "enterprise"\n')
    await here.audited()
    async with driven(here.source) as pilot:
        counted = Counted(pilot)
        await counted.press("W")
        await until(pilot, lambda: "by trial or purchase" in on_screen(pilot))
        await counted.press("down", "enter")
        await until(pilot, lambda: "PREDICTION  if the highest plan becomes" in on_screen(pilot))
    assert counted.keys == 3


async def test_export_evidence(kept: Opener) -> None:
    """The newest run, as a folder in the present one, written and verified."""
    here = kept('[[rule]]\ncheck = "DC-06"\nexpect = "enterprise"\n')
    await here.audited()
    async with driven(here.source) as pilot:
        counted = Counted(pilot)
        await counted.press("X")
        await until(pilot, lambda: "Not signed" in on_screen(pilot))
        await counted.press("enter")
        await until(pilot, lambda: "Written and verified" in on_screen(pilot))
    assert counted.keys == 2
