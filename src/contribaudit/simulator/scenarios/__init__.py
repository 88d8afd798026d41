"""Ready-made organizations, one TOML file each, and how such a file is read; `names()` lists them.

A file has `description`, `[organization]`, and lists of `[[key]]`, `[[site]]` with `[[site.app]]` and `space`,
`[[site_token]]`, `[[group]]`, `[[workspace]]` (an app without a site), `[[repeat]]` (an app again), `[[policy]]` with
`[[policy.resource]]`, `[[directory]]`, `[[event_action]]` and `[[event]]`; `admin_actions = true` adds every action
of an administrator to the catalogue; `[options]` sets what the API leaves open, `[generate]` asks for a large
organization. TOML has no null: an attribute listed in `nulls` is served as null, one in `absent` not at all. An unknown
key is an error.

Dates are relative to now: "in 9 days", "30 days ago", "in 10 days at 22:00".

Spaces, site tokens and groups:

    [[site]]
    space = [{ app = "confluence", key = "HR", name = "People", type = "global" }]
    [[site_token]]
    word = "demo-site-token"
    email = "demo@acme.example"          # left out for a service account
    scopes = "audit"                     # what an audit needs, or a list, or "none" for a token without scopes
    [[group]]
    id = "g1"
    name = "confluence-users"
    directory = "a0000000-0000-4000-8000-000000000001"
    role = [{ app = "acme/confluence", roles = ["atlassian/user"] }]

A space of a site gets its ID by its place in the list, the status of a live one, 300 days of age and the administrator
as its owner, where the file says nothing else.

The audit log's first entries:

    [[event]]
    action = "user_login"
    at = "3 days ago at 08:55"
    actor = { id = "557058:0001", name = "B. Builder" }     # left out: the administrator
    app = "acme/confluence"                                 # what it was done to, and where
    policy = "acme-residency-eu"                            # what else
    message = "Logged in"

`context` and `container` take entries in the API's shape instead, `location` as well.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources

from contribaudit.simulator.admin import (
    ADMIN,
    ADMIN_ACTIONS,
    FRANKFURT,
    app_item,
    event_id,
    org_item,
    policy_item,
    product_of,
    site_item,
)
from contribaudit.simulator.options import Options
from contribaudit.simulator.organization import Organization
from contribaudit.simulator.spaces import spread
from contribaudit.simulator.values import (
    READ_SCOPES,
    SITE_SCOPES,
    Actor,
    App,
    Directory,
    Event,
    EventAction,
    Group,
    Json,
    Key,
    Policy,
    Resource,
    SiteToken,
    Space,
    User,
)

_PATTERN = re.compile(r"(?:in (?P<ahead>\d+) days?|(?P<behind>\d+) days? ago)(?: at (?P<clock>\d\d:\d\d))?")


def when(text: str, now: datetime) -> datetime:
    """The aware UTC moment, in whole seconds. Without a clock time it has the time of day of `now`.

    Raises `ValueError` for anything else.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is not a date; write "in 9 days", "30 days ago" or "in 10 days at 22:00"')
    days = int(match["ahead"]) if match["ahead"] else -int(match["behind"])
    moment = now.astimezone(UTC).replace(microsecond=0) + timedelta(days=days)
    if match["clock"]:
        moment = datetime.combine(moment.date(), time.fromisoformat(match["clock"]), UTC)
    return moment


_FIRST_IDS = {"jira": 10_000, "confluence": 65_536}


def _add_spaces(organization: Organization, sites: Iterable[Json], now: datetime) -> None:
    """Add the spaces of every site, in the order of the file."""
    for site in sites:
        seen: Counter[str] = Counter()
        for entry in site.get("space", []):
            fields, app = dict(entry), organization.app(f"{site['host'].split('.')[0]}/{entry['app']}")
            family = "confluence" if app.type_key == "confluence" else "jira"
            defaults: Json = {
                "id": str(_FIRST_IDS[family] + seen[family]),
                "status": "current" if family == "confluence" else "live",
                "private": False,
                "owner": ADMIN.id,
            }
            seen[family] += 1
            made = {"app": app.id, "created_at": when(fields.pop("created_at", "300 days ago"), now)}
            organization.spaces.add(Space(**defaults | fields | made))


def _site_token(entry: Json) -> SiteToken:
    """A token of a person or service account, from its entry."""
    scopes = entry.pop("scopes")
    if scopes == "audit":
        scopes = SITE_SCOPES
    sites = frozenset(entry.pop("sites")) if "sites" in entry else None
    fields: Json = {"email": None} | entry
    return SiteToken(scopes=None if scopes == "none" else frozenset(scopes), sites=sites, **fields)


def _group(entry: Json, organization: Organization) -> Group:
    """A group with its roles."""
    roles = {organization.app(role["app"]).id: tuple(role["roles"]) for role in entry.pop("role", [])}
    return Group(roles=roles, **entry)


def _add_events(organization: Organization, entries: Iterable[Json], now: datetime) -> None:
    """Write the entries to the audit log, oldest first."""
    for entry in sorted(entries, key=lambda one: when(one["at"], now)):
        organization.write_event(_event(dict(entry), organization, now))


def _event(entry: Json, organization: Organization, now: datetime) -> Event:
    context, container = list(entry.pop("context", [])), list(entry.pop("container", []))
    app = organization.app(entry.pop("app")) if "app" in entry else None
    if app is not None:
        context.append(app_item(app))
        container.append(site_item(app))
    if "policy" in entry:
        context.append(policy_item(organization.policy(entry.pop("policy"))))
    return Event(
        id=event_id(organization),
        action=entry.pop("action"),
        time=when(entry.pop("at"), now),
        actor=Actor(**entry.pop("actor")) if "actor" in entry else ADMIN,
        context=tuple(context),
        container=tuple(container) or (org_item(organization),),
        location=entry.pop("location", FRANKFURT),
        product=None if app is None else product_of(app),
        **entry,
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named organization with its options: `make_app(scenario.organization, options=scenario.options)` serves it."""

    name: str
    description: str
    organization: Organization
    options: Options


def names() -> tuple[str, ...]:
    """Names of all scenarios, in alphabetical order."""
    files = resources.files("contribaudit.simulator.scenarios").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_scenario(
    name: str,
    *,
    now: datetime | None = None,
    apps: int | None = None,
    spaces: int | None = None,
    sites: int | None = None,
) -> Scenario:
    """Load a scenario. Each call gives a new organization, so that edits are not shared.

    Dates count from `now` (default: the current time). `apps` or `sites`, and `spaces`, set the size of a generated
    organization. Raises `ValueError` for a size of any other scenario, for apps and sites together, for an unknown
    name, and for a file with mistakes.
    """
    if name not in names():
        raise ValueError(f"there is no scenario {name!r}; known: {', '.join(names())}")
    sizes = {"apps": apps, "spaces": spaces, "sites": sites}
    return read_scenario(name, json.loads(_as_json(name)), now=now or datetime.now(UTC), sizes=sizes)


@cache
def _as_json(name: str) -> str:
    """The scenario file as JSON, parsed from TOML once per process, because JSON is read many times faster."""
    text = resources.files("contribaudit.simulator.scenarios").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return json.dumps(tomllib.loads(text))


def read_scenario(name: str, data: Json, *, now: datetime, sizes: Mapping[str, int | None] | None = None) -> Scenario:
    """A scenario from parsed TOML, as in `load_scenario`. Empties `data`, so that leftover keys are noticed."""
    given_sizes = {what: size for what, size in (sizes or {}).items() if size is not None}
    head = data.pop("organization")
    organization = Organization(head["id"], head["name"])
    organization.keys = [_key(entry, organization.id, now) for entry in data.pop("key", [])]
    organization.directories = [Directory(**entry) for entry in data.pop("directory", [])]
    organization.event_actions = [EventAction(**entry) for entry in data.pop("event_action", [])]
    organization.event_actions += ADMIN_ACTIONS if data.pop("admin_actions", False) else ()
    organization.site_tokens = [_site_token(entry) for entry in data.pop("site_token", [])]
    sites = data.pop("site", [])
    organization.apps = [*_apps(sites, now), *(_app(entry, now) for entry in data.pop("workspace", []))]
    _add_spaces(organization, sites, now)
    organization.users = [_user(entry) for entry in data.pop("user", [])]
    organization.groups = [_group(entry, organization) for entry in data.pop("group", [])]
    for entry in data.pop("repeat", []):
        organization.apps.append(replace(organization.app(entry.pop("app")), **entry))
    organization.policies = [_policy(entry, organization, now) for entry in data.pop("policy", [])]
    _add_events(organization, data.pop("event", []), now)
    mix = data.pop("generate", None)
    if mix is not None:
        if {"apps", "sites"} <= given_sizes.keys():
            raise ValueError("a generated organization takes a number of apps or of sites, not both")
        _fill(organization, Mix(**mix | given_sizes), now)
    elif given_sizes:
        raise ValueError(
            f"the scenario {name!r} has a fixed size; only generated ones take a number of apps, sites or spaces"
        )
    scenario = Scenario(name, data.pop("description"), organization, Options(**data.pop("options", {})))
    if data:
        raise ValueError(f"the scenario {name!r} has a key that means nothing: {', '.join(data)}")
    return scenario


def _key(entry: Json, organization_id: str, now: datetime) -> Key:
    # scopes: a list, or "none" for a key without scopes, or "audit" for the six that an audit needs and the keys' own
    scopes = entry.pop("scopes")
    if scopes == "audit":
        scopes = [*READ_SCOPES, "read:keys:admin"]
    fields: Json = {"organization": organization_id} | entry | _moments(entry, ("created_at", "expires_at"), now)
    return Key(scopes=None if scopes == "none" else frozenset(scopes), **fields)


def _user(entry: Json) -> User:
    return User(roles=tuple(entry.pop("roles", ())), **entry)


def _moments(entry: Json, names: tuple[str, ...], now: datetime) -> Json:
    return {name: when(entry[name], now) for name in names if name in entry}


def _apps(sites: list[Json], now: datetime) -> Iterator[App]:
    for site in sites:
        host, cloud_id = site["host"], site["cloud_id"]
        common = {"name": host.split(".")[0], "host_url": f"https://{host}"}
        for entry in site["app"]:
            ari = f"ari:cloud:{entry.pop('owner', entry['type_key'])}::site/{cloud_id}"
            yield _app({"id": ari} | common | {"sandbox": site.get("sandbox", "NONE")} | entry, now)


def _app(entry: Json, now: datetime) -> App:
    nulls = dict.fromkeys(entry.pop("nulls", []))
    entry |= _moments(entry, ("created_at", "trial_ends_at"), now)
    for name in ("regions", "status_details"):
        entry[name] = tuple(entry.get(name, ()))
    if "plan" in entry:
        entry.setdefault("plan_key", entry["plan"].lower())
    return App(**entry | nulls | {"absent": frozenset(entry.get("absent", ()))})


def _policy(entry: Json, organization: Organization, now: datetime) -> Policy:
    listed = [_resource(resource, organization, now) for resource in entry.pop("resource", [])]
    return Policy(resources=tuple(listed) or None, **entry)


def _resource(entry: Json, organization: Organization, now: datetime) -> Resource:
    fields = entry | _moments(entry, ("scheduled", "window_start", "window_end"), now)
    return Resource(id=organization.app(fields.pop("app")).id, **fields)


# The large organization has as many apps as requested. Nothing is random: app number N is the same in every run and at
# every size, so that two runs differ only by the edits made in between.
_TYPES = (
    ("jira-software", "Jira"),
    ("confluence", "Confluence"),
    ("jira-servicedesk", "Jira Service Management"),
    ("jira-product-discovery", "Jira Product Discovery"),
)
_REGIONS = {
    "EU": ("eu-central-1", "eu-west-1"),
    "US": ("us-east-1", "us-west-2"),
    "Global": (),
}  # region codes: made up


@dataclass(frozen=True, slots=True)
class Mix:
    """The size of a generated organization, and how often an app is in the US, unpinned, or on another plan.

    `sites` None means as many as the apps need; a number replaces the number of apps.
    """

    apps: int = 5000
    spaces: int = 0
    sites: int | None = None
    plan: str = "Premium"
    every_us: int = 97
    every_unpinned: int = 41
    every_standard: int = 7
    every_sandbox: int = 10

    def __post_init__(self) -> None:
        if self.apps < 0 or self.spaces < 0:
            raise ValueError("an organization cannot have fewer than 0 apps or spaces")
        if self.sites is not None and self.sites < 1:
            raise ValueError("an organization of so many sites has at least 1")
        if self.spaces and self.total_apps < len(_TYPES):
            raise ValueError(f"spaces need a whole site, and with it {len(_TYPES)} apps")

    @property
    def total_apps(self) -> int:
        """The number of apps: four per site, or the number requested."""
        return self.apps if self.sites is None else self.sites * len(_TYPES)


def _fill(organization: Organization, mix: Mix, now: datetime) -> None:
    """Add the apps, four per site, a residency policy for each realm in use, and the spaces of whole sites."""
    pinned: dict[str, list[Resource]] = {"EU": [], "US": []}
    for number in range(mix.total_apps):
        app = _generated_app(number, mix, now)
        organization.apps.append(app)
        if app.realm in pinned:
            pinned[app.realm].append(Resource(app.id, "applied"))
    for realm, listed in pinned.items():
        if listed:
            policy_id = f"generated-residency-{realm.lower()}"
            rule = {"in": [realm]}
            organization.policies.append(Policy(policy_id, "data-residency", realm, rule=rule, resources=tuple(listed)))
    if mix.spaces:
        whole_sites = [_cloud_id(site) for site in range(mix.total_apps // len(_TYPES))]
        organization.spaces = spread(mix.spaces, whole_sites, now - timedelta(days=300))


def _cloud_id(site: int) -> str:
    """The cloud ID of a site, by its number."""
    return f"{site:08x}-0000-4000-8000-{site:012x}"


def _generated_app(number: int, mix: Mix, now: datetime) -> App:
    site, (type_key, name) = number // len(_TYPES), _TYPES[number % len(_TYPES)]
    realm = "EU"
    if number % mix.every_unpinned == mix.every_unpinned - 1:
        realm = "Global"
    elif number % mix.every_us == mix.every_us - 1:
        realm = "US"
    plan = "Standard" if number % mix.every_standard == mix.every_standard - 1 else mix.plan
    return App(
        id=f"ari:cloud:{type_key}::site/{_cloud_id(site)}",
        type_key=type_key,
        type=name,
        name=f"site-{site:05}",
        host_url=f"https://site-{site:05}.atlassian.net",
        plan=plan,
        plan_key=plan.lower(),
        realm=realm,
        regions=_REGIONS[realm],
        sandbox="CHILD" if site % mix.every_sandbox == mix.every_sandbox - 1 else "NONE",
        capacity=100 + number % 900,
        created_at=(now - timedelta(days=400 + number % 1000)).replace(microsecond=0),
        created_by="ari:cloud:identity::user/557058:0000",
        ai_enabled=number % 3 != 0,
    )
