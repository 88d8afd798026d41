"""Each request leaves a line, and the key leaves none."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import traceback
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from contribaudit.atlassian import calls
from contribaudit.atlassian.connect import connect
from contribaudit.errors import AdminApiError, ContribauditError, UnexpectedAnswer

from .bench import KEY, NOON, ORG, Bench

pytestmark = pytest.mark.anyio


async def test_each_request_is_told_of(bench: Bench) -> None:
    first = b'{"data": [], "links": {"next": "a-long-cursor-of-the-api"}}'
    client = bench.scripted(httpx.Response(200, content=first), httpx.Response(403, content=b"no"))
    with pytest.raises(AdminApiError):
        async for _ in client.pages(calls.LIST_API_KEYS):
            pass
    one, two = client.ledger.entries
    assert (one.at, one.call, one.method, one.status) == (NOON, "api_keys", "GET", 200)
    assert one.path == f"/admin/api-access/v1/orgs/{ORG}/api-keys?keyType=CLOUD_ADMIN&pageSize=100"
    assert two.path == f"{one.path}&cursor=a-long-c..."
    assert (one.bytes, one.sha256) == (len(first), hashlib.sha256(first).hexdigest())
    assert (two.status, two.bytes) == (403, 2)
    assert one.seconds >= 0
    assert client.ledger.count("api_keys") == 2
    assert client.ledger.count("workspaces") == 0


async def test_the_clock_is_compared_with_the_api_s(bench: Bench) -> None:
    date = "Sat, 21 Nov 2026 12:00:05 GMT"
    client = bench.scripted(
        httpx.Response(200, json={}, headers={"Date": date}),
        httpx.Response(200, json={}),
        httpx.Response(500, headers={"Date": date}),
        httpx.Response(200, json={}, headers={"Date": "yesterday"}),
    )
    assert client.ledger.clock_skew_seconds is None
    await client.read(calls.GET_ORGANIZATION)
    assert client.ledger.clock_skew_seconds == 5.0
    bench.clock.now += timedelta(seconds=10)
    await client.read(calls.GET_ORGANIZATION)
    assert client.ledger.clock_skew_seconds == 5.0
    await client.read(calls.GET_ORGANIZATION)
    assert client.ledger.clock_skew_seconds == -5.0


@pytest.mark.parametrize(
    ("dates", "refused"),
    [
        (("21 Nov 2026 12:00:00", "20 Nov 2026 12:00:00"), "a date 1440 minutes older than the first answer's"),
        (("21 Nov 2026 12:00:00", "21 Nov 2026 11:54:59"), "a date 5 minutes older than the first answer's"),
        (("14 Nov 2026 12:00:00", "21 Nov 2026 12:00:00"), "a date 10080 minutes newer than the first answer's"),
        (("21 Nov 2026 12:00:00", "21 Nov 2026 11:55:00"), ""),
        (("01 Jan 1999 00:00:00", "01 Jan 1999 00:00:01"), ""),
    ],
)
async def test_an_old_copy_without_an_age_is_refused(bench: Bench, dates: tuple[str, str], refused: str) -> None:
    """It shows in the dates of two answers; a wrong clock, however wrong, moves both alike."""
    client = bench.scripted(*(httpx.Response(200, json={}, headers={"Date": f"Sat, {one} GMT"}) for one in dates))
    await client.read(calls.GET_ORGANIZATION)
    if not refused:
        await client.read(calls.GET_ORGANIZATION)
        return
    with pytest.raises(UnexpectedAnswer, match=f"{refused}: one of the two is an old copy from a cache"):
        await client.read(calls.GET_ORGANIZATION)


def everything_about(error: BaseException | None) -> str:
    """What any handler, log or traceback could print of an error and all that hangs on it."""
    if error is None:
        return ""
    told = [repr(error), str(error), *map(str, error.args), repr(vars(error)), *traceback.format_exception(error)]
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    told += [str(frame.locals) for frame in frames if frame.filename != __file__]
    return "\n".join([*told, everything_about(error.__cause__), everything_about(error.__context__)])


ECHO = {"errors": [{"code": KEY, "title": KEY, "detail": f"{KEY}\n{KEY}"}], "code": KEY, "message": KEY}

FAILURES: list[httpx.Response | Exception] = [
    *(
        httpx.Response(status, json=ECHO, headers={"Retry-After": "1"})
        for status in (400, 401, 403, 404, 429, 500, 503)
    ),
    *(httpx.Response(status, content=f"<html>{KEY}") for status in (200, 401, 403, 502)),
    httpx.Response(200, content=f'{{"data": "{KEY}'),
    httpx.Response(200, json={"data": KEY, **ECHO}),
    httpx.Response(200, json={"data": [KEY]}),
    httpx.Response(200, json={"data": [], "links": {"next": f"https://x?{KEY}"}}),
    httpx.Response(200, json={"data": [], "links": {"next": [KEY]}}),
    httpx.Response(302, headers={"Location": f"https://{KEY}.example/{KEY}"}),
    httpx.ConnectError(KEY),
    httpx.ReadTimeout(KEY),
    httpx.ProxyError(KEY),
    httpx.LocalProtocolError(KEY),
    OSError(KEY),
]


@pytest.mark.parametrize(
    "failure", FAILURES, ids=lambda failure: type(failure).__name__ + str(getattr(failure, "status_code", ""))
)
async def test_the_key_is_nowhere(
    bench: Bench, failure: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the error, its causes, its traceback with locals, a log, the ledger, the progress or the client."""
    caplog.set_level(logging.DEBUG)
    client = bench.scripted(*[failure] * 5)
    with pytest.raises(ContribauditError) as caught:
        async for _ in client.pages(calls.SEARCH_WORKSPACES):
            pass
    assert KEY.casefold() not in caught.value.message.casefold() + caught.value.hint.casefold()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert KEY not in caplog.text
    told = [
        repr(client),
        repr(vars(client)),
        repr(client.ledger),
        repr(bench.progress.waits),
        repr(vars(client._sender)),
    ]
    assert KEY not in "\n".join(told)
    assert f"Bearer {KEY}" not in everything_about(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_the_wire_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Over a real socket; and whoever switches httpcore's log on by hand still finds no key in it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            writer.write(b"HTTP/1.1 401 No\r\nSet-Cookie: session=s3cret\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    caplog.set_level(logging.DEBUG)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with connect(organization=ORG, key=SecretStr(KEY), api_url=url) as client:
        with pytest.raises(AdminApiError):
            await client.read(calls.GET_ORGANIZATION)
        assert not [record for record in caplog.records if record.name.startswith("http")]
        for name in ("httpx", "httpcore"):
            caplog.set_level(logging.DEBUG, logger=name)
        with pytest.raises(AdminApiError):
            await client.read(calls.GET_ORGANIZATION)
    assert [record for record in caplog.records if record.name.startswith("httpcore")]
    assert KEY not in caplog.text
    server.close()
