"""What AI may do beside: apps' own switches, web search, agents, outside tools. No signal of any was ever seen."""

from __future__ import annotations

from contribaudit.catalogue.kinds import choice_setting, list_setting
from contribaudit.core.model import names
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.setting import Family, Setting
from contribaudit.core.model.subject import Kind

_ADMIN = "https://support.atlassian.com/organization-administration/docs/"
_SECURITY = "https://support.atlassian.com/security-and-access-policies/docs/"
_ACCESS = _ADMIN + "manage-rovo-access/"
_AGENTS = "https://support.atlassian.com/rovo/docs/rovo-agent-permissions-and-governance"
_MCP = _SECURITY + "control-atlassian-rovo-mcp-server-settings"
_MCP_PERMISSIONS = _SECURITY + "Configure-Atlassian-Rovo-MCP-server-permission/"

_F = Family.AI_TOOLS
_ORG = (Kind.ORGANIZATION,)
_APP = (Kind.APP,)

OWN_SETTING = choice_setting(
    _F, names.AI_OWN_SETTING, _APP, "AI switch in the app's own administration", _ACCESS, ("on", "limited", "off")
)
PORTAL_CUSTOMERS = choice_setting(
    _F, SettingId("ai.portal_customers"), _APP, "AI for customers in the help portal", _ACCESS, ("on", "off")
)

WEB_SEARCH = choice_setting(
    _F,
    SettingId("ai.web_search"),
    _ORG,
    "Web search option of Rovo",
    _ADMIN + "manage-a-web-search-option-for-rovo/",
    ("on", "off"),
)
BETA_FEATURES = choice_setting(
    _F, SettingId("ai.beta_features"), _ORG, "Beta AI features", "", ("on", "off", "no_switch")
)
AGENT_CREATORS = choice_setting(
    _F, SettingId("ai.agents.creators"), _ORG, "Who may create agents", _AGENTS, ("everyone", "groups", "admins")
)
AGENT_CREATOR_GROUPS = list_setting(
    _F, SettingId("ai.agents.creators.groups"), _ORG, "Groups that may create agents", _AGENTS, ignores_case=True
)
AGENT_DEFAULT_ACCESS = list_setting(
    _F,
    SettingId("ai.agents.default_access"),
    _ORG,
    "Apps and groups to which every future agent gets access",
    _ADMIN + "manage-default-access-for-future-agents/",
    ignores_case=True,
)

MCP_SUPPORTED_DOMAINS = choice_setting(
    _F,
    SettingId("ai.mcp.supported_domains"),
    _ORG,
    "Rovo MCP server: domains that Atlassian supports, all together",
    _MCP,
    ("allowed", "blocked"),
)
MCP_DOMAINS = list_setting(
    _F, SettingId("ai.mcp.domains"), _ORG, "Rovo MCP server: domains added by the organization", _MCP, ignores_case=True
)
MCP_API_TOKENS = choice_setting(
    _F, SettingId("ai.mcp.api_tokens"), _ORG, "Rovo MCP server: tools may sign in with API tokens", _MCP, ("on", "off")
)
MCP_READ = choice_setting(
    _F,
    SettingId("ai.mcp.read"),
    _ORG,
    "Rovo MCP server: permission to read",
    _MCP_PERMISSIONS,
    ("allowed", "limited", "blocked"),
)
MCP_WRITE = choice_setting(
    _F,
    SettingId("ai.mcp.write"),
    _ORG,
    "Rovo MCP server: permission to write",
    _MCP_PERMISSIONS,
    ("allowed", "limited", "blocked"),
)
MCP_SEARCH = choice_setting(
    _F,
    SettingId("ai.mcp.search"),
    _ORG,
    "Rovo MCP server: permission to search",
    _MCP_PERMISSIONS,
    ("allowed", "limited", "blocked"),
)

ALL: tuple[Setting, ...] = (
    OWN_SETTING,
    PORTAL_CUSTOMERS,
    WEB_SEARCH,
    BETA_FEATURES,
    AGENT_CREATORS,
    AGENT_CREATOR_GROUPS,
    AGENT_DEFAULT_ACCESS,
    MCP_SUPPORTED_DOMAINS,
    MCP_DOMAINS,
    MCP_API_TOKENS,
    MCP_READ,
    MCP_WRITE,
    MCP_SEARCH,
)
