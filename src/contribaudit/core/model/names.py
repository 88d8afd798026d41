"""Names of the settings that `core` itself reads. The catalogue describes each of them."""

from __future__ import annotations

from contribaudit.core.model.observation import SettingId

ORGANIZATION_NAME = SettingId("organization.name")
HIGHEST_PLAN = SettingId("plan.highest")
APP_NAME = SettingId("app.name")
APP_ALIAS = SettingId("app.alias")
APP_TYPE_KEY = SettingId("app.type_key")
APP_HOST = SettingId("app.host")
APP_SITE = SettingId("app.site")
APP_STATUS = SettingId("app.status")
APP_SANDBOX = SettingId("app.sandbox")
APP_CREATED_AT = SettingId("app.created_at")
PLAN = SettingId("plan")
REALM = SettingId("residency.realm")
REGIONS = SettingId("residency.regions")
MOVE = SettingId("residency.move")
MOVE_DAYS = tuple(SettingId(f"residency.move_{day}") for day in ("scheduled_for", "starts_at", "ends_at"))
"""The days of an app's move: when it is scheduled, when it starts and when it ends."""
PINNED = SettingId("residency.pinned")
SHAPES_PREFIX = "shapes."
POLICY_SHAPES = SettingId(SHAPES_PREFIX + "policies")

METADATA = SettingId("contribution.metadata")
IN_APP = SettingId("contribution.in_app")
INCLUDED = SettingId("contribution.in_app.included")
EXCLUDED = SettingId("contribution.in_app.excluded")
EXEMPTION = SettingId("contribution.exemption")
CONTRIBUTION_OFFERED = SettingId("contribution.offered")
TRIAL = SettingId("trial")
TRIAL_ENDS = SettingId("trial.ends_on")
SPACE_COUNT = SettingId("spaces.count")
HIPAA_BAA = SettingId("hipaa.baa")
HIPAA_TAGGED = SettingId("hipaa.tagged")
BYOK = SettingId("byok")
AI_ACCESS = SettingId("ai.access")
AI_ACCESS_GROUPS = SettingId("ai.access.groups")
AI_ROLE_GROUPS = SettingId("ai.access.role_groups")
GROUP_NAME = SettingId("group.name")
AI_OWN_SETTING = SettingId("ai.own_setting")
AI_POLICY_ITEM = SettingId("ai.policy_item")
AI_POLICY_ITEM_COUNTS = SettingId("ai.policy_item.counts")
AI_POLICY_ITEM_SHAPE = SettingId("ai.policy_item.shape")
CONNECTOR_STATE = SettingId("connector.state")
GATEWAY_ROVO = SettingId("gateway.rovo")
GATEWAY_ROVO_LLM = SettingId("gateway.rovo_llm")
GATEWAY_AI = SettingId("gateway.ai")
GATEWAY_EDITION = SettingId("gateway.edition")
GATEWAY_TRIAL = SettingId("gateway.trial")
GATEWAY_TRIAL_ENDS_ON = SettingId("gateway.trial_ends_on")
GATEWAY_REGIONS = SettingId("gateway.regions")
GATEWAY_ORGANIZATION = SettingId("gateway.organization")
EFFECTIVE_METADATA = SettingId("effective.metadata")
EFFECTIVE_IN_APP = SettingId("effective.in_app")
EFFECTIVE_AI = SettingId("effective.ai")
EFFECTIVE_AI_PROCESSING = SettingId("effective.ai_processing")

OTHER_ORGANIZATION = "other_organization"
"""Code of a value that is not taken from an app's entry because the entry names another organization as owner."""
OPTIONAL_COLLECTORS = frozenset(("administrators", "ai_roles", "events", "site_ai"))
"""Sources that not every plan or key can read. What rests on them says so; a run without them is still complete."""
WORKSPACES, POLICIES = "workspaces", "policies"
"""Collectors that list an organization's apps and its policies."""
POLICY_DIGEST = SettingId("policy.sha256")
RULEBOOK_DIGEST = SettingId("rulebook.sha256")
TOOL_VERSION = SettingId("tool.version")
SPACE_KEY = SettingId("space.key")
EVENT_ACTIONS = SettingId("organization.event_actions")
