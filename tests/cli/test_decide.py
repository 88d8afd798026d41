"""`decide`: what is shown is what is written, and nothing is written that nobody agreed to."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .conftest import Cli

FILE = """# ours
version = 1
extends = ["essentials"]  # for now

[[rule]]
check = "in-app-contribution-off"
"""
WORDS = ("--by", "dpo@acme.example", "--second", "ciso@acme.example", "--ticket", "GRC-207")


@pytest.fixture
def policy(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy file, which the configuration names."""
    path = home / "policy.toml"
    path.write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(path))
    return path


@pytest.mark.parametrize(
    ("setting", "value", "written"),
    [
        ("contribution.in_app", "off", "off"),
        ("contribution.in_app", "OFF", "off"),
        ("contribution.metadata", "always", "always"),
        ("contribution.in_app.included", "none", []),
        ("contribution.in_app.included", "connector:Figma, app:acme/jira", ["connector:Figma", "app:acme/jira"]),
        ("governance.records", "updated", "updated"),
    ],
)
def test_a_decision_is_shown_and_added_at_the_end(
    cli: Cli, policy: Path, setting: str, value: str, written: object
) -> None:
    ended = cli("decide", setting, value, *WORDS, "--date", "2026-06-02", "--yes")
    assert ended.code == 0, ended.err
    text = policy.read_text(encoding="utf-8")
    assert text.startswith(FILE)
    (decision,) = tomllib.loads(text)["decision"]
    assert decision == {
        "setting": setting,
        "value": written,
        "by": "dpo@acme.example",
        "second": "ciso@acme.example",
        "date": datetime(2026, 6, 2, tzinfo=UTC).date(),
        "ticket": "GRC-207",
    }
    added = [line[1:] for line in ended.out.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert "\n".join(added).strip() == text.removeprefix(FILE).strip()
    assert not [line for line in ended.out.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert cli("policy", "check").code == 0


def test_without_a_person_nothing_is_written_unagreed(cli: Cli, policy: Path) -> None:
    """No terminal: the diff is shown, and the missing flag named."""
    ended = cli("decide", "contribution.in_app", "off", *WORDS)
    assert ended.code == 2
    assert "+[[decision]]" in ended.out
    assert "--yes" in ended.err
    assert policy.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 2)])
def test_a_person_is_asked(cli: Cli, policy: Path, monkeypatch: pytest.MonkeyPatch, answer: bool, code: int) -> None:
    monkeypatch.setattr("contribaudit.cli.options.person_there", lambda: True)
    monkeypatch.setattr("contribaudit.cli.options.confirm", lambda _question, **_more: answer)
    assert cli("decide", "contribution.in_app", "off", *WORDS).code == code
    assert ("[[decision]]" in policy.read_text(encoding="utf-8")) is answer


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("contribution.in_ap", "off", *WORDS), "did you mean `contribution.in_app`?"),
        (("contribution.in_app", "of", *WORDS), "contribution.in_app cannot be"),
        (("contribution.metadata", "maybe", *WORDS), "contribution.metadata cannot be"),
        (("governance.records", "skipped", *WORDS), "It takes updated"),
        (("contribution.in_app", "off", *WORDS, "--date", "2999-01-01"), "is in the future"),
        (("contribution.in_app", "off", *WORDS, "--date", "soon"), "is not a date"),
        (("contribution.in_app", "off", *WORDS[:-2]), "--ticket"),
        (("contribution.in_app", "off", *WORDS[:2], *WORDS[4:]), "--second"),
        (("contribution.in_app", "off", *WORDS[2:]), "the person who decided"),
        (("contribution.in_app", "off", *WORDS, "--ticket", " "), "ticket"),
        (("contribution.in_app", "off", *WORDS, "--second", "DPO@acme.example"), "two people"),
        (("contribution.in_app", "off", *WORDS, "--second", "nobody"), "not an email address"),
    ],
)
def test_what_is_no_decision_is_refused(cli: Cli, policy: Path, words: tuple[str, ...], said: str) -> None:
    ended = cli("decide", *words, "--yes")
    assert ended.code == 2
    assert said in ended.err
    assert policy.read_text(encoding="utf-8") == FILE


def test_who_decided_is_in_the_configuration(cli: Cli, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRIBAUDIT_ATTESTED_BY", "me@acme.example")
    assert cli("decide", "contribution.in_app", "off", *WORDS[2:], "--yes").code == 0
    assert 'by = "me@acme.example"' in policy.read_text(encoding="utf-8")


def test_a_new_file_is_made_only_where_it_is_named(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It extends the pack in use; a configured file that is missing is a mistake of the configuration."""
    without = cli("decide", "contribution.in_app", "off", *WORDS, "--yes")
    assert (without.code, "--policy" in without.err) == (2, True)
    made = home / "made.toml"
    assert cli("decide", "contribution.in_app", "off", *WORDS, "--policy", str(made), "--yes").code == 0
    assert tomllib.loads(made.read_text(encoding="utf-8"))["extends"] == ["essentials"]
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", str(home / "missing.toml"))
    assert cli("decide", "contribution.in_app", "off", *WORDS, "--yes").code == 2
    assert not (home / "missing.toml").exists()


@pytest.mark.parametrize(
    ("setting", "value", "asked"),
    [("contribution.in_app", "off", True), ("governance.records", "updated", True), ("residency.realm", "EU", False)],
)
def test_a_decision_that_no_check_asks_for_says_so(
    cli: Cli, policy: Path, setting: str, value: str, asked: bool
) -> None:
    people = ("--by", "dpo@acme.example", "--second", "ciso@acme.example", "--ticket", "GRC-1", "--yes")
    ended = cli("decide", setting, value, *people)
    assert (ended.code, "no check asks for a decision" in ended.err) == (0, not asked)
