"""When a request is sent, and when it is tried again.

The limiter knows the published limits of each path and the pauses that the API asked for. A retry waits as long as the
API asks, else with exponential backoff.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_exponential, wait_random

from contribaudit.core.model.times import parse_utc
from contribaudit.errors import AdminApiError, AdminApiUnreachable, RateLimited, ServerFailed, TlsFailed

ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 300.0
LONGEST_TOTAL_SECONDS = 600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try: the error to raise if no other try succeeds, and the wait that the API asked for.

    `asked_seconds` is None when the API did not say. Failures are values, and only the last is raised, so that the
    raised error carries no chain of httpx errors (which hold the request, and so the key).
    """

    error: AdminApiError
    asked_seconds: float | None = None
    heals: bool = True
    """False when another try would only take as long again."""


def moment(text: str | None) -> datetime | None:
    """An HTTP date or an ISO 8601 time as aware UTC (UTC without an offset), None for other text."""
    if not text:
        return None
    if (at := parse_utc(text)) is not None:
        return at
    try:
        return parse_utc(parsedate_to_datetime(text.strip()).isoformat())
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def seconds_until(text: str | None, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from the API's own `Date` (or `now`, by our clock) to the moment in `text`; None unless it is later."""
    at = moment(text)
    if at is None:
        return None
    # Both ends by the API's clock, because ours may be minutes off.
    seconds = (at - (moment(headers.get("Date")) or now)).total_seconds()
    return seconds if seconds > 0 else None


def asked_seconds(headers: Mapping[str, str], now: datetime, *, limited: bool = True) -> float | None:
    """How long the API asks to wait: Retry-After (seconds or a time), else X-RateLimit-Reset; None without either.

    A wait of zero or in the past is ignored. Retry-After is not documented for these APIs, but has been seen.
    X-RateLimit-Reset is ISO 8601: https://developer.atlassian.com/cloud/admin/organization/rest/ It comes with every
    answer: unless the answer reports a limit (`limited`), it means nothing while requests remain.
    """
    asked = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", asked):
        return float(asked) or None
    remain = headers.get("X-RateLimit-Remaining", "").strip()
    reset = "" if not limited and remain.isdecimal() and int(remain[:9]) else headers.get("X-RateLimit-Reset")
    return seconds_until(asked, headers, now) or seconds_until(reset, headers, now)


_AFTER_429 = wait_exponential(multiplier=4.0, max=60.0) + wait_random(0, 1.0)
_OTHERWISE = wait_exponential(multiplier=0.5, max=30.0) + wait_random(0, 0.5)


def _seconds_to_wait(retry_state: RetryCallState) -> float:
    """The wait that the API asks for, else exponential backoff with jitter, slower after a 429."""
    failure = _failure(retry_state)
    if failure.asked_seconds is not None:
        return failure.asked_seconds
    return (_AFTER_429 if isinstance(failure.error, RateLimited) else _OTHERWISE)(retry_state)


def _given_up(retry_state: RetryCallState) -> bool:
    """Whether it was the last try, or the next wait or all waits of the request together would exceed the limits."""
    wait = retry_state.upcoming_sleep
    too_long = wait > LONGEST_WAIT_SECONDS or retry_state.idle_for + wait > LONGEST_TOTAL_SECONDS
    return too_long or retry_state.attempt_number >= ATTEMPTS


async def with_retries(
    attempt: Callable[[float], Awaitable[T | Failure]],
    *,
    sleep: Callable[[float], Awaitable[None]],
    before_wait: Callable[[AdminApiError, float], None],
) -> T:
    """The first good answer of `attempt`, which gets the number of seconds slept before it.

    At most 5 tries, 300 s per wait and 600 s of waiting in all. `before_wait` gets error and seconds before each sleep.
    Raises the error of the last try.
    """
    waited = 0.0

    async def once() -> T | Failure:
        return await attempt(waited)

    def note(retry_state: RetryCallState) -> None:
        nonlocal waited
        waited = retry_state.upcoming_sleep
        before_wait(_failure(retry_state).error, waited)

    # Built per request, because tenacity keeps the state of a run on the instance.
    retrying = AsyncRetrying(
        sleep=sleep,
        stop=_given_up,
        wait=_seconds_to_wait,
        retry=retry_if_result(_worth_another_try),
        before_sleep=note,
        retry_error_callback=_failure,
    )
    result: T | Failure = await retrying(once)
    if isinstance(result, Failure):
        raise result.error
    return result


def _worth_another_try(result: object) -> bool:
    if not isinstance(result, Failure) or not result.heals or isinstance(result.error, TlsFailed):
        return False
    return isinstance(result.error, RateLimited | ServerFailed | AdminApiUnreachable)


def _failure(retry_state: RetryCallState) -> Failure:
    outcome = retry_state.outcome
    if outcome is None or not isinstance(failure := outcome.result(), Failure):
        raise TypeError("only a failed try is waited for")
    return failure


_WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class _Lane:
    """One path: who goes next, when requests were sent, and until when it pauses."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    sent: deque[datetime] = field(default_factory=deque)
    paused_until: datetime | None = None


class Limiter:
    """Holds requests back, path by path; a pause affects every request on its path and no other."""

    def __init__(self, *, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._slept_until: datetime | None = None
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)

    def now(self) -> datetime:
        """The clock, but never before the end of a sleep, so that a clock that was set back causes no second wait."""
        now = self._clock()
        return now if self._slept_until is None else max(now, self._slept_until)

    async def sleep(self, seconds: float) -> None:
        until = self.now() + timedelta(seconds=seconds)
        await self._sleep(seconds)
        self._slept_until = max(until, self._slept_until or until)

    def pause(self, path: str, seconds: float) -> None:
        """Pause `path` for that long; a longer pause in progress stays."""
        lane = self._lanes[path]
        until = self.now() + timedelta(seconds=seconds)
        lane.paused_until = max(until, lane.paused_until or until)

    async def turn(self, path: str, per_minute: int | None, waiting: Callable[[float, str], None]) -> float:
        """Wait until a request may be sent on `path`; returns the seconds slept, 0.0 when it was free.

        `per_minute` is the limit in any 60 s, None without one. `waiting` gets seconds and reason before each sleep.
        Requests on one path are sent in the order in which they asked.
        """
        slept = 0.0
        lane = self._lanes[path]
        async with lane.turn:
            while (hold := self._pause_needed(lane, per_minute)) is not None:
                waiting(*hold)
                await self.sleep(hold[0])
                slept += hold[0]
            if per_minute is not None:
                lane.sent.append(self.now())
        return slept

    def _pause_needed(self, lane: _Lane, per_minute: int | None) -> tuple[float, str] | None:
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
