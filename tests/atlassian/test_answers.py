"""Each status and form of body becomes one error that says what to do next."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from contribaudit.atlassian import calls
from contribaudit.atlassian.calls import Call
from contribaudit.errors import (
    AccessDenied,
    AdminApiError,
    CountMismatch,
    KeyRefused,
    MoreThanRead,
    NoEnvelope,
    NotFound,
    OrganizationNotFound,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnexpectedAnswer,
)

from .bench import KEY, Bench

pytestmark = pytest.mark.anyio

PROXY_ERROR = {"code": 401, "message": "Unauthorized by the gateway"}
NO_PERMS = {
    "timestamp": "2026-11-21T08:00:00.000+00:00",
    "path": "/api/admin/v1",
    "status": 403,
    "error": "Forbidden",
    "message": "User has no permission to access resource.",
    "requestId": "abc-1",
}
HTML = b"\n<!DOCTYPE html><html><body>Log in to the corporate network</body></html>"


def application_error(status: int, code: str, title: str = "A title", detail: str = "a detail") -> dict[str, str]:
    return {"id": "x", "status": str(status), "code": code, "title": title, "detail": detail}


def wrapped(status: int, code: str) -> dict[str, Any]:
    return {"errors": [application_error(status, code), application_error(status, "second")]}


ORGANIZATION, WORKSPACES, EVENTS = calls.GET_ORGANIZATION, calls.SEARCH_WORKSPACES, calls.LIST_EVENT_ACTIONS

WHOLE: dict[str, Any] = {"data": [], "links": {}, "meta": {"total": 0}}

CASES: list[tuple[Call, int, Any, type[AdminApiError], str, str]] = [
    # call, status, body, error, in its message, in its hint
    (WORKSPACES, 401, PROXY_ERROR, KeyRefused, "Unauthorized by the gateway", "contribaudit login"),
    (WORKSPACES, 401, b"", KeyRefused, "refused the API key", "at most a year"),
    (WORKSPACES, 401, HTML, KeyRefused, "web page", "expired or revoked"),
    (EVENTS, 401, PROXY_ERROR, KeyRefused, "401", "Guard"),
    (WORKSPACES, 403, NO_PERMS, AccessDenied, "read:workspaces:admin", "belongs to this organization"),
    (WORKSPACES, 403, application_error(403, "ADMIN-403-3"), AccessDenied, 'ADMIN-403-3 "A title: a detail"', "scope"),
    (ORGANIZATION, 403, wrapped(403, "ADMIN-403-3"), AccessDenied, "read:orgs:admin", "Give the key that scope"),
    (ORGANIZATION, 403, {"code": 403, "message": "Forbidden here"}, AccessDenied, '"Forbidden here"', "scope"),
    (ORGANIZATION, 403, HTML, AccessDenied, "with a web page instead of JSON", "proxy"),
    (EVENTS, 403, NO_PERMS, AccessDenied, "read:events:admin", "Guard or an Enterprise plan"),
    (calls.LIST_ORGANIZATIONS, 403, b"", AccessDenied, "answered 403", "Check the scopes of the key"),
    (WORKSPACES, 404, application_error(404, "ADMIN-404-2"), OrganizationNotFound, "ADMIN-404-2", "organization ID"),
    (
        calls.LIST_POLICIES,
        404,
        wrapped(404, "ADMIN-404-2"),
        OrganizationNotFound,
        "does not know this organization",
        "the key",
    ),
    (ORGANIZATION, 404, b"", OrganizationNotFound, "does not know this organization", "organization ID"),
    (WORKSPACES, 404, wrapped(404, "ADMIN-404-1"), NotFound, "ADMIN-404-1", "api_url"),
    (WORKSPACES, 404, HTML, NotFound, "web page", "proxy"),
    (WORKSPACES, 408, b"", TimedOut, "408", "again"),
    (WORKSPACES, 429, {"code": 429, "message": "Too many"}, RateLimited, "Too many", "Wait some minutes"),
    (WORKSPACES, 429, wrapped(429, "ADMIN-429-1"), RateLimited, "ADMIN-429-1", "another tool"),
    (WORKSPACES, 429, b"", RateLimited, "rate limit", "run it again"),
    (WORKSPACES, 500, application_error(500, "ADMIN-500-1"), ServerFailed, "ADMIN-500-1", "later"),
    (WORKSPACES, 502, HTML, ServerFailed, "502 with a web page", "proxy"),
    (WORKSPACES, 503, b"upstream connect error", ServerFailed, "answered 503", "status.atlassian.com"),
    (WORKSPACES, 400, application_error(400, "ADMIN-400-24"), UnexpectedAnswer, "ADMIN-400-24", "report it"),
    (WORKSPACES, 400, HTML, UnexpectedAnswer, "web page instead of JSON", "proxy"),
    (WORKSPACES, 418, b"[]", UnexpectedAnswer, "answered 418", "report it"),
    (WORKSPACES, 304, b"", UnexpectedAnswer, "redirected (304)", "api_url"),
    (ORGANIZATION, 200, HTML, UnexpectedAnswer, "a web page instead of JSON", "login page"),
    (ORGANIZATION, 200, b"", UnexpectedAnswer, "answered with an empty body", "again"),
    (ORGANIZATION, 204, b"", UnexpectedAnswer, "204, which is not a complete answer", "again"),
    (WORKSPACES, 202, {"data": []}, UnexpectedAnswer, "202, which is not a complete answer", "again"),
    (WORKSPACES, 206, {"data": []}, UnexpectedAnswer, "206, which is not a complete answer", "again"),
    (WORKSPACES, 200, b'{"data": [], "data": []}', UnexpectedAnswer, "the key `data` twice", "report it"),
    (WORKSPACES, 200, b'{"data": [{"a": {"b": 1, "b": 1}}]}', UnexpectedAnswer, "the key `b` twice", "report it"),
    (WORKSPACES, 200, {"data": [], "links": {}}, NoEnvelope, "without `meta`", "Try again"),
    (WORKSPACES, 200, {"data": [], "meta": {"total": 0}}, NoEnvelope, "without `links`", "Try again"),
    (
        WORKSPACES,
        200,
        WHOLE | {"errors": [{"status": "500"}]},
        MoreThanRead,
        "`errors` beside its entries",
        "Try again",
    ),
    (calls.LIST_POLICIES, 200, WHOLE | {"warnings": ["partial"]}, MoreThanRead, "`warnings` beside", "unread"),
    (calls.LIST_DIRECTORIES, 200, WHOLE | {"hasMore": True}, MoreThanRead, "`hasMore`, which is not", "unread"),
    (WORKSPACES, 200, WHOLE | {"isLast": False}, MoreThanRead, "`isLast`", "unread"),
    (
        calls.LIST_POLICIES,
        200,
        WHOLE | {"pageInfo": {"hasNextPage": True, "endCursor": "x"}},
        MoreThanRead,
        "`pageInfo.hasNextPage`, which is not",
        "unread",
    ),
    (WORKSPACES, 200, WHOLE | {"page": {"totalPages": 3}}, CountMismatch, "3 in `page.totalPages`", "unread"),
    *(
        (call, 200, WHOLE | {where: {"total": 0, "next": "A"}}, MoreThanRead, f"`{where}.next`, where", "unread")
        for call, where in (
            (WORKSPACES, "meta"),
            (calls.LIST_DIRECTORIES, "meta"),
            (calls.LIST_DIRECTORIES, "_links"),
            (calls.LIST_API_KEYS, "meta"),
            (calls.LIST_POLICIES, "_links"),
        )
    ),
    (calls.LIST_DIRECTORIES, 200, WHOLE | {"remaining": 5}, MoreThanRead, "`remaining`, which is not", "unread"),
    (calls.LIST_POLICIES, 200, WHOLE | {"success": False}, MoreThanRead, "`success`, which is not", "unread"),
    (WORKSPACES, 200, WHOLE | {"links": {"nextPage": "c1"}}, MoreThanRead, "`links.nextPage`", "unread"),
    (WORKSPACES, 200, WHOLE | {"meta": {"total": 0, "truncated": True}}, MoreThanRead, "`meta.truncated`", "unread"),
    *(
        (WORKSPACES, 200, WHOLE | {name: value}, MoreThanRead, f"`{name}`", "unread")
        for name, value in (
            ("degraded", True),
            ("unavailableSites", ["s-1"]),
            ("failedShards", 1),
            ("skipped", ["s-1"]),
            ("omitted", 3),
            ("hiddenCount", 3),
            ("problem", {"title": "Upstream"}),
            ("fault", "upstream"),
            ("exceptions", ["upstream"]),
            ("status", "PARTIAL"),
            ("message", "Some results could not be loaded"),
        )
    ),
    *(
        (WORKSPACES, 200, WHOLE | {"meta": {"total": 0, **places}}, CountMismatch, "returned 0 entries for", "unread")
        for places in ({"startIndex": 0, "endIndex": 1}, {"startIndex": 7, "endIndex": 9999})
    ),
    (
        WORKSPACES,
        200,
        WHOLE | {"meta": {"total": 0, "totalCount": 9}},
        CountMismatch,
        "9 in `meta.totalCount`",
        "unread",
    ),
    (WORKSPACES, 200, WHOLE | {"\x1bnext": "c1"}, MoreThanRead, "`next`", "unread"),
    (EVENTS, 200, {"data": [], "errors": [{"status": "500"}]}, MoreThanRead, "`errors` beside", "unread"),
    (ORGANIZATION, 200, b'{"data": {"id": "a', UnexpectedAnswer, "broken or truncated JSON", "truncated it"),
    (ORGANIZATION, 200, b'{"data": NaN}', UnexpectedAnswer, "the number NaN", "report it"),
    (ORGANIZATION, 200, b"\xff\xfe", UnexpectedAnswer, "not UTF-8", "report it"),
    (ORGANIZATION, 200, b"[" * 5000, UnexpectedAnswer, "deeper than 200", "report it"),
    (ORGANIZATION, 200, b"[]", UnexpectedAnswer, "a JSON list instead", "report it"),
    (ORGANIZATION, 200, b'"text"', UnexpectedAnswer, "a JSON text instead", "report it"),
    (ORGANIZATION, 200, b"null", UnexpectedAnswer, "a JSON null instead", "report it"),
    (ORGANIZATION, 200, b"7", UnexpectedAnswer, "a JSON number instead", "report it"),
]


@pytest.mark.parametrize(
    ("call", "status", "body", "kind", "in_message", "in_hint"),
    CASES,
    ids=[f"{call.name}-{status}-{kind.__name__}-{n}" for n, (call, status, _, kind, _, _) in enumerate(CASES)],
)
async def test_status_and_body_become_one_error(
    bench: Bench, call: Call, status: int, body: Any, kind: type[AdminApiError], in_message: str, in_hint: str
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body) if isinstance(body, bytes) else httpx.Response(status, json=body)

    with pytest.raises(kind) as caught:
        async for _ in bench.client(answer).pages(call):
            pass
    error = caught.value
    assert type(error) is kind
    assert in_message in error.message
    assert in_hint in error.hint
    assert error.call == call.title
    assert not error.message.endswith(".")
    assert error.missing_scope == (call.scope or None if kind is AccessDenied else None)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "has no `data`"),
        ({"errors": [{"title": "Sorry"}]}, 'has no `data`, but says "Sorry"'),
        ({"data": None}, "not a list"),
        ({"data": {"id": 1}}, "not a list"),
        ({"data": [{}, None]}, "a JSON null among"),
        ({"data": ["x"]}, "a JSON text among"),
        ({"data": [[]]}, "a JSON list among"),
        ({"data": [True]}, "a JSON boolean among"),
    ],
)
async def test_a_page_must_be_a_list_of_objects(bench: Bench, document: dict[str, Any], message: str) -> None:
    client = bench.scripted(httpx.Response(200, json=document))
    with pytest.raises(UnexpectedAnswer, match=message):
        await anext(client.pages(calls.LIST_POLICIES))


async def test_a_body_that_cannot_be_decompressed(bench: Bench) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        body = b"x" + gzip.compress(b"{}")
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(body))

    with pytest.raises(UnexpectedAnswer, match="decompressed"):
        await bench.client(answer).read(calls.GET_ORGANIZATION)


async def test_words_of_an_answer_are_data(bench: Bench) -> None:
    """One printable line of bounded length: no terminal sequence, no reversed text, no flood, no key."""
    nasty = f"\x1b[31mred\x00\r\nnext\u202egnirts {KEY} " + "x" * 100_000
    client = bench.scripted(httpx.Response(400, json={"code": nasty, "message": nasty}))
    with pytest.raises(UnexpectedAnswer) as caught:
        await client.read(calls.GET_ORGANIZATION)
    assert str(caught.value).isprintable()
    assert "[31mred next gnirts [key] xxx" in caught.value.message
    assert len(caught.value.message) < 500
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "beside",
    [
        {"errors": [], "hasMore": False, "isLast": True, "warnings": None, "nextPage": ""},
        {"links": {"self": "s", "prev": "c0", "next": None}, "meta": {"total": 0, "pageSize": 20, "totalPages": 1}},
        {"message": "a greeting", "requestId": "r-1"},
        {"pageInfo": {"hasNextPage": False}, "success": True, "trace": {"id": "r-1"}},
        {"status": "ok", "message": "Success", "failed": [], "skipped": 0, "degraded": False, "problems": None},
    ],
)
async def test_what_stands_beside_the_entries_of_a_whole_list_does_not_matter(
    bench: Bench, beside: dict[str, Any]
) -> None:
    client = bench.client(lambda _: httpx.Response(200, json=WHOLE | beside))
    assert [page.items async for page in client.pages(WORKSPACES)] == [()]


@pytest.mark.parametrize("age", ["61", "864000", "9" * 5000])
async def test_an_old_copy_out_of_a_cache_is_no_answer(bench: Bench, age: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=WHOLE, headers={"Age": age})

    with pytest.raises(UnexpectedAnswer, match="a copy that a cache has held"):
        async for _ in bench.client(answer).pages(WORKSPACES):
            pass
    assert asked[0].headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("age", ["0", "60", "", "soon", "-1"])
async def test_a_fresh_answer_may_pass_through_a_cache(bench: Bench, age: str) -> None:
    client = bench.client(lambda _: httpx.Response(200, json=WHOLE, headers={"Age": age}))
    assert [page.items async for page in client.pages(WORKSPACES)] == [()]


def entries_of(call: Call, count: int, **beside: Any) -> dict[str, Any]:
    """A whole page of so many entries."""
    listed = [{call.identity or "id": f"id-{number}"} for number in range(count)]
    return {call.entries: listed, "links": {}, "meta": {"total": count}, "_links": {}} | beside


async def read_all(bench: Bench, call: Call, headers: dict[str, str], document: dict[str, Any]) -> int:
    """How many entries are read of a list that comes with these headers."""
    client = bench.client(lambda _: httpx.Response(200, json=document, headers=headers))
    return sum([len(page.items) async for page in client.pages(call)])


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Content-Range": "items 0-6/99"}, "a part of an answer"),
        ({"Content-Range": "items 1-7/7"}, "a part of an answer"),
        ({"Content-Range": "items 0-6/*"}, "a part of an answer"),
        ({"Content-Range": "bytes */512"}, "a part of an answer"),
        ({"Content-Range": "everything"}, "a part of an answer"),
        ({"Content-Range": "items 0-98/99"}, "says 99 in `content-range` and returned 7"),
        ({"Warning": '110 - "Response is Stale"'}, "out of date or incomplete"),
        ({"Warning": '299 - "old", 111 proxy "Revalidation Failed"'}, "out of date or incomplete"),
        ({"Warning": '199 - "partial result"'}, "out of date or incomplete"),
        ({"CF-Cache-Status": "STALE"}, "a cache calls out of date"),
        ({"Cache-Status": "edge; hit; ttl=-412"}, "a cache calls out of date"),
        ({"Age": "5, 864000"}, "a copy that a cache has held for 864000 s"),
        ({"Link": '<https://x.example/?cursor=c>; rel="next"'}, "a header `link` that names a next page"),
        ({"Link": "</a>; rel=prev, </b>; title=x; REL=Next"}, "a header `link` that names a next page"),
        ({"Link": '</a>; rel="last next"'}, "a header `link` that names a next page"),
        ({"X-Next-Cursor": "c"}, "a header `x-next-cursor` that names a next page"),
        ({"X-Has-More": "true"}, "a header `x-has-more` that names a next page"),
        ({"X-Is-Last": "false"}, "`x-is-last` that announces more entries"),
        ({"X-Truncated": "1"}, "a header `x-truncated`, so some entries may be missing"),
        ({"X-Total-Count": "99"}, "says 99 in `x-total-count` and returned 7"),
        ({"X-Total": "6"}, "says 6 in `x-total` and returned 7"),
        ({"X-Pagination-Total-Count": "8"}, "says 8 in"),
        ({"X-WP-TotalPages": "2"}, "says 2 in `x-wp-totalpages` and returned 1 pages"),
    ],
)
@pytest.mark.parametrize("call", [WORKSPACES, calls.LIST_POLICIES, calls.LIST_DIRECTORIES], ids=lambda call: call.name)
async def test_a_header_that_says_that_the_list_is_not_whole_is_heard(
    bench: Bench, call: Call, headers: dict[str, str], message: str
) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        await read_all(bench, call, headers, entries_of(call, 7))
    assert message in caught.value.message


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "items 0-6/7", "X-Total-Count": "7", "X-Total-Pages": "1"},
        {"Warning": '299 - "this API is deprecated"', "Link": '</self>; rel="self", </first>; rel="first"'},
        {"CDN-Cache-Control": "max-age=0, stale-while-revalidate=30", "X-Cache": "Miss from cloudfront"},
        {"X-RateLimit-Remaining": "7", "Server-Timing": "total;dur=99", "X-Next-Cursor": "", "X-Has-More": "false"},
    ],
)
async def test_headers_of_a_whole_list_leave_it_whole(bench: Bench, headers: dict[str, str]) -> None:
    assert await read_all(bench, WORKSPACES, headers, entries_of(WORKSPACES, 7)) == 7


async def test_a_header_may_repeat_the_next_page_that_the_body_names(bench: Bench) -> None:
    """As Confluence's `Link` does."""
    link = {"Link": '</admin/v2/x?cursor=c1>; rel="next"', "X-Total-Count": "2"}
    pages = [
        httpx.Response(200, json={"data": [{"id": "1"}], "links": {"next": "c1"}, "meta": {"total": 2}}, headers=link),
        httpx.Response(200, json={"data": [{"id": "2"}], "links": {}, "meta": {"total": 2}}),
    ]
    client = bench.scripted(*pages)
    assert [page.items async for page in client.pages(WORKSPACES)] == [({"id": "1"},), ({"id": "2"},)]


async def test_headers_of_an_answer_without_pages_and_of_a_stream_are_heard_too(bench: Bench) -> None:
    more = {"Link": "</more>; rel=next"}
    client = bench.client(lambda _: httpx.Response(200, json={"data": []}, headers=more))
    with pytest.raises(MoreThanRead, match="`link`"):
        await client.read(calls.LIST_EVENT_ACTIONS)
    part = {"X-Partial": "true"}
    streamed = {"data": [], "links": {}, "meta": {"next": "c1"}}
    client = bench.client(lambda _: httpx.Response(200, json=streamed, headers=part))
    with pytest.raises(MoreThanRead, match="`x-partial`"):
        _ = [page async for page in client.stream(calls.STREAM_EVENTS)]
