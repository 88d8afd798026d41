"""STEP 1: what was seen. One file per source; each states its endpoint, its scope and what it promises."""

from __future__ import annotations

from contribaudit.collectors.api_keys import API_KEYS
from contribaudit.collectors.directories import DIRECTORIES
from contribaudit.collectors.event_actions import EVENT_ACTIONS
from contribaudit.collectors.interface import Collector
from contribaudit.collectors.organization import ORGANIZATION
from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.workspaces import WORKSPACES

ALL: tuple[Collector, ...] = (ORGANIZATION, WORKSPACES, POLICIES, DIRECTORIES, EVENT_ACTIONS, API_KEYS)
INVENTORY: tuple[Collector, ...] = (ORGANIZATION, WORKSPACES, POLICIES)
"""What a look at the inventory reads."""
