"""What is written to stderr, and how a result is written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from contribaudit.cli.diagnostics import Diagnostics, clean
from contribaudit.cli.options import Console
from contribaudit.errors import UsageError


def test_progress_is_a_line_per_collector_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    say.collector_started("acme", "workspaces")
    say.page_read("acme", "workspaces", 1000, 2000)
    say.waiting("GET /x", 1.0, "busy")
    say.waiting("GET /x", 9.6, "too many\nrequests\x1b[2J")
    say.collector_finished("acme", "workspaces", "partial", "the page \x1b]0;title\x07 is odd")
    assert capsys.readouterr().err.splitlines() == [
        "waiting 10 s before GET /x: too many requests\\x1b[2J",
        "acme workspaces: partial, 1000 read: the page \\x1b]0;title\\x07 is odd",
    ]


class Screen(io.StringIO):
    """A terminal that keeps all that was ever written on it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_progress_is_a_board_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, waits with their reason, and one line that stays for what was not read."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen()
    say = Diagnostics(screen)
    say.collector_started("acme", "[bold]workspaces")
    say.collector_started("acme", "policies")
    say.page_read("acme", "[bold]workspaces", 1000, 2000)
    say.waiting("GET /x", 8.5, "too many requests \x1b[2J")
    assert say._board is not None
    say._board.refresh()
    assert "1,000 of 2,000" in screen.getvalue()
    assert "[bold]workspaces" in screen.getvalue()
    assert "waiting 9 s: GET /x: too many requests \\x1b[2J" in screen.getvalue()
    say.collector_finished("acme", "policies", "failed", "403")
    say.collector_finished("acme", "[bold]workspaces", "ok", "")
    assert say._board is None
    assert "acme policies: failed: 403" in screen.getvalue()
    assert "workspaces: ok" not in screen.getvalue()


@pytest.mark.parametrize("how", ["quiet", "as_json"])
def test_no_board_where_it_is_not_wanted(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    say = Diagnostics(screen)
    setattr(say, how, True)
    say.collector_started("acme", "workspaces")
    say.collector_finished("acme", "workspaces", "ok", "")
    assert "\x1b" not in screen.getvalue()


def test_quiet_leaves_warnings_errors_and_a_bad_end(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    say.quiet = True
    say.note("a")
    say.collector_finished("acme", "workspaces", "ok", "")
    say.conclusion("All is well.")
    assert capsys.readouterr().err == ""
    say.warning("careful", hint="look")
    say.conclusion("Two findings.", code=1)
    assert capsys.readouterr().err == "contribaudit: warning: careful\n  next: look\nTwo findings.\n"


def test_text_cannot_steer_the_terminal() -> None:
    assert clean("a\u202eb\u0085c\ud800\u200b") == "a\\u202eb\\x85c\\ud800\\u200b"
    assert clean("one\ntwo") == "one two"


def test_colours_only_where_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    say.color = True
    say.warning("careful")
    assert "\x1b[33mwarning:\x1b[0m" in capsys.readouterr().err
    say.as_json = True
    say.warning("careful")
    assert "\x1b" not in capsys.readouterr().err


def test_a_result_goes_into_a_file_whole(tmp_path: Path) -> None:
    console = Console()
    path = tmp_path / "report.json"
    console.write("ü\n", path)
    assert path.read_bytes() == "ü\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_that_cannot_be_written_is_refused_early(tmp_path: Path) -> None:
    console = Console()
    (tmp_path / "there").touch()
    console.check_output(None)
    console.check_output(tmp_path / "new")
    console.check_output(tmp_path / "there", overwrite=True)
    for path, told in ((tmp_path, "is a folder"), (tmp_path / "there", "exists"), (tmp_path / "a/b", "does not exist")):
        with pytest.raises(UsageError, match=told):
            console.check_output(path)
