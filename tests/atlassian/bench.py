"""A client whose sleeps take no time, on a transport that answers what a test tells it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.transport import Wire
from contribaudit.progress import Progress

KEY = "ATCTT3x-secret-of-the-organization=4F2A"
API = "https://api.atlassian.com"
ORG = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)

Answer = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


@dataclass
class Clock:
    """Stands still but for sleeps, which it remembers."""

    now: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Watched(Progress):
    """Remembers what was said about waits and pages."""

    def __init__(self) -> None:
        self.waits: list[tuple[str, float, str]] = []
        self.pages: list[tuple[str, str, int, int | None]] = []

    def waiting(self, call: str, seconds: float, reason: str) -> None:
        self.waits.append((call, seconds, reason))

    def page_read(self, organization: str, collector: str, read: int, announced: int | None) -> None:
        self.pages.append((organization, collector, read, announced))


@dataclass
class Bench:
    """Builds clients for a test and holds what they share."""

    clock: Clock = field(default_factory=Clock)
    progress: Watched = field(default_factory=Watched)
    sent: list[httpx.Request] = field(default_factory=list)

    def client(self, answer: Answer, *, organization: str = ORG, key: str = KEY) -> AdminClient:
        """A client of a mock transport; `answer` gets each request, which `sent` keeps."""

        async def handle(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            answered = answer(request)
            return answered if isinstance(answered, httpx.Response) else await answered

        http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
        wire = Wire(http, API, self.progress, self.clock.sleep, self.clock)
        return AdminClient(wire, organization=organization, key=SecretStr(key))

    def scripted(self, *answers: httpx.Response | Exception) -> AdminClient:
        """A client that gets these answers one after another, and no more."""
        script: Iterator[httpx.Response | Exception] = iter(answers)

        def answer(_request: httpx.Request) -> httpx.Response:
            match next(script):
                case httpx.Response() as response:
                    return response
                case Exception() as error:
                    raise error

        return self.client(answer)
