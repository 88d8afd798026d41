"""Selectors: what matches, and what an unread attribute does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contribaudit.core.judge.selectors import Attributes, Selectable, attributes_of, matches, rule_for, surely_matches
from contribaudit.core.model.policy import AuditPolicy, Rule, Where
from tests.builders import app, facts, state_of

ORGANIZATION = "0f1e2d3c-aaaa-bbbb-cccc-000000000001"
APP = Attributes(
    organization=ORGANIZATION,
    organization_name="Acme Holding",
    site="acme-us.atlassian.net",
    app="confluence",
    plan="Premium",
    sandbox=False,
)
SPACE = replace(APP, space="ENG")
UNREAD: tuple[Selectable, ...] = ("organization_name", "site", "app", "plan", "sandbox", "space")

ONE_OF_EACH = {
    "organization_name": Where(organization=("other*",)),
    "site": Where(site=("other*",)),
    "app": Where(app=("other",)),
    "plan": Where(plan=("other",)),
    "sandbox": Where(sandbox=True),
    "space": Where(space=("OTHER",)),
}


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        (Where(), True),
        (Where(organization=(ORGANIZATION.upper(),)), True),
        (Where(organization=("acme*",)), True),
        (Where(organization=("other", "ACME holding")), True),
        (Where(organization=("other",)), False),
        (Where(organization=("0f1e2d3c-aaaa-bbbb-cccc-000000000002",)), False),
        (Where(site=("acme*",)), True),
        (Where(site=("ACME-US.atlassian.net",)), True),
        (Where(site=("acme",)), False),
        (Where(site=("acme-[ue]?.*",)), True),
        (Where(app=("jira-software", "confluence")), True),
        (Where(app=("jira-software",)), False),
        (Where(plan=("premium",)), True),
        (Where(plan=("free", "standard")), False),
        (Where(sandbox=False), True),
        (Where(sandbox=True), False),
        (Where(space=("ENG",)), False),
        (Where(space=("*",)), False),
        (Where(app=("confluence",), site=("acme*",), sandbox=False), True),
        (Where(app=("confluence",), site=("globex*",), sandbox=False), False),
    ],
)
def test_a_read_app_matches_by_pattern_without_case(where: Where, *, fits: bool) -> None:
    """Several patterns are alternatives, several selectors all have to fit."""
    assert matches(where, APP) is fits
    assert surely_matches(where, APP) is fits


@pytest.mark.parametrize("where", [Where(space=("e?g",)), Where(space=("OPS", "ENG"), app=("confluence",))])
def test_a_space_matches_by_key_and_by_its_app(where: Where) -> None:
    assert matches(where, SPACE)


@pytest.mark.parametrize("name", UNREAD)
def test_a_selector_on_an_unread_attribute_matches_but_not_surely(name: Selectable) -> None:
    """The value beside an unread attribute counts for nothing."""
    unread = replace(SPACE, unread=frozenset({name}))
    assert not matches(ONE_OF_EACH[name], SPACE)
    assert matches(ONE_OF_EACH[name], unread)
    assert not surely_matches(ONE_OF_EACH[name], unread)


@pytest.mark.parametrize("name", UNREAD)
def test_an_unread_attribute_helps_no_other_selector(name: Selectable) -> None:
    unread = replace(SPACE, unread=frozenset({name}))
    for other in UNREAD:
        if other != name:
            assert not matches(ONE_OF_EACH[other], unread)


def test_an_unread_name_leaves_the_organizations_id_decisive() -> None:
    """A rule written for another organization's ID is never applied for want of a name."""
    unread = Attributes(ORGANIZATION, unread=frozenset({"organization_name"}))
    assert surely_matches(Where(organization=(ORGANIZATION,)), unread)
    assert not matches(Where(organization=("0f1e2d3c-aaaa-bbbb-cccc-000000000002",)), unread)
    assert matches(Where(organization=("0f1e2d3c-aaaa-bbbb-cccc-000000000002", "acme*")), unread)


@pytest.mark.parametrize("name", ["site", "app", "plan", "sandbox", "space"])
def test_an_organization_matches_only_rules_without_selectors_below_it(name: str) -> None:
    organization = Attributes(ORGANIZATION, "Acme Holding")
    wide = {"site": Where(site=("*",)), "app": Where(app=("*",)), "plan": Where(plan=("*",))}
    wide |= {"sandbox": Where(sandbox=False), "space": Where(space=("*",))}
    assert not matches(wide[name], organization)
    assert matches(Where(organization=("acme*",)), organization)


def test_the_company_is_in_no_organization() -> None:
    company = Attributes("")
    assert matches(Where(), company)
    assert not matches(Where(organization=("acme*",)), company)


def test_the_last_matching_rule_holds() -> None:
    wide = Rule("DR-01", "pack", expect=("EU",))
    american = Rule("DR-01", "policy.toml:3", where=Where(site=("acme-us*",)), expect=("US",))
    other = Rule("DR-02", "policy.toml:9")
    policy = AuditPolicy("x", (wide, american, other))
    assert rule_for(policy, "DR-01", APP) is american
    assert rule_for(policy, "DR-01", replace(APP, site="acme.atlassian.net")) is wide
    assert rule_for(replace(policy, rules=(american, wide)), "DR-01", APP) is wide
    assert rule_for(policy, "DR-03", APP) is None


def test_a_rule_that_is_off_is_returned_where_it_surely_matches() -> None:
    on = Rule("DR-01", "pack")
    off = Rule("DR-01", "policy.toml:3", where=Where(sandbox=True), enabled=False, reason="copies")
    policy = AuditPolicy("x", (on, off))
    assert rule_for(policy, "DR-01", replace(APP, sandbox=True)) is off
    assert rule_for(policy, "DR-01", APP) is on


def test_an_unread_sandbox_does_not_switch_a_rule_off() -> None:
    """Nothing unread escapes: the rule below the one that is off holds."""
    on = Rule("DR-01", "pack")
    off = Rule("DR-01", "policy.toml:3", where=Where(sandbox=True), enabled=False, reason="copies")
    unread = replace(APP, sandbox=None, unread=frozenset[Selectable]({"sandbox"}))
    assert rule_for(AuditPolicy("x", (on, off)), "DR-01", unread) is on


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        (Where(app=("jira-servicedesk",)), True),
        (Where(app=("jira_service_management",)), True),
        (Where(app=("Jira Service Management",)), True),
        (Where(app=("jira-software",)), False),
        (Where(plan=("premium",)), True),
        (Where(plan=("standard",)), False),
    ],
)
def test_an_app_and_its_plan_match_in_any_word_of_the_rulebook(where: Where, *, fits: bool) -> None:
    """Otherwise a strict rule would miss the app that the API calls by another of its words, and a laxer one hold."""
    desk = app("jsm")
    attributes = attributes_of(state_of(*facts(desk, type_key="jira-service-management", plan=" Premium ")), desk)
    assert matches(where, attributes) is fits
    assert surely_matches(where, attributes) is fits


def test_an_unknown_plan_word_matches_any_plan_but_not_surely() -> None:
    attributes = attributes_of(state_of(*facts(app(), plan="Enterprise Cloud", host="acme.atlassian.net")), app())
    assert attributes.doubt.endswith(" and on the plan 'Enterprise Cloud', which is not in the rulebook")
    assert matches(Where(plan=("enterprise",)), attributes)
    assert not surely_matches(Where(plan=("enterprise",)), attributes)
    assert surely_matches(Where(plan=("enterprise cloud",)), attributes)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("Soci\u00e9t\u00e9", "Socie\u0301te\u0301"), ("Acme [EU]", "Acme [EU]"), ("ACME bank", "Acme\u00a0Bank ")],
)
def test_a_name_matches_in_any_unicode_form_and_as_it_is_written(pattern: str, name: str) -> None:
    assert surely_matches(Where(organization=(pattern,)), Attributes(ORGANIZATION, name))
