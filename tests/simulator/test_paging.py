"""The pagination habits, each with what it refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contribaudit.simulator import Options, scenario_app
from contribaudit.simulator.values import Directory, Json

from .conftest import ACME, API_KEYS, DIRECTORIES, NOW, ORGS, POLICIES, WORKSPACES, Connect, acme

pytestmark = pytest.mark.anyio


def cursor_in(link: str) -> str:
    return httpx.URL(link).params["cursor"]


async def workspaces(client: httpx.AsyncClient, **first: Any) -> list[Json]:
    """Every page of workspaces."""
    pages, body = [], first
    while True:
        reply = await client.post(WORKSPACES, json=body)
        assert reply.status_code == 200, reply.text
        pages.append(reply.json())
        if "next" not in pages[-1]["links"]:
            return pages
        body = {"cursor": cursor_in(pages[-1]["links"]["next"])}


async def test_workspaces_page_by_cursor_alone_and_keep_their_limit(connect: Connect) -> None:
    """The size of the first page lives on in the cursor."""
    async with connect(acme()) as client:
        pages = await workspaces(client, limit=4)
        whole = await workspaces(client, limit=1000)
    assert [len(page["data"]) for page in pages] == [4, 4, 4, 3]
    assert [page["meta"]["startIndex"] for page in pages] == [0, 4, 8, 12]
    assert [page["meta"]["endIndex"] for page in pages] == [4, 8, 12, 15]
    assert {page["meta"]["total"] for page in pages} == {15}
    assert [entry for page in pages for entry in page["data"]] == whole[0]["data"]


async def test_workspaces_are_twenty_a_page_unless_asked(connect: Connect) -> None:
    app = scenario_app("generated", apps=45, clock=lambda: NOW)
    async with connect(app) as client:
        path = WORKSPACES.replace(ACME, app.state.organization.id)
        assert len((await client.post(path)).json()["data"]) == 20
        assert len((await client.post(path, json={})).json()["data"]) == 20


@pytest.mark.parametrize("beside", [{"limit": 4}, {"query": {"and": []}}, {"sort": []}, {"limit": None}])
async def test_a_workspaces_cursor_with_anything_beside_it_is_a_400(connect: Connect, beside: Json) -> None:
    async with connect(acme()) as client:
        first = (await client.post(WORKSPACES, json={"limit": 4})).json()
        reply = await client.post(WORKSPACES, json={"cursor": cursor_in(first["links"]["next"])} | beside)
    assert (reply.status_code, reply.json()["code"]) == (400, "ADMIN-400-24")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"limit": 0}, "ADMIN-400-24"),
        ({"limit": 1001}, "ADMIN-400-24"),
        ({"limit": "20"}, "ADMIN-400-24"),
        ({"limit": True}, "ADMIN-400-24"),
        ({"pageSize": 20}, "ADMIN-400-24"),
        ([], "ADMIN-400-24"),
        ({"cursor": "no cursor"}, "ADMIN-400-1"),
        ({"cursor": 7}, "ADMIN-400-1"),
        ({"query": {"field": {"name": "name", "values": ["x"]}}}, "ADMIN-400-4"),
        ({"query": {"features": ["ai"]}}, "ADMIN-400-4"),
        ({"query": "confluence"}, "ADMIN-400-4"),
        ({"query": {"and": [{"or": []}]}}, "ADMIN-400-4"),
        ({"sort": [{"field": "attributes.realm"}]}, "ADMIN-400-4"),
        ({"sort": [{"field": "attributes.name", "order": "up"}]}, "ADMIN-400-4"),
    ],
)
async def test_workspaces_refuse_what_they_do_not_understand(connect: Connect, body: Any, code: str) -> None:
    """With a bare object, not an errors list."""
    async with connect(acme()) as client:
        reply = await client.post(WORKSPACES, json=body)
    assert (reply.status_code, reply.json()["code"]) == (400, code)


async def test_workspaces_refuse_a_body_that_is_no_json(connect: Connect) -> None:
    async with connect(acme()) as client:
        reply = await client.post(WORKSPACES, content=b"limit=20")
    assert reply.status_code == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"field": {"name": "attributes.type", "values": ["confluence"]}}, {"confluence"}),
        ({"field": {"name": "attributes.type"}}, None),
        ({"and": []}, None),
        ({"nor": [{"searchWorkspaces": "acme"}]}, set()),
        ({"searchWorkspaces": "bitbucket.org"}, {"bitbucket"}),
        (
            {
                "and": [
                    {"searchWorkspaces": "acme-us"},
                    {"nor": [{"field": {"name": "attributes.type", "values": ["Jira"]}}]},
                ]
            },
            {"confluence"},
        ),
    ],
)
async def test_workspaces_can_be_searched(connect: Connect, query: Json, expected: set[str] | None) -> None:
    """The search lives on in the cursor. None: everything matches."""
    async with connect(acme()) as client:
        pages = await workspaces(client, limit=2, query=query)
    found = [entry["attributes"]["typeKey"] for page in pages for entry in page["data"]]
    if expected is None:
        assert len(found) == 15
    else:
        assert set(found) == expected
    if not found:
        assert pages[0]["meta"] == {"pageSize": 2, "startIndex": None, "endIndex": None, "total": 0}


async def test_workspaces_can_be_sorted(connect: Connect) -> None:
    async with connect(acme()) as client:
        pages = await workspaces(client, limit=5, sort=[{"field": "attributes.name", "order": "desc"}])
    found = [entry["attributes"]["name"] for page in pages for entry in page["data"]]
    assert found == sorted(found, reverse=True)


async def test_directories_give_bare_cursors_that_ignore_everything_else(connect: Connect) -> None:
    app = acme()
    for number in range(3, 6):
        app.state.organization.add(Directory(f"d-{number}", f"Directory {number}", "https://icons.example/x"))
    async with connect(app) as client:
        first = (await client.get(DIRECTORIES, params={"limit": 2})).json()
        cursor = first["links"]["next"]
        assert "://" not in cursor
        second = (await client.get(DIRECTORIES, params={"cursor": cursor, "limit": 100, "searchTerm": "zzz"})).json()
        third = (await client.get(DIRECTORIES, params={"cursor": second["links"]["next"]})).json()
        back = (await client.get(DIRECTORIES, params={"cursor": second["links"]["prev"]})).json()
    assert [len(page["data"]) for page in (first, second, third)] == [2, 2, 1]
    assert "next" not in third["links"]
    assert back["data"] == first["data"]


async def test_directories_can_be_filtered(connect: Connect) -> None:
    async with connect(acme()) as client:
        by_name = (await client.get(DIRECTORIES, params={"searchTerm": "contr"})).json()["data"]
        by_id = (await client.get(DIRECTORIES, params={"directoryIds": by_name[0]["directoryId"]})).json()["data"]
        by_user = (await client.get(DIRECTORIES, params={"accountId": "557058:0000"})).json()["data"]
        too_many = await client.get(DIRECTORIES, params={"limit": 101})
        broken = await client.get(DIRECTORIES, params={"cursor": "broken"})
    assert [entry["name"] for entry in by_name] == ["Contractors"]
    assert by_id == by_name
    assert by_user == []
    assert (too_many.status_code, broken.status_code) == (400, 400)
    assert broken.json()["errors"][0]["code"] == "ADMIN-400-1"


async def test_policies_announce_the_next_page_twice(connect: Connect) -> None:
    """A bare cursor in meta.next, a URL in links.next; the type asked for lives on in both."""
    async with connect(acme(options=Options(policies_page_size=1))) as client:
        first = (await client.get(POLICIES, params={"type": "data-residency"})).json()
        assert cursor_in(first["links"]["next"]) == first["meta"]["next"]
        assert first["links"]["next"].startswith("https://api.atlassian.com/admin/v1/orgs/")
        second = (await client.get(POLICIES, params={"cursor": first["meta"]["next"]})).json()
    assert [page["data"][0]["attributes"]["name"] for page in (first, second)] == ["EU", "US"]
    assert second["meta"] == {"next": None, "page_size": 1}
    assert "next" not in second["links"]


async def test_a_policy_by_its_id(connect: Connect) -> None:
    async with connect(acme()) as client:
        found = (await client.get(f"{POLICIES}/acme-data-use")).json()["data"]
        missing = await client.get(f"{POLICIES}/nothing")
    assert found["attributes"]["type"] == "ugc-data-use-preferences"
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, "ADMIN-404-5")


async def test_api_keys_want_every_parameter_again_with_the_cursor(connect: Connect) -> None:
    app = scenario_app("drifted", clock=lambda: NOW)
    for number in range(6):
        key = app.state.organization.key("narrow-key")
        app.state.organization.add(type(key)(f"word-{number}", f"id-{number}", f"key {number}", ACME, None, NOW, NOW))
    parameters = {"keyType": "CLOUD_ADMIN", "pageSize": "5", "sort": "-label"}
    async with connect(app) as client:
        first = (await client.get(API_KEYS, params=parameters)).json()
        cursor = first["links"]["next"]
        second = (await client.get(API_KEYS, params=parameters | {"cursor": cursor})).json()
        forgotten = await client.get(API_KEYS, params={"cursor": cursor})
        changed = await client.get(API_KEYS, params=parameters | {"pageSize": "10", "cursor": cursor})
    labels = [entry["label"] for page in (first, second) for entry in page["data"]]
    assert labels == sorted(labels, reverse=True)
    assert len(labels) == 10
    assert "next" not in second["links"]
    assert {forgotten.status_code, changed.status_code} == {400}
    assert forgotten.json()["errors"][0]["code"] == "INVALID_API_TOKEN_SEARCH_QUERY"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"pageSize": "30"}, "INVALID_PAGE_SIZE"),
        ({"sort": "scopes"}, "INVALID_SORT"),
        ({"keyType": "OTHER"}, "INVALID_API_TOKEN_SEARCH_QUERY"),
        ({"cursor": "broken"}, "INVALID_FIELD_FORMAT"),
    ],
)
async def test_api_keys_refuse_with_their_own_codes(connect: Connect, parameters: Json, code: str) -> None:
    async with connect(acme()) as client:
        reply = await client.get(API_KEYS, params=parameters)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)


async def test_api_keys_show_everything_but_the_key(connect: Connect) -> None:
    """Keys of another organization are not listed, expired ones are, and a key's word is nowhere."""
    async with connect(acme()) as client:
        await client.get(API_KEYS)
        text = (await client.get(API_KEYS)).text
        found = {entry["id"]: entry for entry in (await client.get(API_KEYS)).json()["data"]}
    assert set(found) == {"acme-key-1", "acme-key-2", "acme-key-3", "acme-key-4"}
    assert found["acme-key-1"]["expiresAt"] == "2026-11-30T08:00:30.000Z"
    assert found["acme-key-1"]["lastActiveAt"] == "2026-11-21T08:00:30.000Z"
    assert found["acme-key-2"]["scopes"] == []
    assert "demo-key" not in text


async def test_a_cursor_of_another_endpoint_is_refused(connect: Connect) -> None:
    async with connect(acme(), "unscoped-key") as client:
        cursor = (await client.get(DIRECTORIES, params={"limit": 1})).json()["links"]["next"]
        assert (await client.post(WORKSPACES, json={"cursor": cursor})).status_code == 400
        assert (await client.get(POLICIES, params={"cursor": cursor})).status_code == 400
        assert (await client.get(ORGS, params={"cursor": cursor})).status_code == 400
