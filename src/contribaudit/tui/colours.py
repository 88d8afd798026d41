"""The colours of both themes, with a contrast of at least 4.5:1 for every word on every background, the cursor's row
included. Also saves the theme that the person chose, in the data folder of this account.

Rows say "red" or "dim"; this module defines those colours for each theme, and `tests/tui/test_contrast.py` checks them.
"""

from __future__ import annotations

import json
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

from contribaudit import files
from contribaudit.errors import ContribauditError
from contribaudit.files import Unreadable
from contribaudit.settings import file

LIGHT, DARK = "textual-light", "textual-dark"
"""Textual's own names, so that a theme saved earlier stays valid."""
THEMES = (
    Theme(
        name=DARK,
        primary="#0178D4",
        secondary="#004578",
        accent="#FFA62B",
        warning="#FFA62B",
        error="#BA3C5B",
        success="#4EBF71",
        foreground="#F4F4F4",
        background="#121212",
        surface="#1E1E1E",
        panel="#242F38",
        dark=True,
        variables={
            "footer-key-foreground": "#FFB84D",
            "text-error": "#FF9D94",
            "text-muted": "#B8B8B8",
            "text-disabled": "#A8A8A8",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#3A86D0",
        secondary="#0B4F8A",
        accent="#8A4B00",
        warning="#8A4B00",
        error="#A3001B",
        success="#14532D",
        foreground="#141414",
        background="#FAFAFA",
        surface="#F2F2F2",
        panel="#E4E8EC",
        dark=False,
        variables={
            "footer-key-foreground": "#0B4F8A",
            "text-error": "#8F0018",
            "text-muted": "#4A4A4A",
            "text-disabled": "#565656",
        },
    ),
)
_DARK = (
    (26, 26, 26),
    (255, 157, 148),
    (126, 217, 138),
    (242, 200, 92),
    (150, 190, 255),
    (232, 164, 245),
    (110, 214, 226),
    (230, 230, 230),
)
_LIGHT = (
    (20, 20, 20),
    (143, 0, 24),
    (16, 84, 40),
    (107, 68, 0),
    (18, 62, 140),
    (106, 27, 122),
    (0, 77, 92),
    (242, 242, 242),
)
ANSI_DARK = TerminalTheme((18, 18, 18), (230, 230, 230), list(_DARK), list(_DARK))
ANSI_LIGHT = TerminalTheme((250, 250, 250), (20, 20, 20), list(_LIGHT), list(_LIGHT))
"""Each palette is in the order black, red, green, yellow, blue, magenta, cyan, white."""


def kept_theme(themes: Container[str]) -> str:
    """The theme that was chosen last; "" if none was, or if it is not one of `themes`."""
    try:
        saved = json.loads(files.read_text(_colours_file()))["theme"]
    except (ContribauditError, Unreadable, OSError, ValueError, KeyError, TypeError):
        return ""
    return saved if isinstance(saved, str) and saved in themes else ""


def keep_theme(chosen: str) -> None:
    """Save the chosen theme for the next start, if the data folder can be written."""
    with suppress(ContribauditError, OSError):
        files.write_whole(_colours_file(), json.dumps({"theme": chosen}))


def _colours_file() -> Path:
    return file.data_dir() / "dashboard.json"
