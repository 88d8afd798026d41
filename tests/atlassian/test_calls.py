"""Nothing but the listed reads goes out, to nowhere but the API's own origin."""

from __future__ import annotations

import inspect
import ssl
from dataclasses import replace

import httpx
import pytest
import respx
from pydantic import SecretStr

from contribaudit.atlassian import calls
from contribaudit.atlassian.calls import Call, Paging
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.credential import checked_origin
from contribaudit.atlassian.paging import first_request
from contribaudit.atlassian.transport import Wire
from contribaudit.errors import ConfigurationError, CredentialError, UnexpectedAnswer

from .bench import API, KEY, NOON, ORG, Bench

pytestmark = pytest.mark.anyio

GROUP = {"directoryId": "d-1", "groupId": "8c1f"}


def test_every_call_is_a_get_or_a_documented_search() -> None:
    assert {(call.method, call.path) for call in calls.ALL if call.method != "GET"} == {
        ("POST", "/admin/v2/orgs/{orgId}/workspaces"),
        ("POST", "/admin/v2/orgs/{orgId}/directories/-/groups/search"),
        ("POST", "/admin/v2/orgs/{orgId}/directories/-/users/search"),
    }
    assert len({call.name for call in calls.ALL}) == len(calls.ALL)
    for call in calls.ALL:
        assert call.path.startswith("/admin/")
        assert call.documented_at.startswith("https://developer.atlassian.com/")
        assert (call.body == ()) == (call.method == "GET")
        assert call.scope == "" or call.scope.startswith("read:")


FORGED = [
    Call("delete", "DELETE", "/admin/v1/orgs/{orgId}/policies", "", ""),
    Call("elsewhere", "GET", "/admin/v1/orgs/{orgId}/users", "", ""),
    replace(calls.GET_ORGANIZATION, method="PUT"),
    replace(calls.SEARCH_WORKSPACES, path="/admin/v1/orgs/{orgId}/users"),
    replace(calls.LIST_POLICIES, query=(("type", "x"),)),
]


@pytest.mark.parametrize("call", FORGED, ids=lambda call: call.title)
async def test_refuses_every_other_call(bench: Bench, call: Call) -> None:
    client = bench.client(lambda _: httpx.Response(200, json={"data": [], "meta": {}, "links": {}}))
    with pytest.raises(ValueError, match="not among the calls"):
        await client.read(replace(call, paging=Paging.NONE))
    with pytest.raises(ValueError, match="not among the calls"):
        client.pages(call)
    with pytest.raises(ValueError, match="not among the calls"):
        await client._sender.answer(call, first_request(call))
    assert bench.sent == []


def test_offers_reads_and_nothing_else() -> None:
    public = {name for name, _ in inspect.getmembers(AdminClient, callable) if not name.startswith("_")}
    assert public == {"read", "pages", "stream", "aclose"}


async def test_sends_each_call_as_listed(bench: Bench) -> None:
    """Method, path, query and body of every call, with the key in one header and nowhere else."""
    client = bench.client(lambda _: httpx.Response(200, json={"data": [], "meta": {}, "links": {}}))
    for call in calls.ALL:
        async for _ in client.pages(call, where=GROUP if call == calls.LIST_GROUP_ROLES else {}):
            pass
    for call, request in zip(calls.ALL, bench.sent, strict=True):
        assert request.method == call.method
        assert request.url.copy_with(query=None) == f"{API}{call.path.format(orgId=ORG, **GROUP)}"
        assert tuple(request.url.params.multi_items()) == call.query
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Accept"] == "application/json"
        assert request.headers["User-Agent"].startswith("contribaudit/")
        assert KEY not in str(request.url)
    assert bench.sent[2].content == b'{"limit":1000}'
    search = bench.sent[calls.ALL.index(calls.SEARCH_AI_GROUPS)]
    assert search.content == b'{"roleIds":["atlassian/ai-access"],"limit":100}'


@pytest.mark.parametrize(
    ("group", "sent"),
    [
        ("ari:cloud:identity::group/8c1f", "ari%3Acloud%3Aidentity%3A%3Agroup%2F8c1f"),
        ("../../users?x=1#y", "..%2F..%2Fusers%3Fx%3D1%23y"),
        ("%2e%2e", "%252e%252e"),
        ("{orgId}", "%7BorgId%7D"),
        ("gr\u00fcn", "gr%C3%BCn"),
    ],
)
async def test_what_an_answer_named_stays_one_part_of_the_path(bench: Bench, group: str, sent: str) -> None:
    """Percent-encoded on the wire and in the ledger; `-` stands for every directory."""
    client = bench.client(lambda _: httpx.Response(200, json={"data": [], "meta": {}, "links": {}}))
    async for _ in client.pages(calls.LIST_GROUP_ROLES, where={"directoryId": "-", "groupId": group}):
        pass
    path = f"/admin/v2/orgs/{ORG}/directories/-/groups/{sent}/role-assignments"
    assert bench.sent[0].url.raw_path.partition(b"?")[0] == path.encode()
    assert [entry.path.partition("?")[0] for entry in client.ledger.entries] == [path]


@pytest.mark.parametrize("group", ["", ".", "..", "a\nb", "a\u202eb", "x" * 301])
async def test_an_id_that_is_none_is_not_asked_for(bench: Bench, group: str) -> None:
    """It came in an answer, so the answer is at fault; nothing goes out."""
    client = bench.client(lambda _: httpx.Response(200, json={"data": [], "meta": {}, "links": {}}))
    with pytest.raises(UnexpectedAnswer, match="contained an invalid groupId"):
        async for _ in client.pages(calls.LIST_GROUP_ROLES, where={"directoryId": "-", "groupId": group}):
            pass
    assert bench.sent == []


async def test_a_call_on_a_group_needs_one(bench: Bench) -> None:
    client = bench.client(lambda _: httpx.Response(200, json={"data": [], "meta": {}, "links": {}}))
    with pytest.raises(ValueError, match="needs directoryId, groupId"):
        async for _ in client.pages(calls.LIST_GROUP_ROLES):
            pass
    assert bench.sent == []


async def test_read_refuses_a_call_with_pages(bench: Bench) -> None:
    with pytest.raises(ValueError, match="has pages"):
        await bench.scripted().read(calls.LIST_POLICIES)


async def test_a_call_on_an_organization_needs_one(bench: Bench) -> None:
    client = bench.client(lambda _: httpx.Response(200, json={"data": [], "meta": {}, "links": {}}), organization="")
    assert [page.items async for page in client.pages(calls.LIST_ORGANIZATIONS)] == [()]
    with pytest.raises(ValueError, match="needs an organization"):
        await client.read(calls.GET_ORGANIZATION)


@pytest.mark.parametrize("organization", ["..", "a/b", "a?b", "a b", "ä", "%2e%2e", "a\n"])
def test_refuses_an_organization_that_would_change_the_path(bench: Bench, organization: str) -> None:
    with pytest.raises(ConfigurationError, match="organization ID"):
        bench.client(lambda _: httpx.Response(200), organization=organization)


@pytest.mark.parametrize("key", ["", "with space", "newline\n", "schlüssel", "tab\t"])
def test_refuses_a_key_that_no_header_can_hold(bench: Bench, key: str) -> None:
    with pytest.raises(CredentialError) as caught:
        bench.client(lambda _: httpx.Response(200), key=key)
    assert key.strip() == "" or key.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://evil.example/login?session=s3cret", "evil.example"),
        ("http://user:s3cret@evil.example/", "evil.example"),
        ("/other", "another path of api.atlassian.com"),
        ("https://[broken", "an unreadable address"),
        (None, "nowhere"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@respx.mock
async def test_never_follows_a_redirect(status: int, location: str | None, named: str) -> None:
    """Not even on an HTTP client that would."""
    start = respx.get(f"{API}/admin/v1/orgs/{ORG}").mock(
        return_value=httpx.Response(status, headers={"Location": location} if location else {})
    )
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # certificates would take 30 ms, and nothing is asked
    async with httpx.AsyncClient(follow_redirects=True, verify=nobody) as http:
        client = AdminClient(Wire(http, API, clock=lambda: NOON), organization=ORG, key=SecretStr(KEY))
        with pytest.raises(UnexpectedAnswer, match="was redirected") as caught:
            await client.read(calls.GET_ORGANIZATION)
    assert named in caught.value.message
    assert "s3cret" not in str(caught.value)
    assert start.call_count == 1
    assert respx.calls.call_count == 1


@pytest.mark.parametrize(
    "api_url",
    [
        "https://api.atlassian.com",
        "https://proxy.example/atlassian/",
        "http://localhost:8000",
        "http://127.3.2.1",
        "http://[::1]:80",
    ],
)
def test_accepts_https_and_plain_http_on_loopback(api_url: str) -> None:
    assert str(checked_origin(api_url)).rstrip("/") == str(httpx.URL(api_url)).rstrip("/")


@pytest.mark.parametrize(
    "api_url",
    [
        "http://api.atlassian.com",
        "http://192.168.0.1",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://0.0.0.0",
        "https://user:s3cret@api.atlassian.com",
        "https://api.atlassian.com?s3cret",
        "https://api.atlassian.com?",
        "https://api.atlassian.com#s3cret",
        "ftp://api.atlassian.com",
        "api.atlassian.com",
        "https://",
        "https://[s3cret",
        "",
    ],
)
def test_refuses_other_addresses_without_repeating_them(api_url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked_origin(api_url)
    assert "api_url" in caught.value.message
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None or "s3cret" not in str(caught.value.__context__)


async def test_a_path_in_api_url_goes_before_every_path(bench: Bench) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    client = AdminClient(Wire(http, "https://proxy.example/atlassian/"), organization=ORG, key=SecretStr(KEY))
    await client.read(calls.GET_ORGANIZATION)
    assert seen == [f"https://proxy.example/atlassian/admin/v1/orgs/{ORG}"]
