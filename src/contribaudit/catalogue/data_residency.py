"""Where an app keeps its data, whether the data is pinned there, and under whose encryption keys."""

from __future__ import annotations

from contribaudit.catalogue.kinds import FamilyCatalogue
from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade
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

_made = FamilyCatalogue(Family.DATA_RESIDENCY)
_APP = (Kind.APP,)

REALM = _made.observed(names.REALM, _APP, "Location", _WORKSPACES, ignores_case=True)
REGIONS = _made.observed_list(
    "residency.regions", _APP, "Regions of the location", _WORKSPACES, ignores_case=True, null_is_empty=True
)
MOVE = _made.observed(
    names.MOVE,
    _APP,
    "State of the residency policy on this app",
    _POLICIES,
    words=("applying", "removing", "applied", "failed", "scheduled"),
    ignores_case=True,
)
PINNED = _made.observed(names.PINNED, _APP, "Pinned by an applied policy", _POLICIES, grade=Grade.DECODED)
POLICY_REALMS = _made.observed_list(
    "residency.policy_realms", _APP, "Locations that its residency policy names", _POLICIES, ignores_case=True
)
MOVE_SCHEDULED_FOR = _made.observed(
    "residency.move_scheduled_for", _APP, "Day of a scheduled move", _POLICIES, unit="date"
)
MOVE_STARTS_AT = _made.observed(
    "residency.move_starts_at", _APP, "Start of the move's window", _POLICIES, unit="UTC time"
)
MOVE_ENDS_AT = _made.observed("residency.move_ends_at", _APP, "End of the move's window", _POLICIES, unit="UTC time")
MOVE_TICKET = _made.observed("residency.move_ticket", _APP, "Ticket of a failed move", _POLICIES)
APP_POLICIES = _made.observed_list(
    "residency.app_policies", _APP, "Residency policies that list this app, by ID", _POLICIES
)
POLICIES = _made.observed_list("residency.policies", (Kind.ORGANIZATION,), "Data residency policies, by ID", _POLICIES)
DEFAULT_REALM = _made.text(
    "residency.default_realm", (Kind.ORGANIZATION,), "Default location of new apps", _DEFAULT, ignores_case=True
)
MARKETPLACE_UNPINNED = _made.listed(
    "residency.marketplace.unpinned",
    _APP,
    "Marketplace apps in this app whose status is not Pinned",
    _MARKETPLACE,
    ignores_case=True,
)
BYOK = _made.choice(names.BYOK, _APP, "Customer-managed encryption key", _BYOK, ("none", "active"))
BYOK_SINCE = _made.text("byok.since", _APP, "Day the app's customer-managed key was set up", _BYOK, unit="date")

ALL: tuple[Setting, ...] = _made.all
