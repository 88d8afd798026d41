"""A command that we tell somebody to run has the options that they gave themselves."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from contribaudit.cli import group
from contribaudit.cli.console import GivenOptions, runnable
from tests.cli.conftest import Api, Cli

GIVEN: GivenOptions = {
    "--config": ("c.toml",),
    "--store": ("my history.sqlite",),
    "--policy": ("p.toml",),
    "--org": ("acme",),
}


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        (
            "Run contribaudit audit first.",
            "Run contribaudit audit --config c.toml --store 'my history.sqlite' --policy p.toml --org acme first.",
        ),
        (
            "contribaudit attest confirm 12ab",
            "contribaudit attest confirm --config c.toml --store 'my history.sqlite' --org acme 12ab",
        ),
        (
            "contribaudit attest --screen rovo-access --org other",
            "contribaudit attest --config c.toml --store 'my history.sqlite' --screen rovo-access --org other",
        ),
        ("save it with `contribaudit login`", "save it with `contribaudit login --config c.toml --org acme`"),
        (
            "contribaudit doctor, then contribaudit audit --config c.toml",
            "contribaudit doctor --config c.toml --policy p.toml --org acme, then contribaudit audit"
            " --store 'my history.sqlite' --policy p.toml --org acme --config c.toml",
        ),
        ("run `contribaudit audit --help` to see", "run `contribaudit audit --help` to see"),
        ("try contribaudit demo --dashboard", "try contribaudit demo --dashboard"),
        ("check them with contribaudit evidence verify out", "check them with contribaudit evidence verify out"),
        ("a bug in contribaudit ended it", "a bug in contribaudit ended it"),
        ("nothing to run here", "nothing to run here"),
    ],
)
def test_a_command_is_completed_with_what_it_takes(text: str, completed: str) -> None:
    assert runnable(text, GIVEN, group) == completed
    assert runnable(completed, GIVEN, group) == completed, "once is enough"


def test_a_password_in_an_address_is_not_repeated() -> None:
    told = runnable("Run contribaudit next", {"--store": ("postgresql://me:s3cret@db/history",)}, group)
    assert told == "Run contribaudit next --store URL"
    kept = runnable("Run contribaudit next", {"--store": ("postgresql://db/history",)}, group)
    assert kept == "Run contribaudit next --store postgresql://db/history"


def test_several_organizations_only_where_a_command_takes_several() -> None:
    given: GivenOptions = {"--org": ("one", "two")}
    assert runnable("contribaudit next", given, group) == "contribaudit next --org one --org two"
    assert runnable("contribaudit attest", given, group) == "contribaudit attest"


def commands(cli: Cli, *words: str) -> list[str]:
    return [row["command"] for row in json.loads(cli("next", "--format", "json", *words).out) if row["command"]]


def test_what_next_prints_runs_as_it_stands(cli: Cli, api: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the history and the policy that it was asked of, which nothing else names."""
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    (home / "own.toml").write_text('version = 1\nname = "own"\n[expect]\nai = "blocked"\n', encoding="utf-8")
    own = ("--store", "own.sqlite", "--policy", "own.toml")
    audited = cli("audit", *own)
    assert "contribaudit next --store own.sqlite --policy own.toml" in audited.out
    found = commands(cli, *own)
    assert any(one.startswith("contribaudit attest --store own.sqlite --screen ") for one in found)
    for one in found:
        program, *words = shlex.split(one)
        assert program == "contribaudit"
        if "--screen" in words:
            ended = cli(*words, "--dry-run")
            assert ended.code == 0, ended.err
            assert "no audit has been recorded" not in ended.err


def test_a_hint_on_stderr_is_completed_too(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a log of JSON, and after the command's own context is gone."""
    monkeypatch.setenv("CONTRIBAUDIT_ORG_ID", "acme")
    assert "Run `contribaudit audit --store nowhere.sqlite` to" in cli("next", "--store", "nowhere.sqlite").err
    ended = cli("next", "--store", "nowhere.sqlite", "--log-format", "json")
    assert "contribaudit audit --store nowhere.sqlite" in "".join(
        json.loads(line).get("next", "") for line in ended.err.splitlines()
    )
