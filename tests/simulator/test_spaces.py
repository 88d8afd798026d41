"""The lists of spaces: who may ask, what they see, how pages follow each other, and a great many of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contribaudit.simulator import Options, Organization, load_scenario, scenario_app
from contribaudit.simulator.endpoint import Call
from contribaudit.simulator.routes import spaces as listings
from contribaudit.simulator.spaces import place_of
from contribaudit.simulator.values import Json, Space

from .conftest import CONFLUENCE, JIRA, NOW, PERSON, SERVICE, SITE, Connect, acme

pytestmark = pytest.mark.anyio

PATHS = (JIRA, CONFLUENCE)
STRANGER = httpx.BasicAuth("stranger@acme.example", "demo-site-token")
PROJECT = {"self", "id", "key", "name", "projectTypeKey", "simplified", "style", "isPrivate", "properties"}
SPACE = {"id", "key", "name", "type", "status", "authorId", "createdAt", "spaceOwnerId", "homepageId"}


async def projects(client: httpx.AsyncClient, path: str = JIRA, **parameters: Any) -> list[Json]:
    """Every page, by `startAt`."""
    pages: list[Json] = []
    while not pages or not pages[-1]["isLast"]:
        start = sum(len(page["values"]) for page in pages)
        reply = await client.get(path, params={"startAt": start, **parameters}, auth=PERSON)
        assert reply.status_code == 200, reply.text
        pages.append(reply.json())
    return pages


async def wiki(client: httpx.AsyncClient, path: str = CONFLUENCE, **parameters: Any) -> list[Json]:
    """Every page, by the cursor in the link."""
    pages: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        reply = await client.get(path, params=parameters | cursor, auth=PERSON)
        assert reply.status_code == 200, reply.text
        pages.append(reply.json())
        if "next" not in pages[-1]["_links"]:
            return pages
        cursor = {"cursor": httpx.URL(pages[-1]["_links"]["next"]).params["cursor"]}


def keys(pages: list[Json], name: str) -> list[str]:
    return [entry["key"] for page in pages for entry in page[name]]


async def test_projects_page_by_number(connect: Connect) -> None:
    """By key, and only live ones unless asked otherwise; the total counts what is listed."""
    async with connect(acme(), None) as client:
        live = await projects(client, maxResults=3)
        archived = await projects(client, status=["live", "archived"])
        desks = await projects(client, typeKey="service_desk", orderBy="-key")
    assert [(len(page["values"]), page["startAt"], page["total"]) for page in live] == [(3, 0, 8), (3, 3, 8), (2, 6, 8)]
    assert ["nextPage" in page for page in live] == [True, True, False]
    assert keys(live, "values") == ["ACME", "FIN", "FORM", "HELP", "HRC", "IDEAS", "MARK", "OPS"]
    assert set(keys(archived, "values")) - set(keys(live, "values")) == {"OLD"}
    assert keys(desks, "values") == ["HRC", "HELP"]
    shown = {entry["key"]: entry for page in archived for entry in page["values"]}
    assert set(shown["ACME"]) == PROJECT | {"entityId", "uuid"}
    assert (shown["OLD"]["archived"], shown["HRC"]["name"], shown["HRC"]["isPrivate"]) == (True, "HR-CASES", True)
    assert shown["FORM"]["name"].startswith("=HYPERLINK(")


async def test_a_page_of_projects_has_at_most_a_hundred(connect: Connect) -> None:
    app = scenario_app("generated", sites=1, spaces=500, clock=lambda: NOW)
    path = JIRA.replace(SITE, place_of(app.state.organization.apps[0].id)[0])
    async with connect(app, None) as client:
        pages = await projects(client, path, maxResults=1000, status="live,archived")
        beyond = (await client.get(path, params={"startAt": 9999}, auth=PERSON)).json()
    assert [len(page["values"]) for page in pages] == [100, 100, 50]
    assert pages[0]["maxResults"] == 100
    assert (beyond["values"], beyond["isLast"]) == ([], True)


async def test_wiki_spaces_page_by_cursor(connect: Connect) -> None:
    """In the order of their IDs, archived ones too; the link is a path and its cursor keeps the filter."""
    async with connect(acme(), None) as client:
        pages = await wiki(client, limit=5)
        personal = await wiki(client, type="personal", limit=1)
        two = await wiki(client, keys=["HR", "ENG"])
    assert [len(page["results"]) for page in pages] == [5, 5, 2]
    assert pages[0]["_links"]["next"].startswith("/wiki/api/v2/spaces?limit=5&cursor=")
    assert [page["_links"]["base"] for page in pages] == ["https://acme.atlassian.net/wiki"] * 3
    assert "WIKI2019" in keys(pages, "results")
    assert keys(personal, "results") == ["~557058demo", "~557058editor", "~557058gone"]
    assert keys(two, "results") == ["HR", "ENG"]
    entry = pages[0]["results"][0]
    assert set(entry) == SPACE | {"description", "icon", "_links"}
    assert (entry["id"].isdigit(), entry["type"], entry["status"]) == (True, "global", "current")
    names_shown = [entry["name"] for page in pages for entry in page["results"]]
    assert any("\u202e" in name for name in names_shown)
    assert any("\x1b[31m" in name for name in names_shown)


@pytest.mark.parametrize(
    ("path", "hidden"), [(JIRA, {"HRC", "FIN"}), (CONFLUENCE, {"HR", "LEGAL", "~557058demo", "~557058editor"})]
)
async def test_a_listing_shows_what_the_account_may_see(connect: Connect, path: str, hidden: set[str]) -> None:
    """Nothing private, nobody else's personal space; what is its own it sees."""
    app = acme()
    async with connect(app, None) as client:
        everything = set(_keys(await client.get(path, auth=PERSON)))
        bearer = {"Authorization": f"Bearer {SERVICE}"}
        permitted = set(_keys(await client.get(path, headers=bearer)))
        app.state.organization.change(app.state.organization.site_token(SERVICE), account="557058:0005")
        own = set(_keys(await client.get(path, headers=bearer)))
    assert everything - permitted >= hidden
    assert permitted
    assert own - permitted == hidden & {"HRC", "HR"}


def _keys(reply: httpx.Response) -> list[str]:
    body = reply.json()
    return [entry["key"] for entry in body.get("values") or body["results"]]


@pytest.mark.parametrize("path", PATHS)
async def test_who_is_not_let_in(connect: Connect, path: str) -> None:
    """A wrong token, the right one of somebody else, an admin key, nothing at all; a token without the scope."""
    app = acme()
    refused: list[httpx.Response] = []
    async with connect(app, None) as client:
        for word in ("nobody's", "demo-key", "demo-site-token"):
            refused.append(await client.get(path, headers={"Authorization": f"Bearer {word}"}))
        refused.append(await client.get(path, auth=STRANGER))
        refused.append(await client.get(path, headers={"Authorization": "Basic not-base64!"}))
        refused.append(await client.get(path))
        app.state.organization.change(
            app.state.organization.site_token("demo-site-token"), scopes=frozenset({"read:me"})
        )
        refused.append(await client.get(path, auth=PERSON))
        app.state.organization.change(app.state.organization.site_token("demo-site-token"), scopes=None)
        assert (await client.get(path, auth=PERSON)).status_code == 200
    assert [reply.status_code for reply in refused] == [401] * 7
    expected = {"message", "status-code"} if path == JIRA else {"message", "code"}
    assert all(set(reply.json()) == expected for reply in refused)
    assert "scope" in refused[-1].json()["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("status", [403, 404])
async def test_a_site_without_access(connect: Connect, path: str, status: Any) -> None:
    """An option says how it is refused; a site that does not exist is never 403."""
    app = acme(options=Options(site_refusal=status))
    app.state.organization.change(app.state.organization.site_token("demo-site-token"), sites=frozenset({"elsewhere"}))
    async with connect(app, None) as client:
        reply = await client.get(path, auth=PERSON)
        unknown = await client.get(path.replace(SITE, "nowhere"), auth=PERSON)
    assert (reply.status_code, unknown.status_code) == (status, 404)
    assert unknown.json() == {"errorMessages": ["No message available"], "errors": {}}


async def test_a_site_that_lacks_the_product(connect: Connect) -> None:
    app = acme()
    app.state.organization.remove_app("acme/confluence")
    async with connect(app, None) as client:
        assert (await client.get(CONFLUENCE, auth=PERSON)).status_code == 404
        assert (await client.get(JIRA, auth=PERSON)).status_code == 200


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (JIRA, {"startAt": "-1"}),
        (JIRA, {"maxResults": "0"}),
        (JIRA, {"status": "sleeping"}),
        (JIRA, {"typeKey": "garden"}),
        (JIRA, {"orderBy": "colour"}),
        (CONFLUENCE, {"limit": "251"}),
        (CONFLUENCE, {"cursor": "broken"}),
        (CONFLUENCE, {"type": "garden"}),
        (CONFLUENCE, {"status": "sleeping"}),
    ],
)
async def test_mistakes_are_400s(connect: Connect, path: str, parameters: dict[str, str]) -> None:
    async with connect(acme(), None) as client:
        reply = await client.get(path, params=parameters, auth=PERSON)
    assert reply.status_code == 400
    assert set(reply.json()) == ({"errorMessages", "errors"} if path == JIRA else {"errors"})


@pytest.mark.parametrize("path", PATHS)
async def test_one_request_too_many_says_how_many_seconds_to_wait(connect: Connect, path: str) -> None:
    limits = {"jira-projects": 1, "confluence-spaces": 1}
    async with connect(acme(options=Options(rate_limits=limits, enforce_rate_limits=True)), None) as client:
        replies = [await client.get(path, auth=PERSON) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 429]
    assert replies[1].headers["Retry-After"] == "30"


def test_edits_of_spaces() -> None:
    organization = load_scenario("drifted", now=NOW).organization
    before, app = organization.revision, organization.app("acme/confluence")
    total = len(organization.spaces)
    organization.add(Space(app.id, "70000", "NEW", "New", "global", "current", False, NOW, "557058:0000"))
    organization.change(organization.space("acme/HR"), name="Humans", private=False)
    organization.remove(organization.space("acme/LEGAL"))
    assert (organization.space("acme/HR").name, organization.space("acme/NEW").id) == ("Humans", "70000")
    assert (len(organization.spaces), organization.revision) == (total, before + 3)
    for missing in ("acme/LEGAL", "nowhere/HR", "HR"):
        with pytest.raises(KeyError, match="no space"):
            organization.space(missing)


async def test_an_edit_shows_in_a_list_that_was_asked_for_before(connect: Connect) -> None:
    """Of a listed organization and of a generated one, where only the edited list is held from then on."""
    app = scenario_app("generated", sites=3, spaces=300, clock=lambda: NOW)
    organization: Organization = app.state.organization
    path = CONFLUENCE.replace(SITE, place_of(organization.app("site-00001/confluence").id)[0])
    async with connect(app, None) as client:
        before = keys(await wiki(client, path, limit=250), "results")
        organization.change(organization.space("site-00001/W000001"), key="MOVED")
        organization.remove(organization.space("site-00001/W000002"))
        after = keys(await wiki(client, path, limit=250), "results")
    assert (len(before), len(after)) == (50, 49)
    assert set(after) - set(before) == {"MOVED"}
    assert len(organization.spaces) == 299


def test_generated_spaces_are_spread_and_always_the_same() -> None:
    """Every one is there once; a larger organization starts with the spaces of a smaller one."""
    large = load_scenario("generated", now=NOW, sites=7, spaces=1000).organization
    small = load_scenario("generated", now=NOW, sites=7, spaces=100).organization
    places = dict.fromkeys(place_of(app.id) for app in large.apps)
    lists = [large.spaces.at(place) for place in places]
    assert (len(large.apps), len(large.spaces), sum(map(len, lists))) == (28, 1000, 1000)
    assert all(
        list(small.spaces.at(place)) == list(large.spaces.at(place))[: len(small.spaces.at(place))] for place in places
    )
    owners = {app.id for app in large.apps}
    assert {space.app for listed in lists for space in listed} <= owners
    assert all(len({space.id for space in listed}) == len({s.key for s in listed}) == len(listed) for listed in lists)
    confluence = [space for place in places if place[1] == "confluence" for space in large.spaces.at(place)]
    personal = sum(space.type == "personal" for space in confluence)
    assert 0.3 < personal / len(confluence) < 0.37
    assert large.spaces.at(("nowhere", "jira")) == large.spaces.at(("", "jira")) == ()


def test_two_hundred_thousand_spaces_are_not_held() -> None:
    """A site asked for in the middle is computed; nothing of the others is."""
    organization = load_scenario("generated", now=NOW, sites=150, spaces=200_000).organization
    assert len(organization.spaces) == 200_000
    site = place_of(organization.app("site-00149/confluence").id)[0]
    token = organization.site_tokens[0]
    call = Call(organization, Options(), token, NOW, "/", {"cloud_id": site}, {"limit": "250"}, {})
    assert len(listings.read_spaces(call).items) == 250
    assert listings.read_projects(call).total == 612  # of 667, those that are live
    assert organization.spaces._lists == {}
