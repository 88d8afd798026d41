"""Every endpoint of the simulated API: of organizations, of directories, of spaces, and so on."""

from __future__ import annotations

from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.routes import (
    events,
    gateway,
    groups,
    jira_projects,
    orgs,
    policies,
    workspaces,
)

ALL: tuple[Endpoint, ...] = (
    orgs.LIST,
    orgs.GET,
    workspaces.SEARCH,
    groups.LIST,
    groups.GROUPS,
    groups.ROLES,
    groups.USERS,
    policies.LIST,
    policies.GET,
    events.ACTIONS,
    events.STREAM,
    events.LIST,
    orgs.KEYS,
    jira_projects.PROJECTS,
    jira_projects.SPACES,
    gateway.ASK,
    gateway.ASK_AT_SITE,
)
