"""The three lines above every report: each answers the statement that asks it, and passes once all of it was seen."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Api, Cli

STATEMENTS = {"Data contribution": 'contribution = "none"', "AI": 'ai = "blocked"', "Location": 'location = ["EEA"]'}
SANDBOX = """[[waiver]]
check = "DC-23"
subject = "app:tidy-sandbox.atlassian.net/jira-software"
outcomes = ["unknown"]
reason = "No page says whether a sandbox contributes; this one holds made-up data"
requested_by = "it@acme.example"
approved_by = "ciso@acme.example"
approved_at = 2026-01-02
expires = 2099-12-31
"""
IN_ORDER = {
    "contribution.metadata": "off",
    "contribution.in_app": "off",
    "contribution.in_app.included": "none",
    "contribution.in_app.excluded": "none",
    "ai.access": "blocked",
    "ai.own_setting": "off",
    "ai.portal_customers": "off",
    "ai.web_search": "off",
    "ai.agents.default_access": "none",
    "ai.mcp.supported_domains": "blocked",
    "ai.mcp.domains": "none",
    "ai.mcp.api_tokens": "off",
    "ai.mcp.write": "blocked",
    "trial": "none",
    "residency.default_realm": "EU",
}


@pytest.fixture
def asked(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("CONTRIBAUDIT_API_KEY", "demo-key")
    return api


def policy(folder: Path, *titles: str, more: str = "") -> str:
    path = folder / "policy.toml"
    lines = "\n".join(STATEMENTS[one] for one in titles)
    path.write_text(f'version = 1\nname = "three"\n[expect]\n{lines}\n{SANDBOX}{more}', encoding="utf-8")
    return str(path)


def answers(cli: Cli, policy_file: str) -> dict[str, str]:
    """The word behind each of the three questions."""
    lines = cli("audit", "--quiet", "--policy", policy_file).out.splitlines()
    said = {title: line[len(title) :].strip() for title in STATEMENTS for line in lines if line.startswith(f"{title} ")}
    return {title: text.split("  ")[0] for title, text in said.items()}


def attest(cli: Cli, folder: Path, policy_file: str, other: Mapping[str, str] = IN_ORDER) -> None:
    """Everything that the policy waits for, as it should be but for `other`."""
    assert cli("audit", "--policy", policy_file).code == 3
    due = list(csv.DictReader(io.StringIO(cli("attest", "record", "--template").out)))
    values = {**IN_ORDER, **other}
    with (folder / "seen.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(due[0]))
        writer.writeheader()
        writer.writerows({**row, "value": values[row["setting"]]} for row in due if row["needed"] == "yes")
    done = cli("attest", "record", "--from", str(folder / "seen.csv"), "--by", "anna@acme.example")
    assert done.code == 0, done.err


@pytest.mark.parametrize("title", STATEMENTS)
def test_a_statement_is_answered_on_its_own_line(cli: Cli, asked: Api, home: Path, title: str) -> None:
    """Whatever letters its checks have: `ai` asks DR-09, and `location` asks about trials (DC-07)."""
    found = answers(cli, policy(home, title))
    assert found == {one: "unverified" if one == title else "not asked" for one in STATEMENTS}


def test_whoever_saw_everything_closed_passes_three_times(
    cli: Cli, asked: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = policy(home, *STATEMENTS)
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", file)
    attest(cli, home, file)
    assert answers(cli, file) == dict.fromkeys(STATEMENTS, "pass")
    by_name = policy(home, *STATEMENTS, more='[[rule]]\ncheck = "DR-09"\n')
    assert answers(cli, by_name) == dict.fromkeys(STATEMENTS, "pass")


@pytest.mark.parametrize(
    ("setting", "value", "failing"),
    [
        ("ai.web_search", "on", {"AI"}),
        ("ai.mcp.api_tokens", "on", {"AI"}),
        ("contribution.in_app", "on", {"Data contribution"}),
        ("trial", "running", {"Data contribution", "AI", "Location"}),
    ],
)
def test_one_open_switch_fails_the_lines_that_it_undoes(
    cli: Cli, asked: Api, home: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, failing: set[str]
) -> None:
    file = policy(home, *STATEMENTS)
    monkeypatch.setenv("CONTRIBAUDIT_POLICY", file)
    attest(cli, home, file, {setting: value})
    assert {title for title, word in answers(cli, file).items() if word != "pass"} == failing


def test_a_rule_that_asks_where_models_process_is_about_locations(
    cli: Cli, asked: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a statement about AI it is about both; without one, about locations alone."""
    rule = '[[rule]]\ncheck = "DR-09"\n'
    found = answers(cli, policy(home, "AI", more=rule))
    assert found == {"Data contribution": "not asked", "AI": "unverified", "Location": "unverified"}
    path = home / "policy.toml"
    path.write_text(f'version = 1\nname = "three"\n{rule}', encoding="utf-8")
    assert answers(cli, str(path)) == {"Data contribution": "not asked", "AI": "not asked", "Location": "unverified"}
