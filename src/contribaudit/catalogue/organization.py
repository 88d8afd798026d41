"""The organization, its sites and apps: what they are called, where they are, which plan they have."""

from __future__ import annotations

from contribaudit.catalogue.kinds import choice_setting, text_setting
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId
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

_F = Family.ORGANIZATION
_ORG = (Kind.ORGANIZATION,)
_APP = (Kind.APP,)
_DOC = Grade.DOCUMENTED

ORGANIZATION_NAME = Setting(names.ORGANIZATION_NAME, _F, _ORG, "Name of the organization", _DOC, _ORGS)
DIRECTORIES = Setting(
    SettingId("organization.directories"),
    _F,
    _ORG,
    "User directories, by ID",
    _DOC,
    _DIRECTORIES,
    unordered=True,
    is_list=True,
)
ADMINISTRATORS = Setting(
    SettingId("organization.administrators"),
    _F,
    _ORG,
    "People who administer the organization, by account ID",
    _DOC,
    _USERS,
    unordered=True,
    is_list=True,
)
ADMINISTRATOR_GROUPS = Setting(
    SettingId("organization.administrator_groups"),
    _F,
    _ORG,
    "Groups whose members administer the organization, by ID",
    _DOC,
    _GROUPS,
    unordered=True,
    is_list=True,
)
EVENT_ACTIONS = Setting(
    SettingId("organization.event_actions"),
    _F,
    _ORG,
    "Audit-log actions that exist in this organization",
    _DOC,
    _EVENTS,
    unordered=True,
    is_list=True,
)
HIGHEST_PLAN = Setting(
    names.HIGHEST_PLAN,
    _F,
    _ORG,
    "Highest active plan, which the defaults follow",
    _DOC,
    _CONTRIBUTION,
    ignores_case=True,
)
API_KEY_EXPIRY = Setting(
    SettingId("api_key.expires_at"), _F, _ORG, "When the key that we read with expires", _DOC, _KEYS, unit="UTC time"
)
NEXT_KEY_EXPIRY = Setting(
    SettingId("api_key.next_expiry"), _F, _ORG, "When the first admin API key expires", _DOC, _KEYS, unit="UTC time"
)

NAME = Setting(names.APP_NAME, _F, _APP, "Name of the app's workspace", _DOC, _WORKSPACES)
ALIAS = Setting(names.APP_ALIAS, _F, _APP, "What people write for this app", _DOC, _WORKSPACES, ignores_case=True)
TYPE_KEY = Setting(names.APP_TYPE_KEY, _F, _APP, "Which app it is", _DOC, _WORKSPACES, ignores_case=True)
TYPE_NAME = Setting(SettingId("app.type_name"), _F, _APP, "Display name of its type", _DOC, _WORKSPACES)
HOST = Setting(names.APP_HOST, _F, _APP, "Host of its site", _DOC, _WORKSPACES, ignores_case=True)
SITE = Setting(names.APP_SITE, _F, _APP, "Site that it belongs to, by cloud ID or host", _DOC, _WORKSPACES)
STATUS = Setting(
    names.APP_STATUS,
    _F,
    _APP,
    "Whether it is online",
    _DOC,
    _WORKSPACES,
    words=("online", "offline", "deprecated"),
    ignores_case=True,
)
SANDBOX = Setting(
    names.APP_SANDBOX,
    _F,
    _APP,
    "Whether it is a sandbox",
    _DOC,
    _WORKSPACES,
    words=("CHILD", "NONE"),
    ignores_case=True,
)
SANDBOX_PARENT = Setting(
    SettingId("app.sandbox_parent"), _F, _APP, "The app that a sandbox was copied from", _DOC, _WORKSPACES
)
CREATED_AT = Setting(SettingId("app.created_at"), _F, _APP, "When it was created", _DOC, _WORKSPACES, unit="UTC time")
PLAN = Setting(names.PLAN, _F, _APP, "Plan, in the API's word", _DOC, _WORKSPACES, ignores_case=True)
TRIAL = choice_setting(_F, names.TRIAL, _APP, "Whether a trial runs", _SUBSCRIPTIONS, ("none", "running"))
TRIAL_ENDS = text_setting(_F, SettingId("trial.ends_on"), _APP, "Last day of the trial", _SUBSCRIPTIONS, unit="date")
RELEASE_TRACK = choice_setting(
    _F,
    SettingId("release.track"),
    _APP,
    "Release track, which says how soon changes reach the app",
    _TRACKS,
    ("continuous", "deferred", "bundled"),
)
SPACE_COUNT = text_setting(
    _F,
    names.SPACE_COUNT,
    _APP,
    "Spaces that the app's own administration counts, archived and personal ones included",
    "",
    unit="spaces",
)

ALL: tuple[Setting, ...] = (
    ORGANIZATION_NAME,
    DIRECTORIES,
    ADMINISTRATORS,
    ADMINISTRATOR_GROUPS,
    EVENT_ACTIONS,
    HIGHEST_PLAN,
    API_KEY_EXPIRY,
    NEXT_KEY_EXPIRY,
    NAME,
    ALIAS,
    TYPE_KEY,
    TYPE_NAME,
    HOST,
    SITE,
    STATUS,
    SANDBOX,
    SANDBOX_PARENT,
    CREATED_AT,
    PLAN,
    TRIAL,
    TRIAL_ENDS,
    RELEASE_TRACK,
    SPACE_COUNT,
)
