"""What the dashboard has loaded when it first paints: what that frame needs, whatever a history will need later."""

from __future__ import annotations

import subprocess
import sys

_SHOWN = """
import asyncio, sys
from textual.app import App

async def shown(app, done):
    async with app.run_test(size=(120, 40)) as pilot:
        while not done():
            await pilot.pause(0.01)
"""
_COMMAND = f"""{_SHOWN}
from contribaudit.cli import dashboard, run
from contribaudit.cli.console import Console
from contribaudit.errors import UsageError

loaded = []

def settings(_console):  # the first thing that is asked for after the first paint
    loaded.extend(sys.modules)
    raise UsageError("enough is known", hint="")

Console.settings = settings
dashboard.person_at_terminal = lambda: True
App.run = lambda self: asyncio.run(shown(self, lambda: loaded))
run(["dashboard"])
print(*loaded)
"""
_EMPTY = f"""{_SHOWN}
asyncio.run(shown(App(), lambda: True))
print(*sys.modules)
"""
_OURS = {
    "cli": {"", "completion", "console", "dashboard", "diagnostics", "options"},
    "core": {"", "model", "model.redaction"},
    "settings": {"", "file"},
    "tui": {
        "",
        "app",
        "colours",
        "host",
        "kept",
        "messages",
        "rows",
        "rows.key_line",
        "screens",
        "screens.base",
        "screens.overview",
        "widgets",
        "widgets.bars",
        "widgets.panel",
    },
    "errors": {""},
    "exit_codes": {""},
    "files": {""},
    "termination": {""},
}
"""By room, "" for the room itself. A line more here is a longer wait for everybody who opens the dashboard."""


def loaded_by(script: str) -> set[str]:
    """Names of the modules that the script tells."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_first_paint_waits_for_nothing_that_it_does_not_show() -> None:
    """No rule, no check, no database, no second screen; beside Textual and click no library, nor a costly part of
    Python's own."""
    loaded, empty = loaded_by(_COMMAND), loaded_by(_EMPTY)
    wanted = {f"contribaudit.{room}.{name}".rstrip(".") for room, names in _OURS.items() for name in names}
    assert {name for name in loaded if name.startswith("contribaudit.")} == wanted
    libraries, of_textual = ({name.partition(".")[0] for name in one} for one in (loaded, empty))
    assert libraries - of_textual - sys.stdlib_module_names == {"contribaudit", "click"}
    assert not (loaded - empty) & {"email", "hashlib", "http.client", "sqlite3", "ssl", "tomllib", "urllib.request"}
