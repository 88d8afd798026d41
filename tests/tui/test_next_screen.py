"""The Next screen: every step under its kind, its findings beside it, and Enter does what the step is for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.advise.steps import NextStep, StepKind, to_do
from contribaudit.core.model.finding import Finding, Outcome, Severity
from contribaudit.exporters.text import duration
from contribaudit.tui.screens import next as rows
from contribaudit.tui.screens.approve import ApproveScreen
from contribaudit.tui.screens.attest import AttestScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.next import NextScreen
from contribaudit.tui.screens.waive import WaiveScreen
from tests.builders import ORG, app
from tests.tui.boards import board, opener
from tests.tui.driving import NARROW, NORMAL, WIDE, dashboard, driven, on_screen, until
from tests.tui.live import Opener, asked, rows_of, said, write
from tests.tui.test_waive_screen import moved

pytestmark = pytest.mark.anyio


async def shown(pilot: Pilot[str]) -> NextScreen:
    """The screen, with its steps."""
    await pilot.press("n")
    await until(pilot, lambda: isinstance(pilot.app.screen, NextScreen) and bool(rows_of(pilot, "next-grid")))
    screen = pilot.app.screen
    assert isinstance(screen, NextScreen)
    return screen


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
async def test_every_step_stands_under_its_kind_with_the_number_that_next_gives_it(size: tuple[int, int]) -> None:
    async with driven(opener(board()), size, begin="next") as pilot:
        screen = await shown(pilot)
        listed = rows_of(pilot, "next-grid")
        kinds = [one.split()[0] for one in listed if one.split()[0].isupper()]
        assert kinds == [kind.name for kind in StepKind if kind in {one.kind for one in board().steps}]
        numbers = [int(one.split()[0]) for one in listed if one.split()[0].isdigit()]
        assert sorted(numbers) == list(range(1, len(to_do(board().steps)) + 1))
        assert screen.step is not None, "the cursor stands on a step, not on a heading"
        assert "type        contribaudit doctor" in on_screen(pilot)
        assert "to do, about 20 min in all" in on_screen(pilot)


async def test_a_digit_leads_to_its_step_from_the_overview() -> None:
    async with driven(opener(board())) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: isinstance(pilot.app.screen, NextScreen))
        screen = pilot.app.screen
        assert isinstance(screen, NextScreen)
        steps = to_do(dashboard(pilot).board.steps)  # type: ignore[union-attr]
        await until(pilot, lambda: screen.step is steps[2])
        await pilot.press("1")
        assert screen.step is steps[0]
        await pilot.press("9")
        assert "There is no step 9" in said(pilot)


async def test_its_findings_are_a_chip_and_no_identifier() -> None:
    """`step:2` in the filter, in words above the table; a click on the chip takes it away."""
    async with driven(opener(board()), WIDE, begin="next") as pilot:
        await shown(pilot)
        await pilot.press("2", "F")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindingsScreen))
        await until(pilot, lambda: "step 2: 2 apps x" in on_screen(pilot))
        screen = pilot.app.screen
        assert isinstance(screen, FindingsScreen)
        assert screen.query_one(Input).value == "step:2"
        assert {one.subject.id for one in screen.shown} == {"ari:cloud:lab", "ari:cloud:us"}
        row = next(n for n, line in enumerate(on_screen(pilot).splitlines()) if "step 2: 2 apps" in line)
        await pilot.click(offset=(4, row))
        await until(pilot, lambda: screen.query_one(Input).value == "")


async def test_a_new_step_gets_the_cursor_after_another_run() -> None:
    first = board()
    fewer = replace(first, steps=[one for one in first.steps if one.findings[:1] != first.steps[2].findings[:1]])
    async with driven(opener(fewer), begin="next") as pilot:
        screen = await shown(pilot)
        dashboard(pilot).accept(first)
        await until(pilot, lambda: screen.step is first.steps[2])


async def test_look_opens_the_grid_and_confirming_leads_to_what_waits(kept: Opener) -> None:
    here = kept()
    await here.audited()
    async with driven(here.source, begin="next") as pilot:
        screen = await shown(pilot)
        assert screen.step is not None
        assert screen.step.screen == "data-contribution"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttestScreen) and pilot.app.screen.has_class("-ready"))
        await pilot.press("2", "ctrl+s")
        await asked(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Nothing to do." in on_screen(pilot))


async def test_a_decision_opens_the_waiver_and_space_marks_several(kept: Opener) -> None:
    """One form, one diff, a waiver for each of their findings."""
    here = kept('[[rule]]\ncheck = "DR-01"\nexpect = ["EU"]\n', "tidy", moved)
    await here.audited()
    async with driven(here.source, begin="next") as pilot:
        screen = await shown(pilot)
        for key in ("space", "w"):
            dashboard(pilot).clear_notifications()
            await pilot.press(key)
            await pilot.pause()
            assert "Nothing to waive in this step" in said(pilot)
        board = screen._board
        assert board is not None
        fails = [one for one in board.report.findings if one.outcome is Outcome.FAIL]
        decide = [decision(one, n) for n, one in enumerate(fails * 2)][:2]
        dashboard(pilot).accept(replace(board, steps=decide))
        await until(pilot, lambda: len(rows_of(pilot, "next-grid")) == 3)
        await pilot.press("home", "down", "space", "down", "space")
        assert [row.split()[0] for row in rows_of(pilot, "next-grid")[1:]] == ["*", "*"]
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, WaiveScreen))
        assert "Accept 2 findings" in on_screen(pilot)
        await write(pilot, "reason", "accepted")
        await write(pilot, "approved_by", "ciso@acme.example")
        await write(pilot, "approved_at", "today")
        await write(pilot, "expires", "+30d")
        await pilot.press("ctrl+s")
        told = await asked(pilot)
        assert told.count("+[[waiver]]") == 2


def decision(one: Finding, number: int) -> NextStep:
    return NextStep(
        StepKind.DECIDE,
        one.severity,
        5,
        f"decide {number}",
        f"contribaudit checks show {number}",
        ORG,
        (one.subject,),
        None,
        (one,),
    )


def test_what_enter_does_follows_from_the_step() -> None:
    shown = board()
    base = shown.steps[0]
    for command, told in {
        "contribaudit attest confirm 12ab": "opens the attestations that wait",
        "contribaudit baseline diff": "opens the baseline",
        "contribaudit changes annotate 7 --ticket TICKET": "opens the timeline, to note the ticket",
        "contribaudit login": "copies the command",
    }.items():
        step = replace(base, kind=StepKind.RENEW, command=command, findings=())
        assert rows.enter_does(shown, step) == told
    assert rows.enter_does(shown, replace(base, screen="rovo-access")) == "opens the grid to record it"
    assert "console" in rows.enter_does(shown, shown.steps[1])
    assert {rows.enter_does(shown, one) for one in shown.steps if one.kind is StepKind.DECIDE} == {"opens a waiver"}


def test_what_nobody_can_settle_comes_last_and_has_no_number() -> None:
    entries = rows.entries([*board().steps, NextStep(StepKind.NOBODY, None, 0, "later", "contribaudit", ORG)])
    assert [one.kind for one in entries[-2:]] == [StepKind.NOBODY, StepKind.NOBODY]
    assert entries[-1].place is None


@pytest.mark.parametrize(
    ("minutes", "told"), [(0, "0 min"), (90, "90 min"), (91, "1 h 31 min"), (120, "2 h"), (90_000, "1,500 h")]
)
def test_hours_stand_above_ninety_minutes(minutes: int, told: str) -> None:
    assert duration(minutes) == told
    assert duration(minutes, words=True) == told.replace("min", "minutes") if minutes <= 90 else told


async def test_enter_on_an_approval_opens_the_baseline() -> None:
    shown_board = board()
    approve = NextStep(StepKind.DECIDE, Severity.HIGH, 5, "new app", "contribaudit baseline diff", ORG, (app("us"),))
    async with driven(opener(replace(shown_board, steps=[approve])), begin="next") as pilot:
        await shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ApproveScreen))


def test_the_screen_and_the_command_agree_on_the_time() -> None:
    shown_board = board()
    steps = next_steps(shown_board.report)
    entries = rows.entries(steps)
    assert sum(one.minutes for one in entries) == sum(step.minutes for step in to_do(steps))
