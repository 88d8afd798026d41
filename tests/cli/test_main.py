"""The command line as a whole: help, errors, exit codes, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import cache
from itertools import combinations
from pathlib import Path

import click
import pytest
from pydantic import SecretStr

from contribaudit import exit_codes
from contribaudit.cli import COMMANDS, group
from contribaudit.cli.console import Console, pass_console
from contribaudit.errors import StoreError, UsageError
from tests import forked
from tests.cli.conftest import Cli

ATLASSIAN_LIKE_KEY = "ATCTT3xFfGN0abcdefghijklmnop0123456789"


def contribaudit(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own."""
    command = [sys.executable, "-m", "contribaudit", *words]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )


@cache
def present_at_once() -> set[str]:
    """What is no part of Python, and was imported when Python had started."""
    bare = "import sys; print(*({n.partition('.')[0] for n in sys.modules} - set(sys.stdlib_module_names)))"
    done = subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("words", [("--version",), ("--help",), (), ("-h",)])
def test_help_and_version_import_click_alone(words: tuple[str, ...]) -> None:
    code = (
        "import sys, contribaudit.cli as c\n"
        f"assert c.run({list(words)!r}) == 0\n"
        "foreign = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(foreign - {'click', 'contribaudit', '__main__'}), file=sys.stderr)\n"
        "print([m for m in sys.modules if m.startswith('contribaudit')], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    foreign = set(json.loads(done.stderr.splitlines()[0].replace("'", '"')))
    assert foreign <= present_at_once()
    assert "contribaudit.cli.doctor" not in done.stderr
    assert "contribaudit" in done.stdout


def test_the_help_lists_every_command_in_order(cli: Cli) -> None:
    ended = cli()
    assert ended.code == 0
    assert ended.err == ""
    listed = [line.split()[0] for line in ended.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)
    assert max(map(len, ended.out.splitlines())) <= 80


def test_a_groups_help_cuts_no_summary_and_no_help_shows_a_range_for_a_name() -> None:
    """At 80 columns, in every group."""
    pages: list[str] = []

    def walk(command: click.Command, context: click.Context) -> None:
        pages.append(command.get_help(context))
        if not isinstance(command, click.Group):
            return
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            walk(child, click.Context(child, context, name, terminal_width=80))

    walk(group, click.Context(group, None, "contribaudit", terminal_width=80))
    lines = [line for page in pages for line in page.splitlines()]
    assert len(pages) > len(COMMANDS)
    assert not [line for line in lines if line.startswith("  ") and line.endswith("...") and "unknown ..." not in line]
    assert not [line for line in lines if "RANGE" in line]


def test_the_help_names_every_exit_code_but_those_of_signals(cli: Cli) -> None:
    told = " ".join(cli("--help").out.partition("Exit codes:")[2].split())
    named = {int(part.split()[0]) for part in told.rstrip(".").split(", ")}
    assert named == set(exit_codes.PRECEDENCE) - {exit_codes.INTERRUPTED, exit_codes.TERMINATED}


@pytest.mark.parametrize("name", ["init", "login", "logout", "doctor", "schedule", "simulate"])
def test_each_command_has_help_and_the_global_options(name: str, cli: Cli) -> None:
    ended = cli(name, "--help")
    assert ended.code == 0
    for option in ("--quiet", "--verbose", "--log-format", "--no-color", "--config"):
        assert option in ended.out


@pytest.mark.parametrize("words", [("--config", "no.toml", "doctor"), ("doctor", "--config", "no.toml")])
def test_global_options_stand_before_or_after_the_command(words: tuple[str, ...], cli: Cli) -> None:
    ended = cli(*words)
    assert ended.code == 2
    assert "no.toml cannot be read" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("docter",), "No such command 'docter'. Did you mean 'doctor'?"),
        (("doctor", "--formt", "json"), "No such option '--formt'. (Did you mean one of: '--format'"),
        (("doctor", "--format", "xml"), "'xml' is not one of"),
        (("login", "extra"), "unexpected extra argument"),
        (("login", "--org", "a b"), "an organization ID consists of letters"),
    ],
)
def test_a_wrong_command_line_ends_with_2(words: tuple[str, ...], told: str, cli: Cli) -> None:
    ended = cli(*words)
    assert ended.code == 2
    assert ended.out == ""
    assert told in ended.err
    assert ended.last.startswith("  next: Run `contribaudit")


@pytest.mark.parametrize(
    ("name", "commands"), [("evidence", "export, keygen, reperform, sample, verify"), ("store", "copy, upgrade")]
)
def test_a_group_without_a_command_names_its_commands(name: str, commands: str, cli: Cli) -> None:
    ended = cli(name)
    assert ended.code == 2
    assert ended.out == ""
    assert f"`contribaudit {name}` needs a command: {commands}\n" in ended.err
    assert "Usage:" not in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("--api-key", ATLASSIAN_LIKE_KEY, "login"),
        ("login", "--api-key", ATLASSIAN_LIKE_KEY),
        ("login", f"--api-key={ATLASSIAN_LIKE_KEY}"),
        ("login", f"--token={ATLASSIAN_LIKE_KEY}"),
        ("login", ATLASSIAN_LIKE_KEY),
        (ATLASSIAN_LIKE_KEY,),
        ("login", "--org", f"{ATLASSIAN_LIKE_KEY}=x"),
        ("doctor", f"--format={ATLASSIAN_LIKE_KEY}"),
        ("login", "--api-key-fd", ATLASSIAN_LIKE_KEY),
    ],
)
def test_a_key_on_the_command_line_is_not_repeated(words: tuple[str, ...], cli: Cli) -> None:
    ended = cli(*words)
    assert ended.code == 2
    assert ATLASSIAN_LIKE_KEY not in ended.out + ended.err
    assert ended.last.startswith("  next: ")


def test_the_key_option_that_is_not_there_names_the_ways(cli: Cli) -> None:
    assert "--api-key-file" in cli("login", "--api-key", "x").last


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `doctor` raise it."""

    @click.command("doctor")
    @pass_console
    def command(console: Console) -> None:
        console.diagnostics.hide(SecretStr("S3cret"))
        hidden = "S3cret"  # a local variable, which a traceback must not show
        assert hidden
        raise error

    monkeypatch.setattr("contribaudit.cli.doctor.command", command)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (UsageError("That is wrong", hint="Do this"), 2, "contribaudit: That is wrong\n  next: Do this\n"),
        (StoreError("The history is full", hint="Free it"), 70, "contribaudit: The history is full\n  next: Free it\n"),
        (UsageError("a:1: one\nb:2: two"), 2, "contribaudit: a:1: one\nb:2: two\n"),
        (UsageError("bad \x1b[31mname\x07"), 2, "contribaudit: bad \\x1b[31mname\\x07\n"),
        (KeyboardInterrupt(), 130, "Interrupted; nothing unfinished was saved.\n"),
        (click.Abort(), 130, "Interrupted"),
        (OSError(28, "No space left on device"), 70, "No space left on device\n  next: Free some space\n"),
        (
            OSError(5, "Input/output error", "to.csv"),
            70,
            "written to to.csv: Input/output error\n  next: Check the disk, or choose another file\n",
        ),
        (BrokenPipeError(32, "Broken pipe"), 70, "closed it before the end"),
        (ValueError("S3cret"), 70, "This is a bug in contribaudit (ValueError)\n  next: Run it again with --verbose"),
        (PermissionError(13, "Permission denied"), 70, "This is a bug in contribaudit (PermissionError)"),
    ],
)
def test_every_end_has_its_code(
    error: BaseException, code: int, told: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(error, monkeypatch)
    ended = cli("doctor")
    assert ended.code == code
    assert told in ended.err
    assert "S3cret" not in ended.err
    assert ended.out == ""


def test_a_bugs_traceback_comes_with_verbose_and_without_the_key(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(ValueError("the header S3cret is odd"), monkeypatch)
    ended = cli("--verbose", "doctor")
    assert ended.code == 70
    assert "Traceback" in ended.err
    assert "the header [key] is odd" in ended.err
    assert "S3cret'" not in ended.err.replace('hidden = "S3cret"', "")
    assert ended.last.startswith("  next: Report it")


def test_json_lines_on_stderr(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(StoreError("The history is full", hint="Free it"), monkeypatch)
    (line,) = cli("doctor", "--log-format", "json").err.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["code"], entry["message"], entry["next"]) == (
        "error",
        "store",
        "The history is full",
        "Free it",
    )
    assert entry["time"].endswith("Z")


def test_the_most_severe_code_wins() -> None:
    assert exit_codes.most_severe([]) == 0
    assert exit_codes.most_severe([0, 3, 1]) == 1
    assert exit_codes.most_severe([1, 5, 4]) == 4
    assert exit_codes.most_severe([4, 2, 70]) == 70
    assert exit_codes.most_severe([70, 143, 130]) == 130
    assert exit_codes.most_severe([99, 2]) == 70


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_ends_with_70() -> None:
    with Path("/dev/full").open("wb") as full:
        done = forked.run(["simulate", "--list"], stdout=full)
    assert done.returncode == 70
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("simulate", "--list"), ("--help",), ("checks", "list", "--format", "csv")])
def test_a_reader_that_leaves_changes_no_code(words: tuple[str, ...]) -> None:
    """It wanted no more, as `head -1` does."""
    reading, writing = os.pipe()
    os.close(reading)
    done = forked.run(words, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr.count(b"Traceback")) == (0, 0)


ENDS = ("doctor", "runs list")
STREAMS = ("stdin", "stdout", "stderr")


@pytest.mark.skipif(os.name != "posix", reason="POSIX shells")
@pytest.mark.parametrize("words", ENDS)
def test_closed_and_broken_streams_change_no_code(words: str, tmp_path: Path) -> None:
    """All seven ways to close standard streams, a stderr that is full, and a reader of both that leaves."""
    environment = os.environ | {"HOME": str(tmp_path), "CONTRIBAUDIT_ORG_ID": "acme"}
    codes, told = [], b""
    for closed in [(), *(some for size in (1, 2, 3) for some in combinations(STREAMS, size))]:
        done = forked.run(words.split(), environment=environment, closed=closed)
        codes.append(done.returncode)
        told += done.stdout + done.stderr
    if Path("/dev/full").exists():
        with Path("/dev/full").open("wb") as full:
            codes.append(forked.run(words.split(), environment=environment, stderr=full).returncode)
    reading, writing = os.pipe()
    process = forked.start(words.split(), stdout=writing, stderr=writing, environment=environment)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    codes.append(process.wait())
    # Python itself starts without streams, too.
    shell = f"{sys.executable} -m contribaudit {words} <&- >&- 2>&-"
    codes.append(subprocess.run(["sh", "-c", shell], check=False, env=environment, timeout=60).returncode)
    assert set(codes) == {codes[0]}
    assert codes[0] != 70
    assert b"Traceback" not in told
    assert b"bug" not in told


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_too_few_descriptors_are_no_bug(tmp_path: Path) -> None:
    for words in ("doctor", "runs list", "checks list"):
        done = subprocess.run(
            ["sh", "-c", f"ulimit -n 8; {sys.executable} -m contribaudit {words}"],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"HOME": str(tmp_path)},
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        assert "bug" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_sigterm_ends_with_143() -> None:
    code = """
import time, click, contribaudit.cli.doctor
from contribaudit.cli import main
@click.command()
def sleeper():
    print("up", flush=True)
    time.sleep(30)
contribaudit.cli.doctor.command = sleeper
main(["doctor"])
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert err == "Terminated; nothing unfinished was saved.\n"


def test_the_module_runs_like_the_script() -> None:
    done = contribaudit("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "contribaudit 0.1.0\n", "")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("audit", "--policy"), "audit"),
        (("evidence", "export", "--people"), "evidence export"),
        (("-q", "findings", "--check"), "findings"),
    ],
)
def test_an_option_without_its_value_points_to_the_help_of_its_command(
    cli: Cli, words: tuple[str, ...], command: str
) -> None:
    ended = cli(*words)
    assert ended.code == 2
    assert f"Run `contribaudit {command} --help`" in ended.err
