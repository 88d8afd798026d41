"""An administrator at work: edits of the organization, each with the audit event that it leaves.

    console = AdminConsole(app.state.organization, clock)
    event = console.move("acme/confluence", "US")     # edits the app and writes an event

The rule of a contribution policy is made up: `off` lists what is off ("in-app", "metadata") and the excluded items,
`in` the included ones.

Events can be read at `GET /admin/v1/orgs/{orgId}/events-stream` and `/events` as soon as they are processed
(`Options.log_delay_seconds`). Apps are named as in `organization.py`, `acme/confluence`. An edit of something that does
not exist raises `KeyError` and writes nothing.

The actions are made up, too. Atlassian publishes none for these edits, so their IDs start with `sim_made_up_`, and
their display names contain only words that somebody would search for: contribution, Rovo, intelligence, residency,
plan, trial, app, site, space, API key, AI. A client must find them in the catalogue and never by their ID. A scenario
file includes them all with `admin_actions = true`.

The entries of an event's `context` and `container` have the API's shape.

    {id, type, attributes, links?}

The types `sites` (with siteName, siteHostName) and `users` have been seen in public samples; every other type is made
up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from contribaudit.simulator.organization import Organization
from contribaudit.simulator.values import Actor, App, Event, EventAction, Json, Policy

_MADE_UP = {
    "Data contribution": {
        "contribution_changed": "Changed data contribution",
        "contribution_included": "Included an item in data contribution",
        "contribution_excluded": "Excluded an item from data contribution",
    },
    "AI settings": {
        "rovo_allowed": "Allowed Rovo for an app",
        "rovo_blocked": "Blocked Rovo for an app",
        "intelligence_changed": "Changed Atlassian Intelligence settings",
        "ai_access_changed": "Changed a group's access to AI features",
    },
    "Data residency": {
        "residency_pinned": "Pinned an app for data residency",
        "residency_unpinned": "Unpinned an app from data residency",
        "residency_scheduled": "Scheduled a data residency move",
        "residency_moved": "Completed a data residency move",
    },
    "App actions": {
        "plan_changed": "Changed the plan of an app",
        "trial_started": "Started a trial of a plan",
        "trial_ended": "Ended the trial of a plan",
        "app_added": "Added an app to a site",
        "app_removed": "Removed an app from a site",
        "sandbox_created": "Created a sandbox",
    },
    "Site actions": {
        "site_added": "Created a site",
        "site_removed": "Deleted a site",
    },
    "Space actions": {
        "space_added": "Created a space",
        "space_renamed": "Renamed a space",
        "space_archived": "Archived a space",
        "space_removed": "Deleted a space",
    },
    "Organization settings": {
        "api_key_created": "Created an admin API key",
        "api_key_revoked": "Revoked an admin API key",
    },
}
"""Titles of the administrator's actions by ID suffix, in the order and groups of the catalogue."""
ACTIONS = {
    word: EventAction(f"sim_made_up_{word}", title, group)
    for group, deeds in _MADE_UP.items()
    for word, title in deeds.items()
}
ADMIN_ACTIONS = tuple(ACTIONS.values())

TRIAL_DAYS = 30

FRANKFURT: Json = {"ip": "192.0.2.10", "city": "Frankfurt", "regionName": "Hesse", "countryName": "Germany"}


def event_id(organization: Organization) -> str:
    """The ID of the next event. Events are never removed, so their count gives a new ID that sorts after all others."""
    return f"e0000000-0000-4000-8000-{len(organization.events) + 1:012}"


def item(identifier: str, kind: str, **attributes: Any) -> Json:
    """An entry of an event's `context` or `container`."""
    return {"id": identifier, "type": kind, "attributes": attributes}


def app_item(app: App) -> Json:
    """The entry for an app, identified by its ARI."""
    return item(app.id, "products", name=app.type, typeKey=app.type_key)


def policy_item(policy: Policy) -> Json:
    """The entry for a policy, identified by its ID."""
    return item(policy.id, "policies", policyType=policy.type, name=policy.name or "")


def site_item(app: App) -> Json:
    """The entry for an app's site, identified by cloud ID; an app without a site stands in for one."""
    shown = item(app.id.rsplit("/", 1)[-1], "sites", siteName=app.name, siteHostName=app.host_url or "")
    return shown | {"links": {"alt": app.host_url or ""}}


def org_item(organization: Organization) -> Json:
    """The entry for the organization, used when an action concerns no single site."""
    return item(organization.id, "orgs", name=organization.name)


def product_of(app: App) -> str | None:
    """The app's word in the log's `product` filter, None when the filter has none."""
    family = app.type_key.partition("-")[0]
    return family if family in ("bitbucket", "confluence", "jira", "loom") else None


Switch: TypeAlias = Literal["in-app", "metadata"]
CONTRIBUTION_TYPE = "ugc-data-use-preferences"
AI_TYPE = "generative-ai"
ADMIN = Actor("557058:0000", "A. Admin", "admin@acme.example")


def utc_now() -> datetime:
    """The current time, aware UTC."""
    return datetime.now(UTC)


class AdminConsole:
    """Edits as one person makes them. Every method returns the event, and logs it when the console `writes`.

    `clock` gives the time of an action, `actor` the person, `location` the place (in the API's shape).
    """

    def __init__(
        self,
        organization: Organization,
        clock: Callable[[], datetime] = utc_now,
        *,
        actor: Actor = ADMIN,
        location: Json | None = FRANKFURT,
        writes: bool = True,
    ) -> None:
        self.organization = organization
        self._clock = clock
        self._actor = actor
        self._location = location
        self._writes = writes

    def note(
        self,
        action: EventAction | str,
        message: str,
        *,
        context: Iterable[Json] = (),
        container: Iterable[Json] = (),
        product: str | None = None,
        at: datetime | None = None,
        processed_at: datetime | None = None,
    ) -> Event:
        """Write an event with any action; every other method ends here. `at` None means now."""
        event = Event(
            event_id(self.organization),
            action if isinstance(action, str) else action.id,
            at or self._clock(),
            self._actor,
            tuple(context),
            tuple(container) or (org_item(self.organization),),
            message,
            self._location,
            processed_at,
            product,
        )
        if self._writes:
            self.organization.write_event(event)
        return event

    def set_contribution(self, switch: Switch, *, on: bool) -> Event:
        """Turn metadata or in-app contribution on or off for the organization, adding the policy if there is none."""
        policy = self._policy(CONTRIBUTION_TYPE, {"scopeType": "organization", "off": []})
        self.organization.set_rule(policy.id, listed(policy.rule, "off", switch, there=not on))
        word = "on" if on else "off"
        return self.note(
            ACTIONS["contribution_changed"], f"Turned {switch} data contribution {word}", context=[policy_item(policy)]
        )

    def set_rovo(self, which: str, allowed: bool) -> Event:
        """Allow or block Rovo for an app: its own policy item and the organization's AI policy both change."""
        app, policy = self.organization.app(which), self._policy(AI_TYPE, {"in": []})
        self.organization.set_ai(which, allowed)
        if app.rovo is not None:
            self.organization.set_app(which, rovo=allowed)
        if allowed:
            self.organization.set_resource(policy.id, which, "enabled")
        elif any(resource.id == app.id for resource in policy.resources or ()):
            self.organization.remove_resource(policy.id, which)
        action, word = (ACTIONS["rovo_allowed"], "Allowed") if allowed else (ACTIONS["rovo_blocked"], "Blocked")
        return self._about_app(action, f"{word} Rovo for {which}", app)

    def start_trial(self, which: str, plan: str) -> Event:
        """Put an app on trial of a higher plan, which the API shows like any other plan."""
        before = self.organization.app(which)
        self.organization.set_app(
            which,
            trial=plan,
            trial_ends_at=self._clock() + timedelta(days=TRIAL_DAYS),
            plan_after_trial=before.plan_after_trial or before.plan,
        )
        return self._plan(which, plan, ACTIONS["trial_started"], f"Started a trial of {plan} for {which}")

    def end_trial(self, which: str, plan: str) -> Event:
        """End a trial; `plan` is the plan that the app returns to."""
        self.organization.set_app(which, trial=None, trial_ends_at=None, plan_after_trial=None)
        return self._plan(which, plan, ACTIONS["trial_ended"], f"Ended the trial for {which}, back to {plan}")

    def move(self, which: str, realm: str, regions: tuple[str, ...] = ()) -> Event:
        """Finish an app's move to a realm."""
        self.organization.set_realm(which, realm, regions)
        text = f"Moved {which} to {realm}"
        return self._about_app(ACTIONS["residency_moved"], text, self.organization.app(which))

    def add_app(self, app: App) -> Event:
        """Add an app to a site."""
        self.organization.add(app)
        return self._about_app(ACTIONS["app_added"], f"Added {app.type} to {app.name}", app)

    def _about_app(self, action: EventAction, message: str, app: App, policy: Policy | None = None) -> Event:
        context = [app_item(app)] if policy is None else [app_item(app), policy_item(policy)]
        container = [site_item(app)] if app.host_url else []
        return self.note(action, message, context=context, container=container, product=product_of(app))

    def _plan(self, which: str, plan: str, action: EventAction, message: str) -> Event:
        self.organization.set_plan(which, plan)
        return self._about_app(action, message, self.organization.app(which))

    def _policy(self, kind: str, rule: Json) -> Policy:
        matching = next((policy for policy in self.organization.policies if policy.type == kind), None)
        if matching is None:
            matching = Policy(f"policy-{kind}", kind, rule=rule)
            self.organization.add(matching)
        return matching


def listed(rule: Json, name: str, word: str, *, there: bool) -> Json:
    """The rule with a word added to one of its lists, or removed from it."""
    others = [entry for entry in rule.get(name, []) if entry != word]
    return rule | {name: [*others, word] if there else others}
