"""The approved state: what is outside of it, and a person's word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from contribaudit.core.model.finding import Outcome
from contribaudit.simulator import Fault
from contribaudit.tui.screens.approve import ApproveForm, ApproveScreen
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, dashboard, driven, on_screen, until
from tests.tui.live import ANNA, HOSTILE, Opener, asked, called, found, harmless, rows_of, said, write

pytestmark = pytest.mark.anyio
POLICY = '[[rule]]\ncheck = "DR-01"\nexpect = ["EU", "US", "Global"]\n'


async def opened(pilot: Pilot[str]) -> ApproveForm:
    """The form, by keys."""
    if not isinstance(pilot.app.screen, ApproveScreen):
        await pilot.press("p")
        await until(pilot, lambda: bool(rows_of(pilot, "outside")))
    await pilot.press("p")
    await until(pilot, lambda: isinstance(pilot.app.screen, ApproveForm))
    form = pilot.app.screen
    assert isinstance(form, ApproveForm)
    return form


async def approve(pilot: Pilot[str], reason: str = "reviewed") -> str:
    """Fill in the form and agree; what the summary said."""
    await opened(pilot)
    await write(pilot, "reason", reason)
    await pilot.press("ctrl+s")
    told = await asked(pilot)
    before = dashboard(pilot).board
    await pilot.press("right", "enter")
    await until(pilot, lambda: dashboard(pilot).board is not before)
    await pilot.pause()
    return told


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_what_appears_after_the_approval_is_outside(kept: Opener, size: tuple[int, int]) -> None:
    """Approved, a new app found by the next run is outside and no pass; approving anew takes it in."""
    here = kept(POLICY)
    await here.audited()
    async with driven(here.source, size, begin="approve") as pilot:
        await until(pilot, lambda: "no baseline" in on_screen(pilot))
        assert "From the first approval on, a pass" in on_screen(pilot)
        assert "everything in this run becomes the approved state" in await approve(pilot)
        await until(pilot, lambda: "From the first approval on" not in on_screen(pilot))
        assert "everything is covered" in rows_of(pilot, "outside")[0]
        old = here.bench.organization.apps[0]
        here.bench.organization.add(replace(old, id=f"{old.id}-new", name="New"))
        await here.audited()
        await pilot.press("R")
        await until(pilot, lambda: any("is not in the baseline of run 1" in row for row in rows_of(pilot, "outside")))
        new = [one for one in dashboard(pilot).board.report.findings if one.subject.id == f"{old.id}-new"]  # type: ignore[union-attr]
        assert [one.outcome for one in new] == [Outcome.UNKNOWN]
        told = await approve(pilot, "a new team")
        assert "Not in the baseline yet; this approves them (1)" in told
        assert "everything is covered" in rows_of(pilot, "outside")[0]
    baselines = here.bench.store.baselines(here.bench.organization.id)
    assert [(one.run, one.approved.by, one.reason) for one in baselines] == [
        (1, ANNA, "reviewed"),
        (2, ANNA, "a new team"),
    ]


async def test_nothing_is_approved_before_it_was_agreed_to(kept: Opener) -> None:
    """Wrong fields are told; back from the summary leaves the history alone; Escape asks."""
    here = kept(POLICY)
    await here.audited()
    async with driven(here.source) as pilot:
        form = await opened(pilot)
        await write(pilot, "until", "2020-01-01")
        await pilot.press("ctrl+s")
        await pilot.pause()
        shown = on_screen(pilot)
        assert "! Needed" in shown
        assert "! 2020-01-01 has passed" in shown
        await write(pilot, "reason", "reviewed")
        await write(pilot, "until", "2099-12-31")
        await pilot.press("ctrl+s")
        assert "2099-12-31" in await asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is form)
        await pilot.press("escape")
        assert "Discard what you typed" in await asked(pilot)
    assert here.bench.store.baselines(here.bench.organization.id) == ()


async def test_a_schedule_approves_nothing(kept: Opener) -> None:
    here = kept(POLICY)
    await here.audited()
    here.monkeypatch.setenv("CONTRIBAUDIT_TRIGGER", "schedule")
    async with driven(here.source, begin="approve") as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "A scheduled run cannot approve" in said(pilot))
        assert isinstance(pilot.app.screen, ApproveScreen)


async def test_nobody_approves_what_was_not_seen(kept: Opener) -> None:
    """A run that did not read every app is refused, with why."""
    here = kept(POLICY)
    here.bench.faults.append(Fault("403-a", "workspaces"))
    await here.audited()
    async with driven(here.source, begin="approve") as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "did not read every app" in said(pilot))


async def test_read_only_says_what_is_missing(kept: Opener) -> None:
    here = kept(POLICY)
    await here.audited()
    async with driven(lambda: here.source(""), begin="approve") as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "set attested_by" in said(pilot))
    async with driven(opener(board()), begin="approve") as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "to record attestations" in said(pilot))


async def test_hostile_names_are_data_in_an_approval(kept: Opener) -> None:
    here = kept(POLICY, "tidy", called(HOSTILE))
    await here.audited()
    async with driven(here.source) as pilot:
        harmless(await approve(pilot))
        await pilot.pause()
        harmless(on_screen(pilot))
        assert found(pilot, "DR-01").outcome is Outcome.PASS
