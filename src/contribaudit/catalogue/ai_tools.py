"""Settings of other AI features: apps' own switches, web search, agents, MCP, connectors. None has a known signal."""

from __future__ import annotations

from contribaudit.catalogue.kinds import FamilyCatalogue
from contribaudit.core.model import names
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_ADMIN = "https://support.atlassian.com/organization-administration/docs/"
_SECURITY = "https://support.atlassian.com/security-and-access-policies/docs/"
_ACCESS = _ADMIN + "manage-rovo-access/"
_AGENTS = "https://support.atlassian.com/rovo/docs/rovo-agent-permissions-and-governance"
_MCP = _SECURITY + "control-atlassian-rovo-mcp-server-settings"
_MCP_PERMISSIONS = _SECURITY + "Configure-Atlassian-Rovo-MCP-server-permission/"

_made = FamilyCatalogue(Family.AI_TOOLS)
_ORG = (Kind.ORGANIZATION,)
_APP = (Kind.APP,)

OWN_SETTING = _made.choice(
    names.AI_OWN_SETTING, _APP, "AI switch in the app's own administration", _ACCESS, ("on", "limited", "off")
)
PORTAL_CUSTOMERS = _made.choice(
    "ai.portal_customers", _APP, "AI for customers in the help portal", _ACCESS, ("on", "off")
)

WEB_SEARCH = _made.choice(
    "ai.web_search", _ORG, "Web search option of Rovo", _ADMIN + "manage-a-web-search-option-for-rovo/", ("on", "off")
)
BETA_FEATURES = _made.choice("ai.beta_features", _ORG, "Beta AI features", "", ("on", "off", "no_switch"))
AGENT_CREATORS = _made.choice(
    "ai.agents.creators", _ORG, "Who may create agents", _AGENTS, ("everyone", "groups", "admins")
)
AGENT_CREATOR_GROUPS = _made.listed(
    "ai.agents.creators.groups", _ORG, "Groups that may create agents", _AGENTS, ignores_case=True
)
AGENT_DEFAULT_ACCESS = _made.listed(
    "ai.agents.default_access",
    _ORG,
    "Apps and groups to which every future agent gets access",
    _ADMIN + "manage-default-access-for-future-agents/",
    ignores_case=True,
)

MCP_SUPPORTED_DOMAINS = _made.choice(
    "ai.mcp.supported_domains",
    _ORG,
    "Rovo MCP server: domains that Atlassian supports, all together",
    _MCP,
    ("allowed", "blocked"),
)
MCP_DOMAINS = _made.listed(
    "ai.mcp.domains", _ORG, "Rovo MCP server: domains added by the organization", _MCP, ignores_case=True
)
MCP_API_TOKENS = _made.choice(
    "ai.mcp.api_tokens", _ORG, "Rovo MCP server: tools may sign in with API tokens", _MCP, ("on", "off")
)
MCP_READ = _made.choice(
    "ai.mcp.read", _ORG, "Rovo MCP server: permission to read", _MCP_PERMISSIONS, ("allowed", "limited", "blocked")
)
MCP_WRITE = _made.choice(
    "ai.mcp.write", _ORG, "Rovo MCP server: permission to write", _MCP_PERMISSIONS, ("allowed", "limited", "blocked")
)
MCP_SEARCH = _made.choice(
    "ai.mcp.search", _ORG, "Rovo MCP server: permission to search", _MCP_PERMISSIONS, ("allowed", "limited", "blocked")
)

ALL: tuple[Setting, ...] = _made.all


_BLOCKLIST = _ADMIN + "manage-blocklist"
_DISCONNECT = _ADMIN + "disconnect-an-app-from-teamwork-graph/"
_PERMISSIONS = "https://developer.atlassian.com/platform/teamwork-graph/connector-requirements-and-best-practices/"
_LISTS = "https://support.atlassian.com/security-and-access-policies/docs/include-or-exclude-in-app-data/"

_connectors = FamilyCatalogue(Family.CONNECTORS)
_CONNECTOR = (Kind.CONNECTOR,)

CONNECTOR_STATE = _connectors.choice(
    names.CONNECTOR_STATE,
    _CONNECTOR,
    "Connector state (hidden from search is still connected)",
    _DISCONNECT,
    ("connected", "hidden", "disconnecting", "disconnected"),
)
CONNECTOR_TYPE = _connectors.choice(
    "connector.type",
    _CONNECTOR,
    "Connector type (stored and indexed, fetched live, or by link)",
    _ADMIN + "teamwork-graph-connector-types/",
    ("synced", "direct", "smart_link"),
)
CONNECTOR_PERMISSIONS = _connectors.choice(
    "connector.replicates_permissions",
    _CONNECTOR,
    "Copying of the source's permissions (omitted counts as false)",
    _PERMISSIONS,
    ("true", "false", "omitted"),
)
CONNECTOR_BLOCKLIST = _connectors.listed(
    "connector.blocklist", _CONNECTOR, "Blocklist: addresses that the connector leaves out", _BLOCKLIST
)
CONNECTOR_ALLOWLIST = _connectors.listed(
    "connector.allowlist", _CONNECTOR, "Allowlist: the only addresses that the connector takes in", _BLOCKLIST
)
CONNECTOR_OFFERED = _connectors.choice(
    names.CONTRIBUTION_OFFERED,
    _CONNECTOR,
    "Offered in the contribution lists (only then can the connector contribute)",
    _LISTS,
    ("yes", "no"),
)

CONNECTORS: tuple[Setting, ...] = _connectors.all
"""Settings of connectors, which bring third-party content into the Teamwork Graph. None has a known signal."""
