"""Names that an administrator, or an attacker, can give to a thing, on every screen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from textual.widgets import Input

from contribaudit.core.advise.next_steps import next_steps
from contribaudit.core.model.finding import AppliedWaiver
from contribaudit.tui.screens.finding import pretty
from contribaudit.tui.source import Board
from tests.builders import NOW
from tests.exporters.awkward import awkward_report
from tests.tui.boards import Kept, board
from tests.tui.driving import NARROW, NORMAL, WIDE, dashboard, driven, on_screen

pytestmark = pytest.mark.anyio
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff]")
"""What a terminal obeys, or what reorders a line."""
WORST = "[bold red]x[/] [@click=app.quit]click[/] \x1b[31mred\x1b[0m\x07 \u202eabc \r\n=1+1 " + "W" * 300


def hostile() -> Board:
    """Every awkward text in every place that a board has."""
    report = awkward_report()
    waived = AppliedWaiver(WORST, WORST, WORST, NOW.date())
    found = tuple(
        replace(one, title=WORST, reason=WORST, remediation=WORST, console_path=WORST, controls=(WORST,), waiver=waived)
        for one in report.findings
    )
    changes = tuple(replace(one, name=WORST, cause=WORST, actor=WORST, ticket=WORST) for one in report.changes)
    report = replace(report, findings=found, changes=changes, newly=found[:3], policy_name=WORST)
    fixed = board()
    steps = tuple(replace(one, text=WORST, command=WORST) for one in (*next_steps(report), *fixed.steps))
    ending = tuple(replace(one, what=WORST, next_step=WORST) for one in fixed.ending)
    return replace(fixed, report=report, unseen=changes, steps=steps, ending=ending, notes=(WORST,), policy=None)


@pytest.mark.parametrize("size", [NARROW, NORMAL, WIDE])
@pytest.mark.parametrize("mode", ["overview", "findings"])
async def test_nothing_that_was_observed_is_obeyed(mode: str, size: tuple[int, int]) -> None:
    """No control reaches the terminal, no markup is read, and no line is wider than the screen."""
    raw = f'{{"name": "{WORST}"}}'.encode()
    async with driven(lambda: Kept(hostile(), raw), size, begin=mode) as pilot:
        for keys in (["down"] * 4, ["tab"], ["end"], ["g"], ["s"], ["question_mark"], ["escape"]):
            await pilot.press(*keys)
            await pilot.pause()
            shown = on_screen(pilot)
            assert not OBEYED.search(shown)
            assert "[bold red]x" in shown or mode == "findings" or keys == ["question_mark"] or size == NARROW
        assert pilot.app.return_value is None


async def test_hostile_text_is_found_copied_and_told_as_text() -> None:
    """In the filter, the detail, a notice and the clipboard."""
    async with driven(lambda: Kept(hostile()), begin="findings") as pilot:
        await pilot.press("y")
        assert not OBEYED.search(pilot.app.clipboard)
        assert "[@click=app.quit]" in pilot.app.clipboard
        pilot.app.screen.query_one(Input).value = WORST
        await pilot.pause(0.2)
        dashboard(pilot).say(WORST)
        dashboard(pilot).trouble = WORST
        await pilot.pause()
        assert not OBEYED.search(on_screen(pilot))
        assert "[bold red]x[/]" in on_screen(pilot)


@pytest.mark.parametrize(
    ("raw", "first"),
    [
        (b'"\\u001b[31m"', '"\\u001b[31m"'),
        (b"\x1b[31mnot JSON", "\N{REPLACEMENT CHARACTER}[31mnot JSON"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"", ""),
        (b'{"a": "\xe2\x80\xae"}', "{"),
    ],
)
def test_a_raw_answer_is_data(raw: bytes, first: str) -> None:
    """Whatever bytes there are, each line is one that a terminal only shows."""
    lines = pretty(raw)
    assert lines[0] == first
    assert not any(OBEYED.search(line) for line in lines)
