"""The building blocks of every endpoint: the authenticated call, its errors and its cursors.

    read(call)         the requested page, its items in the API's shape
    shape(call, page)  the whole answer around it

Between the two, `faults` may change the page.

Error bodies come in all the forms that the admin APIs use.

    ProxyError         {"code": 401, "message": ...}                        the gateway: 401, 429
    ApplicationError   {"id", "status": "404", "code", "title", "detail"}   bare on workspaces, else in {"errors": [..]}
    NoPermsError       {"timestamp", "path", "status": 403, "error", "message", "requestId"}

The sites' own APIs differ: Jira {"errorMessages": [...], "errors": {}}, and {"message", "status-code"} for a 401;
Confluence {"errors": [{"status": 400, "code", "title", "detail"}]}, and {"code", "message"} for a 401 and a 429; the
gateway in front of both answers in Jira's form for a site that the token cannot reach.

The texts of ProxyError and of details are made up; codes, titles and the NoPermsError message are the published ones.

A cursor is the base64 of a small JSON text: which endpoint it belongs to, where the page starts, how long it is, which
page it is, and whatever else the endpoint wants to remember (its filter, say). Real cursors are opaque; a client must
treat these the same way. Padding is kept, so that a client that forgets to unquote a link is caught.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal, TypeAlias, TypeVar
from urllib.parse import urlencode

from contribaudit.simulator.options import ForbiddenForm, Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.spaces import Family
from contribaudit.simulator.values import Json, Key, SiteToken

ErrorStyle: TypeAlias = Literal["v1", "workspaces", "directories", "api-access", "jira", "confluence", "gateway"]
"""The form of error bodies.

v1: `errors` list, gateway form for 401 and 429. workspaces: bare object instead of a list. directories: `errors` list
for 401 and 429 too. api-access: `errors` list with that API's own codes. jira, confluence, gateway: the sites' own.
"""

SITE_STYLES = ("jira", "confluence", "gateway")

TITLES = {
    "ADMIN-400-1": "Invalid page cursor",
    "ADMIN-400-3": "Invalid time date",
    "ADMIN-400-4": "Invalid resource",
    "ADMIN-400-19": "Invalid request syntax",  # the code is published, its title is not
    "ADMIN-400-24": "Invalid request body",
    "ADMIN-401-1": "Unauthorized",  # made up: no code is published for a 401 in an `errors` list
    "ADMIN-403-3": "Not allowed to manage the org",
    "ADMIN-404-1": "Unknown resource",
    "ADMIN-404-2": "Organization not found",
    "ADMIN-404-5": "Policy not found",
    "ADMIN-404-10": "Group not found",
    "ADMIN-405-1": "Method not supported",
    "ADMIN-429-1": "Rate limit exceeded",
    "ADMIN-500-1": "Internal error",
    "GENERIC_ERROR": "Error",
    "INVALID_API_TOKEN_SEARCH_QUERY": "Invalid search query",
    "INVALID_FIELD_FORMAT": "Invalid field format",
    "INVALID_PAGE_SIZE": "Invalid page size",
    "INVALID_SORT": "Invalid sort",
}


class AnswerError(Exception):
    """Raised to answer a request with this status and code; `body` renders it in the endpoint's style."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail

    def body(self, style: ErrorStyle) -> Json:
        """The JSON body in an endpoint's style."""
        if style in SITE_STYLES:
            return _of_a_site(self, style)
        if self.status in (401, 429) and style != "directories":
            return proxy_error(self.status, self.detail)
        own_codes = style == "api-access" and self.code.startswith("ADMIN-")
        entry = application_error(self.status, "GENERIC_ERROR" if own_codes else self.code, self.detail)
        return entry if style == "workspaces" else {"errors": [entry]}


def _of_a_site(error: AnswerError, style: ErrorStyle) -> Json:
    if style != "jira" and error.status in (401, 429):
        return proxy_error(error.status, error.detail)
    if style == "confluence" and error.status not in (403, 404):
        entry = {"status": error.status, "code": error.code, "title": error.detail, "detail": None}
        return {"errors": [entry]}
    if error.status == 401:
        return {"message": error.detail, "status-code": 401}
    return {"errorMessages": [error.detail], "errors": {}}


def proxy_error(status: int, message: str) -> Json:
    """The gateway's error form, in which `code` is a number."""
    return {"code": status, "message": message}


def application_error(status: int, code: str, detail: str) -> Json:
    """The application's error form, in which `status` and `code` are strings. `id` differs with every occurrence."""
    return {"id": str(uuid.uuid4()), "status": str(status), "code": code, "title": TITLES[code], "detail": detail}


def forbidden(form: ForbiddenForm, path: str, now: datetime, *, code: str = "ADMIN-403-3") -> Json:
    """The body of a 403 in one of its four forms."""
    detail = "The key may not read this, or belongs to another organization."
    match form:
        case "a":
            return {
                "timestamp": now.isoformat(timespec="milliseconds"),
                "path": f"/api{path}",
                "status": 403,
                "error": "Forbidden",
                "message": "User has no permission to access resource.",
                "requestId": str(uuid.uuid4()),
            }
        case "b":
            return {"errors": [application_error(403, code, detail)]}
        case "c":
            return proxy_error(403, "Forbidden")
        case "bare":
            return application_error(403, code, detail)


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts. `number` counts pages from 1; `memory` is what the endpoint keeps between pages."""

    start: int
    size: int
    number: int = 1
    memory: Json = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """One page before it gets the endpoint's shape; faults may change it.

    `items` are already in the API's shape, `total` counts the whole list, a cursor is None when there is no such page.
    A page without `with_links` omits its `links`.
    """

    items: list[Json]
    position: Position
    total: int
    self_cursor: str
    next_cursor: str | None
    prev_cursor: str | None
    with_links: bool = True


def encode(endpoint: str, position: Position) -> str:
    """A position as a cursor."""
    text = json.dumps([endpoint, position.start, position.size, position.number, position.memory])
    return base64.b64encode(text.encode()).decode()


def resume(
    endpoint: str,
    cursor: object,
    code: str = "ADMIN-400-1",
    detail: str = "This endpoint did not give that cursor.",
) -> Position:
    """The position of a cursor. Raises AnswerError (400, `code`, `detail`) when the endpoint did not issue it."""
    try:
        kind, start, size, number, memory = json.loads(base64.b64decode(str(cursor), validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise AnswerError(400, code, detail) from None
    numbers = all(isinstance(value, int) and value >= 0 for value in (start, size, number))
    if kind != endpoint or not isinstance(memory, dict) or not numbers:
        raise AnswerError(400, code, detail)
    return Position(start, size, number, memory)


def cut(endpoint: str, entries: Sequence[Item], position: Position, shown: Callable[[Item], Json]) -> Page:
    """The page at a position; `shown` puts an entry into the API's shape."""
    start, size, number = position.start, position.size, position.number
    after = replace(position, start=start + size, number=number + 1)
    before = replace(position, start=max(0, start - size), number=max(1, number - 1))
    return Page(
        items=[shown(entry) for entry in entries[start : start + size]],
        position=position,
        total=len(entries),
        self_cursor=encode(endpoint, position),
        next_cursor=encode(endpoint, after) if after.start < len(entries) else None,
        prev_cursor=encode(endpoint, before) if start > 0 else None,
    )


def page_size(value: object, most: int, code: str, detail: str = "") -> int:
    """The page size from a parameter or property. Raises AnswerError (400, `code`) for anything but 1 to `most`."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise AnswerError(400, code, detail or f"limit must be a number from 1 to {most}.")
    return number


def whole(items: list[Json]) -> Page:
    """A page that holds the whole list, for a list that is never paged, or for a single item."""
    return Page(items, Position(0, len(items)), len(items), self_cursor="", next_cursor=None, prev_cursor=None)


def bare_cursors(_: Call, page: Page) -> Json:
    """The answer of an endpoint whose `links` are bare cursors, not addresses."""
    return {
        "data": page.items,
        "links": links(self=page.self_cursor, prev=page.prev_cursor, next=page.next_cursor),
    }


def bare_item(_: Call, page: Page) -> Json:
    """The single item of the page as the whole answer."""
    return {"data": page.items[0]} if page.items else {}


def links(**shown: str | None) -> Json:
    """The `links` object, without entries that are None."""
    return {name: value for name, value in shown.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed authentication.

    `caller` is the key of an admin API, or the token of a site's API. `body` is the parsed JSON object of a POST, empty
    without one. `path` has no host and no query. The values of a repeated parameter are joined by commas.
    """

    organization: Organization
    options: Options
    caller: Key | SiteToken
    now: datetime
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json

    @property
    def key(self) -> Key:
        """The admin API key; raises `TypeError` at a site's endpoint."""
        if not isinstance(self.caller, Key):
            raise TypeError("a site's endpoint has no key")
        return self.caller

    @property
    def token(self) -> SiteToken:
        """The token of a person or service account; raises `TypeError` at an admin API endpoint."""
        if not isinstance(self.caller, SiteToken):
            raise TypeError("an endpoint of the admin API has no token")
        return self.caller

    @property
    def url(self) -> str:
        """The request's address as it appears in links."""
        return f"{self.options.link_host}{self.path}"

    def url_with(self, parameters: Mapping[str, str]) -> str:
        """The request's address with these parameters."""
        return f"{self.url}?{urlencode(parameters)}" if parameters else self.url


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `scope` None admits any key; `forbidden` is the form of its 403, None the form of its style.

    A `paged` endpoint's list has cursors.
    """

    name: str
    method: str
    path: str
    scope: str | None
    style: ErrorStyle
    forbidden: ForbiddenForm | None
    read: Callable[[Call], Page]
    shape: Callable[[Call, Page], Json]
    paged: bool = False


V1_ENDPOINT = partial(Endpoint, style="v1", forbidden="a")
DIRECTORIES_ENDPOINT = partial(Endpoint, style="directories", forbidden="b", shape=bare_cursors, paged=True)


def authenticate(header: str | None, organization: Organization, now: datetime) -> Key:
    """The key from an Authorization header.

    Raises a 401 for no header, for Basic (a person's API token does not reach the admin API), and for a key that is
    unknown or expired.
    """
    scheme, _, word = (header or "").partition(" ")
    if scheme.lower() != "bearer":
        raise AnswerError(401, "ADMIN-401-1", "Unauthorized")
    key = next((key for key in organization.keys if key.word == word.strip()), None)
    if key is None or key.expires_at <= now:
        raise AnswerError(401, "ADMIN-401-1", "Unauthorized")
    return key


def may_read(key: Key, scope: str | None, organization: Organization) -> bool:
    """Whether a key belongs to the organization and has the scope. A key without scopes has them all."""
    if key.organization != organization.id:
        return False
    return scope is None or key.scopes is None or scope in key.scopes


def authenticate_at_site(header: str | None, organization: Organization, scope: str | None) -> SiteToken:
    """The token from an Authorization header: Basic with email and token for a person, Bearer for a service account.

    Raises a 401 for anything else, for an unknown token, and for one that lacks the scope. An admin API key does not
    reach the sites.
    """
    scheme, _, rest = (header or "").partition(" ")
    email, word = _person(rest) if scheme.lower() == "basic" else (None, rest.strip())
    if scheme.lower() in ("basic", "bearer"):
        for token in organization.site_tokens:
            if (token.word, token.email) == (word, email):
                if scope is not None and token.scopes is not None and scope not in token.scopes:
                    raise AnswerError(401, "UNAUTHORIZED", "Unauthorized; scope does not match")
                return token
    raise AnswerError(401, "UNAUTHORIZED", "Client must be authenticated to access this resource.")


def reach_site(token: SiteToken, cloud_id: str, family: Family, organization: Organization, options: Options) -> None:
    """Raise a 403 or 404 when the site does not exist, lacks the product, or is closed to the account."""
    if organization.host_of((cloud_id, family)) is None:
        raise AnswerError(404, "NOT_FOUND", "No message available")
    if token.sites is not None and cloud_id not in token.sites:
        raise AnswerError(options.site_refusal, "NOT_FOUND", "No message available")


def _person(encoded: str) -> tuple[str | None, str]:
    try:
        email, _, word = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None, ""
    return email, word
