"""The organization, its sites, apps and spaces: what they are called, where they are, which plan they have."""

from __future__ import annotations

from contribaudit.catalogue.kinds import FamilyCatalogue
from contribaudit.core.model import names
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_ORGS = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-orgs/"
_WORKSPACES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/"
_DIRECTORIES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-directory/"
_EVENTS = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/"
_USERS = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/"
_GROUPS = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-groups/"
_KEYS = "https://developer.atlassian.com/cloud/admin/api-access/rest/"
_CONTRIBUTION = "https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/"
_SUBSCRIPTIONS = "https://support.atlassian.com/subscriptions-and-billing/docs/manage-your-bill-for-enterprise-plans/"
_TRACKS = (
    "https://support.atlassian.com/organization-administration/docs/"
    "what-are-my-options-to-control-the-rollout-of-changes"
)

_made = FamilyCatalogue(Family.ORGANIZATION)
_ORG = (Kind.ORGANIZATION,)
_APP = (Kind.APP,)

ORGANIZATION_NAME = _made.observed(names.ORGANIZATION_NAME, _ORG, "Name of the organization", _ORGS)
DIRECTORIES = _made.observed_list("organization.directories", _ORG, "User directories, by ID", _DIRECTORIES)
ADMINISTRATORS = _made.observed_list(
    "organization.administrators", _ORG, "People who administer the organization, by account ID", _USERS
)
ADMINISTRATOR_GROUPS = _made.observed_list(
    "organization.administrator_groups", _ORG, "Groups whose members administer the organization, by ID", _GROUPS
)
EVENT_ACTIONS = _made.observed_list(
    "organization.event_actions", _ORG, "Audit-log actions that exist in this organization", _EVENTS
)
HIGHEST_PLAN = _made.observed(names.HIGHEST_PLAN, _ORG, "Highest active plan", _CONTRIBUTION, ignores_case=True)
API_KEY_EXPIRY = _made.observed("api_key.expires_at", _ORG, "Expiry of the API key in use", _KEYS, unit="UTC time")
NEXT_KEY_EXPIRY = _made.observed(
    "api_key.next_expiry", _ORG, "Earliest expiry of an admin API key", _KEYS, unit="UTC time"
)

NAME = _made.observed(names.APP_NAME, _APP, "Name of the app's workspace", _WORKSPACES)
ALIAS = _made.observed(names.APP_ALIAS, _APP, "Short name of the app", _WORKSPACES, ignores_case=True)
TYPE_KEY = _made.observed(names.APP_TYPE_KEY, _APP, "App type", _WORKSPACES, ignores_case=True)
TYPE_NAME = _made.observed("app.type_name", _APP, "Display name of the app type", _WORKSPACES)
HOST = _made.observed(names.APP_HOST, _APP, "Host of its site", _WORKSPACES, ignores_case=True)
SITE = _made.observed(names.APP_SITE, _APP, "Site that it belongs to, by cloud ID or host", _WORKSPACES)
STATUS = _made.observed(
    names.APP_STATUS,
    _APP,
    "Online status",
    _WORKSPACES,
    words=("online", "offline", "deprecated"),
    ignores_case=True,
)
SANDBOX = _made.observed(
    names.APP_SANDBOX, _APP, "Sandbox type", _WORKSPACES, words=("CHILD", "NONE"), ignores_case=True
)
SANDBOX_PARENT = _made.observed("app.sandbox_parent", _APP, "The app that a sandbox was copied from", _WORKSPACES)
CREATED_AT = _made.observed(names.APP_CREATED_AT, _APP, "Creation time", _WORKSPACES, unit="UTC time")
PLAN = _made.observed(names.PLAN, _APP, "Plan", _WORKSPACES, ignores_case=True)
TRIAL = _made.choice(names.TRIAL, _APP, "Trial", _SUBSCRIPTIONS, ("none", "running"))
TRIAL_ENDS = _made.text("trial.ends_on", _APP, "Last day of the trial", _SUBSCRIPTIONS, unit="date")
RELEASE_TRACK = _made.choice(
    "release.track",
    _APP,
    "Release track (how soon changes reach the app)",
    _TRACKS,
    ("continuous", "deferred", "bundled"),
)
SPACE_COUNT = _made.text(
    names.SPACE_COUNT,
    _APP,
    "Number of spaces in the app's administration, archived and personal ones included",
    "",
    unit="spaces",
)

ALL: tuple[Setting, ...] = _made.all


_PROJECTS = "https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/"
_SPACES = "https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/"

_spaces = FamilyCatalogue(Family.ORGANIZATION)
_SPACE = (Kind.SPACE,)

SPACE_KEY = _spaces.observed(names.SPACE_KEY, _SPACE, "Key of the space", _PROJECTS)
SPACE_NAME = _spaces.observed("space.name", _SPACE, "Name of the space", _PROJECTS)
SPACE_TYPE = _spaces.observed("space.type", _SPACE, "Space type", _SPACES)
SPACE_STATUS = _spaces.observed("space.status", _SPACE, "Space status", _SPACES)

SPACES: tuple[Setting, ...] = _spaces.all
"""Spaces of Jira and Confluence, as their listings show them. They are kept apart from the other subjects."""
