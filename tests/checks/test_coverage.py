"""DR-03, DR-06, DR-14 and the limits: which apps data residency reaches."""

from __future__ import annotations

import pytest

from contribaudit.catalogue.signals import policy_signal
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, Value
from contribaudit.core.model.subject import organization_subject
from tests.builders import (
    ABSENT,
    ORG,
    SETTINGS,
    UNLISTED,
    UNREAD,
    Gone,
    app,
    collection,
    collections,
    facts,
    judge,
    observed,
    policy_list,
    state_of,
)

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
NOT_ACHIEVABLE, CONFLICT = Outcome.NOT_ACHIEVABLE, Outcome.CONFLICT
ORGANIZATION = organization_subject(ORG)


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        ({"plan": "Standard"}, PASS, "plan_allows"),
        ({"plan": "ENTERPRISE"}, PASS, "plan_allows"),
        ({"plan": "Free"}, NOT_ACHIEVABLE, "plan_without_residency"),
        ({"plan": UNREAD}, UNKNOWN, "wrong_type"),
        ({"plan": ABSENT}, UNKNOWN, "not_read"),
        ({"plan": None}, UNKNOWN, "null"),
        ({"plan": ""}, UNKNOWN, "unknown_plan_word"),
        ({"plan": "Platinum"}, UNKNOWN, "unknown_plan_word"),
        ({"plan": "Standard plan"}, UNKNOWN, "unknown_plan_word"),
        ({"plan": ("Standard", "Premium")}, UNKNOWN, "unknown_plan_word"),
        ({"type_key": "sim-novelty"}, UNKNOWN, "unknown_app"),
        ({"type_key": "assets"}, UNKNOWN, "unknown_app"),
        ({"type_key": None}, UNKNOWN, "null"),
        ({"type_key": UNREAD}, UNKNOWN, "wrong_type"),
    ],
)
def test_dr_03_plan_allows(said: dict[str, Value | Gone], outcome: Outcome, code: str) -> None:
    """Only one plan word that the rulebook knows, of an app that can have residency, passes."""
    verdict = judge("DR-03", state_of(*facts(app(), **said)), app())
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize(
    ("type_key", "expect", "outcome", "code"),
    [
        ("trello", ("trello",), PASS, "accepted"),
        ("Trello", ("TRELLO",), PASS, "accepted"),
        ("trello", None, NOT_ACHIEVABLE, "outside_residency"),
        ("trello", (), NOT_ACHIEVABLE, "outside_residency"),
        ("trello", ("loom",), NOT_ACHIEVABLE, "outside_residency"),
        ("sim-novelty", ("sim-novelty",), UNKNOWN, "unknown_app"),
        ("assets", ("assets",), UNKNOWN, "unknown_app"),
        (None, ("trello",), UNKNOWN, "null"),
        (UNREAD, ("trello",), UNKNOWN, "wrong_type"),
    ],
)
def test_dr_06_outside(type_key: Value | Gone, expect: Value, outcome: Outcome, code: str) -> None:
    """An app outside residency passes only by its name in the policy."""
    verdict = judge("DR-06", state_of(*facts(app(), type_key=type_key)), app(), expect)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


LISTED = facts(app())
STRANGER = app("stranger")


@pytest.mark.parametrize(
    ("observations", "outcome", "code"),
    [
        ([policy_list("p-eu"), *LISTED], PASS, "all_listed"),
        ([*LISTED], UNKNOWN, "not_read"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), **UNLISTED)], FAIL, "policy_and_inventory_differ"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), policies=("p-eu", "p-us"))], CONFLICT, "several_policies"),
        ([policy_list(), *facts(app(), **UNLISTED)], FAIL, "no_residency_policy"),
        ([policy_list(), *facts(app(), plan="Free", **UNLISTED)], NOT_ACHIEVABLE, "plan_without_residency"),
        ([policy_list(), *facts(app(), plan=None, **UNLISTED)], UNKNOWN, "unclear_apps"),
        ([policy_list(), *facts(app(), plan="Platinum", **UNLISTED)], UNKNOWN, "unclear_apps"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), plan=None, **UNLISTED)], UNKNOWN, "unclear_apps"),
        (
            [policy_list("p-eu"), *LISTED, *facts(app("b"), plan=("Free", "Premium"), **UNLISTED)],
            UNKNOWN,
            "unclear_apps",
        ),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), type_key="sim-novelty", **UNLISTED)], UNKNOWN, "unclear_apps"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), type_key="assets", **UNLISTED)], UNKNOWN, "unclear_apps"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), type_key=None, **UNLISTED)], UNKNOWN, "unclear_apps"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), type_key="trello", **UNLISTED)], PASS, "all_listed"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), plan="Free", **UNLISTED)], PASS, "all_listed"),
        ([policy_list("p-eu"), *LISTED, *facts(app("b"), type_key="jira-admin", **UNLISTED)], PASS, "all_listed"),
        (
            [policy_list("p-eu"), *LISTED, observed(SETTINGS["policies"], STRANGER, ("p-eu",))],
            FAIL,
            "policy_and_inventory_differ",
        ),
        (
            [policy_list("p-eu"), *LISTED, observed(policy_signal("ip-allowlist").id, STRANGER, ("x",))],
            PASS,
            "all_listed",
        ),
    ],
)
def test_dr_14_policies_list_apps(observations: list[Observation], outcome: Outcome, code: str) -> None:
    """Every app that can be held is in exactly one residency policy, and no residency policy names a stranger."""
    verdict = judge("DR-14", state_of(*observations), ORGANIZATION)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize("collector", ["workspaces", "policies"])
def test_dr_14_half_a_list_is_no_list(collector: str) -> None:
    """With either list read in part only, nothing is said of what is missing from it."""
    runs = collections(collection(collector, "count_mismatch"))
    verdict = judge("DR-14", state_of(policy_list("p-eu"), *LISTED, runs=runs), ORGANIZATION)
    assert verdict.outcome is UNKNOWN
    assert f"{collector} answered count_mismatch" in verdict.reason


def test_dr_11_the_audit_log_is_held_nowhere() -> None:
    """No plan changes it, so nothing read or unread does."""
    assert judge("DR-11", state_of(), ORGANIZATION).outcome is NOT_ACHIEVABLE


@pytest.mark.parametrize("check", ["DR-08"])
def test_a_question_that_nothing_answers_is_unknown(check: str) -> None:
    """Even where everything else was read."""
    verdict = judge(check, state_of(policy_list("p-eu"), *LISTED), ORGANIZATION)
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "not_verifiable_today")
