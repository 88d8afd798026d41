"""Every endpoint of the simulated API. Each file holds the endpoints of one subject."""

from __future__ import annotations

from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.routes import directories, events, gateway, orgs, policies, spaces, workspaces

ALL: tuple[Endpoint, ...] = (
    orgs.LIST,
    orgs.GET,
    workspaces.SEARCH,
    directories.LIST,
    directories.GROUPS,
    directories.USERS,
    directories.ROLES,
    policies.LIST,
    policies.GET,
    orgs.KEYS,
    events.LIST,
    events.STREAM,
    events.ACTIONS,
    spaces.PROJECTS,
    spaces.SPACES,
    gateway.ASK,
    gateway.ASK_AT_SITE,
)
