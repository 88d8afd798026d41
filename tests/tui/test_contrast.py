"""Everything can be read by everybody: 4.5:1 in both themes, the cursor's row included, and FAIL without colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from rich.color import Color, ColorType
from rich.style import Style
from textual.color import Color as Tint
from textual.filter import dim_color
from textual.pilot import Pilot

from contribaudit.core.model.finding import Outcome
from contribaudit.tui import rows, screens, widgets
from contribaudit.tui.colours import ANSI_DARK, ANSI_LIGHT, THEMES
from contribaudit.tui.rows import signs
from contribaudit.tui.rows.site_map import PAINTS
from tests.tui.boards import board, opener
from tests.tui.driving import NORMAL, driven, until

pytestmark = pytest.mark.anyio
LEAST = 4.5
_WORDS = frozenset(("red", "green", "yellow", "blue", "magenta", "cyan", "dim", "bold", "not", "reverse", "italic"))
_GROUND = re.compile(r"background: \$(surface|panel|background|boost|primary)(?: (\d+)%)?")
_DRAWN = frozenset("█▓▒░▁▂▃▄▅▆▇▏▎▍▌▋▊▉▀▔▕┃━│─╭╮╰╯╸╺╹╻▐▖▗▘▝◐◑▼▲▶")


def _sources() -> str:
    folders = [Path(room.__file__ or "").parent for room in (rows, screens, widgets)]
    texts = [one.read_text(encoding="utf-8") for folder in folders for one in folder.glob("*.py")]
    return "\n".join([*texts, (folders[0].parent / "dashboard.tcss").read_text(encoding="utf-8")])


def _styles() -> set[str]:
    """Every style that a row is written in."""
    found = {
        one for one in re.findall(r'"([a-z ]+)"', _sources()) if set(one.split()) <= _WORDS - {"not"} and one.strip()
    }
    return found | {style for _, style in signs.SIGNS.values()} | set(PAINTS.values()) | {""}


def _grounds(number: int) -> set[tuple[int, int, int]]:
    """Every ground of a theme that text stands on: what the style sheets name, a tint over each plain ground."""
    theme = THEMES[number]
    plain = [Tint.parse(one) for one in (theme.background, theme.surface, theme.panel) if one]
    tints = {(name, int(share or 100)) for name, share in _GROUND.findall(_sources())}
    made = {one.rgb for one in plain}
    for name, share in tints:
        if name == "primary":
            made |= {one.blend(Tint.parse(theme.primary), share / 100).rgb for one in plain}
        elif name == "boost" and theme.dark:
            made |= {one.blend(Tint(255, 255, 255), 0.04).rgb for one in plain}
    return made


def _ratio(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    def light(colour: tuple[int, int, int]) -> float:
        parts = [value / 255 for value in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("number", range(len(THEMES)), ids=[one.name for one in THEMES])
def test_every_style_can_be_read_on_every_ground(number: int) -> None:
    """As the library makes colours of them: named ones by the theme, dim ones by their ground."""
    ansi, theme = (ANSI_DARK, ANSI_LIGHT)[number], THEMES[number]
    foreground = Tint.parse(theme.foreground or "").rgb
    wrong = []
    for text, ground in product(sorted(_styles()), sorted(_grounds(number))):
        style = Style.parse(text)
        back = style.bgcolor.get_truecolor(ansi, foreground=False) if style.bgcolor else ground
        front = style.color.get_truecolor(ansi) if style.color else foreground
        if style.dim:
            front = dim_color(Color.from_rgb(*back), Color.from_rgb(*front)).get_truecolor()
        if _ratio(tuple(front), tuple(back)) < LEAST:  # type: ignore[arg-type]
            wrong.append(f"{text!r} on #{bytes(back).hex()}: {_ratio(tuple(front), tuple(back)):.2f}")  # type: ignore[arg-type]
    assert not wrong


def _unreadable(pilot: Pilot[str]) -> Iterator[str]:
    """What is on the screen now and cannot be read."""
    for strip in pilot.app.screen._compositor.render_strips():
        for segment in strip:
            style, text = segment.style, segment.text.strip()
            if style is None or style.color is None or style.bgcolor is None or not set(text) - _DRAWN - {" "}:
                continue
            if ColorType.DEFAULT in (style.color.type, style.bgcolor.type):
                continue
            ratio = _ratio(tuple(style.color.get_truecolor()), tuple(style.bgcolor.get_truecolor()))  # type: ignore[arg-type]
            if ratio < LEAST:
                yield f"{text[:40]!r}: {style} {ratio:.2f}"


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
async def test_every_screen_can_be_read(light: bool) -> None:
    """As it is painted, in the row under the cursor too."""
    async with driven(opener(board()), NORMAL) as pilot:
        if light:
            await pilot.press("L")
        wrong: list[str] = []
        for mode, listed in screens.ALL.items():
            await pilot.app.switch_mode(mode)
            kind = listed.screen()
            await until(pilot, lambda kind=kind: isinstance(pilot.app.screen, kind))  # type: ignore[misc]
            await pilot.pause(0.2)
            wrong += [f"{listed.name}: {one}" for one in _unreadable(pilot)]
        assert not wrong


def test_fail_is_the_strongest_without_colours_and_differs_from_pass_by_more_than_hue() -> None:
    """Bold and reversed, and no other outcome is; the words differ in case too."""
    strong = {outcome for outcome, (_, style) in signs.SIGNS.items() if {"bold", "reverse"} <= set(style.split())}
    assert strong == {Outcome.FAIL, Outcome.CONFLICT}
    assert [group for group, style in PAINTS.items() if {"bold", "reverse"} <= set(style.split())] == ["fail"]
    assert signs.SIGNS[Outcome.FAIL][0].isupper()
    assert signs.SIGNS[Outcome.PASS][0].islower()
