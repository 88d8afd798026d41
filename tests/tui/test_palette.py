"""The palette: opened from everywhere, it finds steps, sites, checks, findings, screens and actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from contribaudit.core.advise.steps import NextStep, StepKind
from contribaudit.core.model.finding import Severity
from contribaudit.tui.app import Dashboard
from contribaudit.tui.screens import ALL
from contribaudit.tui.screens.approve import ApproveScreen
from contribaudit.tui.screens.findings import FindingsScreen
from contribaudit.tui.screens.next import NextScreen
from contribaudit.tui.widgets.grid import Grid
from tests.builders import ORG, app
from tests.tui.boards import board, many, opener
from tests.tui.driving import dashboard, driven, until
from tests.tui.live import rows_of

pytestmark = pytest.mark.anyio


async def found(pilot: Pilot[str], text: str, wanted: str) -> list[str]:
    """What the palette offers for this, once it offers `wanted`, which then is what Enter takes."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    pilot.app.screen.query_one(Input).value = text
    offered: list[str] = []

    def there() -> bool:
        options = pilot.app.screen.query_one(OptionList)
        offered[:] = [str(options.get_option_at_index(n).prompt) for n in range(options.option_count)]
        options.highlighted = next((n for n, one in enumerate(offered) if wanted in one), None)
        return options.highlighted is not None

    await until(pilot, there)
    return offered


@contextmanager
def named(what: str) -> Iterator[None]:
    """Say of what fails in a long walk where that was."""
    try:
        yield
    except AssertionError as error:
        error.add_note(what)
        raise


async def test_it_opens_on_every_screen_and_a_slash_looks_for_something_there() -> None:
    """A slash in the screen's own box, or in the palette where it has none."""
    async with driven(opener(board())) as pilot:
        for screen in ALL.values():
            await pilot.press(screen.key)
            await until(pilot, lambda name=screen.name: getattr(pilot.app.screen, "NAME", "") == name)  # type: ignore[misc]
            for key in ("colon", "ctrl+p"):
                with named(f"{key} on {screen.name}"):
                    await pilot.press(key)
                    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
                    await pilot.press("escape")
                    await until(pilot, lambda: not isinstance(pilot.app.screen, CommandPalette))
            with named(f"slash on {screen.name}"):
                await pilot.press("slash")
                await until(pilot, lambda: isinstance(pilot.app.focused, Input))
                await pilot.press("escape")
                await until(pilot, lambda: not isinstance(pilot.app.focused, Input))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("acme-lab", "Site: acme-lab.atlassian.net"),
        ("DR-02", "Check: "),
        ("pin the app", "Step 2: fix: Jira on acme-lab, Confluence on acme-us: pin the app"),
        ("dr-02 acme-us confluence", "(DR-02): Confluence on acme-us.atlassian.net"),
        ("baseline", "Baseline"),
        ("export rows", "Export rows"),
    ],
)
async def test_anything_is_found_by_words_of_it(text: str, wanted: str) -> None:
    async with driven(opener(board()), (160, 60)) as pilot:
        await found(pilot, text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted", "kind"),
    [
        ("step 2 pin", "Step 2", NextScreen),
        ("acme-lab", "Site: acme-lab", FindingsScreen),
        ("baseline", "Baseline", ApproveScreen),
    ],
)
async def test_enter_goes_there(text: str, wanted: str, kind: type) -> None:
    async with driven(opener(board())) as pilot:
        await found(pilot, text, wanted)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, kind))


def by_command(shown: Dashboard) -> None:
    """As the palette itself leads there."""
    next(one for one in shown.get_system_commands(shown.screen) if one.title == "Baseline").callback()


def by_step(shown: Dashboard) -> None:
    """As Enter on a step in Next does."""
    steps = shown.screen_stack[0]
    steps.post_message(Grid.Chosen(steps.query_one(Grid), 0))


@pytest.mark.parametrize("go", [by_command, by_step])
async def test_another_screen_waits_for_the_palette_that_is_being_opened(go: Callable[[Dashboard], None]) -> None:
    """Made over the screen below it, in whose mode it stays."""
    approve = NextStep(StepKind.DECIDE, Severity.HIGH, 5, "new app", "contribaudit baseline diff", ORG, (app("us"),))
    async with driven(opener(replace(board(), steps=[approve])), begin="next") as pilot:
        await until(pilot, lambda: bool(rows_of(pilot, "next-grid")))
        dashboard(pilot).action_command_palette()
        go(dashboard(pilot))
        await until(pilot, lambda: isinstance(pilot.app.screen, ApproveScreen))


async def test_few_of_very_many_are_offered() -> None:
    async with driven(opener(many(3000))) as pilot:
        offered = await found(pilot, "app-0029", "app-0029")
        assert 0 < len(offered) < 40
