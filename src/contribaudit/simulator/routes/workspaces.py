"""Workspaces: every app of every site, and what has no site.

    POST /admin/v2/orgs/{orgId}/workspaces      {limit?, cursor?, sort?, query?}
        {data: [Workspace], links: {self, prev, next}, meta: {pageSize, startIndex, endIndex, total}}

A cursor must come alone: it holds limit, sort and query, and any other property beside it is a 400. Errors are bare
objects here. The shape of a workspace is in `workspace_json.py`, the search language in `workspace_search.py`.
"""

from __future__ import annotations

from urllib.parse import urlencode

from contribaudit.simulator.endpoint import Call, Endpoint
from contribaudit.simulator.errors import AnswerError
from contribaudit.simulator.paging import Page, Position, cut, decode, links
from contribaudit.simulator.routes.workspace_json import workspace_json
from contribaudit.simulator.routes.workspace_search import search
from contribaudit.simulator.values import Json

PROPERTIES = ("limit", "cursor", "sort", "query")


def read(call: Call) -> Page:
    """The entries that match, 20 a page unless `limit` (1..1000) says otherwise."""
    position = _position(call.body)
    found = search(call.organization.apps, position.memory.get("query"), position.memory.get("sort"))
    entries, page = cut("workspaces", found, position)
    page.items = [workspace_json(app, call.organization.id, call.options) for app in entries]
    if call.options.total == "distinct":
        page.total = len({app.id for app in found})
    return page


def shape(call: Call, page: Page) -> Json:
    """`endIndex` is that of the last entry plus one; an empty page has no indexes. An option says how next looks."""
    start, count = page.position.start, len(page.items)
    shown = links(
        self=_url(call, page.self_cursor),
        prev=_link(call, page.prev_cursor),
        next=_link(call, page.next_cursor),
    )
    if call.options.null_next and page.next_cursor is None:
        shown["next"] = None
    meta: Json = {"pageSize": page.position.size, "startIndex": None, "endIndex": None, "total": page.total}
    if count:
        meta |= {"startIndex": start, "endIndex": start + count}
    return {"data": page.items, "links": shown, "meta": meta}


def _position(body: Json) -> Position:
    unknown = [name for name in body if name not in PROPERTIES]
    if unknown:
        raise AnswerError(400, "ADMIN-400-24", f"Unknown property {unknown[0]}.")
    cursor = body.get("cursor")
    if cursor is None:
        memory = {name: body[name] for name in ("query", "sort") if body.get(name) is not None}
        return Position(0, _limit(body.get("limit", 20)), memory=memory)
    if len(body) > 1:
        raise AnswerError(400, "ADMIN-400-24", "When a cursor is given, no other property may be present.")
    position = decode("workspaces", cursor) if isinstance(cursor, str) else None
    if position is None:
        raise AnswerError(400, "ADMIN-400-1", "The cursor is none that this endpoint gave.")
    return position


def _limit(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1000:
        raise AnswerError(400, "ADMIN-400-24", "limit must be a number from 1 to 1000.")
    return value


def _link(call: Call, cursor: str | None) -> str | None:
    if cursor is None or call.options.next_link == "token":
        return cursor
    return _url(call, cursor)


def _url(call: Call, cursor: str) -> str:
    return f"{call.url}?{urlencode({'cursor': cursor})}"


SEARCH = Endpoint(
    "workspaces",
    "POST",
    "/admin/v2/orgs/{org_id}/workspaces",
    "read:workspaces:admin",
    "workspaces",
    "bare",
    read,
    shape,
    paged=True,
    cacheable=True,
)
