"""What opening a screen of many findings takes, counted in work; `benchmarks dashboard` has the time."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, current_thread
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

from contribaudit.core.model.policy import AuditPolicy as Policy
from contribaudit.core.resolve import signals
from contribaudit.core.resolve.state import State
from contribaudit.errors import StoreError
from contribaudit.exporters import json_v1
from contribaudit.tui import screens as all_screens
from contribaudit.tui import sturdy
from contribaudit.tui.app import Dashboard
from contribaudit.tui.rows import filtering
from contribaudit.tui.rows import findings as finding_rows
from contribaudit.tui.screens import ALL, approve
from contribaudit.tui.screens import attestations as desk
from contribaudit.tui.screens import findings as findings_screen
from contribaudit.tui.screens import next as next_rows
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.source import Board, Lack
from tests.builders import ORG
from tests.tui.boards import Kept, board, opener, vast
from tests.tui.driving import NORMAL, dashboard, driven, on_screen, quieten, until
from tests.tui.live import said

pytestmark = pytest.mark.anyio


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Iterator[list[tuple[Any, ...]]]:
    """The arguments of each call of a function."""
    calls: list[tuple[Any, ...]] = []
    plain = getattr(owner, name)

    def noted(*words: Any, **named: Any) -> Any:
        calls.append(words)
        return plain(*words, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, noted)
        yield calls


def prepared(apps: int = 350) -> Board:
    """A board as a worker hands it over: of more findings than are indexed within a frame."""
    shown = vast(apps, 6, apps * 10)
    shown.prepare()
    return shown


async def test_opening_the_findings_words_a_screenful_and_sorts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = prepared()
    async with driven(opener(shown)) as pilot:
        with (
            counted(monkeypatch, findings_screen, "ordered") as sorts,
            counted(monkeypatch, finding_rows, "cells") as rows,
        ):
            await pilot.press("f")
            await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen) and bool(rows))
            assert sorts == []
            assert len(rows) <= 3 * NORMAL[1], "three frames of the rows in sight, of 2,100"
            screen = pilot.app.screen
            assert isinstance(screen, FindingsScreen)
            assert [one.id for one in screen.shown] == [
                shown.index.rows[place].finding.id for place in filtering.ordered(shown.index, "gravity")
            ]


async def test_no_screen_parses_the_styles_of_the_others_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(opener(board())) as pilot:
        with counted(monkeypatch, Stylesheet, "reparse") as parsed:
            for mode, listed in ALL.items():
                await pilot.app.switch_mode(mode)
                await until(pilot, lambda listed=listed: type(pilot.app.screen).__name__ == listed.kind)  # type: ignore[misc]
            assert parsed == []
            await pilot.press("L")
            await until(pilot, lambda: bool(parsed))


async def test_what_a_key_may_need_is_imported_before_it_is_pressed() -> None:
    async with driven(opener(board())) as pilot:
        await until(pilot, lambda: all(name in sys.modules for name in sturdy.modules()))
        assert all(listed.is_imported for listed in ALL.values())


def test_every_module_of_a_screen_is_imported_when_nobody_waits() -> None:
    folder = Path(all_screens.__file__).parent
    found = {f"{all_screens.__name__}.{one.stem}" for one in folder.glob("*.py")}
    assert found - {f"{all_screens.__name__}.__init__", f"{all_screens.__name__}.base"} <= set(sturdy.modules())


async def test_nothing_writes_all_findings_out_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual describes a worker by the text of all that it is handed: 30,000 findings where that is a board."""
    async with driven(opener(prepared())) as pilot:
        with counted(monkeypatch, State, "__repr__") as states, counted(monkeypatch, Policy, "__repr__") as policies:
            for mode, listed in ALL.items():
                await pilot.app.switch_mode(mode)
                await until(pilot, lambda listed=listed: type(pilot.app.screen).__name__ == listed.kind)  # type: ignore[misc]
                await pilot.pause()
                assert (mode, len(states), len(policies)) == (mode, 0, 0)


@pytest.mark.parametrize("mode", ["next", "findings", "inventory", "desk", "approve", "terms", "subprocessors"])
async def test_a_screen_says_that_it_reads_and_neither_that_there_is_nothing_nor_that_all_is_well(mode: str) -> None:
    go_on = Event()

    class Slow(Kept):
        def nothing_to_load(self) -> Lack | None:
            go_on.wait(20)
            return None

    app = Dashboard(lambda: Slow(board()))
    try:
        async with app.run_test(size=NORMAL) as pilot:
            await pilot.press(ALL[mode].key)
            await until(pilot, lambda: type(app.screen).__name__ == ALL[mode].kind)
            assert "Reading …" in on_screen(pilot)
            for key in ("x", "H", "down", "slash", "a", "escape"):  # none of them makes anything known
                await pilot.press(key)
            assert type(app.screen).__name__ != ALL[mode].kind or "Reading …" in on_screen(pilot)
            for told in (
                "No finding",
                "Nothing is due",
                "No data",
                "No audit",
                "Without a list",
                "No document",
                "covered",
            ):
                assert told not in on_screen(pilot)
    finally:
        go_on.set()


@pytest.mark.parametrize(
    ("mode", "reads"), [("approve", "screens.approve.outside_lines"), ("terms", "screens.terms.timeline")]
)
async def test_a_list_that_could_not_be_read_says_so(monkeypatch: pytest.MonkeyPatch, mode: str, reads: str) -> None:
    def gone(*_words: object) -> None:
        raise StoreError("the history went away")

    monkeypatch.setattr(f"contribaudit.tui.{reads}", gone)
    async with driven(opener(board())) as pilot:
        await pilot.press(ALL[mode].key)
        await until(pilot, lambda: "the history went away" in said(pilot))
        await until(pilot, lambda: "Not read" in on_screen(pilot))
        assert "Reading …" not in on_screen(pilot)


def test_importing_stops_once_the_dashboard_is_left() -> None:
    asked: list[int] = []

    def wanted() -> bool:
        asked.append(1)
        return len(asked) < 3

    sturdy.import_all(wanted)
    assert len(asked) == 3


async def test_the_collector_looks_through_no_board_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dashboard, "quieten", quieten)
    before = gc.get_threshold()
    gc.unfreeze()
    try:
        async with driven(opener(prepared())) as pilot:
            assert gc.get_freeze_count() > 10_000
            assert gc.get_threshold() != before
            assert dashboard(pilot).board is not None
        assert gc.get_threshold() == before
        assert gc.get_freeze_count() == 0
    finally:
        gc.freeze()


def test_a_board_goes_without_the_collector() -> None:
    """It holds no circle: after a reload nothing of the old one stays, though the collector never looks at it."""
    shown = prepared(50)
    held = [weakref.ref(shown), weakref.ref(shown.report.state), weakref.ref(shown.index), weakref.ref(shown.about)]
    gc.disable()
    try:
        del shown
        assert [one() for one in held] == [None] * len(held)  # type: ignore[operator]
    finally:
        gc.enable()


async def test_the_sub_processors_are_read_from_the_document_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = prepared()
    async with driven(opener(shown)) as pilot:
        with counted(monkeypatch, json_v1, "lean_document") as made:
            await pilot.press("B")
            await until(pilot, lambda: "is imported" in on_screen(pilot))
            assert made == []


def test_the_evidence_desk_reads_each_signal_of_an_organization_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It read those of the organization again for every app: 5 000 apps, 30 000 readings of the same."""
    shown = vast(200, 6, 0)
    with counted(monkeypatch, signals, "_reading") as read:
        desk._gathered(None, shown)
    of_organization = [rule.signal for _, rule, owner in read if owner.id == ORG]
    assert len(of_organization) == len(set(of_organization)) > 0


def test_a_step_of_hundreds_of_findings_words_forty_of_them_and_counts_the_rest() -> None:
    shown = vast(1_800, 6, 0)
    listed = next(one for one in next_rows.entries(shown.steps) if one.step and len(one.step.findings) > 500)
    assert listed.step is not None
    said = next_rows.detail(shown, listed).plain
    assert said.count("Check ") <= 40 + 1
    assert f"and {len(listed.step.findings) - 40:,} more: F shows all" in said


async def test_the_baseline_is_compared_beside_the_thread_of_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The history is asked for the new spaces of each app."""
    where: list[object] = []
    plain = approve.outside_lines

    def noted(state: State) -> list[approve.Line]:
        where.append(current_thread())
        return plain(state)

    monkeypatch.setattr(approve, "outside_lines", noted)
    async with driven(opener(board()), begin="approve") as pilot:
        await until(pilot, lambda: bool(where) and "Reading" not in on_screen(pilot))
    assert current_thread() not in where
