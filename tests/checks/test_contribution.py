"""DC-06, DC-10, DC-18, AI-20: plans, coverage, and apps without a setting."""

from __future__ import annotations

import pytest

from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Value
from contribaudit.core.model.subject import COMPANY, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import (
    ABSENT,
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    UNREAD,
    Gone,
    aged,
    app,
    collection,
    collections,
    evaluated,
    facts,
    judge,
    policy_of,
    rule,
    snapshot,
    state_of,
)

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
NO_SUCH_SETTING = Outcome.NO_SUCH_SETTING
ORGANIZATION = organization_subject(ORG)


@pytest.mark.parametrize(
    ("one", "two", "wanted", "outcome", "code"),
    [
        ("Standard", "Standard", "standard", PASS, "plan_as_expected"),
        ("Standard", "Premium", "premium", PASS, "plan_as_expected"),
        ("Standard", "Premium", "standard", FAIL, "other_plan"),
        ("Free", "Free", "free", PASS, "plan_as_expected"),
        ("Standard", None, "standard", UNKNOWN, "plan_not_told"),
        ("Standard", UNREAD, "standard", UNKNOWN, "plan_not_told"),
        ("Free", None, "free", UNKNOWN, "plan_not_told"),
        (None, None, "free", UNKNOWN, "plan_not_told"),
        ("Enterprise", None, "enterprise", PASS, "plan_as_expected"),
        ("Enterprise", UNREAD, "enterprise", PASS, "plan_as_expected"),
        ("Enterprise", "Platinum", "enterprise", PASS, "plan_as_expected"),
        ("Enterprise", "Business + AI", "premium", FAIL, "other_plan"),
        ("Premium", "Platinum", "premium", UNKNOWN, "unknown_plan_word"),
        ("Premium", "Platinum", "enterprise", UNKNOWN, "unknown_plan_word"),
        ("Premium", "Platinum", "standard", FAIL, "plan_above_expected"),
        ("Premium", None, "free", FAIL, "plan_above_expected"),
        ("Standard", "Platinum", "standard", UNKNOWN, "unknown_plan_word"),
        ("Standard", "", "standard", UNKNOWN, "unknown_plan_word"),
        (("Standard", "Premium"), "Free", "premium", PASS, "plan_as_expected"),
        (("Standard", "Premium"), "Free", "standard", FAIL, "other_plan"),
        (("Standard", "Platinum"), "Free", "standard", UNKNOWN, "unknown_plan_word"),
        ("Standard", "Standard", None, UNKNOWN, "policy_names_no_plan"),
    ],
)
def test_dc_06_highest_plan(
    one: Value | Gone, two: Value | Gone, wanted: str | None, outcome: Outcome, code: str
) -> None:
    """The highest plan of all apps decides; a word or an app that tells none leaves it open."""
    state = state_of(*facts(app("a"), plan=one), *facts(app("b"), plan=two))
    verdict = judge("DC-06", state, ORGANIZATION, written_for_plan=wanted)
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize("status", ["offline", "deprecated", "SIMULATED", None, UNREAD, ABSENT])
def test_dc_06_an_app_that_is_not_surely_online_does_not_decide(status: Value | Gone) -> None:
    """Atlassian says "highest active plan", and not whether such an app's is active."""
    state = state_of(*facts(app("a"), plan="Enterprise", status=status), *facts(app("b"), plan="Standard"))
    for wanted in ("enterprise", "standard"):
        verdict = judge("DC-06", state, ORGANIZATION, written_for_plan=wanted)
        assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "plan_of_inactive_app")


@pytest.mark.parametrize("code", ["forbidden", "empty_list", "count_mismatch", "no_total"])
def test_dc_06_a_plan_over_part_of_the_apps_is_none(code: str) -> None:
    """An app that nobody read may have a higher one."""
    state = state_of(*facts(app(), plan="Standard"), runs=collections(collection("workspaces", code)))
    verdict = judge("DC-06", state, ORGANIZATION, written_for_plan="standard")
    assert (verdict.outcome, verdict.reason_code) == (UNKNOWN, "apps_unread")


def test_dc_06_an_entry_that_is_no_app_has_no_plan_that_counts() -> None:
    """`jira-admin` tells no plan, and does not leave the organization's open."""
    state = state_of(*facts(app()), *facts(app("admin"), type_key="jira-admin", plan=None))
    assert judge("DC-06", state, ORGANIZATION, written_for_plan="standard").outcome is PASS
    assert judge("DC-06", state_of(*facts(app(), type_key="jira-admin")), ORGANIZATION, "free").outcome is UNKNOWN


def test_dc_06_the_age_is_that_of_the_oldest_plan() -> None:
    """One old answer among new ones makes the highest plan old."""
    state = state_of(*facts(app("a"), plan="Premium"), *aged(facts(app("b")), 3))
    assert judge("DC-06", state, ORGANIZATION, "premium").outcome is Outcome.STALE


def test_dc_10_needs_every_organization_in_full() -> None:
    """One without a key, one left out and one read in part are each named."""
    whole = SeenOrganization(OrganizationState(ORG, "Acme"), snapshot(facts(app())))
    part = snapshot(
        [], collections(collection("policies", "forbidden"), organization=OTHER_ORG), organization=OTHER_ORG
    )
    for seen, outcome, word in (
        ([whole], PASS, "in full"),
        (
            [whole, SeenOrganization(OrganizationState(OTHER_ORG, "Sister", unread_reason="no key"), None)],
            UNKNOWN,
            "Sister (no key)",
        ),
        (
            [whole, SeenOrganization(OrganizationState(OTHER_ORG, "Sister"), part)],
            UNKNOWN,
            "policies answered forbidden",
        ),
        ([SeenOrganization(OrganizationState(ORG, "Acme", unread_reason="no key"), None)], UNKNOWN, "no key"),
    ):
        verdict = judge("DC-10", resolve(seen, RULEBOOK, NOW, PROMISES), COMPANY)
        assert verdict.outcome is outcome
        assert word in verdict.reason


@pytest.mark.parametrize(
    ("type_key", "outcome", "code"),
    [
        ("trello", NO_SUCH_SETTING, "no_setting"),
        ("TRELLO", NO_SUCH_SETTING, "no_setting"),
        ("sim-novelty", UNKNOWN, "unknown_app"),
        ("", UNKNOWN, "unknown_app"),
        (None, UNKNOWN, "null"),
        (UNREAD, UNKNOWN, "wrong_type"),
    ],
)
def test_dc_18_without_setting(type_key: Value | Gone, outcome: Outcome, code: str) -> None:
    """Only a type key that the rulebook lists as having no setting is one without."""
    verdict = judge("DC-18", state_of(*facts(app(), type_key=type_key)), app())
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


@pytest.mark.parametrize(
    ("plan", "beside", "outcome", "code"),
    [
        ("Free", "Free", NO_SUCH_SETTING, "plan_without_rovo"),
        ("Free", "Standard", UNKNOWN, "free_beside_paid"),
        ("Free", None, UNKNOWN, "free_beside_paid"),
        ("Free", "Platinum", UNKNOWN, "free_beside_paid"),
        ("Free", ("Free", "Standard"), UNKNOWN, "free_beside_paid"),
        ("Platinum", "Free", UNKNOWN, "unknown_plan_word"),
        (("Free", "Premium"), "Free", UNKNOWN, "unknown_plan_word"),
        (None, "Free", UNKNOWN, "null"),
        (UNREAD, "Free", UNKNOWN, "wrong_type"),
    ],
)
def test_ai_20_free_plan(plan: Value | Gone, beside: Value | Gone, outcome: Outcome, code: str) -> None:
    """A Free app is without Rovo only where every app surely is."""
    state = state_of(*facts(app(), plan=plan), *facts(app("beside"), plan=beside))
    verdict = judge("AI-20", state, app())
    assert (verdict.outcome, verdict.reason_code) == (outcome, code), verdict.reason


def test_ai_20_an_unread_app_may_be_a_paid_one() -> None:
    """With part of the list, a Free app is not known to be alone."""
    state = state_of(*facts(app(), plan="Free"), runs=collections(collection("workspaces", "count_mismatch")))
    assert judge("AI-20", state, app()).outcome is UNKNOWN


@pytest.mark.parametrize("check", ["DC-18", "AI-20", "DR-06", "DR-13"])
def test_a_question_about_nobody_passes_only_over_a_whole_list(check: str) -> None:
    """ "None of them" needs all of them to have been seen, and at least one."""
    for observations, runs, outcome in (
        (facts(app()), None, PASS),
        (facts(app()), collections(collection("workspaces", "count_mismatch")), UNKNOWN),
        ([], collections(collection("workspaces", "empty_list")), UNKNOWN),
        ([], None, UNKNOWN),
        (facts(app(), type_key="jira-admin"), None, UNKNOWN),
    ):
        found = evaluated(state_of(*observations, runs=runs), policy_of(rule(check))).findings
        assert [(one.subject.kind, one.outcome) for one in found] == [("organization", outcome)]


def test_an_entry_that_is_no_app_is_never_judged() -> None:
    """No check about apps has a finding on `jira-admin`."""
    state = state_of(*facts(app()), *facts(app("admin"), type_key="jira-admin", plan=None, realm=None, sandbox=None))
    wanted = [rule("DR-01", expect=("EU",)), *(rule(one) for one in ("DR-02", "DR-03", "DR-06", "DR-13", "DC-18"))]
    assert {one.subject for one in evaluated(state, policy_of(*wanted)).findings} <= {app(), ORGANIZATION}
