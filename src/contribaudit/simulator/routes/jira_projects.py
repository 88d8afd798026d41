"""Jira's spaces, which its API calls projects.

    GET /ex/jira/{cloudId}/rest/api/3/project/search?startAt=&maxResults=&status=&typeKey=&keys=&query=&orderBy=
        {self, nextPage?, maxResults, startAt, total, isLast, values: [Project]}

Pages by number: at most 100, 50 unless asked otherwise, and more than 100 is taken for 100. Only live ones are listed
unless `status` (repeated, or a comma list) says otherwise. An account sees the projects that it may browse, and `total`
counts those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, cut
from contribaudit.simulator.routes.space_lists import Renderer, base_of, sees
from contribaudit.simulator.spaces import Place, take
from contribaudit.simulator.values import Json, Space

LARGEST = 100
STATUSES = ("live", "archived", "deleted")
TYPES = ("software", "service_desk", "business", "product_discovery")
ORDERS: dict[str, Callable[[Space], Any]] = {
    "key": lambda s: s.key,
    "name": lambda s: s.name,
    "owner": lambda s: s.owner,
}


def project_json(space: Space, uuid: str, base: str) -> Json:
    """A project as the API shows it. `style` and `simplified` say whether it is team-managed; none is."""
    shown: Json = {
        "self": f"{base}/rest/api/3/project/{space.id}",
        "id": space.id,
        "key": space.key,
        "name": space.name,
        "projectTypeKey": space.type,
        "simplified": False,
        "style": "classic",
        "isPrivate": space.private,
        "properties": {},
        "entityId": uuid,
        "uuid": uuid,
    }
    return shown | {"archived": True} if space.status == "archived" else shown


_RENDERER = Renderer(project_json)


def read(call: Call) -> Page:
    """The projects that match and that the account may see."""
    spaces, page = _page(call)
    page.items = _RENDERER.items(spaces, base_of(call, "jira"))
    return page


def quick(call: Call) -> bytes:
    """The same as bytes."""
    spaces, page = _page(call)
    return _RENDERER.body(spaces, base_of(call, "jira"), shape(call, page), "values")


def shape(call: Call, page: Page) -> Json:
    """`nextPage` is left out on the last page."""
    parameters = {name: value for name, value in call.query.items() if name not in ("startAt", "maxResults")}

    def url(start: str) -> str:
        shown = parameters | {"maxResults": str(page.position.size), "startAt": start}
        return f"{base_of(call, 'jira')}/rest/api/3/project/search?{urlencode(shown)}"

    body: Json = {"self": url(page.self_cursor)}
    if page.next_cursor is not None:
        body["nextPage"] = url(page.next_cursor)
    return body | {
        "maxResults": page.position.size,
        "startAt": page.position.start,
        "total": page.total,
        "isLast": page.next_cursor is None,
        "values": page.items,
    }


def _page(call: Call) -> tuple[list[Space], Page]:
    start, size = _number(call, "startAt", 0), min(_number(call, "maxResults", 50), LARGEST)
    if size == 0:
        raise AnswerError(400, "BAD_REQUEST", "maxResults must be larger than 0.")
    place: Place = (call.path_params["cloud_id"], "jira")
    statuses = _words(call, "status", "live", STATUSES)
    types = _words(call, "typeKey", ",".join(TYPES), TYPES)
    keys, text = call.query.get("keys"), call.query.get("query", "").casefold()
    order = call.query.get("orderBy", "key")
    if order.lstrip("+- ") not in ORDERS:
        raise AnswerError(400, "BAD_REQUEST", f"The orderBy value '{order}' is not one that this simulator knows.")
    wanted_keys = None if keys is None else frozenset(keys.split(","))

    def wanted(space: Space) -> bool:
        return (
            space.status in statuses
            and space.type in types
            and (wanted_keys is None or space.key in wanted_keys)
            and text in f"{space.key} {space.name}".casefold()
            and sees(call.token, space)
        )

    question = (call.token, statuses, types, wanted_keys, text, order)
    numbers = call.organization.spaces.pick(place, question, wanted, ORDERS[order.lstrip("+- ")])
    if order.startswith("-"):
        numbers = numbers[::-1]
    taken, page = cut("jira-projects", numbers, Position(start, size, number=start // size + 1))
    page.self_cursor = str(start)
    page.next_cursor = None if page.next_cursor is None else str(start + size)
    return take(call.organization.spaces.at(place), taken), page


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise AnswerError(400, "BAD_REQUEST", f"The value '{text}' of {name} is no number.")
    return int(text)


def _words(call: Call, name: str, default: str, known: tuple[str, ...]) -> frozenset[str]:
    words = frozenset(call.query.get(name, default).split(","))
    unknown = sorted(words - set(known))
    if unknown:
        raise AnswerError(400, "BAD_REQUEST", f"The value '{unknown[0]}' of {name} is not among {', '.join(known)}.")
    return words


SEARCH = Endpoint(
    "jira-projects",
    "GET",
    "/ex/jira/{cloud_id}/rest/api/3/project/search",
    "read:jira-work",
    "jira",
    None,
    read,
    shape,
    paged=True,
    quick=quick,
)
