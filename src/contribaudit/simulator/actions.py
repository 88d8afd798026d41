"""The audit log's actions that an administrator causes here: names, and the words that the catalogue shows for them.

Every one is made up. Atlassian publishes no action for these deeds, so their IDs start with `sim_made_up_`, and their
display names only hold the words that somebody would search for: contribution, Rovo, intelligence, residency, plan,
trial, app, site, space, API key, AI. A client must find them in the catalogue and never by their ID. A scenario file
has them all with `admin_actions = true`.
"""

from __future__ import annotations

from contribaudit.simulator.values import EventAction

CONTRIBUTION_CHANGED = EventAction("sim_made_up_contribution_changed", "Changed data contribution", "Data contribution")
CONTRIBUTION_INCLUDED = EventAction(
    "sim_made_up_contribution_included", "Included an item in data contribution", "Data contribution"
)
CONTRIBUTION_EXCLUDED = EventAction(
    "sim_made_up_contribution_excluded", "Excluded an item from data contribution", "Data contribution"
)
ROVO_ALLOWED = EventAction("sim_made_up_rovo_allowed", "Allowed Rovo for an app", "AI settings")
ROVO_BLOCKED = EventAction("sim_made_up_rovo_blocked", "Blocked Rovo for an app", "AI settings")
AI_CHANGED = EventAction("sim_made_up_intelligence_changed", "Changed Atlassian Intelligence settings", "AI settings")
AI_ACCESS_CHANGED = EventAction(
    "sim_made_up_ai_access_changed", "Changed a group's access to AI features", "AI settings"
)
RESIDENCY_PINNED = EventAction("sim_made_up_residency_pinned", "Pinned an app for data residency", "Data residency")
RESIDENCY_UNPINNED = EventAction(
    "sim_made_up_residency_unpinned", "Unpinned an app from data residency", "Data residency"
)
RESIDENCY_SCHEDULED = EventAction(
    "sim_made_up_residency_scheduled", "Scheduled a data residency move", "Data residency"
)
RESIDENCY_MOVED = EventAction("sim_made_up_residency_moved", "Completed a data residency move", "Data residency")
PLAN_CHANGED = EventAction("sim_made_up_plan_changed", "Changed the plan of an app", "App actions")
TRIAL_STARTED = EventAction("sim_made_up_trial_started", "Started a trial of a plan", "App actions")
TRIAL_ENDED = EventAction("sim_made_up_trial_ended", "Ended the trial of a plan", "App actions")
APP_ADDED = EventAction("sim_made_up_app_added", "Added an app to a site", "App actions")
APP_REMOVED = EventAction("sim_made_up_app_removed", "Removed an app from a site", "App actions")
SANDBOX_CREATED = EventAction("sim_made_up_sandbox_created", "Created a sandbox", "App actions")
SITE_ADDED = EventAction("sim_made_up_site_added", "Created a site", "Site actions")
SITE_REMOVED = EventAction("sim_made_up_site_removed", "Deleted a site", "Site actions")
SPACE_ADDED = EventAction("sim_made_up_space_added", "Created a space", "Space actions")
SPACE_RENAMED = EventAction("sim_made_up_space_renamed", "Renamed a space", "Space actions")
SPACE_ARCHIVED = EventAction("sim_made_up_space_archived", "Archived a space", "Space actions")
SPACE_REMOVED = EventAction("sim_made_up_space_removed", "Deleted a space", "Space actions")
KEY_CREATED = EventAction("sim_made_up_api_key_created", "Created an admin API key", "Organization settings")
KEY_REVOKED = EventAction("sim_made_up_api_key_revoked", "Revoked an admin API key", "Organization settings")

ADMIN: tuple[EventAction, ...] = (
    CONTRIBUTION_CHANGED,
    CONTRIBUTION_INCLUDED,
    CONTRIBUTION_EXCLUDED,
    ROVO_ALLOWED,
    ROVO_BLOCKED,
    AI_CHANGED,
    AI_ACCESS_CHANGED,
    RESIDENCY_PINNED,
    RESIDENCY_UNPINNED,
    RESIDENCY_SCHEDULED,
    RESIDENCY_MOVED,
    PLAN_CHANGED,
    TRIAL_STARTED,
    TRIAL_ENDED,
    APP_ADDED,
    APP_REMOVED,
    SANDBOX_CREATED,
    SITE_ADDED,
    SITE_REMOVED,
    SPACE_ADDED,
    SPACE_RENAMED,
    SPACE_ARCHIVED,
    SPACE_REMOVED,
    KEY_CREATED,
    KEY_REVOKED,
)
"""In the order in which the catalogue lists them."""
