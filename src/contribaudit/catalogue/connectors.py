"""Connectors that bring third-party content into the Teamwork Graph. None of these settings has a known signal."""

from __future__ import annotations

from contribaudit.catalogue.kinds import Room
from contribaudit.core.model import names
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_ADMIN = "https://support.atlassian.com/organization-administration/docs/"
_BLOCKLIST = _ADMIN + "manage-blocklist"
_CONNECTORS = _ADMIN + "disconnect-an-app-from-teamwork-graph/"
_PERMISSIONS = "https://developer.atlassian.com/platform/teamwork-graph/connector-requirements-and-best-practices/"
_LISTS = "https://support.atlassian.com/security-and-access-policies/docs/include-or-exclude-in-app-data/"

_made = Room(Family.CONNECTORS)
_CONNECTOR = (Kind.CONNECTOR,)

STATE = _made.choice(
    names.CONNECTOR_STATE,
    _CONNECTOR,
    "State of the connector; hidden from search is still connected",
    _CONNECTORS,
    ("connected", "hidden", "disconnecting", "disconnected"),
)
TYPE = _made.choice(
    "connector.type",
    _CONNECTOR,
    "How the connector reads: stored and indexed, fetched live, or by link",
    _ADMIN + "teamwork-graph-connector-types/",
    ("synced", "direct", "smart_link"),
)
PERMISSIONS = _made.choice(
    "connector.replicates_permissions",
    _CONNECTOR,
    "Whether the connector copies the source's permissions; omitted counts as false",
    _PERMISSIONS,
    ("true", "false", "omitted"),
)
BLOCKLIST = _made.listed("connector.blocklist", _CONNECTOR, "Addresses that the connector leaves out", _BLOCKLIST)
ALLOWLIST = _made.listed("connector.allowlist", _CONNECTOR, "Addresses that alone the connector takes in", _BLOCKLIST)
OFFERED = _made.choice(
    names.CONTRIBUTION_OFFERED,
    _CONNECTOR,
    "Whether the contribution lists offer this connector, so that it can contribute at all",
    _LISTS,
    ("yes", "no"),
)

ALL: tuple[Setting, ...] = _made.all
