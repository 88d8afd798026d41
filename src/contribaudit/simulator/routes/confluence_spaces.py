"""Confluence's spaces.

    GET /ex/confluence/{cloudId}/wiki/api/v2/spaces?limit=&cursor=&ids=&keys=&type=&status=
        {results: [Space], _links: {next?, base}}

25 a page unless `limit` (1..250) says otherwise; archived ones are listed too. There is no total. `_links.next` is a
path without host, its cursor keeps the filters, and the last page has none. An account sees the spaces that it may
view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, cut, resume
from contribaudit.simulator.routes.space_lists import Renderer, base_of, sees, time
from contribaudit.simulator.spaces import Place, take
from contribaudit.simulator.values import Json, Space

FILTERS = ("ids", "keys", "type", "status")
KNOWN = {"type": ("global", "personal", "collaboration", "knowledge_base"), "status": ("current", "archived")}


def space_json(space: Space, uuid: str, base: str) -> Json:  # noqa: ARG001 - the API shows neither
    """A space as the API shows it. The homepage's ID is made up."""
    return {
        "id": space.id,
        "key": space.key,
        "name": space.name,
        "type": space.type,
        "status": space.status,
        "authorId": space.owner,
        "createdAt": time(space.created_at),
        "spaceOwnerId": space.owner,
        "homepageId": f"{space.id}1",
        "description": None,
        "icon": None,
        "_links": {"webui": f"/spaces/{space.key}"},
    }


_RENDERER = Renderer(space_json)


def read(call: Call) -> Page:
    """The spaces that match and that the account may see."""
    spaces, page = _page(call)
    page.items = _RENDERER.items(spaces, base_of(call, "confluence"))
    return page


def quick(call: Call) -> bytes:
    """The same as bytes."""
    spaces, page = _page(call)
    return _RENDERER.body(spaces, base_of(call, "confluence"), shape(call, page), "results")


def shape(call: Call, page: Page) -> Json:
    """The base is the address that people use, not the gateway's."""
    links: Json = {}
    if page.next_cursor is not None:
        parameters = {"limit": str(page.position.size), "cursor": page.next_cursor}
        links["next"] = f"/wiki/api/v2/spaces?{urlencode(parameters)}"
    host = call.organization.host_of((call.path_params["cloud_id"], "confluence"))
    return {"results": page.items, "_links": links | {"base": f"{host}/wiki"}}


def _page(call: Call) -> tuple[list[Space], Page]:
    position = _position(call)
    place: Place = (call.path_params["cloud_id"], "confluence")
    memory = {name: frozenset(position.memory[name].split(",")) for name in FILTERS if name in position.memory}

    numbers: Sequence[int]

    def wanted(space: Space) -> bool:
        own: dict[str, Any] = {"ids": space.id, "keys": space.key, "type": space.type, "status": space.status}
        return all(own[name] in words for name, words in memory.items()) and sees(call.token, space)

    listed = call.organization.spaces.at(place)
    if memory or call.token.sees != "everything":
        question = (call.token, *memory.items())
        numbers = call.organization.spaces.pick(place, question, wanted, lambda _: 0)
    else:
        numbers = range(len(listed))
    taken, page = cut("confluence-spaces", numbers, position)
    return take(listed, taken), page


def _position(call: Call) -> Position:
    if "cursor" in call.query:
        wrong = "INVALID_REQUEST_PARAMETER", "Provided value for 'cursor' is not correct."
        kept = resume("confluence-spaces", call.query["cursor"], *wrong)
        if not all(isinstance(words, str) for words in kept.memory.values()):
            raise AnswerError(400, *wrong)
        return Position(kept.start, _limit(call, kept.size), kept.number, kept.memory)
    memory = {name: call.query[name] for name in FILTERS if call.query.get(name)}
    for name, known in KNOWN.items():
        if not set(memory.get(name, known[0]).split(",")) <= set(known):
            raise AnswerError(400, "INVALID_REQUEST_PARAMETER", f"Provided value for '{name}' is not correct.")
    return Position(0, _limit(call, 25), memory=memory)


def _limit(call: Call, default: int) -> int:
    text = call.query.get("limit", str(default))
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 250:
        raise AnswerError(400, "INVALID_REQUEST_PARAMETER", "Provided value for 'limit' is not correct.")
    return int(text)


LIST = Endpoint(
    "confluence-spaces",
    "GET",
    "/ex/confluence/{cloud_id}/wiki/api/v2/spaces",
    "read:space:confluence",
    "confluence",
    None,
    read,
    shape,
    paged=True,
    quick=quick,
)
