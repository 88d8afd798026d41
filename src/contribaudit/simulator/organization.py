"""The organization behind the simulated API, and the edits that make it drift.

Edits name an app by its ARI or by its short name, `acme/confluence`: the first label of the site's host, a slash and
the type key. Every edit raises `revision`, which shows that something has changed. An edit of something that does not
exist raises `KeyError`, so that a test cannot change nothing by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from contribaudit.simulator.spaces import Place, Spaces, place_of
from contribaudit.simulator.values import (
    App,
    Directory,
    Event,
    EventAction,
    Group,
    Key,
    Policy,
    Resource,
    SiteToken,
    Space,
    User,
)

Named = TypeVar("Named")
Entry: TypeAlias = App | Directory | EventAction | Group | Key | Policy | SiteToken | Space
_LISTS: dict[type, str] = {
    App: "apps",
    Directory: "directories",
    EventAction: "event_actions",
    Group: "groups",
    Key: "keys",
    Policy: "policies",
    SiteToken: "site_tokens",
}
"""The list that holds each kind of entry; spaces have lists of their own."""


@dataclass(slots=True)
class Organization:
    """The state of one organization. Keys open the admin API, site tokens the APIs of the sites."""

    id: str
    name: str
    keys: list[Key] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    directories: list[Directory] = field(default_factory=list)
    event_actions: list[EventAction] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    site_tokens: list[SiteToken] = field(default_factory=list)
    spaces: Spaces = field(default_factory=Spaces)
    revision: int = 0
    _hosts: dict[Place, str] = field(default_factory=dict, repr=False, compare=False)
    _hosts_revision: int = field(default=-1, repr=False, compare=False)

    # Look-ups

    def app(self, which: str) -> App:
        """The first entry of an app, by ARI or short name."""
        return _first("app", which, ((app, (app.id, short_name(app))) for app in self.apps))

    def policy(self, policy_id: str) -> Policy:
        """A policy by its ID."""
        return _first("policy", policy_id, ((policy, (policy.id,)) for policy in self.policies))

    def key(self, which: str) -> Key:
        """A key by its value or its ID."""
        return _first("key", which, ((key, (key.word, key.id)) for key in self.keys))

    def space(self, which: str) -> Space:
        """A space by its short name, `acme/HR`: the first label of its site's host, a slash and the space key."""
        return self.spaces.find(which, self.apps)

    def group(self, which: str) -> Group:
        """A group by its ID or its name."""
        return _first("group", which, ((group, (group.id, group.name)) for group in self.groups))

    def site_token(self, word: str) -> SiteToken:
        """A site token by its value."""
        return _first("site token", word, ((token, (token.word,)) for token in self.site_tokens))

    def host_of(self, place: Place) -> str | None:
        """The address of the Jira or Confluence site at a place, None when there is none."""
        if self._hosts_revision != self.revision:
            self._hosts = {place_of(app.id): app.host_url for app in self.apps if app.host_url is not None}
            self._hosts_revision = self.revision
        return self._hosts.get(place)

    # Edits of entries

    def add(self, entry: Entry) -> None:
        """Add an entry at the end of its list. Adding an app that already exists creates a repeated entry."""
        if isinstance(entry, Space):
            self.spaces.add(entry)
        else:
            self._listed(entry).append(entry)
        self.revision += 1

    def remove(self, entry: Entry) -> None:
        """Remove an entry, such as a space, a policy, or a key (401 from then on); for an app see `remove_app`."""
        self._put(entry, None)

    def change(self, entry: Entry, **values: Any) -> None:
        """Change any field of an entry, by the field names of its class."""
        self._put(entry, entry._replace(**values) if isinstance(entry, Space) else replace(entry, **values))

    def _put(self, old: Entry, new: Entry | None) -> None:
        if isinstance(old, Space):
            assert new is None or isinstance(new, Space)
            self.spaces.replace(old, new)
        else:
            listed = self._listed(old)
            place = listed.index(old)
            listed[place : place + 1] = [] if new is None else [new]
        self.revision += 1

    def _listed(self, entry: Entry) -> list[Any]:
        entries: list[Any] = getattr(self, _LISTS[type(entry)])
        return entries

    # Edits of apps change every entry of the app, including repeated ones.

    def set_realm(self, which: str, realm: str | None, regions: tuple[str, ...] | None = None) -> None:
        """Move an app's data. `realm` None is served as null; `regions` None keeps the regions."""
        self.set_app(which, realm=realm, **({} if regions is None else {"regions": regions}))

    def set_plan(self, which: str, plan: str | None, plan_key: str | None = None) -> None:
        """Change an app's plan; None removes its entitlement. The plan key defaults to the plan in lower case."""
        self.set_app(which, plan=plan, plan_key=plan_key if plan_key is not None or plan is None else plan.lower())

    def set_ai(self, which: str, enabled: bool | None, suspended: str = "") -> None:
        """Change the AI policy item of an app; None removes it."""
        self.set_app(which, ai_enabled=enabled, ai_suspended=suspended)

    def set_app(self, which: str, **values: Any) -> None:
        """Change any field of an app, by the field names of `values.App`."""
        ari = self.app(which).id
        self.apps = [replace(app, **values) if app.id == ari else app for app in self.apps]
        self.revision += 1

    def remove_app(self, which: str) -> None:
        """Remove every entry of an app. Policies keep naming it, as real ones may."""
        ari = self.app(which).id
        self.apps = [app for app in self.apps if app.id != ari]
        self.revision += 1

    # Edits of policies

    def set_rule(self, policy_id: str, rule: Any) -> None:
        """Replace a policy's rule with any shape, which is how an undocumented policy shows a changed setting."""
        self.change(self.policy(policy_id), rule=rule)

    def set_resource(self, policy_id: str, which: str, status: str, **values: Any) -> None:
        """Add an app to a policy, or replace the status of the policy for the app."""
        resource = Resource(id=self.app(which).id, status=status, **values)
        others = tuple(r for r in self.policy(policy_id).resources or () if r.id != resource.id)
        self.change(self.policy(policy_id), resources=(*others, resource))

    def remove_resource(self, policy_id: str, which: str) -> None:
        """Remove an app from a policy."""
        ari, old = self.app(which).id, self.policy(policy_id).resources or ()
        if all(resource.id != ari for resource in old):
            raise KeyError(f"the organization has no resource {which!r}")
        self.change(self.policy(policy_id), resources=tuple(r for r in old if r.id != ari))

    def rename(self, name: str) -> None:
        """Rename the organization."""
        self.name = name
        self.revision += 1

    def touch_key(self, key: Key, now: datetime) -> None:
        """Record when a key was last used. This is no edit; a key that was just edited or revoked is left alone."""
        for index, own in enumerate(self.keys):
            if own is key:
                self.keys[index] = replace(key, last_active_at=now)

    def write_event(self, event: Event) -> None:
        """Write an event to the audit log, and nothing else: the change that it reports is a separate edit."""
        self.events.append(event)


def short_name(app: App) -> str:
    """`acme/confluence` for an app on a site, `bitbucket/acme-code` (type key, name) for one without."""
    if app.host_url is None:
        return f"{app.type_key}/{app.name}"
    host = urlsplit(app.host_url).hostname or app.host_url
    return f"{host.split('.')[0]}/{app.type_key}"


def _first(kind: str, which: str, named: Iterable[tuple[Named, tuple[str, ...]]]) -> Named:
    """The first entry whose names include `which`; raises `KeyError` without one."""
    for entry, names in named:
        if which in names:
            return entry
    raise KeyError(f"the organization has no {kind} {which!r}")
