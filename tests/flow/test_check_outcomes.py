"""The outcome tables as a whole: a case for every outcome that a check claims, and none that it does not."""

from __future__ import annotations

from collections import defaultdict

from contribaudit import checks
from contribaudit.core.model.finding import Outcome
from tests.flow import (
    test_outcomes_access_and_governance,
    test_outcomes_ai,
    test_outcomes_contribution,
    test_outcomes_departed,
    test_outcomes_evidence,
    test_outcomes_lists,
    test_outcomes_pinning,
    test_outcomes_realm,
    test_outcomes_spaces,
    test_outcomes_sub_processors,
    test_outcomes_switches,
    test_outcomes_trail,
)

CASES = (
    *test_outcomes_contribution.CASES,
    *test_outcomes_departed.CASES,
    *test_outcomes_evidence.CASES,
    *test_outcomes_access_and_governance.CASES,
    *test_outcomes_realm.CASES,
    *test_outcomes_pinning.CASES,
    *test_outcomes_switches.CASES,
    *test_outcomes_lists.CASES,
    *test_outcomes_spaces.CASES,
    *test_outcomes_ai.CASES,
    *test_outcomes_trail.CASES,
    *test_outcomes_sub_processors.CASES,
)


BESIDE_THE_GATEWAY = {"DR-01": {Outcome.CONFLICT}}
"""What the organization's API alone cannot bring about: tests/flow/test_second_witness.py has the cases."""


def test_every_claimed_outcome_has_a_case_and_no_other_is_claimed() -> None:
    """The table and the checks name the same outcomes, check by check."""
    table: dict[str, set[Outcome]] = defaultdict(set)
    for case in CASES:
        table[case.check].add(case.outcome)
    claimed = {check.id: set(check.outcomes) - BESIDE_THE_GATEWAY.get(check.id, set()) for check in checks.ALL}
    assert dict(table) == claimed


def test_a_check_that_is_not_verifiable_claims_only_unknown() -> None:
    """The checks that nothing answers today are listed by name, so that one more is noticed."""
    silent = {check.id for check in checks.ALL if not check.verifiable}
    assert silent == {"DR-08"}
    assert all(check.outcomes == {Outcome.UNKNOWN} for check in checks.ALL if check.id in silent)


def test_no_check_claims_waived_as_its_own_answer() -> None:
    """`waived` is what a waiver makes of a finding, never a check's own word."""
    assert not any(Outcome.WAIVED in check.outcomes for check in checks.ALL)
