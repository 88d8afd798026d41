"""Every kind of mistake: the file, the line, the key, and what to write instead."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit import policy_file
from contribaudit.checks import DECIDABLE
from contribaudit.errors import PolicyFileError

from .policy_builders import (
    DECISION,
    DOCUMENTED,
    KNOWN,
    RULE,
    WAIVER,
    load,
    problems,
    table,
    write,
)

NO_PERSON = "the person who asks for a waiver cannot approve it; name another"
NO_VALUE = "expected a text, a whole number, true, false or a list of texts"


def test_no_mistake_no_problem(tmp_path: Path) -> None:
    text = "version = 1\n" + RULE + table("waiver", WAIVER, {}) + table("decision", DECISION, {})
    assert problems(write(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "policy.toml:1: key `version`: is required and missing"),
        (
            "version = 2\nnonsense = 3",
            "policy.toml:1: key `version`: this contribaudit reads version 1, the file says 2",
        ),
        ('version = "1"', "policy.toml:1: key `version`: expected a whole number, version = 1"),
        ("version = true", "policy.toml:1: key `version`: expected a whole number, version = 1"),
        ("version = 1\n\nnam = 1", "policy.toml:3: key `nam`: unknown key; did you mean `name`?"),
        ("version = 1\nname = 3", "policy.toml:2: key `name`: expected text in quotes"),
        ('version = 1\nname = " "', "policy.toml:2: key `name`: must not be empty"),
        ('version = 1\nextends = "essentials"', "policy.toml:2: key `extends`: expected a list, in [ ]"),
        (
            'version = 1\nextends = ["essentails"]',
            'policy.toml:2: key `extends`: there is no pack "essentails"; did you mean `essentials`?',
        ),
        (
            'version = 1\nextends = [\n  "essentials",\n  "zzz",\n]',
            'policy.toml:4: key `extends`: there is no pack "zzz"; a path has a / or ends in .toml, '
            "the shipped packs are essentials, no-training, hipaa, eu-residency, sub-processors, bank",
        ),
        (
            'version = 1\nextends = ["no.toml"]',
            "policy.toml:2: key `extends`: no.toml: there is no such file",
        ),
        (
            'version = 1\nextends = ["./a\\u0000"]',
            "policy.toml:2: key `extends`: ./a\\u0000: it cannot be read (the path cannot be opened)",
        ),
        (
            'version = 1\nwritten_for_plan = "enterprse"',
            'policy.toml:2: key `written_for_plan`: "enterprse" is not a plan; did you mean `enterprise`?',
        ),
        (
            'version = 1\nwritten_for_plan = "xyz"',
            'policy.toml:2: key `written_for_plan`: "xyz" is not a plan; choose from enterprise, free, premium, '
            "standard",
        ),
        ("version = 1\n[rule]\n", "policy.toml:2: key `rule`: write [[rule]], in double brackets"),
        ("version = 1\nrule = [3]\n", "policy.toml:2: [[rule]] 1: expected a table, { key = value }"),
        ("version = 1\nevidence = 3\n", "policy.toml:2: key `evidence`: expected a table, { key = value }"),
        (
            'version = 1\n"k\\u001b[31m" = 1',
            "policy.toml:2: key `k\\u001b[31m`: unknown key; choose from decision, evidence, expect, extends, name, "
            "organization, rule, version, waiver, written_for_plan",
        ),
    ],
)
def test_mistakes_in_the_head(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(write(tmp_path, text))
    assert found == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acept = []", "policy.toml:3: [evidence], key `acept`: unknown key; did you mean `accept`?"),
        ('accept = "documented"', "policy.toml:3: [evidence], key `accept`: expected a list, in [ ]"),
        (
            "accept = []",
            "policy.toml:3: [evidence], key `accept`: the list is empty; remove the key to keep the default",
        ),
        (
            'accept = ["attestd"]',
            'policy.toml:3: [evidence], key `accept`: "attestd" is not a grade that counts as evidence; '
            "did you mean `attested`?",
        ),
        (
            'accept = ["predicted"]',
            'policy.toml:3: [evidence], key `accept`: "predicted" is not a grade that counts as evidence; '
            "choose from attested, decoded, documented, inferred",
        ),
        (
            "accept = [1]",
            "policy.toml:3: [evidence], key `accept`: expected a grade that counts as evidence, in quotes",
        ),
        ("max_age_days = 3", "policy.toml:3: [evidence], key `max_age_days`: expected a table, { key = value }"),
        (
            "max_age_days = { attested = 0 }",
            "policy.toml:3: [evidence], key `max_age_days.attested`: must be more than 0",
        ),
        (
            "max_age_days = { attested = 36501 }",
            "policy.toml:3: [evidence], key `max_age_days.attested`: must not be more than 36500",
        ),
        (
            "max_age_days = { attested = 1.5 }",
            "policy.toml:3: [evidence], key `max_age_days.attested`: expected a whole number",
        ),
        (
            "max_age_days = { attested = true }",
            "policy.toml:3: [evidence], key `max_age_days.attested`: expected a whole number",
        ),
        (
            "\n[evidence.max_age_days]\n\nattestd = 3",
            "policy.toml:6: [evidence], key `max_age_days.attestd`: unknown key; did you mean `attested`?",
        ),
        (
            "max_age_days.inferred = -1",
            "policy.toml:3: [evidence], key `max_age_days.inferred`: must be more than 0",
        ),
        (
            'screenshot = "hgih"',
            'policy.toml:3: [evidence], key `screenshot`: "hgih" is not a severity or never; did you mean `high`?',
        ),
        (
            "second_person = true",
            "policy.toml:3: [evidence], key `second_person`: expected a severity or never, in quotes",
        ),
    ],
)
def test_mistakes_in_evidence(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(write(tmp_path, f"version = 1\n[evidence]\n{text}\n{RULE}")) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severty = "high"', ":6: [[rule]] 2, key `severty`: unknown key; did you mean `severity`?"),
        (
            'severity = "urgent"',
            ':6: [[rule]] 2, key `severity`: "urgent" is not a severity; choose from critical, high, info, low, medium',
        ),
        ('enabled = "no"', ":6: [[rule]] 2, key `enabled`: expected true or false, without quotes"),
        ("enabled = false", ":4: [[rule]] 2, key `reason`: a rule that is switched off needs a reason"),
        ('enabled = false\nreason = " "', ":7: [[rule]] 2, key `reason`: must not be empty"),
        ('enabled = false\nreason = ""', ":7: [[rule]] 2, key `reason`: a rule that is switched off needs a reason"),
        ("where = 3", ":6: [[rule]] 2, key `where`: expected a table, { key = value }"),
        ('where = { ap = "x" }', ":6: [[rule]] 2, key `where.ap`: unknown key; did you mean `app`?"),
        ("where = { app = 3 }", ":6: [[rule]] 2, key `where.app`: expected a text or a list of texts"),
        ('where = { app = ["a", 3] }', ":6: [[rule]] 2, key `where.app`: expected a text or a list of texts"),
        (
            "where = { app = [] }",
            ":6: [[rule]] 2, key `where.app`: an empty list selects nothing; remove the key to select everything",
        ),
        ('where.site = ""', ":6: [[rule]] 2, key `where.site`: an empty text selects nothing"),
        (
            '[rule.where]\n# [[rule]]\nsandbox = "no"',
            ":8: [[rule]] 2, key `where.sandbox`: expected true or false, without quotes",
        ),
        ("max_age_days = { attested = 0 }", ":6: [[rule]] 2, key `max_age_days.attested`: must be more than 0"),
        (
            'accept = ["documnted"]',
            ':6: [[rule]] 2, key `accept`: "documnted" is not a grade that counts as evidence; '
            "did you mean `documented`?",
        ),
        ('expect = "x"', ":6: [[rule]] 2, key `expect`: GV-01 evidence-recent takes no `expect`; remove it"),
    ],
)
def test_mistakes_in_a_rule(tmp_path: Path, text: str, expected: str) -> None:
    """The second rule is wrong: its place is told apart from the first one's."""
    before = 'version = 1\n[[rule]]\ncheck = "DR-01"\n[["rule"]] # [[rule]] {\ncheck = "GV-01"\n'
    assert problems(write(tmp_path, before)) == []
    assert problems(write(tmp_path, before + text)) == [f"policy.toml{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('expect = ["EU"]', ":3: [[rule]] 1, key `check`: is required and missing"),
        ("check = 3", ":4: [[rule]] 1, key `check`: expected text in quotes"),
        ('check = "DR-1"', ':4: [[rule]] 1, key `check`: this version has no check "DR-1"; did you mean `DR-01`?'),
        (
            'check = "app-location-alowed"',
            ':4: [[rule]] 1, key `check`: this version has no check "app-location-alowed"; '
            "did you mean `app-location-allowed`?",
        ),
        (
            'check = "app-location-*"',
            ':4: [[rule]] 1, key `check`: this version has no check "app-location-*"; '
            "did you mean `app-location-allowed`?",
        ),
        (
            'check = "XX\\u001b"\nexpect = 3',
            ':4: [[rule]] 1, key `check`: this version has no check "XX\\u001b"; `contribaudit checks list` names them',
        ),
        (
            'check = "DR-01"\nexpect = "EU"',
            ":5: [[rule]] 1, key `expect`: DR-01 app-location-allowed takes a list of known locations",
        ),
        (
            'check = "DR-01"\nexpect = ["EU", 3]',
            ":5: [[rule]] 1, key `expect`: DR-01 app-location-allowed takes a list of known locations",
        ),
        (
            'check = "DR-01"\nexpect = ["EU", "USS"]',
            ':5: [[rule]] 1, key `expect`: "USS" is not one of the known locations; did you mean `us`?',
        ),
        (
            'check = "DC-01"\nexpect = ["on"]',
            ":5: [[rule]] 1, key `expect`: DC-01 metadata-contribution-off takes a word in quotes",
        ),
        ('check = "DC-01"\nexpect = " "', ":5: [[rule]] 1, key `expect`: a word must not be empty"),
        (
            'check = "DC-02"\nexpect = "gold"',
            ':5: [[rule]] 1, key `expect`: "gold" is not one of the known plans; '
            "choose from enterprise, free, premium, standard",
        ),
    ],
)
def test_mistakes_in_check_and_expect(tmp_path: Path, text: str, expected: str) -> None:
    assert problems(write(tmp_path, f"version = 1\n\n[[rule]]\n{text}\n")) == [f"policy.toml{expected}"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("check", "", "4: [[waiver]] 1, key `check`: is required and missing"),
        ("reason", "", "4: [[waiver]] 1, key `reason`: is required and missing"),
        ("requested_by", "", "4: [[waiver]] 1, key `requested_by`: is required and missing"),
        ("approved_by", "", "4: [[waiver]] 1, key `approved_by`: is required and missing"),
        ("approved_at", "", "4: [[waiver]] 1, key `approved_at`: is required and missing"),
        ("expires", "", "4: [[waiver]] 1, key `expires`: is required and missing"),
        (
            "subject",
            "",
            "4: [[waiver]] 1, key `where`: a waiver names what it covers; give `subject` or `where`",
        ),
        ("where", '{ site = "a*" }', "12: [[waiver]] 1, key `where`: a waiver takes `subject` or `where`, not both"),
        (
            "check",
            '"DR-99"',
            '5: [[waiver]] 1, key `check`: this version has no check "DR-99"; `contribaudit checks list` names them',
        ),
        ("subject", '""', "6: [[waiver]] 1, key `subject`: must not be empty"),
        ("approved_by", '"\\u202e \\u200b"', "9: [[waiver]] 1, key `approved_by`: must not be empty"),
        ("approved_by", '"\\u0456t@acme.example"', f"9: [[waiver]] 1, key `approved_by`: {NO_PERSON}"),
        ("approved_by", '" IT@acme.example"', f"9: [[waiver]] 1, key `approved_by`: {NO_PERSON}"),
        (
            "approved_at",
            '"2026-11-02"',
            "10: [[waiver]] 1, key `approved_at`: write a date without quotes: 2027-01-31",
        ),
        ("expires", "2026-11-01", "11: [[waiver]] 1, key `expires`: 2026-11-01 is before `approved_at`, 2026-11-02"),
        (
            "expires",
            "2027-01-31T10:00:00Z",
            "11: [[waiver]] 1, key `expires`: expected a day without a time, 2027-01-31",
        ),
        ("expires", "10:00:00", "11: [[waiver]] 1, key `expires`: expected a date: 2027-01-31"),
        (
            "outcomes",
            '["pass"]',
            '12: [[waiver]] 1, key `outcomes`: "pass" is not an outcome that can be waived; choose from conflict, '
            "exempt, fail, no_such_setting, not_achievable, not_yet_effective, pending, stale, unknown",
        ),
        (
            "outcomes",
            '["fial"]',
            '12: [[waiver]] 1, key `outcomes`: "fial" is not an outcome that can be waived; did you mean `fail`?',
        ),
        ("review_every_days", "0", "12: [[waiver]] 1, key `review_every_days`: must be more than 0"),
        ("observed", "1.5", f"12: [[waiver]] 1, key `observed`: {NO_VALUE}"),
        ("observed", "[1]", f"12: [[waiver]] 1, key `observed`: {NO_VALUE}"),
        ("observed", "9223372036854775808", f"12: [[waiver]] 1, key `observed`: {NO_VALUE}"),
        ("expire", "2027-01-31", "12: [[waiver]] 1, key `expire`: unknown key; did you mean `expires`?"),
    ],
)
def test_mistakes_in_a_waiver(tmp_path: Path, key: str, value: str, expected: str) -> None:
    text = f"version = 1\n{RULE}{table('waiver', WAIVER, {key: value})}"
    assert problems(write(tmp_path, text)) == [f"policy.toml:{expected}"]


@pytest.mark.parametrize("where", ["{}", '{ site = "*" }', '{ app = ["jira*", "**"] }', '{ plan = "?*", site = "*" }'])
def test_a_waiver_of_everything_is_refused(tmp_path: Path, where: str) -> None:
    text = f"version = 1\n{RULE}{table('waiver', WAIVER, {'subject': '', 'where': where})}"
    assert problems(write(tmp_path, text)) == [
        "policy.toml:11: [[waiver]] 1, key `where`: selects everything; a waiver names what it covers"
    ]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        *((key, "", f"4: [[decision]] 1, key `{key}`: is required and missing") for key in DECISION),
        *(
            ("second", who, "8: [[decision]] 1, key `second`: a decision needs two people; name another than `by`")
            for who in (
                '"DPO@acme.example"',
                '"The DPO <dpo@acme.example>"',
                '"dpo@acme.example (DPO)"',
                '"mailto:dpo@acme.example"',
            )
        ),
        (
            "setting",
            '"contribution.inapp"',
            '5: [[decision]] 1, key `setting`: this version has no setting "contribution.inapp"; '
            "did you mean `contribution.in_app`?",
        ),
        ("value", "2026-01-01", f"6: [[decision]] 1, key `value`: {NO_VALUE}"),
        (
            "value",
            '"maybe"',
            '6: [[decision]] 1, key `value`: contribution.in_app cannot be "maybe"; it takes "on" or "off"',
        ),
        *(
            ("value", value, '6: [[decision]] 1, key `value`: contribution.in_app takes "on" or "off"')
            for value in ("false", "0", "[]", '["off"]')
        ),
        ("date", '"2026-06-02"', "9: [[decision]] 1, key `date`: write a date without quotes: 2027-01-31"),
    ],
)
def test_mistakes_in_a_decision(tmp_path: Path, key: str, value: str, expected: str) -> None:
    text = f"version = 1\n{RULE}{table('decision', DECISION, {key: value})}"
    assert problems(write(tmp_path, text)) == [f"policy.toml:{expected}"]


@pytest.mark.parametrize(
    ("setting", "value", "takes"),
    [
        ("contribution.metadata", "true", '"on", "off" or "always"'),
        (
            "contribution.in_app.included",
            '"app:acme.atlassian.net/confluence"',
            "a list of texts; [] is the empty list",
        ),
        ("residency.default_realm", '["EU"]', "a text"),
        ("trial.ends_on", '"soon"', 'a date in quotes: "2027-01-31"'),
        ("spaces.count", "true", "a whole number"),
        ("contribution.in_app.included", "[]", ""),
        ("residency.default_realm", '"EU"', ""),
        ("trial.ends_on", '"2027-01-31"', ""),
        ("spaces.count", "12", ""),
        ("app.status", '"a word of a later version"', ""),
        ("governance.records", '"updated"', ""),
    ],
)
def test_a_decision_takes_only_values_that_its_setting_can_have(
    tmp_path: Path, setting: str, value: str, takes: str
) -> None:
    """Settings that a source reports, and what only a policy states, take any value."""
    known = replace(KNOWN, decidable=DECIDABLE)
    decision = table("decision", DECISION, {"setting": f'"{setting}"', "value": value})
    path = write(tmp_path, f"version = 1\n{RULE}{decision}")
    if not takes:
        assert policy_file.load(path, known).decisions[0].setting == setting
        return
    with pytest.raises(PolicyFileError, match=re.escape(f"key `value`: {setting} takes {takes}")):
        policy_file.load(path, known)


def test_a_decision_in_capitals_is_the_same_decision(tmp_path: Path) -> None:
    decision = table("decision", DECISION, {"value": '" OFF"'})
    path = write(tmp_path, f"version = 1\n{RULE}{decision}")
    assert load(path).decisions[0].value == "off"


def test_the_same_rule_twice_names_both_lines(tmp_path: Path) -> None:
    """Order and case of the selectors make no other rule; another selector does."""
    one = '[[rule]]\ncheck = "DR-01"\nwhere = { app = ["a", "B"], site = "x" }\n'
    same = '[[rule]]\ncheck = "DR-01"\n[rule.where]\nsite = ["X"]\napp = ["b", "A"]\n'
    other = '[[rule]]\ncheck = "DR-01"\nwhere = { app = ["a", "b"], site = "x", sandbox = false }\n'
    assert problems(write(tmp_path, f"version = 1\n{one}{other}{same}")) == [
        "policy.toml:8: [[rule]] 3: DR-01 with the same `where` is already on line 2; keep one"
    ]
    assert problems(write(tmp_path, 'version = 1\nrule = [{ check = "DR-01" }, { check = "DR-01" }]')) == [
        "policy.toml:2: [[rule]] 2: DR-01 with the same `where` is already on line 2; keep one"
    ]


def test_every_mistake_of_all_files_is_told_at_once(tmp_path: Path) -> None:
    """In the order of their lines, the file itself first."""
    write(tmp_path, "version = 1\nfirst = 1\nname = 2\n", "base.toml")
    text = f"version = 1\nnam = 1\nextends = ['base.toml', 'zz']\n{RULE}severty = 1\n{RULE}"
    assert [problem.split(":")[:2] for problem in problems(write(tmp_path, text))] == [
        ["policy.toml", "2"],
        ["policy.toml", "3"],
        ["policy.toml", "6"],
        ["base.toml", "2"],
        ["base.toml", "3"],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version = 1\nname = \n", "policy.toml:2: column 8: this is not TOML: invalid value"),
        (
            "version = 1\r\n\r\nname x\r\n",
            "policy.toml:3: column 6: this is not TOML: expected '=' after a key in a key/value pair",
        ),
        ("version = 1\nname = 1\nname = 2\n", "policy.toml:3: column 9: this is not TOML: cannot overwrite a value"),
        ("version = 1\nname = [1,\n", "policy.toml:2: this is not TOML: invalid value, and the file ends"),
        ("version = 1\nexpires = 2027-02-30\n", "policy.toml:2: column 11: this is not TOML: invalid date or datetime"),
        ("version = " + "1" * 5000, "policy.toml:1: this is not TOML: a number has too many digits"),
        ("\na = " + "[" * 50_000, "policy.toml:2: this is not TOML: lists or tables are nested too deeply"),
        ("a = " + "[" * 30 + "]" * 30, None),
    ],
)
def test_a_text_that_is_not_toml(tmp_path: Path, text: str, expected: str | None) -> None:
    found = problems(write(tmp_path, text))
    if expected is not None:
        assert found == [expected]
    else:
        assert "key `a`: unknown key" in " ".join(found)


@settings(max_examples=150)
@given(st.integers(0, len(DOCUMENTED)), st.integers(0, 12), st.text(alphabet="\"'[]{}=#,.\\\n1a- \x00é", max_size=4))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(start: int, length: int, instead: str) -> None:
    text = DOCUMENTED[:start] + instead + DOCUMENTED[start + length :]
    with TemporaryDirectory() as folder:
        path = write(Path(folder), text)
        assert all(problem.startswith("policy.toml:") for problem in problems(path))


def test_a_missing_file(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "policy.toml") == "there is no such file"


def test_a_folder(tmp_path: Path) -> None:
    assert _refusal(tmp_path) == "this is a folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path, "version = 1")
    path.chmod(0)
    assert _refusal(path) == "it is not readable for this account"


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.symlink_to(path)
    assert "it cannot be read" in _refusal(path)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes('version = 1\nname = "Zürich"'.encode("latin-1"))
    assert _refusal(path) == "line 2 is not UTF-8"


def test_a_file_of_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"#" * 10_000_000)
    assert _refusal(path) == "it is larger than 1 MB"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert problems(write(tmp_path, f"\ufeffversion = 1\r\n{RULE}")) == []


@pytest.mark.parametrize(
    "text",
    [
        "version = 1",
        f'version = 1\n{RULE}enabled = false\nreason = "not yet"',
        f'version = 1\nextends = ["base.toml"]\n{RULE}enabled = false\nreason = "not yet"',
    ],
)
def test_a_policy_that_asks_for_nothing(tmp_path: Path, text: str) -> None:
    """Also where a rule that is off takes out every rule of its check."""
    write(tmp_path, f"version = 1\n{RULE}where = {{ app = 'confluence' }}\n", "base.toml")
    assert problems(write(tmp_path, text)) == ["policy.toml: the policy asks for no check"]


def _refusal(path: Path) -> str:
    with pytest.raises(PolicyFileError) as caught:
        load(path)
    assert caught.value.hint
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(f"{path}: ")
    return caught.value.message.removeprefix(f"{path}: ")
