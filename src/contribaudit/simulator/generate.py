"""The large organization: as many apps as asked for, the same ones every time.

Nothing is random: app number N is the same in every run and at every size, so that two runs differ only by what was
edited in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from contribaudit.simulator.organization import Organization
from contribaudit.simulator.spaces import Even, Spaces
from contribaudit.simulator.values import App, Policy, Resource

TYPES = (
    ("jira-software", "Jira"),
    ("confluence", "Confluence"),
    ("jira-servicedesk", "Jira Service Management"),
    ("jira-product-discovery", "Jira Product Discovery"),
)
REGIONS = {"EU": ("eu-central-1", "eu-west-1"), "US": ("us-east-1", "us-west-2"), "Global": ()}  # region codes: made up


@dataclass(frozen=True, slots=True)
class Mix:
    """How large, and how much of it is out of line: every so many apps is in the US, unpinned, or on another plan.

    `sites` None means as many as the apps need; a number is instead of a number of apps.
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
        if self.spaces and self.total_apps < len(TYPES):
            raise ValueError(f"spaces need a whole site, and with it {len(TYPES)} apps")

    @property
    def total_apps(self) -> int:
        """How many apps: four to a site, or the number asked for."""
        return self.apps if self.sites is None else self.sites * len(TYPES)


def fill(organization: Organization, mix: Mix, now: datetime) -> None:
    """Add the apps, four to a site, one residency policy per realm that has any, and the spaces of whole sites."""
    pinned: dict[str, list[Resource]] = {"EU": [], "US": []}
    for number in range(mix.total_apps):
        app = _app(number, mix, now)
        organization.apps.append(app)
        if app.realm in pinned:
            pinned[app.realm].append(Resource(app.id, "applied"))
    for realm, resources in pinned.items():
        if resources:
            policy_id = f"generated-residency-{realm.lower()}"
            rule = {"in": [realm]}
            organization.policies.append(
                Policy(policy_id, "data-residency", realm, rule=rule, resources=tuple(resources))
            )
    if mix.spaces:
        even = Even(mix.spaces, mix.total_apps // len(TYPES), now - timedelta(days=300), cloud_id)
        organization.spaces = Spaces(even.at, mix.spaces)


def cloud_id(site: int) -> str:
    """The cloud ID of a site, by its number."""
    return f"{site:08x}-0000-4000-8000-{site:012x}"


def _app(number: int, mix: Mix, now: datetime) -> App:
    site, (type_key, name) = number // len(TYPES), TYPES[number % len(TYPES)]
    realm = "EU"
    if number % mix.every_unpinned == mix.every_unpinned - 1:
        realm = "Global"
    elif number % mix.every_us == mix.every_us - 1:
        realm = "US"
    plan = "Standard" if number % mix.every_standard == mix.every_standard - 1 else mix.plan
    return App(
        id=f"ari:cloud:{type_key}::site/{cloud_id(site)}",
        type_key=type_key,
        type=name,
        name=f"site-{site:05}",
        host_url=f"https://site-{site:05}.atlassian.net",
        plan=plan,
        plan_key=plan.lower(),
        realm=realm,
        regions=REGIONS[realm],
        sandbox="CHILD" if site % mix.every_sandbox == mix.every_sandbox - 1 else "NONE",
        capacity=100 + number % 900,
        created_at=(now - timedelta(days=400 + number % 1000)).replace(microsecond=0),
        created_by="ari:cloud:identity::user/557058:0000",
        ai_enabled=number % 3 != 0,
    )
