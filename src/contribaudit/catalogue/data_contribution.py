"""What Atlassian may use to improve its apps and AI, and notices of sub-processors. No documented API reads these."""

from __future__ import annotations

from contribaudit.catalogue.kinds import FamilyCatalogue
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_DOCS = "https://support.atlassian.com/security-and-access-policies/docs/"
_SETTINGS = _DOCS + "data-contribution-settings/"
_LISTS = _DOCS + "include-or-exclude-in-app-data/"
_UNDERSTAND = _DOCS + "understand-data-contribution/"

_made = FamilyCatalogue(Family.DATA_CONTRIBUTION)
_ORG = (Kind.ORGANIZATION,)
_ANY = (Kind.ORGANIZATION, Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR)

METADATA = _made.choice(names.METADATA, _ORG, "Metadata contribution", _SETTINGS, ("on", "off", "always"))
IN_APP = _made.choice(names.IN_APP, _ORG, "In-app data contribution", _SETTINGS, ("on", "off"))
INCLUDED = _made.listed(names.INCLUDED, _ORG, "Include list of in-app data contribution", _LISTS)
EXCLUDED = _made.listed(names.EXCLUDED, _ORG, "Exclude list of in-app data contribution", _LISTS)
EXEMPTION = _made.choice(
    names.EXEMPTION,
    _ORG,
    "Compliance exemption from contribution",
    _UNDERSTAND,
    ("none", "byok", "hipaa", "government", "isolated", "other"),
)

EFFECTIVE_METADATA = _made.observed(
    names.EFFECTIVE_METADATA,
    _ANY,
    "Effective metadata contribution",
    _SETTINGS,
    grade=Grade.ATTESTED,
    words=("contributed", "not_contributed"),
)
EFFECTIVE_IN_APP = _made.observed(
    names.EFFECTIVE_IN_APP,
    _ANY,
    "Effective in-app data contribution",
    _LISTS,
    grade=Grade.ATTESTED,
    words=("contributed", "not_contributed"),
)

ALL: tuple[Setting, ...] = _made.all


_vendor = FamilyCatalogue(Family.SUB_PROCESSORS)
SUB_PROCESSOR_NOTICES = _vendor.choice(
    "subprocessors.notices",
    (Kind.ORGANIZATION,),
    "Subscription to notices of new sub-processors",
    "https://www.atlassian.com/legal/sub-processors",
    ("subscribed", "not_subscribed"),
)
"""Whether somebody in the company gets the vendor's email about each new sub-processor."""

SUB_PROCESSORS: tuple[Setting, ...] = _vendor.all
"""What only a person knows about the vendor's sub-processors. The list itself is imported."""
