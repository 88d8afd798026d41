"""Accepting a finding: a form, a diff, and nothing written that nobody agreed to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Static

from contribaudit.core.model.finding import AppliedWaiver, Outcome
from contribaudit.exporters.text import safe_text
from contribaudit.settings.model import AppSettings
from contribaudit.simulator import Organization
from contribaudit.tui.screens.dialogs import QuestionScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.waive import WaiveScreen
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, dashboard, driven, on_screen, until
from tests.tui.live import ANNA, HOSTILE, Live, Opener, asked, called, harmless, said, waiving, write

pytestmark = pytest.mark.anyio
POLICY = '\n[[rule]] # where data lives\ncheck = "DR-01"\nexpect = ["EU"]\nwhere = { app = ["confluence"] }\n'
TODAY = datetime.now(UTC).date()
YESTERDAY, NEXT_MONTH = str(TODAY - timedelta(days=1)), str(TODAY + timedelta(days=30))


def moved(organization: Organization) -> None:
    """One app keeps its data where nobody wants it."""
    for one in tuple(organization.apps):
        if one.type_key == "confluence":
            organization.set_app(one.id, realm="US")


async def fill(pilot: Pilot[str], **changed: str) -> None:
    """A waiver that is right but for what is changed."""
    right = {
        "reason": "contract 2026-114",
        "approved_by": "ciso@acme.example",
        "approved_at": YESTERDAY,
        "expires": NEXT_MONTH,
        "ticket": "GRC-311",
    }
    for field, text in (right | changed).items():
        await write(pilot, field, text)


async def waived(pilot: Pilot[str], form: WaiveScreen) -> AppliedWaiver:
    """Wait until the form's finding is waived; the waiver."""

    def there() -> list[AppliedWaiver]:
        board = dashboard(pilot).board
        assert board is not None
        return [
            one.waiver for one in board.report.findings if one.id == form._findings[0].id and one.waiver is not None
        ]

    await until(pilot, lambda: bool(there()))
    return there()[0]


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_a_waiver_is_shown_as_a_diff_then_written_and_counts(kept: Opener, size: tuple[int, int]) -> None:
    """The file's comments stay, the finding is waived, and an audit elsewhere finds the same file."""
    here = kept(POLICY, "tidy", moved)
    await here.audited()
    before = here.policy.read_text(encoding="utf-8")
    async with driven(here.source, size) as pilot:
        form = await waiving(pilot)
        assert form._findings[0].outcome is Outcome.FAIL
        assert 'Waive "App data is in an allowed location" (DR-01) for ' in on_screen(pilot)
        assert form.field("requested_by").value == ANNA
        await fill(pilot)
        await pilot.press("ctrl+s")
        told = await asked(pilot)
        assert '+reason = "contract 2026-114"' in told
        assert '+observed = "US"' in told
        assert "FAIL -> waived" in told
        assert here.policy.read_text(encoding="utf-8") == before, "nothing is written before it was agreed to"
        await pilot.press("right", "enter")
        await waived(pilot, form)
        assert "Commit the file" in said(pilot)
        assert isinstance(pilot.app.screen, FindingsScreen)
    after = here.policy.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert f"expires = {NEXT_MONTH}" in after


async def test_going_back_from_the_diff_writes_nothing_and_keeps_the_form(kept: Opener) -> None:
    here = kept(POLICY, "tidy", moved)
    await here.audited()
    before = here.policy.read_bytes()
    async with driven(here.source) as pilot:
        form = await waiving(pilot)
        await fill(pilot)
        await pilot.press("ctrl+s")
        await asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is form)
        assert form.field("reason").value == "contract 2026-114"
        await pilot.press("escape")
        assert "Discard what you typed" in await asked(pilot)
    assert here.policy.read_bytes() == before


async def test_what_is_wrong_is_told_beside_the_field(kept: Opener) -> None:
    """Each its own sentence, and the change is not made."""
    here = kept(POLICY, "tidy", moved)
    await here.audited()
    async with driven(here.source, (120, 60)) as pilot:
        form = await waiving(pilot)
        await fill(
            pilot,
            reason=" ",
            approved_by=ANNA.upper(),
            approved_at=NEXT_MONTH,
            expires="soon",
            review="0",
        )
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert pilot.app.screen is form
        shown = on_screen(pilot)
        for told in (
            "! Needed",
            "! The person who requests a waiver cannot approve it",
            "! The approval date is in the future",
            "! `soon` is not a date. Write it as 2027-01-31, today or +90d",
            "! `0` is not a number of days",
        ):
            assert told in shown
        await write(pilot, "expires", YESTERDAY)
        await pilot.pause()
        assert "! This date has passed" in on_screen(pilot)


async def test_a_file_that_changed_meanwhile_is_left_alone(kept: Opener) -> None:
    here = kept(POLICY, "tidy", moved)
    await here.audited()
    async with driven(here.source) as pilot:
        form = await waiving(pilot)
        await fill(pilot)
        await pilot.press("ctrl+s")
        await asked(pilot)
        here.policy.write_text("# somebody else's\n", encoding="utf-8")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: pilot.app.screen is form)
        told = form.query_one(".form--told", Static)
        await until(pilot, lambda: "changed in the meantime" in str(told.render()))
    assert here.policy.read_text(encoding="utf-8") == "# somebody else's\n"


async def test_a_policy_that_would_be_wrong_is_never_written(kept: Opener) -> None:
    """A file that broke since it was loaded is named with its line."""
    here = kept(POLICY, "tidy", moved)
    await here.audited()
    async with driven(here.source) as pilot:
        form = await waiving(pilot)
        told = form.query_one(".form--told", Static)
        await fill(pilot)
        here.policy.write_text('version = 1\n[[rule]]\ncheck = "DR-99"\n', encoding="utf-8")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "policy.toml:3: [[rule]] 1" in str(told.render()))
        assert not isinstance(pilot.app.screen, QuestionScreen)


async def test_a_shipped_pack_gets_a_file_of_its_own(kept: Opener, tmp_path: Path) -> None:
    """Its path is asked for; the file extends the pack, and the session judges by it."""
    here = kept()
    here.monkeypatch.delenv("CONTRIBAUDIT_POLICY")
    await here.audited()
    path = tmp_path / "mine.toml"
    async with driven(here.source) as pilot:
        form = await waiving(pilot)
        assert form._findings[0].outcome.violates or form._findings[0].outcome.unproven
        await fill(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "! Needed" in on_screen(pilot)
        await write(pilot, "path", str(path))
        await pilot.press("ctrl+s")
        told = await asked(pilot)
        assert "--- /dev/null" in told
        assert '+extends = ["essentials"]' in told
        await pilot.press("ctrl+s")
        await until(pilot, lambda: path.exists())
        await until(pilot, lambda: "Name it in config.toml" in said(pilot))
        source = dashboard(pilot).source
        assert source is not None
        assert source.policy_path == path
        assert AppSettings.load().policy is None, "the configuration is the person's to change"


async def test_it_need_not_bind_to_the_value(kept: Opener) -> None:
    here = kept(POLICY, "tidy", moved)
    await here.audited()
    async with driven(here.source) as pilot:
        form = await waiving(pilot)
        await fill(pilot)
        form.query_one("#binds", Checkbox).focus()
        await pilot.press("space", "ctrl+s")
        told = await asked(pilot)
        assert "+observed" not in told


async def test_where_nothing_can_be_written_it_says_so(kept: Opener) -> None:
    async with driven(opener(board())) as pilot:
        await pilot.press("w")
        await pilot.pause()
        assert "Choose a finding first" in said(pilot)
        await pilot.press("f")
        await pilot.pause(0.1)
        await pilot.press("w")
        await pilot.pause()
        assert "to add waivers" in said(pilot)


async def test_hostile_names_are_data_in_the_diff(kept: Opener) -> None:
    """The reason too: the file holds what the box showed of it."""

    def edit(organization: Organization) -> None:
        called(HOSTILE)(organization)
        moved(organization)

    here: Live = kept(POLICY, "tidy", edit)
    await here.audited()
    async with driven(here.source) as pilot:
        form = await waiving(pilot)
        await fill(pilot)
        form.field("reason").value = HOSTILE
        await pilot.press("ctrl+s")
        harmless(await asked(pilot))
        harmless(on_screen(pilot))
        await pilot.press("ctrl+s")
        assert (await waived(pilot, form)).reason == safe_text(HOSTILE)
