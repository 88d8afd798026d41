"""A small organization that is served, audited and administered, with a model that keeps the truth beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from contribaudit import collectors, simulator
from contribaudit.atlassian.sites import SPACES, Accesses
from contribaudit.attestations.anchoring import ReadingsAround
from contribaudit.attestations.recording import ConsoleVisit, EnteredValue, new_id, record_all
from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import audit, look
from contribaudit.core.advise.report import Report
from contribaudit.core.model.attestation import Signature
from contribaudit.core.resolve.state import State
from contribaudit.simulator import Fault, Options, Organization, make_app, running
from contribaudit.simulator.admin import ADMIN_ACTIONS as ACTIONS
from contribaudit.simulator.values import (
    READ_SCOPES,
    SITE_SCOPES,
    Actor,
    App,
    Directory,
    Event,
    Group,
    Key,
    Policy,
    Resource,
    SiteToken,
    Space,
    User,
)
from contribaudit.store.history import History
from contribaudit.store.pruning import Retention, parse_span
from tests.administrator import AdminConsole
from tests.flow.audits import Bench
from tests.flow.test_spaces_read import MINE, opener

from .model import ABSENT, OK, ORG, SEEN, UNREAD, Model, shown
from .model import Key as Place

START = datetime(2026, 10, 1, 6, tzinfo=UTC)
USE_POLICY, AI_POLICY = "data-use", "ai"
USE_SIGNAL, AI_SIGNAL = "signal.policy.ugc-data-use-preferences", "signal.policy.generative-ai"
SIGNALS = (USE_SIGNAL, AI_SIGNAL, "signal.workspace.policy")
ANN, BOB = "ann@acme.example", "bob@acme.example"
TYPES = {"jira-software": "Jira", "confluence": "Confluence"}
ENDPOINTS = {
    "org": "organization",
    "workspaces": "workspaces",
    "policies": "policies",
    "directories": "directories",
    "groups-search": "ai_roles",
    "users-search": "administrators",
    "event-actions": "event_actions",
    "events-stream": "events",
    "api-keys": "api_keys",
    "jira-projects": "jira",
    "confluence-spaces": "confluence",
}
"""Who is kept from reading by a fault of an endpoint; of the last two, which apps' spaces are."""
CHECKED = """
[evidence]
max_age_days = { documented = 2, decoded = 2, attested = 200, attested_anchored = 200, inferred = 200 }
[[rule]]
check = "DC-01"
[[rule]]
check = "DC-03"
[[rule]]
check = "DC-04"
[[rule]]
check = "AI-01"
[[rule]]
check = "AI-03"
[[rule]]
check = "DR-01"
expect = ["EU"]
[[rule]]
check = "DR-02"
[[rule]]
check = "DR-04"
[[rule]]
check = "GV-03"
"""


@dataclass
class Sited:
    """One app as somebody who built it knows it."""

    ari: str
    type_key: str
    site: str
    plan: str = "Enterprise"
    realm: str = "EU"
    rovo: bool = False
    pinned: str = ""
    """The realm that it is pinned to."""
    move: str = "applied"
    planned: datetime | None = None

    @property
    def short(self) -> str:
        return f"{self.site}/{self.type_key}"

    @property
    def host(self) -> str:
        return f"{self.site}.atlassian.net"

    @property
    def alias(self) -> str:
        return f"app:{self.host}/{self.type_key}"


@dataclass
class World:
    """Everything that a life needs. What people would see in the console is held apart from what the API shows."""

    bench: Bench
    simulation: Any
    now: datetime = START
    model: Model = field(default_factory=Model)
    apps: dict[str, Sited] = field(default_factory=dict)
    metadata: bool = False
    in_app: bool = False
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    intelligence: bool = True
    rule: dict[str, Any] = field(default_factory=lambda: {"scopeType": "organization", "off": ["in-app", "metadata"]})
    residency: dict[str, str] = field(default_factory=lambda: {"EU": "residency-eu"})
    holders: dict[str, set[str]] = field(default_factory=lambda: {"g-1": set()})
    keys: dict[str, datetime] = field(default_factory=dict)
    listed: dict[str, Space] = field(default_factory=dict)
    born: int = 0
    looks: list[str] = field(default_factory=list)
    job: Job = None  # type: ignore[assignment]

    # Time, and who does things

    def tick(self, hours: float) -> None:
        """Time goes by, for the simulator, the audits and the people alike."""
        self.now += timedelta(minutes=round(hours * 60) or 1)

    def console(self, who: str = ANN) -> AdminConsole:
        return AdminConsole(self.bench.organization, lambda: self.now, actor=Actor(who, None, who))

    def told(self, event: Event, *, silent: bool, late: float, values: Mapping[Place, Any], named: str = "") -> None:
        """Note in the model what a deed wrote; an event may be taken in late."""
        processed = None if silent else event.time + timedelta(hours=late)
        if not silent and late:
            events = self.bench.organization.events
            assert events[-1].id == event.id
            events[-1] = replace(events[-1], processed_at=processed)
        self.model.wrote(self.now, None if silent else event.id, processed, values, named)

    def fresh(self) -> str:
        """A number that nothing has yet."""
        self.born += 1
        return f"{self.born:04}"

    # What the API shows, put together from what was done

    def of_app(self, one: Sited) -> dict[Place, Any]:
        """Everything that the list of apps shows of one."""
        ai = {"type": "ai", "enabled": one.rovo, "suspended": ""}
        entry = {"id": f"policy-ai-{one.type_key}", "type": "policies", "attributes": ai}
        values: dict[str, Any] = {
            "app.name": one.site,
            "app.type_key": one.type_key,
            "app.type_name": TYPES[one.type_key],
            "app.host": one.host,
            "app.site": one.ari.rsplit("/", 1)[-1],
            "app.alias": one.alias,
            "app.status": "online",
            "app.sandbox": "NONE",
            "app.created_at": None,
            "plan": one.plan,
            "residency.realm": one.realm,
            "residency.regions": (),
            "signal.workspace.policy": shown([entry]),
        }
        return {("workspaces", one.ari, name): value for name, value in values.items()}

    def of_pin(self, one: Sited) -> dict[Place, Any]:
        """What the policies show of where an app is pinned."""
        made: dict[str, Any] = dict.fromkeys(
            (
                "residency.app_policies",
                "residency.move",
                "residency.policy_realms",
                "residency.move_scheduled_for",
                "residency.move_starts_at",
                "residency.move_ends_at",
            ),
            ABSENT,
        )
        if one.pinned:
            made["residency.app_policies"] = (self.residency[one.pinned],)
            made["residency.move"] = one.move
            made["residency.policy_realms"] = (one.pinned,)
        if one.pinned and one.planned is not None:
            made["residency.move_scheduled_for"] = one.planned.date().isoformat()
            made["residency.move_starts_at"] = f"{one.planned:%Y-%m-%dT%H:%M:%SZ}"
            made["residency.move_ends_at"] = f"{one.planned + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"
        found = {("policies", one.ari, name): value for name, value in made.items()}
        return found | {("policies", ORG, "residency.policies"): tuple(sorted(self.residency.values()))}

    def of_policies(self) -> dict[Place, Any]:
        """What the two policies without a published meaning show of the organization."""
        return {
            ("policies", ORG, USE_SIGNAL): shown(self.rule),
            ("policies", ORG, AI_SIGNAL): shown(self.intelligence),
        }

    def of_rovo(self, one: Sited) -> dict[Place, Any]:
        """What shows whether Rovo is allowed."""
        listed = shown({"id": one.ari, "applicationStatus": "enabled"}) if one.rovo else ABSENT
        return {**self.of_app(one), ("policies", one.ari, AI_SIGNAL): listed}

    def of_groups(self) -> dict[Place, Any]:
        """Who holds the role for AI."""
        found: dict[Place, Any] = {}
        for group, held in self.holders.items():
            found["ai_roles", group, "group.name"] = f"group {group}" if held else ABSENT
            found["ai_roles", group, "group.ai_access"] = tuple(sorted(held)) if held else ABSENT
        found["ai_roles", ORG, "ai.access.role_groups"] = tuple(sorted(g for g, held in self.holders.items() if held))
        return found

    def of_keys(self) -> dict[Place, Any]:
        """When the first key ends."""
        return {("api_keys", ORG, "api_key.next_expiry"): f"{min(self.keys.values()):%Y-%m-%dT%H:%M:%S.000Z}"}

    def of_space(self, space: Space) -> dict[Place, Any]:
        """What a listing shows of a space."""
        status = ABSENT if space.status == "live" else space.status  # Jira says "archived", or nothing
        values = {"key": space.key, "name": space.name, "type": space.type, "status": status}
        return {(f"spaces {space.app}", space_subject(space), f"space.{name}"): value for name, value in values.items()}

    # Audits, looks, upkeep

    def audit(self, *faults: Fault, forbidden: bool = False, spoilt: bool = False) -> Report:
        """One audit; a `forbidden` log refuses, a `spoilt` cursor is refused."""
        self.bench.faults[:] = faults
        options = self.simulation.options
        if forbidden:
            self.simulation.options = replace(options, log_available=False, log_unavailable="forbidden")
        position = self.bench.store.log_position(ORG)
        wrong = replace(position, cursor="spoilt" if spoilt and position.cursor else position.cursor)
        with patch.object(self.bench.store, "log_position", lambda _organization: wrong):
            report = asyncio.run(audit(self.job))
        self.bench.faults.clear()
        self.simulation.options = options
        self.model.audited(report.run.id, self.now, self._came(faults, forbidden), filled=options.log_available)
        return report

    def _came(self, faults: tuple[Fault, ...], forbidden: bool) -> dict[str, str]:
        hit = {ENDPOINTS[fault.endpoint]: SEEN if fault.kind == "total-too-large" else UNREAD for fault in faults}
        if forbidden:
            hit["events"] = UNREAD
        came = {name: hit.get(name, OK) for name in ENDPOINTS.values() if name not in ("jira", "confluence")}
        for app in self.apps.values():
            family = "confluence" if app.type_key == "confluence" else "jira"
            came[f"spaces {app.ari}"] = UNREAD if came["workspaces"] == UNREAD else hit.get(family, OK)
        return came

    def read_again(self) -> State:
        """What the API shows now, as a look at the console reads it."""
        return asyncio.run(look(self.job, collectors.INVENTORY))

    def record(self, by: str, before: State, after: State, seen: Mapping[tuple[str, str], Any]) -> None:
        """Keep what an honest person saw, by subject and setting."""
        held = ReadingsAround(before, after)
        one = ConsoleVisit(by, self.now, Signature(by, self.now, "test", "host"), new_id())
        made = record_all(
            after, [(lambda _organization: held, EnteredValue(*about, value), one) for about, value in seen.items()]
        )
        self.bench.store.add_attestations(made)
        self.looks += [each.id for each in made]

    def screen(self) -> dict[tuple[str, str], Any]:
        """What the Data contribution screen shows."""
        return {
            ("organization", "contribution.metadata"): "on" if self.metadata else "off",
            ("organization", "contribution.in_app"): "on" if self.in_app else "off",
            ("organization", "contribution.in_app.included"): self.included,
            ("organization", "contribution.in_app.excluded"): self.excluded,
            ("organization", "contribution.exemption"): "none",
        }

    def rovo_screen(self) -> dict[tuple[str, str], Any]:
        """What the screen of Rovo access shows."""
        seen: dict[tuple[str, str], Any] = {}
        for one in self.apps.values():
            seen[one.alias, "ai.access"] = "allowed" if one.rovo else "blocked"
            seen[one.alias, "ai.access.groups"] = ()
        return seen

    def prune(self, daily: str, weekly: str) -> None:
        """Thin the runs out."""
        rule = Retention(parse_span(daily), parse_span(weekly))
        done = self.bench.store.prune(rule, self.now, Signature(ANN, self.now, "test", "host"))
        self.model.gone |= {one.run for one in done.removed}


def cloud_id(number: int) -> str:
    return str(UUID(int=0xABCD0000 + number, version=4))


def ari(type_key: str, cloud: str) -> str:
    return f"ari:cloud:{type_key}::site/{cloud}"


def entry(one: Sited) -> App:
    """The app as the simulator is given it."""
    return App(
        one.ari,
        one.type_key,
        TYPES[one.type_key],
        one.site,
        host_url=f"https://{one.host}",
        plan=one.plan,
        plan_key=one.plan.lower(),
        realm=one.realm,
        ai_enabled=one.rovo,
    )


def found_organization() -> tuple[Organization, list[Sited]]:
    """Two sites, three apps, everything pinned to the EU, nothing contributed and no Rovo."""
    first, second = cloud_id(1), cloud_id(2)
    apps = [
        Sited(ari("jira-software", first), "jira-software", "alpha", pinned="EU"),
        Sited(ari("confluence", first), "confluence", "alpha", pinned="EU"),
        Sited(ari("confluence", second), "confluence", "beta", pinned="EU"),
    ]
    ends = START + timedelta(days=700)
    made = Organization(
        ORG,
        "Two Sites",
        keys=[
            Key(
                "demo-key",
                "k-0",
                "audit",
                ORG,
                frozenset((*READ_SCOPES, "read:keys:admin")),
                START - timedelta(days=3),
                ends,
            )
        ],
        apps=[entry(one) for one in apps],
        policies=[
            Policy(
                "residency-eu",
                "data-residency",
                "EU",
                rule={"in": ["EU"]},
                resources=tuple(Resource(one.ari, "applied") for one in apps),
            ),
            Policy(AI_POLICY, "generative-ai", "AI", rule={"in": []}, resources=()),
            Policy(
                USE_POLICY,
                "ugc-data-use-preferences",
                "Data use",
                rule={"scopeType": "organization", "off": ["in-app", "metadata"]},
            ),
        ],
        directories=[Directory("d-1", "Directory", "https://icons.example/1.png")],
        event_actions=list(ACTIONS),
        groups=[Group("g-1", "group g-1", "d-1")],
        site_tokens=[SiteToken("demo-site-token", "demo@acme.example", frozenset(SITE_SCOPES))],
    )
    return made, apps


@contextmanager
def life(folder: Path, empty: Path, *, log_available: bool) -> Iterator[World]:
    """The organization, served on loopback, with a copy of the empty history."""
    organization, apps = found_organization()
    organization.users.append(User("557058:0000", "A", "a@acme.example", "d-1", ("atlassian/org-admin",)))
    options = Options(log_available=log_available)
    place = folder / "history.sqlite"
    place.write_bytes(empty.read_bytes())
    world: World | None = None
    app = make_app(organization, options=options, clock=lambda: world.now if world is not None else START)
    with running(app) as url, History.open(str(place)) as store:
        bench = Bench(url, organization, app.state.faults, app.state.requests, store, folder)
        world = World(bench, app.state.simulation)
        world.keys["k-0"] = START + timedelta(days=700)
        for one in apps:
            world.apps[one.ari] = one
        job = bench.job(CHECKED)
        sites = opener(bench, Accesses(MINE, reads=frozenset((SPACES,))))  # the model knows no gateway
        target = replace(job.targets[0], key_label="audit", connect_sites=sites)
        here = world
        world.job = replace(job, targets=(target,), clock=lambda: here.now)
        values: dict[Place, Any] = {
            ("organization", ORG, "organization.name"): "Two Sites",
            ("directories", ORG, "organization.directories"): ("d-1",),
            ("administrators", ORG, "organization.administrators"): ("557058:0000",),
            ("ai_roles", ORG, "organization.administrator_groups"): (),
            ("event_actions", ORG, "organization.event_actions"): tuple(sorted(one.id for one in ACTIONS)),
            ("api_keys", ORG, "api_key.expires_at"): f"{world.keys['k-0']:%Y-%m-%dT%H:%M:%S.000Z}",
        }
        for one in apps:
            values |= world.of_app(one) | world.of_pin(one) | world.of_rovo(one)
        world.model.wrote(START, None, None, values | world.of_policies() | world.of_groups() | world.of_keys())
        for one in apps:
            add_space(world, one, f"HOME{one.site}{one.type_key}"[:10].upper().replace("-", ""))
        yield world


def add_space(world: World, one: Sited, key: str) -> Space:
    """A space that is there from the beginning, or that nobody told of."""
    space = make_space(world, one, key)
    world.bench.organization.add(space)
    world.listed[space.id] = space
    world.model.wrote(world.now, None, None, world.of_space(space))
    return space


def make_space(world: World, one: Sited, key: str) -> Space:
    kind, status = ("global", "current") if one.type_key == "confluence" else ("software", "live")
    return Space(one.ari, f"9{world.fresh()}", key, f"Space {key}", kind, status, False, START, "a-1")


def space_subject(space: Space) -> str:
    """What the tool calls the space."""
    cloud = space.app.rsplit("/", 1)[-1]
    if space.app.startswith("ari:cloud:confluence:"):
        return f"ari:cloud:confluence:{cloud}:space/{space.id}"
    return f"ari:cloud:jira:{cloud}:project/{space.id}"


__all__ = ["ABSENT", "World", "life", "simulator"]
