"""What Atlassian may use to improve its apps and AI. No documented API reads any of it."""

from __future__ import annotations

from contribaudit.catalogue.kinds import choice_setting, list_setting
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_DOCS = "https://support.atlassian.com/security-and-access-policies/docs/"
_SETTINGS = _DOCS + "data-contribution-settings/"
_LISTS = _DOCS + "include-or-exclude-in-app-data/"
_UNDERSTAND = _DOCS + "understand-data-contribution/"

_F = Family.DATA_CONTRIBUTION
_ORG = (Kind.ORGANIZATION,)
_ANY = (Kind.ORGANIZATION, Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR)

METADATA = choice_setting(_F, names.METADATA, _ORG, "Metadata contribution", _SETTINGS, ("on", "off", "always"))
IN_APP = choice_setting(_F, names.IN_APP, _ORG, "In-app data contribution", _SETTINGS, ("on", "off"))
INCLUDED = list_setting(
    _F, names.INCLUDED, _ORG, "Spaces, apps and connectors included although in-app contribution is off", _LISTS
)
EXCLUDED = list_setting(
    _F, names.EXCLUDED, _ORG, "Spaces, apps and connectors excluded although in-app contribution is on", _LISTS
)
EXEMPTION = choice_setting(
    _F,
    names.EXEMPTION,
    _ORG,
    "Compliance exemption from contribution",
    _UNDERSTAND,
    ("none", "byok", "hipaa", "government", "isolated", "other"),
)

EFFECTIVE_METADATA = Setting(
    names.EFFECTIVE_METADATA,
    _F,
    _ANY,
    "Whether its metadata is contributed, all rules applied",
    Grade.ATTESTED,
    _SETTINGS,
    words=("contributed", "not_contributed"),
)
EFFECTIVE_IN_APP = Setting(
    names.EFFECTIVE_IN_APP,
    _F,
    _ANY,
    "Whether its in-app data is contributed, all rules applied",
    Grade.ATTESTED,
    _LISTS,
    words=("contributed", "not_contributed"),
)

ALL: tuple[Setting, ...] = (METADATA, IN_APP, INCLUDED, EXCLUDED, EXEMPTION, EFFECTIVE_METADATA, EFFECTIVE_IN_APP)
