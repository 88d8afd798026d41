"""`policy`: what a statement expands to, and what the plan cannot give of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from contribaudit.policy_file import packs
from tests.cli.conftest import Api, Cli

STATEMENTS = '[expect]\ncontribution = "none"\nai = "blocked"\nlocation = ["EEA"]\n'


@pytest.fixture
def policy(home: Path) -> Path:
    path = home / "policy.toml"
    path.write_text(STATEMENTS)
    return path


def test_the_expansion_is_shown_with_titles(cli: Cli, policy: Path) -> None:
    shown = cli("policy", "show", "policy.toml").out
    assert 'check = "DC-03"  # In-app data contribution is off\n' in shown
    assert 'expands = "contribution"\n' in shown
    assert {rule["check"] for rule in tomllib.loads(shown)["rule"]} >= {"DC-01", "DC-03", "AI-01", "DR-01", "DR-02"}
    Path("again.toml").write_text(shown)
    assert cli("policy", "check", "again.toml").code == 0
    rows = json.loads(cli("policy", "show", "policy.toml", "--format", "json").out)
    assert {"title", "expands", "reason"} <= rows[0].keys()
    assert "App is pinned to its location" in cli("policy", "show", "policy.toml", "--format", "table").out


def test_the_check_says_what_the_plan_that_it_is_written_for_cannot_give(cli: Cli, policy: Path) -> None:
    checked = cli("policy", "check", "policy.toml")
    assert "Which plan it is for is not known" in checked.err
    assert "by [expect], see policy show" in checked.last
    assert "Which plan" not in cli("policy", "check").err  # the essentials fit every plan
    policy.write_text(f'written_for_plan = "premium"\n{STATEMENTS}')
    ended = cli("policy", "check", "policy.toml")
    assert ended.code == 0
    assert "policy.toml:3: on the Premium plan metadata contribution cannot be switched off" in ended.err
    assert "the policy is written for Premium" in ended.err
    for way in ("[[waiver]]", "Move to Enterprise", "block Rovo"):
        assert way in ended.err


def test_the_check_says_what_the_plan_of_the_last_audit_cannot_give(
    cli: Cli, api: Api, policy: Path, key_file: Path
) -> None:
    policy.write_text(f'written_for_plan = "enterprise"\n{STATEMENTS}')
    assert "cannot be switched off" not in cli("policy", "check", "policy.toml").err
    for app in api.app.state.organization.apps:
        api.app.state.organization.set_plan(app.id, "Premium")
    cli("audit", "--policy", "policy.toml", "--api-key-file", "key")
    ended = cli("policy", "check", "policy.toml")
    assert "cannot be switched off" in ended.err
    assert "the last audit saw Premium in Tidy Ltd" in ended.err


def test_a_pack_says_for_whom_it_is(cli: Cli) -> None:
    listed = cli("policy", "packs").out
    for pack in packs():
        assert pack.name in listed
        assert pack.description.split(".")[0].startswith("For ")
