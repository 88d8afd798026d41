"""Looking at the console costs minutes: what `attest` asks for, in how many screens, and what an interruption keeps."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from contribaudit.cli import options
from contribaudit.cli.attest import walk
from contribaudit.operations import drafts
from contribaudit.simulator import running, scenario_app
from contribaudit.simulator.admin import AdminConsole
from tests import forked

from .conftest import Api, Cli

ANNA = "anna@acme.example"
PACKS = 'version = 1\nname = "t"\nwritten_for_plan = "{plan}"\nextends = ["essentials", "no-training"]\n'
BLOCKED = '[[rule]]\ncheck = "AI-01"\nexpect = "blocked"\n'
PNG = b"\x89PNG\r\n\x1a\npicture"


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch, home: Path) -> Callable[[str], None]:
    """Puts a policy in force."""

    def write(text: str) -> None:
        (home / "policy.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(home / "policy.toml"))
        monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")

    return write


@contextmanager
def simulated(
    monkeypatch: pytest.MonkeyPatch, scenario: str, *, token: bool, sites: int | None = None
) -> Iterator[None]:
    """An organization on a socket, and the environment that points at it."""
    app = scenario_app(scenario, sites=sites)
    with running(app) as url, monkeypatch.context() as here:
        here.setenv("CONTRIBAUDIT_API_URL", url)
        here.setenv("CONTRIBAUDIT_ORG_ID", app.state.organization.id)
        if token:
            here.setenv("CONTRIBAUDIT_SITES__EMAIL", "demo@acme.example")
            here.setenv("CONTRIBAUDIT_SITES__TOKEN_ENV", "SITE_TOKEN")
            here.setenv("SITE_TOKEN", "demo-site-token")
        yield


def plan(cli: Cli, *words: str) -> dict[str, tuple[int, int]]:
    """Screens, each with values and minutes."""
    ended = cli("attest", "--dry-run", "--format", "json", *words)
    assert ended.code == 0, ended.err
    return {one["screen"]: (one["values"], one["minutes"]) for one in json.loads(ended.out)}


class Terminal:
    """A command at a pseudo-terminal of its own, alone or below a shell."""

    def __init__(self, *words: str, below: str = "") -> None:
        import fcntl
        import pty
        import termios

        self._master, child = pty.openpty()
        self._told = ""
        self._process: forked.Process | subprocess.Popen[bytes]
        if below:
            command = shlex.join([sys.executable, "-m", "contribaudit", *words])
            self._process = subprocess.Popen(
                ["sh", "-c", f"{below}; {command}; true"],
                stdin=child,
                stdout=child,
                stderr=child,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is a signal there
            )
        else:
            self._process = forked.start(words, stdin=child, stdout=child, stderr=child, terminal=True)
        os.close(child)

    def answer(self, question: str, keys: bytes | int) -> None:
        """Type the keys, or send the signal, once the question was asked."""
        while question not in " ".join(self._told.split()):
            ready, _, _ = select.select([self._master], [], [], 60)
            assert ready, f"{question!r} was never asked: {self._told}"
            self._told += self._read()
        if isinstance(keys, int):
            self._process.send_signal(keys)
        else:
            os.write(self._master, keys)

    def close(self) -> None:
        """Close its window, and wait until it is gone."""
        os.close(self._master)
        self._process.wait(timeout=30)

    def end(self) -> tuple[str, int]:
        """Everything that it said, and its exit code."""
        with contextlib.suppress(OSError):  # the other end is closed
            while text := self._read():
                self._told += text
        os.close(self._master)
        return " ".join(self._told.split()), self._process.wait(timeout=30)

    def _read(self) -> str:
        return os.read(self._master, 65536).decode("utf-8", "replace")


def wait_for(folder: Path, pattern: str, seconds: float = 20) -> None:
    """Until a file is there: whoever was told to end may outlive its shell."""
    until = time.monotonic() + seconds
    while not list(folder.rglob(pattern)) and time.monotonic() < until:
        time.sleep(0.05)


def answering(monkeypatch: pytest.MonkeyPatch, shown: Mapping[str, str], *, stop_at: str = "\0") -> list[str]:
    """A person who types what `shown` has for a part of the question, and Ctrl-C at `stop_at`; the questions."""
    asked: list[str] = []

    def ask(question: str, default: str | None = None) -> str:
        asked.append(question)
        if stop_at in question:
            raise click.Abort
        assert len(asked) < 200, question
        return next((answer for part, answer in shown.items() if part in question), default or "")

    monkeypatch.setattr(walk, "person_there", lambda: True)
    monkeypatch.setattr(options, "ask", ask)
    return asked


def recorded(cli: Cli) -> dict[tuple[str, str], dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("attest", "list", "--format", "json").out)
    return {(one["subject"], one["setting"]): one for one in found}


@pytest.mark.parametrize(
    ("scenario", "sites", "token", "wanted"),
    [
        ("drifted", None, True, {"data-contribution": (3, 2)}),
        ("generated", 150, True, {"data-contribution": (3, 2)}),
        # Without a site token nothing tells of AI: Rovo access, and each app that has a switch of its own.
        (
            "drifted",
            None,
            False,
            {
                "data-contribution": (3, 2),
                "rovo-access": (9, 4),
                "jsm-ai": (1, 2),
                "bitbucket-ai": (1, 2),
                "trello-ai": (1, 2),
                "subscriptions": (13, 5),
            },
        ),
    ],
)
def test_the_figures_that_are_wanted(
    cli: Cli,
    policy: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    scenario: str,
    sites: int | None,
    token: bool,
    wanted: dict[str, tuple[int, int]],
) -> None:
    """No training, the essentials and AI blocked: one screen in three minutes, for 13 apps and for 600 on 150 sites."""
    policy(PACKS.format(plan="premium") + BLOCKED)
    with simulated(monkeypatch, scenario, token=token, sites=sites):
        cli("audit")
        assert plan(cli) == wanted
        steps = json.loads(cli("next", "--format", "json").out)
        told = [(one["command"], one["minutes"]) for one in steps if "--screen" in one["command"]]
        looks = {command.split("--screen ")[1].split()[0]: minutes for command, minutes in told}
        assert looks == {screen: minutes for screen, (_, minutes) in wanted.items()}, "next says the same"


def test_what_next_prints_asks_the_configuration_that_it_was_given(
    cli: Cli, home: Path, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that is pasted must not answer for another configuration, or for none."""
    policy(PACKS.format(plan="premium") + BLOCKED)
    other = home / "my other.toml"
    other.touch()
    with simulated(monkeypatch, "tidy", token=False):
        cli("audit", "--config", str(other))
        steps = json.loads(cli("next", "--config", str(other), "--format", "json").out)
        assert all(f" --config '{other}'" in one["command"] for one in steps)
        (look,) = (one["command"] for one in steps if "data-contribution" in one["command"])
        ended = cli(*shlex.split(look)[1:], "--dry-run")
        assert ended.code == 0, ended.err
        assert not [one for one in json.loads(cli("next", "--format", "json").out) if "--config" in one["command"]]


@pytest.mark.parametrize("switch", ["off", "on"])
def test_after_the_walk_nothing_is_left_to_look_at(
    cli: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    """Whatever the console shows: what an answer leaves open was asked for in the same walk."""
    policy(PACKS.format(plan="enterprise") + BLOCKED)
    shown = {
        "Metadata contribution": "off",
        "In-app data contribution": switch,
        "clude list": "none",
        "exemption": "none",
        "Rovo access": "blocked",
        "AI switch": "off",
        "Trial (": "none",
    }
    asked = answering(monkeypatch, shown)
    cli("audit")
    assert cli("attest", "--by", ANNA).code == 0
    lists = [question for question in asked if "clude list" in question]
    assert len(lists) == 1
    assert ("Include" in lists[0]) == (switch == "off"), "the other list is not shown"
    assert not any("end of the trial" in question.casefold() for question in asked), "there is no trial"
    cli("audit")
    assert plan(cli) == {}


def test_one_answer_covers_all_rows_of_a_screen(
    cli: Cli, first_audit: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is recorded, as covered by that statement."""
    policy(PACKS.format(plan="enterprise"))
    asked = answering(monkeypatch, {"All 7 apps": "none"})
    first_audit()
    cli("attest", "--screen", "subscriptions", "--by", ANNA)
    assert len([one for one in asked if "trial" in one.casefold()]) == 1
    found = recorded(cli)
    assert len(found) == 7
    assert {one["value"] for one in found.values()} == {"none"}
    assert {one["note"] for one in found.values()} == {"One statement about all (7 rows): trial = none."}


@pytest.mark.parametrize(
    ("words", "rows", "note"),
    [
        (("--set", "trial@app:*=none"), 7, "One statement about app:* (7 rows): trial = none."),
        (("--screen", "subscriptions", "--set", "app:*=none"), 7, "One statement about app:* (7 rows): trial = none."),
        (
            ("trial", "none", "--subject", "APP:tidy-labs*"),
            2,
            "One statement about APP:tidy-labs* (2 rows): trial = none.",
        ),
        (("--screen", "rovo-access", "--set", "app:*=blocked"), 7, None),
        (("--screen", "rovo-access", "--set", "app:tidy.atlassian.net/confluence=blocked"), 1, ""),
    ],
)
def test_a_pattern_stands_for_the_rows_that_it_matches(
    cli: Cli,
    first_audit: Cli,
    api: Api,
    policy: Callable[[str], None],
    words: tuple[str, ...],
    rows: int,
    note: str | None,
) -> None:
    policy(PACKS.format(plan="enterprise"))
    first_audit()
    assert cli("attest", *words, "--by", ANNA).code == 0
    found = recorded(cli)
    assert len(found) == rows
    assert len({one["look"] for one in found.values()}) == 1
    assert note is None or {one["note"] for one in found.values()} == {note}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "trial@app:nowhere*=none"), "`app:nowhere*` matches no row of any screen with trial"),
        (("--screen", "jsm-ai", "--set", "app:*=off"), "is not clear"),
        (("--set", "app:*=blocked"), "There is no setting"),
        (("--screen", "subscriptions", "--set", "ai.access@app:*=blocked"), "does not show ai.access"),
    ],
)
def test_a_pattern_that_is_not_clear_records_nothing(
    cli: Cli, first_audit: Cli, api: Api, policy: Callable[[str], None], words: tuple[str, ...], said: str
) -> None:
    policy(PACKS.format(plan="enterprise"))
    first_audit()
    ended = cli("attest", *words, "--by", ANNA)
    assert ended.code == 2
    assert said in ended.err
    assert recorded(cli) == {}


def test_everything_asks_for_the_rest(cli: Cli, first_audit: Cli, api: Api, policy: Callable[[str], None]) -> None:
    policy('version = 1\nname = "t"\nextends = []\n[[rule]]\ncheck = "DC-01"\n')
    first_audit()
    needed, everything = plan(cli), plan(cli, "--everything")
    assert set(needed) == {"data-contribution"}
    assert len(everything) > 15
    rows = list(csv.DictReader(io.StringIO(cli("attest", "--template").out)))
    marked = [row["needed"] for row in rows]
    assert marked == sorted(marked, reverse=True), "what the policy waits for comes first"
    assert {row["setting"] for row in rows if row["needed"]} == {"contribution.metadata"}


def test_ctrl_c_keeps_the_form_and_the_next_walk_goes_on(
    cli: Cli, first_audit: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values are recorded only once the form is finished, and are anchored: no signal moved meanwhile."""
    policy(PACKS.format(plan="enterprise"))
    first_audit()
    shown = {"Metadata": "off", "In-app": "off", "clude list": "none", "exemption": "none"}
    answering(monkeypatch, shown, stop_at="exemption")
    ended = cli("attest", "--screen", "data-contribution", "--by", ANNA)
    assert ended.code == 130
    assert "3 answers kept as a draft" in ended.err
    assert recorded(cli) == {}
    asked = answering(monkeypatch, shown)
    ended = cli("attest", "--screen", "data-contribution", "--by", ANNA)
    assert "Resumed: 3 answers" in ended.err
    assert [one for one in asked if "In-app" in one or "Metadata" in one] == []
    assert len(recorded(cli)) == 4
    assert all(one["anchored"] for one in recorded(cli).values())
    assert drafts.discard_all() == 0, "a finished form leaves no draft"


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
@pytest.mark.parametrize(("end", "code"), [(b"\x03", 130), (b"\x04", 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_whatever_ends_a_walk_at_a_real_terminal_keeps_the_form(
    end: bytes | int,
    code: int,
    cli: Cli,
    first_audit: Cli,
    home: Path,
    policy: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal ends the process at once, past every `except`: Ctrl-C as well as a terminal that is told to close."""
    policy(PACKS.format(plan="enterprise"))
    with simulated(monkeypatch, "tidy", token=False):
        first_audit()
        first = Terminal("attest", "--screen", "data-contribution", "--by", ANNA)
        first.answer("Metadata contribution", b"off\n")
        first.answer("In-app data contribution", b"off\n")
        first.answer("Include list", end)
        told, ended = first.end()
        assert "2 answers kept as a draft" in told
        assert ended == code
        again = Terminal("attest", "--screen", "data-contribution", "--by", ANNA)
        again.answer("Include list", b"\x03")
        told, _ = again.end()
        assert "Resumed: 2 answers" in told
        assert "Metadata contribution (on" not in told


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
@pytest.mark.parametrize("below", ["", "true", 'trap "" HUP'])
def test_a_closed_window_keeps_the_form(
    below: str, cli: Cli, first_audit: Cli, home: Path, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal is gone, so that nothing can be told any more; the answers are there all the same.

    Below a shell the question meets the end of the terminal before the signal, or without any.
    """
    policy(PACKS.format(plan="enterprise"))
    with simulated(monkeypatch, "tidy", token=False):
        first_audit()
        first = Terminal("attest", "--screen", "data-contribution", "--by", ANNA, below=below)
        first.answer("Metadata contribution", b"off\n")
        first.answer("In-app data contribution", b"")
        first.close()
        wait_for(home, "*/drafts/*.json")
        again = Terminal("attest", "--screen", "data-contribution", "--by", ANNA)
        again.answer("In-app data contribution", b"\x03")
        assert "Resumed: 1 answer" in again.end()[0]


def test_what_is_mistyped_at_a_question_is_asked_again(
    cli: Cli, first_audit: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address, a word and a path; on the command line the same ends with 2."""
    policy(PACKS.format(plan="enterprise"))
    first_audit()
    typed = {
        "address": iter(["anna", "", ANNA]),
        "Metadata": iter(["of", "off"]),
        "path": iter(["x" * 9999, "Security"]),
    }

    def ask(question: str, default: str | None = None) -> str:
        return next((next(answers) for part, answers in typed.items() if part in question), default or "")

    monkeypatch.setattr(walk, "person_there", lambda: True)
    monkeypatch.setattr(options, "ask", ask)
    ended = cli("attest", "--screen", "data-contribution")
    assert ended.code == 0, ended.err
    assert "`anna` is not an email address. Write it as name@example.com." in ended.err
    assert "The email address of the person who looked is missing" in ended.err
    assert "contribution.metadata cannot be `of`" in ended.err
    assert "The path has 9999 characters" in ended.err
    (one,) = recorded(cli).values()
    assert (one["value"], one["by"]) == ("off", ANNA)
    assert cli("attest", "--screen", "data-contribution", "--by", "anna").code == 2


def test_a_refusal_after_the_look_keeps_the_form(
    cli: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt picture must not cost the values that were typed."""
    policy(PACKS.format(plan="enterprise"))
    cli("audit")
    shown = {"Metadata": "off", "In-app": "off", "clude list": "none", "exemption": "none"}
    answering(monkeypatch, shown)
    ended = cli("attest", "--screen", "data-contribution", "--by", ANNA, "--attach", "no-such.png")
    assert ended.code == 2
    assert "4 answers kept as a draft" in ended.err
    asked = answering(monkeypatch, shown)
    ended = cli("attest", "--screen", "data-contribution", "--by", ANNA)
    assert "Resumed: 4 answers" in ended.err
    assert [one for one in asked if "contribution (" in one] == []
    assert len(recorded(cli)) == 4


def test_a_form_is_dropped_when_a_signal_moved_since(
    cli: Cli, first_audit: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(PACKS.format(plan="enterprise"))
    first_audit()
    answering(monkeypatch, {"Metadata": "off"}, stop_at="In-app")
    cli("attest", "--screen", "data-contribution", "--by", ANNA)
    answering(monkeypatch, {}, stop_at="In-app")
    ended = cli("attest", "--screen", "data-contribution", "--by", "bert@acme.example")
    assert "Resumed" not in ended.err, "a form is one person's"
    organization = api.app.state.organization
    moved = next(one for one in organization.policies if one.type == "ugc-data-use-preferences")
    organization.change(organization.policy(moved.id), name="another")
    asked = answering(monkeypatch, {})
    ended = cli("attest", "--screen", "data-contribution", "--by", ANNA)
    assert "a signal has moved since you looked" in ended.err
    assert any("Metadata" in one for one in asked)
    assert recorded(cli) == {}


def test_discard_deletes_unfinished_forms(
    cli: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(PACKS.format(plan="enterprise"))
    answering(monkeypatch, {"Metadata": "off"}, stop_at="In-app")
    cli("attest", "--screen", "data-contribution", "--by", ANNA)
    assert "1 unfinished form deleted" in cli("attest", "--discard").last
    assert "0 unfinished forms deleted" in cli("attest", "--discard").last


def test_a_missing_name_is_told_once(cli: Cli, api: Api, policy: Callable[[str], None], home: Path) -> None:
    policy(PACKS.format(plan="enterprise"))
    rows = "".join(f"organization,contribution.in_app.included,item {number}\n" for number in range(50))
    (home / "many.csv").write_text(f"subject,setting,value\n{rows}", encoding="utf-8")
    ended = cli("attest", "--from", "many.csv")
    assert ended.code == 2
    assert ended.err.count("who looked") == 1
    assert "50 rows do not say who looked" in ended.err


def test_the_clipboard_s_picture_is_attached(
    cli: Cli, api: Api, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the first tool that there is and that finds a picture; where there is none, that is said."""
    policy(PACKS.format(plan="enterprise"))
    words = ("attest", "contribution.in_app", "off", "--by", ANNA, "--attach", "clipboard")
    module = "contribaudit.operations.clipboard"
    monkeypatch.setattr(f"{module}.shutil.which", lambda _name: None)
    assert "There is no clipboard to read pictures from" in cli(*words).err
    monkeypatch.setattr(f"{module}.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(f"{module}.subprocess.run", lambda *_a, **_k: subprocess.CompletedProcess([], 1, b""))
    assert "The clipboard holds no picture" in cli(*words).err
    monkeypatch.setattr(f"{module}.subprocess.run", lambda *_a, **_k: subprocess.CompletedProcess([], 0, PNG))
    assert cli(*words).code == 0
    identity = next(iter(recorded(cli).values()))["id"]
    assert "clipboard.png, SHA-256" in cli("attest", "show", identity).out


def test_a_plan_that_changes_after_the_audit_is_recorded_as_read_now(
    cli: Cli, policy: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway's answer of the last audit does not contradict what the organization's API says at the look."""
    policy(PACKS.format(plan="premium"))
    app = scenario_app("drifted")
    with running(app) as url:
        for name, value in {
            "CONTRIBAUDIT_API_URL": url,
            "CONTRIBAUDIT_ORG_ID": app.state.organization.id,
            "CONTRIBAUDIT_SITES__EMAIL": "demo@acme.example",
            "CONTRIBAUDIT_SITES__TOKEN_ENV": "SITE_TOKEN",
            "SITE_TOKEN": "demo-site-token",
        }.items():
            monkeypatch.setenv(name, value)
        cli("audit")
        AdminConsole(app.state.organization).start_trial("acme/confluence", "Premium")
        assert cli("attest", "contribution.in_app", "off", "--by", ANNA).code == 0
        (made,) = json.loads(cli("attest", "list", "--format", "json").out)
    assert made["highest_plan"] == "premium"
