"""What a plan cannot give of a policy, and what is left: statements, packs and single rules alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from contribaudit import wiring
from contribaudit.policy_file.plan_limits import Limit, plan_limits
from tests.builders import RULEBOOK


def limits(text: str, word: str) -> list[Limit]:
    plan = RULEBOOK.plan(word)
    assert plan is not None
    return list(plan_limits(wiring.load_policy(Path("policy.toml"), RULEBOOK, text=text), plan, RULEBOOK))


NONE = '[expect]\ncontribution = "none"'
GROUPS = '[expect]\nai = { groups = ["ai-users"] }'
EEA = '[expect]\nlocation = ["EEA"]'


@pytest.mark.parametrize(
    ("text", "plan", "checks"),
    [
        (NONE, "enterprise", []),
        (NONE, "premium", ["DC-01"]),
        (NONE, "standard", ["DC-01"]),
        (NONE, "free", ["DC-01"]),
        (NONE.replace("none", "metadata-only"), "free", []),
        (GROUPS, "enterprise", []),
        (GROUPS, "premium", ["AI-06"]),
        (EEA, "standard", []),
        (EEA, "free", ["DR-02"]),
        ('version = 1\nextends = ["bank"]', "enterprise", []),
        ('version = 1\nextends = ["bank"]', "free", ["DC-01", "AI-06", "DR-02"]),
        ('version = 1\nextends = ["essentials"]', "free", []),
        ('version = 1\n[[rule]]\ncheck = "DR-10"', "premium", ["DR-10"]),
        (f'{NONE}\n[[rule]]\ncheck = "DC-01"\nenabled = false\nreason = "Accepted"', "premium", []),
        (f'version = 1\nextends = ["no-training"]\n{NONE.replace("none", "any")}', "premium", []),
    ],
)
def test_what_the_plan_cannot_give(text: str, plan: str, checks: list[str]) -> None:
    assert [one.check for one in limits(text, plan)] == checks


def test_it_says_what_is_left() -> None:
    (limit,) = limits(NONE, "premium")
    assert limit.origin == "policy.toml:2"
    assert limit.fact == "on the Premium plan metadata contribution cannot be switched off; Enterprise can"
    for way in (
        "Move to Enterprise",
        '[[waiver]] on "Metadata contribution is off" (DC-01)',
        'ai = "blocked"',
        'contribution = "metadata-only"',
    ):
        assert way in limit.left
