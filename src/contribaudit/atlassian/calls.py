"""The allow-list: every request that this tool can send. All are reads; the one POST is a documented search."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_ADMIN_DOCS = "https://developer.atlassian.com/cloud/admin/organization/rest"


class Paging(StrEnum):
    """How the next page is asked for. Atlassian's admin APIs have three habits and a variant."""

    NONE = "none"
    CURSOR_ALONE_IN_BODY = "cursor_alone_in_body"
    """v2 workspaces: the cursor travels alone in the JSON body; any other property beside it is a 400."""
    CURSOR_REPLACES_QUERY = "cursor_replaces_query"
    """v2 directories: a bare cursor; every other parameter is ignored beside it, so none is sent."""
    CURSOR_WITH_QUERY = "cursor_with_query"
    """API Access: a bare cursor, and every other parameter must be sent again."""
    META_NEXT = "meta_next"
    """v1: `meta.next`, else the `cursor` parameter of `links.next`; other parameters are sent again."""


@dataclass(frozen=True, slots=True)
class Call:
    """One read that the client may send.

    `path` holds `{orgId}` and the like; `query` and `body` are sent with the first page; `scope` is what a key with
    scopes needs ("" where Atlassian states none); `per_minute` is the published limit per path, None where none is.
    """

    name: str
    method: str
    path: str
    scope: str
    documented_at: str
    paging: Paging = Paging.NONE
    query: tuple[tuple[str, str], ...] = ()
    body: tuple[tuple[str, int], ...] = ()
    per_minute: int | None = None

    @property
    def title(self) -> str:
        """Method and path as people write them: "GET /admin/v1/orgs/{orgId}"."""
        return f"{self.method} {self.path}"


LIST_ORGANIZATIONS = Call(
    "organizations", "GET", "/admin/v1/orgs", "", f"{_ADMIN_DOCS}/api-group-orgs/", Paging.META_NEXT
)
GET_ORGANIZATION = Call(
    "organization", "GET", "/admin/v1/orgs/{orgId}", "read:orgs:admin", f"{_ADMIN_DOCS}/api-group-orgs/"
)
SEARCH_WORKSPACES = Call(
    "workspaces",
    "POST",
    "/admin/v2/orgs/{orgId}/workspaces",
    "read:workspaces:admin",
    f"{_ADMIN_DOCS}/api-group-workspaces/",
    Paging.CURSOR_ALONE_IN_BODY,
    body=(("limit", 1000),),
)
LIST_DIRECTORIES = Call(
    "directories",
    "GET",
    "/admin/v2/orgs/{orgId}/directories",
    "read:directories:admin",
    f"{_ADMIN_DOCS}/api-group-directory/",
    Paging.CURSOR_REPLACES_QUERY,
    query=(("limit", "100"),),
)
LIST_POLICIES = Call(
    "policies",
    "GET",
    "/admin/v1/orgs/{orgId}/policies",
    "read:policies:admin",
    f"{_ADMIN_DOCS}/api-group-policies/",
    Paging.META_NEXT,
)
LIST_EVENT_ACTIONS = Call(
    "event_actions",
    "GET",
    "/admin/v1/orgs/{orgId}/event-actions",
    "read:events:admin",
    f"{_ADMIN_DOCS}/api-group-events/",
    per_minute=10,
)
LIST_API_KEYS = Call(
    "api_keys",
    "GET",
    "/admin/api-access/v1/orgs/{orgId}/api-keys",
    "read:keys:admin",
    "https://developer.atlassian.com/cloud/admin/api-access/rest/",
    Paging.CURSOR_WITH_QUERY,
    query=(("keyType", "CLOUD_ADMIN"), ("pageSize", "100")),
)

ALL: tuple[Call, ...] = (
    LIST_ORGANIZATIONS,
    GET_ORGANIZATION,
    SEARCH_WORKSPACES,
    LIST_DIRECTORIES,
    LIST_POLICIES,
    LIST_EVENT_ACTIONS,
    LIST_API_KEYS,
)
