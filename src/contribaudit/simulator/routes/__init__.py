"""Every endpoint of the simulated API, one file per API group."""

from __future__ import annotations

from contribaudit.simulator.endpoint import Endpoint
from contribaudit.simulator.routes import api_keys, directories, event_actions, orgs, policies, workspaces

ALL: tuple[Endpoint, ...] = (
    orgs.LIST,
    orgs.GET,
    workspaces.SEARCH,
    directories.LIST,
    policies.LIST,
    policies.GET,
    event_actions.LIST,
    api_keys.LIST,
)
