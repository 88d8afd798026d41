"""The whole job on an embedded simulated organization: real HTTP on loopback, a real history, no key, no network.

The organization is audited twice, a day apart, so that something has changed.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

from pydantic import SecretStr

from contribaudit import wiring
from contribaudit.atlassian.connect import connect, connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses
from contribaudit.audit.job import Job, Operator, Target
from contribaudit.audit.pipeline import audit
from contribaudit.files import unfinished
from contribaudit.progress import SILENT, Progress
from contribaudit.rulebook import loader
from contribaudit.simulator import Organization, load_scenario, make_app, running
from contribaudit.simulator.admin import AdminConsole
from contribaudit.store.history import History

DEMO_KEY = SecretStr("demo-key")
DEMO_TOKEN = Credential(SecretStr("demo-site-token"), "demo@acme.example")
_POLICY = "acme-policy.toml"
_MOVED = "acme-us/confluence"
_ADDED = "acme-labs/confluence"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A simulated organization that was audited twice; its API answers as long as this is open."""

    job: Job
    """Of both audits. Its history is open."""
    policy: Path
    """The file that the job is judged by: a copy that may be changed, and that goes with the demonstration."""
    targets: Callable[[Progress], tuple[Target, ...]]
    """What one more audit reads, told to this progress."""


@contextmanager
def demonstration(scenario: str, progress: Progress = SILENT) -> Iterator[Demonstration]:
    """The job of both audits, done, with the simulated API still up and the history open: it can be audited again.

    Raises ValueError for an unknown scenario.
    """
    loaded = load_scenario(scenario)
    organization = loaded.organization
    rulebook = loader.load()
    with (
        unfinished(Path(tempfile.gettempdir(), "demo"), folder=True) as folder,
        running(make_app(organization, options=loaded.options)) as url,
        History.open(str(folder / "history.sqlite")) as store,
    ):
        policy_path = folder / _POLICY
        policy_path.write_bytes(resources.files("contribaudit.demo").joinpath(_POLICY).read_bytes())

        def targets(told: Progress) -> tuple[Target, ...]:
            return (_target(organization, url, told),)

        policy = wiring.load_policy(policy_path, rulebook)
        go_on = _as_yesterday(organization)
        job = Job(targets(progress), store, rulebook, policy, operator=Operator("demo"))
        asyncio.run(audit(replace(job, clock=_yesterday)))
        go_on()
        asyncio.run(audit(job, progress))
        yield Demonstration(job, policy_path, targets)


def _target(organization: Organization, url: str, progress: Progress) -> Target:
    return Target(
        organization.id,
        connect=lambda: connect(organization=organization.id, key=DEMO_KEY, api_url=url, progress=progress),
        key_label=organization.key(DEMO_KEY.get_secret_value()).label,
        connect_sites=lambda ledger: connect_sites(
            Accesses(Access(DEMO_TOKEN)), api_url=url, ledger=ledger, progress=progress
        ),
    )


def _yesterday() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)


def _as_yesterday(organization: Organization) -> Callable[[], None]:
    """Take back what "happened" in the drifted organization since yesterday; returns what lets it happen."""
    try:
        moved, added = organization.app(_MOVED), organization.app(_ADDED)
    except KeyError:
        return lambda: None
    realm, regions = moved.realm, moved.regions
    organization.set_realm(_MOVED, "EU", ("eu-central-1", "eu-west-1"))
    organization.remove_app(_ADDED)

    def go_on() -> None:
        console = AdminConsole(organization)
        console.move(_MOVED, realm or "", regions)
        console.add_app(added)

    return go_on
