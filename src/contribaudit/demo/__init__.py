"""Runs the whole audit on a simulated organization: HTTP on loopback and a real history, but no key and no network.

Each scenario has a story (story.py), which says what people did and saw before today, and a policy (SCENARIO.toml).
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
from contribaudit.attestations.due import rows as every_row
from contribaudit.attestations.recording import EnteredValue
from contribaudit.audit.attesting import Form, sessions
from contribaudit.audit.job import Job, Operator, Target
from contribaudit.audit.pipeline import audit
from contribaudit.core.resolve.aliases import alias_of
from contribaudit.demo.story import STORIES, Moment, Values, archive_pages, import_lists
from contribaudit.files import unfinished
from contribaudit.progress import SILENT, Progress
from contribaudit.rulebook import loader
from contribaudit.simulator import Organization, load_scenario, make_app, running
from contribaudit.store.history import History

DEMO_KEY = SecretStr("demo-key")
DEMO_TOKEN = Credential(SecretStr("demo-site-token"), "demo@acme.example")


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A simulated organization with a history; its API answers while `demonstration` is open."""

    job: Job
    """The job of the last audit, with its history open."""
    policy: Path
    """The policy file of the job: a copy that may be edited, deleted when the demonstration ends."""
    targets: Callable[[Progress], tuple[Target, ...]]
    """Gives the targets of a further audit, which reports to this progress."""


@contextmanager
def demonstration(scenario: str, progress: Progress = SILENT) -> Iterator[Demonstration]:
    """Play the scenario's story with all its audits, then yield its job while the simulated API runs.

    The job can be audited again. Raises ValueError for an unknown scenario.
    """
    loaded = load_scenario(scenario)
    organization = loaded.organization
    now = datetime.now(UTC)
    moments = STORIES[scenario](now)
    rulebook = loader.load()
    with (
        unfinished(Path(tempfile.gettempdir(), "demo"), folder=True) as folder,
        running(make_app(organization, options=loaded.options)) as url,
        History.open(str(folder / "history.sqlite")) as store,
    ):
        policy_path = folder / "policy.toml"
        policy_path.write_text(_policy_text(scenario, moments[0].at), encoding="utf-8")

        def targets(narration: Progress) -> tuple[Target, ...]:
            return (_target(organization, url, narration),)

        policy = wiring.load_policy(policy_path, rulebook)
        job = Job(targets(SILENT), store, rulebook, policy, operator=Operator("demo"))
        archive_pages(store, rulebook.terms, [moments[0].at, now - timedelta(days=1)])
        import_lists(store, rulebook.subprocessors, moments[0].at, now - timedelta(days=1))
        for moment in moments:
            _play(moment, job, organization)
        job = replace(job, targets=targets(progress))
        asyncio.run(audit(job, progress))
        yield Demonstration(job, policy_path, targets)


def _policy_text(scenario: str, begun: datetime) -> str:
    """The policy of the scenario, with its decisions dated one day after the story begins."""
    text = resources.files("contribaudit.demo").joinpath(f"{scenario}.toml").read_text(encoding="utf-8")
    return text.replace("{decided}", (begun + timedelta(days=1)).date().isoformat())


def _play(moment: Moment, job: Job, organization: Organization) -> None:
    """Perform the action, the look and the audit of this moment."""
    job = replace(job, clock=lambda: moment.at)
    if moment.action is not None:
        moment.action(organization, moment.at)
    if moment.looked is not None:
        _look(job, organization.id, moment.looked, moment.by)
    if moment.audited:
        asyncio.run(audit(job))


def _look(job: Job, organization: str, shown: Values, by: str) -> None:
    """Record what the story shows on each console screen, after reading the signals before and after the look."""
    session = sessions(job)[organization]
    before = session.read()
    looked = session.looked(before)
    rows: dict[str, list[EnteredValue]] = {}
    paths: dict[str, str] = {}
    for row in every_row(looked.state, (), job.policy):
        alias, setting = alias_of(looked.state, row.subject), row.setting.id
        value = shown.get(f"{alias} {setting}", shown.get(setting))
        if value is not None:
            rows.setdefault(row.screen.id, []).append(EnteredValue(alias, setting, value))
            paths[row.screen.id] = next(iter(row.screen.paths.values()))
    for screen, values in rows.items():
        made = session.filled(looked, Form(screen, values, by, paths[screen]))
        job.store.add_attestations(made)


def _target(organization: Organization, url: str, progress: Progress) -> Target:
    return Target(
        organization.id,
        connect=lambda: connect(organization=organization.id, key=DEMO_KEY, api_url=url, progress=progress),
        key_label=organization.key(DEMO_KEY.get_secret_value()).label,
        connect_sites=lambda ledger: connect_sites(
            Accesses(Access(DEMO_TOKEN)), api_url=url, ledger=ledger, progress=progress
        ),
    )
