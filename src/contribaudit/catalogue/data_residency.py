"""Where an app keeps its data, and whether it is held there."""

from __future__ import annotations

from contribaudit.core import names
from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.setting import Family, Setting
from contribaudit.core.subject import Kind

_WORKSPACES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/"
_POLICIES = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/"

_F = Family.DATA_RESIDENCY
_APP = (Kind.APP,)
_DOC = Grade.DOCUMENTED

REALM = Setting(names.REALM, _F, _APP, "Realm", _DOC, _WORKSPACES, ignores_case=True)
REGIONS = Setting(
    SettingId("residency.regions"),
    _F,
    _APP,
    "Regions of the realm",
    _DOC,
    _WORKSPACES,
    ignores_case=True,
    unordered=True,
    null_is_empty=True,
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
PINNED = Setting(names.PINNED, _F, _APP, "Held in its realm by an applied policy", Grade.DECODED, _POLICIES)
POLICY_REALMS = Setting(
    SettingId("residency.policy_realms"),
    _F,
    _APP,
    "Realms that its residency policy names",
    _DOC,
    _POLICIES,
    ignores_case=True,
    unordered=True,
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
)
POLICIES = Setting(
    SettingId("residency.policies"),
    _F,
    (Kind.ORGANIZATION,),
    "Data residency policies, by ID",
    _DOC,
    _POLICIES,
    unordered=True,
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
)
