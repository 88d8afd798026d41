"""Who may use Rovo and other AI, app by app: attested by people, since the policy behind it has no published meaning.

An API lists the groups with the AI role and their resources. HIPAA and gateway settings follow below.
"""

from __future__ import annotations

from contribaudit.catalogue.kinds import FamilyCatalogue
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_ADMIN = "https://support.atlassian.com/organization-administration/docs/"
_ACCESS = _ADMIN + "manage-rovo-access/"
_GROUPS = _ADMIN + "manage-rovo-access-for-enterprise/"

_GROUPS_API = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-groups/"

_WORKSPACES_API = "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/"

_made = FamilyCatalogue(Family.AI_ACCESS)
_APP = (Kind.APP,)

ACCESS = _made.choice(names.AI_ACCESS, _APP, "Rovo access of the app", _ACCESS, ("allowed", "limited", "blocked"))
ACCESS_GROUPS = _made.listed(
    names.AI_ACCESS_GROUPS, _APP, "Groups that may use Rovo in the app, where it is limited", _GROUPS, ignores_case=True
)

ROLE_GROUPS = _made.observed_list(
    names.AI_ROLE_GROUPS, (Kind.ORGANIZATION,), "Groups with the AI role, by ID", _GROUPS_API
)
POLICY_ITEM = _made.observed(
    names.AI_POLICY_ITEM,
    _APP,
    "The app's AI policy item, by our reading of `enabled` and `suspended`",
    _WORKSPACES_API,
    grade=Grade.DECODED,
    words=("on", "off"),
)
POLICY_ITEM_SHAPE = _made.observed(
    names.AI_POLICY_ITEM_SHAPE, _APP, "Type and fields of the app's AI policy item", _WORKSPACES_API
)
POLICY_ITEM_COUNTS = _made.observed(
    names.AI_POLICY_ITEM_COUNTS,
    _APP,
    "Confirmation of our reading of the app's AI policy item",
    _WORKSPACES_API,
    grade=Grade.DECODED,
    words=("confirmed", "unconfirmed", "contradicted", "contradicted_by_person"),
)
GROUP_NAME = _made.observed(names.GROUP_NAME, (Kind.GROUP,), "Name of the group", _GROUPS_API)
GROUP_ACCESS = _made.observed_list(
    "group.ai_access", (Kind.GROUP,), "Resources on which the group has the AI role, by ARI", _GROUPS_API
)

EFFECTIVE_AI = _made.observed(
    names.EFFECTIVE_AI,
    (Kind.ORGANIZATION, Kind.SITE, Kind.APP, Kind.SPACE, Kind.CONNECTOR),
    "Effective AI access",
    _ACCESS,
    grade=Grade.ATTESTED,
    words=("exposed", "not_exposed"),
)

ALL: tuple[Setting, ...] = _made.all


_BAA = "https://support.atlassian.com/organization-administration/docs/sign-a-business-associate-agreement-baa/"

_hipaa = FamilyCatalogue(Family.HIPAA)

HIPAA_BAA = _hipaa.choice(
    names.HIPAA_BAA, (Kind.ORGANIZATION,), "Business associate agreement with Atlassian", _BAA, ("none", "signed")
)
HIPAA_TAGGED = _hipaa.choice(names.HIPAA_TAGGED, (Kind.APP,), "HIPAA tag", _BAA, ("yes", "no"))

HIPAA: tuple[Setting, ...] = _hipaa.all
"""Protected health information: the agreement with Atlassian, and the apps that are tagged under it."""


_GATEWAY_PAGE = "https://developer.atlassian.com/platform/atlassian-graphql-api/graphql/"

_BOOLEAN = "true or false"

_gateway = FamilyCatalogue(Family.AI_ACCESS)
GATEWAY_ROVO = _gateway.observed(
    names.GATEWAY_ROVO, (Kind.SITE, Kind.APP), "Rovo is on (gateway)", _GATEWAY_PAGE, unit=_BOOLEAN
)
GATEWAY_ROVO_LLM = _gateway.observed(
    names.GATEWAY_ROVO_LLM, _APP, "Rovo's language models are on (gateway)", _GATEWAY_PAGE, unit=_BOOLEAN
)
GATEWAY_AI = _gateway.observed(names.GATEWAY_AI, _APP, "AI features are on (gateway)", _GATEWAY_PAGE, unit=_BOOLEAN)
GATEWAY_EDITION = _gateway.observed(
    names.GATEWAY_EDITION, _APP, "Edition (gateway)", _GATEWAY_PAGE, family=Family.ORGANIZATION, ignores_case=True
)
GATEWAY_TRIAL = _gateway.observed(
    names.GATEWAY_TRIAL,
    _APP,
    "Edition on trial (gateway)",
    _GATEWAY_PAGE,
    family=Family.ORGANIZATION,
    ignores_case=True,
)
GATEWAY_TRIAL_ENDS_ON = _gateway.observed(
    names.GATEWAY_TRIAL_ENDS_ON,
    _APP,
    "Last day of the trial (gateway)",
    _GATEWAY_PAGE,
    family=Family.ORGANIZATION,
    unit="date",
)
GATEWAY_REGIONS = _gateway.observed_list(
    names.GATEWAY_REGIONS, _APP, "AWS regions (gateway)", _GATEWAY_PAGE, family=Family.DATA_RESIDENCY, ignores_case=True
)
GATEWAY_ORGANIZATION = _gateway.observed(
    names.GATEWAY_ORGANIZATION,
    (Kind.SITE,),
    "Organization of the site (gateway)",
    _GATEWAY_PAGE,
    family=Family.ORGANIZATION,
)

GATEWAY: tuple[Setting, ...] = _gateway.all
"""What Atlassian's GraphQL gateway returns to a site's API token about AI, plan, trial and regions.

Each value is what a field returned to one account. A yes holds for the app; a no holds for that account alone, since a
plan may limit Rovo to groups. Truth values are booleans. The source of an observation names the field's lifecycle:
production, beta or experimental.
"""
