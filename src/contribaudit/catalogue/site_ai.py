"""What Atlassian's GraphQL gateway tells a site's API token of AI, plan, trial and regions.

Each value is what a field told one account. A yes holds for the app; a no holds for that account alone, since a plan
may limit Rovo to groups. Truth values are booleans. How far a field is published (production, beta, experimental) is
told by the source of the observation.
"""

from __future__ import annotations

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_GATEWAY = "https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/"

_APP = (Kind.APP,)
_DOC = Grade.DOCUMENTED
_BOOLEAN = "true or false"

ROVO = Setting(
    names.GATEWAY_ROVO,
    Family.AI_ACCESS,
    (Kind.SITE, Kind.APP),
    "Rovo is on, by the gateway",
    _DOC,
    _GATEWAY,
    unit=_BOOLEAN,
)
ROVO_LLM = Setting(
    names.GATEWAY_ROVO_LLM,
    Family.AI_ACCESS,
    _APP,
    "Rovo's language models are on, by the gateway",
    _DOC,
    _GATEWAY,
    unit=_BOOLEAN,
)
AI = Setting(
    names.GATEWAY_AI,
    Family.AI_ACCESS,
    _APP,
    "AI features are on, by the gateway",
    _DOC,
    _GATEWAY,
    unit=_BOOLEAN,
)
EDITION = Setting(
    names.GATEWAY_EDITION,
    Family.ORGANIZATION,
    _APP,
    "Edition, by the gateway",
    _DOC,
    _GATEWAY,
    ignores_case=True,
)
TRIAL = Setting(
    names.GATEWAY_TRIAL,
    Family.ORGANIZATION,
    _APP,
    "Edition on trial, by the gateway",
    _DOC,
    _GATEWAY,
    ignores_case=True,
)
TRIAL_ENDS_ON = Setting(
    names.GATEWAY_TRIAL_ENDS_ON,
    Family.ORGANIZATION,
    _APP,
    "Last day of the trial, by the gateway",
    _DOC,
    _GATEWAY,
    unit="date",
)
REGIONS = Setting(
    names.GATEWAY_REGIONS,
    Family.DATA_RESIDENCY,
    _APP,
    "AWS regions, by the gateway",
    _DOC,
    _GATEWAY,
    ignores_case=True,
    unordered=True,
    is_list=True,
)
ORGANIZATION = Setting(
    names.GATEWAY_ORGANIZATION,
    Family.ORGANIZATION,
    (Kind.SITE,),
    "Organization that the site belongs to, as the gateway tells it",
    _DOC,
    _GATEWAY,
)

ALL: tuple[Setting, ...] = (ROVO, ROVO_LLM, AI, EDITION, TRIAL, TRIAL_ENDS_ON, REGIONS, ORGANIZATION)
