"""The audit log: the stream that can be resumed for ever, the list that can be searched, and who has neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from contribaudit.simulator import Options, load_scenario, make_app, scenario_app
from contribaudit.simulator.values import Json
from tests.administrator import AdminConsole

from .conftest import EVENTS, NOW, STREAM, Connect, acme

pytestmark = pytest.mark.anyio


def milliseconds(days_ago: int) -> str:
    return str(int((NOW - timedelta(days=days_ago)).timestamp() * 1000))


async def page(client: httpx.AsyncClient, path: str = STREAM, **parameters: Any) -> Json:
    reply = await client.get(path, params=parameters)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def times(found: Json, name: str = "processedAt") -> list[str]:
    return [entry["attributes"][name] for entry in found["data"]]


async def test_the_stream_ascends_and_gives_a_cursor_on_every_page(connect: Connect) -> None:
    """Full, short and empty: the cursor is there, as a token and in a link. What is older than 180 days is not."""
    async with connect(acme()) as client:
        pages = [await page(client, limit=5)]
        for _ in range(3):
            pages.append(await page(client, cursor=pages[-1]["meta"]["next"]))
    assert [len(found["data"]) for found in pages] == [5, 5, 3, 0]
    assert [found["meta"]["page_size"] for found in pages] == [5, 5, 3, 0]
    moments = [moment for found in pages for moment in times(found)]
    assert moments == sorted(moments)
    assert len({entry["id"] for found in pages for entry in found["data"]}) == 13
    for found in pages:
        assert httpx.URL(found["links"]["next"]).params["cursor"] == found["meta"]["next"]


async def test_a_stored_cursor_gives_what_was_processed_since(connect: Connect) -> None:
    """An event is there from the moment it is processed, not from when it happened."""
    now, scenario = NOW, load_scenario("drifted", now=NOW)
    app = make_app(scenario.organization, options=Options(log_delay_seconds=90), clock=lambda: now)
    console = AdminConsole(scenario.organization, lambda: now)
    async with connect(app) as client:
        stored = (await page(client))["meta"]["next"]
        event = console.set_contribution("in-app", on=False)
        for later in (1, 89):
            now = NOW + timedelta(seconds=later)
            assert (await page(client, cursor=stored))["data"] == []
        now = NOW + timedelta(seconds=90)
        found = await page(client, cursor=stored)
        assert [entry["id"] for entry in found["data"]] == [event.id]
        attributes = found["data"][0]["attributes"]
        assert (attributes["time"], attributes["processedAt"]) == (
            "2026-11-21T08:00:30.000Z",
            "2026-11-21T08:02:00.000Z",
        )
        assert (await page(client, cursor=found["meta"]["next"]))["data"] == []


async def test_the_stream_descends_when_asked_and_its_cursor_remembers_that(connect: Connect) -> None:
    async with connect(acme()) as client:
        first = await page(client, limit=7, sortOrder="desc")
        second = await page(client, cursor=first["meta"]["next"])
    moments = times(first) + times(second)
    assert (len(moments), moments) == (13, sorted(moments, reverse=True))


@pytest.mark.parametrize("path", [STREAM, EVENTS])
async def test_from_and_to_are_milliseconds(connect: Connect, path: str) -> None:
    """Both included; they live on in a cursor."""
    async with connect(acme()) as client:
        found = await page(client, path, **{"from": milliseconds(17), "to": milliseconds(9), "limit": "2"})
        rest = await page(client, path, cursor=found["meta"]["next"])
        assert {len(found["data"]), len(rest["data"])} == {2}
        days = [moment[5:10] for moment in (*times(found, "time"), *times(rest, "time"))]
        assert sorted(days) == ["11-05", "11-06", "11-09", "11-11"]
        exact = str(int(datetime(2026, 11, 5, 2, 13, tzinfo=UTC).timestamp() * 1000))
        assert len((await page(client, path, **{"from": exact, "to": exact}))["data"]) == 1


@pytest.mark.parametrize("path", [STREAM, EVENTS])
@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"cursor": "broken"}, "ADMIN-400-1"),
        ({"from": "2026-11-01T00:00:00Z"}, "ADMIN-400-3"),
        ({"to": "9" * 30}, "ADMIN-400-3"),
        ({"limit": "501"}, "ADMIN-400-19"),
        ({"limit": "0"}, "ADMIN-400-19"),
    ],
)
async def test_mistakes_are_400s(connect: Connect, path: str, parameters: dict[str, str], code: str) -> None:
    async with connect(acme()) as client:
        reply = await client.get(path, params=parameters)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)


async def test_events_are_newest_first_and_their_last_page_has_no_cursor(connect: Connect) -> None:
    """And they do not say when they were processed."""
    async with connect(acme()) as client:
        first = await page(client, EVENTS, limit=10)
        last = await page(client, EVENTS, cursor=first["meta"]["next"])
    moments = times(first, "time") + times(last, "time")
    assert (len(moments), moments) == (13, sorted(moments, reverse=True))
    assert ("next" in last["meta"], "next" in last["links"]) == (False, False)
    assert "processedAt" not in first["data"][0]["attributes"]


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"action": "user_login"}, 2),
        ({"actor": "557058:0002,557058:0003"}, 3),
        ({"ip": "198.51.100.7"}, 2),
        ({"product": "confluence"}, 2),
        ({"product": "confluence,jira"}, 7),
        ({"location": '[{"city": "Austin", "countryName": "United States"}]'}, 2),
        ({"q": "rovo"}, 1),
        ({"q": "nothing of the kind"}, 0),
    ],
)
async def test_events_are_searched(connect: Connect, parameters: dict[str, str], count: int) -> None:
    async with connect(acme()) as client:
        assert len((await page(client, EVENTS, **parameters))["data"]) == count


@pytest.mark.parametrize("parameters", [{"product": "trello"}, {"location": "Austin"}])
async def test_filters_that_nobody_knows_are_refused(connect: Connect, parameters: dict[str, str]) -> None:
    async with connect(acme()) as client:
        assert (await client.get(EVENTS, params=parameters)).status_code == 400


async def test_an_event_says_who_what_where_and_from_where(connect: Connect) -> None:
    async with connect(acme()) as client:
        found = (await page(client, EVENTS, action="sim_made_up_plan_changed"))["data"][0]
        machine = (await page(client, EVENTS, actor="557058:0003"))["data"][0]
        without_id = (await page(client, EVENTS, action="user_logged_in_as_user"))["data"][0]
    attributes = found["attributes"]
    assert attributes["actor"]["email"] == "trainee@acme-us.example"
    assert attributes["context"][0]["id"].startswith("ari:cloud:jira-software::site/2222")
    where = attributes["container"][0]
    assert (where["id"][:4], where["attributes"]["siteHostName"]) == ("2222", "https://acme-us.atlassian.net")
    assert attributes["location"]["countryName"] == "United States"
    assert found["message"] == {"content": "Changed the plan of acme-us/jira-software to Premium", "format": "simple"}
    assert found["links"]["self"].endswith(f"/events/{found['id']}")
    assert machine["attributes"]["actor"]["auth"]["authType"] == "api-token"
    assert "id" not in without_id["attributes"]["context"][0]


@pytest.mark.parametrize("path", [STREAM, EVENTS])
async def test_without_a_subscription_the_log_is_empty_or_refused(connect: Connect, path: str) -> None:
    """The stream has a cursor even then."""
    async with connect(acme(options=Options(log_available=False))) as client:
        found = await page(client, path)
        assert (found["data"], "next" in found["meta"]) == ([], path == STREAM)
    async with connect(acme(options=Options(log_available=False, log_unavailable="forbidden"))) as client:
        assert (await client.get(path)).status_code == 403


async def test_the_published_rate_limits(connect: Connect) -> None:
    """Ten a minute for the list, fifty for the stream."""
    app = scenario_app("drifted", options=Options(enforce_rate_limits=True), clock=lambda: NOW)
    async with connect(app) as client:
        for path, limit in ((EVENTS, 10), (STREAM, 50)):
            replies = [await client.get(path) for _ in range(limit + 1)]
            assert [reply.status_code for reply in replies] == [200] * limit + [429]
            assert replies[0].headers["X-RateLimit-Limit"] == str(limit)


def test_seeded_events_are_of_actions_in_the_catalogue() -> None:
    organization = load_scenario("drifted", now=NOW).organization
    assert {event.action for event in organization.events} <= {action.id for action in organization.event_actions}
    assert [event.time for event in organization.events] == sorted(event.time for event in organization.events)
