"""The documents over time: what changed, both wordings, which rules are under review."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contribaudit.settings.model import AppSettings
from contribaudit.store.history import History
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, driven, on_screen, until
from tests.tui.live import HOSTILE, Opener, harmless, rows_of
from tests.vendors.documents import SETTINGS, add, archive_all, settings_page

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC)


@pytest.mark.parametrize("size", [NARROW, NORMAL])
async def test_a_change_is_shown_with_what_rests_on_it(kept: Opener, size: tuple[int, int]) -> None:
    here = kept()
    with History.open(AppSettings.load().store_location()) as store:
        archive_all(store, NOW - timedelta(days=3))
        add(store, "dpa", b"<title>Log in</title><input type=password>", NOW - timedelta(days=2))
        changed = settings_page(sentences=(SETTINGS[0].replace("let you control", "tell you"), *SETTINGS[1:], HOSTILE))
        add(store, "data-contribution-settings", changed, NOW - timedelta(days=1))
    await here.audited()
    async with driven(here.source, size, begin="terms") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "terms-grid")))
        rows = rows_of(pilot, "terms-grid")
        assert "changed" in rows[0]
        assert "not readable" in rows[1]
        assert len(rows) == 6
        shown = on_screen(pilot)
        assert "Rule under review" in shown
        assert "not legal advice" in shown
        harmless(shown)
        await pilot.press("H")
        await until(pilot, lambda: len(rows_of(pilot, "terms-grid")) == 1)


async def test_nothing_archived_says_what_to_do() -> None:
    async with driven(opener(board()), begin="terms") as pilot:
        await until(pilot, lambda: "never archived" in on_screen(pilot))
        assert "contribaudit terms check --fetch" in on_screen(pilot)


async def test_no_change_among_archived_documents_says_so(kept: Opener) -> None:
    here = kept()
    with History.open(AppSettings.load().store_location()) as store:
        archive_all(store, NOW - timedelta(days=3))
    await here.audited()
    async with driven(here.source, begin="terms") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "terms-grid")))
        await pilot.press("H")
        await until(pilot, lambda: "No provision has changed" in on_screen(pilot))
        assert "No document is archived" not in on_screen(pilot)
