"""The audit log: read from where the last run ended, kept as far as it matters, and never called empty when refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from contribaudit.atlassian.connect import connect
from contribaudit.collectors import ALL, SITE_AI, audit_log
from contribaudit.collectors.audit_log import EVENT_ACTIONS, EVENTS, parse
from contribaudit.collectors.collect import collect_all
from contribaudit.core.model import names
from contribaudit.core.model.audit_log import NEVER_READ, EventAction, LogPosition, LogReading
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from contribaudit.rulebook import loader

from .probe import NOW, ORG, collection, no_wait

RULES = loader.load().log
ACTION = {"id": "ai_changed", "type": "eventActions", "attributes": {"displayName": "AI", "groupDisplayName": "AI"}}
VIEWED = {"id": "page_viewed", "type": "eventActions", "attributes": {"displayName": "Viewed AI page"}}
Answer = Callable[[httpx.Request], httpx.Response]


def entry(number: int, action: str = "ai_changed", **beside: Any) -> dict[str, Any]:
    """Event `number`, which happened and was processed in that minute of the hour before NOW."""
    at = (NOW - timedelta(minutes=60 - number)).isoformat().replace("+00:00", "Z")
    attributes = {"time": at, "processedAt": at, "action": action, "actor": {"id": "a-1", "email": "ann@acme.example"}}
    return {"id": f"e{number}", "type": "events", "attributes": attributes | beside}


def page(*entries: dict[str, Any], cursor: str = "") -> httpx.Response:
    return httpx.Response(200, json={"data": list(entries), "meta": {"next": cursor} if cursor else {}, "links": {}})


def read(
    answer: Answer, position: LogPosition = NEVER_READ, *, catalogue: httpx.Response | None = None
) -> tuple[Snapshot, list[httpx.Request]]:
    """What both collectors of the log see, and what was asked of the stream."""
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("event-actions"):
            return catalogue or httpx.Response(200, json={"data": [ACTION, VIEWED]})
        asked.append(request)
        return answer(request)

    async def run() -> Snapshot:
        async with connect(
            organization=ORG,
            key=SecretStr("demo-key"),
            api_url="http://localhost",
            transport=httpx.MockTransport(respond),
            sleep=no_wait,
        ) as client:
            return await collect_all(
                client, [EVENT_ACTIONS, EVENTS], log_position=position, log_rules=RULES, clock=lambda: NOW
            )

    return asyncio.run(run()), asked


def log(snapshot: Snapshot) -> LogReading:
    assert snapshot.log_reading is not None
    return snapshot.log_reading


def started(request: httpx.Request) -> datetime:
    return datetime.fromtimestamp(int(request.url.params["from"]) / 1000, NOW.tzinfo)


def until_empty(*pages: httpx.Response) -> Answer:
    """These pages one after another, then an empty one that gives the last cursor again."""
    coming = iter(pages)

    def answer(request: httpx.Request) -> httpx.Response:
        return next(coming, None) or page(cursor=request.url.params.get("cursor", ""))

    return answer


def test_the_first_reading_begins_with_the_run_before_or_a_day_back() -> None:
    snapshot, asked = read(until_empty(page(entry(1), entry(2, "page_viewed"), entry(3, "login"), cursor="c1")))
    assert started(asked[0]) == NOW - timedelta(days=1)
    reading = log(snapshot)
    assert reading.span == (NOW - timedelta(days=1), NOW)
    assert (reading.code, reading.read, reading.kept, reading.cursor) == ("", 3, 1, "c1")
    assert reading.actions == (EventAction("ai_changed", "AI", "AI"),)
    assert [one.id for one in snapshot.events] == ["e1"]
    assert snapshot.events[0].response in snapshot.raw
    earlier = LogPosition(previous_run=NOW - timedelta(days=9))
    _, asked = read(lambda _: page(), earlier)
    assert started(asked[0]) == NOW - timedelta(days=9)


def test_no_further_back_than_the_log_reaches() -> None:
    for long_ago in (LogPosition(previous_run=NOW - timedelta(days=400)), LogPosition("c0", NOW - timedelta(days=181))):
        snapshot, asked = read(lambda _: page(), long_ago)
        assert started(asked[0]) == NOW - timedelta(days=180)
        assert log(snapshot).covers_from == NOW - timedelta(days=180)
        assert "cursor" not in asked[0].url.params


def test_nothing_is_asked_twice() -> None:
    """It goes on at the cursor; the empty page ends it, though it has a cursor too."""
    full = [entry(number % 50) for number in range(500)]
    answer = until_empty(page(*full, cursor="c2"), page(entry(51), cursor="c3"))
    snapshot, asked = read(answer, LogPosition("c1", NOW - timedelta(hours=2)))
    assert [request.url.params.get("cursor") for request in asked] == ["c1", "c2", "c3"]
    assert all("from" not in request.url.params for request in asked)
    assert log(snapshot).span == (NOW - timedelta(hours=2), NOW)
    assert log(snapshot).cursor == "c3"


@pytest.mark.parametrize("size", [1, 100, 499])
def test_a_page_shorter_than_asked_for_is_not_the_end(size: int) -> None:
    """A server may give fewer than the 500 that are asked for: what was left would pass for read."""
    pages = [page(*[entry(number)] * size, cursor=f"c{number}") for number in range(1, 10)]
    snapshot, asked = read(until_empty(*pages))
    assert (log(snapshot).read, log(snapshot).cursor, len(asked)) == (9 * size, "c9", 10)
    assert log(snapshot).span == (NOW - timedelta(days=1), NOW)


def test_a_short_page_that_breaks_off_covers_what_came() -> None:
    answers = iter([page(*[entry(5)] * 100, cursor="c2")])
    snapshot, _ = read(lambda _: next(answers, httpx.Response(403)))
    assert log(snapshot).covers_until == NOW - timedelta(minutes=55)


@pytest.mark.parametrize("kept", ["x" * 70_000, "x" * 8_193, "bell\x07", "a\nb"])
def test_a_kept_place_that_cannot_be_asked_for_is_left(kept: str) -> None:
    """An earlier version kept whatever came; no later run may end with it."""
    snapshot, asked = read(until_empty(page(entry(1), cursor="n")), LogPosition(kept, NOW - timedelta(hours=2)))
    assert started(asked[0]) == NOW - timedelta(hours=2)
    assert (log(snapshot).code, log(snapshot).cursor) == ("cursor_refused", "n")
    assert log(snapshot).span == (NOW - timedelta(hours=2), NOW)


@pytest.mark.parametrize("given", ["x" * 70_000, "x" * 8_193, "bell\x07"])
def test_a_place_that_cannot_be_asked_for_is_not_kept(given: str) -> None:
    position = LogPosition("c1", NOW - timedelta(hours=2))
    snapshot, _ = read(lambda _: page(entry(1), cursor=given), position)
    assert (log(snapshot).code, log(snapshot).cursor, log(snapshot).span) == ("unexpected_answer", "c1", None)


@pytest.mark.parametrize("given", ["demo-key", "x=demo-key", "[key]"])
def test_the_key_itself_is_no_place_to_go_on_from(given: str) -> None:
    snapshot, _ = read(lambda _: page(entry(1), cursor=given), LogPosition("c1", NOW - timedelta(hours=2)))
    assert (log(snapshot).code, log(snapshot).cursor) == ("unexpected_answer", "c1")
    assert "demo-key" not in log(snapshot).reason


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=4000), timedelta(seconds=1)])
def test_nothing_is_covered_beyond_the_run_itself(ahead: timedelta) -> None:
    odd = entry(5, processedAt=(NOW + ahead).isoformat())
    answers = iter([page(odd, cursor="c2")])
    snapshot, _ = read(lambda _: next(answers, httpx.Response(403)))
    assert log(snapshot).covers_until == NOW


@pytest.mark.parametrize("cursor", ["", "c1"])
@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=1), timedelta(days=4000)])
def test_a_reading_that_was_told_to_end_later_than_now_ends_now(cursor: str, ahead: timedelta) -> None:
    """An earlier version kept it so; the next reading begins no later than it is made."""
    position = LogPosition(cursor, NOW + ahead)
    snapshot, _ = read(lambda _: page(cursor="c2"), position)
    assert log(snapshot).span == (NOW, NOW)


def test_the_place_is_kept_when_nothing_happened() -> None:
    snapshot, _ = read(lambda _: page(cursor="c1"), LogPosition("c1", NOW - timedelta(hours=2)))
    assert (log(snapshot).cursor, log(snapshot).read) == ("c1", 0)


def test_a_refused_cursor_begins_again_at_the_end_of_the_last_reading() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(400, json={"message": "no"})
            if request.url.params.get("cursor") == "gone"
            else page(*[] if "cursor" in request.url.params else [entry(1)], cursor="n")
        )

    snapshot, asked = read(answer, LogPosition("gone", NOW - timedelta(hours=2)))
    assert started(asked[1]) == NOW - timedelta(hours=2)
    assert (log(snapshot).code, log(snapshot).cursor) == ("cursor_refused", "n")
    assert log(snapshot).span == (NOW - timedelta(hours=2), NOW)
    assert snapshot.collections[1].status is CollectionStatus.OK


def test_a_time_that_is_refused_too_is_no_reading() -> None:
    snapshot, asked = read(lambda _: httpx.Response(400), LogPosition("gone", NOW - timedelta(hours=2)))
    assert len(asked) == 2
    assert log(snapshot).span is None
    assert log(snapshot).code == "cursor_refused"
    assert snapshot.collections[1].status is CollectionStatus.FAILED


def test_a_run_reads_so_many_pages_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "MAX_PAGES", 2)
    pages = iter(range(1, 9))

    def answer(_: httpx.Request) -> httpx.Response:
        number = next(pages)
        return page(*[entry(10 * number)] * 500, cursor=f"c{number}")

    snapshot, _ = read(answer)
    reading = log(snapshot)
    assert (reading.code, reading.cursor) == ("stopped_early", "c2")
    assert reading.span == (NOW - timedelta(days=1), NOW - timedelta(minutes=40))
    assert snapshot.collections[1].status is CollectionStatus.PARTIAL


@pytest.mark.parametrize(("status", "code"), [(401, "key_refused"), (403, "forbidden"), (404, "not_found")])
def test_a_log_that_refuses_is_not_an_empty_one(status: int, code: str) -> None:
    snapshot, _ = read(lambda _: httpx.Response(status), LogPosition("c1", NOW - timedelta(days=1)))
    reading = log(snapshot)
    assert (reading.code, reading.span, reading.cursor) == (code, None, "c1")
    assert reading.reason
    assert snapshot.collections[1].status is CollectionStatus.FAILED
    assert snapshot.complete, "not every plan has a log"


def test_it_covers_what_was_processed_before_it_broke_off() -> None:
    answers = iter([page(*[entry(5)] * 500, cursor="c2")])
    snapshot, _ = read(lambda _: next(answers, httpx.Response(403)))
    assert (log(snapshot).code, log(snapshot).cursor) == ("forbidden", "c2")
    assert log(snapshot).covers_until == NOW - timedelta(minutes=55)


def test_a_full_page_without_a_way_on_is_not_the_end() -> None:
    snapshot, _ = read(lambda _: page(*[entry(5)] * 500))
    assert log(snapshot).code == "unexpected_answer"
    assert log(snapshot).covers_until == NOW - timedelta(minutes=55)


def test_an_event_that_cannot_be_read_leaves_nothing_covered() -> None:
    snapshot, _ = read(lambda _: page(entry(1), {"id": "e2", "attributes": {}}, cursor="c1"))
    assert (log(snapshot).code, log(snapshot).span) == ("unreadable_entry", None)
    assert [one.id for one in snapshot.events] == ["e1"]
    assert [one.where for one in snapshot.surprises] == ["event without id, time or action"]


def test_without_the_catalogue_the_last_one_counts() -> None:
    """What bears a word of its own is found in any case."""
    known = (EventAction("x_17", "Changed AI", ""),)
    refused = httpx.Response(403)
    snapshot, _ = read(
        lambda _: page(entry(1, "x_17"), entry(2, "rovo_blocked"), entry(3, "x_18")),
        LogPosition(actions=known),
        catalogue=refused,
    )
    assert [one.id for one in snapshot.events] == ["e1", "e2"]
    assert log(snapshot).actions == known


def test_the_catalogue_is_asked_for_once() -> None:
    snapshot, _ = read(lambda _: page())
    assert [one.requests for one in snapshot.collections] == [1, 1]
    assert collection(snapshot).read == 2


def test_everything_that_names_something_is_kept() -> None:
    found = parse(
        entry(
            1,
            actor={
                "id": "a-1",
                "name": "Ann",
                "auth": {"authType": "api-token", "tokenLabel": "ci"},
                "onBehalfOf": {"email": "bob@acme.example"},
            },
            context=[
                {
                    "id": "ari:cloud:jira::site/1",
                    "attributes": {"name": "Our Jira", "siteHostName": "https://a.b.net/x"},
                },
                {"attributes": {"parent": "ari:cloud:platform::org/2", "count": 3}},
                "odd",
            ],
            container=[{"id": "11111111-1111-4111-8111-111111111111"}],
        ),
    )
    assert found is not None
    assert found.named == (
        "ari:cloud:jira::site/1",
        "a.b.net",
        "ari:cloud:platform::org/2",
        "11111111-1111-4111-8111-111111111111",
    )
    assert found.actor == "Ann"
    assert found.via == "api-token ci, on behalf of bob@acme.example"


def test_the_sources_that_not_every_plan_has_are_collectors() -> None:
    """A misspelt name would make a missing source look like a whole run."""
    assert {*(one.name for one in ALL), SITE_AI.name} >= names.OPTIONAL_COLLECTORS
