"""The scenarios hold what they promise."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from contribaudit.simulator import Options, load_scenario, names
from contribaudit.simulator.organization import short_name
from contribaudit.simulator.scenarios import read_scenario, when
from contribaudit.simulator.spaces import place_of
from contribaudit.simulator.values import READ_SCOPES

from .conftest import NOW


def test_every_scenario_loads_with_its_keys() -> None:
    """All know the same five keys, and no two share an organization ID."""
    assert names() == ("acme", "drifted", "generated", "small", "tidy")
    loaded = [load_scenario(name, now=NOW, apps=8 if name == "generated" else None) for name in names()]
    assert len({scenario.organization.id for scenario in loaded}) == 5
    for scenario in loaded:
        words = {key.word for key in scenario.organization.keys}
        assert words == {"demo-key", "unscoped-key", "narrow-key", "expired-key", "other-org-key"}
        assert (
            scenario.organization.key("expired-key").expires_at < NOW < scenario.organization.key("demo-key").expires_at
        )
        assert scenario.organization.key("unscoped-key").scopes is None
        assert scenario.organization.key("narrow-key").scopes == frozenset({"read:orgs:admin"})
        assert scenario.organization.key("demo-key").scopes == frozenset((*READ_SCOPES, "read:keys:admin"))
        assert scenario.description
        assert scenario.options == Options(log_available=scenario.name != "small")
        people = {(token.word, token.email) for token in scenario.organization.site_tokens}
        assert people == {("demo-site-token", "demo@acme.example"), ("demo-service-token", None)}


def test_tidy_has_every_app_in_the_eu_and_pinned_there() -> None:
    organization = load_scenario("tidy", now=NOW).organization
    pinned = {resource.id: resource.status for resource in organization.policy("tidy-residency-eu").resources or ()}
    assert {app.realm for app in organization.apps} == {"EU"}
    assert {pinned[app.id] for app in organization.apps} == {"applied"}
    assert [short_name(app) for app in organization.apps if app.sandbox == "CHILD"] == ["tidy-sandbox/jira-software"]
    assert {policy.type for policy in organization.policies} >= {"generative-ai", "ugc-data-use-preferences"}


def test_drifted_has_drifted() -> None:
    organization = load_scenario("drifted", now=NOW).organization
    realms = {short_name(app): app.realm for app in organization.apps}
    assert organization.id == "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
    assert organization.name == "Acme"
    assert realms["acme-us/confluence"] == "US"
    assert realms["acme-labs/jira-servicedesk"] == "Global"
    assert realms["acme-labs/confluence"] is None
    assert (realms["acme-sandbox/jira-software"], realms["acme/jira-software"]) == ("US", "EU")
    under_policy = {r.id: r for policy in organization.policies for r in policy.resources or ()}
    assert organization.app("acme/jira-product-discovery").id not in under_policy
    moving = under_policy[organization.app("acme/jira-servicedesk").id]
    assert moving.status == "scheduled"
    assert moving.window_start is not None
    assert moving.window_end is not None
    assert moving.window_end - moving.window_start == timedelta(hours=6)
    failed = under_policy[organization.app("acme-labs/jira-software").id]
    assert (failed.status, failed.ticket) == ("failed", "https://support.example/ACME-1")
    assert [short_name(app) for app in organization.apps if app.plan == "Premium"] == ["acme-us/jira-software"]
    assert [app.type_key for app in organization.apps if "::site/" not in app.id] == ["bitbucket", "trello"]
    assert {"sim-whiteboards", "jira-admin"} <= {app.type_key for app in organization.apps}
    assert len(organization.apps) - len({app.id for app in organization.apps}) == 1
    assert [policy.type for policy in organization.policies if isinstance(policy.rule, list)] == [
        "user-join-settings-default"
    ]
    assert organization.key("demo-key").expires_at - NOW == timedelta(days=9)


def test_small_is_free_and_standard() -> None:
    organization = load_scenario("small", now=NOW).organization
    assert {app.plan for app in organization.apps} == {"Free", "Standard"}
    assert organization.policies == []
    assert organization.event_actions == []


@pytest.mark.parametrize("name", ["drifted", "tidy", "small"])
def test_spaces_and_groups_look_like_real_ones(name: str) -> None:
    """Ten to thirty, archived, personal and private ones among them, and one that nobody should read."""
    organization = load_scenario(name, now=NOW).organization
    places = dict.fromkeys(place_of(app.id) for app in organization.apps if app.host_url)
    spaces = [space for place in places for space in organization.spaces.at(place)]
    assert 10 <= len(spaces) == len(organization.spaces) <= 30
    assert {"archived", "live", "current"} <= {space.status for space in spaces}
    assert {"personal", "global", "software"} <= {space.type for space in spaces}
    assert [space.private for space in spaces if space.name == "HR-CASES"] == [True]
    assert any("atlassian/ai-access" in roles for group in organization.groups for roles in group.roles.values())
    directories = {directory.id for directory in organization.directories}
    assert {group.directory for group in organization.groups} <= directories


def test_generated_is_as_large_as_asked_for_and_always_the_same() -> None:
    """A larger one starts with the apps of a smaller one."""
    large = load_scenario("generated", now=NOW, apps=300, spaces=7).organization
    small = load_scenario("generated", now=NOW, apps=100).organization
    assert (len(large.apps), len(large.spaces), len(small.apps), len(small.spaces)) == (300, 7, 100, 0)
    assert large.apps[:100] == small.apps
    assert len({app.id for app in large.apps}) == 300
    assert {app.realm for app in large.apps} == {"EU", "US", "Global"}
    assert {app.plan for app in large.apps} == {"Premium", "Standard"}
    pinned = {r.id for policy in large.policies for r in policy.resources or ()}
    assert {app.realm for app in large.apps if app.id not in pinned} == {"Global"}


def test_each_load_is_a_new_organization() -> None:
    first, second = load_scenario("tidy", now=NOW).organization, load_scenario("tidy", now=NOW).organization
    first.set_realm("tidy/confluence", "US")
    assert second.app("tidy/confluence").realm == "EU"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 9 days", "2026-11-30T08:00:30+00:00"),
        ("1 day ago", "2026-11-20T08:00:30+00:00"),
        ("in 10 days at 22:00", "2026-12-01T22:00:00+00:00"),
    ],
)
def test_dates_count_from_now(text: str, expected: str) -> None:
    assert when(text, NOW).isoformat() == expected


def test_mistakes_are_said() -> None:
    """An unknown scenario, a size for a fixed one, a negative size, a key that means nothing, a bad date."""
    with pytest.raises(ValueError, match="known: acme, drifted, generated, small, tidy"):
        load_scenario("drfted")
    with pytest.raises(ValueError, match="fixed size"):
        load_scenario("tidy", apps=3)
    with pytest.raises(ValueError, match="fewer than 0"):
        load_scenario("generated", apps=-1)
    with pytest.raises(ValueError, match="at least 1"):
        load_scenario("generated", sites=0)
    with pytest.raises(ValueError, match="not both"):
        load_scenario("generated", sites=2, apps=8)
    with pytest.raises(ValueError, match="spaces need a whole site"):
        load_scenario("generated", apps=3, spaces=1)
    with pytest.raises(ValueError, match="means nothing: surprise"):
        read_scenario("x", {"description": "", "organization": {"id": "o", "name": "O"}, "surprise": 1}, now=NOW)
    with pytest.raises(ValueError, match="is not a date"):
        when("tomorrow", NOW)


def test_it_imports_nothing_of_the_client() -> None:
    """In a new interpreter, so that other tests' imports do not count."""
    code = (
        "import sys, contribaudit.simulator;"
        "print([m for m in sys.modules if m.startswith('contribaudit.') and 'simulator' not in m or m == 'httpx'])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
