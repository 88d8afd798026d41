"""DR-01 and DR-13: from what the API says of a realm to the answer."""

from __future__ import annotations

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Unavailable, Value
from tests.builders import ABSENT, UNREAD, Gone, app, collection, collections, facts, judge, state_of, unavailable

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
NOT_ACHIEVABLE = Outcome.NOT_ACHIEVABLE
EU = ("EU",)


@pytest.mark.parametrize(
    ("said", "expect", "outcome", "code"),
    [
        ({"realm": UNREAD}, EU, UNKNOWN, "wrong_type"),
        ({"realm": ABSENT}, EU, UNKNOWN, "not_read"),
        ({"realm": None}, EU, UNKNOWN, "null"),
        ({"realm": ""}, EU, UNKNOWN, "unknown_realm"),
        ({"realm": "EU-2"}, EU, UNKNOWN, "unknown_realm"),
        ({"realm": "eu-central-1"}, EU, UNKNOWN, "unknown_realm"),
        ({"realm": "EU"}, EU, PASS, "realm_allowed"),
        ({"realm": " european UNION "}, EU, PASS, "realm_allowed"),
        ({"realm": "EU"}, ("european union",), PASS, "realm_allowed"),
        ({"realm": "EU"}, ("DE",), FAIL, "realm_not_allowed"),
        ({"realm": "DE"}, EU, FAIL, "realm_not_allowed"),
        ({"realm": "DE"}, ("EEA",), PASS, "realm_allowed"),
        ({"realm": "EU"}, ("eea",), PASS, "realm_allowed"),
        ({"realm": "CH"}, ("EEA",), FAIL, "realm_not_allowed"),
        ({"realm": "GB"}, ("EEA",), FAIL, "realm_not_allowed"),
        ({"realm": "Global"}, EU, FAIL, "realm_not_allowed"),
        ({"realm": "Global"}, ("EEA",), FAIL, "realm_not_allowed"),
        ({"realm": "Global", "policy_realms": EU, "move": "applied"}, EU, FAIL, "realm_not_allowed"),
        ({"realm": "EU"}, (), UNKNOWN, "policy_names_no_realm"),
        ({"realm": "EU"}, None, UNKNOWN, "policy_names_no_realm"),
        ({"realm": "EU"}, ("Atlantis",), UNKNOWN, "policy_names_no_realm"),
        ({"realm": "US", "plan": "Free"}, EU, NOT_ACHIEVABLE, "no_residency"),
        ({"realm": "US", "plan": UNREAD}, EU, FAIL, "realm_not_allowed"),
        ({"realm": "US", "plan": "Platinum"}, EU, FAIL, "realm_not_allowed"),
        ({"realm": None, "plan": "Free"}, EU, NOT_ACHIEVABLE, "no_residency"),
        ({"realm": UNREAD, "plan": "Free"}, EU, UNKNOWN, "wrong_type"),
        ({"realm": "Atlantis", "plan": "Free"}, EU, UNKNOWN, "unknown_realm"),
        ({"realm": "US", "type_key": "trello"}, EU, NOT_ACHIEVABLE, "no_residency"),
        ({"realm": None, "type_key": "trello"}, EU, NOT_ACHIEVABLE, "no_residency"),
        ({"realm": None, "type_key": UNREAD}, EU, UNKNOWN, "null"),
        ({"realm": "EU", "type_key": "sim-novelty"}, EU, PASS, "realm_allowed"),
    ],
)
def test_dr_01_realm(said: dict[str, Value | Gone], expect: Value, outcome: Outcome, code: str) -> None:
    """Only a realm that the rulebook knows and the policy names passes."""
    verdict = judge("DR-01", state_of(*facts(app(), **said)), app(), expect)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize(
    ("regions", "realm", "outcome", "code"),
    [
        (unavailable(names.REGIONS, app()), "EU", UNKNOWN, "wrong_type"),
        (unavailable(names.REGIONS, app(), "contradicting_entries"), "EU", UNKNOWN, "contradicting_entries"),
        (unavailable(names.REGIONS, app(), "missing_key"), "EU", PASS, "realm_allowed"),
        (unavailable(names.REGIONS, app()), "US", FAIL, "realm_not_allowed"),
    ],
)
def test_dr_01_regions_that_were_told_and_not_read_may_lie_elsewhere(
    regions: Unavailable, realm: str, outcome: Outcome, code: str
) -> None:
    verdict = judge("DR-01", state_of(*facts(app(), realm=realm), regions), app(), EU)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


SANDBOX = app("sandbox")


@pytest.mark.parametrize(
    ("sandbox", "parent", "outcome", "code"),
    [
        ({}, {}, PASS, "same_realm"),
        ({"sandbox": "child"}, {"sandbox": "none"}, PASS, "same_realm"),
        ({"realm": "US"}, {}, FAIL, "other_realm"),
        ({"realm": "european union"}, {}, PASS, "same_realm"),
        ({"realm": None}, {}, UNKNOWN, "null"),
        ({"realm": None}, {"realm": None}, UNKNOWN, "null"),
        ({"realm": UNREAD}, {}, UNKNOWN, "wrong_type"),
        ({"realm": "Atlantis"}, {"realm": "Atlantis"}, UNKNOWN, "unknown_realm"),
        ({}, {"realm": None}, UNKNOWN, "parent_not_known"),
        ({}, {"realm": UNREAD}, UNKNOWN, "parent_not_known"),
        ({}, {"realm": "Atlantis"}, UNKNOWN, "parent_not_known"),
        ({}, {"type_key": "jira-software"}, UNKNOWN, "parent_not_known"),
        ({}, {"sandbox": "CHILD"}, UNKNOWN, "parent_not_known"),
        ({"type_key": None}, {"type_key": UNREAD}, UNKNOWN, "parent_not_known"),
        ({"type_key": UNREAD}, {}, UNKNOWN, "parent_not_known"),
        ({"sandbox": None}, {}, UNKNOWN, "null"),
        ({"sandbox": UNREAD}, {}, UNKNOWN, "wrong_type"),
        ({"sandbox": "COPY"}, {}, UNKNOWN, "unknown_word"),
        ({"parent": app("parent").id}, {"type_key": "jira-software"}, PASS, "same_realm"),
        ({"parent": app("parent").id, "realm": "US"}, {}, FAIL, "other_realm"),
        ({"parent": app("nobody").id}, {}, UNKNOWN, "parent_not_known"),
        ({"parent": SANDBOX.id}, {}, UNKNOWN, "parent_not_known"),
    ],
)
def test_dr_13_sandbox_realm(
    sandbox: dict[str, Value | Gone], parent: dict[str, Value | Gone], outcome: Outcome, code: str
) -> None:
    """A sandbox passes only beside a parent whose realm is known and the same."""
    state = state_of(*facts(app("parent"), **parent), *facts(SANDBOX, **{"sandbox": "CHILD", **sandbox}))
    verdict = judge("DR-13", state, SANDBOX)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"sandbox": "NONE"}, "parent_not_known"),
        ({"sandbox": None}, "parent_not_known"),
        ({"sandbox": UNREAD}, "parent_not_known"),
        ({"sandbox": "COPY"}, "parent_not_known"),
        ({"type_key": UNREAD}, "parent_not_known"),
        ({"sandbox": "CHILD"}, "same_realm"),
        ({"type_key": "jira-software"}, "same_realm"),
    ],
)
def test_dr_13_another_app_that_may_be_the_parent_leaves_it_open(other: dict[str, Value | Gone], code: str) -> None:
    """One in another realm takes the pass away, unless it surely is no parent; a named parent settles it."""
    others = [*facts(app("parent")), *facts(app("other"), **{"realm": "US", **other})]
    verdict = judge("DR-13", state_of(*others, *facts(SANDBOX, sandbox="CHILD")), SANDBOX)
    assert verdict.reason_code == code, verdict.reason
    named = facts(SANDBOX, sandbox="CHILD", parent=app("parent").id)
    assert judge("DR-13", state_of(*others, *named), SANDBOX).outcome is PASS


def test_dr_13_an_unread_part_of_the_list_may_hold_the_parent() -> None:
    """With a partial list of apps, the ones that were read do not stand for the parent."""
    state = state_of(
        *facts(app("parent")),
        *facts(SANDBOX, sandbox="CHILD"),
        runs=collections(collection("workspaces", "count_mismatch")),
    )
    assert judge("DR-13", state, SANDBOX).outcome is UNKNOWN
