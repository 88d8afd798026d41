"""Audits of simulated organizations over a real loopback socket, for the flow tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from contribaudit import checks, policy_file
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.connect import connect, connect_sites
from contribaudit.atlassian.sites import Accesses, SiteClient
from contribaudit.atlassian.transport import Ledger
from contribaudit.audit.job import Job, Operator, Target
from contribaudit.audit.pipeline import audit
from contribaudit.audit.replay import judge_last
from contribaudit.core.advise.report import Report
from contribaudit.core.judge.check import by_id
from contribaudit.core.judge.evaluate import EVERYTHING, Selection
from contribaudit.core.model.finding import Finding, Severity
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.rulebook import loader
from contribaudit.simulator import Fault, Options, Organization, load_scenario, make_app, running
from contribaudit.store.history import History

RULEBOOK = loader.load()


def policy_of(text: str, folder: Path, rulebook: Rulebook = RULEBOOK) -> AuditPolicy:
    """A policy from the lines after `version = 1`, read once where the rulebook is the shipped one."""
    return _shipped(text, folder) if rulebook is RULEBOOK else _read(text, folder, rulebook)


@lru_cache(maxsize=64)
def _shipped(text: str, folder: Path) -> AuditPolicy:
    return _read(text, folder, RULEBOOK)


def _read(text: str, folder: Path, rulebook: Rulebook) -> AuditPolicy:
    path = folder / "policy.toml"
    name = "" if text.lstrip().startswith("name = ") else 'name = "test"\n'
    path.write_text(f"version = 1\n{name}{text}", encoding="utf-8")
    return policy_file.load(path, policy_file.KnownWords(rulebook, by_id(checks.ALL), checks.DECIDABLE))


async def no_wait(_seconds: float) -> None:
    """Retries take no time in tests."""


@dataclass
class Bench:
    """One simulated organization, its history, and the faults that are switched on; audits may follow each other."""

    url: str
    organization: Organization
    faults: list[Fault]
    requests: Sequence[object]
    store: History
    folder: Path
    rulebook: Rulebook = field(default=RULEBOOK)

    def connect(self, key: str) -> Callable[[], AbstractAsyncContextManager[AdminClient]]:
        return lambda: connect(
            organization=self.organization.id,
            key=SecretStr(key),
            api_url=self.url,
            read_seconds=30,
            sleep=no_wait,
        )

    def connect_sites(self, accesses: Accesses) -> Callable[[Ledger], AbstractAsyncContextManager[SiteClient]]:
        return lambda ledger: connect_sites(accesses, api_url=self.url, ledger=ledger, read_seconds=30, sleep=no_wait)

    def job(
        self,
        policy: str,
        *,
        key: str = "demo-key",
        now: datetime | None = None,
        selection: Selection = EVERYTHING,
        fail_on: Severity = Severity.HIGH,
        others: tuple[Target, ...] = (),
        sites: Accesses | None = None,
    ) -> Job:
        target = Target(self.organization.id, connect=self.connect(key))
        if sites is not None:
            target = replace(target, connect_sites=self.connect_sites(sites))
        return Job(
            (target, *others),
            self.store,
            self.rulebook,
            policy_of(policy, self.folder, self.rulebook),
            fail_on,
            selection,
            Operator("test"),
            clock=lambda: now or datetime.now(UTC),
        )

    def audit(self, policy: str, **options: Any) -> Report:
        """One audit, read over HTTP and kept."""
        return asyncio.run(audit(self.job(policy, **options)))

    def offline(self, policy: str, **options: Any) -> Report:
        """The last saved run, judged anew."""
        return judge_last(self.job(policy, **options))


@contextmanager
def simulated(
    folder: Path,
    scenario: str = "tidy",
    edit: Callable[[Organization], object] | None = None,
    *,
    faults: Sequence[Fault] = (),
    options: Options | None = None,
) -> Iterator[Bench]:
    """A scenario's organization, edited, served on loopback, with an empty history in `folder`."""
    loaded = load_scenario(scenario)
    if edit is not None:
        edit(loaded.organization)
    app = make_app(loaded.organization, options=options or loaded.options, faults=faults)
    with running(app) as url, History.open(str(folder / "history.sqlite")) as store:
        yield Bench(url, loaded.organization, app.state.faults, app.state.requests, store, folder)


def of_check(report: Report, check: str, subject: str = "") -> list[Finding]:
    """The findings of a check, of the subjects whose ID or alias contains `subject`."""
    from contribaudit.core.resolve.aliases import alias_of

    return [
        finding
        for finding in report.findings
        if finding.check == check
        and (not subject or subject in finding.subject.id or subject in alias_of(report.state, finding.subject))
    ]
