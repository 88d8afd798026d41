"""No answer: DNS, TLS, a refused connection and silence each have their own words."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from pydantic import SecretStr

from contribaudit.atlassian import calls, transport
from contribaudit.atlassian.connect import connect
from contribaudit.errors import (
    AdminApiError,
    AdminApiUnreachable,
    ConfigurationError,
    ConnectionRefused,
    NameNotResolved,
    TimedOut,
    TlsFailed,
)

from .bench import KEY, ORG, Bench

pytestmark = pytest.mark.anyio


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


NO_NAME = socket.gaierror(-2, "Name or service not known")
REFUSED = ConnectionRefusedError(111, "Connection refused")
BAD_CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")

CASES = [
    (
        caused(httpx.ConnectError("x"), NO_NAME),
        NameNotResolved,
        "No address was found for api.atlassian.com",
        "HTTPS_PROXY",
    ),
    (
        caused(httpx.ConnectError("x"), caused(OSError("all failed"), ExceptionGroup("all", [REFUSED, REFUSED]))),
        ConnectionRefused,
        "api.atlassian.com:443 refused",
        "firewall",
    ),
    (caused(httpx.ConnectError("x"), BAD_CERTIFICATE), TlsFailed, "No secure connection", "SSL_CERT_FILE"),
    (caused(httpx.ConnectError("x"), ssl.SSLError(1, "x")), TlsFailed, "the handshake failed", "corporate proxy"),
    (httpx.ConnectTimeout("x"), TimedOut, "did not accept a connection in time", "network"),
    (httpx.ReadTimeout("x"), TimedOut, "did not answer in time", "network"),
    (caused(httpx.ConnectError("x"), TimeoutError(110, "x")), TimedOut, "in time", "network"),
    (httpx.ProxyError("407 Proxy Authentication Required"), AdminApiUnreachable, "The proxy refused", "password"),
    (httpx.RemoteProtocolError("peer closed"), AdminApiUnreachable, "closed the connection early", "proxy"),
    (caused(httpx.ReadError("x"), ssl.SSLError(1, "x")), AdminApiUnreachable, "was lost (ReadError)", "proxy"),
    (OSError(101, "Network is unreachable"), AdminApiUnreachable, "was lost (OSError)", "network"),
]


@pytest.mark.parametrize(
    ("raised", "kind", "in_message", "in_hint"), CASES, ids=lambda value: getattr(value, "__name__", None)
)
async def test_each_cause_has_its_error(
    bench: Bench, raised: Exception, kind: type[AdminApiError], in_message: str, in_hint: str
) -> None:
    """All but TLS are tried five times; none blames the key."""
    client = bench.scripted(*[raised] * 5)
    with pytest.raises(kind) as caught:
        await client.read(calls.GET_ORGANIZATION)
    assert type(caught.value) is kind
    assert in_message in caught.value.message
    assert in_hint in caught.value.hint
    assert "key" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(bench.sent) == (1 if kind is TlsFailed else 5)
    assert [entry.status for entry in client.ledger.entries] == [None] * len(bench.sent)
    assert {(entry.bytes, entry.sha256) for entry in client.ledger.entries} == {(0, "")}


async def test_an_error_that_our_caller_handles_is_no_cause(bench: Bench) -> None:
    client = bench.scripted(*[httpx.ReadError("x")] * 5)
    try:
        raise NO_NAME
    except socket.gaierror:
        with pytest.raises(AdminApiUnreachable) as caught:
            await client.read(calls.GET_ORGANIZATION)
    assert type(caught.value) is AdminApiUnreachable


async def failing(bench: Bench, api_url: str, read_seconds: float = 60.0) -> AdminApiError:
    """The error of a read over a real socket."""
    async with connect(
        organization=ORG, key=SecretStr(KEY), api_url=api_url, sleep=bench.clock.sleep, read_seconds=read_seconds
    ) as client:
        with pytest.raises(AdminApiError) as caught:
            await client.read(calls.GET_ORGANIZATION)
    return caught.value


@asynccontextmanager
async def listening(reply: bytes | None, *, cut: bool = False) -> AsyncIterator[int]:
    """A loopback server that says `reply` to whatever comes, or nothing at all; the value is its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):  # a client that gives up with an answer unread resets the connection
            await reader.read(1000)
            if reply is not None:
                writer.write(reply)
                await writer.drain()
            if not cut:
                await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_port_where_nobody_listens(bench: Bench) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    error = await failing(bench, f"http://127.0.0.1:{port}")
    assert type(error) is ConnectionRefused
    assert f"127.0.0.1:{port}" in error.message
    assert len(bench.clock.slept) == 4


async def test_a_server_that_speaks_no_tls(bench: Bench) -> None:
    async with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = await failing(bench, f"https://localhost:{port}")
    assert type(error) is TlsFailed
    assert bench.clock.slept == []


async def test_a_server_that_never_answers(bench: Bench) -> None:
    async with listening(None) as port:
        error = await failing(bench, f"http://127.0.0.1:{port}", read_seconds=0.02)
    assert type(error) is TimedOut


async def test_a_server_that_dribbles(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that keep coming never run into httpx's read timeout, so the whole answer has a limit too."""
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.02)
    async with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as port:
        error = await failing(bench, f"http://127.0.0.1:{port}")
    assert type(error) is TimedOut


async def test_an_answer_cut_off(bench: Bench) -> None:
    async with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", cut=True) as port:
        error = await failing(bench, f"http://127.0.0.1:{port}")
    assert type(error) is AdminApiUnreachable
    assert len(bench.clock.slept) == 4


async def test_loopback_is_not_reached_through_a_proxy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would see the key of a plain-http request."""
    async with listening(b"HTTP/1.1 418 Proxy\r\nContent-Length: 0\r\n\r\n") as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        async with listening(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n") as port:
            error = await failing(bench, f"http://127.0.0.1:{port}")
    assert "404" in error.message


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HTTPS_PROXY", "gopher://user:s3cret@proxy.example", "HTTPS_PROXY"),
        ("SSL_CERT_FILE", "/nonexistent/s3cret.pem", "SSL_CERT_FILE"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE"),
    ],
)
async def test_an_unusable_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    from contribaudit.atlassian import connect as module

    module._certificates.cache_clear()
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=message) as caught:
        async with connect(organization=ORG, key=SecretStr(KEY)):
            pass
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_certificates_are_read_once_and_only_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    from contribaudit.atlassian import connect as module

    module._certificates.cache_clear()
    for api_url in ("http://localhost:1", "https://api.atlassian.com", "https://api.atlassian.com"):
        async with connect(organization=ORG, key=SecretStr(KEY), api_url=api_url):
            pass
    assert module._certificates.cache_info().misses == 1
