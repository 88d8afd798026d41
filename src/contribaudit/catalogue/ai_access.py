"""Who may use Rovo and other AI, app by app. Read by people; the policy that moves with it says nothing by itself."""

from __future__ import annotations

from contribaudit.catalogue.parts import seen_list, seen_word
from contribaudit.core import names
from contribaudit.core.observation import Grade
from contribaudit.core.setting import Family, Setting
from contribaudit.core.subject import Kind

_ADMIN = "https://support.atlassian.com/organization-administration/docs/"
_ACCESS = _ADMIN + "manage-rovo-access/"
_GROUPS = _ADMIN + "manage-rovo-access-for-enterprise/"

_F = Family.AI_ACCESS
_APP = (Kind.APP,)

ACCESS = seen_word(_F, names.AI_ACCESS, _APP, "Rovo access of the app", _ACCESS, ("allowed", "limited", "blocked"))
ACCESS_GROUPS = seen_list(
    _F,
    names.AI_ACCESS_GROUPS,
    _APP,
    "Groups that may use Rovo in the app, where it is limited",
    _GROUPS,
    ignores_case=True,
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
    EFFECTIVE_AI,
)
