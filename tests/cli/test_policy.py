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
    assert "The plan is not known yet" in checked.err
    assert "by [expect], see policy show" in checked.last
    assert "The plan is" not in cli("policy", "check").err  # the essentials fit every plan
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


@pytest.mark.parametrize(
    ("check", "where", "told"),
    [
        (
            "DC-01",
            'site = "acme*"',
            "it asks about the organization, which has no site; `where` takes organization there",
        ),
        ("GV-02", 'plan = "free", sandbox = true', "the organization, which has no plan and no sandbox"),
        (
            "DR-01",
            'space = "ENG"',
            "each app, which has no space; `where` takes organization, site, app, plan, sandbox",
        ),
        ("AI-14", 'app = "confluence"', "each connector, which has no app"),
        ("DC-10", 'organization = "Acme"', "the company, which has no organization; it takes no `where`"),
        ("DR-01", 'site = "acme*", sandbox = false', ""),
        ("AI-14", 'organization = "Acme"', ""),
    ],
)
def test_a_selector_that_no_subject_of_the_check_has_is_named(
    cli: Cli, policy: Path, check: str, where: str, told: str
) -> None:
    """The rule would never be asked, and the policy would look stricter than it is."""
    waiver = (
        f'[[waiver]]\ncheck = "{check}"\nwhere = {{ {where} }}\nreason = "r"\nrequested_by = "a@acme.example"\n'
        'approved_by = "b@acme.example"\napproved_at = 2026-01-02\nexpires = 2099-12-31\n'
    )
    policy.write_text(f'version = 1\nname = "x"\n[[rule]]\ncheck = "{check}"\nwhere = {{ {where} }}\n{waiver}')
    checked = cli("policy", "check", "policy.toml")
    assert checked.code == 0, checked.err
    expected = [f"the {what} on {check} (policy.toml:" for what in ("rule", "waiver")] if told else []
    warned = [line for line in checked.err.splitlines() if "matches nothing" in line]
    assert [one in line and told in line for one, line in zip(expected, warned, strict=True)] == [True] * len(expected)
