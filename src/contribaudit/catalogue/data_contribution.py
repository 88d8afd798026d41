"""What Atlassian may use to improve its apps and AI. No documented API reads these settings."""

from __future__ import annotations

from contribaudit.core.observation import Grade, SettingId
from contribaudit.core.setting import Family, Setting
from contribaudit.core.subject import Kind

_DOCS = "https://support.atlassian.com/security-and-access-policies/docs/data-contribution-settings/"
_F = Family.DATA_CONTRIBUTION
_ORG = (Kind.ORGANIZATION,)

METADATA = Setting(
    SettingId("contribution.metadata"),
    _F,
    _ORG,
    "Metadata contribution",
    Grade.ATTESTED,
    _DOCS,
    words=("on", "off", "always"),
    ignores_case=True,
)
IN_APP = Setting(
    SettingId("contribution.in_app"),
    _F,
    _ORG,
    "In-app data contribution",
    Grade.ATTESTED,
    _DOCS,
    words=("on", "off"),
    ignores_case=True,
)
EXEMPTION = Setting(
    SettingId("contribution.exemption"),
    _F,
    _ORG,
    "Compliance exemption from contribution",
    Grade.ATTESTED,
    _DOCS,
    words=("none", "byok", "hipaa", "government", "isolated", "other"),
    ignores_case=True,
)

ALL: tuple[Setting, ...] = (METADATA, IN_APP, EXEMPTION)
