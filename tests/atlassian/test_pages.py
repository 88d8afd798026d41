"""Every page, once, in order; the next one is asked for before this one is handed out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from contribaudit.atlassian import calls
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.paging import announced, next_cursor
from contribaudit.errors import ServerFailed, UnexpectedAnswer

from .bench import API, ORG, Bench

pytestmark = pytest.mark.anyio


def page(number: int, **rest: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": [{"id": number}], "meta": {}, "links": {}, **rest})


async def ids(client: AdminClient, call: Call) -> list[int]:
    return [item["id"] async for one in client.pages(call) for item in one.items]


async def test_workspaces_take_the_cursor_alone_in_the_body(bench: Bench) -> None:
    meta = {"total": 3}
    client = bench.scripted(
        page(1, links={"next": "b3Bh+/cQ=="}, meta=meta),
        page(2, links={"next": "https://elsewhere.example/x?limit=9&cursor=Yz0%3D%2B"}, meta=meta),
        page(3, links={"next": None}, meta=meta),
    )
    pages = [one async for one in client.pages(calls.SEARCH_WORKSPACES)]
    assert [(one.items, one.announced, one.number) for one in pages] == [(({"id": n},), 3, n) for n in (1, 2, 3)]
    assert [json.loads(request.content) for request in bench.sent] == [
        {"limit": 1000},
        {"cursor": "b3Bh+/cQ=="},
        {"cursor": "Yz0=+"},
    ]
    assert {str(request.url) for request in bench.sent} == {f"{API}/admin/v2/orgs/{ORG}/workspaces"}
    assert bench.progress.pages == [(ORG, "workspaces", n, 3) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("call", "first", "second"),
    [
        (calls.LIST_DIRECTORIES, "limit=100", "cursor=a%2Bb%2Fc%3D"),
        (
            calls.LIST_API_KEYS,
            "keyType=CLOUD_ADMIN&pageSize=100",
            "keyType=CLOUD_ADMIN&pageSize=100&cursor=a%2Bb%2Fc%3D",
        ),
        (calls.LIST_POLICIES, "", "cursor=a%2Bb%2Fc%3D"),
        (calls.LIST_ORGANIZATIONS, "", "cursor=a%2Bb%2Fc%3D"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_the_others_take_it_in_the_query(bench: Bench, call: Call, first: str, second: str) -> None:
    client = bench.scripted(page(1, links={"next": "a+b/c="}), page(2, links={"next": ""}))
    assert await ids(client, call) == [1, 2]
    assert [request.url.query.decode() for request in bench.sent] == [first, second]
    assert [request.content for request in bench.sent] == [b"", b""]


@pytest.mark.parametrize(
    ("call", "document", "cursor"),
    [
        (calls.LIST_POLICIES, {"meta": {"next": "m"}, "links": {"next": "https://x?cursor=l"}}, "m"),
        (calls.LIST_POLICIES, {"meta": {"next": None}, "links": {"next": "https://x?cursor=l"}}, "l"),
        (calls.LIST_POLICIES, {"meta": {"next": ""}, "links": {"next": "/admin/v1/orgs/o/policies?cursor=l"}}, "l"),
        (calls.LIST_POLICIES, {"meta": {"page_size": 5}}, None),
        (calls.LIST_POLICIES, {"meta": None, "links": None}, None),
        (calls.SEARCH_WORKSPACES, {"meta": {"next": "m"}, "links": {}}, None),
        (calls.SEARCH_WORKSPACES, {"links": {"next": "/9j/4AA="}}, "/9j/4AA="),
        (calls.SEARCH_WORKSPACES, {"links": {"next": "?a=b&cursor=c"}}, "c"),
        (calls.SEARCH_WORKSPACES, {}, None),
        (calls.LIST_EVENT_ACTIONS, {"links": {"next": "ignored"}}, None),
    ],
)
def test_where_the_next_cursor_is(call: Call, document: dict[str, Any], cursor: str | None) -> None:
    assert next_cursor(call, document) == cursor


@pytest.mark.parametrize(
    "following",
    [
        {"links": {"next": "https://api.atlassian.com/admin/v2/x?limit=5"}},
        {"links": {"next": "https://api.atlassian.com/admin/v2/x?cursor="}},
        {"links": {"next": "/admin/v2/x"}},
        {"links": {"next": "https://[broken?cursor=x"}},
        {"links": {"next": 7}},
        {"links": {"next": {"href": "x"}}},
        {"links": ["next"]},
        {"links": "next"},
    ],
)
async def test_a_next_page_that_cannot_be_asked_for_is_not_the_end(bench: Bench, following: dict[str, Any]) -> None:
    """The page that names it is handed out first."""
    pages = bench.scripted(page(1, **following)).pages(calls.SEARCH_WORKSPACES)
    assert (await anext(pages)).items == ({"id": 1},)
    with pytest.raises(UnexpectedAnswer, match=r"next"):
        await anext(pages)
    assert len(bench.sent) == 1


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
async def test_a_repeated_cursor_ends_the_walk(bench: Bench, cursors: list[str]) -> None:
    client = bench.scripted(*(page(n, links={"next": cursor}) for n, cursor in enumerate(cursors)))
    pages = client.pages(calls.SEARCH_WORKSPACES)
    assert [(await anext(pages)).number for _ in cursors] == list(range(1, len(cursors) + 1))
    with pytest.raises(UnexpectedAnswer, match="repeated cursor"):
        await anext(pages)


async def test_an_endless_list_ends(bench: Bench) -> None:
    client = bench.client(lambda _: page(0, links={"next": f"c{len(bench.sent)}"}))
    pages = client.pages(calls.SEARCH_WORKSPACES, max_pages=4)
    assert [(await anext(pages)).number for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(UnexpectedAnswer, match="has more than 4 pages"):
        await anext(pages)
    assert len(bench.sent) == 4


@pytest.mark.parametrize(
    ("document", "total"),
    [
        ({"meta": {"total": 0}}, 0),
        ({"meta": {"total": 12}}, 12),
        ({"meta": {"total": -1}}, None),
        ({"meta": {"total": True}}, None),
        ({"meta": {"total": "12"}}, None),
        ({"meta": {"total": 1.0}}, None),
        ({"meta": []}, None),
        ({}, None),
    ],
)
def test_how_many_are_announced(document: dict[str, Any], total: int | None) -> None:
    assert announced(document) == total


async def test_the_next_page_is_asked_for_before_this_one_is_handed_out(bench: Bench) -> None:
    client = bench.client(
        lambda _: page(len(bench.sent), links={"next": f"c{len(bench.sent)}"} if len(bench.sent) < 4 else {})
    )
    seen = [(one.number, len(bench.sent)) async for one in client.pages(calls.SEARCH_WORKSPACES)]
    assert seen == [(1, 2), (2, 3), (3, 4), (4, 4)]


async def test_pages_before_a_failure_are_handed_out_first(bench: Bench) -> None:
    client = bench.scripted(page(1, links={"next": "c"}), *[httpx.Response(500)] * 5)
    pages = client.pages(calls.SEARCH_WORKSPACES)
    assert (await anext(pages)).number == 1
    with pytest.raises(ServerFailed):
        await anext(pages)


class Hanging:
    """Answers the first page at once and then hangs, counting what is still open."""

    def __init__(self) -> None:
        self.requests = self.open = 0
        self.begun = asyncio.Event()

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.requests == 1:
            return page(1, links={"next": "c"})
        self.open += 1
        self.begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            self.open -= 1
        raise AssertionError


async def test_leaving_early_cancels_the_page_under_way(bench: Bench) -> None:
    server = Hanging()
    client = bench.client(server)
    async with aclosing(client.pages(calls.SEARCH_WORKSPACES)) as pages:
        async for _ in pages:
            assert server.open == 1
            break
    assert server.open == 0
    assert [entry.status for entry in client.ledger.entries] == [200, None]


SOON = 20
"""Turns of the loop, several times what it takes: counted, since a busy machine stretches any time."""


async def test_leaving_without_closing_cancels_it_soon(bench: Bench) -> None:
    server = Hanging()
    client = bench.client(server)
    async for _ in client.pages(calls.SEARCH_WORKSPACES):
        break
    for _ in range(SOON):
        await asyncio.sleep(0)
    assert server.open == 0


async def test_closing_the_client_cancels_it_as_well(bench: Bench) -> None:
    server = Hanging()
    client = bench.client(server)
    pages: AsyncIterator[Any] = client.pages(calls.SEARCH_WORKSPACES)
    await anext(pages)
    assert server.open == 1
    await client.aclose()
    assert server.open == 0


@pytest.mark.parametrize("where", ["waiting for a page", "working on a page", "reading"])
async def test_cancellation_passes_and_leaves_nothing_open(bench: Bench, where: str) -> None:
    server = Hanging()
    client = bench.client(server)

    async def reader() -> None:
        if where == "reading":
            server.requests = 1
            await client.read(calls.GET_ORGANIZATION)
        async with aclosing(client.pages(calls.SEARCH_WORKSPACES)) as pages:
            async for _ in pages:
                if where == "working on a page":
                    await asyncio.sleep(3600)

    before = asyncio.all_tasks()
    task = asyncio.create_task(reader())
    await server.begun.wait()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.open == 0
    assert asyncio.all_tasks() == before


async def test_cancelling_a_wait_ends_it(bench: Bench) -> None:
    client = bench.scripted(httpx.Response(429, headers={"Retry-After": "200"}))
    client._sender._limiter._sleep = asyncio.sleep
    task = asyncio.create_task(client.read(calls.GET_ORGANIZATION))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(bench.sent) == 1
