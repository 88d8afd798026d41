"""Which groups hold the role for AI, and what becomes of a group whose roles were not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from contribaudit.collectors.ai_roles import AI_ROLES, AT_ONCE
from contribaudit.core.model.observation import Unavailable
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot

from .probe import ORG, collect, collection, seen, surprises, unkept, values

WIKI = "ari:cloud:confluence::site/1"
JIRA = "ari:cloud:jira-software::site/1"
ROLE = "atlassian/ai-access"
GROUPS, ACCESS, NAMES = "ai.access.role_groups", "group.ai_access", "group.name"


def group(identity: Any = "g1", name: str = "ai-users", **more: Any) -> dict[str, Any]:
    made = {"id": identity, "name": name, "directoryId": "d-1"} | more
    return {key: value for key, value in made.items() if value is not ...}


def holds(*resources: str, roles: tuple[str, ...] = (ROLE,)) -> list[dict[str, Any]]:
    return [
        {"resourceId": one, "resourceOwner": "confluence", "roles": list(roles), "defaultRole": None}
        for one in resources
    ]


Roles = Callable[[str, httpx.Request], httpx.Response]


class Api:
    """Answers the search with pages of groups, and the roles of a group as a test says."""

    def __init__(self, *pages: list[dict[str, Any]], roles: Roles | None = None) -> None:
        self.pages = pages
        self.roles = roles or (lambda _group, _request: answer(holds(WIKI)))
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if b"org-admin" in request.content:
            return answer([])
        if request.method == "POST":
            self.bodies.append(json.loads(request.content))
            number = len(self.bodies)
            return answer(self.pages[number - 1], f"c{number}" if number < len(self.pages) else None)
        path = request.url.raw_path.decode().partition("?")[0]
        directory, _, identity = path.partition("/directories/")[2].removesuffix("/role-assignments").split("/")
        self.asked.append(f"{directory}/{identity}")
        return self.roles(unquote(identity), request)

    def collect(self) -> Snapshot:
        snapshot = collect(httpx.MockTransport(self), AI_ROLES)
        assert unkept(snapshot) == []
        return snapshot


def answer(entries: list[dict[str, Any]], following: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"data": entries, "links": {"next": following} if following else {}})


def test_groups_and_what_they_hold_the_role_on() -> None:
    """Other roles and their resources are left out; every page of the search says the same beside its cursor."""
    api = Api(
        [group("g2", "Zeta")],
        [group("g1", "ai-users", directoryId=...)],
        roles=lambda one, _: answer(holds(JIRA, WIKI) if one == "g1" else holds(WIKI, roles=("atlassian/user",))),
    )
    snapshot = api.collect()
    assert values(snapshot, GROUPS) == {ORG: ("g1", "g2")}
    assert values(snapshot, NAMES) == {"g1": "ai-users", "g2": "Zeta"}
    assert values(snapshot, ACCESS) == {"g1": (WIKI, JIRA), "g2": ()}
    asked = {"roleIds": [ROLE], "limit": 100}
    assert api.bodies == [asked, asked | {"cursor": "c1"}]
    assert api.asked == ["d-1/g2", "-/g1"]
    told = collection(snapshot)
    assert (told.status, told.read, told.requests) == (CollectionStatus.OK, 2, 5)
    assert surprises(snapshot) == []


def test_no_group_is_an_empty_list() -> None:
    snapshot = Api([]).collect()
    assert values(snapshot, GROUPS) == {ORG: ()}
    assert collection(snapshot).status is CollectionStatus.OK


def test_roles_on_several_pages_are_one_list() -> None:
    """The cursor travels alone, as the page says that everything beside it is ignored."""
    queries: list[str] = []

    def roles(_group: str, request: httpx.Request) -> httpx.Response:
        queries.append(unquote(request.url.query.decode()))
        return answer(holds(WIKI), "more") if len(queries) == 1 else answer(holds(JIRA))

    assert values(Api([group()], roles=roles).collect(), ACCESS) == {"g1": (WIKI, JIRA)}
    assert queries == [f"roleIds={ROLE}&limit=100", "cursor=more"]


def test_a_lost_page_of_roles_leaves_that_group_open_and_the_rest_whole() -> None:
    """What was read of the group before does not pass for all of it."""

    def roles(one: str, request: httpx.Request) -> httpx.Response:
        if one != "g1":
            return answer(holds(JIRA))
        return httpx.Response(404) if "cursor" in request.url.params else answer(holds(WIKI), "more")

    snapshot = Api([group("g1"), group("g2")], roles=roles).collect()
    assert values(snapshot, ACCESS) == {"g1": "!not_found", "g2": (JIRA,)}
    assert values(snapshot, GROUPS) == {ORG: ("g1", "g2")}
    assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, "not_found")


def test_when_nobody_answers_not_every_group_is_asked() -> None:
    """A whole batch without an answer ends it; every group is still said to be unread, with the scope that lacks."""
    many = [group(f"g{number}") for number in range(AT_ONCE + 30)]
    api = Api(many, roles=lambda _group, _request: httpx.Response(403, json={}))
    snapshot = api.collect()
    assert len(api.asked) == AT_ONCE
    assert set(values(snapshot, ACCESS).values()) == {"!forbidden"}
    assert len(values(snapshot, ACCESS)) == len(many)
    lost = seen(snapshot)["g79", ACCESS]
    assert isinstance(lost, Unavailable)
    assert lost.missing_scope == "read:groups:admin"


def test_without_the_scope_nothing_is_said_of_any_group() -> None:
    snapshot = collect(httpx.MockTransport(lambda _: httpx.Response(403, json={})), AI_ROLES)
    told = collection(snapshot)
    assert (told.status, told.missing_scope) == (CollectionStatus.FAILED, "read:groups:admin")
    assert list(snapshot.observations) == []


@pytest.mark.parametrize("gap", [group(...), group(""), group(7)])
def test_a_list_with_a_gap_is_no_list(gap: dict[str, Any]) -> None:
    """The groups that do have an ID are still looked at."""
    snapshot = Api([group("g1"), gap]).collect()
    assert values(snapshot, GROUPS) == {}
    assert values(snapshot, ACCESS) == {"g1": (WIKI,)}
    assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, "entry_without_id")


def test_a_group_that_comes_twice_is_asked_once_and_may_stand_in_the_place_of_another() -> None:
    api = Api([group("g1")], [group("g1")])
    twice = api.collect()
    assert collection(twice).code == "repeated_entries"
    assert values(twice, GROUPS) == {}
    assert values(twice, ACCESS) == {"g1": (WIKI,)}
    assert api.asked == ["d-1/g1"]
    differing = Api([group("g1"), group("g1", "another")]).collect()
    assert collection(differing).code == "contradicting_entries"
    assert values(differing, GROUPS) == {}


@pytest.mark.parametrize("entry", [{"resourceId": WIKI}, {"roles": [ROLE]}, {"resourceId": WIKI, "roles": ROLE}])
def test_an_assignment_without_its_parts_leaves_the_group_open(entry: dict[str, Any]) -> None:
    snapshot = Api([group()], roles=lambda _group, _request: answer([entry])).collect()
    assert values(snapshot, ACCESS) == {"g1": "!wrong_type"}
    assert collection(snapshot).status is CollectionStatus.PARTIAL


def test_an_id_that_fits_no_path_is_not_asked_for() -> None:
    """It is the answer's fault, and the others are read."""
    api = Api([group(".."), group("a/b")])
    snapshot = api.collect()
    assert api.asked == ["d-1/a%2Fb"]
    assert values(snapshot, ACCESS) == {"..": "!unexpected_answer", "a/b": (WIKI,)}


def test_unknown_keys_are_reported() -> None:
    snapshot = Api([group(color="red")], roles=lambda *_: answer([holds(WIKI)[0] | {"until": "2027"}])).collect()
    assert surprises(snapshot) == ["color", "role-assignments.until"]
