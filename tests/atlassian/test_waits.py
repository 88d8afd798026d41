"""Waits are those that the API asks for, are announced, and end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from contribaudit.atlassian import calls
from contribaudit.atlassian.waits import Limiter, asked_seconds, moment
from contribaudit.errors import AccessDenied, AdminApiUnreachable, RateLimited, ServerFailed, UnexpectedAnswer

from .bench import NOON, Bench, Clock

pytestmark = pytest.mark.anyio

OK = httpx.Response(200, json={"data": []})


def busy(status: int = 429, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


LATER = NOON + timedelta(seconds=40)
DATE = format_datetime(NOON - timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 7.5 "}, 7.5),
        ({"Retry-After": format_datetime(LATER, usegmt=True)}, 40.0),
        ({"Retry-After": LATER.isoformat()}, 40.0),
        ({"X-RateLimit-Reset": "2026-11-21T12:00:40Z"}, 40.0),
        ({"X-RateLimit-Reset": "2026-11-21T12:00:40"}, 40.0),
        ({"X-RateLimit-Reset": "2026-11-21T14:00:40.5+02:00"}, 40.5),
        ({"Retry-After": "7", "X-RateLimit-Reset": "2026-11-21T12:00:40Z"}, 7.0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "2026-11-21T12:00:40Z"}, 40.0),
        # By the API's own clock where it tells it: ours is an hour ahead here.
        ({"Date": DATE, "X-RateLimit-Reset": "2026-11-21T11:00:40Z"}, 40.0),
        ({"Date": DATE, "Retry-After": format_datetime(LATER - timedelta(hours=1), usegmt=True)}, 40.0),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"X-RateLimit-Reset": "2026-11-21T11:59:00Z"}, None),
        ({"X-RateLimit-Reset": "1795000000"}, None),
        ({"X-RateLimit-Reset": "Mon, 99 Foo"}, None),
        ({}, None),
    ],
)
def test_reads_what_the_api_asks(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_seconds(httpx.Headers(headers), NOON) == seconds


@pytest.mark.parametrize("text", [None, "", "0001-01-01T00:00:00+23:00", "Sat, 01 Jan 99999 00:00:00 GMT"])
def test_no_moment(text: str | None) -> None:
    assert moment(text) is None


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_waits_as_long_as_the_api_asks(bench: Bench, status: int) -> None:
    client = bench.scripted(busy(status, Retry_After="7"), OK)
    assert await client.read(calls.GET_ORGANIZATION) == {"data": []}
    assert bench.clock.slept == [7.0]
    ((call, seconds, reason),) = bench.progress.waits
    assert (call, seconds) == ("GET /admin/v1/orgs/{orgId}", 7.0)
    assert str(status) in reason
    assert [entry.waited_seconds for entry in client.ledger.entries] == [0.0, 7.0]


@pytest.mark.parametrize(
    ("status", "shortest", "longest"),
    [(429, [4, 8, 16, 32], [5, 9, 17, 33]), (502, [0.5, 1, 2, 4], [1, 1.5, 2.5, 4.5])],
)
async def test_backs_off_when_the_api_does_not_say(
    bench: Bench, status: int, shortest: list[float], longest: list[float]
) -> None:
    """Five tries; the waits grow, with jitter."""
    client = bench.scripted(*[busy(status)] * 5)
    with pytest.raises(RateLimited if status == 429 else ServerFailed) as caught:
        await client.read(calls.GET_ORGANIZATION)
    assert len(bench.sent) == 5
    assert all(low <= slept <= high for low, slept, high in zip(shortest, bench.clock.slept, longest, strict=True))
    assert client.ledger.count("organization") == 5
    assert getattr(caught.value, "wait_seconds", None) is None


async def test_a_wait_beyond_bearing_is_refused(bench: Bench) -> None:
    """At once, and the hint tells how long was asked."""
    client = bench.scripted(busy(Retry_After="3600"))
    with pytest.raises(RateLimited) as caught:
        await client.read(calls.GET_ORGANIZATION)
    assert caught.value.wait_seconds == 3600.0
    assert "3600 s" in caught.value.hint
    assert bench.clock.slept == []


async def test_all_waits_together_are_bounded(bench: Bench) -> None:
    client = bench.scripted(*[busy(Retry_After="250")] * 5)
    with pytest.raises(RateLimited):
        await client.read(calls.GET_ORGANIZATION)
    assert bench.clock.slept == [250.0, 250.0]


async def test_a_broken_connection_is_tried_again(bench: Bench) -> None:
    client = bench.scripted(httpx.ReadError("x"), httpx.ConnectTimeout("x"), OK)
    assert await client.read(calls.GET_ORGANIZATION) == {"data": []}
    assert len(bench.clock.slept) == 2


@pytest.mark.parametrize(("status", "kind"), [(403, AccessDenied), (400, UnexpectedAnswer)])
async def test_a_refusal_is_not(bench: Bench, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await bench.scripted(busy(status, Retry_After="1")).read(calls.GET_ORGANIZATION)
    assert bench.clock.slept == []


async def test_requests_do_not_share_their_tries(bench: Bench) -> None:
    """Two calls at once, each with four failures, both succeed."""
    failures = {"organization": 4, "event-actions": 4}

    def answer(request: httpx.Request) -> httpx.Response:
        name = "event-actions" if request.url.path.endswith("event-actions") else "organization"
        failures[name] -= 1
        return busy(500) if failures[name] >= 0 else OK

    client = bench.client(answer)
    await asyncio.gather(client.read(calls.GET_ORGANIZATION), client.read(calls.LIST_EVENT_ACTIONS))
    assert len(bench.sent) == 10


async def test_a_429_pauses_its_path_and_no_other(bench: Bench) -> None:
    """A request that comes while another waits out a 429 on the same path waits as well; another path does not."""
    asleep, wake = asyncio.Event(), asyncio.Event()
    sleeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        asleep.set()
        await wake.wait()

    script = iter([busy(Retry_After="30"), OK, OK, OK])
    client = bench.client(lambda _: next(script))
    client._sender._limiter._sleep = sleep
    first = asyncio.create_task(client.read(calls.GET_ORGANIZATION))
    await asleep.wait()
    second = asyncio.create_task(client.read(calls.GET_ORGANIZATION))
    await client.read(calls.LIST_EVENT_ACTIONS)
    await asyncio.sleep(0.01)
    assert [request.url.path.rsplit("/", 1)[1] for request in bench.sent][1:] == ["event-actions"]
    wake.set()
    await asyncio.gather(first, second)
    assert sleeps == [30.0, 30.0]
    assert len(bench.sent) == 4


async def test_a_used_up_limit_is_waited_out_beforehand(bench: Bench) -> None:
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-21T12:00:20Z"}
    client = bench.scripted(httpx.Response(200, json={"data": []}, headers=used_up), OK)
    await client.read(calls.GET_ORGANIZATION)
    assert bench.clock.slept == []
    await client.read(calls.GET_ORGANIZATION)
    assert bench.clock.slept == [20.0]
    assert bench.progress.waits[0][1:] == (20.0, "Atlassian's rate limit is used up for now")


@pytest.mark.parametrize(
    ("remaining", "reset"), [("1", "2026-11-21T12:00:20Z"), ("0", "2026-11-21T13:00:00Z"), ("0", "x"), ("x", "x")]
)
async def test_other_limits_are_not(bench: Bench, remaining: str, reset: str) -> None:
    """One that is not used up, one that would pause us for an hour (a 429 will tell), one that cannot be read."""
    headers = {"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset}
    client = bench.scripted(httpx.Response(200, json={}, headers=headers), OK)
    await client.read(calls.GET_ORGANIZATION)
    await client.read(calls.GET_ORGANIZATION)
    assert bench.clock.slept == []


async def test_ten_a_minute(bench: Bench) -> None:
    """The published limit of event-actions: the eleventh waits until the first is a minute old."""
    client = bench.client(lambda _: OK)
    for n in range(21):
        await client.read(calls.LIST_EVENT_ACTIONS)
        bench.clock.now += timedelta(seconds=1)
        assert len(bench.clock.slept) == (n >= 10) + (n >= 20)
    assert bench.clock.slept == [50.0, 50.0]


async def test_many_at_once_keep_the_limit_and_their_order() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    went: list[tuple[int, float]] = []

    async def go(n: int) -> None:
        await limiter.turn("p", 2, lambda _seconds, _reason: None)
        went.append((n, (clock.now - NOON).total_seconds()))

    await asyncio.gather(*(go(n) for n in range(5)))
    assert went == [(0, 0), (1, 0), (2, 60), (3, 60), (4, 120)]


async def test_a_sleep_counts_where_the_clock_stands_still() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    limiter = Limiter(clock=lambda: NOON, sleep=sleep)
    limiter.pause("p", 5)
    limiter.pause("p", 3)
    assert await limiter.turn("p", None, lambda _seconds, _reason: None) == 5.0
    assert await limiter.turn("p", None, lambda _seconds, _reason: None) == 0.0
    assert slept == [5.0]


async def test_at_most_ten_requests_are_in_flight(bench: Bench) -> None:
    now = most = 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return OK

    client = bench.client(answer)
    await asyncio.gather(*(client.read(calls.GET_ORGANIZATION) for _ in range(35)))
    assert most == 10


async def test_total_failure_is_still_unreachable(bench: Bench) -> None:
    with pytest.raises(AdminApiUnreachable):
        await bench.scripted(*[httpx.ReadError("x")] * 5).read(calls.GET_ORGANIZATION)


@pytest.mark.parametrize(
    ("limited", "remaining", "retry_after", "seconds"),
    [
        (False, "49", None, None),
        (False, "0", None, 40.0),
        (False, None, None, 40.0),
        (False, "49", "7", 7.0),
        (True, "49", None, 40.0),
    ],
)
def test_an_answer_without_a_limit_asks_for_no_wait_while_requests_remain(
    limited: bool, remaining: str | None, retry_after: str | None, seconds: float | None
) -> None:
    """A 500 carries the same headers as every answer: the next try need not wait for the limit's next minute."""
    told = {"X-RateLimit-Reset": "2026-11-21T12:00:40Z", "X-RateLimit-Remaining": remaining, "Retry-After": retry_after}
    headers = httpx.Headers({name: value for name, value in told.items() if value is not None})
    assert asked_seconds(headers, NOON, limited=limited) == seconds
