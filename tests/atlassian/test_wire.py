"""What comes over the wire in a form that nobody sends: it has a limit or a name, and ends its own call alone."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from pydantic import SecretStr

from contribaudit.atlassian import body, calls, transport
from contribaudit.atlassian.connect import connect
from contribaudit.errors import AdminApiError, AdminApiUnreachable, TimedOut, UnexpectedAnswer

from .bench import KEY, ORG, Bench

pytestmark = pytest.mark.anyio
GOOD = b'{"data": {"id": "x"}}'


@asynccontextmanager
async def serving(*pieces: bytes, pause: float = 0.0) -> AsyncIterator[int]:
    """A loopback server that answers each connection with these pieces and closes it; the value is its port."""

    gone = asyncio.Event()
    under_way: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        with suppress(ConnectionError):
            await reader.read(4000)
            for piece in pieces:
                if gone.is_set():
                    break
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        gone.set()
        server.close()
        await asyncio.gather(*(task for task in under_way if task is not None))


def answer(content: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    length = b"Content-Length: %d" % len(content)
    return b"\r\n".join([b"HTTP/1.1 " + status, length, *headers, b"", content])


async def read(bench: Bench, port: int) -> dict[str, object]:
    async with connect(
        organization=ORG,
        key=SecretStr(KEY),
        api_url=f"http://127.0.0.1:{port}",
        sleep=bench.clock.sleep,
        clock=bench.clock,
    ) as client:
        return await client.read(calls.GET_ORGANIZATION)


async def failing(bench: Bench, *pieces: bytes, pause: float = 0.0) -> AdminApiError:
    async with serving(*pieces, pause=pause) as port:
        with pytest.raises(AdminApiError) as caught:
            await read(bench, port)
    assert KEY not in str(caught.value)
    return caught.value


def bomb(mebibytes: int, *, window: int = 31) -> bytes:
    """An answer of so many MiB of spaces, without its end, which nobody is to reach."""
    packer = zlib.compressobj(9, wbits=window)
    first, next_one = (packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + next_one * (mebibytes - 1)  # what was flushed leans on nothing before it: each is as the second


@pytest.mark.parametrize(("encoding", "window"), [(b"gzip", 31), (b"deflate", 15), (b"deflate", -15)])
async def test_an_answer_that_unpacks_without_end_takes_no_memory(bench: Bench, encoding: bytes, window: int) -> None:
    packed = bomb(600, window=window)
    assert len(packed) < 1 << 20
    assert len(zlib.decompressobj(window).decompress(packed, 80 << 20)) == 80 << 20
    tracemalloc.start()
    error = await failing(bench, answer(packed, b"Content-Encoding: " + encoding))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert type(error) is UnexpectedAnswer
    assert "more than 64 MiB" in error.message
    assert most < 200 << 20
    assert bench.clock.slept == [], "another try would only bring the same"


async def test_a_body_that_is_too_long_as_it_comes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "LONGEST_BODY", 1000)
    assert "MiB" in (await failing(bench, answer(b" " * 1001))).message


@pytest.mark.parametrize("bare", [False, True])
async def test_packed_answers_are_read(bench: Bench, bare: bool) -> None:
    for encoding, content in (
        (b"gzip", gzip.compress(GOOD)),
        (b"GZip", gzip.compress(GOOD)),
        (b"gzip", gzip.compress(GOOD) + bytes(9)),
        (b"deflate", zlib.compress(GOOD)[2:-4] if bare else zlib.compress(GOOD)),
        (b"identity", GOOD),
    ):
        async with serving(answer(content, b"Content-Encoding: " + encoding)) as port:
            assert await read(bench, port) == json.loads(GOOD)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        (b"br", GOOD),
        (b"gzip, gzip", gzip.compress(gzip.compress(GOOD, mtime=0), mtime=0)),
        (b"x-unheard-of", GOOD),
        (b"gzip", gzip.compress(GOOD, mtime=0)[:-9]),
        (b"gzip", GOOD),
        (b"gzip", gzip.compress(GOOD, mtime=0) * 2),
    ],
    ids=["br", "twice", "unheard-of", "cut", "not packed", "two members"],
)
async def test_what_cannot_be_unpacked_is_named(bench: Bench, encoding: bytes, content: bytes) -> None:
    error = await failing(bench, answer(content, b"Content-Encoding: " + encoding))
    assert type(error) is UnexpectedAnswer
    assert "cannot be decompressed" in error.message


async def test_an_answer_that_trickles_is_given_up_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.2)
    error = await failing(bench, *[answer(GOOD)[:40], *[b"x"] * 100], pause=0.05)
    assert type(error) is TimedOut
    assert "not complete after 0.2 s" in error.message
    assert bench.clock.slept == []


@pytest.mark.parametrize(
    "location",
    [
        b"mailto:ann@acme.example",
        b"https://xn--\xc3\xa4.example/",
        b"http://a..b/",
        b"//[",
        b"https://\xe4.example:99999/",
    ],
)
@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"308 Permanent"])
async def test_a_redirect_to_nowhere_is_not_followed(bench: Bench, location: bytes, status: bytes) -> None:
    error = await failing(bench, answer(b"", b"Location: " + location, status=status))
    assert type(error) is UnexpectedAnswer
    assert "redirect" in error.message


@pytest.mark.parametrize(
    "header",
    [
        b"Set-Cookie: name=\xe4\xff; Path=/",
        b"Set-Cookie: a=b; Expires=\xff; Max-Age=99999999999999999999",
        b"Retry-After: \xff",
        b"Date: Mon, 99 Foo 99999 99:99:99 GMT",
        b"Date: 0001-01-01T00:00:00+05:00",
        b"X-RateLimit-Reset: 9999-12-31T23:59:59-05:00\r\nX-RateLimit-Remaining: 0",
        b"Content-Type: application/json; charset=utf-16",
        b"Content-Type: text/plain; charset=nonesuch",
        b"X-Twice: 1\r\nX-Twice: 2",
    ],
)
async def test_an_odd_header_leaves_the_answer_readable(bench: Bench, header: bytes) -> None:
    async with serving(answer(GOOD, header)) as port:
        assert await read(bench, port) == json.loads(GOOD)


@pytest.mark.parametrize(
    "asked", [b"-1", b"soon", b"\xb2", b"1e9", b"99999999999999999999", b"9999-12-31T23:59:59-05:00"]
)
async def test_a_wait_that_cannot_be_is_not_waited(bench: Bench, asked: bytes) -> None:
    error = await failing(bench, answer(b"", b"Retry-After: " + asked, status=b"429 Slow down"))
    assert error.code == "rate_limited"
    assert all(seconds <= 61 for seconds in bench.clock.slept)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"da',
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n{}",
        b"HTTP/1.1 abc OK\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_what_is_not_http_is_tried_again_and_named(bench: Bench, wire: bytes) -> None:
    error = await failing(bench, wire)
    assert type(error) is AdminApiUnreachable
    assert "closed the connection early or did not answer in HTTP" in error.message
    assert len(bench.clock.slept) == 4


async def test_an_old_server_that_ends_by_closing(bench: Bench) -> None:
    async with serving(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD) as port:
        assert await read(bench, port) == json.loads(GOOD)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"data": ' + b"[" * 300 + b"]" * 300 + b"}", "deeper than 200"),
        (b'{"data": ' + b'{"a":' * 40_000 + b"1" + b"}" * 40_000 + b"}", "deeper than 200"),
        (b'{"data": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b'{"data": 1e999}', "a number that is too large"),
        (b'{"data": [-1E+4000, 2]}', "a number that is too large"),
        (b'{"data": 1' + b"0" * 400 + b".5}", "a number that is too large"),
        (b'{"data": Infinity}', "the number Infinity"),
        (b'{"data": "\xe4"}', "not UTF-8"),
    ],
)
async def test_what_no_answer_needs_is_named(bench: Bench, content: bytes, said: str) -> None:
    error = await failing(bench, answer(content))
    assert type(error) is UnexpectedAnswer
    assert said in error.message


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"Launch \\ud83d", "Launch \ud83d"),
        (b"\\udcff\\ud83d\\ude00", "\udcff\U0001f600"),
        (b"\xed\xa0\xbdx", "\ud83dx"),
        (b"nul \\u0000 end", "nul \0 end"),
        (b"\xef\xbf\xbf\xe2\x80\xae", "\uffff\u202e"),
    ],
)
async def test_half_a_character_is_taken_as_it_came(bench: Bench, written: bytes, text: str) -> None:
    async with serving(answer(b'\xef\xbb\xbf{"data": {"name": "' + written + b'", "n": 1}}')) as port:
        assert await read(bench, port) == {"data": {"name": text, "n": 1}}


async def test_more_entries_than_a_page_can_have(bench: Bench) -> None:
    content = b'{"data": [' + b",".join([b"{}"] * 50_001) + b"]}"
    async with (
        serving(answer(content)) as port,
        connect(organization=ORG, key=SecretStr(KEY), api_url=f"http://127.0.0.1:{port}") as client,
    ):
        with pytest.raises(UnexpectedAnswer, match="50001 entries on one page"):
            await anext(client.pages(calls.LIST_POLICIES))


@pytest.mark.parametrize(
    "echo", [KEY, KEY.swapcase(), base64.b64encode(f"Bearer {KEY}".encode()).decode(), "\u200b".join(KEY), KEY[::-1]]
)
async def test_what_an_answer_echoes_of_the_key_goes_no_further(bench: Bench, echo: str) -> None:
    """Whatever is kept, shown or exported of an answer is what the client hands out."""
    content = json.dumps({"data": {"name": f"It is {echo}!", "n": 1, echo: [echo]}}).encode()
    async with serving(answer(content)) as port:
        document = await read(bench, port)
    assert echo not in json.dumps(document, ensure_ascii=False)
    assert document["data"]["n"] == 1  # type: ignore[index]
    error = await failing(bench, answer(json.dumps({"message": f"no: {echo}"}).encode(), status=b"403 No"))
    assert echo not in str(error)
    assert "[key]" in str(error)
