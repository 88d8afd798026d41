"""What the simulated API remembers between requests: who asked what, how often, and pages rendered before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from contribaudit.simulator.answers import Answer
from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.faults import Fault
from contribaudit.simulator.options import Options
from contribaudit.simulator.organization import Organization

Rendered: TypeAlias = tuple[Answer, str | None]
"""An answer, and the cursor of the page after it."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request that was answered. Never its headers, which hold the key.

    `endpoint` is the endpoint's name, empty for an unknown path. `body` is the parsed JSON, None when there was none or
    when it was no JSON. `status` None means that the connection was closed without an answer. `time` is when it came.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int | None
    time: datetime
    endpoint: str


class Simulation:
    """The state of one simulated API. `organization` and `faults` may be changed while it runs."""

    def __init__(
        self,
        organization: Organization,
        options: Options,
        faults: Iterable[Fault],
        latency_ms: float,
        clock: Callable[[], datetime],
    ) -> None:
        self.organization = organization
        self.options = options
        self.faults = list(faults)
        self.latency_ms = latency_ms
        self.clock = clock
        self.requests: list[RequestRecord] = []
        self.stopping = False
        self.connections: dict[tuple[str, int], Any] = {}
        self._fired: Counter[Fault] = Counter()
        self._asked: Counter[tuple[str, datetime]] = Counter()
        self._rendered: dict[tuple[object, ...], Rendered] = {}
        self._rendered_revision = organization.revision

    def faults_of(self, endpoint: str, page: int) -> list[Fault]:
        """The faults that happen to this request; counts them as having happened."""
        due = [f for f in self.faults if f.fits(endpoint, page) and (f.times is None or self._fired[f] < f.times)]
        self._fired.update(due)
        return due

    def may_fail(self, endpoint: str) -> bool:
        """Whether any fault concerns any page of an endpoint, so that it must not be served from memory."""
        return any(fault.fits(endpoint, 1_000_000) for fault in self.faults)

    def count(self, endpoint: Endpoint, now: datetime) -> tuple[dict[str, str], bool]:
        """The X-RateLimit headers of this request, and whether it is one too many. Windows are minutes of the clock."""
        limit = self.options.rate_limits.get(endpoint.name, self.options.default_rate_limit)
        window = now.astimezone(UTC).replace(second=0, microsecond=0)
        self._asked[endpoint.name, window] += 1
        asked = self._asked[endpoint.name, window]
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - asked)),
            "X-RateLimit-Reset": f"{window + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}",
        }
        return headers, self.options.enforce_rate_limits and asked > limit

    def recall(self, request: tuple[object, ...]) -> Rendered | None:
        """The answer rendered before for the same request, if the organization is still the same."""
        if self._rendered_revision != self.organization.revision:
            self._rendered.clear()
            self._rendered_revision = self.organization.revision
        return self._rendered.get(request)

    def remember(self, request: tuple[object, ...], answer: Rendered) -> None:
        """Keep a rendered answer until the organization is edited."""
        self._rendered[request] = answer
