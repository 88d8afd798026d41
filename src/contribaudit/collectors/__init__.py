"""Step 1: what each source says. One file per source or group of sources, with its endpoints, scopes and promises."""

from __future__ import annotations

from contribaudit.collectors.ai_roles import AI_ROLES
from contribaudit.collectors.api_keys import API_KEYS
from contribaudit.collectors.audit_log import EVENT_ACTIONS, EVENTS
from contribaudit.collectors.interface import Collector
from contribaudit.collectors.organization import ADMINISTRATORS, DIRECTORIES, ORGANIZATION
from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.site_ai import SITE_AI
from contribaudit.collectors.space_sources import SPACES_CONFLUENCE, SPACES_JIRA, SpaceSource
from contribaudit.collectors.workspaces import WORKSPACES

ALL: tuple[Collector, ...] = (
    ORGANIZATION,
    WORKSPACES,
    POLICIES,
    DIRECTORIES,
    AI_ROLES,
    ADMINISTRATORS,
    EVENT_ACTIONS,
    EVENTS,
    API_KEYS,
)
INVENTORY: tuple[Collector, ...] = (ORGANIZATION, WORKSPACES, POLICIES)
"""What a check of the inventory alone reads."""
SPACES: tuple[SpaceSource, ...] = (SPACES_JIRA, SPACES_CONFLUENCE)
"""What an audit reads of each site for which the configuration names an API token; see `spaces`."""
__all__ = ["ADMINISTRATORS", "AI_ROLES", "ALL", "INVENTORY", "SITE_AI", "SPACES", "Collector"]
