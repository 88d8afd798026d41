"""Sites: the token that the configuration has for them, their pages, their refusals, and one ledger."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from contribaudit.atlassian import calls
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.graphql import Part, Question
from contribaudit.atlassian.paging import Request
from contribaudit.atlassian.sites import Access, Accesses, SiteClient, is_cloud_id, site_chain
from contribaudit.atlassian.transport import Ledger, Wire
from contribaudit.errors import (
    AccessDenied,
    AdminApiError,
    CredentialError,
    NotFound,
    RateLimited,
    ServerFailed,
    TokenRefused,
    UnexpectedAnswer,
)

from .bench import API, NOON, Bench, Clock

pytestmark = pytest.mark.anyio

CLOUD = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
HOST = "acme.atlassian.net"
TOKEN = "ATATT3x-the-token=1234"
MINE = Credential(SecretStr(TOKEN), "me@example.com")
SERVICE = Credential(SecretStr("service-token"))
PAIR = base64.b64encode(f"me@example.com:{TOKEN}".encode()).decode()
JIRA = f"{API}/ex/jira/{CLOUD}/rest/api/3/project/search"
WIKI = f"{API}/ex/confluence/{CLOUD}/wiki/api/v2/spaces"

Answer = Callable[[httpx.Request], httpx.Response]


class Sent:
    """A client of sites on a transport that answers what a test tells it, and what it sent."""

    def __init__(self, answer: Answer, accesses: Accesses, clock: Clock, ledger: Ledger | None = None) -> None:
        self.requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return answer(request)

        http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
        self.client = SiteClient(Wire(http, API, sleep=clock.sleep, clock=clock), accesses=accesses, ledger=ledger)

    async def read(self, call: Call, host: str = HOST, start: Request | None = None) -> list[str]:
        chain = site_chain(call, CLOUD)
        async with aclosing(self.client.pages(chain, host=host, start=start)) as pages:
            return [str(item["id"]) async for page in pages for item in page.items]


def scripted(bench: Bench, *answers: Any, accesses: Accesses | None = None) -> Sent:
    """A client that gets these JSON bodies or responses one after another, and no more."""
    script = iter(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        found = next(script)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    return Sent(answer, accesses or Accesses(Access(MINE)), bench.clock)


def projects(start: int, ids: Sequence[int], total: int | None, last: bool | None) -> dict[str, Any]:
    body = {"startAt": start, "total": total, "isLast": last, "values": [{"id": one} for one in ids]}
    return {name: value for name, value in body.items() if value is not None}


def wiki(ids: Sequence[int], following: str | None = None) -> dict[str, Any]:
    return {"results": [{"id": one} for one in ids], "_links": {"next": following} if following else {"base": "x"}}


def test_only_three_reads_are_listed_for_sites() -> None:
    """What the one POST can ask, `test_graphql.py` holds to queries."""
    assert {(call.method, call.path, call.scope) for call in calls.ON_SITES} == {
        ("GET", "/ex/jira/{cloudId}/rest/api/3/project/search", "read:jira-work"),
        ("GET", "/ex/confluence/{cloudId}/wiki/api/v2/spaces", "read:space:confluence"),
        ("POST", "/graphql", ""),
    }
    for call in calls.ON_SITES:
        assert call not in calls.ALL
        assert call.documented_at.startswith("https://developer.atlassian.com/")


@pytest.mark.parametrize("call", [calls.GET_ORGANIZATION, calls.SEARCH_WORKSPACES], ids=lambda call: call.name)
async def test_a_site_s_token_never_asks_the_admin_api(bench: Bench, call: Call) -> None:
    sent = scripted(bench)
    with pytest.raises(ValueError, match="not among the calls"):
        await sent.client._reader(HOST)._sender.answer(call, Request((), None))
    with pytest.raises(ValueError, match="not among the calls"):
        bench.scripted().pages(calls.SEARCH_PROJECTS)
    assert sent.requests == []


async def test_projects_are_paged_by_offset(bench: Bench) -> None:
    sent = scripted(bench, projects(0, (1, 2), 3, False), projects(2, (3,), 3, True))
    assert await sent.read(calls.SEARCH_PROJECTS) == ["1", "2", "3"]
    query = "maxResults=100&status=live&status=archived&orderBy=key"
    assert [str(request.url) for request in sent.requests] == [f"{JIRA}?{query}", f"{JIRA}?{query}&startAt=2"]


async def test_spaces_are_paged_by_the_cursor_of_a_link_and_nothing_else_of_it(bench: Bench) -> None:
    link = "https://evil.example/wiki/api/v2/spaces?limit=1&cursor=a%2Bb"
    sent = scripted(bench, wiki((1,), link), wiki((2,)))
    assert await sent.read(calls.LIST_SPACES) == ["1", "2"]
    assert [str(request.url) for request in sent.requests] == [f"{WIKI}?limit=250", f"{WIKI}?limit=250&cursor=a%2Bb"]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (projects(100, (1,), 200, False), "different page than the one requested"),
        ({"values": [{"id": 1}], "total": 1, "isLast": True}, "different page than the one requested"),
        (projects(0, (1,), None, None), "whether there is a next page"),
        (projects(0, (), 5, False), "an empty page before its last one"),
        ({"startAt": 0, "total": 0, "isLast": True}, "has no `values`"),
        ({"startAt": 0, "total": 0, "isLast": True, "values": {}}, "a `values` that is not a list"),
        ({"startAt": 0, "total": 0, "isLast": True, "values": ["x"]}, "a JSON text among the objects of `values`"),
    ],
)
async def test_a_strange_page_of_projects_is_not_the_end(bench: Bench, first: dict[str, Any], told: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=told):
        await scripted(bench, first).read(calls.SEARCH_PROJECTS)


async def test_a_server_that_ignores_the_offset_is_noticed(bench: Bench) -> None:
    page = projects(0, (1, 2), 4, False)
    with pytest.raises(UnexpectedAnswer, match="different page"):
        await scripted(bench, page, page).read(calls.SEARCH_PROJECTS)


@pytest.mark.parametrize(
    ("bodies", "told"),
    [
        (({"results": []},), "so there may be a next page"),
        (({"results": [], "_links": {"next": "/wiki/api/v2/spaces?limit=250"}},), "a next link without a cursor"),
        (({"results": [], "_links": {"next": 7}},), "_links.next that is not text"),
        ((wiki((1,), "/x?cursor=a"), wiki((2,), "/x?cursor=a")), "repeated cursor"),
    ],
)
async def test_a_strange_page_of_spaces_is_not_the_end(bench: Bench, bodies: tuple[Any, ...], told: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=told):
        await scripted(bench, *bodies).read(calls.LIST_SPACES)


async def test_a_chain_goes_on_where_it_broke(bench: Bench) -> None:
    broken = [httpx.Response(500)] * 5
    sent = scripted(bench, projects(0, (1, 2), 3, False), *broken, projects(2, (3,), 3, True))
    chain = site_chain(calls.SEARCH_PROJECTS, CLOUD)
    pages = sent.client.pages(chain, host=HOST)
    first = await anext(pages)
    with pytest.raises(ServerFailed):
        await anext(pages)
    rest = [page async for page in sent.client.pages(chain, host=HOST, start=first.following)]
    assert [one["id"] for page in (first, *rest) for one in page.items] == [1, 2, 3]
    assert sent.client.requests(chain, host=HOST) == len(sent.requests) == 7


@pytest.mark.parametrize(
    ("response", "error", "told"),
    [
        (httpx.Response(401, json={"code": 401, "message": "Unauthorized"}), TokenRefused, '"Unauthorized"'),
        (httpx.Response(401, json={"message": "no", "status-code": 401}), TokenRefused, "refused the API token"),
        (httpx.Response(403, json={"errorMessages": ["No access"], "errors": {}}), AccessDenied, '"No access"'),
        (httpx.Response(404, json={"errorMessages": ["No message available"]}), NotFound, "answered 404"),
        (httpx.Response(404, json={"errors": [{"code": "NOT_FOUND", "title": "gone"}]}), NotFound, 'NOT_FOUND "gone"'),
        (httpx.Response(400, json={"errorMessages": ["bad", 7]}), UnexpectedAnswer, '"bad"'),
        (httpx.Response(302, headers={"Location": "https://id.example/login?s=1"}), UnexpectedAnswer, "id.example"),
        (httpx.Response(200, content=b"<html>"), UnexpectedAnswer, "web page"),
        (httpx.Response(200, content=b'{"values": ['), UnexpectedAnswer, "truncated JSON"),
    ],
)
async def test_a_refusal_becomes_one_error(
    bench: Bench, response: httpx.Response, error: type[AdminApiError], told: str
) -> None:
    sent = scripted(bench, response)
    with pytest.raises(error, match=told) as caught:
        await sent.read(calls.SEARCH_PROJECTS)
    assert type(caught.value) is error
    assert caught.value.hint
    assert "API key" not in str(caught.value)
    assert caught.value.code != "key_refused"


async def test_a_429_is_obeyed_and_holds_back_its_own_site_alone(bench: Bench) -> None:
    """One site's limit is no other's: the second asks at once, though the first has to wait for 7 s."""
    waited: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        first = CLOUD in request.url.path and not waited
        return httpx.Response(429, headers={"Retry-After": "7"}) if first else httpx.Response(200, json=wiki((1,)))

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    sent = Sent(answer, Accesses(Access(SERVICE)), bench.clock)
    for reader in sent.client._gateways.values():
        reader._sender._limiter._sleep = sleep
    assert await sent.read(calls.LIST_SPACES) == ["1"]
    assert waited == [7.0]
    async for _ in sent.client.pages(site_chain(calls.LIST_SPACES, OTHER), host="other.atlassian.net"):
        pass
    assert waited == [7.0]


async def test_a_429_that_stays_is_told(bench: Bench) -> None:
    sent = scripted(bench, *[httpx.Response(429, headers={"Retry-After": "1"})] * 5)
    with pytest.raises(RateLimited):
        await sent.read(calls.LIST_SPACES)


async def test_a_person_s_token_is_basic_and_a_service_account_s_bearer(bench: Bench) -> None:
    accesses = Accesses(Access(SERVICE), {HOST: Access(MINE)})
    sent = scripted(bench, wiki(()), wiki(()), accesses=accesses)
    await sent.read(calls.LIST_SPACES, "ACME.atlassian.net")
    await sent.read(calls.LIST_SPACES, "labs.atlassian.net")
    assert [request.headers["Authorization"] for request in sent.requests] == [f"Basic {PAIR}", "Bearer service-token"]
    assert accesses.of(HOST).visible_to == "me@example.com"
    assert accesses.of("labs.atlassian.net").visible_to == "a service account"


async def test_a_direct_host_is_asked_itself(bench: Bench) -> None:
    accesses = Accesses(Access(SERVICE), {HOST: Access(MINE, direct=True)})
    sent = scripted(bench, wiki((1,)), projects(0, (1,), 1, True), accesses=accesses)
    await sent.read(calls.LIST_SPACES)
    await sent.read(calls.SEARCH_PROJECTS)
    assert [str(request.url).partition("?")[0] for request in sent.requests] == [
        f"https://{HOST}/wiki/api/v2/spaces",
        f"https://{HOST}/rest/api/3/project/search",
    ]
    assert sent.client.ledger.entries[0].path.startswith(f"https://{HOST}/wiki/api/v2/spaces")


async def test_there_is_one_ledger(bench: Bench) -> None:
    """Of the organization's client and the sites', with the cloud ID in its place."""
    ledger = Ledger()
    sent = Sent(lambda _: httpx.Response(200, json=wiki((1,))), Accesses(Access(SERVICE)), bench.clock, ledger)
    await sent.read(calls.LIST_SPACES)
    (entry,) = ledger.entries
    assert (entry.call, entry.status, entry.at) == ("spaces_confluence", 200, NOON)
    assert entry.path == f"/ex/confluence/{CLOUD}/wiki/api/v2/spaces?limit=250"


@pytest.mark.parametrize("text", ["", "-" * 36, "..", f"{CLOUD}/..", f"{CLOUD}\n", f"x{CLOUD}", CLOUD.replace("-", "")])
def test_what_is_no_cloud_id_makes_no_path(text: str) -> None:
    assert not is_cloud_id(text)
    with pytest.raises(ValueError, match="cloud ID is not valid"):
        site_chain(calls.LIST_SPACES, text)


async def test_a_site_without_a_token_is_not_asked(bench: Bench) -> None:
    sent = scripted(bench, accesses=Accesses(Access(SERVICE), {HOST: Access(None, missing="none")}))
    with pytest.raises(ValueError, match="no token"):
        await sent.read(calls.LIST_SPACES)
    assert sent.requests == []


def test_a_token_that_no_header_can_hold_is_refused() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    with pytest.raises(CredentialError, match="API token") as caught:
        SiteClient(Wire(http, API), accesses=Accesses(Access(Credential(SecretStr("to ken")))))
    assert "to ken" not in str(caught.value)


@pytest.mark.parametrize("secret", [TOKEN, PAIR])
async def test_the_token_is_nowhere(bench: Bench, secret: str) -> None:
    """Neither as it is nor as it travels."""
    echo = {"message": secret, "errorMessages": [secret]}
    sent = scripted(bench, httpx.Response(403, json=echo))
    with pytest.raises(AccessDenied) as caught:
        await sent.read(calls.SEARCH_PROJECTS)
    told = [str(caught.value), repr(sent.client), repr(vars(sent.client)), repr(MINE), repr(sent.client.ledger)]
    told += [repr(vars(reader._sender)) for reader in sent.client._gateways.values()]
    assert secret not in "\n".join(told)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


hosts = st.sampled_from(
    [
        HOST,
        HOST.upper(),
        "labs.atlassian.net",
        "evil.example",
        "api.atlassian.com.evil.example",
        "acme.atlassian.net@evil.example",
        "acme.atlassian.net:8443",
        "acme.atlassian.net/x",
        "127.0.0.1",
        "",
    ]
) | st.text(max_size=40)
links = st.text(max_size=60) | st.builds("https://{}/x?cursor={}".format, hosts, st.text(max_size=5))
configured = st.dictionaries(st.sampled_from([HOST, "labs.atlassian.net", "old.example.com"]), st.booleans())


@settings(max_examples=60)
@given(observed=st.lists(hosts, max_size=6), link=links, sites=configured, call=st.sampled_from(calls.ON_SITES))
def test_a_token_goes_to_the_gateway_or_to_a_configured_host_and_nowhere_else(
    observed: list[str], link: str, sites: dict[str, bool], call: Call
) -> None:
    """Whatever hosts and links the answers name, and each site's token only for that site."""
    own = {host: Credential(SecretStr(f"token-of-{host}")) for host in sites}
    accesses = Accesses(Access(MINE), {host: Access(own[host], direct) for host, direct in sites.items()})
    body = {"startAt": 0, "total": 9, "isLast": False, "values": [{"id": "1"}], "results": [], "_links": {"next": link}}
    sent = Sent(lambda _: httpx.Response(200, json=body), accesses, Clock())

    async def run() -> None:
        for host in observed:
            before = len(sent.requests)
            with suppress(UnexpectedAnswer):
                if call is calls.ASK_GATEWAY:
                    await sent.client.ask(Question(CLOUD, (Part.SITE,)), host=sent.client.host_of([host]))
                else:
                    await sent.read(call, sent.client.host_of([host]))
            wanted = own.get(host.strip().casefold(), MINE).header
            for request in sent.requests[before:]:
                assert request.headers["Authorization"] == wanted

    asyncio.run(run())
    for request in sent.requests:
        assert request.url.scheme == "https"
        assert request.url.port in (None, 443)
        direct = {host for host, straight in sites.items() if straight}
        assert request.url.host in {"api.atlassian.com", *direct}
        secret = request.headers["Authorization"]
        if request.url.host in direct:
            assert secret == own[request.url.host].header
