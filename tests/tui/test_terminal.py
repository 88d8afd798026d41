"""The dashboard in a real terminal: started as a user starts it, driven by keys, read from the screen."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
START = "from contribaudit.start import main; main()"


@dataclass
class Terminal:
    """One tmux server of its own, with one window."""

    socket: str

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, *words], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "it", *keys)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "it")

    def shows(self, *texts: str, seconds: float = 90) -> str:
        """Wait until all of this stands there."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            shown = self.screen()
            if all(text in shown for text in texts):
                return shown
            time.sleep(0.2)
        raise AssertionError(f"{texts} never came:\n{self.screen()}")

    def gone(self, text: str) -> None:
        """Wait until this stands there no more."""
        until = time.monotonic() + 60
        while text in self.screen():
            assert time.monotonic() < until
            time.sleep(0.2)


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    """80 columns and 24 lines with a plain shell, at home in an empty folder."""
    made = Terminal(f"contribaudit-{uuid.uuid4().hex[:8]}")
    made.tmux("-f", "/dev/null", "new-session", "-d", "-s", "it", "-x", "80", "-y", "24", "-c", str(home), "sh")
    made.tmux("set-option", "-g", "remain-on-exit", "on")
    made.keys("PS1='ready> '; clear", "Enter")
    try:
        yield made
    finally:
        subprocess.run(["tmux", "-L", made.socket, "kill-server"], check=False, capture_output=True)


def start(terminal: Terminal, *words: str) -> None:
    """Type the command, as a shell would find it."""
    terminal.keys("-l", f"{sys.executable} -c '{START}' {' '.join(words)}; echo ended=$?")
    terminal.keys("Enter")


def test_the_demo_from_start_to_end(terminal: Terminal) -> None:
    """Verdict, findings, a filter, one finding, and out again to a clean shell with exit code 0."""
    start(terminal, "demo", "--dashboard")
    terminal.shows("VERDICT")
    terminal.shows("FAIL (high and above)", "DO NEXT (", "demo, nothing is")
    terminal.keys("f")
    terminal.shows("filter: words", ">FAIL")
    terminal.keys("/")
    terminal.shows("Done")
    terminal.keys("-l", "check:DR-01 outcome:fail")
    terminal.shows("1 of 76")
    terminal.keys("Enter")
    terminal.shows("s Sort")
    terminal.keys("Enter")
    terminal.shows("App data is in an allowed location", "WANTED")
    terminal.keys("q")
    shown = terminal.shows("ended=0")
    assert "CAN WE SIGN" not in shown
    assert "Traceback" not in shown
    terminal.keys("-l", "echo still $((40+2))")
    terminal.keys("Enter")
    terminal.shows("still 42")


def test_a_first_start_without_words_or_configuration(terminal: Terminal) -> None:
    """The dashboard opens, says what to do, and Ctrl-C leaves it."""
    start(terminal)
    terminal.shows("Nothing is configured yet", "Set it up")
    terminal.keys("C-c")
    shown = terminal.shows("ended=0")
    assert "Traceback" not in shown


def test_from_the_first_start_into_the_wizard(terminal: Terminal) -> None:
    """i ends the dashboard and asks the first question in the same terminal."""
    start(terminal, "dashboard")
    terminal.shows("Nothing is configured yet")
    terminal.keys("i")
    terminal.gone("Nothing is configured yet")
    terminal.shows("rganization")
    terminal.keys("C-c")
    terminal.shows("ended=130")


def test_a_wrong_folder_says_so_on_the_screen(terminal: Terminal) -> None:
    """Not in a traceback."""
    start(terminal, "dashboard", "nowhere")
    terminal.shows("nowhere does not exist")
    terminal.keys("q")
    terminal.shows("ended=0")


def test_terminated_from_outside_the_terminal_is_left_clean(terminal: Terminal) -> None:
    """SIGTERM: exit code 143, and the shell's prompt is back."""
    start(terminal, "dashboard")
    terminal.shows("Nothing is configured yet")
    pane = terminal.tmux("display-message", "-p", "-t", "it", "#{pane_pid}").strip()
    child = subprocess.run(["ps", "-o", "pid=", "--ppid", pane], capture_output=True, text=True, check=True)
    subprocess.run(["kill", child.stdout.split()[0]], check=True)
    shown = terminal.shows("ended=143")
    assert "Nothing is configured" not in shown


def test_a_window_that_is_closed_leaves_nothing_behind(terminal: Terminal, home: Path) -> None:
    """The demo's folder goes with it."""
    folder = home / "temporary"
    folder.mkdir()
    terminal.keys(f"export TMPDIR={folder}", "Enter")
    start(terminal, "demo", "--dashboard", "--scenario", "small")
    terminal.shows("VERDICT", "READ 1/1 orgs")
    assert list(folder.iterdir())
    terminal.tmux("kill-server")
    until = time.monotonic() + 60
    while list(folder.iterdir()):
        assert time.monotonic() < until, list(folder.iterdir())
        time.sleep(0.2)


def test_a_terminal_without_colours(terminal: Terminal) -> None:
    """NO_COLOR: words and signs carry everything."""
    terminal.keys("export NO_COLOR=1", "Enter")
    start(terminal, "demo", "--dashboard", "--scenario", "small")
    terminal.shows("VERDICT", "READ 1/1 orgs")
    coloured = terminal.tmux("capture-pane", "-p", "-e", "-t", "it")
    for red, green, blue in _colours(coloured):
        assert red == green == blue
    terminal.keys("q")
    terminal.shows("ended=0")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere BROWSER is not the only one")
def test_a_browser_of_text_does_not_get_the_terminal(terminal: Terminal, home: Path) -> None:
    """It finds none to draw on or to read keys from, and the dashboard goes on."""
    note, script = home / "note", home / "lynx"
    script.write_text(
        "#!/bin/sh\n"
        "if (: < /dev/tty) 2> /dev/null; then echo TAKEN OVER > /dev/tty; there=terminal; fi\n"
        f'echo "$1 ${{there-nothing}}" > {note}\n'
        "exec sleep 10\n",
        encoding="utf-8",
    )
    script.chmod(0o700)
    terminal.keys(f"export DISPLAY=:7 BROWSER={script}", "Enter")
    start(terminal, "demo", "--dashboard", "--scenario", "small")
    terminal.shows("DO NEXT (")
    terminal.keys("f")
    terminal.shows("filter: words", ">FAIL            critical DC-03")
    terminal.keys("c")
    terminal.shows("Copied: https://admin.atlassian.com", "(then Security > Data")
    until = time.monotonic() + 60
    while not note.exists() or not note.read_text(encoding="utf-8"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert note.read_text(encoding="utf-8") == "https://admin.atlassian.com nothing\n"
    terminal.keys("i")
    assert "TAKEN OVER" not in terminal.shows("Inventory", "find a space by key")
    terminal.keys("q")
    terminal.shows("ended=0")


def _colours(text: str) -> list[tuple[str, str, str]]:
    import re

    return re.findall(r"\x1b\[[0-9;]*?[34]8;2;(\d+);(\d+);(\d+)", text)
