"""What the fault tests share: a policy that asks everything, histories to start from, and what must never happen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from contribaudit import catalogue, checks, collectors
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.connect import connect
from contribaudit.collectors.interface import promises_of
from contribaudit.core.finding import Finding, Outcome
from contribaudit.core.observation import Observed
from contribaudit.core.report import Report
from contribaudit.core.subject import Kind
from contribaudit.simulator import Organization
from contribaudit.simulator.options import Options
from contribaudit.store.history import History

from .audits import Bench, no_wait, simulated

COLLECTOR_OF = {
    "org": "organization",
    "workspaces": "workspaces",
    "policies": "policies",
    "directories": "directories",
    "event-actions": "event_actions",
    "api-keys": "api_keys",
}
"""The endpoints that an audit asks, and the collector that asks each."""
SCOPE_OF = {collector.name: collector.call.scope for collector in collectors.ALL}
ABOUT_COLLECTIONS = {"DC-10", "GV-01"}
"""Checks that read no setting, but ask whether everything was read."""
_EXPECT = {"DR-01": 'expect = ["EU"]\n'}
NOT_FROM_THE_API = {"DR-11", "AI-21", "AI-22", "AI-24", "DC-19", "GV-05", "GV-06"}
"""Checks that the rulebook and the policy file answer, whatever was read."""
_BY_PEOPLE = {check.id for check in checks.ALL if any(catalogue.find(setting).attestable for setting in check.reads)}
"""Checks that rest on what somebody saw in the console: `unknown` here, where nobody has looked."""
_NOT_MET_BY_TIDY = NOT_FROM_THE_API | _BY_PEOPLE | {"DC-23"} | {"DC-25", "GV-03"}
"""It has a sandbox; and a first audit has nothing to compare with."""


def _rule(check: str, *, severe: bool) -> str:
    return f'[[rule]]\ncheck = "{check}"\nseverity = "{"high" if severe else "low"}"\n{_EXPECT.get(check, "")}'


_DECIDED = "".join(
    f'[[decision]]\nsetting = "contribution.{switch}"\nvalue = "off"\nby = "dpo@acme.example"\n'
    'second = "ciso@acme.example"\ndate = 2026-06-02\nticket = "GRC-207"\n'
    for switch in ("metadata", "in_app")
)
EVERYTHING = (
    'written_for_plan = "enterprise"\n'
    + "".join(_rule(check.id, severe=check.verifiable and check.id not in _NOT_MET_BY_TIDY) for check in checks.ALL)
    + _DECIDED
)
"""A policy with which an audit of the tidy organization ends with 0, and with 3 as soon as anything is unread."""


class Impatient(Bench):
    """A bench whose client waits for no answer longer than 0.3 seconds."""

    def connect(self, key: str) -> Callable[[], AbstractAsyncContextManager[AdminClient]]:
        return lambda: connect(
            organization=self.organization.id,
            key=SecretStr(key),
            api_url=self.url,
            read_seconds=0.3,
            sleep=no_wait,
        )


@dataclass(frozen=True)
class Served:
    """An organization that is served, and the history of one complete audit of it."""

    bench: Bench
    first: Report
    history: Path
    empty: Path
    """A history without a run: copying one is faster than making one."""

    def fresh(self, folder: Path) -> AbstractContextManager[Bench]:
        """The organization, faultless, with an empty history."""
        return self._with(self.empty, folder)

    def after_a_complete_run(self, folder: Path) -> AbstractContextManager[Bench]:
        """The organization, faultless, with one complete run in its history."""
        return self._with(self.history, folder)

    @contextmanager
    def _with(self, history: Path, folder: Path) -> Iterator[Bench]:
        self.bench.faults.clear()
        shutil.copy(history, folder / "copied.sqlite")
        with History.open(str(folder / "copied.sqlite")) as store:
            yield replace(self.bench, store=store, folder=folder)


@contextmanager
def served(
    folder: Path,
    scenario: str = "tidy",
    edit: Callable[[Organization], object] | None = None,
    *,
    options: Options | None = None,
    policy: str = EVERYTHING,
) -> Iterator[Served]:
    """A scenario that is audited once, completely."""
    history, empty = folder / "complete.sqlite", folder / "empty.sqlite"
    History.open(str(empty)).close()
    with simulated(folder, scenario, edit, options=options) as bench:
        with History.open(str(history)) as store:
            first = replace(bench, store=store).audit(policy)
        assert first.run.complete, [one.reason for one in first.collections if one.code]
        yield Served(bench, first, history, empty)


def rows(report: Report) -> set[tuple[str, str]]:
    """Check and subject of every finding."""
    return {(finding.check, finding.subject.id) for finding in report.findings}


def outcomes(report: Report) -> dict[tuple[str, str], tuple[Outcome, object]]:
    """Outcome and observed value by check and subject."""
    return {(one.check, one.subject.id): (one.outcome, one.observed) for one in report.findings}


def leaning_on(collector: str) -> set[str]:
    """Checks whose answer rests on what the collector promises."""
    promised = set(promises_of(collectors.ALL)[collector])
    return {check.id for check in checks.ALL if promised & set(check.reads)} | ABOUT_COLLECTIONS


def passes_on_unread(bench: Bench, report: Report, collector: str) -> list[Finding]:
    """Findings that pass although the collector did not read, in this run, what they rest on."""
    seen = bench.store.snapshot(bench.organization.id, report.run.id).by_collector.get(collector, ())
    read = {(one.subject, one.setting) for one in seen if isinstance(one, Observed)}
    promised = set(promises_of(collectors.ALL)[collector])
    reads = {check.id: promised & set(check.reads) for check in checks.ALL}
    leaning = leaning_on(collector)
    return [
        finding
        for finding in report.findings
        if finding.check in leaning
        and finding.outcome is Outcome.PASS
        and not (
            finding.subject.kind is Kind.APP
            and reads[finding.check]
            and all((finding.subject, setting) in read for setting in reads[finding.check])
        )
    ]


def old_evidence(report: Report) -> list[Finding]:
    """Findings that rest on anything from before this run."""
    return [
        finding
        for finding in report.findings
        if any(evidence.observed_at < report.run.started_at for evidence in finding.evidence)
    ]


def unverified(report: Report, collector: str) -> list[Finding]:
    """Findings that lean on the collector, could be verified without anybody's look, and are unknown."""
    able = {check.id for check in checks.ALL if check.verifiable and check.id not in _BY_PEOPLE} & leaning_on(collector)
    return [one for one in report.findings if one.check in able and one.outcome is Outcome.UNKNOWN]
