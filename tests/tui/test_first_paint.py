"""What the dashboard has loaded when it first paints: what that frame needs, whatever a history will need later."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SHOWN = """
import asyncio, sys
from textual.app import App

async def shown(app, done):
    async with app.run_test(size=(120, 40)) as pilot:
        while not done():
            await pilot.pause(0.01)
"""
_COMMAND = f"""{_SHOWN}
from contribaudit import cli
from contribaudit.errors import UsageError

loaded = []

def open_source():  # what the dashboard asks for after its first paint
    loaded.extend(sys.modules)
    raise UsageError("enough is known", hint="")

def run(app):
    app._open_source = open_source
    asyncio.run(shown(app, lambda: loaded))

App.run = run
cli.options.person_at_terminal = lambda: True
cli.run(sys.argv[1:])
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
        "screens",
        "screens.base",
        "screens.overview",
        "sturdy",
        "widgets",
        "widgets.bars",
    },
    "errors": {""},
    "exit_codes": {""},
    "files": {""},
    "progress": {""},
    "termination": {""},
}
"""By room, "" for the room itself. A line more here is a longer wait for everybody who opens the dashboard."""
_OF_THE_DEMO = {"contribaudit.cli.demo", "contribaudit.cli.render"}


def loaded_by(script: str, *words: str) -> set[str]:
    """Names of the modules that the script tells, started with these words."""
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "words", [(), ("dashboard",), ("dashboard", "pack.zip"), ("demo", "--dashboard")], ids=" ".join
)
def test_the_first_paint_waits_for_nothing_that_it_does_not_show(words: tuple[str, ...]) -> None:
    """No rule, no check, no database, no second screen; beside Textual and click no library, nor a costly part of
    Python's own."""
    loaded, empty = loaded_by(_COMMAND, *words), loaded_by(_EMPTY)
    wanted = {f"contribaudit.{room}.{name}".rstrip(".") for room, names in _OURS.items() for name in names}
    assert {name for name in loaded if name.startswith("contribaudit.")} - _OF_THE_DEMO == wanted
    libraries, of_textual = ({name.partition(".")[0] for name in one} for one in (loaded, empty))
    assert libraries - of_textual - sys.stdlib_module_names == {"contribaudit", "click"}
    assert not (loaded - empty) & {"email", "hashlib", "http.client", "sqlite3", "ssl", "tomllib", "urllib.request"}
