"""The values that an organization consists of.

They hold what a person would say about them ("this app is pinned to the EU"); the files in `routes/` decide how the
admin API spells it. All are frozen: an edit replaces the value in `organization.Organization`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]

READ_SCOPES = (
    "read:workspaces:admin",
    "read:policies:admin",
    "read:events:admin",
    "read:orgs:admin",
    "read:directories:admin",
    "read:groups:admin",
)

SITE_SCOPES = ("read:jira-work", "read:space:confluence")
"""The scopes that a token needs to list spaces."""


@dataclass(frozen=True, slots=True)
class Key:
    """An admin API key.

    `word` is what follows "Bearer " in the header and is never served back. `scopes` is None for a key that was created
    without scopes, which may read everything. `organization` is the ID of the organization that owns the key.
    """

    word: str
    id: str
    label: str
    organization: str
    scopes: frozenset[str] | None
    created_at: datetime
    expires_at: datetime
    last_active_at: datetime | None = None
    created_by: str = "A. Admin"


@dataclass(frozen=True, slots=True)
class App:
    """One workspace entry: an app on a site, or a workspace without a site (Bitbucket, Trello, Loom).

    `id` is its ARI and need not be unique: the API has been seen to list one app twice. `realm` None is served as null.
    `sandbox` is "CHILD" or "NONE"; None is served as null. `plan` None omits the entitlement, `ai_enabled` None the AI
    policy item. `absent` names attributes that are omitted from the answer.
    """

    id: str
    type_key: str
    type: str
    name: str
    host_url: str | None = None
    plan: str | None = None
    plan_key: str | None = None
    realm: str | None = "Global"
    regions: tuple[str, ...] = ()
    sandbox: str | None = "NONE"
    status: str = "online"
    status_details: tuple[str, ...] = ()
    capacity: int | None = None
    usage: int | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    ai_enabled: bool | None = None
    ai_suspended: str = ""
    residency_allowed: bool | None = None
    app_type: str | None = None
    directory: str | None = None
    unit: str | None = None
    absent: frozenset[str] = frozenset()
    rovo: bool | None = None
    """Whether the gateway shows Rovo as on; None leaves that to the app's AI policy item."""
    trial: str | None = None
    """The plan on trial, as the API spells it."""
    trial_ends_at: datetime | None = None
    plan_after_trial: str | None = None
    """The plan that the app returns to when the trial ends."""
    billing: Literal["hams", "ccp"] = "hams"


@dataclass(frozen=True, slots=True)
class Resource:
    """One app in a policy, and the status of the policy for the app.

    `scheduled`, `window_start` and `window_end` describe a planned data move, `ticket` Atlassian's support ticket.
    """

    id: str
    status: str
    scheduled: datetime | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    ticket: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """An organization policy. `rule` is served unchanged, whether object or array; None omits it."""

    id: str
    type: str
    name: str | None = None
    status: str | None = "enabled"
    rule: Any = None
    resources: tuple[Resource, ...] | None = None
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directory:
    """A user directory."""

    id: str
    name: str
    icon: str


@dataclass(frozen=True, slots=True)
class EventAction:
    """An entry of the audit log's catalogue of actions."""

    id: str
    name: str
    group: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something. `auth` is how they were authenticated, in the API's shape; None for a person in a browser."""

    id: str
    name: str | None = None
    email: str | None = None
    auth: Json | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the audit log.

    `context` names the objects of the action, `container` where they are, `location` where the actor was: all in the
    API's shape. `processed_at` is when the log shows the event, None for the delay after `time` that the options set.
    `product` is one of the API's own words or None.
    """

    id: str
    action: str
    time: datetime
    actor: Actor
    context: tuple[Json, ...] = ()
    container: tuple[Json, ...] = ()
    message: str | None = None
    location: Json | None = None
    processed_at: datetime | None = None
    product: str | None = None


class Space(NamedTuple):
    """A Jira or Confluence space. A tuple, because a large organization makes hundreds of them for one request.

    `app` is the ARI of the app that holds the space. `id` is unique within the site and product and consists of digits.
    `type` and `status` are the words of the product's API ("archived" in both). `owner` is an account ID.
    """

    app: str
    id: str
    key: str
    name: str
    type: str
    status: str
    private: bool
    created_at: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class SiteToken:
    """An API token of a person (`email`) or of a service account (`email` None), for the sites' own APIs.

    `word` is never served back. `scopes` None means that the token was created without scopes. `sees` "everything" is
    the view of an administrator of every space; "permitted" omits private spaces and the personal spaces of others.
    `sites` are the cloud IDs where the account has access, None for all.
    """

    word: str
    email: str | None
    scopes: frozenset[str] | None
    sees: Literal["everything", "permitted"] = "everything"
    account: str = "557058:0000"
    sites: frozenset[str] | None = None
    rovo: bool = True
    """Whether the account is in a group that may use Rovo, where Rovo is on at all."""


@dataclass(frozen=True, slots=True)
class User:
    """An account of a directory, with its roles in the organization."""

    id: str
    name: str
    email: str
    directory: str
    roles: tuple[str, ...] = ()
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a directory. `roles` maps each resource (an ARI) to the group's roles for it."""

    id: str
    name: str
    directory: str
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    users: int = 0
    description: str | None = None
    managed_by: str = "admins"
