"""Organizations.

    GET /admin/v1/orgs?cursor=       {data: [Org], links: {self, prev, next}}
    GET /admin/v1/orgs/{orgId}       {data: Org}

The list is empty, with 200, for a key with scopes: such a key reads its own organization by ID only. That was observed
on live organizations by the tests of two public client libraries; the documentation does not say it.
"""

from __future__ import annotations

from urllib.parse import urlencode

from contribaudit.simulator.endpoint import Call, Endpoint, Page, Position, cut, links, resume, single
from contribaudit.simulator.values import Json


def read_list(call: Call) -> Page:
    """The organizations that a key may list: its own without scopes, none with scopes."""
    position = Position(0, call.options.orgs_page_size)
    if "cursor" in call.query:
        position = resume("orgs", call.query["cursor"])
    own = call.key.scopes is None and call.key.organization == call.organization.id
    entries, page = cut("orgs", [organization(call)] if own else [], position)
    page.items = list(entries)
    return page


def shape_list(call: Call, page: Page) -> Json:
    """Links are URLs; an empty list has none."""
    shown = links(
        self=call.url if page.items else None, prev=_url(call, page.prev_cursor), next=_url(call, page.next_cursor)
    )
    return {"data": page.items, "links": shown}


def _url(call: Call, cursor: str | None) -> str | None:
    return None if cursor is None else f"{call.url}?{urlencode({'cursor': cursor})}"


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


LIST = Endpoint("orgs", "GET", "/admin/v1/orgs", None, "v1", "a", read_list, shape_list, paged=True)
GET = Endpoint(
    "org",
    "GET",
    "/admin/v1/orgs/{org_id}",
    "read:orgs:admin",
    "v1",
    "a",
    lambda call: single(organization(call)),
    lambda _, page: {"data": page.items[0]} if page.items else {},
)
