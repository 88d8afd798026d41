"""What `checks list` and `checks show` say of every check."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from contribaudit import checks, policy_file
from contribaudit.core.judge.check import Check, Parameter, Shape
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.setting import Family
from contribaudit.errors import RulebookError
from contribaudit.exporters.check_page import QUESTIONS, WIDTH, decision_example, listing, page
from tests.builders import CHECKS, RULEBOOK

PARAMETERS = [(check, one) for check in checks.ALL for one in check.parameters]


def test_a_check_without_words_is_named() -> None:
    """Whoever adds a check reads what is missing, and where."""
    few = {name: words for name, words in RULEBOOK.words.items() if name != "DR-05"}
    told = "^DR-05 has no words in rulebook/data/checks/"
    with pytest.raises(RulebookError, match=told):
        listing(checks.ALL, few)
    with pytest.raises(RulebookError, match=told):
        page(CHECKS["DR-05"], replace(RULEBOOK, words=few))


def policy(folder: Path, text: str) -> AuditPolicy:
    """The policy that holds this text and one rule. Raises PolicyFileError."""
    path = folder / "policy.toml"
    rule = "" if "[[rule]]" in text else '\n[[rule]]\ncheck = "GV-06"\n'
    path.write_text(f"version = 1\n{text}\n{rule}", encoding="utf-8")
    return policy_file.load(path, policy_file.KnownWords(RULEBOOK, CHECKS, checks.DECIDABLE))


@pytest.mark.parametrize(("check", "one"), PARAMETERS, ids=lambda one: getattr(one, "id", getattr(one, "key", "")))
def test_every_parameter_has_a_sentence_a_default_and_an_example_that_loads(
    tmp_path: Path, check: Check, one: Parameter
) -> None:
    assert one.means[0].isupper()
    assert not one.means.endswith(".")
    assert len(one.means.split()) > 3
    assert one.takes
    assert one.default
    written = tomllib.loads(one.example)
    loaded = policy(tmp_path, one.example)
    if "rule" in written:
        (rule,) = loaded.rules
        assert rule.check == check.id
        assert getattr(rule, one.key)
    else:
        assert getattr(loaded, one.key)
    shown = page(check, RULEBOOK)
    assert f"Parameter `{one.key}`" in shown
    assert all(line in shown for line in one.example.splitlines())


def test_what_a_rule_may_expect_is_a_parameter() -> None:
    choosing = {check.id for check in checks.ALL if check.expectation.shape is not Shape.NOTHING}
    assert choosing == {check.id for check, one in PARAMETERS if one.key == "expect"}


@pytest.mark.parametrize("check", [check for check in checks.ALL if check.decisions], ids=lambda check: check.id)
def test_a_decision_is_shown_where_a_check_asks_for_one_and_loads(tmp_path: Path, check: Check) -> None:
    """What nobody can observe too: records of processing were updated."""
    for setting in check.decisions:
        (decision,) = policy(tmp_path, decision_example(setting)).decisions
        assert decision.setting == setting
    assert decision_example(check.decisions[0]).splitlines()[1] in page(check, RULEBOOK)


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.id)
def test_the_page_says_everything_in_eighty_columns(check: Check) -> None:
    text = page(check, RULEBOOK)
    words, flat = RULEBOOK.words[check.id], " ".join(text.split())
    assert text.startswith(f"{check.id} {check.slug} ({words.severity})\n{words.title}\n")
    told = (words.question, words.trap, words.remediation, words.console_path, words.source, "; ".join(words.controls))
    assert all(" ".join(one.split()) in flat for one in told)
    assert all(setting in flat for setting in check.reads)
    outcomes = flat.partition(" Outcomes ")[2].partition(" Applies to ")[0]
    assert all((one.words in outcomes) is (one in check.outcomes) for one in Outcome if one is not Outcome.FAIL)
    assert [line for line in text.splitlines() if len(line) > WIDTH and "https://" not in line] == []


def test_the_known_words_are_those_that_the_policy_file_takes() -> None:
    """SP-03 takes locations of sub-processors, and DR-01 those of apps; people call both locations."""
    for check, word in (("SP-03", "GB"), ("DR-01", "EU+UK"), ("DR-06", "trello"), ("DC-06", "enterprise")):
        expectation = CHECKS[check].expectation
        flat = " ".join(page(CHECKS[check], RULEBOOK).split())
        known = flat.partition(f" Known {expectation.known}: ")[2].partition(" Default: ")[0].split(", ")
        assert word in known
        if check != "DC-06":
            assert {one.casefold() for one in known} <= RULEBOOK.vocabularies()[expectation.vocabulary]


def test_the_command_that_writes_a_decision_is_complete() -> None:
    """Pasted as it stands, over two lines."""
    flat = " ".join(page(CHECKS["DC-03"], RULEBOOK).replace("\\\n", "").split())
    assert "contribaudit decide contribution.in_app off --second ciso@acme.example --ticket GRC-207" in flat


def test_the_list_has_every_check_under_the_question_of_its_family() -> None:
    text = listing(checks.ALL, RULEBOOK.words)
    assert max(map(len, text.splitlines())) <= WIDTH
    blocks = [block.splitlines() for block in text.split("\n\n")]
    assert [block[0] for block in blocks] == list(QUESTIONS.values())
    for family, block in zip(QUESTIONS, blocks, strict=True):
        flat = " ".join(" ".join(block).split())
        for check in checks.ALL:
            assert (f"{check.id} {RULEBOOK.words[check.id].severity}" in flat) is (check.family is family)
            assert (check.slug in block[-1] or f"{check.slug} " in flat) is (check.family is family)
    assert {check.family for check in checks.ALL} <= set(QUESTIONS) <= set(Family)


def test_what_the_rulebook_says_cannot_reach_the_terminal() -> None:
    from dataclasses import replace

    words = {**RULEBOOK.words, "DC-03": replace(RULEBOOK.words["DC-03"], title="\x1b]0;x\x07 title")}
    assert "\x1b" not in page(CHECKS["DC-03"], replace(RULEBOOK, words=words))
    assert "\x1b" not in listing(checks.ALL, words)
