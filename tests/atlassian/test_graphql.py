"""The gateway: queries and nothing else go out, a partial answer is taken field by field, every refusal has a name."""

from __future__ import annotations

import itertools
import json
from typing import Any

import graphql
import httpx
import pytest
import respx
from pydantic import SecretStr

from contribaudit.atlassian import calls
from contribaudit.atlassian.connect import connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.graphql import NoValue, Part, Question, SiteAnswer, answer_of, code_of
from contribaudit.atlassian.responses import Quote
from contribaudit.atlassian.sites import Access, Accesses, SiteClient
from contribaudit.atlassian.waits import ATTEMPTS
from contribaudit.core.model.redaction import Redaction
from contribaudit.errors import (
    AccessDenied,
    QueryRefused,
    RateLimited,
    TokenRefused,
    UnexpectedAnswer,
)
from contribaudit.simulator.routes.gateway import schema_text

from .bench import API, Bench, Clock

pytestmark = pytest.mark.anyio

CLOUD = "11111111-1111-4111-8111-111111111111"
HOST = "acme.atlassian.net"
TOKEN = "ATATT3x-the-token=1234"
MINE = Credential(SecretStr(TOKEN), "me@example.com")
SERVICE = Credential(SecretStr("service-token"))
SCHEMA = graphql.build_schema(schema_text())
PARTS = [found for size in range(1, len(Part) + 1) for found in itertools.combinations(Part, size)]
KEYS = ("jira-software.ondemand", "confluence.ondemand")
METADATA = ("search", "configuration", "siteMetadata")


@pytest.mark.parametrize("keys", [(), KEYS], ids=["without keys", "with keys"])
def test_every_question_is_one_query_of_the_published_types(keys: tuple[str, ...]) -> None:
    """Whatever is asked: one operation, a query, that the published types allow and whose variables all are used."""
    for parts in PARTS:
        question = Question(CLOUD, parts, keys)
        parsed = graphql.parse(question.document)
        operations = [one for one in parsed.definitions if isinstance(one, graphql.OperationDefinitionNode)]
        assert [one.operation for one in operations] == [graphql.OperationType.QUERY]
        assert graphql.validate(SCHEMA, parsed) == []


@pytest.mark.parametrize(
    ("cloud", "keys"),
    [
        ("acme", ()),
        (f"{CLOUD}/x", ()),
        (CLOUD.replace("1", "G"), ()),
        (CLOUD, ('x") { id } }  mutation { y',)),
        (CLOUD, ("a b",)),
        (CLOUD, ("",)),
    ],
)
def test_what_comes_from_outside_is_never_text_of_a_query(cloud: str, keys: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="this is no"):
        Question(cloud, tuple(Part), keys)


def test_a_question_takes_known_parts_alone() -> None:
    for parts in [(), ("mutation { deleteEverything }",)]:
        with pytest.raises(ValueError, match="known parts"):
            Question(CLOUD, parts)  # type: ignore[arg-type]


async def asked(
    accesses: Accesses,
    *answers: httpx.Response,
    host: str = HOST,
    url: str = f"{API}/graphql",
    clock: Clock | None = None,
) -> tuple[SiteAnswer, SiteClient, respx.Route]:
    """One question under a mocked network."""
    clock = clock or Clock()
    with respx.mock:
        route = respx.post(url).mock(side_effect=list(answers))
        async with connect_sites(accesses, sleep=clock.sleep, clock=clock) as client:
            answer = await client.ask(Question(CLOUD, tuple(Part), KEYS), host=host)
            return answer, client, route


def good(**data: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": data or {"jira": {"isRovoEnabled": True}}})


@pytest.mark.parametrize(
    ("credential", "header"),
    [(MINE, MINE.header), (SERVICE, "Bearer service-token")],
    ids=["a person", "a service account"],
)
async def test_one_post_with_the_token_in_its_header_alone(credential: Credential, header: str) -> None:
    answer, client, route = await asked(Accesses(Access(credential)), good())
    (call,) = route.calls
    assert call.request.headers["Authorization"] == header
    assert call.request.headers["Content-Type"] == "application/json"
    body = json.loads(call.request.content)
    assert body["variables"] == {"site": CLOUD, "cloud": CLOUD, "p0": KEYS[0], "p1": KEYS[1]}
    assert credential.secret.get_secret_value().encode() not in call.request.content
    assert answer.at(Part.JIRA, "jira", "isRovoEnabled") is True
    (entry,) = client.ledger.entries
    assert (entry.call, entry.method, entry.path, entry.status) == ("site_ai", "POST", "/graphql", 200)


async def test_a_direct_site_is_asked_at_its_own_host() -> None:
    accesses = Accesses(Access(None, missing="none"), {HOST: Access(MINE, direct=True)})
    _, client, route = await asked(accesses, good(), url=f"https://{HOST}/gateway/api/graphql")
    assert route.call_count == 1
    assert [entry.path for entry in client.ledger.entries] == [f"https://{HOST}/gateway/api/graphql"]


async def test_a_site_without_a_token_is_not_asked() -> None:
    with pytest.raises(ValueError, match="no token"):
        await asked(Accesses(Access(None, missing="none")))


REFUSED = {"errors": [{"message": 'Cannot query field "x" on type "Query".', "locations": [{"line": 5, "column": 3}]}]}


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (httpx.Response(401, json={"code": 401, "message": "Unauthorized"}), TokenRefused, "401"),
        (httpx.Response(403, json={"message": "no"}), AccessDenied, "403"),
        (httpx.Response(200, html="<html>Log in</html>"), UnexpectedAnswer, "web page"),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), UnexpectedAnswer, "evil.example"),
        (httpx.Response(200, json=REFUSED), QueryRefused, "Cannot query field"),
        (httpx.Response(400, json=REFUSED), QueryRefused, "Cannot query field"),
        (httpx.Response(400, json={"message": "?"}), UnexpectedAnswer, "400"),
        (httpx.Response(200, json={"data": None}), QueryRefused, "neither data nor errors"),
        (httpx.Response(200, json={}), QueryRefused, "neither data nor errors"),
        (httpx.Response(200, json=[]), UnexpectedAnswer, "instead of an object"),
        (
            httpx.Response(200, json={"errors": [{"message": "Who?", "extensions": {"statusCode": 401}}]}),
            TokenRefused,
            "Who",
        ),
        (
            httpx.Response(200, json={"errors": [{"message": "No", "extensions": {"classification": "Forbidden"}}]}),
            AccessDenied,
            "No",
        ),
        (
            httpx.Response(
                200, json={"errors": [{"message": "Too dear", "extensions": {"errorType": "COST_LIMIT_EXCEEDED"}}]}
            ),
            RateLimited,
            "cost limit",
        ),
    ],
)
async def test_every_refusal_has_a_name(response: httpx.Response, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        await asked(Accesses(Access(MINE)), *[response] * ATTEMPTS)
    assert type(caught.value) is error
    assert TOKEN not in str(caught.value)


async def test_a_wait_until_a_minute_without_seconds_is_kept() -> None:
    """The clock says 12:00:00: the gateway asks to wait until 12:02."""
    clock = Clock()
    again = httpx.Response(429, headers={"Retry-After": "2026-11-21T12:02Z"}, json={"message": "later"})
    _, _, route = await asked(Accesses(Access(MINE)), again, good(), clock=clock)
    assert (clock.slept, route.call_count) == ([120.0], 2)


async def test_a_wait_until_a_minute_that_has_begun_is_short() -> None:
    clock = Clock()
    again = httpx.Response(429, headers={"Retry-After": "2026-11-21T12:00Z"}, json={"message": "later"})
    await asked(Accesses(Access(MINE)), again, good(), clock=clock)
    assert len(clock.slept) == 1
    assert 0 < clock.slept[0] < 60


TOO_DEAR = {"message": "Too dear", "extensions": {"errorType": "COST_LIMIT_EXCEEDED"}}


@pytest.mark.parametrize("data", [None, {}, {"jira": None, "search": None}], ids=["null", "empty", "every part null"])
@pytest.mark.parametrize(
    ("headers", "slept"),
    [({"Retry-After": "2026-11-21T12:02Z"}, 120.0), ({"Retry-After": "30"}, 30.0), ({}, None)],
    ids=["until a minute", "seconds", "not said"],
)
async def test_a_cost_limit_in_a_good_answer_is_waited_for(
    data: Any, headers: dict[str, str], slept: float | None
) -> None:
    clock = Clock()
    limited = httpx.Response(200, headers=headers, json={"data": data, "errors": [TOO_DEAR]})
    answer, client, route = await asked(Accesses(Access(MINE)), limited, good(), clock=clock)
    assert route.call_count == 2
    assert [entry.status for entry in client.ledger.entries] == [200, 200]
    assert len(clock.slept) == 1
    assert clock.slept[0] == slept if slept else clock.slept[0] >= 4
    assert answer.at(Part.JIRA, "jira", "isRovoEnabled") is True


async def test_a_cost_limit_beside_values_costs_what_it_names_alone() -> None:
    """What was told is not asked for a second time."""
    some = {"data": {"jira": {"isRovoEnabled": True}, "search": None}, "errors": [TOO_DEAR | {"path": ["search"]}]}
    answer, _, route = await asked(Accesses(Access(MINE)), httpx.Response(200, json=some))
    assert route.call_count == 1
    assert answer.at(Part.JIRA, "jira", "isRovoEnabled") is True
    missing = answer.at(Part.SITE, "search")
    assert isinstance(missing, NoValue)
    assert missing.code == "rate_limited"


def partial(data: Any, *errors: dict[str, Any], refused: dict[Part, NoValue] | None = None) -> SiteAnswer:
    return SiteAnswer(data, errors, str, refused or {})


def broken(status: int, *path: str | int) -> dict[str, Any]:
    return {"message": "it broke", "path": list(path), "extensions": {"statusCode": status}}


@pytest.mark.parametrize(
    ("answer", "path", "code"),
    [
        (partial({"jira": None}), ("jira", "isRovoEnabled"), "null"),
        (partial({"jira": {"isRovoEnabled": None}}), ("jira", "isRovoEnabled"), "null"),
        (partial({"jira": {}}), ("jira", "isRovoEnabled"), "missing_key"),
        (partial({}), ("jira", "isRovoEnabled"), "missing_key"),
        (partial({"jira": 7}), ("jira", "isRovoEnabled"), "wrong_type"),
        (partial({"jira": None}, broken(403, "jira")), ("jira", "isRovoEnabled"), "forbidden"),
        (partial({"jira": None}, broken(500, "jira", "isRovoEnabled")), ("jira", "isRovoEnabled"), "server_failed"),
        (partial({"jira": None}, broken(500, "virtualAgent")), ("jira", "isRovoEnabled"), "null"),
        (partial({"jira": None}, {"message": "all of it"}), ("jira", "isRovoEnabled"), "gateway_error"),
        (partial({"search": {"configuration": None}}, broken(404, *METADATA, "orgId")), METADATA, "not_found"),
        (partial({}, refused={Part.JIRA: NoValue("query_refused", "x")}), ("jira",), "query_refused"),
        (partial({"list": []}), ("list", 0, "x"), "not_listed"),
        (partial({"list": {}}), ("list", 0, "x"), "wrong_type"),
        (partial({"list": [{"x": 1}, {"x": 2}]}), ("list", 0, "x"), "contradicting_entries"),
        (partial({"list": [{"x": 1}, {}]}), ("list", 0, "x"), "contradicting_entries"),
        (partial({"list": [{"x": 1}, None]}), ("list", 0), "contradicting_entries"),
    ],
)
def test_what_is_not_told_has_a_reason(answer: SiteAnswer, path: tuple[str | int, ...], code: str) -> None:
    """A null that the schema does not allow climbs; the error that explains it stays below."""
    told = answer.at(Part.JIRA, *path)
    assert isinstance(told, NoValue)
    assert told.code == code
    assert told.reason


@pytest.mark.parametrize("errors", ["it broke", ["it broke"], {"message": "it broke"}, [["it broke"]], 7])
def test_an_error_of_any_form_explains_every_null(errors: object) -> None:
    """A null may mean something, that no trial runs say: beside an error it is no answer."""
    answer = answer_of({"data": {"jira": None, "search": {"x": False}}, "errors": errors}, Quote(Redaction([])))
    told = answer.at(Part.JIRA, "jira")
    assert isinstance(told, NoValue)
    assert told.code == "gateway_error"
    assert answer.at(Part.SITE, "search", "x") is False


@pytest.mark.parametrize("errors", [None, [], "", {}])
def test_no_error_is_none(errors: object) -> None:
    told = answer_of({"data": {"jira": None}, "errors": errors}, Quote(Redaction([]))).at(Part.JIRA, "jira")
    assert isinstance(told, NoValue)
    assert told.code == "null"


def test_the_same_entry_twice_is_one() -> None:
    assert partial({"list": [{"x": 1}, {"x": 1}]}).at(Part.JIRA, "list", 0, "x") == 1


def test_one_broken_field_leaves_the_others() -> None:
    data = {"jira": None, "getAIConfig": {"isEnabled": False}}
    answer = partial(data, broken(500, "jira", "isRovoEnabled"))
    assert answer.at(Part.CONFLUENCE, "getAIConfig", "isEnabled") is False


@pytest.mark.parametrize(
    ("extensions", "code"),
    [
        ({"statusCode": 401}, "token_refused"),
        ({"statusCode": 503}, "server_failed"),
        ({"statusCode": 418}, "gateway_error"),
        ({"classification": "RateLimitExceeded"}, "rate_limited"),
        ({"errorType": "NOT_FOUND"}, "not_found"),
        ({"classification": {"type": "x"}}, "gateway_error"),
        (None, "gateway_error"),
    ],
)
def test_errors_are_told_apart(extensions: Any, code: str) -> None:
    assert code_of({"message": "x", "extensions": extensions}) == code


QUESTION = Question(CLOUD, tuple(Part), KEYS)


@pytest.mark.parametrize(
    ("errors", "parts"),
    [
        ([{"locations": [{"line": 2, "column": 3}]}], (Part.CONFLUENCE,)),
        (
            [{"locations": [{"line": 3, "column": 3}]}, {"locations": [{"line": 4, "column": 1}]}],
            (Part.JIRA, Part.JIRA_LLM),
        ),
        ([{"locations": [{"line": 12, "column": 3}]}], (Part.PLANS,)),
        ([{"message": 'Cannot query field "virtualAgent" on type "Query"'}], (Part.JSM,)),
        ([{"message": "JiraAtlassianIntelligence is not open to you"}], (Part.JIRA, Part.JIRA_LLM)),
        ([{"message": "isRovoEnabled needs an opt-in"}], ()),
        ([{"message": None, "locations": "?"}], ()),
        ([{"locations": [{"line": 0}, {"line": "2"}, 7]}], ()),
    ],
)
def test_a_refusal_is_about_the_parts_that_it_points_at(errors: list[dict[str, Any]], parts: tuple[Part, ...]) -> None:
    """By line, else by a name that one part alone has; a name that several have points at none."""
    assert set(QUESTION.refused_by(errors)) == set(parts)


async def test_the_token_is_nowhere(bench: Bench) -> None:
    """Even where the gateway sends it back, in a value, an error or a refusal."""
    echo = {"data": {"jira": None}, "errors": [{"message": f"token {TOKEN}", "path": ["jira"]}]}
    answer, client, _ = await asked(Accesses(Access(MINE)), httpx.Response(200, json=echo))
    told = [repr(answer), repr(answer.at(Part.JIRA, "jira")), repr(client), repr(client.ledger), repr(bench)]
    assert TOKEN not in "".join(told)
    assert MINE.header.removeprefix("Basic ") not in "".join(told)
    assert calls.ASK_GATEWAY in calls.ON_SITES
