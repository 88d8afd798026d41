"""What a good file means: defaults, merge order, packs, and what each table becomes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contribaudit import policy_file
from contribaudit.core.model.finding import Outcome, Severity
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.policy import DEFAULT_ACCEPTED, DEFAULT_MAX_AGE_DAYS, Decision, Rule, Waiver, Where
from contribaudit.errors import PolicyFileError
from contribaudit.policy_file import reading

from .policy_builders import DOCUMENTED, ESSENTIALS, load, load_with_packs, problems, write


def test_the_documented_file_becomes_a_policy(tmp_path: Path) -> None:
    policy = load(write(tmp_path, DOCUMENTED))
    assert policy.name == "Acme data contribution policy"
    assert policy.written_for_plan == "enterprise"
    assert policy.extends == ("essentials",)
    assert policy.evidence.screenshot is Severity.CRITICAL
    assert policy.evidence.second_person is Severity.CRITICAL
    assert [rule.check for rule in policy.rules] == [*ESSENTIALS, "DR-01"]
    assert policy.rules[-1] == Rule(
        check="DR-01",
        origin="policy.toml:12",
        where=Where(app=("jira-software", "confluence"), site=("acme*",), sandbox=False),
        expect=("EU", "DE"),
        severity=Severity.CRITICAL,
    )
    assert policy.waivers == (
        Waiver(
            check="DR-01",
            origin="policy.toml:18",
            reason="US subsidiary, contract 2026-114",
            requested_by="it@acme.example",
            approved_by="ciso@acme.example",
            approved_at=date(2026, 11, 2),
            expires=date(2027, 1, 31),
            subject="app:acme-us.atlassian.net/confluence",
            observed=("US",),
            binds_to_value=True,
            review_every_days=90,
            ticket="GRC-311",
        ),
    )
    assert policy.decisions == (
        Decision(
            setting=SettingId("contribution.in_app"),
            value="off",
            by="dpo@acme.example",
            second="ciso@acme.example",
            date=date(2026, 6, 2),
            ticket="GRC-207",
            origin="policy.toml:30",
        ),
    )


def test_without_a_file_the_essentials_alone_hold() -> None:
    policy = load(None)
    assert policy.name == "essentials"
    assert tuple(rule.check for rule in policy.rules) == ESSENTIALS
    assert {rule.origin for rule in policy.rules} == {"essentials"}
    assert policy.evidence.accept == DEFAULT_ACCEPTED
    assert dict(policy.evidence.max_age_days) == dict(DEFAULT_MAX_AGE_DAYS)
    assert policy.evidence.screenshot is None
    assert policy.extends == ()


def test_every_rule_of_a_shipped_pack_says_why_it_is_there() -> None:
    for pack in policy_file.packs():
        assert pack.title
        assert pack.description
        assert "version = 1" in pack.text
    assert all(rule.reason and rule.enabled and rule.expect is None for rule in load(None).rules)
    assert [pack.name for pack in policy_file.packs()] == list(reading.NAMES)


def test_a_file_without_a_name_is_called_after_itself(tmp_path: Path) -> None:
    assert load(write(tmp_path, 'version = 1\nrule = [{ check = "GV-01" }]')).name == "policy.toml"


def test_evidence_merges_key_by_key(tmp_path: Path) -> None:
    base = """
    version = 1
    written_for_plan = "premium"
    [evidence]
    accept = ["documented"]
    screenshot = "high"
    second_person = "low"
    max_age_days = { documented = 1, attested = 10 }
    """
    write(tmp_path, base, "base.toml")
    text = """
    version = 1
    extends = ["base.toml"]
    [evidence]
    screenshot = "never"
    max_age_days.attested = 20
    [[rule]]
    check = "GV-01"
    accept = ["attested", "documented", "attested"]
    max_age_days = { inferred = 5 }
    """
    policy = load(write(tmp_path, text))
    assert policy.evidence.accept == (Grade.DOCUMENTED,)
    assert policy.evidence.screenshot is None
    assert policy.evidence.second_person is Severity.LOW
    assert policy.evidence.max_age_days == {**DEFAULT_MAX_AGE_DAYS, "documented": 1, "attested": 20}
    assert policy.written_for_plan == "premium"
    assert policy.rules[0].accept == (Grade.ATTESTED, Grade.DOCUMENTED)
    assert policy.rules[0].max_age_days == {"inferred": 5}


def test_rules_concatenate_left_to_right_then_the_file(tmp_path: Path) -> None:
    """A rule written again takes the later place, the other one is gone."""
    write(tmp_path, _rules("GV-01", "DR-04"), "one.toml")
    write(tmp_path, _rules("DR-13", "DC-06"), "two.toml")
    text = 'version = 1\nextends = ["one.toml", "./two.toml"]\n[[rule]]\ncheck = "DR-04"\nseverity = "low"\n'
    rules = load(write(tmp_path, text)).rules
    assert [(rule.check, rule.origin) for rule in rules] == [
        ("GV-01", "one.toml:2"),
        ("DR-13", "two.toml:2"),
        ("DC-06", "two.toml:4"),
        ("DR-04", "policy.toml:3"),
    ]


def test_paths_are_relative_to_their_own_file(tmp_path: Path) -> None:
    write(tmp_path, _rules("GV-01"), "shared/base.toml")
    write(tmp_path, 'version = 1\nextends = ["../shared/base.toml"]\n' + _rules("DR-04", head=""), "team/team.toml")
    rules = load(write(tmp_path, 'version = 1\nextends = ["team/team.toml"]\n')).rules
    assert [rule.origin for rule in rules] == ["team/../shared/base.toml:2", "team/team.toml:3"]


def test_a_diamond_is_merged_once_at_its_first_position(tmp_path: Path) -> None:
    write(tmp_path, _rules("GV-01") + WAIVER, "base.toml")
    write(tmp_path, 'version = 1\nextends = ["base.toml"]\n' + _rules("DR-04", head=""), "left.toml")
    write(tmp_path, 'version = 1\nextends = ["./base.toml"]\n' + _rules("DR-13", head=""), "right.toml")
    policy = load(write(tmp_path, 'version = 1\nextends = ["left.toml", "right.toml", "base.toml"]\n'))
    assert [rule.check for rule in policy.rules] == ["GV-01", "DR-04", "DR-13"]
    assert len(policy.waivers) == 1


def test_waivers_add_up_and_expired_ones_load(tmp_path: Path) -> None:
    write(tmp_path, _rules("GV-01") + WAIVER, "base.toml")
    policy = load(write(tmp_path, f'version = 1\nextends = ["base.toml"]\n{WAIVER}'))
    assert [waiver.origin for waiver in policy.waivers] == ["base.toml:4", "policy.toml:3"]
    assert policy.waivers[0].expires == date(2020, 2, 1)


def test_a_waiver_may_name_outcomes_and_select_subjects(tmp_path: Path) -> None:
    text = WAIVER.replace('subject = "organization"', 'where = { site = "a*" }\noutcomes = ["stale", "fail"]')
    waiver = load(write(tmp_path, _rules("GV-01") + text)).waivers[0]
    assert waiver.outcomes == (Outcome.STALE, Outcome.FAIL)
    assert waiver.where == Where(site=("a*",))
    assert waiver.subject is None
    assert not waiver.binds_to_value


@pytest.mark.parametrize(
    ("written", "value"),
    [("true", True), ("0", 0), ('""', ""), ("[]", ()), ('["US", "EU"]', ("US", "EU")), ("'US'", "US")],
)
def test_a_waiver_binds_to_any_kind_of_value(tmp_path: Path, written: str, value: object) -> None:
    waiver = load(write(tmp_path, f"{_rules('GV-01')}{WAIVER}observed = {written}\n")).waivers[0]
    assert type(waiver.observed) is type(value)
    assert waiver.observed == value
    assert waiver.binds_to_value


def test_expect_takes_the_shape_of_its_check(tmp_path: Path) -> None:
    text = """
    version = 1
    rule = [
      { check = "DR-01", expect = ["eu", "De"] },
      { check = "DC-01", expect = "off" },
      { check = "DC-02", expect = "Premium" },
      { check = "DC-11", expect = [] },
      { check = "GV-01" },
    ]
    """
    rules = load(write(tmp_path, text)).rules
    assert [rule.expect for rule in rules] == [("eu", "De"), "off", "Premium", (), None]


def test_a_rule_goes_off_with_a_reason(tmp_path: Path) -> None:
    text = 'version = 1\nextends = ["essentials"]\n[[rule]]\ncheck = "GV-06"\nenabled = false\nreason = " no need "\n'
    off = load(write(tmp_path, text)).rules[-1]
    assert (off.check, off.enabled, off.reason) == ("GV-06", False, "no need")


def test_one_rule_that_is_on_somewhere_is_enough(tmp_path: Path) -> None:
    text = """
    version = 1
    [[rule]]
    check = "GV-01"
    [[rule]]
    check = "GV-01"
    where = { site = "test*" }
    enabled = false
    reason = "a playground"
    """
    assert len(load(write(tmp_path, text)).rules) == 2


def test_a_pack_may_extend_packs_and_a_pack_goes_before_a_file_of_its_name(tmp_path: Path) -> None:
    packs = {
        "essentials": 'version = 1\nname = "E"\n' + _rules("GV-01", head=""),
        "no-training": 'version = 1\nname = "N"\nextends = ["essentials"]\n' + _rules("DR-04", head=""),
    }
    write(tmp_path, _rules("DR-13"), "no-training")
    policy = load_with_packs(write(tmp_path, 'version = 1\nextends = ["no-training", "essentials"]'), packs)
    assert [(rule.check, rule.origin) for rule in policy.rules] == [("GV-01", "essentials"), ("DR-04", "no-training")]


def test_a_pack_extends_no_file() -> None:
    packs = {"essentials": 'version = 1\nname = "E"\nextends = ["./base.toml"]\n' + _rules("GV-01", head="")}
    with pytest.raises(PolicyFileError, match=r'essentials:3: key `extends`: there is no pack "\./base\.toml"'):
        load_with_packs(None, packs)


def test_a_circle_of_packs() -> None:
    packs = {
        "essentials": 'version = 1\nextends = ["other"]',
        "other": 'version = 1\nextends = ["essentials"]',
    }
    with pytest.raises(PolicyFileError, match=r"other:2: .*essentials → other → essentials"):
        load_with_packs(None, packs)


def test_a_circle_of_files_is_printed(tmp_path: Path) -> None:
    write(tmp_path, 'version = 1\nextends = ["b.toml"]\n', "a.toml")
    write(tmp_path, 'version = 1\nextends = ["./c/../c/c.toml"]\n', "b.toml")
    write(tmp_path, 'version = 1\nextends = [\n  "../a.toml",\n]\n', "c/c.toml")
    assert problems(write(tmp_path, 'version = 1\nextends = ["a.toml"]\n')) == [
        "./c/../c/c.toml:3: key `extends`: these files extend each other in a circle: "
        "a.toml → b.toml → ./c/../c/c.toml → a.toml; "
        "remove one of them"
    ]


def test_a_file_that_extends_itself(tmp_path: Path) -> None:
    assert problems(write(tmp_path, 'version = 1\nextends = ["policy.toml"]\n')) == [
        "policy.toml:2: key `extends`: these files extend each other in a circle: policy.toml → policy.toml; "
        "remove one of them"
    ]


WAIVER = """\
[[waiver]]
check = "GV-01"
subject = "organization"
reason = "accepted"
requested_by = "a@acme.example"
approved_by = "b@acme.example"
approved_at = 2020-01-01
expires = 2020-02-01
"""


def _rules(*checks: str, head: str = "version = 1\n") -> str:
    return head + "".join(f'[[rule]]\ncheck = "{check}"\n' for check in checks)
