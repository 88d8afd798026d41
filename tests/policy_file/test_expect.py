"""`[expect]`: what it takes, how it merges with packs and rules, and that the resolved policy holds the expansion."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from contribaudit import policy_file, wiring
from contribaudit.checks import DECIDABLE
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.policy import AuditPolicy, Rule, Where
from contribaudit.errors import PolicyFileError
from tests.builders import CHECKS, RULEBOOK

from .policy_builders import write
from .test_policy_resolved import without_origins

FIVE_LINES = """\
version = 1
[expect]
contribution = "none"
ai = "blocked"
location = ["EEA"]
"""


def load(path: Path) -> AuditPolicy:
    return wiring.load_policy(path, RULEBOOK)


def problems(path: Path) -> list[str]:
    with pytest.raises(PolicyFileError) as raised:
        load(path)
    return raised.value.message.replace(f"{path.parent}{os.sep}", "").splitlines()


def rules(policy: AuditPolicy, check: str) -> list[Rule]:
    return [rule for rule in policy.rules if rule.check == check]


def test_five_lines_are_a_policy(tmp_path: Path) -> None:
    policy = load(write(tmp_path, FIVE_LINES))
    assert policy.name == "policy.toml"
    assert {rule.expands for rule in policy.rules} == {"contribution", "ai", "location"}
    assert all(rule.reason and rule.check in CHECKS for rule in policy.rules)
    assert [rule.origin for rule in rules(policy, "DR-01")] == ["policy.toml:5"]
    assert load(write(tmp_path, FIVE_LINES.removeprefix("version = 1\n"), "short.toml")).rules


@pytest.mark.parametrize("key", ["contribution", "ai", "location"])
def test_every_statement_alone_is_a_policy(key: str, tmp_path: Path) -> None:
    line = next(line for line in FIVE_LINES.splitlines() if line.startswith(key))
    policy = load(write(tmp_path, f"[expect]\n{line}"))
    assert {rule.expands for rule in policy.rules} == {key}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            'contribution = "non"',
            '"non" is not a statement about contribution; did you mean `none`? Choose from none, metadata-only, any',
        ),
        (
            'contribution = "off"',
            '"off" is not a statement about contribution; choose from none, metadata-only, any',
        ),
        ("contribution = false", "expected one word in quotes: none, metadata-only, any"),
        (
            'ai = "block"',
            '"block" is not a statement about AI; did you mean `blocked`? '
            'Choose from blocked, allowed, ai = { groups = ["…"] }',
        ),
        ('ai = ["ai-users"]', 'write groups as ai = { groups = ["…"] }'),
        ('ai = { group = ["x"] }', 'unknown key "group"; did you mean `groups`?'),
        (
            "ai = { groups = [] }",
            'expected names of groups: ai = { groups = ["…"] }; without a group write ai = "blocked"',
        ),
        ('location = ["Global"]', '"Global" is not a fixed location; choose from EEA, EU+UK, '),
        ('location = ["EAA"]', '"EAA" is not a known location; did you mean `EEA`? Choose from EEA, EU+UK, '),
        ("location = []", "the list names nothing; remove the key or name locations"),
        ("location = 3", "expected a list of locations, in [ ]"),
        (
            'subprocessor_locations = ["EAA"]',
            '"EAA" is not a known location; did you mean `EEA`? Choose from EEA, Global and',
        ),
        ("subprocessor_locations = []", "the list names nothing; remove the key or name locations"),
        ("subprocessors_accepted = 3", "expected a list of companies, by their names in the list, in [ ]"),
        ('contributon = "none"', "unknown key; did you mean `contribution`?"),
        ('ai_alowed_on = ["x"]', "unknown key; did you mean `ai_allowed_on`?"),
        ('reason = " "', "must not be empty"),
    ],
)
def test_mistakes_name_the_line_the_key_and_what_it_takes(line: str, told: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, f"version = 1\n[expect]\n{line}\n"))
    assert problem.startswith(f"policy.toml:3: [expect], key `{line.split(' ')[0]}`: {told}")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            'location = ["EEA"]\nlocation_except = ["trello"]',
            "key `reason`: `location_except` needs a reason: say who accepted these apps",
        ),
        (
            'reason = "x"\nlocation = ["EEA"]\nlocation_except = ["confluence"]',
            "key `location_except`: Confluence offers data residency; "
            'pin it, or accept its location with a [[waiver]] on "App data is in an allowed location" (DR-01)',
        ),
        (
            'reason = "x"\nlocation = ["EEA"]\nlocation_except = ["trelo"]',
            'key `location_except`: "trelo" is not a known app; did you mean `trello`?',
        ),
        ('reason = "x"\nlocation_except = ["trello"]', "key `location_except`: also needs `location`"),
        ('ai_allowed_on = ["labs.atlassian.net"]', "key `ai_allowed_on`: also needs `ai`"),
        (
            'ai = "allowed"\nai_allowed_on = ["labs.atlassian.net"]',
            'key `ai_allowed_on`: is only valid with ai = "blocked"; write [[rule]]s for anything finer',
        ),
        (
            'ai = { groups = ["a"] }\nai_allowed_on = ["labs.atlassian.net"]',
            'key `ai_allowed_on`: is only valid with ai = "blocked"; write [[rule]]s for anything finer',
        ),
        (
            'ai = "blocked"\nai_allowed_on = ["app:acme.atlassian.net/conflunce"]',
            'key `ai_allowed_on`: "conflunce" is not a known app; did you mean `confluence`?',
        ),
        (
            'ai = "blocked"\nai_allowed_on = ["space:acme.atlassian.net/confluence/ENG"]',
            'key `ai_allowed_on`: "space:acme.atlassian.net/confluence/ENG" is not a site or an app; write a site as',
        ),
        ('ai = "blocked"\nai_allowed_on = ["*"]', 'key `ai_allowed_on`: "*" is not one site; write a site as'),
        ('ai = "blocked"\nai_allowed_on = [""]', "key `ai_allowed_on`: the list names nothing"),
        (
            'ai = "blocked"\nai_allowed_on = ["app:loom/7"]',
            'key `ai_allowed_on`: "app:loom/7" names an app by its ID; write a site as',
        ),
    ],
)
def test_statements_that_do_not_go_together(lines: str, told: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, f"version = 1\n[expect]\n{lines}\n"))
    assert told in problem
    assert problem.startswith("policy.toml:")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("labs.atlassian.net", Where(site=("labs.atlassian.net",))),
        ("site:labs.atlassian.net", Where(site=("labs.atlassian.net",))),
        ("https://labs.atlassian.net/wiki/home", Where(site=("labs.atlassian.net",))),
        ("acme-lab*", Where(site=("acme-lab*",))),
        ("confluence", Where(app=("confluence",))),
        ("Confluence", Where(app=("confluence",))),
        ("app:acme.atlassian.net/confluence", Where(site=("acme.atlassian.net",), app=("confluence",))),
        ("app:acme.atlassian.net/jira", Where(site=("acme.atlassian.net",), app=("jira", "jira-software"))),
    ],
)
def test_sites_and_apps_as_people_write_them(text: str, where: Where, tmp_path: Path) -> None:
    policy = load(write(tmp_path, f'[expect]\nai = "blocked"\nai_allowed_on = ["{text}"]'))
    allowed = next(rule for rule in rules(policy, "AI-01") if rule.expect == "allowed")
    assert (allowed.where, allowed.severity, allowed.expands) == (where, Severity.INFO, "ai_allowed_on")


def test_locations_are_spelled_as_the_rulebook_has_them(tmp_path: Path) -> None:
    text = '[expect]\nlocation = ["eu + uk", "switzerland", "CH"]'
    assert rules(load(write(tmp_path, text)), "DR-01")[0].expect == ("EU+UK", "CH")
    assert RULEBOOK.realm_codes(("EU+UK", "CH")) == {"EU", "DE", "GB", "CH"}
    assert rules(load(write(tmp_path, '[expect]\nlocation = "EEA"')), "DR-05")[0].expect == ("EEA",)


def test_rules_of_the_file_refine_and_override(tmp_path: Path) -> None:
    text = (
        f"{FIVE_LINES}"
        '[[rule]]\ncheck = "DR-01"\nexpect = ["US"]\nwhere = { site = "acme-us*" }\n'
        '[[rule]]\ncheck = "AI-11"\nenabled = false\nreason = "We need it"\n'
    )
    policy = load(write(tmp_path, text))
    assert [rule.expect for rule in rules(policy, "DR-01")] == [("EEA",), ("US",)]
    assert [rule.enabled for rule in rules(policy, "AI-11")] == [False]


def test_packs_come_first_then_the_statements_then_the_rules(tmp_path: Path) -> None:
    base = 'version = 1\n[[rule]]\ncheck = "DR-01"\nexpect = ["US"]\n[[rule]]\ncheck = "AI-09"\n'
    write(tmp_path, base, "base.toml")
    policy = load(
        write(tmp_path, 'version = 1\nextends = ["essentials", "./base.toml"]\n[expect]\nlocation = ["EEA"]\n')
    )
    assert [rule.expect for rule in rules(policy, "DR-01")] == [("EEA",)]
    checks = [rule.check for rule in policy.rules]
    assert checks.index("AI-09") < checks.index("DR-01")
    assert "DC-18" in checks


def test_statements_of_extended_files_merge_key_by_key(tmp_path: Path) -> None:
    """The file's word on AI counts; what its base says of locations stays, with the base's own refinement after it."""
    base = (
        'version = 1\n[expect]\nai = "blocked"\nlocation = ["EEA"]\nreason = "Group policy 7"\n'
        '[[rule]]\ncheck = "DR-01"\nexpect = ["US"]\nwhere = { site = "acme-us*" }\n'
    )
    write(tmp_path, base, "base.toml")
    policy = load(write(tmp_path, 'extends = ["./base.toml"]\n[expect]\nai = { groups = ["ai-users"] }\n'))
    assert [rule.expect for rule in rules(policy, "AI-01")] == ["limited"]
    assert rules(policy, "AI-11") == []
    assert [rule.expect for rule in rules(policy, "DR-01")] == [("EEA",), ("US",)]
    assert rules(policy, "DR-02")[0].reason.endswith("Group policy 7")
    assert rules(policy, "AI-01")[0].origin == "policy.toml:3"
    assert rules(policy, "DR-02")[0].origin == "base.toml:4"
    (trials,) = rules(policy, "DC-07")
    assert trials.severity is None


def test_an_exception_may_stand_in_another_file_than_its_statement(tmp_path: Path) -> None:
    write(tmp_path, '[expect]\nai = "blocked"\n', "base.toml")
    policy = load(write(tmp_path, 'extends = ["./base.toml"]\n[expect]\nai_allowed_on = ["loom"]\n'))
    assert [(rule.where.app, rule.expect) for rule in rules(policy, "AI-05")] == [((), "off"), (("loom",), "on")]


@pytest.mark.parametrize(
    ("statement", "off", "on"),
    [
        ('contribution = "any"', {"DC-01", "DC-02", "DC-03", "DC-04", "DC-17"}, {"DC-07", "DC-05"}),
        ('contribution = "metadata-only"', {"DC-01", "DC-02", "DC-17"}, {"DC-03", "DC-04"}),
    ],
)
def test_a_statement_lifts_what_a_pack_asks_against_it(
    statement: str, off: set[str], on: set[str], tmp_path: Path
) -> None:
    policy = load(write(tmp_path, f'version = 1\nextends = ["no-training"]\n[expect]\n{statement}\n'))
    lifted = {rule.check for rule in policy.rules if not rule.enabled}
    assert lifted == off
    assert all(f"[expect] says {statement}." in rule.reason for rule in policy.rules if not rule.enabled)
    assert on <= {rule.check for rule in policy.rules if rule.enabled}


def test_allowed_lifts_what_a_pack_blocks(tmp_path: Path) -> None:
    policy = load(write(tmp_path, 'version = 1\nextends = ["bank"]\n[expect]\nai = "allowed"\n'))
    lifted = {rule.check for rule in policy.rules if not rule.enabled}
    assert lifted == {"AI-01", "AI-02", "AI-04", "AI-05", "AI-06"}


def test_written_for_plan_is_asked_too(tmp_path: Path) -> None:
    text = 'version = 1\nwritten_for_plan = "premium"\n[expect]\ncontribution = "metadata-only"\n'
    assert rules(load(write(tmp_path, text)), "DC-06")
    assert not rules(load(write(tmp_path, text.replace('written_for_plan = "premium"\n', ""))), "DC-06")


def test_the_resolved_policy_holds_the_expansion_and_stands_alone(tmp_path: Path) -> None:
    more = 'ai_allowed_on = ["labs.atlassian.net"]\nlocation_except = ["trello", "assets"]\nreason = "GRC-7"\n'
    text = f"{FIVE_LINES}{more}"
    policy = load(write(tmp_path, text))
    document = tomllib.loads(policy.resolved_toml)
    assert "expect" not in document
    assert {rule["check"] for rule in document["rule"]} == {rule.check for rule in policy.rules}
    again = policy_file.load(
        write(tmp_path, policy.resolved_toml, "resolved.toml"),
        policy_file.KnownWords(RULEBOOK, CHECKS, DECIDABLE),
    )
    assert without_origins(again) == without_origins(policy)
    other = load(write(tmp_path, text.replace('"EEA"', '"US"')))
    assert other.sha256 != policy.sha256


def test_every_shipped_group_holds_known_realms_and_says_where_it_was_read() -> None:
    known = {realm.code for realm in RULEBOOK.realms}
    assert {"EEA", "EU+UK"} <= RULEBOOK.realm_groups.keys()
    assert all(set(codes) <= known for codes in RULEBOOK.realm_groups.values())
    text = Path(policy_file.__file__).parents[1].joinpath("rulebook/data/realms.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["groups_from"]["source"].startswith("https://")
