"""Every fault does what its name says, where and as often as it was asked for."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from contribaudit.simulator import KINDS, Fault, parse_fault
from contribaudit.simulator.faults import ENDPOINTS, ONLY_FOR

from .conftest import (
    API_KEYS,
    CONFLUENCE,
    DIRECTORIES,
    EVENT_ACTIONS,
    EVENTS,
    GROUP_ROLES,
    GROUPS,
    JIRA,
    ORG,
    ORGS,
    PERSON,
    POLICIES,
    STREAM,
    WORKSPACES,
    Connect,
    acme,
)

pytestmark = pytest.mark.anyio

PATHS = {
    "orgs": ORGS,
    "org": ORG,
    "workspaces": WORKSPACES,
    "directories": DIRECTORIES,
    "policies": POLICIES,
    "policy": f"{POLICIES}/acme-residency-eu",
    "event-actions": EVENT_ACTIONS,
    "api-keys": API_KEYS,
    "events": EVENTS,
    "events-stream": STREAM,
    "groups-search": GROUPS,
    "group-role-assignments": GROUP_ROLES,
    "jira-projects": JIRA,
    "confluence-spaces": CONFLUENCE,
    "gateway": "/graphql",
    "users-search": GROUPS.replace("/groups/", "/users/"),
}


async def ask(client: httpx.AsyncClient, endpoint: str, **body: Any) -> httpx.Response:
    if endpoint == "gateway":
        return await client.post(PATHS[endpoint], json={"query": "{ __typename }"} | body, auth=PERSON)
    if endpoint in ("workspaces", "groups-search", "users-search"):
        return await client.post(PATHS[endpoint], json=body)
    if endpoint in ("jira-projects", "confluence-spaces"):
        return await client.get(PATHS[endpoint], params=body, auth=PERSON)
    return await client.get(PATHS[endpoint], params=body)


async def answer(connect: Connect, kind: str, endpoint: str, **values: Any) -> httpx.Response:
    async with connect(acme([Fault(kind, endpoint, **values)]), "unscoped-key") as client:
        return await ask(client, endpoint)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("401", 401),
        ("403-a", 403),
        ("403-b", 403),
        ("403-c", 403),
        ("403-bare", 403),
        ("404", 404),
        ("429-reset", 429),
        ("429-seconds", 429),
        ("429-date", 429),
        ("429-empty", 429),
        ("429-errors", 429),
        ("500", 500),
        ("503", 503),
        ("html", 200),
        ("truncated-json", 200),
        ("redirect", 302),
        ("empty-list", 200),
        ("unknown-keys", 200),
        ("unknown-values", 200),
        ("missing-key", 200),
        ("no-id", 200),
    ],
)
async def test_status_of_each_fault_at_each_endpoint(connect: Connect, kind: str, status: int, endpoint: str) -> None:
    """And never at another endpoint."""
    async with connect(acme([Fault(kind, endpoint)]), "unscoped-key") as client:
        assert (await ask(client, endpoint)).status_code == status
        other = "directories" if endpoint != "directories" else "policies"
        untouched = await ask(client, other)
    async with connect(acme(), "unscoped-key") as client:
        assert untouched.json() == (await ask(client, other)).json()


async def test_the_three_ways_to_say_how_long_to_wait(connect: Connect) -> None:
    """A timestamp without Retry-After, seconds, an HTTP date; and none at all."""
    reset = await answer(connect, "429-reset", "workspaces", seconds=5)
    assert reset.headers["X-RateLimit-Reset"] == "2026-11-21T08:00:35Z"
    assert reset.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in reset.headers
    assert reset.json() == {"code": 429, "message": "Too many API requests"}
    assert (await answer(connect, "429-seconds", "workspaces", seconds=5)).headers["Retry-After"] == "5"
    date = await answer(connect, "429-date", "workspaces", seconds=1.5)
    assert date.headers["Retry-After"] == "Sat, 21 Nov 2026 08:00:32 GMT"
    empty = await answer(connect, "429-empty", "workspaces")
    assert empty.content == b""
    assert not [name for name in empty.headers if name.startswith(("x-ratelimit", "retry"))]
    listed = await answer(connect, "429-errors", "workspaces")
    assert listed.json()["errors"][0]["code"] == "ADMIN-429-1"


async def test_answers_that_are_not_json(connect: Connect) -> None:
    html = await answer(connect, "html", "policies")
    assert html.headers["Content-Type"].startswith("text/html")
    cut = await answer(connect, "truncated-json", "policies")
    assert cut.headers["Content-Type"] == "application/json"
    assert len(cut.content) == int(cut.headers["Content-Length"])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        cut.json()
    away = await answer(connect, "redirect", "org")
    assert away.headers["Location"] == f"https://elsewhere.example{ORG}"


async def test_an_error_has_the_form_of_its_endpoint(connect: Connect) -> None:
    """Bare for workspaces, a list elsewhere, own codes for API keys."""
    assert (await answer(connect, "500", "workspaces")).json()["code"] == "ADMIN-500-1"
    assert (await answer(connect, "500", "policies")).json()["errors"][0]["code"] == "ADMIN-500-1"
    assert (await answer(connect, "500", "api-keys")).json()["errors"][0]["code"] == "GENERIC_ERROR"


@pytest.mark.parametrize(
    "endpoint",
    ["workspaces", "directories", "groups-search", "group-role-assignments", "policies", "api-keys", "events-stream"],
)
async def test_a_repeated_cursor_gives_the_same_page_for_ever(connect: Connect, endpoint: str) -> None:
    async with connect(acme([Fault("repeated-cursor", endpoint)])) as client:
        first = (await ask(client, endpoint)).json()
        cursor = first.get("meta", {}).get("next") or first["links"]["next"]
        if cursor.startswith("https:"):
            cursor = httpx.URL(cursor).params["cursor"]
        again = await ask(client, endpoint, cursor=cursor)
    assert again.json()["data"] == first["data"]
    assert again.json()["links"]["next"] == first["links"]["next"]


async def test_a_repeated_cursor_of_a_site(connect: Connect) -> None:
    """Jira's next page starts where this one does and is not the last; Confluence's link leads here again."""
    async with connect(acme([Fault("repeated-cursor", "*")])) as client:
        first = (await ask(client, "jira-projects", maxResults=3, startAt=3)).json()
        assert (first["isLast"], httpx.URL(first["nextPage"]).params["startAt"]) == (False, "3")
        first = (await ask(client, "confluence-spaces", limit=3)).json()
        cursor = httpx.URL(first["_links"]["next"]).params["cursor"]
        assert (await ask(client, "confluence-spaces", limit=3, cursor=cursor)).json() == first


async def test_faults_of_spaces(connect: Connect) -> None:
    """A total that is too large, an empty list that says it is the last, keys and IDs that are missing."""
    assert (await answer(connect, "total-too-large", "jira-projects")).json()["total"] == 8 + 7
    empty = (await answer(connect, "empty-list", "jira-projects")).json()
    assert (empty["values"], empty["total"], empty["isLast"]) == ([], 0, True)
    assert (await answer(connect, "empty-list", "confluence-spaces")).json()["results"] == []
    assert "_links" not in (await answer(connect, "no-links", "confluence-spaces")).json()
    for endpoint, name in (("jira-projects", "values"), ("confluence-spaces", "results")):
        assert "key" not in (await answer(connect, "missing-key", endpoint)).json()[name][0]
        assert "id" not in (await answer(connect, "no-id", endpoint)).json()[name][0]
        assert "simulated_type" in (await answer(connect, "unknown-values", endpoint)).text
        waits = (await answer(connect, "429-seconds", endpoint, seconds=3)).headers["Retry-After"]
        assert waits == "3"


async def test_an_empty_stream_can_be_asked_again_from_there(connect: Connect) -> None:
    """Nothing is lost to a page that was empty by mistake."""
    app = acme([Fault("empty-list", "events-stream", times=1)])
    async with connect(app) as client:
        empty = (await ask(client, "events-stream")).json()
        later = (await ask(client, "events-stream", cursor=empty["meta"]["next"])).json()
    assert (empty["data"], len(later["data"])) == ([], 13)


async def test_a_repeated_cursor_from_the_second_page_on(connect: Connect) -> None:
    async with connect(acme([Fault("repeated-cursor", "workspaces", from_page=2)])) as client:
        page, seen = (await ask(client, "workspaces", limit=5)).json(), []
        for _ in range(3):
            cursor = httpx.URL(page["links"]["next"]).params["cursor"]
            page = (await ask(client, "workspaces", cursor=cursor)).json()
            seen.append(page["meta"]["startIndex"])
    assert seen == [5, 5, 5]


async def test_a_fault_from_a_page_on_and_a_few_times(connect: Connect) -> None:
    """The first page is served, the second fails twice."""
    app = acme([Fault("500", "workspaces", from_page=2, times=2)])
    async with connect(app) as client:
        first = await ask(client, "workspaces", limit=5)
        cursor = httpx.URL(first.json()["links"]["next"]).params["cursor"]
        statuses = [(await ask(client, "workspaces", cursor=cursor)).status_code for _ in range(4)]
    assert (first.status_code, statuses) == (200, [500, 500, 200, 200])
    assert [record.status for record in app.state.requests] == [200, 500, 500, 200, 200]


async def test_pages_that_lie(connect: Connect) -> None:
    """A total that is too large; an empty list; a last page without links, but not the page before it."""
    assert (await answer(connect, "total-too-large", "workspaces")).json()["meta"]["total"] == 22
    empty = (await answer(connect, "empty-list", "workspaces")).json()
    assert (empty["data"], empty["meta"]["total"], "next" in empty["links"]) == ([], 0, False)
    async with connect(acme([Fault("no-links", "workspaces")])) as client:
        first = (await ask(client, "workspaces", limit=10)).json()
        cursor = httpx.URL(first["links"]["next"]).params["cursor"]
        last = (await ask(client, "workspaces", cursor=cursor)).json()
    assert "links" not in last
    assert len(last["data"]) == 5


async def test_entries_that_are_odd(connect: Connect) -> None:
    """Only the entries that the fault names; the organization itself is not touched."""
    plain = await ordinary(connect, "workspaces")
    for kind, difference in {
        "unknown-keys": [0, 3, 6, 9, 12],
        "unknown-values": [0, 3, 6, 9, 12],
        "missing-key": [0],
        "no-id": [0],
        "null-realm": [0],
    }.items():
        odd = (await answer(connect, kind, "workspaces")).json()["data"]
        assert [i for i, (a, b) in enumerate(zip(plain, odd, strict=True)) if a != b] == difference, kind
    policies = (await answer(connect, "rule-array", "policies")).json()["data"]
    assert isinstance(policies[0]["attributes"]["rule"], list)
    unknown = (await answer(connect, "unknown-values", "policies")).json()["data"][0]["attributes"]
    assert (unknown["type"], unknown["resources"][0]["applicationStatus"]) == ("simulated-type", "simulated")
    assert "id" not in (await answer(connect, "no-id", "org")).json()["data"]
    assert "realm" not in (await answer(connect, "missing-key", "workspaces")).json()["data"][0]["attributes"]
    assert await ordinary(connect, "workspaces") == plain


async def ordinary(connect: Connect, endpoint: str) -> list[Any]:
    async with connect(acme(), "unscoped-key") as client:
        data: list[Any] = (await ask(client, endpoint)).json()["data"]
    return data


async def test_a_slow_answer_comes_in_the_end(connect: Connect) -> None:
    started = time.monotonic()
    assert (await answer(connect, "hang", "org", seconds=0.2)).status_code == 200
    assert time.monotonic() - started >= 0.2


async def test_a_closed_connection_needs_a_real_socket(connect: Connect) -> None:
    app = acme([Fault("close", "org")])
    async with connect(app) as client:
        with pytest.raises(ConnectionAbortedError):
            await client.get(ORG)
    assert app.state.requests[0].status is None


async def test_faults_can_be_switched_while_it_runs(connect: Connect) -> None:
    """Also after a page was served from memory."""
    app = acme()
    async with connect(app) as client:
        assert (await ask(client, "workspaces")).status_code == 200
        app.state.faults.append(Fault("500", "*"))
        assert (await ask(client, "workspaces")).status_code == 500
        assert (await ask(client, "org")).status_code == 500
        app.state.faults.clear()
        assert (await ask(client, "workspaces")).status_code == 200


async def test_several_faults_at_once(connect: Connect) -> None:
    """Everything that changes a page is applied; of what replaces the answer, the first."""
    faults = [Fault("null-realm", "*"), Fault("total-too-large", "*"), Fault("500", "org"), Fault("401", "org")]
    async with connect(acme(faults)) as client:
        page = (await ask(client, "workspaces")).json()
        assert (page["meta"]["total"], page["data"][0]["attributes"]["realm"]) == (22, None)
        assert (await ask(client, "org")).status_code == 500
        assert (await ask(client, "directories")).status_code == 200


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("500@workspaces", Fault("500", "workspaces")),
        ("429-date@*,times=2,seconds=0.5", Fault("429-date", "*", times=2, seconds=0.5)),
        ("hang@policies,page=2,seconds=30", Fault("hang", "policies", from_page=2, seconds=30)),
    ],
)
def test_faults_as_the_command_line_writes_them(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("500", "KIND@ENDPOINT"),
        ("500@workspaces,often=1", "KIND@ENDPOINT"),
        ("500@workspaces,page=two", "must be numbers"),
        ("500@workspace", "did you mean 'workspaces'"),
        ("trunkated-json@org", "did you mean 'truncated-json'"),
        ("null-realm@policies", "fits workspaces only"),
        ("500@org,page=0", "count from 1"),
    ],
)
def test_faults_that_do_not_exist(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_fault(text)


def test_the_lists_of_faults_agree() -> None:
    """Each kind has a sentence; what is limited to some endpoints exists."""
    assert set(ONLY_FOR) <= set(KINDS)
    assert set(PATHS) == set(ENDPOINTS)
