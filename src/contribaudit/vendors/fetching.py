"""Fetches public pages one at a time, conditionally and with restraint, and never with a credential.

This client is separate from the admin API's: it gets no key and no token, takes no cookie, and sends the same headers
to everybody. A redirect is followed only within the host's registrable domain, and each one is recorded. robots.txt is
obeyed, a Retry-After of a minute or less is waited for once, and requests to one host are a second apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, TypeAlias
from urllib.robotparser import RobotFileParser

import httpx

from contribaudit import __version__
from contribaudit.atlassian.connect import USUAL, Trust, http_client
from contribaudit.atlassian.responses import no_answer
from contribaudit.atlassian.transport import utc_now
from contribaudit.atlassian.waits import asked_seconds
from contribaudit.core.model.hosts import is_loopback
from contribaudit.errors import PageNotRead, UsageError

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

AGENT = "contribaudit"
USER_AGENT = f"{AGENT}/{__version__} (compliance audit of public terms; one page at a time)"
MOST_BYTES = 16 << 20
"""Largest page, in bytes after decompression."""
MOST_REDIRECTS = 5
MOST_WAIT_SECONDS = 60.0
SECONDS_APART = 1.0
WHOLE_SECONDS = 120.0
"""Time limit for one page, however slowly it arrives."""
_ROBOTS_BYTES = 512 << 10
_BY_HAND = "Open it in a browser, save the page, and import the file"
_REDIRECTS = (301, 302, 303, 307, 308)
_REFUSED = {
    401: "login_required",
    403: "forbidden",
    404: "not_found",
    410: "not_found",
    429: "rate_limited",
    451: "forbidden",
}

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators of the last answer, so that an unchanged page is not sent again. "" for each that it omitted."""

    etag: str = ""
    last_modified: str = ""


NOTHING_KNOWN = Validators()


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was received, not decoded: fetched, or read from a file."""

    body: bytes
    content_type: str
    """The header as it came; "" without one."""
    source: str
    """The address that was requested, or the name of the file."""
    retrieved_at: datetime
    fetched: bool = False
    answered_by: str = ""
    """The address that answered, after redirects."""
    redirects: tuple[str, ...] = ()
    """Every address on the way except the first; empty without a redirect."""
    validators: Validators = NOTHING_KNOWN


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server's statement that the page has not changed since it was last fetched."""

    retrieved_at: datetime


Answer: TypeAlias = Page | NotModified


@dataclass
class Fetcher:
    """Gets pages one after the other; created by `opened`."""

    open_client: Callable[[httpx.URL], httpx.AsyncClient]
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], datetime] = utc_now
    most_bytes: int = MOST_BYTES
    _clients: dict[bool, httpx.AsyncClient] = field(default_factory=dict)
    _rules: dict[str, RobotFileParser | None] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked: dict[str, float] = field(default_factory=dict)

    async def get(self, url: str, known: Validators = NOTHING_KNOWN) -> Answer:
        """The page, or an answer that says that it has not changed since `known`.

        Raises UsageError for an address that is not a public page's, and PageNotRead for everything else. Its `why` is
        one of `disallowed`, `redirected_elsewhere`, `too_large`, `rate_limited`, `forbidden`, `not_found`,
        `server_failed`, `login_required`, `timeout`, `dns`, `tls`, `unreachable` and the like.
        """
        asked = checked_address(url)
        async with self._turn:
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    return await self._followed(asked, known)
            except TimeoutError:
                raise PageNotRead(
                    f"{asked.host} did not send a complete page within {WHOLE_SECONDS:.0f} seconds",
                    why="timeout",
                    hint=_BY_HAND,
                ) from None

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    async def _followed(self, asked: httpx.URL, known: Validators) -> Answer:
        address, passed = asked, list[str]()
        conditional = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        headers = {name: value for name, value in conditional.items() if value}
        waited = False
        while True:
            await self._allowed(address)
            response, body = await self._send(address, headers, self.most_bytes)
            if response.status_code in _REDIRECTS:
                address = _next_address(asked, address, response)
                passed.append(str(address))
                if len(passed) > MOST_REDIRECTS:
                    raise PageNotRead(f"{asked.host} redirects in a circle", why="redirect_loop", hint=_BY_HAND)
                continue
            if response.status_code == httpx.codes.NOT_MODIFIED and headers:
                return NotModified(self.clock())
            wait = asked_seconds(response.headers, self.clock()) if response.status_code in (429, 503) else None
            if wait is not None and wait <= MOST_WAIT_SECONDS and not waited:
                waited = True
                await self.sleep(wait)
                continue
            if response.status_code != httpx.codes.OK:
                raise _refusal(address, response, wait)
            validators = Validators(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
            return Page(
                body,
                response.headers.get("Content-Type", ""),
                str(asked),
                self.clock(),
                fetched=True,
                answered_by=str(address),
                redirects=tuple(passed),
                validators=validators,
            )

    async def _allowed(self, url: httpx.URL) -> None:
        """Raise PageNotRead when the host's robots.txt asks programs to stay away from the page."""
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if origin not in self._rules:
            self._rules[origin] = await self._robots(url)
        rules = self._rules[origin]
        if rules is not None and not rules.can_fetch(AGENT, str(url)):
            raise PageNotRead(
                f"The robots.txt of {url.host} asks programs not to read {url.path}", why="disallowed", hint=_BY_HAND
            )

    async def _robots(self, url: httpx.URL) -> RobotFileParser | None:
        """The host's rules; None without any. By RFC 9309, a missing file forbids nothing."""
        response, body = await self._send(url.copy_with(raw_path=b"/robots.txt"), {}, _ROBOTS_BYTES)
        if response.status_code != httpx.codes.OK:
            return None
        rules = RobotFileParser()
        rules.parse(body.decode("utf-8", "replace").splitlines())
        return rules

    async def _send(self, url: httpx.URL, headers: dict[str, str], most: int) -> tuple[httpx.Response, bytes]:
        """Send one request; the body is read only for a page, and only up to `most` bytes."""
        await self._keep_distance(url)
        client = self._client(url)
        sent = {
            "User-Agent": USER_AGENT,
            "Accept": "text/html, application/xhtml+xml, text/plain;q=0.9, text/csv;q=0.9, */*;q=0.1",
            "Accept-Language": "en",
            **headers,
        }
        failure: BaseException | None = None
        try:
            async with client.stream("GET", url, headers=sent) as response:
                body = b""
                if response.status_code == httpx.codes.OK:
                    body = await _body(response, most)
                return response, body
        except (httpx.HTTPError, OSError) as error:
            failure = error
        cause = no_answer(failure, call=f"GET {url.host}", url=url)
        raise PageNotRead(cause.message, why=cause.code, hint=f"Check the network and any proxy. {_BY_HAND}") from None

    async def _keep_distance(self, url: httpx.URL) -> None:
        now = asyncio.get_running_loop().time()
        before = self._asked.get(url.host)
        if before is not None and now - before < SECONDS_APART and not is_loopback(url.host):
            await self.sleep(SECONDS_APART - (now - before))
        self._asked[url.host] = asyncio.get_running_loop().time()

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        loopback = is_loopback(url.host)
        if loopback not in self._clients:
            self._clients[loopback] = self.open_client(url)
        return self._clients[loopback]


@asynccontextmanager
async def opened(
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Sleep = asyncio.sleep,
    clock: Callable[[], datetime] = utc_now,
    most_bytes: int = MOST_BYTES,
    trust: Trust = USUAL,
) -> AsyncIterator[Fetcher]:
    """A fetcher, closed at the end. Proxies and certificates come from the environment, as for the admin API."""

    def client(url: httpx.URL) -> httpx.AsyncClient:
        return http_client(url, transport, 10.0, 30.0, certificates=True, trust=trust)

    fetcher = Fetcher(client, sleep, clock, most_bytes)
    try:
        yield fetcher
    finally:
        await fetcher.close()


def fetch(url: str, known: Validators = NOTHING_KNOWN, *, trust: Trust = USUAL) -> Answer:
    """One page, for a caller outside an event loop. Raises the errors of `Fetcher.get`."""

    async def one() -> Answer:
        async with opened(trust=trust) as fetcher:
            return await fetcher.get(url, known)

    return asyncio.run(one())


def is_address(text: str) -> bool:
    """Whether the text names a page rather than a file."""
    return text.strip().casefold().startswith(("https://", "http://"))


def checked_address(text: str) -> httpx.URL:
    """The address of a public page: https, or http on this machine, without an account. Raises UsageError."""
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.userinfo:
        raise UsageError(
            "An address with a user name or a password is not fetched", hint="Public pages need none; leave it out"
        )
    if url.scheme not in ("https", "http") or not url.host:
        raise UsageError(
            f"{text.strip()[:80]!r} is not an https:// address", hint="Write the whole address of the page"
        )
    if url.scheme == "http" and not is_loopback(url.host):
        raise UsageError(
            f"{url.host} would be asked over plain http, where anybody on the way can change the page",
            hint="Use https; plain http is for this machine alone",
        )
    return url.copy_with(fragment=None)


def same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one registrable domain ("www.example.co.uk", "legal.example.co.uk")."""
    if one.casefold() == other.casefold():
        return True
    if any(is_loopback(host) or host.replace(".", "").isdecimal() or ":" in host for host in (one, other)):
        return False
    own = _suffixes().privatesuffix(one.casefold())
    return own is not None and own == _suffixes().privatesuffix(other.casefold())


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _next_address(asked: httpx.URL, here: httpx.URL, response: httpx.Response) -> httpx.URL:
    """The target of a redirect. Raises PageNotRead when it is not the vendor's or not safe."""
    try:
        there = here.join(response.headers.get("Location", "")).copy_with(fragment=None)
    except httpx.InvalidURL:
        there = httpx.URL()
    if not response.headers.get("Location") or not there.host or there.userinfo:
        raise PageNotRead(f"{here.host} redirects to no address", why="redirected_elsewhere", hint=_BY_HAND)
    safe = there.scheme == "https" or (there.scheme == "http" and is_loopback(asked.host) and is_loopback(there.host))
    if not safe or not same_site(asked.host, there.host):
        raise PageNotRead(
            f"{asked.host} redirects to {there.scheme}://{there.host}, which is not followed",
            why="redirected_elsewhere",
            hint="Check whether the document has moved, and name its new address",
        )
    return there


async def _body(response: httpx.Response, most: int) -> bytes:
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(response.url, most)
    received = bytearray()
    async for piece in response.aiter_bytes():
        received += piece
        if len(received) > most:
            raise _too_large(response.url, most)
    return bytes(received)


def _too_large(url: httpx.URL, most: int) -> PageNotRead:
    return PageNotRead(f"{url.host} sends more than {most >> 20} MB", why="too_large", hint=_BY_HAND)


def _refusal(url: httpx.URL, response: httpx.Response, wait: float | None) -> PageNotRead:
    status = response.status_code
    code = _REFUSED.get(status, "server_failed" if status >= httpx.codes.INTERNAL_SERVER_ERROR else "refused")
    message = f"{url.host} answered {status}"
    if wait is not None:
        message += f" and asks to come back in {wait:.0f} seconds"
    return PageNotRead(message, why=code, hint=_BY_HAND)
