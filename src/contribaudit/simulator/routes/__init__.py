"""Every endpoint of the simulated API, one file per API group."""

from __future__ import annotations

from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.routes import (
    api_keys,
    confluence_spaces,
    directories,
    events,
    gateway,
    groups,
    jira_projects,
    orgs,
    policies,
    users,
    workspaces,
)

ALL: tuple[Endpoint, ...] = (
    orgs.LIST,
    orgs.GET,
    workspaces.SEARCH,
    directories.LIST,
    groups.SEARCH,
    groups.ROLES,
    users.SEARCH,
    policies.LIST,
    policies.GET,
    events.ACTIONS,
    events.STREAM,
    events.LIST,
    api_keys.LIST,
    jira_projects.SEARCH,
    confluence_spaces.LIST,
    gateway.ASK,
    gateway.ASK_AT_SITE,
)
