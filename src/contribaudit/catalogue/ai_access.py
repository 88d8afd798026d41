"""Who may use Rovo and other AI, app by app. Read by people; the policy that moves with it says nothing by itself.

What an API tells is which groups hold the role for AI, and on what.
"""

from __future__ import annotations

from contribaudit.catalogue.kinds import choice_setting, list_setting
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_ADMIN = "https://support.atlassian.com/organization-administration/docs/"
_ACCESS = _ADMIN + "manage-rovo-access/"
_GROUPS = _ADMIN + "manage-rovo-access-for-enterprise/"

_GROUPS_API = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-groups/"

_WORKSPACES_API = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/"

_F = Family.AI_ACCESS
_APP = (Kind.APP,)

ACCESS = choice_setting(_F, names.AI_ACCESS, _APP, "Rovo access of the app", _ACCESS, ("allowed", "limited", "blocked"))
ACCESS_GROUPS = list_setting(
    _F,
    names.AI_ACCESS_GROUPS,
    _APP,
    "Groups that may use Rovo in the app, where it is limited",
    _GROUPS,
    ignores_case=True,
)

ROLE_GROUPS = Setting(
    names.AI_ROLE_GROUPS,
    _F,
    (Kind.ORGANIZATION,),
    "Groups that hold the role for AI, by ID",
    Grade.DOCUMENTED,
    _GROUPS_API,
    unordered=True,
    is_list=True,
)
POLICY_ITEM = Setting(
    names.AI_POLICY_ITEM,
    _F,
    _APP,
    "The app's AI policy item, by our reading of `enabled` and `suspended`",
    Grade.DECODED,
    _WORKSPACES_API,
    words=("on", "off"),
)
POLICY_ITEM_SHAPE = Setting(
    names.AI_POLICY_ITEM_SHAPE,
    _F,
    _APP,
    "Type and fields of the app's AI policy item",
    Grade.DOCUMENTED,
    _WORKSPACES_API,
)
POLICY_ITEM_COUNTS = Setting(
    names.AI_POLICY_ITEM_COUNTS,
    _F,
    _APP,
    "How far the reading of the app's AI policy item counts",
    Grade.DECODED,
    _WORKSPACES_API,
    words=("confirmed", "unconfirmed", "contradicted", "contradicted_by_person"),
)
GROUP_NAME = Setting(names.GROUP_NAME, _F, (Kind.GROUP,), "Name of the group", Grade.DOCUMENTED, _GROUPS_API)
GROUP_ACCESS = Setting(
    SettingId("group.ai_access"),
    _F,
    (Kind.GROUP,),
    "What the group holds the role for AI on, by ARI",
    Grade.DOCUMENTED,
    _GROUPS_API,
    unordered=True,
    is_list=True,
)

EFFECTIVE_AI = Setting(
    names.EFFECTIVE_AI,
    _F,
    (Kind.ORGANIZATION, Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR),
    "Whether AI reaches it, all rules applied",
    Grade.ATTESTED,
    _ACCESS,
    words=("exposed", "not_exposed"),
)

ALL: tuple[Setting, ...] = (
    ACCESS,
    ACCESS_GROUPS,
    ROLE_GROUPS,
    POLICY_ITEM,
    POLICY_ITEM_SHAPE,
    POLICY_ITEM_COUNTS,
    GROUP_NAME,
    GROUP_ACCESS,
    EFFECTIVE_AI,
)
