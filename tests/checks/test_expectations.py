"""What a policy may expect of each check: a value that the check cannot mean is refused, with what it takes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from contribaudit import policy_file
from contribaudit.checks import DECIDABLE
from contribaudit.core.judge.check import Check, Shape
from contribaudit.core.model.observation import Value
from contribaudit.errors import PolicyFileError
from tests.builders import CHECKS, RULEBOOK

CHOOSING = [check for check in CHECKS.values() if check.expectation.shape is not Shape.NOTHING]
NOT_CHOOSING = [check for check in CHECKS.values() if check.expectation.shape is Shape.NOTHING]


def expected(folder: Path, check: str, value: str) -> Value:
    """What a policy that expects the TOML value holds. Raises PolicyFileError."""
    path = folder / "policy.toml"
    path.write_text(f'version = 1\n[[rule]]\ncheck = "{check}"\nexpect = {value}\n', encoding="utf-8")
    policy = policy_file.load(path, policy_file.KnownWords(RULEBOOK, CHECKS, DECIDABLE))
    return policy.rules[0].expect


def refused(folder: Path, check: str, value: str) -> str:
    with pytest.raises(PolicyFileError) as caught:
        expected(folder, check, value)
    return str(caught.value)


@pytest.mark.parametrize("check", CHOOSING, ids=lambda check: check.id)
def test_what_a_check_says_it_takes_it_takes(tmp_path: Path, check: Check) -> None:
    """Every word of those that are all, every example, and one word of each vocabulary."""
    wanted = check.expectation
    values = [f'"{word}"' for word in wanted.words]
    values += [wanted.example] if wanted.example else []
    if wanted.vocabulary:
        word = min(RULEBOOK.vocabularies()[wanted.vocabulary])
        values.append(f'"{word}"' if wanted.shape is Shape.WORD else f'["{word}"]')
    assert values
    for value in values:
        written = tomllib.loads(f"it = {value}")["it"]
        assert expected(tmp_path, check.id, value) == (tuple(written) if isinstance(written, list) else written)


@pytest.mark.parametrize("check", CHOOSING, ids=lambda check: check.id)
def test_another_shape_is_refused_with_what_it_takes(tmp_path: Path, check: Check) -> None:
    wrong = '["x"]' if check.expectation.shape in (Shape.WORD, Shape.DAYS) else '"x"'
    for value in (wrong, "true", "7"):
        message = refused(tmp_path, check.id, value)
        assert "policy.toml:4: [[rule]] 1, key `expect`: " in message
        assert check.expectation.takes in message


@pytest.mark.parametrize("check", NOT_CHOOSING, ids=lambda check: check.id)
def test_a_check_without_a_choice_takes_none(tmp_path: Path, check: Check) -> None:
    assert "takes no `expect`; remove it" in refused(tmp_path, check.id, '"blocked"')


@pytest.mark.parametrize(
    ("check", "value", "says"),
    [
        ("AI-01", '"opt-in"', 'AI-01 rovo-access-matches-policy cannot expect "opt-in"; it takes one of allowed, '),
        ("AI-01", '"off"', "one of allowed, limited, blocked"),
        ("AI-01", '" blocked"', "one of allowed, limited, blocked"),
        ("AI-04", '"blocked"', "one of on, limited, off"),
        ("AI-05", '"disabled"', "one of on, limited, off"),
        ("AI-18", '"read-only"', "one of allowed, limited, blocked, sandbox"),
        ("AI-22", '"a month"', "a whole number of days"),
        ("AI-22", '"-1"', "a whole number of days"),
        ("DC-20", '"hippa"', "one of none, byok, hipaa, government, isolated, other"),
        ("DC-06", '"enterprize"', "did you mean `enterprise`"),
        ("DR-01", '["EU", "Germnay"]', "did you mean `germany`"),
        ("DR-05", '["Mars"]', "not one of the known locations"),
        ("DR-06", '["bitbuket"]', "did you mean `bitbucket`"),
        ("DC-14", '["rovoo"]', "did you mean `rovo`"),
    ],
)
def test_a_word_that_the_check_cannot_mean_is_refused(tmp_path: Path, check: str, value: str, says: str) -> None:
    assert says in refused(tmp_path, check, value)


def test_case_is_no_mistake(tmp_path: Path) -> None:
    assert expected(tmp_path, "AI-01", '"Blocked"') == "Blocked"
