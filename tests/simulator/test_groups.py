"""Groups and their roles: filters, cursors, and what is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contribaudit.simulator import Organization
from contribaudit.simulator.values import Json
from tests.administrator import set_ai_role

from .conftest import ACME, GROUP_ROLES, GROUPS, Connect, acme

pytestmark = pytest.mark.anyio

PRIMARY = "a0000000-0000-4000-8000-000000000001"
CONTRACTORS = "a0000000-0000-4000-8000-000000000002"
AI = "atlassian/ai-access"


async def search(client: httpx.AsyncClient, path: str = GROUPS, **body: Any) -> Json:
    reply = await client.post(path, json=body)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def named(found: Json) -> list[str]:
    return [entry["name"] for entry in found["data"]]


async def test_filters_of_a_search(connect: Connect) -> None:
    app = acme()
    organization: Organization = app.state.organization
    jira, confluence = organization.app("acme/jira-software").id, organization.app("acme/confluence").id
    us = organization.app("acme-us/confluence").id
    for body, names in (
        ({}, ["org-admins", "all-staff", "ai-pilot", "contractors"]),
        ({"roleIds": [AI]}, ["all-staff", "ai-pilot", "contractors"]),
        ({"roleIds": [AI], "resourceIds": [jira, confluence]}, ["all-staff"]),
        ({"roleIds": [AI], "resourceIds": [us]}, ["contractors"]),
        ({"resourceIds": [us]}, ["all-staff", "contractors"]),
        ({"resourceOwners": ["jira-software"]}, ["all-staff", "ai-pilot"]),
        ({"searchTerm": "A"}, ["org-admins", "all-staff", "ai-pilot", "contractors"]),
        ({"searchTerm": "PILOT"}, ["ai-pilot"]),
        ({"groupNames": ["All-Staff"]}, ["all-staff"]),
        ({"groupIds": ["a1000000-0000-4000-8000-000000000004"]}, ["contractors"]),
        ({"directoryIds": [CONTRACTORS]}, ["contractors"]),
        ({"accountIds": ["557058:0000"]}, []),
        (
            {"sortBy": [{"field": "name", "direction": "desc"}]},
            ["org-admins", "contractors", "all-staff", "ai-pilot"],
        ),
    ):
        async with connect(app) as client:
            assert named(await search(client, **body)) == names, body


async def test_a_directory_limits_the_search(connect: Connect) -> None:
    async with connect(acme()) as client:
        assert named(await search(client, GROUPS.replace("/-/", f"/{CONTRACTORS}/"))) == ["contractors"]
        unknown = await client.post(GROUPS.replace("/-/", "/nowhere/"))
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, "ADMIN-404-1")


async def test_a_cursor_keeps_limit_and_filter(connect: Connect) -> None:
    """Alone or beside the body of the first page, which is then ignored. It is bare."""
    async with connect(acme()) as client:
        first = await search(client, roleIds=[AI], limit=2)
        cursor = first["links"]["next"]
        alone = await search(client, cursor=cursor)
        beside = await search(client, cursor=cursor, roleIds=["other"], limit=50)
    assert "://" not in cursor
    assert (named(first), named(alone)) == (["all-staff", "ai-pilot"], ["contractors"])
    assert alone == beside
    assert "next" not in alone["links"]


async def test_a_group_as_it_is_shown(connect: Connect) -> None:
    """Counts only on demand."""
    async with connect(acme()) as client:
        plain = (await search(client, searchTerm="staff"))["data"][0]
        expanded = (await search(client, searchTerm="staff", expand=["counts.users", "counts.resources"]))["data"][0]
    assert "counts" not in plain
    assert expanded["counts"] == {"users": 412, "resources": 3}
    assert (plain["directoryId"], plain["managedBy"], plain["externalSynced"]) == (PRIMARY, "external", True)


async def test_role_assignments_of_a_group(connect: Connect) -> None:
    app = acme()
    organization: Organization = app.state.organization
    async with connect(app) as client:
        everything = (await client.get(GROUP_ROLES)).json()
        of_ai = (await client.get(GROUP_ROLES, params={"roleIds": AI})).json()
        first = (await client.get(GROUP_ROLES, params={"limit": 2})).json()
        rest = (await client.get(GROUP_ROLES, params={"cursor": first["links"]["next"]})).json()
        elsewhere = (await client.get(GROUP_ROLES, params={"directoryIds": CONTRACTORS})).json()
        jira = (await client.get(GROUP_ROLES, params={"resourceOwners": "jira-software"})).json()
    assert everything["data"][0] == {
        "resourceId": organization.app("acme/jira-software").id,
        "resourceOwner": "jira-software",
        "roles": ["atlassian/user", AI],
        "defaultRole": None,
    }
    assert [len(page["data"]) for page in (everything, of_ai, first, rest)] == [3, 2, 2, 1]
    assert first["data"] + rest["data"] == everything["data"]
    assert (elsewhere["data"], len(jira["data"])) == ([], 1)


@pytest.mark.parametrize(
    "path",
    [GROUP_ROLES.replace("000002", "999999"), GROUP_ROLES.replace("/-/", f"/{CONTRACTORS}/")],
    ids=["no such group", "a group of another directory"],
)
async def test_a_group_that_is_not_there(connect: Connect, path: str) -> None:
    async with connect(acme()) as client:
        reply = await client.get(path)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, "ADMIN-404-10")
    assert ACME in path


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 101},
        {"limit": True},
        {"cursor": "broken"},
        {"cursor": 7},
        {"resourceIds": ["x"] * 21},
        {"roleIds": []},
        {"roleIds": AI},
        {"searchTerm": 7},
        {"surprise": 1},
        {"groupNames": ["a"], "searchTerm": "a"},
    ],
)
async def test_mistakes_are_400s(connect: Connect, body: Json) -> None:
    async with connect(acme()) as client:
        assert (await client.post(GROUPS, json=body)).status_code == 400


async def test_edits_of_roles(connect: Connect) -> None:
    """Given and taken away; a group without a role for an app is not listed for it."""
    app = acme()
    organization: Organization = app.state.organization
    ari = organization.app("acme-labs/confluence").id
    set_ai_role(organization, "contractors", "acme-labs/confluence", True)
    async with connect(app) as client:
        assert named(await search(client, resourceIds=[ari])) == ["contractors"]
        set_ai_role(organization, "contractors", "acme-labs/confluence", False)
        assert named(await search(client, resourceIds=[ari])) == []
    with pytest.raises(KeyError, match="no group"):
        organization.change(organization.group("nobody"), users=1)
