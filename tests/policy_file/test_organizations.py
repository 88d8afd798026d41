"""`[[organization]]`: what differs for some organizations of the company, in the policy's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit.core.judge.selectors import Attributes, rule_for
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.policy import AuditPolicy, Rule
from contribaudit.policy_file.plan_limits import plan_limits, policy_of
from tests.builders import RULEBOOK

from .policy_builders import write
from .test_expect import load, problems
from .test_policy_resolved import without_origins

BANK, LABS = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
COMPANY = """\
version = 1
written_for_plan = "enterprise"

[expect]
contribution = "none"
ai = "blocked"
location = ["EEA"]

[[organization]]
match = "Acme Bank"
expect = { location = ["DE"], reason = "BaFin 2026-04" }

[[organization]]
match = ["22222222-2222-4222-8222-222222222222", "acme-play*"]
written_for_plan = "standard"
[organization.expect]
contribution = "metadata-only"
ai = "allowed"
"""


def rule(policy: AuditPolicy, check: str, organization: str, name: str, app: str | None = None) -> Rule | None:
    return rule_for(policy, check, Attributes(organization, name, app=app, sandbox=False))


def expected(policy: AuditPolicy, check: str, organization: str, name: str) -> object:
    found = rule(policy, check, organization, name)
    return found.expect if found is not None and found.enabled else None


def test_a_statement_stands_in_place_of_the_general_one(tmp_path: Path) -> None:
    policy = load(write(tmp_path, COMPANY))
    general, bank = expected(policy, "DR-01", "x", "Acme"), expected(policy, "DR-01", BANK, "acme bank")
    assert (general, bank) == (("EEA",), ("DE",))
    found = rule(policy, "DR-01", BANK, "Acme Bank")
    assert found is not None
    assert found.reason.endswith("BaFin 2026-04")
    assert found.origin == "policy.toml:11"
    for check in ("AI-01", "DC-03"):  # what it does not say again holds there too
        same = rule(policy, check, BANK, "Acme Bank")
        assert same is not None
        assert same.enabled


@pytest.mark.parametrize("check", ["AI-01", "AI-04", "AI-08", "AI-10", "AI-11", "AI-16", "AI-18", "DR-09", "DC-01"])
def test_what_only_the_replaced_statement_asked_goes_off_there(check: str, tmp_path: Path) -> None:
    """`ai = "allowed"` asks none of what `ai = "blocked"` asks; elsewhere all of it stays."""
    policy = load(write(tmp_path, COMPANY))
    there, elsewhere = rule(policy, check, LABS, "Labs"), rule(policy, check, BANK, "Acme Bank")
    assert there is not None
    assert elsewhere is not None
    assert (there.enabled, elsewhere.enabled) == (False, True)
    assert there.reason.startswith("[[organization]] says ")


@pytest.mark.parametrize("check", ["DC-03", "DC-07", "DC-12", "DR-01", "DR-02"])
def test_what_another_statement_still_asks_stays(check: str, tmp_path: Path) -> None:
    there = rule(load(write(tmp_path, COMPANY)), check, LABS, "Labs")
    assert there is not None
    assert there.enabled


def test_the_plan_that_it_is_written_for_there(tmp_path: Path) -> None:
    """DC-06 compares with it, and `policy check` says what that plan cannot give of what holds there."""
    policy = load(write(tmp_path, COMPANY))
    assert expected(policy, "DC-06", LABS, "Labs") == "standard"
    assert expected(policy, "DC-06", BANK, "Acme Bank") is None
    assert policy.written_for_plan == "enterprise"
    standard = RULEBOOK.plan("standard")
    assert standard is not None
    everywhere = {one.check for one in plan_limits(policy_of(policy, BANK, "Acme Bank"), standard, RULEBOOK)}
    labs = {one.check for one in plan_limits(policy_of(policy, LABS, "Labs"), standard, RULEBOOK)}
    assert everywhere - labs == {"DC-01"}


def test_a_general_rule_does_not_undo_it_and_one_that_names_the_organization_refines_it(tmp_path: Path) -> None:
    more = f"""
[[rule]]
check = "DR-01"
expect = ["EEA", "US"]

[[rule]]
check = "DR-01"
severity = "low"
expect = ["DE", "CH"]
where = {{ organization = "{BANK}", app = "trello" }}
"""
    policy = load(write(tmp_path, COMPANY + more))
    assert expected(policy, "DR-01", "x", "Acme") == ("EEA", "US")
    assert expected(policy, "DR-01", BANK, "Acme Bank") == ("DE",)
    trello = rule(policy, "DR-01", BANK, "Acme Bank", app="trello")
    assert trello is not None
    assert (trello.expect, trello.severity) == (("DE", "CH"), Severity.LOW)


def test_the_company_is_asked_once(tmp_path: Path) -> None:
    """What is asked of the company as a whole (DC-10, GV-06) has no rule for one organization."""
    policy = load(write(tmp_path, COMPANY))
    assert not [one for one in policy.rules if one.check in ("DC-10", "GV-06") and one.where.organization]


def test_the_resolved_policy_reads_back_the_same(tmp_path: Path) -> None:
    policy = load(write(tmp_path, COMPANY))
    again = load(write(tmp_path, policy.resolved_toml, "resolved.toml"))
    assert without_origins(again) == without_origins(policy)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[organization]]\nexpect = { ai = "blocked" }\n', "1: [[organization]] 1, key `match`: is required"),
        ('[[organization]]\nmatch = []\nexpect = { ai = "blocked" }\n', "2: [[organization]] 1, key `match`: "),
        ('[[organization]]\nmatch = "a"\nexpect = { ai = "bloked" }\n', "3: [[organization]] 1, key `expect.ai`: "),
        (
            '[[organization]]\nmatch = "a"\nexpect = { loction = ["EU"] }\n',
            "3: [[organization]] 1, key `expect.loction`: unknown key; did you mean `location`?",
        ),
        (
            '[[organization]]\nmatch = "a"\n[organization.expect]\nai_allowed_on = ["loom"]\n',
            "4: [[organization]] 1, key `expect.ai_allowed_on`: also needs `ai`",
        ),
        ('[[organization]]\nmatch = "a"\nwritten_for_plan = "gold"\n', "3: [[organization]] 1, key `written_for_plan`"),
        ('[[organization]]\nmatch = "a"\npolicy = "x.toml"\n', "3: [[organization]] 1, key `policy`: unknown key"),
        ('[organization]\nmatch = "a"\n', "1: key `organization`: write [[organization]], in double brackets"),
    ],
)
def test_mistakes_are_named_by_line(text: str, told: str, tmp_path: Path) -> None:
    path = write(tmp_path, f'{text}[expect]\nai = "blocked"\n')
    assert any(one.startswith(f"policy.toml:{told}") for one in problems(path)), problems(path)
