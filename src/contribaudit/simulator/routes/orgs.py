"""Organizations and their admin API keys.

    GET /admin/v1/orgs?cursor=       {data: [Org], links: {self, prev, next}}
    GET /admin/v1/orgs/{orgId}       {data: Org}
    GET /admin/api-access/v1/orgs/{orgId}/api-keys?keyType=CLOUD_ADMIN&q=&sort=&pageSize=&cursor=
        {data: [{id, label, keyType, createdAt, expiresAt, lastActiveAt, createdBy: {id, name, email}, scopes, orgId,
                 resource}], links: {self, next, prev}}

For a key with scopes, the list of organizations is empty, with 200: such a key reads its own organization only by ID.
The tests of two public client libraries observed that on live organizations; the documentation does not mention it.

The cursors of keys are bare, and every other parameter must be sent again with them: the opposite of directories. A
key's value is never served. The error codes are this API's own; which of them a forgotten parameter gives is made up.
"""

from __future__ import annotations

from datetime import UTC, datetime

from contribaudit.simulator.endpoint import (
    V1_ENDPOINT,
    AnswerError,
    Call,
    Endpoint,
    Page,
    Position,
    bare_cursors,
    bare_item,
    cut,
    links,
    resume,
    whole,
)
from contribaudit.simulator.values import Json, Key

PAGE_SIZES = (5, 10, 20, 25, 40, 50, 60, 75, 80, 100)
KEY_TYPES = ("CLOUD_ADMIN",)
SORT_FIELDS = ("label", "createdBy.name", "expiresAt", "lastActiveAt")
PARAMETERS = ("keyType", "q", "sort", "pageSize", "cursor")


def read_list(call: Call) -> Page:
    """The organizations that a key may list: its own for a key without scopes, none for a key with scopes."""
    position = Position(0, call.options.orgs_page_size)
    if "cursor" in call.query:
        position = resume("orgs", call.query["cursor"])
    own = call.key.scopes is None and call.key.organization == call.organization.id
    return cut("orgs", [call] if own else [], position, organization)


def shape_list(call: Call, page: Page) -> Json:
    """The answer with links as URLs; an empty list has none."""
    shown = links(
        self=call.url if page.items else None, prev=_url(call, page.prev_cursor), next=_url(call, page.next_cursor)
    )
    return {"data": page.items, "links": shown}


def _url(call: Call, cursor: str | None) -> str | None:
    return None if cursor is None else call.url_with({"cursor": cursor})


def organization(call: Call) -> Json:
    """The organization as the API shows it: a name and links, no plan."""
    url = f"{call.options.link_host}/admin/v1/orgs/{call.organization.id}"
    return {
        "id": call.organization.id,
        "type": "orgs",
        "attributes": {"name": call.organization.name},
        "relationships": {
            "domains": {"links": {"related": f"{url}/domains"}},
            "users": {"links": {"related": f"{url}/users"}},
        },
        "links": {"self": url},
    }


def read_keys(call: Call) -> Page:
    """The matching keys, 20 per page unless `pageSize` says otherwise."""
    parameters = {name: value for name, value in call.query.items() if name != "cursor"}
    position = Position(0, _page_size(parameters), memory=parameters)
    if "cursor" in call.query:
        position = resume("api-keys", call.query["cursor"], "INVALID_FIELD_FORMAT")
        if position.memory != parameters:
            raise AnswerError(400, "INVALID_API_TOKEN_SEARCH_QUERY", "Send every parameter again with the cursor.")
    return cut("api-keys", _search(call, parameters), position, _key)


def _page_size(parameters: Json) -> int:
    text = parameters.get("pageSize", "20")
    if not text.isdecimal() or int(text) not in PAGE_SIZES:
        raise AnswerError(400, "INVALID_PAGE_SIZE", f"pageSize must be one of {', '.join(map(str, PAGE_SIZES))}.")
    return int(text)


def _search(call: Call, parameters: Json) -> list[Key]:
    unknown = [name for name in parameters if name not in PARAMETERS]
    if unknown or parameters.get("keyType", "CLOUD_ADMIN") not in KEY_TYPES:
        raise AnswerError(400, "INVALID_API_TOKEN_SEARCH_QUERY", "No such filter in this simulator.")
    keys = [
        key
        for key in call.organization.keys
        if key.organization == call.organization.id
        and parameters.get("q", "").casefold() in key.label.casefold()
        and (call.options.own_key_listed or key.id != call.key.id)
    ]
    sort = parameters.get("sort", "")
    name = sort.removeprefix("-")
    if name and name not in SORT_FIELDS:
        raise AnswerError(
            400, "INVALID_SORT", f"sort must be one of {', '.join(SORT_FIELDS)}, with or without a minus."
        )
    if name:
        keys.sort(key=lambda key: _sort_value(key, name), reverse=sort.startswith("-"))
    return keys


def _sort_value(key: Key, name: str) -> str:
    moments = {"expiresAt": key.expires_at, "lastActiveAt": key.last_active_at or datetime.min.replace(tzinfo=UTC)}
    return moments[name].isoformat() if name in moments else {"label": key.label}.get(name, key.created_by)


def _key(key: Key) -> Json:
    shown: Json = {
        "id": key.id,
        "label": key.label,
        "keyType": "CLOUD_ADMIN",
        "createdAt": _time(key.created_at),
        "expiresAt": _time(key.expires_at),
        "createdBy": {"id": "557058:0000", "name": key.created_by, "email": "admin@example.com"},
        "scopes": sorted(key.scopes or ()),
        "orgId": key.organization,
        "resource": f"ari:cloud:platform::org/{key.organization}",
    }
    if key.last_active_at is not None:
        shown["lastActiveAt"] = _time(key.last_active_at)
    return shown


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


LIST = V1_ENDPOINT("orgs", "GET", "/admin/v1/orgs", None, read=read_list, shape=shape_list, paged=True)
GET = V1_ENDPOINT(
    "org",
    "GET",
    "/admin/v1/orgs/{org_id}",
    "read:orgs:admin",
    read=lambda call: whole([organization(call)]),
    shape=bare_item,
)
KEYS = Endpoint(
    "api-keys",
    "GET",
    "/admin/api-access/v1/orgs/{org_id}/api-keys",
    "read:keys:admin",
    "api-access",
    "b",
    read_keys,
    bare_cursors,
    paged=True,
)
