"""What a shell offers after TAB, as the shell asks for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from contribaudit.cli import COMMANDS, group
from tests.cli.conftest import Api, Cli


def offered(*words: str) -> list[str]:
    """What TAB offers for the last word."""
    *args, incomplete = words
    shell = BashComplete(group, {}, "contribaudit", "_CONTRIBAUDIT_COMPLETE")
    return [item.value for item in shell.get_completions(list(args), incomplete)]


@pytest.fixture
def audited(cli: Cli, api: Api, key_file: Path) -> Api:
    cli("audit", "--api-key-file", "key")
    return api


def test_commands_and_options() -> None:
    assert set(offered("")) == set(COMMANDS)
    assert "--contribution" in offered("init", "--")
    assert offered("init", "--contribution", "") == ["none", "metadata-only", "any"]


@pytest.mark.parametrize(
    "before", [("audit", "--only"), ("audit", "--skip"), ("checks", "show"), ("findings", "--check")]
)
def test_checks_by_id_and_slug(before: tuple[str, ...]) -> None:
    assert offered(*before, "dc-0")[:2] == ["DC-01", "DC-02"]
    assert "in-app-contribution-off" in offered(*before, "in-app")


def test_sites_and_subjects_of_the_history(audited: Api) -> None:
    assert offered("findings", "--site", "tidy.") == ["tidy.atlassian.net"]
    assert offered("login", "--site", "a") == ["all"]
    assert offered("explain", "app:tidy.atlassian.net/c") == ["app:tidy.atlassian.net/confluence"]
    assert offered("explain", "o") == ["organization"]
    assert "site:tidy.atlassian.net" in offered("attest", "record", "--subject", "site:")
    assert offered("audit", "--org", "") == [audited.organization]


def test_settings_packs_screens_and_words() -> None:
    assert "contribution.in_app" in offered("explain", "organization", "contribution.")
    assert "ai.access" in offered("attest", "ai.")
    assert offered("policy", "packs", "b") == ["bank"]
    assert offered("init", "--pack", "eu") == ["eu-residency"]
    assert "data-contribution" in offered("attest", "record", "--screen", "data")
    assert "fail" in offered("findings", "--outcome", "f")


def test_where_nothing_can_be_read_nothing_is_offered_and_nothing_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(home.rglob("*"))
    assert offered("findings", "--site", "") == []
    assert offered("explain", "") == ["organization"]
    monkeypatch.setenv("CONTRIBAUDIT_CONFIG", str(home / "none.toml"))
    assert offered("audit", "--only", "DC") == []
    assert sorted(home.rglob("*")) == before


def test_the_documented_line_asks_as_the_shell_does(cli: Cli) -> None:
    text = Path(__file__).parents[2].joinpath("docs/shell-completion.md").read_text(encoding="utf-8")
    for shell in ("bash", "zsh", "fish"):
        assert f"_CONTRIBAUDIT_COMPLETE={shell}_source contribaudit" in text
    assert "_CONTRIBAUDIT_COMPLETE" not in os.environ
