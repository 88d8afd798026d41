"""Where an app keeps its data, whether it is held there, and under whose keys."""

from __future__ import annotations

from contribaudit.catalogue.kinds import choice_setting, list_setting, text_setting
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_WORKSPACES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/"
_POLICIES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/"
_DEFAULT = "https://support.atlassian.com/security-and-access-policies/docs/set-the-default-data-residency-location/"
_MARKETPLACE = (
    "https://support.atlassian.com/security-and-access-policies/docs/"
    "moving-your-marketplace-apps-data-to-another-location/"
)
_BYOK = "https://support.atlassian.com/security-and-access-policies/docs/byok-frequently-asked-questions/"

_F = Family.DATA_RESIDENCY
_APP = (Kind.APP,)
_DOC = Grade.DOCUMENTED

REALM = Setting(names.REALM, _F, _APP, "Location", _DOC, _WORKSPACES, ignores_case=True)
REGIONS = Setting(
    SettingId("residency.regions"),
    _F,
    _APP,
    "Regions of the location",
    _DOC,
    _WORKSPACES,
    ignores_case=True,
    unordered=True,
    null_is_empty=True,
    is_list=True,
)
MOVE = Setting(
    names.MOVE,
    _F,
    _APP,
    "State of the residency policy on this app",
    _DOC,
    _POLICIES,
    words=("applying", "removing", "applied", "failed", "scheduled"),
    ignores_case=True,
)
PINNED = Setting(names.PINNED, _F, _APP, "Pinned by an applied policy", Grade.DECODED, _POLICIES)
POLICY_REALMS = Setting(
    SettingId("residency.policy_realms"),
    _F,
    _APP,
    "Locations that its residency policy names",
    _DOC,
    _POLICIES,
    ignores_case=True,
    unordered=True,
    is_list=True,
)
MOVE_SCHEDULED_FOR = Setting(
    SettingId("residency.move_scheduled_for"), _F, _APP, "Day of a scheduled move", _DOC, _POLICIES, unit="date"
)
MOVE_STARTS_AT = Setting(
    SettingId("residency.move_starts_at"), _F, _APP, "Start of the move's window", _DOC, _POLICIES, unit="UTC time"
)
MOVE_ENDS_AT = Setting(
    SettingId("residency.move_ends_at"), _F, _APP, "End of the move's window", _DOC, _POLICIES, unit="UTC time"
)
MOVE_TICKET = Setting(SettingId("residency.move_ticket"), _F, _APP, "Ticket of a failed move", _DOC, _POLICIES)
APP_POLICIES = Setting(
    SettingId("residency.app_policies"),
    _F,
    _APP,
    "Residency policies that list this app, by ID",
    _DOC,
    _POLICIES,
    unordered=True,
    is_list=True,
)
POLICIES = Setting(
    SettingId("residency.policies"),
    _F,
    (Kind.ORGANIZATION,),
    "Data residency policies, by ID",
    _DOC,
    _POLICIES,
    unordered=True,
    is_list=True,
)
DEFAULT_REALM = text_setting(
    _F,
    SettingId("residency.default_realm"),
    (Kind.ORGANIZATION,),
    "Location that new apps get",
    _DEFAULT,
    ignores_case=True,
)
MARKETPLACE_UNPINNED = list_setting(
    _F,
    SettingId("residency.marketplace.unpinned"),
    _APP,
    "Marketplace apps in this app whose status is another than Pinned",
    _MARKETPLACE,
    ignores_case=True,
)
BYOK = choice_setting(_F, names.BYOK, _APP, "Customer-managed encryption key", _BYOK, ("none", "active"))
BYOK_SINCE = text_setting(
    _F,
    SettingId("byok.since"),
    _APP,
    "Day on which the app was set up with a customer-managed key",
    _BYOK,
    unit="date",
)

ALL: tuple[Setting, ...] = (
    REALM,
    REGIONS,
    MOVE,
    PINNED,
    POLICY_REALMS,
    MOVE_SCHEDULED_FOR,
    MOVE_STARTS_AT,
    MOVE_ENDS_AT,
    MOVE_TICKET,
    APP_POLICIES,
    POLICIES,
    DEFAULT_REALM,
    MARKETPLACE_UNPINNED,
    BYOK,
    BYOK_SINCE,
)
