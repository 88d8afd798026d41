"""Sixty simulated days of scheduled audits on an API that fails, and every message beside what happened.

Real HTTP against the simulator, a real history, the real notifier with a destination that only remembers. Days are told
by the clock that each audit is given. Ends with 1 when something that happened was not told on the first day on which
it could be read, was told twice, or was told although it did not happen.
"""

from __future__ import annotations

import asyncio
import tempfile
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from contribaudit import wiring
from contribaudit.atlassian.connect import connect
from contribaudit.audit.job import Job, Operator, Target
from contribaudit.audit.pipeline import audit
from contribaudit.core.advise.notices import Message
from contribaudit.errors import NothingRead
from contribaudit.operations.notify.notifier import Notifier
from contribaudit.rulebook import loader
from contribaudit.settings.model import Notify
from contribaudit.simulator import Fault, Organization, load_scenario, make_app, running
from contribaudit.store.history import History
from contribaudit.store.notices import Destination

DAYS = 60
KEY = SecretStr("demo-key")
POLICY = """
version = 1
name = "Sixty days"
written_for_plan = "enterprise"
[[rule]]
check = "DR-01"
expect = ["EU"]
[[rule]]
check = "DR-02"
[[rule]]
check = "DC-06"
[[rule]]
check = "DC-10"
"""
NOTIFY = Notify.model_validate({"digest": "monday 08:00", "timezone": "Europe/Berlin"})
LABS = "tidy-labs/jira-software"


@dataclass
class World:
    """The organization, what is wrong with its API, and whether it can be reached."""

    organization: Organization
    faults: list[Fault]
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Day:
    """What happens before that day's audit, and the events that its messages must have."""

    what: str
    deed: Callable[[World], None] | None = None
    told: tuple[str, ...] = ()
    audited: bool = True


_MEMORY = Destination("remembering", "memory #1")


@dataclass
class Remembering:
    """A destination that takes everything but on the days on which it fails."""

    destination: Destination = _MEMORY
    taken: list[Message] = field(default_factory=list)
    failing: bool = False

    def send(self, message: Message, envelope: Mapping[str, object]) -> str:  # noqa: ARG002  its form
        """Keep it."""
        if self.failing:
            return "it fails today"
        self.taken.append(message)
        return ""


def _realm(which: str, realm: str) -> Callable[[World], None]:
    return lambda world: world.organization.set_realm(which, realm, ())


def _plan(plan: str) -> Callable[[World], None]:
    def deed(world: World) -> None:
        for app in world.organization.apps:
            world.organization.set_app(app.id, plan=plan)

    return deed


def _unpin(world: World) -> None:
    world.organization.remove_resource("tidy-residency-eu", LABS)


def _pin(world: World) -> None:
    world.organization.set_resource("tidy-residency-eu", LABS, "applied")


def _fault(*kinds: str, times: int | None = None) -> Callable[[World], None]:
    def deed(world: World) -> None:
        world.faults[:] = [Fault(kind, "workspaces", times=times) for kind in kinds]

    return deed


def _away(world: World) -> None:
    world.reachable = False


def _back(world: World) -> None:
    world.reachable = True


def _all(*deeds: Callable[[World], None]) -> Callable[[World], None]:
    def deed(world: World) -> None:
        for one in deeds:
            one(world)

    return deed


def _rotated(world: World) -> None:
    world.organization.change(world.organization.key("demo-key"), expires_at=datetime.now(UTC) + timedelta(days=365))


STORY: Mapping[int, Day] = {
    0: Day("the first audit", told=("first",)),
    3: Day("an app moves to the US", _realm(LABS, "US"), ("failures",)),
    5: Day("it moves back", _realm(LABS, "EU"), ("recovered",)),
    8: Day("the list of apps answers 503", _fault("503"), ("unreadable",)),
    9: Day("it still does"),
    10: Day("it is well again", _fault(), ("recovered",)),
    12: Day("a storm of 429 that ends", _fault("429-empty", times=3)),
    13: Day("nothing more", _fault()),
    15: Day("no audit", audited=False),
    16: Day("no audit", audited=False),
    17: Day("audits run again", told=("unreadable",)),
    20: Day("the network is gone", _away, ("unreadable",)),
    21: Day("it is still gone"),
    22: Day("it is back; meanwhile an app was unpinned", _all(_back, _unpin), ("stale", "recovered")),
    24: Day("it is pinned again", _pin, ("recovered",)),
    26: Day(
        "an app moves to the US while the list cannot be read", _all(_realm(LABS, "US"), _fault("503")), ("unreadable",)
    ),
    27: Day("the list can be read", _fault(), ("failures", "recovered")),
    29: Day("it moves back", _realm(LABS, "EU"), ("recovered",)),
    31: Day("the plan falls to Standard", _plan("Standard"), ("failures",)),
    33: Day("it rises again", _plan("Enterprise"), ("recovered",)),
    36: Day("a key has 30 days left", told=("expiring",)),
    41: Day("an app moves to Singapore", _realm(LABS, "SG"), ("failures",)),
    43: Day("and on to the US", _realm(LABS, "US"), ("failures",)),
    45: Day("and home", _realm(LABS, "EU"), ("recovered",)),
    52: Day("a key has 14 days left", told=("expiring",)),
    55: Day("the key is replaced", _rotated),
}
"""By day, from 0. Mondays have a digest besides."""


def run(days: int = DAYS) -> int:
    """Print the days; how many did not hold."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_scenario("tidy")
        organization = loaded.organization
        organization.keys[:] = [organization.key("demo-key")]
        now = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
        start = now - timedelta(days=DAYS + 1)
        organization.change(organization.key("demo-key"), expires_at=start + timedelta(days=66, hours=2))
        app = make_app(organization, options=loaded.options)
        world = World(organization, app.state.faults)
        channel = Remembering()
        rulebook = loader.load()
        path = Path(folder, "policy.toml")
        path.write_text(POLICY, encoding="utf-8")
        policy = wiring.load_policy(path, rulebook)
        location = str(Path(folder, "history.db"))
        tracemalloc.start()
        with running(app) as url, History.open(location) as store:
            job = Job((), store, rulebook, policy, operator=Operator("schedule"))
            for day in range(days):
                moment = start + timedelta(days=day)
                today = STORY.get(day, Day(""))
                if today.deed is not None:
                    today.deed(world)
                before = len(channel.taken)
                if today.audited:
                    _audit(job, world, url, channel, moment)
                told = [message.event.value for message in channel.taken[before:]]
                missing = [one for one in today.told if one not in told]
                strange = [one for one in told if one not in today.told and one != "digest"]
                twice = len(told) != len(set(told))
                held = not (missing or strange or twice)
                wrong += not held
                if today.what or told or not held:
                    print(
                        f"{'ok ' if held else 'NOT'} day {day:2} {moment:%a}  {today.what:60} {', '.join(told) or '-'}"
                    )
            digests = sum(message.event.value == "digest" for message in channel.taken)
            print(f"{days} days, {len(channel.taken)} messages, {digests} of them digests; {wrong} days did not hold")
            now_used, most_used = (size / 2**20 for size in tracemalloc.get_traced_memory())
            print(f"memory at the end {now_used:.1f} MiB, at most {most_used:.1f} MiB")
        size = Path(location).stat().st_size / 1024
        print(f"history {size:.0f} KiB, {size / days:.1f} KiB a day")
        tracemalloc.stop()
    return wrong


def _audit(job: Job, world: World, url: str, channel: Remembering, moment: datetime) -> None:
    async def at_once(_seconds: float) -> None:
        return

    identity = world.organization.id
    address = url if world.reachable else "http://127.0.0.1:9"
    target = Target(
        identity,
        connect=partial(connect, organization=identity, key=KEY, api_url=address, sleep=at_once),
        key_label=world.organization.key("demo-key").label,
    )
    notifier = Notifier(job.store, NOTIFY, (channel,), moment)
    today = replace(job, targets=(target,), clock=lambda: moment)
    try:
        report = asyncio.run(audit(today))
    except NothingRead as error:
        notifier.notify_of_unreached({identity: world.organization.name}, error.code, error.message)
    else:
        notifier.notify_of_run(report, job.policy)
    notifier.send_due()
