"""The shipped packs under the real checks: they load, and every rule says why it is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from contribaudit import policy_file
from contribaudit.checks import DECIDABLE
from contribaudit.core.model.finding import Severity
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.policy_file import reading
from tests.builders import CHECKS, RULEBOOK


def load(folder: Path, pack: str) -> AuditPolicy:
    """A policy of this pack alone."""
    path = folder / "policy.toml"
    path.write_text(f'version = 1\nextends = ["{pack}"]\n', encoding="utf-8")
    return policy_file.load(path, policy_file.KnownWords(RULEBOOK, CHECKS, DECIDABLE))


@pytest.mark.parametrize("pack", reading.NAMES)
def test_a_pack_loads_and_every_rule_has_a_reason(tmp_path: Path, pack: str) -> None:
    policy = load(tmp_path, pack)
    assert policy.rules
    assert all(rule.reason.endswith(".") and rule.enabled for rule in policy.rules)
    shipped = next(one for one in reading.shipped() if one.name == pack)
    assert len(shipped.description) > 100


@pytest.mark.parametrize("pack", reading.NAMES)
def test_no_pack_asks_the_same_twice(pack: str) -> None:
    shipped = next(one for one in reading.shipped() if one.name == pack)
    asked = [rule["check"] for rule in tomllib.loads(shipped.text)["rule"]]
    assert len(asked) == len(set(asked))


def test_essentials_wants_nothing_that_a_plan_lacks(tmp_path: Path) -> None:
    """No rule of it can be `not_achievable`, and none wants a contribution switch in a position."""
    asked = {rule.check for rule in load(tmp_path, "essentials").rules}
    assert asked.isdisjoint({"DC-01", "DC-02", "DC-03", "AI-01", "DR-01", "DR-02", "DR-11"})


def test_bank_holds_what_it_puts_together(tmp_path: Path) -> None:
    """Everything of the three packs, all AI checks but AI-19 and AI-20's own, and the strictest evidence."""
    bank = load(tmp_path, "bank")
    asked = {rule.check for rule in bank.rules}
    for part in ("essentials", "no-training", "eu-residency"):
        assert {rule.check for rule in load(tmp_path, part).rules} <= asked
    assert {check for check in CHECKS if check.startswith("AI-")} - asked == {"AI-19"}
    assert (bank.evidence.screenshot, bank.evidence.second_person) == (Severity.CRITICAL, Severity.CRITICAL)
