"""The spaces of Jira, which its API calls projects, and of Confluence.

    GET /ex/jira/{cloudId}/rest/api/3/project/search?startAt=&maxResults=&status=&typeKey=&keys=&query=&orderBy=
        {self, nextPage?, maxResults, startAt, total, isLast, values: [Project]}
    GET /ex/confluence/{cloudId}/wiki/api/v2/spaces?limit=&cursor=&ids=&keys=&type=&status=
        {results: [Space], _links: {next?, base}}

An account sees the spaces that it may browse or view.

Jira pages by number: 50 per page by default, at most 100, and a larger number counts as 100. Only live projects are
listed unless `status` (repeated, or a comma list) says otherwise. `total` counts the projects that the account sees.

Confluence gives 25 per page unless `limit` (1..250) says otherwise, and lists archived spaces too. There is no total.
`_links.next` is a path without a host, its cursor keeps the filters, and the last page has none.
"""

from __future__ import annotations

from datetime import UTC
from operator import attrgetter
from urllib.parse import urlencode

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, cut, page_size, resume
from contribaudit.simulator.values import Json, Space


def _sees(call: Call, space: Space) -> bool:
    """Whether the account behind the call's token sees a space."""
    token = call.token
    return token.sees == "everything" or space.owner == token.account or not (space.private or space.type == "personal")


def _jira(call: Call) -> str:
    """The address of a site's Jira API at the gateway."""
    return f"{call.options.link_host}/ex/jira/{call.path_params['cloud_id']}"


_MOST_PROJECTS = 100
_STATUSES = ("live", "archived", "deleted")
_TYPES = ("software", "service_desk", "business", "product_discovery")
_ORDERS = ("key", "name", "owner")


def _project(space: Space, base: str) -> Json:
    """A project as the API shows it, with a UUID that is made up.

    `style` and `simplified` mark team-managed projects; the simulator has none.
    """
    uuid = f"b0000000-0000-4000-8000-{space.id.zfill(12)}"
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


def shape_projects(call: Call, page: Page) -> Json:
    """The answer with the page's projects; the last page omits `nextPage`."""
    parameters = {name: value for name, value in call.query.items() if name not in ("startAt", "maxResults")}

    def url(start: str) -> str:
        shown = parameters | {"maxResults": str(page.position.size), "startAt": start}
        return f"{_jira(call)}/rest/api/3/project/search?{urlencode(shown)}"

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


def read_projects(call: Call) -> Page:
    """The matching projects that the account may see."""
    start, size = _number(call, "startAt", 0), min(_number(call, "maxResults", 50), _MOST_PROJECTS)
    if size == 0:
        raise AnswerError(400, "BAD_REQUEST", "maxResults must be larger than 0.")
    statuses = _words(call, "status", "live", _STATUSES)
    types = _words(call, "typeKey", ",".join(_TYPES), _TYPES)
    keys, text = call.query.get("keys"), call.query.get("query", "").casefold()
    order = call.query.get("orderBy", "key")
    if order.lstrip("+- ") not in _ORDERS:
        raise AnswerError(400, "BAD_REQUEST", f"The orderBy value '{order}' is not one that this simulator knows.")
    projects = [
        space
        for space in call.organization.spaces.at((call.path_params["cloud_id"], "jira"))
        if space.status in statuses
        and space.type in types
        and (keys is None or space.key in keys.split(","))
        and text in f"{space.key} {space.name}".casefold()
        and _sees(call, space)
    ]
    projects.sort(key=attrgetter(order.lstrip("+- ")))
    if order.startswith("-"):
        projects.reverse()
    position, base = Position(start, size, number=start // size + 1), _jira(call)
    page = cut("jira-projects", projects, position, lambda space: _project(space, base))
    page.self_cursor = str(start)
    page.next_cursor = None if page.next_cursor is None else str(start + size)
    return page


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise AnswerError(400, "BAD_REQUEST", f"The value '{text}' of {name} is no number.")
    return int(text)


def _words(call: Call, name: str, default: str, choices: tuple[str, ...]) -> frozenset[str]:
    words = frozenset(call.query.get(name, default).split(","))
    unknown = sorted(words - set(choices))
    if unknown:
        raise AnswerError(400, "BAD_REQUEST", f"The value '{unknown[0]}' of {name} is not among {', '.join(choices)}.")
    return words


_FILTERS = ("ids", "keys", "type", "status")
_KNOWN = {"type": ("global", "personal", "collaboration", "knowledge_base"), "status": ("current", "archived")}


def _space(space: Space) -> Json:
    """A space as the API shows it. The homepage's ID is made up."""
    return {
        "id": space.id,
        "key": space.key,
        "name": space.name,
        "type": space.type,
        "status": space.status,
        "authorId": space.owner,
        "createdAt": f"{space.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "spaceOwnerId": space.owner,
        "homepageId": f"{space.id}1",
        "description": None,
        "icon": None,
        "_links": {"webui": f"/spaces/{space.key}"},
    }


def shape_spaces(call: Call, page: Page) -> Json:
    """The answer with the page's spaces. The base is the address that people use, not the gateway's."""
    links: Json = {}
    if page.next_cursor is not None:
        parameters = {"limit": str(page.position.size), "cursor": page.next_cursor}
        links["next"] = f"/wiki/api/v2/spaces?{urlencode(parameters)}"
    host = call.organization.host_of((call.path_params["cloud_id"], "confluence"))
    return {"results": page.items, "_links": links | {"base": f"{host}/wiki"}}


def read_spaces(call: Call) -> Page:
    """The matching spaces that the account may see, in order of creation."""
    position = _position(call)
    words = {name: position.memory[name].split(",") for name in _FILTERS if name in position.memory}

    def wanted(space: Space) -> bool:
        own = {"ids": space.id, "keys": space.key, "type": space.type, "status": space.status}
        return all(own[name] in listed for name, listed in words.items()) and _sees(call, space)

    listed = call.organization.spaces.at((call.path_params["cloud_id"], "confluence"))
    return cut("confluence-spaces", list(filter(wanted, listed)), position, _space)


def _position(call: Call) -> Position:
    if "cursor" in call.query:
        wrong = "INVALID_REQUEST_PARAMETER", "Provided value for 'cursor' is not correct."
        resumed = resume("confluence-spaces", call.query["cursor"], *wrong)
        if not all(isinstance(words, str) for words in resumed.memory.values()):
            raise AnswerError(400, *wrong)
        return Position(resumed.start, _size(call, resumed.size), resumed.number, resumed.memory)
    memory = {name: call.query[name] for name in _FILTERS if call.query.get(name)}
    for name, choices in _KNOWN.items():
        if not set(memory.get(name, choices[0]).split(",")) <= set(choices):
            raise AnswerError(400, "INVALID_REQUEST_PARAMETER", f"Provided value for '{name}' is not correct.")
    return Position(0, _size(call, 25), memory=memory)


def _size(call: Call, default: int) -> int:
    detail = "Provided value for 'limit' is not correct."
    return page_size(call.query.get("limit", str(default)), 250, "INVALID_REQUEST_PARAMETER", detail)


PROJECTS = Endpoint(
    "jira-projects",
    "GET",
    "/ex/jira/{cloud_id}/rest/api/3/project/search",
    "read:jira-work",
    "jira",
    None,
    read_projects,
    shape_projects,
    paged=True,
)
SPACES = Endpoint(
    "confluence-spaces",
    "GET",
    "/ex/confluence/{cloud_id}/wiki/api/v2/spaces",
    "read:space:confluence",
    "confluence",
    None,
    read_spaces,
    shape_spaces,
    paged=True,
)
