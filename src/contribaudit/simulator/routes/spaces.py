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

An audit of a large organization requests hundreds of pages, so entries are not built and dumped one by one: one entry
of each kind becomes a template, in which marks take the place of the values that differ. A test compares the bytes with
what `json.dumps` gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, TypeAlias
from urllib.parse import urlencode

from contribaudit.simulator.endpoint import AnswerError, Call, Endpoint, Page, Position, cut, page_size, resume
from contribaudit.simulator.spaces import Family, Place, take
from contribaudit.simulator.values import Json, Space

EntryJson: TypeAlias = Callable[[Space, str, str], Json]
"""Turns a space, its UUID and the base of every address in it into an entry of the API."""
Kind: TypeAlias = tuple[str, str, bool, datetime]
"""What spaces with the same template have in common: type, status, private, created_at."""

_MARKS = ("<0>", "<1>", "<2>", "<3>", "<4>", "<5>")
_MARK = re.compile("<([0-5])>")


class Listing:
    """The space list of one product's API."""

    def __init__(
        self,
        family: Family,
        under: str,
        entry_json: EntryJson,
        choose: Callable[[Call], tuple[list[Space], Page]],
        shape: Callable[[Call, Page], Json],
    ) -> None:
        """`choose` gives the spaces of the requested page; `shape` lists them under the name `under`."""
        self._family = family
        self._under = under
        self._entry_json = entry_json
        self._choose = choose
        self._shape = shape
        self._template = lru_cache(maxsize=4096)(self._make_template)

    def read(self, call: Call) -> Page:
        """The matching spaces that the account may see, as JSON objects that a fault can change."""
        spaces, page = self._choose(call)
        base = _base(call, self._family)
        page.items = [self._entry_json(space, _uuid(space.id), base) for space in spaces]
        return page

    def quick(self, call: Call) -> bytes:
        """The whole answer as bytes."""
        spaces, page = self._choose(call)
        address, shown = _quoted(_base(call, self._family)), []
        # Checked once per page, because hardly any space has a name that JSON must escape.
        plain = _is_plain("".join([f"{space.id}{space.key}{space.name}{space.owner}" for space in spaces]))
        for _, number, key, name, kind, status, private, created_at, owner in spaces:
            template, own = self._template((kind, status, private, created_at))
            texts = (number, key, name, owner) if plain else (*map(_quoted, (number, key, name, owner)),)
            shown.append(template % own((*texts, _uuid(number), address)))
        head, empty, tail = _compact(self._shape(call, page)).partition(f'"{self._under}":[]')
        return f"{head}{empty[:-1]}{','.join(shown)}]{tail}".encode()

    def _make_template(self, kind: Kind) -> tuple[str, Callable[[tuple[str, ...]], tuple[str, ...]]]:
        """A template with %s for every mark, and a function that puts the values in that order."""
        kind_word, status, private, created_at = kind
        identifier, key, name, owner, uuid, base = _MARKS
        marked = Space("", identifier, key, name, kind_word, status, private, created_at, owner)
        text = _compact(self._entry_json(marked, uuid, base)).replace("%", "%%")
        return _MARK.sub("%s", text), itemgetter(*(int(mark[1]) for mark in _MARK.finditer(text)))


def _is_plain(text: str) -> bool:
    return text.isprintable() and '"' not in text and "\\" not in text


def _quoted(text: str) -> str:
    return encode_basestring(text)[1:-1]


def _compact(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _sees(call: Call, space: Space) -> bool:
    """Whether the account behind the call's token sees a space."""
    token = call.token
    return token.sees == "everything" or space.owner == token.account or not (space.private or space.type == "personal")


def _uuid(identifier: str) -> str:
    """The UUID for a space's ID. Made up."""
    return f"b0000000-0000-4000-8000-{identifier.zfill(12)}"


def _base(call: Call, family: Family) -> str:
    """The address of a site's API at the gateway."""
    return f"{call.options.link_host}/ex/{family}/{call.path_params['cloud_id']}"


_MOST_PROJECTS = 100
_STATUSES = ("live", "archived", "deleted")
_TYPES = ("software", "service_desk", "business", "product_discovery")
_ORDERS: dict[str, Callable[[Space], Any]] = {
    "key": lambda s: s.key,
    "name": lambda s: s.name,
    "owner": lambda s: s.owner,
}


def _project(space: Space, uuid: str, base: str) -> Json:
    """A project as the API shows it. `style` and `simplified` mark team-managed projects; the simulator has none."""
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


def _shape_projects(call: Call, page: Page) -> Json:
    """The answer with the page's projects; the last page omits `nextPage`."""
    parameters = {name: value for name, value in call.query.items() if name not in ("startAt", "maxResults")}

    def url(start: str) -> str:
        shown = parameters | {"maxResults": str(page.position.size), "startAt": start}
        return f"{_base(call, 'jira')}/rest/api/3/project/search?{urlencode(shown)}"

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


def _choose_projects(call: Call) -> tuple[list[Space], Page]:
    start, size = _number(call, "startAt", 0), min(_number(call, "maxResults", 50), _MOST_PROJECTS)
    if size == 0:
        raise AnswerError(400, "BAD_REQUEST", "maxResults must be larger than 0.")
    place: Place = (call.path_params["cloud_id"], "jira")
    statuses = _words(call, "status", "live", _STATUSES)
    types = _words(call, "typeKey", ",".join(_TYPES), _TYPES)
    keys, text = call.query.get("keys"), call.query.get("query", "").casefold()
    order = call.query.get("orderBy", "key")
    if order.lstrip("+- ") not in _ORDERS:
        raise AnswerError(400, "BAD_REQUEST", f"The orderBy value '{order}' is not one that this simulator knows.")
    wanted_keys = None if keys is None else frozenset(keys.split(","))

    def wanted(space: Space) -> bool:
        return (
            space.status in statuses
            and space.type in types
            and (wanted_keys is None or space.key in wanted_keys)
            and text in f"{space.key} {space.name}".casefold()
            and _sees(call, space)
        )

    question = (call.token, statuses, types, wanted_keys, text, order)
    numbers = call.organization.spaces.pick(place, question, wanted, _ORDERS[order.lstrip("+- ")])
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


def _words(call: Call, name: str, default: str, choices: tuple[str, ...]) -> frozenset[str]:
    words = frozenset(call.query.get(name, default).split(","))
    unknown = sorted(words - set(choices))
    if unknown:
        raise AnswerError(400, "BAD_REQUEST", f"The value '{unknown[0]}' of {name} is not among {', '.join(choices)}.")
    return words


_FILTERS = ("ids", "keys", "type", "status")
_KNOWN = {"type": ("global", "personal", "collaboration", "knowledge_base"), "status": ("current", "archived")}


def _space(space: Space, uuid: str, base: str) -> Json:  # noqa: ARG001 - the API shows neither
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


def _shape_spaces(call: Call, page: Page) -> Json:
    """The answer with the page's spaces. The base is the address that people use, not the gateway's."""
    links: Json = {}
    if page.next_cursor is not None:
        parameters = {"limit": str(page.position.size), "cursor": page.next_cursor}
        links["next"] = f"/wiki/api/v2/spaces?{urlencode(parameters)}"
    host = call.organization.host_of((call.path_params["cloud_id"], "confluence"))
    return {"results": page.items, "_links": links | {"base": f"{host}/wiki"}}


def _choose_spaces(call: Call) -> tuple[list[Space], Page]:
    position = _position(call)
    place: Place = (call.path_params["cloud_id"], "confluence")
    memory = {name: frozenset(position.memory[name].split(",")) for name in _FILTERS if name in position.memory}

    numbers: Sequence[int]

    def wanted(space: Space) -> bool:
        own: dict[str, Any] = {"ids": space.id, "keys": space.key, "type": space.type, "status": space.status}
        return all(own[name] in words for name, words in memory.items()) and _sees(call, space)

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


JIRA = Listing("jira", "values", _project, _choose_projects, _shape_projects)
CONFLUENCE = Listing("confluence", "results", _space, _choose_spaces, _shape_spaces)
PROJECTS = Endpoint(
    "jira-projects",
    "GET",
    "/ex/jira/{cloud_id}/rest/api/3/project/search",
    "read:jira-work",
    "jira",
    None,
    JIRA.read,
    _shape_projects,
    paged=True,
    quick=JIRA.quick,
)
SPACES = Endpoint(
    "confluence-spaces",
    "GET",
    "/ex/confluence/{cloud_id}/wiki/api/v2/spaces",
    "read:space:confluence",
    "confluence",
    None,
    CONFLUENCE.read,
    _shape_spaces,
    paged=True,
    quick=CONFLUENCE.quick,
)
