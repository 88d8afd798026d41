"""What Atlassian's GraphQL gateway tells a site's API token of AI, plan, trial and regions.

Each value is what a field told one account. A yes holds for the app; a no holds for that account alone, since a plan
may limit Rovo to groups. Truth values are booleans. How far a field is published (production, beta, experimental) is
told by the source of the observation.
"""

from __future__ import annotations

from contribaudit.catalogue.kinds import Room
from contribaudit.core.model import names
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_GATEWAY = "https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/"

_APP = (Kind.APP,)
_BOOLEAN = "true or false"

_made = Room(Family.AI_ACCESS)
ROVO = _made.told(names.GATEWAY_ROVO, (Kind.SITE, Kind.APP), "Rovo is on (gateway)", _GATEWAY, unit=_BOOLEAN)
ROVO_LLM = _made.told(names.GATEWAY_ROVO_LLM, _APP, "Rovo's language models are on (gateway)", _GATEWAY, unit=_BOOLEAN)
AI = _made.told(names.GATEWAY_AI, _APP, "AI features are on (gateway)", _GATEWAY, unit=_BOOLEAN)
EDITION = _made.told(
    names.GATEWAY_EDITION,
    _APP,
    "Edition (gateway)",
    _GATEWAY,
    family=Family.ORGANIZATION,
    ignores_case=True,
)
TRIAL = _made.told(
    names.GATEWAY_TRIAL,
    _APP,
    "Edition on trial (gateway)",
    _GATEWAY,
    family=Family.ORGANIZATION,
    ignores_case=True,
)
TRIAL_ENDS_ON = _made.told(
    names.GATEWAY_TRIAL_ENDS_ON,
    _APP,
    "Last day of the trial (gateway)",
    _GATEWAY,
    family=Family.ORGANIZATION,
    unit="date",
)
REGIONS = _made.told_list(
    names.GATEWAY_REGIONS,
    _APP,
    "AWS regions (gateway)",
    _GATEWAY,
    family=Family.DATA_RESIDENCY,
    ignores_case=True,
)
ORGANIZATION = _made.told(
    names.GATEWAY_ORGANIZATION,
    (Kind.SITE,),
    "Organization of the site (gateway)",
    _GATEWAY,
    family=Family.ORGANIZATION,
)

ALL: tuple[Setting, ...] = _made.all
