"""One server on loopback and one pool of connections for all cases, on the event loop that reads them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from contribaudit.atlassian.transport import IN_FLIGHT

# httpcore looks for it five times a request, in every folder of the path, where it is not installed.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Asked:
    """One request, as far as cases look at it."""

    path: str
    query: dict[str, list[str]]
    body: dict[str, Any]

    @property
    def endpoint(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def cursor(self) -> str | None:
        """Where it goes on, None on a first page."""
        found = self.body.get("cursor", self.query.get("cursor", [None])[0])
        return None if found is None else str(found)


@dataclass(frozen=True)
class Sent:
    """The bytes of one answer: `pieces` with a pause between them, and then, with `close`, the end of the connection.

    Without pieces and without `close` nothing is ever answered.
    """

    pieces: tuple[bytes, ...]
    close: bool = False
    pause: float = 0.0


def answer(status: int, text: str | bytes, *headers: bytes) -> Sent:
    """An answer of JSON as servers write it."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    lines = [f"HTTP/1.1 {status} Said".encode(), b"Content-Type: application/json", *headers]
    if status in (204, 304):
        return Sent((b"\r\n".join([*lines, b"", b""]),))
    return Sent((b"\r\n".join([*lines, b"Content-Length: %d" % len(content), b"", content]),))


NOT_THERE = answer(404, '{"code": 404, "message": "no such resource"}')


@dataclass
class Bench:
    """What all cases share; a case sets `reply`, which answers each request."""

    url: str
    transport: Kept
    reply: Callable[[Asked], Sent] = lambda _asked: NOT_THERE
    shared: dict[str, Any] = field(default_factory=dict)
    """What families make once."""
    stack: ExitStack = field(default_factory=ExitStack)
    """Closed with the bench."""


class Kept(httpx.AsyncHTTPTransport):
    """A real transport whose connections outlive the clients that use it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Leave the connections open."""

    async def aclose(self) -> None:
        """Leave the connections open."""

    async def end(self) -> None:
        """Close them."""
        await super().aclose()


class _Connection(asyncio.Protocol):
    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._coming = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._coming += data
        head, found, rest = self._coming.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(one[15:]) for one in lines if one.lower().startswith("content-length:")), 0)
        if found and len(rest) >= length:
            self._coming = rest[length:]
            address = urlsplit(lines[0].split(" ")[1])
            body = json.loads(rest[:length]) if length else {}
            self._send(self._bench.reply(Asked(address.path, parse_qs(address.query), body)), 0)

    def _send(self, sent: Sent, number: int) -> None:
        if self._transport is None:
            return
        if number < len(sent.pieces):
            self._transport.write(sent.pieces[number])
            if sent.pause and number + 1 < len(sent.pieces):
                asyncio.get_running_loop().call_later(sent.pause, self._send, sent, number + 1)
            else:
                self._send(sent, number + 1)
        elif sent.close:
            self._transport.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Bench]:
    """The bench, whose server answers on loopback."""
    bench = Bench("", Kept(limits=httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)))
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(bench), "127.0.0.1", 0)
    bench.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        with bench.stack:
            yield bench
    finally:
        await bench.transport.end()
        server.close()


async def no_wait(_seconds: float) -> None:
    """Retries take no time."""
