"""Every endpoint of the simulated API: of organizations, of directories, of spaces, and so on."""

from __future__ import annotations

from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.routes import (
    directories,
    events,
    gateway,
    orgs,
    policies,
    spaces,
    workspaces,
)

ALL: tuple[Endpoint, ...] = (
    orgs.LIST,
    orgs.GET,
    workspaces.SEARCH,
    directories.LIST,
    directories.GROUPS,
    directories.ROLES,
    directories.USERS,
    policies.LIST,
    policies.GET,
    events.ACTIONS,
    events.STREAM,
    events.LIST,
    orgs.KEYS,
    spaces.PROJECTS,
    spaces.SPACES,
    gateway.ASK,
    gateway.ASK_AT_SITE,
)
