"""The allow-list: every request that this tool can send. All of them only read.

A POST is either a documented search or a GraphQL query from the fixed documents in `graphql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_ADMIN_DOCS = "https://developer.atlassian.com/cloud/admin/organization/rest"
SITE = "cloudId"
"""The placeholder in a site's path; the path after it is the same at the site's own host."""


class Paging(StrEnum):
    """How the next page is requested. Atlassian's admin APIs use three ways and a variant."""

    NONE = "none"
    CURSOR_ALONE_IN_BODY = "cursor_alone_in_body"
    """v2 workspaces: the cursor travels alone in the JSON body; any other property with it is a 400."""
    CURSOR_REPLACES_QUERY = "cursor_replaces_query"
    """v2 directories: a bare cursor; every other parameter is ignored with it, so none is sent."""
    CURSOR_WITH_QUERY = "cursor_with_query"
    """API Access: a bare cursor, and every other parameter must be sent again."""
    CURSOR_WITH_BODY = "cursor_with_body"
    """v2 groups/search: a bare cursor in the JSON body, with the properties of the first page."""
    STREAM = "stream"
    """v1 events-stream: as META_NEXT, but the last page has a cursor too, for polling later."""
    META_NEXT = "meta_next"
    """v1: `meta.next`, else the `cursor` parameter of `links.next`; other parameters are sent again."""
    OFFSET = "offset"
    """Jira: `startAt` counts entries, `isLast` and `total` mark the end; other parameters are sent again."""
    LINK_CURSOR = "link_cursor"
    """Confluence v2: the `cursor` parameter of `_links.next`; other parameters are sent again."""


@dataclass(frozen=True, slots=True)
class Call:
    """One read that the client may send.

    `path` holds `{orgId}`, which the client fills in, and other placeholders, which the caller fills in. `query` and
    `body` are sent with the first page. `scope` is what a key with scopes needs ("" when Atlassian states none).
    `per_minute` is the published limit per path, None when there is none.
    """

    name: str
    method: str
    path: str
    scope: str
    documented_at: str
    paging: Paging = Paging.NONE
    query: tuple[tuple[str, str], ...] = ()
    body: tuple[tuple[str, int | tuple[str, ...]], ...] = ()
    per_minute: int | None = None
    entries: str = "data"
    """The key under which an answer holds the entries of its page."""
    envelope: tuple[str, ...] = ()
    """Keys that each page has besides its entries: a page without them may be part of an answer."""
    identity: str = "id"
    """The key that identifies an entry, "" when the caller counts entries."""
    direct_path: str = ""
    """The path at a site's own host, when it differs from the path after `{cloudId}`."""
    apart: tuple[str, ...] = ()
    """Attributes that make entries with the same identity distinct: an app is listed once per unit."""

    @property
    def title(self) -> str:
        """Method and path as people write them: "GET /admin/v1/orgs/{orgId}"."""
        return f"{self.method} {self.path}"


LIST_ORGANIZATIONS = Call(
    "organizations",
    "GET",
    "/admin/v1/orgs",
    "",
    f"{_ADMIN_DOCS}/api-group-orgs/",
    Paging.META_NEXT,
    envelope=("links",),
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
    envelope=("meta", "links"),
    apart=("unit", "directory"),
)
LIST_DIRECTORIES = Call(
    "directories",
    "GET",
    "/admin/v2/orgs/{orgId}/directories",
    "read:directories:admin",
    f"{_ADMIN_DOCS}/api-group-directory/",
    Paging.CURSOR_REPLACES_QUERY,
    query=(("limit", "100"),),
    envelope=("links",),
    identity="directoryId",
)
LIST_POLICIES = Call(
    "policies",
    "GET",
    "/admin/v1/orgs/{orgId}/policies",
    "read:policies:admin",
    f"{_ADMIN_DOCS}/api-group-policies/",
    Paging.META_NEXT,
    envelope=("meta", "links"),
)
LIST_EVENT_ACTIONS = Call(
    "event_actions",
    "GET",
    "/admin/v1/orgs/{orgId}/event-actions",
    "read:events:admin",
    f"{_ADMIN_DOCS}/api-group-events/",
    per_minute=10,
)
STREAM_EVENTS = Call(
    "events_stream",
    "GET",
    "/admin/v1/orgs/{orgId}/events-stream",
    "read:events:admin",
    f"{_ADMIN_DOCS}/api-group-events/",
    Paging.STREAM,
    query=(("limit", "500"),),
    per_minute=50,
    envelope=("meta", "links"),
)
LIST_API_KEYS = Call(
    "api_keys",
    "GET",
    "/admin/api-access/v1/orgs/{orgId}/api-keys",
    "read:keys:admin",
    "https://developer.atlassian.com/cloud/admin/api-access/rest/",
    Paging.CURSOR_WITH_QUERY,
    query=(("keyType", "CLOUD_ADMIN"), ("pageSize", "100")),
    envelope=("links",),
)
SEARCH_AI_GROUPS = Call(
    "ai_roles",
    "POST",
    "/admin/v2/orgs/{orgId}/directories/-/groups/search",
    "read:groups:admin",
    f"{_ADMIN_DOCS}/api-group-groups/",
    Paging.CURSOR_WITH_BODY,
    body=(("roleIds", ("atlassian/ai-access",)), ("limit", 100)),
    envelope=("links",),
)
LIST_GROUP_ROLES = Call(
    "group_roles",
    "GET",
    "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments",
    "read:groups:admin",
    f"{_ADMIN_DOCS}/api-group-groups/",
    Paging.CURSOR_REPLACES_QUERY,
    query=(("roleIds", "atlassian/ai-access"), ("limit", "100")),
    envelope=("links",),
    identity="resourceId",
)

SEARCH_ADMINISTRATORS = Call(
    "administrators",
    "POST",
    "/admin/v2/orgs/{orgId}/directories/-/users/search",
    "read:directories:admin",
    f"{_ADMIN_DOCS}/api-group-users/",
    Paging.CURSOR_WITH_BODY,
    body=(("roleIds", ("atlassian/org-admin",)), ("limit", 100)),
    envelope=("links",),
    identity="accountId",
)
SEARCH_ADMINISTRATOR_GROUPS = Call(
    "administrator_groups",
    "POST",
    "/admin/v2/orgs/{orgId}/directories/-/groups/search",
    "read:groups:admin",
    f"{_ADMIN_DOCS}/api-group-groups/",
    Paging.CURSOR_WITH_BODY,
    body=(("roleIds", ("atlassian/org-admin",)), ("limit", 100)),
    envelope=("links",),
)

ALL: tuple[Call, ...] = (
    LIST_ORGANIZATIONS,
    GET_ORGANIZATION,
    SEARCH_WORKSPACES,
    LIST_DIRECTORIES,
    LIST_POLICIES,
    LIST_EVENT_ACTIONS,
    STREAM_EVENTS,
    LIST_API_KEYS,
    SEARCH_AI_GROUPS,
    LIST_GROUP_ROLES,
    SEARCH_ADMINISTRATORS,
    SEARCH_ADMINISTRATOR_GROUPS,
)
"""The calls made with an organization's API key."""

SEARCH_PROJECTS = Call(
    "spaces_jira",
    "GET",
    "/ex/jira/{cloudId}/rest/api/3/project/search",
    "read:jira-work",
    "https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/",
    Paging.OFFSET,
    query=(("maxResults", "100"), ("status", "live"), ("status", "archived"), ("orderBy", "key")),
    entries="values",
    identity="",
)
LIST_SPACES = Call(
    "spaces_confluence",
    "GET",
    "/ex/confluence/{cloudId}/wiki/api/v2/spaces",
    "read:space:confluence",
    "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/",
    Paging.LINK_CURSOR,
    query=(("limit", "250"),),
    entries="results",
    envelope=("_links",),
    identity="",
)

ASK_GATEWAY = Call(
    "site_ai",
    "POST",
    "/graphql",
    "",
    "https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/",
    direct_path="/gateway/api/graphql",
)
"""Sends only what `graphql.Question` can express: queries of fixed documents, never a mutation."""

ON_SITES: tuple[Call, ...] = (SEARCH_PROJECTS, LIST_SPACES, ASK_GATEWAY)
"""The calls made with a person's or service account's API token, site by site."""
