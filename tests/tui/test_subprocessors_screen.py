"""Sub-processors in the dashboard: who touches which app and why, filtered as one types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contribaudit.core.model.subprocessors import SubprocessorList
from contribaudit.settings.model import AppSettings
from contribaudit.store.history import History
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, driven, on_screen, until
from tests.tui.live import HOSTILE, Opener, harmless, rows_of
from tests.vendors.processing import MARCH, body, imported

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC)


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_who_touches_what_is_listed_and_filtered(kept: Opener, size: tuple[int, int]) -> None:
    here = kept()
    with History.open(AppSettings.load().store_location()) as store:
        store.add_subprocessors(imported(MARCH, NOW - timedelta(days=1)), body(MARCH))
    await here.audited()
    async with driven(here.source, size, begin="subprocessors") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "subprocessors-grid")))
        everything = rows_of(pilot, "subprocessors-grid")
        assert "Borealis Hosting, Inc." in everything[0]
        assert "list in force since 2026-03-02" in on_screen(pilot)
        await pilot.press("slash", *"Ora")
        await until(pilot, lambda: len(rows_of(pilot, "subprocessors-grid")) < len(everything))
        assert "Oração" in rows_of(pilot, "subprocessors-grid")[0]
        await pilot.press("escape")
        await until(pilot, lambda: len(rows_of(pilot, "subprocessors-grid")) == len(everything))


async def test_hostile_names_are_shown_as_text(kept: Opener) -> None:
    here = kept()
    page = imported(MARCH, NOW - timedelta(days=1))
    rows = tuple(
        type(one)(HOSTILE, one.products, one.purposes, one.data_categories, one.locations) for one in page.rows
    )
    with History.open(AppSettings.load().store_location()) as store:
        store.add_subprocessors(
            SubprocessorList(page.effective, rows[:1], page.source, page.sha256, page.imported), body(MARCH)
        )
    await here.audited()
    async with driven(here.source, begin="subprocessors") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "subprocessors-grid")))
        harmless(on_screen(pilot))


async def test_without_a_list_the_screen_says_what_to_do() -> None:
    async with driven(opener(board()), begin="subprocessors") as pilot:
        await until(pilot, lambda: "contribaudit subprocessors import" in on_screen(pilot))
        await until(pilot, lambda: "The policy does not ask about sub-processors" in on_screen(pilot))
        assert "matches the filter" not in on_screen(pilot)
