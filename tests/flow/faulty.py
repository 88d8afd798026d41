"""What the fault tests share: a policy that asks everything, histories to start from, and what must never happen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from contribaudit import catalogue, checks, collectors
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.connect import connect
from contribaudit.collectors.interface import promises_of
from contribaudit.core.advise.report import Report
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.subject import Kind
from contribaudit.simulator import Organization
from contribaudit.simulator import admin as actions
from contribaudit.simulator.options import Options
from contribaudit.store.history import History
from tests.administrator import AdminConsole

from .audits import Bench, no_wait, simulated

COLLECTOR_OF = {
    "org": "organization",
    "workspaces": "workspaces",
    "policies": "policies",
    "directories": "directories",
    "event-actions": "event_actions",
    "api-keys": "api_keys",
    "groups-search": "ai_roles",
    "group-role-assignments": "ai_roles",
    "users-search": "administrators",
    "events-stream": "events",
}
"""The endpoints that an audit asks, and the collector that asks each. Those of spaces are asked with another token."""
OPTIONAL = {collector.name for collector in collectors.ALL if collector.optional}
"""Collectors without which a run is complete all the same."""
SCOPE_OF = {collector.name: collector.call.scope for collector in collectors.ALL}
ABOUT_COLLECTIONS = {"DC-10", "GV-01"}
"""Checks that read no setting, but ask whether everything was read."""
_EXPECT = {"DR-01": 'expect = ["EU"]\n', "GV-02": 'expect = ["557058:0000", "557058:0001"]\n'}
_READING_NO_SETTING = {"workspaces": {"AI-05", "GV-04"}, "events": {"GV-03"}}
"""Checks that ask for the highest plan, or for the audit log."""
NOT_FROM_THE_API = {"DR-11", "AI-21", "AI-22", "AI-24", "DC-19", "GV-05", "GV-06", "GV-07", "GV-08"}
"""Checks that the rulebook, the policy file and the exported packs answer, whatever was read."""
ASKED = tuple(check for check in checks.ALL if not check.id.startswith("SP-"))
"""Those about sub-processors answer from a list that somebody imports."""
_BY_PEOPLE = {check.id for check in ASKED if any(catalogue.find(setting).attestable for setting in check.reads)}
"""Checks that rest on what somebody saw in the console: `unknown` here, where nobody has looked."""
COMPARING = {"DC-25", "GV-03"}
"""Checks that have nothing to compare with on a first run."""
_NOT_MET_BY_TIDY = NOT_FROM_THE_API | _BY_PEOPLE | {"DC-23", "GV-02"}
"""It has a sandbox; and who administers it, not every key may see."""


def _rule(check: str, *, severe: bool) -> str:
    return f'[[rule]]\ncheck = "{check}"\nseverity = "{"high" if severe else "low"}"\n{_EXPECT.get(check, "")}'


_DECIDED = "".join(
    f'[[decision]]\nsetting = "contribution.{switch}"\nvalue = "off"\nby = "dpo@acme.example"\n'
    'second = "ciso@acme.example"\ndate = 2026-06-02\nticket = "GRC-207"\n'
    for switch in ("metadata", "in_app")
)


def _everything(but: set[str]) -> str:
    rules = (_rule(check.id, severe=check.verifiable and check.id not in but) for check in ASKED)
    return 'written_for_plan = "enterprise"\n' + "".join(rules) + _DECIDED


EVERYTHING = _everything(_NOT_MET_BY_TIDY | COMPARING)
"""A policy with which an audit of the tidy organization ends with 0, and with 3 as soon as anything is unread."""
SETTLED = _everything(_NOT_MET_BY_TIDY)
"""The same, which also holds what compares with the run before: the first audit ends with 3, the second with 0."""


class Impatient(Bench):
    """A bench whose client waits for no answer longer than a second, which is enough for a machine with much to do."""

    def connect(self, key: str) -> Callable[[], AbstractAsyncContextManager[AdminClient]]:
        return lambda: connect(
            organization=self.organization.id,
            key=SecretStr(key),
            api_url=self.url,
            read_seconds=1,
            sleep=no_wait,
        )


@dataclass(frozen=True)
class Served:
    """An organization that is served, and the history of two complete audits of it."""

    bench: Bench
    first: Report
    whole: Report
    """The second audit's, which had something to compare with."""
    history: Path
    empty: Path
    """A history without a run: copying one is faster than making one."""

    def fresh(self, folder: Path) -> AbstractContextManager[Bench]:
        """The organization, faultless, with an empty history."""
        return self._with(self.empty, folder)

    def after_whole_runs(self, folder: Path) -> AbstractContextManager[Bench]:
        """The organization, faultless, with two complete runs in its history."""
        return self._with(self.history, folder)

    @contextmanager
    def _with(self, history: Path, folder: Path) -> Iterator[Bench]:
        self.bench.faults.clear()
        shutil.copy(history, folder / "copied.sqlite")
        with History.open(str(folder / "copied.sqlite")) as store:
            yield replace(self.bench, store=store)


@contextmanager
def served(
    folder: Path,
    scenario: str = "tidy",
    edit: Callable[[Organization], object] | None = None,
    *,
    options: Options | None = None,
    policy: str = SETTLED,
) -> Iterator[Served]:
    """A scenario that is audited twice, completely."""

    def prepared(organization: Organization) -> None:
        with_a_log(organization)
        if edit is not None:
            edit(organization)

    history, empty = folder / "complete.sqlite", folder / "empty.sqlite"
    History.open(str(empty)).close()
    with simulated(folder, scenario, prepared, options=options) as bench:
        with History.open(str(history)) as store:
            first, whole = (replace(bench, store=store).audit(policy) for _ in range(2))
        for report in (first, whole):
            assert [one.reason for one in report.collections if one.code] == []
        assert {one.outcome for one in first.findings if one.check in COMPARING} <= {Outcome.UNKNOWN}
        yield Served(bench, first, whole, history, empty)


def with_a_log(organization: Organization) -> None:
    """Something happened today: an audit log that never showed an event proves nothing."""
    console = AdminConsole(organization, lambda: datetime.now(UTC) - timedelta(hours=2))
    console.note(actions.ACTIONS["space_added"], "Created a space")


def rows(report: Report) -> set[tuple[str, str]]:
    """Check and subject of every finding."""
    return {(finding.check, finding.subject.id) for finding in report.findings}


def outcomes(report: Report) -> dict[tuple[str, str], tuple[Outcome, object]]:
    """Outcome and observed value by check and subject."""
    return {(one.check, one.subject.id): (one.outcome, one.observed) for one in report.findings}


def leaning_on(collector: str) -> set[str]:
    """Checks whose answer rests on what the collector promises."""
    promised = set(promises_of(collectors.ALL)[collector])
    reading = {check.id for check in ASKED if promised & set(check.reads)}
    about = set() if collector in OPTIONAL else ABOUT_COLLECTIONS
    return reading | about | _READING_NO_SETTING.get(collector, set())


def passes_on_unread(bench: Bench, report: Report, collector: str) -> list[Finding]:
    """Findings that pass although the collector did not read, in this run, what they rest on."""
    seen = bench.store.snapshot(bench.organization.id, report.run.id).by_collector.get(collector, ())
    read = {(one.subject, one.setting) for one in seen if isinstance(one, Observed)}
    promised = set(promises_of(collectors.ALL)[collector])
    reads = {check.id: promised & set(check.reads) for check in ASKED}
    leaning = leaning_on(collector)
    return [
        finding
        for finding in report.findings
        if finding.check in leaning
        and finding.outcome is Outcome.PASS
        and not (
            finding.subject.kind in (Kind.APP, Kind.ORGANIZATION)
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
    # What holds the role for AI is asked of the API first, and only then what people saw.
    people = _BY_PEOPLE if collector != "ai_roles" else set()
    able = {check.id for check in ASKED if check.verifiable and check.id not in people} & leaning_on(collector)
    return [one for one in report.findings if one.check in able and one.outcome is Outcome.UNKNOWN]
