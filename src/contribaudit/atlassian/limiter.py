"""When the next request on a path may go out: published limits, and pauses that the API asked for."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class _Lane:
    """One path: who goes next, when it went before, and until when it rests."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    sent: deque[datetime] = field(default_factory=deque)
    paused_until: datetime | None = None


class Limiter:
    """Holds requests back, path by path; a pause of one path holds back every request on it and no other."""

    def __init__(self, *, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._slept_until: datetime | None = None
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)

    def now(self) -> datetime:
        """The clock, but never before the end of a sleep: one set back, or a test's, must not make us wait twice."""
        now = self._clock()
        return now if self._slept_until is None else max(now, self._slept_until)

    async def sleep(self, seconds: float) -> None:
        until = self.now() + timedelta(seconds=seconds)
        await self._sleep(seconds)
        self._slept_until = max(until, self._slept_until or until)

    def pause(self, path: str, seconds: float) -> None:
        """Nothing goes out on `path` for that long; a longer pause that already runs stays."""
        lane = self._lanes[path]
        until = self.now() + timedelta(seconds=seconds)
        lane.paused_until = max(until, lane.paused_until or until)

    async def turn(self, path: str, per_minute: int | None, waiting: Callable[[float, str], None]) -> float:
        """Return when a request may go out on `path`; the answer is the seconds slept, 0.0 when it was free.

        `per_minute` is the limit in any 60 s, None for none. `waiting` is told seconds and reason before each sleep.
        Requests of one path go in the order in which they asked.
        """
        slept = 0.0
        lane = self._lanes[path]
        async with lane.turn:
            while (hold := self._hold(lane, per_minute)) is not None:
                waiting(*hold)
                await self.sleep(hold[0])
                slept += hold[0]
            if per_minute is not None:
                lane.sent.append(self.now())
        return slept

    def _hold(self, lane: _Lane, per_minute: int | None) -> tuple[float, str] | None:
        now = self.now()
        if lane.paused_until is not None and lane.paused_until > now:
            return (lane.paused_until - now).total_seconds(), "Atlassian's rate limit is used up for now"
        if per_minute is None:
            return None
        while lane.sent and lane.sent[0] <= now - _WINDOW:
            lane.sent.popleft()
        if len(lane.sent) < per_minute:
            return None
        return (lane.sent[0] + _WINDOW - now).total_seconds(), f"Atlassian allows {per_minute} requests a minute here"
