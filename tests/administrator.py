"""An administrator who does all that a test wants to be seen; the simulator's own does what the demonstration needs.

The rule of a contribution policy is made up: `off` lists what is off ("in-app", "metadata") and the excluded items,
`in` the included ones.
"""

from __future__ import annotations

from datetime import timedelta

from contribaudit.simulator import admin
from contribaudit.simulator.admin import (
    ACTIONS,
    AI_TYPE,
    CONTRIBUTION_TYPE,
    app_item,
    item,
    listed,
    policy_item,
    product_of,
    site_item,
)
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.values import Actor, App, Event, EventAction, Key, Policy, Space

AI_ROLE = "atlassian/ai-access"
RESIDENCY_TYPE = "data-residency"


def set_ai_role(organization: Organization, group: str, app: str, given: bool) -> None:
    """Give a group the AI role for an app, or take it away, without an event."""
    ari, roles = organization.app(app).id, dict(organization.group(group).roles)
    kept = tuple(known for known in roles.pop(ari, ()) if known != AI_ROLE) + ((AI_ROLE,) if given else ())
    organization.change(organization.group(group), roles=roles | ({ari: kept} if kept else {}))


class AdminConsole(admin.AdminConsole):
    """Edits as one person makes them. Every method returns the event; `silently()` gives a console that writes none."""

    def silently(self) -> AdminConsole:
        """The same console without a log: its methods return the event that nobody will read."""
        return AdminConsole(self.organization, self._clock, actor=self._actor, location=self._location, writes=False)

    def by(self, actor: Actor) -> AdminConsole:
        """The same console in somebody else's hands."""
        return AdminConsole(self.organization, self._clock, actor=actor, location=self._location, writes=self._writes)

    # Data contribution

    def include(self, what: str) -> Event:
        """Let the data of an app, a space or a connector be contributed. `what` is a short name or any other ID."""
        return self._list_item(what, ACTIONS["contribution_included"], "Included", {"in": True, "off": False})

    def exclude(self, what: str) -> Event:
        """Keep the data of an app, a space or a connector out of contribution."""
        return self._list_item(what, ACTIONS["contribution_excluded"], "Excluded", {"in": False, "off": True})

    def _list_item(self, what: str, action: EventAction, word: str, lists: dict[str, bool]) -> Event:
        policy = self._policy(CONTRIBUTION_TYPE, {"scopeType": "organization", "off": []})
        app = self.organization.app(what) if "/" in what and not what.startswith("ari:") else None
        one, rule = (what if app is None else app.id), policy.rule
        for name, there in lists.items():
            rule = listed(rule, name, one, there=there)
        self.organization.set_rule(policy.id, rule)
        named = item(one, "items") if app is None else app_item(app)
        return self.note(action, f"{word} {what} in data contribution", context=[named, policy_item(policy)])

    # Rovo and AI

    def set_intelligence(self, *, on: bool) -> Event:
        """Turn Atlassian Intelligence on or off for the organization."""
        policy = self._policy(AI_TYPE, {"in": []})
        self.organization.change(self.organization.policy(policy.id), status="enabled" if on else "disabled")
        text = f"Turned Atlassian Intelligence {'on' if on else 'off'}"
        return self.note(ACTIONS["intelligence_changed"], text, context=[policy_item(policy)])

    # Data residency

    def pin(self, which: str, realm: str) -> Event:
        """Pin an app to the realm of a residency policy, and to no other. Made if no policy has the realm."""
        self._unpin(which)
        policy = self._residency(realm)
        self.organization.set_resource(policy.id, which, "applied")
        return self._about_app(
            ACTIONS["residency_pinned"], f"Pinned {which} to {realm}", self.organization.app(which), policy
        )

    def unpin(self, which: str) -> Event:
        """Take an app out of every residency policy."""
        self._unpin(which)
        return self._about_app(ACTIONS["residency_unpinned"], f"Unpinned {which}", self.organization.app(which))

    def schedule_move(self, which: str, realm: str, *, days: int = 10) -> Event:
        """Plan an app's move to a realm, in so many days, for six hours."""
        start, policy = self._clock() + timedelta(days=days), self._residency(realm)
        end = start + timedelta(hours=6)
        self.organization.set_resource(
            policy.id, which, "scheduled", scheduled=start, window_start=start, window_end=end
        )
        text = f"Scheduled the move of {which} to {realm}"
        return self._about_app(ACTIONS["residency_scheduled"], text, self.organization.app(which), policy)

    # Plans, apps, sites

    def change_plan(self, which: str, plan: str) -> Event:
        """Move an app to another plan, for good."""
        return self._plan(which, plan, ACTIONS["plan_changed"], f"Changed the plan of {which} to {plan}")

    def remove_app(self, which: str) -> Event:
        """Remove an app from its site."""
        app = self.organization.app(which)
        self.organization.remove_app(which)
        return self._about_app(ACTIONS["app_removed"], f"Removed {app.type} from {app.name}", app)

    def add_site(self, *apps: App) -> Event:
        """Create a site with its apps; a sandbox when they say that they are in one."""
        for app in apps:
            self.organization.add(app)
        first = apps[0]
        action = ACTIONS["sandbox_created"] if first.sandbox == "CHILD" else ACTIONS["site_added"]
        return self.note(action, f"Created {first.host_url}", context=[site_item(first)])

    def remove_site(self, name: str) -> Event:
        """Delete a site and every app of it; `name` is the first label of its host, `acme`."""
        gone = [app for app in self.organization.apps if app.host_url and app.name == name]
        if not gone:
            raise KeyError(f"the organization has no site {name!r}")
        for ari in {app.id for app in gone}:
            self.organization.remove_app(ari)
        return self.note(ACTIONS["site_removed"], f"Deleted {gone[0].host_url}", context=[site_item(gone[0])])

    # Spaces, groups and keys

    def add_space(self, space: Space) -> Event:
        """Create a space."""
        self.organization.add(space)
        return self._about_space(ACTIONS["space_added"], f"Created the space {space.name}", space)

    def rename_space(self, which: str, name: str) -> Event:
        """Rename a space; `which` is `acme/HR`."""
        self.organization.change(self.organization.space(which), name=name)
        return self._about_space(ACTIONS["space_renamed"], f"Renamed {which} to {name}", self.organization.space(which))

    def archive_space(self, which: str) -> Event:
        """Archive a space."""
        self.organization.change(self.organization.space(which), status="archived")
        return self._about_space(ACTIONS["space_archived"], f"Archived {which}", self.organization.space(which))

    def remove_space(self, which: str) -> Event:
        """Delete a space."""
        space = self.organization.space(which)
        self.organization.remove(self.organization.space(which))
        return self._about_space(ACTIONS["space_removed"], f"Deleted {which}", space)

    def set_ai_access(self, group: str, which: str, given: bool) -> Event:
        """Give a group the AI role for an app, or take it away."""
        set_ai_role(self.organization, group, which, given)
        found, word = self.organization.group(group), "Gave" if given else "Took"
        text = f"{word} {found.name} {'access' if given else 'away access'} to AI in {which}"
        named = [item(found.id, "groups", name=found.name), app_item(self.organization.app(which))]
        return self.note(ACTIONS["ai_access_changed"], text, context=named)

    def create_key(self, key: Key) -> Event:
        """Create an admin API key."""
        self.organization.add(key)
        return self.note(
            ACTIONS["api_key_created"], f"Created the API key {key.label}", context=[item(key.id, "apiKeys")]
        )

    def revoke_key(self, which: str) -> Event:
        """Revoke an admin API key."""
        key = self.organization.key(which)
        self.organization.remove(self.organization.key(which))
        return self.note(
            ACTIONS["api_key_revoked"], f"Revoked the API key {key.label}", context=[item(key.id, "apiKeys")]
        )

    # What they share

    def _about_space(self, action: EventAction, message: str, space: Space) -> Event:
        app = self.organization.app(space.app)
        named = item(space.id, "spaces", key=space.key, name=space.name)
        return self.note(
            action, message, context=[named, app_item(app)], container=[site_item(app)], product=product_of(app)
        )

    def _residency(self, realm: str) -> Policy:
        for policy in self.organization.policies:
            if policy.type == RESIDENCY_TYPE and realm in policy.rule["in"]:
                return policy
        made = Policy(f"policy-residency-{realm.lower()}", RESIDENCY_TYPE, realm, rule={"in": [realm]})
        self.organization.add(made)
        return made

    def _unpin(self, which: str) -> None:
        ari = self.organization.app(which).id
        for policy in list(self.organization.policies):
            if policy.type == RESIDENCY_TYPE and any(resource.id == ari for resource in policy.resources or ()):
                self.organization.remove_resource(policy.id, which)
