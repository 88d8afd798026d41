"""Edits make drift, and the next answer shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contribaudit.simulator import load_scenario, scenario_app
from contribaudit.simulator.organization import Organization, short_name
from contribaudit.simulator.values import EventAction, Json, Policy

from .conftest import API_KEYS, EVENT_ACTIONS, NOW, ORG, POLICIES, WORKSPACES, Connect, acme

pytestmark = pytest.mark.anyio


async def attributes_of(connect: Connect, app: Any, ari: str) -> list[Json]:
    async with connect(app) as client:
        data = (await client.post(WORKSPACES, json={"limit": 1000})).json()["data"]
    return [entry["attributes"] for entry in data if entry["id"] == ari]


async def test_a_realm_changes_in_every_entry_of_an_app(connect: Connect) -> None:
    """Confluence is listed twice."""
    app = acme()
    organization: Organization = app.state.organization
    ari = organization.app("acme/confluence").id
    assert [a["realm"] for a in await attributes_of(connect, app, ari)] == ["EU", "EU"]
    organization.set_realm("acme/confluence", "US", ("us-east-1",))
    assert [(a["realm"], a["regions"]) for a in await attributes_of(connect, app, ari)] == [("US", ["us-east-1"])] * 2
    organization.set_realm(ari, None)
    assert [a["realm"] for a in await attributes_of(connect, app, ari)] == [None, None]


async def test_apps_come_and_go(connect: Connect) -> None:
    app = acme()
    organization: Organization = app.state.organization
    old = organization.app("acme-us/confluence")
    organization.remove_app("acme-us/confluence")
    assert await attributes_of(connect, app, old.id) == []
    organization.add(replace(old, id="ari:cloud:confluence::site/new", realm="DE"))
    assert [a["realm"] for a in await attributes_of(connect, app, "ari:cloud:confluence::site/new")] == ["DE"]


def test_other_edits_of_apps() -> None:
    organization = load_scenario("tidy", now=NOW).organization
    before = organization.revision
    organization.set_plan("tidy/confluence", "Premium")
    organization.set_ai("tidy/confluence", True, "made up")
    organization.set_app("tidy/confluence", status="offline", status_details=("gone",))
    app = organization.app("tidy/confluence")
    assert (app.plan, app.plan_key, app.ai_enabled, app.status) == ("Premium", "premium", True, "offline")
    organization.set_plan("tidy/confluence", None)
    assert (organization.app("tidy/confluence").plan, organization.app("tidy/confluence").plan_key) == (None, None)
    assert organization.revision == before + 4


async def test_policies_drift(connect: Connect) -> None:
    """A switch shows in the rule of a policy that nobody documents; a residency policy loses and gains apps."""
    app = acme()
    organization: Organization = app.state.organization
    organization.set_rule("acme-data-use", {"scopeType": "organization", "off": ["in-app"]})
    organization.change(organization.policy("acme-generative-ai"), status="disabled")
    organization.remove_resource("acme-residency-eu", "acme/confluence")
    organization.set_resource("acme-residency-eu", "acme/jira-product-discovery", "applying")
    organization.remove(organization.policy("acme-mystery"))
    organization.add(Policy("new", "hipaa"))
    async with connect(app) as client:
        found = {entry["id"]: entry["attributes"] for entry in (await client.get(POLICIES)).json()["data"]}
    assert found["acme-data-use"]["rule"] == {"scopeType": "organization", "off": ["in-app"]}
    assert found["acme-generative-ai"]["status"] == "disabled"
    assert found["new"] == {"type": "hipaa", "status": "enabled"}
    assert "acme-mystery" not in found
    statuses = {r["id"]: r["applicationStatus"] for r in found["acme-residency-eu"]["resources"]}
    assert organization.app("acme/confluence").id not in statuses
    assert statuses[organization.app("acme/jira-product-discovery").id] == "applying"


async def test_the_rest_drifts(connect: Connect) -> None:
    """Name, keys, actions."""
    app = acme()
    organization: Organization = app.state.organization
    organization.rename("Acme AG")
    organization.change(organization.key("demo-key"), label="renamed")
    organization.remove(organization.key("narrow-key"))
    organization.add(EventAction("sim_new", "New", "App actions"))
    organization.remove(next(one for one in organization.event_actions if one.id == "user_login"))
    async with connect(app) as client:
        assert (await client.get(ORG)).json()["data"]["attributes"]["name"] == "Acme AG"
        assert "renamed" in {entry["label"] for entry in (await client.get(API_KEYS)).json()["data"]}
        actions = [entry["id"] for entry in (await client.get(EVENT_ACTIONS)).json()["data"]]
    assert "sim_new" in actions
    assert "user_login" not in actions
    async with connect(app, "narrow-key") as client:
        assert (await client.get(ORG)).status_code == 401


def test_an_edit_of_nothing_is_an_error() -> None:
    organization = load_scenario("tidy", now=NOW).organization
    edits: tuple[Callable[[], None], ...] = (
        lambda: organization.set_realm("tidy/trello", "EU"),
        lambda: organization.remove(organization.policy("nothing")),
        lambda: organization.remove(organization.key("nothing")),
        lambda: organization.remove_resource("tidy-ip-allowlist", "tidy/jira-software"),
    )
    for edit in edits:
        with pytest.raises(KeyError, match="the organization has no"):
            edit()


def test_short_names() -> None:
    names = [short_name(app) for app in load_scenario("drifted", now=NOW).organization.apps]
    assert {"acme/jira-software", "trello/acme-boards"} <= set(names)


async def test_requests_are_recorded_without_headers(connect: Connect) -> None:
    app = scenario_app("drifted", clock=lambda: NOW)
    async with connect(app) as client:
        await client.post(WORKSPACES, json={"limit": 2})
        await client.get(POLICIES, params={"type": "data-residency"})
        await client.get("/elsewhere")
    first, second, third = app.state.requests
    assert (first.method, first.path, first.body, first.status, first.time, first.endpoint) == (
        "POST",
        WORKSPACES,
        {"limit": 2},
        200,
        NOW,
        "workspaces",
    )
    assert (second.query, second.body, second.endpoint) == ({"type": "data-residency"}, None, "policies")
    assert (third.status, third.endpoint) == (404, "")
    assert "demo-key" not in repr(app.state.requests)
