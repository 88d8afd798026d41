"""What the app does on every screen: load, fail, help, themes, pictures, organizations, the first start."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.css.stylesheet import Stylesheet

from contribaudit.errors import StoreBusy, StoreDamaged, StoreNewer
from contribaudit.tui.app import Dashboard
from contribaudit.tui.colours import DARK, LIGHT
from contribaudit.tui.screens import ALL
from contribaudit.tui.screens.dialogs import OrganizationsScreen, TicketScreen
from contribaudit.tui.screens.help import HelpScreen, WelcomeScreen
from contribaudit.tui.screens.overview import OverviewScreen
from contribaudit.tui.source import Board, Lack, Lacking
from tests.builders import ORG, OTHER_ORG
from tests.tui.boards import Kept, Shown, board, opener
from tests.tui.driving import dashboard, driven, on_screen, until
from tests.tui.live import asked, said, write

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "error",
    [
        StoreBusy("Another audit runs", hint="Wait for it"),
        StoreDamaged("The history is no database", hint="Restore a backup"),
        StoreNewer("A newer version wrote it", hint="Update contribaudit"),
    ],
)
async def test_a_history_that_cannot_be_opened_says_what_to_do(error: StoreBusy) -> None:
    """On every screen; R tries again, and what was wrong is gone once it works."""
    working = False

    def open_source() -> Kept:
        if not working:
            raise error
        return Kept(board())

    async with driven(open_source) as pilot:
        assert str(error) in on_screen(pilot)
        assert "not read" in on_screen(pilot)
        assert "reading …" not in on_screen(pilot)
        await pilot.press("f")
        assert str(error) in on_screen(pilot)
        working = True
        await pilot.press("R")
        await until(pilot, lambda: dashboard(pilot).board is not None)
        assert str(error) not in on_screen(pilot)


async def test_what_was_shown_stays_when_a_reload_fails() -> None:
    """With the reason above it."""

    class Once(Kept):
        loaded = 0

        def load(self) -> Board:
            self.loaded += 1
            if self.loaded > 1:
                raise StoreDamaged("It broke", hint="Restore it")
            return super().load()

    async with driven(lambda: Once(board())) as pilot:
        await pilot.press("R")
        await until(pilot, lambda: bool(dashboard(pilot).trouble))
        await pilot.pause()
        assert "It broke. Restore it" in on_screen(pilot)
        assert "FAIL (high and above)" in on_screen(pilot)


async def test_a_resize_while_the_history_is_read() -> None:
    """The frame is there, follows the terminal, and fills when the board comes."""
    go = threading.Event()

    class Slow(Kept):
        def load(self) -> Board:
            assert go.wait(20)
            return super().load()

    app = Dashboard(lambda: Slow(board()))
    async with app.run_test(size=(120, 40)) as pilot:
        for size in ((80, 24), (200, 60), (20, 5), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "reading the history" in " ".join(on_screen(pilot).split())
        await pilot.press("f", "o")
        go.set()
        await until(pilot, lambda: app.board is not None)
        await pilot.pause()
        assert "FAIL (high and above)" in on_screen(pilot)


async def test_the_first_start_leads_into_the_wizard_or_the_demo() -> None:
    """Each with one key; the app ends with what is wished for."""
    for key, wish in (("i", "init"), ("d", "demo")):
        async with driven(lambda: Lacking(Lack.UNCONFIGURED)) as pilot:
            assert isinstance(pilot.app.screen, WelcomeScreen)
            assert "Nothing is configured yet" in on_screen(pilot)
            await pilot.press("r")
            assert isinstance(pilot.app.screen, WelcomeScreen)
            await pilot.press(key)
            await pilot.pause()
        assert pilot.app.return_value == wish


async def test_an_empty_history_says_how_to_fill_it() -> None:
    """And looks again on R, once an audit has run elsewhere."""

    class Filling(Kept):
        asked = 0

        def nothing_to_load(self) -> Lack | None:
            self.asked += 1
            return Lack.UNREAD if self.asked == 1 else None

    async with driven(lambda: Filling(board())) as pilot:
        assert "No audit has run yet" in on_screen(pilot)
        assert "contribaudit audit" in on_screen(pilot)
        await pilot.press("R")
        await until(pilot, lambda: dashboard(pilot).board is not None)
        await pilot.pause()
        assert isinstance(pilot.app.screen, OverviewScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_a_first_start_can_be_left(key: str) -> None:
    """A dialog is in front, and the way out is where it always is."""
    async with driven(lambda: Lacking(Lack.UNCONFIGURED)) as pilot:
        await pilot.press(key)
        await pilot.pause()
    assert not pilot.app.return_value
    assert pilot.app.return_code == 0


async def test_the_key_help_names_every_key_and_word() -> None:
    """Those of the screen, of the app, and what outcomes and grades mean."""
    async with driven(opener(board()), (100, 100)) as pilot:
        await pilot.press("f", "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        text = pilot.app.screen._help_text().plain
        assert "not yet effective the rule" in text
        for part in ("/ ", "Sort", "Group", "Quit", "not achievable", "documented", "FILTER", "never counts as a pass"):
            assert part in text
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_light_and_dark() -> None:
    """L goes to the other one, and back."""
    async with driven(opener(board())) as pilot:
        assert pilot.app.theme == DARK
        await pilot.press("L")
        assert pilot.app.theme == LIGHT
        await pilot.press("L")
        assert pilot.app.theme == DARK


async def test_without_colours_every_word_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves shades of grey; the outcome is a word and the cursor a sign."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(opener(board())) as pilot:
        await pilot.press("f")
        assert pilot.app.no_color
        shown = on_screen(pilot)
        for part in (">FAIL new", "CONFLICT", "not achievable", "unknown"):
            assert part in shown


async def test_the_palette_leads_to_every_screen() -> None:
    """By the name that the footer has."""
    async with driven(opener(board())) as pilot:
        titles = [one.title for one in pilot.app.get_system_commands(pilot.app.screen)]
        for screen in ALL.values():
            assert screen.name in titles
        await pilot.press("ctrl+p", *"findings", "enter")
        await until(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == "Findings")


async def test_every_screen_is_reached_by_its_key() -> None:
    """From the screen before it; and says of itself what footer, palette and help need."""
    async with driven(opener(board()), begin="run") as pilot:
        for mode, screen in ALL.items():
            assert screen.name == screen.screen().NAME
            assert screen.about, mode
            await pilot.press(screen.key)
            assert isinstance(pilot.app.screen, screen.screen()), mode


def test_no_two_screens_share_a_key() -> None:
    """Nor a name."""
    assert len({screen.key for screen in ALL.values()}) == len(ALL)
    assert len({screen.name for screen in ALL.values()}) == len(ALL)


async def test_a_picture_of_the_screen(home: Path) -> None:
    """An SVG file in the present folder; where it cannot be written, the reason is told."""
    async with driven(opener(board())) as pilot:
        await pilot.press("E")
        await pilot.app.workers.wait_for_complete()
    text = _written(home)
    assert text.startswith("<svg")
    assert "Acme" in text


def _written(home: Path) -> str:
    """The one picture that is there."""
    (path,) = home.glob("contribaudit-overview-*.svg")
    return path.read_text(encoding="utf-8")


async def test_one_of_several_organizations() -> None:
    """O asks which; the source is told, and gives another board."""

    class Several(Kept):
        @property
        def organizations(self) -> Sequence[tuple[str, str]]:
            return ((ORG, "Acme Global"), (OTHER_ORG, "[bold]Bank"))

        def load(self) -> Board:
            whole = super().load()
            kept = tuple(one for one in whole.report.findings if self.focus in (None, one.subject.organization))
            return replace(whole, report=replace(whole.report, findings=kept))

    async with driven(lambda: Several(board())) as pilot:
        before = dashboard(pilot).board
        await pilot.press("O")
        assert isinstance(pilot.app.screen, OrganizationsScreen)
        assert "[bold]Bank" in on_screen(pilot)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: dashboard(pilot).board is not before)
        shown = dashboard(pilot).board
        assert shown is not None
        assert {one.subject.organization for one in shown.report.findings} == {OTHER_ORG}


async def test_one_organization_is_nothing_to_choose_from() -> None:
    """It says so."""
    async with driven(lambda: Shown(board())) as pilot:
        await pilot.press("O")
        await pilot.pause()
        assert "There is only one organization" in on_screen(pilot)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving(key: str) -> None:
    """The source is closed, and the app ends with nothing that is wished for."""
    closed = []

    class Closing(Kept):
        def close(self) -> None:
            closed.append(True)

    async with driven(lambda: Closing(board())) as pilot:
        await pilot.press(key)
        await pilot.pause()
    assert closed == [True]
    assert not pilot.app.return_value
    assert pilot.app.return_code == 0


async def test_a_screen_that_fails_is_closed_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board screen, then a form on top of one; the dashboard goes on, and the screen can be opened again."""
    from contribaudit.tui.screens.findings import FindingsScreen

    def broken(*_words: object) -> None:
        raise RuntimeError("no such row")

    async with driven(opener(board())) as pilot:
        dashboard(pilot).recovers = True
        with monkeypatch.context() as patch:
            patch.setattr(FindingsScreen, "show_board", broken)
            await pilot.press("f")
            await until(pilot, lambda: "This is a bug in contribaudit" in said(pilot))
            await until(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen))
            assert "RuntimeError: no such row" in said(pilot)
            assert "The screen was closed." in said(pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        await until(pilot, lambda: "of" in on_screen(pilot))
        form = TicketScreen("a change")
        await pilot.app.push_screen(form)
        monkeypatch.setattr(TicketScreen, "finish", broken)
        await write(pilot, "ticket", "GRC-1")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: said(pilot).count("This is a bug") == 2)
        assert pilot.app.screen is form, "with what was typed"
        assert form.field("ticket").value == "GRC-1"


async def test_ctrl_c_in_a_half_filled_form_asks() -> None:
    """What was typed is still there for whoever stays; a second Ctrl-C leaves."""
    async with driven(opener(board())) as pilot:
        form = TicketScreen("a change")
        await pilot.app.push_screen(form)
        await write(pilot, "ticket", "GRC-1")
        await pilot.press("ctrl+c")
        assert "Nothing has been saved" in await asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is form)
        assert form.field("ticket").value == "GRC-1"
        await pilot.press("ctrl+c")
        await asked(pilot)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert pilot.app._exit


async def test_a_form_that_nobody_touched_is_left_at_once() -> None:
    async with driven(opener(board())) as pilot:
        await pilot.app.push_screen(TicketScreen("a change"))
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert pilot.app._exit


async def test_the_theme_is_the_one_that_was_chosen_last() -> None:
    async with driven(opener(board())) as pilot:
        assert pilot.app.theme == "textual-dark"
        await pilot.press("L")
    async with driven(opener(board())) as pilot:
        assert pilot.app.theme == "textual-light"


async def _painted(keys: str) -> list[tuple[str, str]]:
    """Every piece of text with its colours, once these keys were pressed."""
    async with driven(opener(board())) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        strips = pilot.app.screen._compositor.render_strips()
        return [(segment.text, str(segment.style)) for strip in strips for segment in strip]


@pytest.mark.parametrize("screen", ["o", "f", "t"])
async def test_a_screen_has_the_colours_of_the_theme_whenever_it_was_made(screen: str) -> None:
    """Before the theme was changed, after it, and where it was kept from the last time."""
    dark = await _painted(screen)
    made_before = await _painted(f"{screen}nL{screen}")
    kept = await _painted(screen)
    assert made_before == kept != dark
    assert await _painted(f"L{screen}") == dark


async def test_opening_a_screen_parses_the_styles_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the first paint parse its own twice."""
    parsed: list[str] = []
    reparse = Stylesheet.reparse

    def counted(sheet: Stylesheet) -> None:
        parsed.append("all")
        reparse(sheet)

    monkeypatch.setattr(Stylesheet, "reparse", counted)
    async with driven(opener(board())) as pilot:
        for mode, listed in ALL.items():
            await pilot.app.switch_mode(mode)
            kind = listed.screen()
            await until(pilot, lambda kind=kind: isinstance(pilot.app.screen, kind))  # type: ignore[misc]
        assert not parsed
        await pilot.press("L")
        await pilot.pause()
        assert parsed == ["all"]


async def test_two_lines_of_a_note_come_out_as_two() -> None:
    made: list[tuple[str, str] | None] = []
    async with driven(opener(board())) as pilot:
        await pilot.app.push_screen(TicketScreen("a change"), made.append)
        await write(pilot, "ticket", "GRC-1")
        await pilot.press("tab", *"one", "enter", *"two", "ctrl+s")
        await until(pilot, lambda: bool(made))
    assert made == [("GRC-1", "one\ntwo")]
