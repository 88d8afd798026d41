"""Every check that rests on attested values: what is unread, null, unknown, moved or contradicted never passes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from contribaudit import catalogue
from contribaudit.core.judge.check import Check, Verdict
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Observation, SettingId, Value
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject
from tests.builders import CHECKS, ORG, app, facts, judge, observed, state_of
from tests.checks.attested import ORGANIZATION, said, seen

APP = app()
CONNECTOR = Subject(ORG, Kind.CONNECTOR, "drive")
GOOD: dict[str, Value] = {
    "contribution.metadata": "off",
    "contribution.in_app": "off",
    "contribution.in_app.included": (),
    "contribution.in_app.excluded": (),
    "contribution.offered": "yes",
    "trial": "none",
    "hipaa.tagged": "yes",
    "byok": "none",
    "ai.access": "blocked",
    "ai.own_setting": "off",
    "ai.portal_customers": "off",
    "ai.web_search": "off",
    "ai.beta_features": "off",
    "ai.agents.creators": "admins",
    "ai.agents.default_access": (),
    "ai.mcp.supported_domains": "blocked",
    "ai.mcp.domains": (),
    "ai.mcp.api_tokens": "off",
    "ai.mcp.write": "blocked",
    "connector.state": "disconnected",
    "connector.replicates_permissions": "true",
    "connector.blocklist": (),
    "residency.default_realm": "EU",
    "residency.marketplace.unpinned": (),
    "subprocessors.notices": "subscribed",
}
"""A value of each setting with which every check that reads it passes, all together."""
EXPECT: dict[str, Value] = {"DR-05": ("EU",), "DR-12": ("EU",), "DC-11": ("space:a.example/jira-software/Z",)}
DECIDED_ELSEWHERE = {"DC-05", "DC-12", "DC-20", "DC-22", "GV-04", "DC-21", "AI-25"}
"""Checks that also need a decision, an exemption or an old look to pass, or ask how people looked and not what at."""
ATTESTED: list[tuple[Check, str]] = [
    (check, setting)
    for check in CHECKS.values()
    if check.verifiable and check.id not in DECIDED_ELSEWHERE
    for setting in check.reads
    if setting in GOOD and (check.id, setting) != ("DC-13", "contribution.in_app.excluded")
]
DOES_NOT_DECIDE = {
    ("DC-11", "contribution.in_app.excluded"),
    ("DC-14", "contribution.in_app.excluded"),
    ("DC-16", "contribution.in_app.excluded"),
    ("DC-17", "contribution.metadata"),
    ("DC-17", "ai.access"),
    ("DC-17", "ai.own_setting"),
    ("DR-09", "ai.own_setting"),
    *((check, "ai.own_setting") for check in ("AI-01", "AI-02", "AI-06", "AI-19")),
    ("AI-14", "connector.state"),
    ("AI-15", "connector.state"),
}
"""What these read only where another value leaves it to this one, and what another value can make up for."""
DECIDING = [pair for pair in ATTESTED if (pair[0].id, pair[1]) not in DOES_NOT_DECIDE]


def subject_of(setting: Setting) -> Subject:
    """The organization, its one app, or its one connector."""
    return {Kind.ORGANIZATION: ORGANIZATION, Kind.APP: APP, Kind.CONNECTOR: CONNECTOR}[setting.kinds[0]]


def judged(check: Check, instead: Mapping[str, Value | str], old: str = "") -> Verdict:
    """The check's verdict with every setting good, but for these ("<>" for unread), and one seen 31 days ago."""
    observations: list[Observation] = [*facts(APP, plan="Enterprise", type_key="jira-software", host="a.example")]
    observations.append(observed(SettingId("ai.access.role_groups"), ORGANIZATION, ()))
    for name, good in GOOD.items():
        subject = subject_of(next(one for one in catalogue.ALL if one.id == name))
        value = instead.get(name, good)
        if name == old:
            observations.append(seen(name, good, subject, days_ago=31))
        elif value != "<>":
            observations.append(said(name, value, subject))
    subject = {Kind.ORGANIZATION: ORGANIZATION, Kind.APP: APP, Kind.CONNECTOR: CONNECTOR}[check.kind]
    return judge(check.id, state_of(*observations), subject, EXPECT.get(check.id))


def outcome(check: Check, instead: Mapping[str, Value | str], old: str = "") -> tuple[Outcome, str]:
    """The verdict's outcome and code."""
    verdict = judged(check, instead, old)
    return verdict.outcome, verdict.reason_code


@pytest.mark.parametrize("check", list(dict.fromkeys(check for check, _ in ATTESTED)), ids=lambda check: check.id)
def test_it_passes_when_everything_is_as_it_should_be(check: Check) -> None:
    """So that the rows below lose exactly one thing."""
    assert outcome(check, {})[0] is Outcome.PASS


@pytest.mark.parametrize(
    ("value", "wanted", "code"),
    [
        ("<>", Outcome.UNKNOWN, "not_read"),
        ("<signal_moved>", Outcome.STALE, "signal_moved"),
        ("<plan_changed>", Outcome.STALE, "plan_changed"),
        ("<attestations_differ>", Outcome.CONFLICT, "attestations_differ"),
        ("<signal_unread>", Outcome.UNKNOWN, "signal_unread"),
        ("<plan_unread>", Outcome.UNKNOWN, "plan_unread"),
        ("<revoked>", Outcome.UNKNOWN, "revoked"),
        (None, Outcome.UNKNOWN, "null"),
        ("simulated", Outcome.UNKNOWN, ""),
        ("", Outcome.UNKNOWN, ""),
    ],
    ids=str,
)
@pytest.mark.parametrize(("check", "setting"), DECIDING, ids=lambda one: getattr(one, "id", one))
def test_a_value_that_is_not_there_leaves_the_question_open(
    check: Check, setting: str, value: Value, wanted: Outcome, code: str
) -> None:
    """Unread, stale, contradicted, taken back, null, or a word that nobody knows."""
    found = outcome(check, {setting: value})
    assert found[0] is wanted
    assert not code or found[1] == code


@pytest.mark.parametrize(("check", "setting"), DECIDING, ids=lambda one: getattr(one, "id", one))
def test_an_old_look_is_no_pass(check: Check, setting: str) -> None:
    """31 days are more than the policy allows, whatever else is fresh."""
    assert outcome(check, {}, old=setting)[0] is Outcome.STALE


NOT_ABOUT_SWITCHES = {"DC-07", "DC-08", "DC-09", "DC-24", "DR-12", "SP-05"}


@pytest.mark.parametrize("check", list(dict.fromkeys(check for check, _ in ATTESTED)), ids=lambda check: check.id)
def test_a_pass_is_fragile_while_a_trial_runs(check: Check) -> None:
    """What is right under a trial may be otherwise when it ends, and the reason says so."""
    verdict = judged(check, {"trial": "running"})
    if check.id in NOT_ABOUT_SWITCHES:
        assert not verdict.fragile
        return
    assert verdict.outcome is Outcome.PASS
    assert verdict.fragile
    assert "a trial is running" in verdict.reason


OF_CONTRIBUTION = [
    check for check in CHECKS.values() if check.id in ("DC-01", "DC-03", "DC-04", "DC-13", "DC-16", "DC-17")
]


@pytest.mark.parametrize(("has_it_bought", "fragile"), [(True, False), (False, True)])
@pytest.mark.parametrize("told_by", ["trial", "gateway.trial"])
@pytest.mark.parametrize("check", OF_CONTRIBUTION, ids=lambda check: check.id)
def test_a_pass_on_contribution_is_fragile_by_a_trial_that_gives_the_highest_plan(
    check: Check, told_by: str, has_it_bought: bool, fragile: bool
) -> None:
    """Every check says the same of one trial, whoever tells of it; beside an app that bought the plan it moves none."""
    other = app("B")
    observations: list[Observation] = [*facts(APP, plan="Enterprise", type_key="jira-software", host="a.example")]
    observations += facts(
        other, plan="Enterprise" if has_it_bought else "Premium", type_key="confluence", host="a.example"
    )
    observations.append(seen("trial", "none", other))
    if told_by == "trial":
        observations.append(seen("trial", "running", APP))
    else:
        observations.append(observed(SettingId(told_by), APP, "Enterprise"))
    for name, good in GOOD.items():
        if name.startswith("contribution."):
            observations.append(seen(name, good, subject_of(next(one for one in catalogue.ALL if one.id == name))))
    subject = CONNECTOR if check.kind is Kind.CONNECTOR else ORGANIZATION
    verdict = judge(check.id, state_of(*observations), subject)
    assert verdict.outcome is Outcome.PASS
    assert ("trial" in verdict.reason) is fragile
