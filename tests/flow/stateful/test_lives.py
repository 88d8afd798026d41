"""Any life of an organization is told as it was: nothing missed, nothing invented, no untrue pass.

Administrators work at the simulated console, with and without events; collectors fail, the log is late, forbidden or
loses its cursor; days are missed, runs are thinned out, people look at the console and take back what they recorded.
After every audit, read over loopback HTTP, the changes with their causes, the gaps, the state as of any kept run and
the passes are held against a model that knows the deeds alone (`model.py`, `compare.py`).

CONTRIBAUDIT_LIVES=500 asks for so many lives, each another one; without it the same few are lived every time.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from contribaudit.core.advise.report import Report
from contribaudit.core.model.attestation import Signature
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade
from contribaudit.simulator import Fault
from contribaudit.simulator.values import Key
from contribaudit.store.history import History

from .compare import Comparison, Digests
from .model import ABSENT, ORG
from .world import ANN, BOB, ENDPOINTS, Sited, World, ari, cloud_id, entry, life, make_space

LIVES = os.environ.get("CONTRIBAUDIT_LIVES")
LEAST = 0.01
"""Of all lives that must come to each of the outcomes below."""
SETTINGS = settings(
    max_examples=int(LIVES or 20),
    stateful_step_count=30,
    derandomize=not LIVES,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

NUMBER = st.integers(0, 99)
SILENT = st.sampled_from((False, False, False, True))
LATE = st.sampled_from((0.0, 0.0, 0.0, 30.0))
HOURS = st.sampled_from((1.0, 5.0, 23.0))
FAULTS = st.lists(
    st.builds(Fault, st.sampled_from(("403-a", "500", "truncated-json")), st.sampled_from(sorted(ENDPOINTS)))
    | st.just(Fault("total-too-large", "workspaces")),
    max_size=2,
    unique_by=lambda fault: fault.endpoint,
)
ITEMS = ("connector-1", "connector-2")
PLANS = ("Standard", "Premium", "Enterprise")


class Lives(RuleBasedStateMachine):
    """One organization, from its first audit on."""

    empty: ClassVar[Path]
    reached: ClassVar[Counter[str]] = Counter()
    lived: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.digests = Digests()
        self.met: set[str] = set()
        self.world: World

    @initialize(log_available=st.sampled_from((True, True, True, False)))
    def found(self, log_available: bool) -> None:
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.world = self.stack.enter_context(life(folder, self.empty, log_available=log_available))
        self.console().note("user_login", "Somebody logged in")
        self.audit()

    def teardown(self) -> None:
        self.stack.close()
        type(self).lived += 1
        type(self).reached.update(self.met)

    # What the rules share

    def console(self, silent: bool = False) -> Any:
        console = self.world.console(BOB if self.world.born % 2 else ANN)
        return console.silently() if silent else console

    def pick(self, number: int) -> Sited:
        apps = list(self.world.apps.values())
        return apps[number % len(apps)]

    def audit(self, *faults: Fault, forbidden: bool = False, spoilt: bool = False) -> Report:
        world = self.world
        world.tick(1)
        report = world.audit(*faults, forbidden=forbidden, spoilt=spoilt)
        said = Comparison(world, self.digests)
        run = report.run.id
        said.state_as_of(run)
        if report.run.previous is not None:
            told = said.changes(report.run.previous, run)
            assert {one.id for one in told} == {one.id for one in report.changes}
        said.gaps()
        said.passes(report)
        for one in report.findings:
            if one.check.startswith(("DC", "AI", "DR")):
                self.met.add(one.outcome.value)
            if any(each.grade is Grade.INFERRED for each in one.evidence):
                self.met.add("inferred")
        return report

    # Audits

    @rule(hours=st.sampled_from((22.0, 22.0, 22.0, 70.0, 200.0)))
    def audit_after(self, hours: float) -> None:
        self.world.tick(hours)
        self.audit()

    @rule(hours=HOURS, faults=FAULTS, forbidden=st.booleans(), spoilt=st.booleans())
    def audit_with_faults(self, hours: float, faults: list[Fault], forbidden: bool, spoilt: bool) -> None:
        self.world.tick(hours)
        self.audit(*faults, forbidden=forbidden and len(faults) < 2, spoilt=spoilt)

    @rule(one=NUMBER, other=NUMBER)
    def ask_the_past(self, one: int, other: int) -> None:
        """Any two kept runs, and any kept run."""
        kept = [run.id for run in self.world.model.kept]
        since, until = sorted((kept[one % len(kept)], kept[other % len(kept)]))
        said = Comparison(self.world, self.digests)
        said.state_as_of(since)
        if since != until:
            said.changes(since, until)
            said.steps(since, until)

    @rule(daily=st.sampled_from(("2d", "5d", "30d")), weekly=st.sampled_from(("10d", "60d")))
    def prune(self, daily: str, weekly: str) -> None:
        self.world.tick(1)
        self.world.prune(daily, weekly)
        said = Comparison(self.world, self.digests)
        kept = [run.id for run in self.world.model.kept]
        for number in kept:
            said.state_as_of(number)
        for one, other in pairwise(kept):
            said.changes(one, other)
        said.changes(kept[0], kept[-1])
        said.gaps()

    @rule(number=NUMBER)
    def annotate(self, number: int) -> None:
        """A note stays with its change."""
        kept = [run.id for run in self.world.model.kept]
        said = Comparison(self.world, self.digests)
        told = said.changes(kept[0], kept[-1])
        if told:
            one = told[number % len(told)]
            by = Signature(ANN, self.world.now, "test", "host")
            self.world.bench.store.annotate(ORG, one.id, f"CHG-{number}", "as planned", by)
            again = {each.id: each.ticket for each in said.changes(kept[0], kept[-1])}
            assert again[one.id] == f"CHG-{number}"

    @precondition(lambda self: not self.world.simulation.options.log_available)
    @rule()
    def subscribe(self) -> None:
        """From now on the organization has an audit log."""
        self.world.simulation.options = replace(self.world.simulation.options, log_available=True)

    # Data contribution and Rovo

    @rule(switch=st.sampled_from(("in-app", "metadata")), on=st.booleans(), silent=SILENT, late=LATE, hours=HOURS)
    def switch(self, switch: str, on: bool, silent: bool, late: float, hours: float) -> None:
        world = self.world
        world.tick(hours)
        event = self.console(silent).set_contribution(switch, on=on)
        off = [word for word in world.rule["off"] if word != switch]
        world.rule = world.rule | {"off": off if on else [*off, switch]}
        if switch == "in-app":
            world.in_app = on
        else:
            world.metadata = on
        world.told(event, silent=silent, late=late, values=world.of_policies())

    @rule(what=st.sampled_from(ITEMS), included=st.booleans(), silent=SILENT, late=LATE, hours=HOURS)
    def list_item(self, what: str, included: bool, silent: bool, late: float, hours: float) -> None:
        world = self.world
        world.tick(hours)
        console = self.console(silent)
        event = console.include(what) if included else console.exclude(what)
        off = [word for word in world.rule["off"] if word != what]
        on = [word for word in world.rule.get("in", []) if word != what]
        world.rule = world.rule | {"off": off if included else [*off, what], "in": [*on, what] if included else on}
        world.included = tuple(word for word in ITEMS if word in world.rule["in"])
        world.excluded = tuple(word for word in ITEMS if word in world.rule["off"])
        world.told(event, silent=silent, late=late, values=world.of_policies())

    @rule(number=NUMBER, allowed=st.booleans(), silent=SILENT, late=LATE, hours=HOURS)
    def rovo(self, number: int, allowed: bool, silent: bool, late: float, hours: float) -> None:
        world, app = self.world, self.pick(number)
        world.tick(hours)
        event = self.console(silent).set_rovo(app.short, allowed)
        app.rovo = allowed
        world.told(event, silent=silent, late=late, values=world.of_rovo(app))

    @rule(allowed=st.booleans(), hours=HOURS)
    def roll_out(self, allowed: bool, hours: float) -> None:
        """The vendor changes every app at once, and tells nobody."""
        world = self.world
        world.tick(hours)
        for app in world.apps.values():
            event = self.console(silent=True).set_rovo(app.short, allowed)
            app.rovo = allowed
            world.told(event, silent=True, late=0, values=world.of_rovo(app))

    @rule(on=st.booleans(), silent=SILENT, late=LATE)
    def intelligence(self, on: bool, silent: bool, late: float) -> None:
        world = self.world
        world.tick(1)
        event = self.console(silent).set_intelligence(on=on)
        world.intelligence = on
        world.told(event, silent=silent, late=late, values=world.of_policies())

    @rule(number=NUMBER, given=st.booleans(), silent=SILENT, late=LATE)
    def ai_role(self, number: int, given: bool, silent: bool, late: float) -> None:
        world, app = self.world, self.pick(number)
        world.tick(1)
        event = self.console(silent).set_ai_access("g-1", app.short, given)
        held = world.holders["g-1"]
        (held.add if given else held.discard)(app.ari)
        world.told(event, silent=silent, late=late, values=world.of_groups(), named=app.ari)

    # Plans and residency

    @rule(
        number=NUMBER,
        plan=st.sampled_from(PLANS),
        how=st.sampled_from(("change_plan", "start_trial", "end_trial")),
        silent=SILENT,
        late=LATE,
    )
    def plan(self, number: int, plan: str, how: str, silent: bool, late: float) -> None:
        world, app = self.world, self.pick(number)
        world.tick(2)
        event = getattr(self.console(silent), how)(app.short, plan)
        app.plan = plan
        world.told(event, silent=silent, late=late, values=world.of_app(app))

    @rule(number=NUMBER, realm=st.sampled_from(("EU", "US")), silent=SILENT, late=LATE)
    def move(self, number: int, realm: str, silent: bool, late: float) -> None:
        world, app = self.world, self.pick(number)
        world.tick(2)
        event = self.console(silent).move(app.short, realm)
        app.realm = realm
        world.told(event, silent=silent, late=late, values=world.of_app(app))

    @rule(number=NUMBER, realm=st.sampled_from(("EU", "US")), planned=st.booleans(), silent=SILENT, late=LATE)
    def pin(self, number: int, realm: str, planned: bool, silent: bool, late: float) -> None:
        """To a realm, at once or on a day to come."""
        world, app = self.world, self.pick(number)
        world.tick(2)
        console = self.console(silent)
        if planned and app.pinned != realm:
            self.unpin(number, silent, late)
        event = console.schedule_move(app.short, realm) if planned else console.pin(app.short, realm)
        world.residency.setdefault(realm, f"policy-residency-{realm.lower()}")
        app.pinned, app.move = realm, "scheduled" if planned else "applied"
        app.planned = world.now + timedelta(days=10) if planned else None
        world.told(event, silent=silent, late=late, values=world.of_pin(app))

    @rule(number=NUMBER, silent=SILENT, late=LATE)
    def unpin(self, number: int, silent: bool, late: float) -> None:
        world, app = self.world, self.pick(number)
        world.tick(2)
        event = self.console(silent).unpin(app.short)
        app.pinned, app.planned, app.move = "", None, "applied"
        world.told(event, silent=silent, late=late, values=world.of_pin(app))

    # Apps, sites, spaces, keys, names

    @precondition(lambda self: len(self.world.apps) < 6)
    @rule(silent=SILENT, late=LATE)
    def add_site(self, silent: bool, late: float) -> None:
        world = self.world
        world.tick(1)
        number = int(world.fresh())
        cloud = cloud_id(1000 + number)
        apps = [Sited(ari(kind, cloud), kind, f"site{number}") for kind in ("jira-software", "confluence")]
        event = self.console(silent).add_site(*(entry(one) for one in apps))
        values: dict[Any, Any] = {}
        for one in apps:
            world.apps[one.ari] = one
            values |= world.of_app(one)
        world.told(event, silent=silent, late=late, values=values)
        for one in apps:
            self.make(one, silent=True, late=0)

    @precondition(lambda self: len(self.world.apps) > 3)
    @rule(whole=st.booleans(), silent=SILENT, late=LATE)
    def remove(self, whole: bool, silent: bool, late: float) -> None:
        """The newest site, or its newest app."""
        world = self.world
        world.tick(1)
        last = list(world.apps.values())[-1]
        gone = [one for one in world.apps.values() if one.site == last.site] if whole else [last]
        console = self.console(silent)
        event = console.remove_site(last.site) if whole else console.remove_app(last.short)
        values = {key: ABSENT for one in gone for key in world.of_app(one)}
        for one in gone:
            del world.apps[one.ari]
        world.told(event, silent=silent, late=late, values=values)

    def make(self, app: Sited, *, silent: bool, late: float) -> None:
        world = self.world
        space = make_space(world, app, f"K{world.fresh()}")
        event = self.console(silent).add_space(space)
        world.listed[space.id] = space
        world.told(event, silent=silent, late=late, values=world.of_space(space))

    @rule(number=NUMBER, silent=SILENT, late=LATE)
    def add_space(self, number: int, silent: bool, late: float) -> None:
        self.world.tick(1)
        self.make(self.pick(number), silent=silent, late=late)

    @rule(number=NUMBER, how=st.sampled_from(("rename", "archive", "remove")), silent=SILENT, late=LATE)
    def edit_space(self, number: int, how: str, silent: bool, late: float) -> None:
        world = self.world
        world.tick(1)
        spaces = [one for one in world.listed.values() if one.app in world.apps and one.key.startswith("K")]
        if not spaces:
            return
        space = spaces[number % len(spaces)]
        console, which = self.console(silent), f"{world.apps[space.app].site}/{space.key}"
        match how:
            case "rename":
                new = space._replace(name=f"Renamed {world.fresh()}")
                event = console.rename_space(which, new.name)
            case "archive":
                new = space._replace(status="archived")
                event = console.archive_space(which)
            case _ if self.alone(space.app):
                return
            case _:
                del world.listed[space.id]
                event = console.remove_space(which)
                values = dict.fromkeys(world.of_space(space), ABSENT)
                world.told(event, silent=silent, late=late, values=values)
                return
        world.listed[space.id] = new
        world.told(event, silent=silent, late=late, values=world.of_space(new))

    def alone(self, app: str) -> bool:
        """True for the last space of an app: an empty list proves nothing."""
        return sum(1 for one in self.world.listed.values() if one.app == app) == 1

    @rule(late=LATE)
    def create_key(self, late: float) -> None:
        world = self.world
        world.tick(1)
        name, ends = f"k-{world.fresh()}", world.now.replace(microsecond=0) + timedelta(days=400)
        key = Key(f"word-{name}", name, name, ORG, frozenset(), world.now, ends)
        event = self.console().create_key(key)
        world.keys[name] = ends
        world.told(event, silent=False, late=late, values=world.of_keys())

    @precondition(lambda self: len(self.world.keys) > 1)
    @rule(late=LATE)
    def revoke_key(self, late: float) -> None:
        world = self.world
        world.tick(1)
        name = list(world.keys)[-1]
        event = self.console().revoke_key(name)
        del world.keys[name]
        world.told(event, silent=False, late=late, values=world.of_keys())

    @rule()
    def rename_organization(self) -> None:
        world = self.world
        world.tick(1)
        name = f"Renamed {world.fresh()}"
        world.bench.organization.rename(name)
        world.model.wrote(world.now, None, None, {("organization", ORG, "organization.name"): name})

    # People

    @rule(meanwhile=st.sampled_from((False, False, True)), rovo=st.booleans())
    def look(self, meanwhile: bool, rovo: bool) -> None:
        """Somebody looks at a screen, honestly; now and then a switch is moved before they are done."""
        world = self.world
        world.tick(1)
        before, seen = world.read_again(), world.rovo_screen() if rovo else world.screen()
        if meanwhile:
            self.switch("in-app", not world.in_app, False, 0.0, 0.1)
        world.record(ANN, before, world.read_again(), seen)

    @rule()
    def show_both_states(self) -> None:
        """Both positions of the switch are looked at, so that the signal is known from then on."""
        world = self.world
        for _ in range(2):
            self.look(False, False)
            self.switch("in-app", not world.in_app, False, 0.0, 1.0)
            self.audit()

    @precondition(lambda self: self.world.looks)
    @rule(number=NUMBER)
    def take_back(self, number: int) -> None:
        world = self.world
        world.tick(1)
        one = world.looks.pop(number % len(world.looks))
        world.bench.store.revoke(one, Signature(BOB, world.now, "test", "host"), "a typo")


@pytest.fixture(scope="module")
def empty_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: migrating takes longer than an audit."""
    path = tmp_path_factory.mktemp("lives") / "empty.sqlite"
    History.open(str(path)).close()
    return path


def test_any_life_is_told_as_it_was(empty_history: Path) -> None:
    Lives.empty = empty_history
    run_state_machine_as_test(Lives, settings=SETTINGS)
    for outcome in (Outcome.PASS, Outcome.STALE, Outcome.CONFLICT, "inferred"):
        reached = Lives.reached[str(outcome)]
        assert reached >= max(1, LEAST * Lives.lived), f"only {reached} of {Lives.lived} lives came to {outcome}"
