"""What is written to stderr, and how a result is written."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from contribaudit.cli.console import Console
from contribaudit.cli.diagnostics import Diagnostics, clean, wrapped
from contribaudit.errors import NothingRead, UsageError


def test_progress_is_a_line_per_collector_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    say.collector_started("acme", "workspaces")
    say.page_read("acme", "workspaces", 1000, 2000)
    say.waiting("GET /x", 1.0, "busy")
    say.waiting("GET /x", 9.6, "too many\nrequests\x1b[2J")
    say.collector_finished("acme", "workspaces", "partial", "the page \x1b]0;title\x07 is odd")
    assert capsys.readouterr().err.splitlines() == [
        "waiting 10 s before GET /x: too many requests\\x1b[2J",
        "workspaces: partial, 1000 read: the page \\x1b]0;title\\x07 is odd",
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
    say._board._live.refresh()
    assert "1,000 of 2,000" in screen.getvalue()
    assert "[bold]workspaces" in screen.getvalue()
    assert "waiting 9 s: GET /x: too many requests \\x1b[2J" in screen.getvalue()
    say.collector_finished("acme", "policies", "failed", "403")
    say.collector_finished("acme", "[bold]workspaces", "ok", "")
    assert say._board is None
    assert "policies: failed: 403" in screen.getvalue()
    assert "acme" not in screen.getvalue()
    assert "workspaces: ok" not in screen.getvalue()


def test_progress_names_the_organization_where_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    for organization in ("acme", "bank"):
        say.collector_started(organization, "workspaces")
    say.collector_finished("bank", "workspaces", "ok", "")
    assert capsys.readouterr().err == "bank workspaces: ok\n"


DOWN = "api.atlassian.com:443 refused the connection"
DOWN_AGAIN = f"nothing could be read yet, trying again: {DOWN}"


def unread(say: Diagnostics, *reasons: str) -> None:
    """As many sources as reasons that could not be read, each after two more tries."""
    for number, reason in enumerate(reasons):
        say.collector_started("acme", f"source-{number}")
        for seconds in (4.0, 8.0):
            say.waiting(f"GET /{number}", seconds, reason)
    for number, reason in enumerate(reasons):
        say.collector_finished("acme", f"source-{number}", "failed", reason)


def test_one_cause_that_stops_everything_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Tries in one line, sources in none: the error says what happened."""
    say = Diagnostics()
    unread(say, *[DOWN] * 9)
    say.error(NothingRead(f"Nothing could be read: {DOWN}", hint="Run `contribaudit doctor`"))
    told = [DOWN_AGAIN, f"contribaudit: Nothing could be read: {DOWN}", "  next: Run `contribaudit doctor`"]
    assert capsys.readouterr().err.splitlines() == told


def test_one_cause_before_a_conclusion_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    reasons = [f"Atlassian refused the API key: GET /{number} answered 401" for number in range(9)]
    for number, reason in enumerate(reasons):
        say.collector_finished("acme", f"source-{number}", "failed", reason)
    say.conclusion("UNVERIFIED; the API refused a key.", code=4)
    told = [f"nothing could be read: {reasons[0]}", "UNVERIFIED; the API refused a key."]
    assert capsys.readouterr().err.splitlines() == told


@pytest.mark.parametrize("reasons", [("forbidden here", "forbidden there"), (DOWN,)])
def test_several_causes_are_all_told(reasons: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    unread(say, *reasons)
    say.conclusion("UNVERIFIED.", code=3)
    _, *told = capsys.readouterr().err.splitlines()
    assert told == [*(f"source-{number}: failed: {reason}" for number, reason in enumerate(reasons)), "UNVERIFIED."]


def test_what_failed_is_told_as_soon_as_something_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    """From then on every wait and every failure has its line."""
    say = Diagnostics()
    unread(say, DOWN, DOWN)
    say.collector_started("acme", "policies")
    say.page_read("acme", "policies", 3, None)
    say.waiting("GET /policies", 8.0, DOWN)
    say.collector_finished("acme", "policies", "partial", DOWN)
    failed = [f"source-{number}: failed: {DOWN}" for number in (0, 1)]
    later = [f"waiting 8 s before GET /policies: {DOWN}", f"policies: partial, 3 read: {DOWN}"]
    assert capsys.readouterr().err.splitlines() == [DOWN_AGAIN, *failed, *later]


def test_verbose_leaves_nothing_out(capsys: pytest.CaptureFixture[str]) -> None:
    say = Diagnostics()
    say.verbose = True
    unread(say, *[DOWN] * 3)
    assert len(capsys.readouterr().err.splitlines()) == 9


def test_a_terminal_gets_lines_that_break_at_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress keeps to one line; warnings, hints and the conclusion are whole, in lines that fit."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    sentence = "Somebody should look at this " * 6 + "now."
    screen = Screen()
    say = Diagnostics(screen)
    say.page_read("acme", "workspaces", 1, 1)
    say.collector_finished("acme", "policies", "failed", sentence)
    say.warning(sentence, hint=sentence)
    say.conclusion(sentence, code=1)
    first, *lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()
    assert first == f"policies: failed: {sentence}"[:79] + "…"
    assert all(len(line) <= 80 for line in lines)
    assert " ".join(line.strip() for line in lines) == (
        f"contribaudit: warning: {sentence} next: {sentence} {sentence}"
    )


def test_a_line_is_broken_at_blanks_alone() -> None:
    """A long word stays whole, colours take no room, wide characters two columns."""
    assert wrapped("a" * 50 + " b", 40) == "a" * 50 + "\nb"
    assert wrapped("\x1b[31m" + "a" * 20 + "\x1b[0m " + "b" * 19, 40) == "\x1b[31m" + "a" * 20 + "\x1b[0m " + "b" * 19
    assert wrapped("日本語 日本語", 12) == "日本語\n日本語"
    assert wrapped("", 40) == ""


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("wrong", "The key is wrong, expired or revoked"),
        ("Expired", "The key is wrong, expired or revoked"),
        ("key", "The key is wrong, expired or revoked"),
        ("S3cret", "The key is wrong, expired or revoked"),
        ("is-it", "The key is wrong, expired or revoked"),
    ],
)
def test_a_key_like_a_word_eats_no_sentence(key: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What our own sentences say stays; a key that could be one is never written."""
    say = Diagnostics()
    say.hide(SecretStr(key))
    say.note("The key is wrong, expired or revoked")
    assert capsys.readouterr().err == f"{told}\n"
    say.note(f"it was {key}")
    assert capsys.readouterr().err == (f"it was {key}\n" if key.isalpha() else "it was [key]\n")


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
    console.overwrite = True
    console.check_output(tmp_path / "there")
    console.overwrite = False
    for path, told in ((tmp_path, "is a folder"), (tmp_path / "there", "exists"), (tmp_path / "a/b", "does not exist")):
        with pytest.raises(UsageError, match=told):
            console.check_output(path)


@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "unknown"}, False),
    ],
)
def test_result_and_messages_agree_on_colors(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], colored: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", Screen())
    console = Console()
    console.diagnostics = Diagnostics(Screen())
    console.diagnostics.warning("careful")
    assert console.colored_output is colored
    assert ("\x1b[" in console.diagnostics.stream.getvalue()) is colored  # type: ignore[attr-defined]
    console.diagnostics.color = False
    assert not console.colored_output
