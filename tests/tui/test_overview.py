"""The first screen at every size, and where its lines lead."""

from __future__ import annotations

import pytest
from textual._compositor import Compositor
from textual.screen import Screen
from textual.widgets import Input

from contribaudit.errors import UsageError
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.overview import OverviewScreen, Panel, TrendPanel
from contribaudit.tui.source import Board
from tests.tui.boards import Kept, Shown, board, opener
from tests.tui.driving import NARROW, NORMAL, WIDE, at_once, dashboard, driven, on_screen, until

pytestmark = pytest.mark.anyio


async def test_eighty_columns_show_verdict_next_and_changes() -> None:
    """Without scrolling: the three questions of the first five seconds."""
    async with driven(opener(board()), NARROW) as pilot:
        shown = on_screen(pilot)
        for part in ("FAIL (high and above); ", "DO NEXT (5 things", "CHANGED SINCE YOU LAST LOOKED", "! 20 Nov 16:00"):
            assert part in shown
        assert max(len(line) for line in shown.splitlines()) <= 80


async def test_the_first_lines_answer_the_three_questions() -> None:
    """Data contribution, AI and location, above all counts, each with its worst fact; Enter leads to its findings."""
    async with driven(opener(board()), NARROW) as pilot:
        panel = pilot.app.screen.query_one("#verdict", Panel)
        lines = panel.shown(panel.content_size.width)
        answers = [line for line in lines if line.query.startswith("check:")]
        assert [line.text.plain.split("  ")[0].strip() for line in answers][1:] == ["AI", "Location"]
        assert answers[0].text.plain.startswith("Data contribution not achievable Acme Global: the Standard plan")
        assert lines.index(answers[-1]) < next(n for n, line in enumerate(lines) if " apply:" in line.text.plain)
        assert [line.query for line in answers] == ["check:DC is:open", "check:AI is:open", "check:DR is:open"]
        assert "no event found" in answers[2].more or answers[2].more.startswith("Jira on acme-lab.atlassian.net")


@pytest.mark.parametrize("size", [NORMAL, WIDE])
async def test_larger_terminals_show_where_too(size: tuple[int, int]) -> None:
    """And the widest one everything, in two columns."""
    async with driven(opener(board()), size) as pilot:
        shown = on_screen(pilot)
        assert "acme-lab.atlassian.net" in shown
        if size == WIDE:
            for title in ("WHERE", "RUNS OUT", "HOW WE KNOW", "TREND"):
                assert title in shown
            assert pilot.app.screen.query_one("#where", Panel).region.x > 90


async def test_down_goes_from_panel_to_panel_and_keeps_the_line_in_sight() -> None:
    """Every line that leads somewhere is reached with one key."""
    async with driven(opener(board()), NARROW) as pilot:
        seen = set()
        for _ in range(40):
            focused = pilot.app.focused
            assert isinstance(focused, Panel)
            seen.add(focused.title)
            await pilot.press("down")
            await pilot.pause()
            lines = focused.shown(focused.content_size.width)
            assert focused._line_at_cursor(lines) is not None
        assert seen >= {"DO NEXT", "CHANGED", "TREND", "WHERE", "RUNS OUT", "HOW WE KNOW"}
        assert "HOW WE KNOW" in on_screen(pilot)


async def test_a_key_lays_the_screen_out_once_at_most_and_paints_what_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty lines down, over the edges of panels: none needs the whole screen, and only a line that says more or less
    than the one before moves what is beneath it."""
    done: list[str] = []

    def counted(name: str) -> None:
        call = getattr(Compositor, name)

        def told(*given: object, **named: object) -> object:
            done.append(name)
            return call(*given, **named)

        monkeypatch.setattr(Compositor, name, told)

    monkeypatch.setattr(Screen, "_compositor_refresh", at_once)
    counted("reflow")
    counted("render_full_update")
    async with driven(opener(board()), WIDE) as pilot:
        still = 0
        for _ in range(20):
            panel = pilot.app.focused
            assert isinstance(panel, Panel)
            height = panel.size.height
            done.clear()
            await pilot.press("down")
            await pilot.pause(0.1)
            assert done in ([], ["reflow"]), f"{type(panel).__name__}: {done}"
            if pilot.app.focused is panel and panel.size.height == height:
                assert not done
                still += 1
        assert still


@pytest.mark.parametrize("height", [24, 120])
async def test_the_scrollbar_is_there_where_the_panels_have_no_room(height: int) -> None:
    """Also after the terminal has become another size."""
    async with driven(opener(board()), (100, height)) as pilot:
        scrolled = pilot.app.screen.query_one("#overview")
        for now in (height, 144 - height, height):
            await pilot.resize_terminal(100, now)
            await until(pilot, lambda now=now: pilot.app.size.height == now)  # type: ignore[misc]
            await pilot.pause(0.2)
            assert scrolled.show_vertical_scrollbar == (scrolled.virtual_size.height > scrolled.container_size.height)
            assert scrolled.show_vertical_scrollbar == (now == 24)
        await pilot.press("end")
        await pilot.pause(0.5)
        assert scrolled.scroll_offset.y == scrolled.max_scroll_y


async def test_enter_on_a_step_goes_to_its_findings() -> None:
    """Filtered to what is open of its subjects."""
    async with driven(opener(board())) as pilot:
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, FindingsScreen)
        assert screen.query_one(Input).value == "step:2"
        assert {one.subject.id for one in screen.shown} == {"ari:cloud:lab", "ari:cloud:us"}
        await pilot.press("escape", "escape")
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_enter_on_a_site_goes_to_what_is_open_there() -> None:
    """The heat map is a menu, too."""
    async with driven(opener(board()), WIDE) as pilot:
        panel = pilot.app.screen.query_one("#where", Panel)
        panel.enter_from(1)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "site:acme-lab.atlassian.net is:open"


async def test_the_cursor_tells_the_whole_sentence_and_the_command() -> None:
    """A line is cut; beneath the cursor it stands in full."""
    async with driven(opener(board())) as pilot:
        await pilot.press("down")
        await pilot.pause()
        assert "Type: contribaudit checks show DR-02" in " ".join(on_screen(pilot).replace("│", " ").split())


async def test_changes_are_marked_as_seen() -> None:
    """m notes it in the source; where nothing can be noted, it says so."""
    kept = Kept(board())
    async with driven(lambda: kept) as pilot:
        await pilot.press("m")
        await until(pilot, lambda: kept.seen == [318])
    async with driven(lambda: Shown(board())) as pilot:
        await pilot.press("m")
        await until(pilot, lambda: "nothing can be marked as seen" in on_screen(pilot))


async def test_a_mouse_click_takes_the_line() -> None:
    """One click puts the cursor there."""
    async with driven(opener(board()), WIDE) as pilot:
        panel = pilot.app.screen.query_one("#changed", Panel)
        await pilot.click("#changed", offset=(5, 2))
        assert panel.has_focus
        assert panel.cursor == 1


async def test_the_chosen_day_of_the_trend_is_shown_only_there() -> None:
    """It is highlighted in the plot until the focus leaves the panel, and again on return."""
    async with driven(opener(board()), WIDE) as pilot:
        trend = pilot.app.screen.query_one(TrendPanel)

        def highlighted() -> bool:
            lines = trend.shown(trend.content_size.width)
            return any(span.style == "reverse" for line in lines for span in line.text.spans)

        trend.focus()
        await pilot.press("left")
        await until(pilot, highlighted)
        await pilot.press("shift+tab")
        await until(pilot, lambda: not highlighted())
        await pilot.press("tab")
        await until(pilot, highlighted)


async def test_titles_stand_before_the_board_does() -> None:
    """While the history is read, and when it cannot be."""

    class Failing(Shown):
        def load(self) -> Board:
            raise UsageError("It is locked", hint="Wait for the other audit")

    async with driven(lambda: Failing(board())) as pilot:
        shown = on_screen(pilot)
        assert "VERDICT" in shown
        assert "It is locked. Wait for the other audit" in shown
        assert dashboard(pilot).board is None
        assert pilot.app.screen.query_one("#do-next", Panel).board is None
