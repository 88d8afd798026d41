"""Who may ask for what, and how a refusal looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from contribaudit.simulator import Options, scenario_app
from contribaudit.simulator.options import ForbiddenForm

from .conftest import (
    ACME,
    API_KEYS,
    DIRECTORIES,
    EVENT_ACTIONS,
    EVENTS,
    GROUP_ROLES,
    GROUPS,
    NOW,
    ORG,
    ORGS,
    POLICIES,
    STREAM,
    WORKSPACES,
    Connect,
    acme,
)

pytestmark = pytest.mark.anyio

SCOPED = {
    ORG: "read:orgs:admin",
    WORKSPACES: "read:workspaces:admin",
    DIRECTORIES: "read:directories:admin",
    POLICIES: "read:policies:admin",
    f"{POLICIES}/acme-data-use": "read:policies:admin",
    EVENT_ACTIONS: "read:events:admin",
    EVENTS: "read:events:admin",
    STREAM: "read:events:admin",
    GROUPS: "read:groups:admin",
    GROUP_ROLES: "read:groups:admin",
    API_KEYS: "read:keys:admin",
}
POSTED = (WORKSPACES, GROUPS)
NEWER = (DIRECTORIES, GROUPS, GROUP_ROLES)


async def status_of(connect: Connect, path: str, key: str | None, scopes: frozenset[str] | None = None) -> int:
    app = acme()
    if scopes is not None:
        app.state.organization.change(app.state.organization.key("demo-key"), scopes=scopes)
    async with connect(app, key) as client:
        reply = await (client.post(path) if path in POSTED else client.get(path))
    return int(reply.status_code)


@pytest.mark.parametrize(("path", "scope"), SCOPED.items())
async def test_each_endpoint_wants_its_own_scope(connect: Connect, path: str, scope: str) -> None:
    """With that scope alone 200, with every other one 403, without scopes 200."""
    everything_else = frozenset(SCOPED.values()) - {scope}
    assert await status_of(connect, path, "demo-key", frozenset({scope})) == 200
    assert await status_of(connect, path, "demo-key", everything_else) == 403
    assert await status_of(connect, path, "unscoped-key") == 200


@pytest.mark.parametrize("path", [*SCOPED, ORGS])
@pytest.mark.parametrize("key", ["expired-key", "nobody's-key", None])
async def test_a_key_that_is_not_valid_is_a_401(connect: Connect, path: str, key: str | None) -> None:
    """Expired, unknown, missing: the same answer, with a number as code, save in the newer directories API."""
    async with connect(acme(), key) as client:
        reply = await (client.post(path) if path in POSTED else client.get(path))
    assert reply.status_code == 401
    if path in NEWER:
        assert reply.json()["errors"][0]["status"] == "401"
    else:
        assert reply.json() == {"code": 401, "message": "Unauthorized"}


async def test_a_persons_token_is_a_401(connect: Connect) -> None:
    """Basic authentication does not reach the admin API."""
    async with connect(acme(), None) as client:
        reply = await client.get(ORG, auth=("admin@acme.example", "demo-key"))
    assert reply.status_code == 401


async def test_a_key_expires_by_the_clock(connect: Connect) -> None:
    """The demo key of the drifted scenario has nine days left."""
    now = NOW
    app = scenario_app("drifted", clock=lambda: now)
    async with connect(app) as client:
        now = NOW + timedelta(days=9, seconds=-1)
        assert (await client.get(ORG)).status_code == 200
        now = NOW + timedelta(days=9)
        assert (await client.get(ORG)).status_code == 401


@pytest.mark.parametrize("path", SCOPED)
async def test_a_key_of_another_organization_is_a_403(connect: Connect, path: str) -> None:
    assert await status_of(connect, path, "other-org-key") == 403


@pytest.mark.parametrize("path", SCOPED)
async def test_an_unknown_organization_is_a_404(connect: Connect, path: str) -> None:
    elsewhere = path.replace(ACME, "ffffffff-ffff-4fff-8fff-ffffffffffff")
    async with connect(acme()) as client:
        reply = await (client.post(elsewhere) if path in POSTED else client.get(elsewhere))
    assert reply.status_code == 404
    entry = reply.json() if path == WORKSPACES else reply.json()["errors"][0]
    assert entry["code"] == ("GENERIC_ERROR" if path == API_KEYS else "ADMIN-404-2")


async def test_only_a_key_without_scopes_lists_organizations(connect: Connect) -> None:
    """Every other key gets an empty list and no error."""
    listed = {}
    for key in ("demo-key", "narrow-key", "unscoped-key", "other-org-key"):
        async with connect(acme(), key) as client:
            reply = await client.get(ORGS)
            assert reply.status_code == 200
            listed[key] = [entry["id"] for entry in reply.json()["data"]]
    assert listed == {"demo-key": [], "narrow-key": [], "unscoped-key": [ACME], "other-org-key": []}


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ("a", {"timestamp", "path", "status", "error", "message", "requestId"}),
        ("b", {"errors"}),
        ("c", {"code", "message"}),
        ("bare", {"id", "status", "code", "title", "detail"}),
    ],
)
async def test_a_403_has_the_form_that_the_options_want(connect: Connect, form: ForbiddenForm, keys: set[str]) -> None:
    forms: Mapping[str, ForbiddenForm] = {"policies": form}
    async with connect(acme(options=Options(forbidden_forms=forms)), "narrow-key") as client:
        reply = await client.get(POLICIES)
    assert reply.status_code == 403
    assert set(reply.json()) == keys


async def test_workspaces_refuse_with_a_bare_object(connect: Connect) -> None:
    async with connect(acme(), "narrow-key") as client:
        reply = await client.post(WORKSPACES)
    assert reply.json()["code"] == "ADMIN-403-3"


async def test_rate_limit_headers_count_down_and_say_when_they_start_again(connect: Connect) -> None:
    """Reset is a timestamp, not a number of seconds. Nothing is refused unless the options want it."""
    async with connect(acme()) as client:
        replies = [await client.get(EVENT_ACTIONS) for _ in range(11)]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == [*map(str, range(9, -1, -1)), "0"]
    assert replies[0].headers["X-RateLimit-Limit"] == "10"
    assert replies[0].headers["X-RateLimit-Reset"] == "2026-11-21T08:01:00Z"
    assert replies[0].headers["Date"] == "Sat, 21 Nov 2026 08:00:30 GMT"
    assert {reply.status_code for reply in replies} == {200}


async def test_rate_limits_are_enforced_on_demand(connect: Connect) -> None:
    """The next minute starts afresh."""
    now = NOW
    app = scenario_app("drifted", options=Options(enforce_rate_limits=True), clock=lambda: now)
    async with connect(app) as client:
        statuses = [(await client.get(EVENT_ACTIONS)).status_code for _ in range(11)]
        now = NOW + timedelta(seconds=30)
        statuses.append((await client.get(EVENT_ACTIONS)).status_code)
    assert statuses == [200] * 10 + [429, 200]


async def test_unknown_paths_and_methods(connect: Connect) -> None:
    async with connect(acme()) as client:
        assert (await client.get("/admin/v1/nothing")).json()["errors"][0]["code"] == "ADMIN-404-1"
        assert (await client.delete(ORG)).json()["errors"][0]["code"] == "ADMIN-405-1"
        assert (await client.get(WORKSPACES)).status_code == 405
