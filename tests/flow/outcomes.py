"""A case of the outcome tables: what is changed in a simulated organization, and what one check then says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from contribaudit.core.finding import Finding, Outcome
from contribaudit.pipeline import Target
from contribaudit.simulator import Fault, Organization
from contribaudit.store.history import History
from tests.flow.audits import RULEBOOK, Bench, of_check, simulated

NOW = datetime.now(UTC)
TODAY = NOW.date()
REVIEWED_TODAY = replace(RULEBOOK, files=tuple(replace(file, reviewed=TODAY) for file in RULEBOOK.files))
"""The shipped rulebook as if it had been reviewed today, so that no case grows old with it."""

Edit: TypeAlias = Callable[[Organization], object]


@dataclass(frozen=True)
class OutcomeCase:
    """One check, one outcome, and how it comes about."""

    check: str
    outcome: Outcome
    code: str
    about: str = ""
    """A part of the subject's alias or ID, "" where the check has one finding."""
    edit: Edit | None = None
    """Changes apps and policies."""
    fault: str = ""
    """KIND@ENDPOINT."""
    scope: str = ""
    """The scope that the reason must name."""
    rule: str = ""
    """Lines of the rule beside `check`."""
    policy: str = ""
    """Lines above the rule."""
    scenario: str = "tidy"
    days_later: int = 0
    """The kept run is judged so many days later."""
    others: tuple[Target, ...] = ()

    def __str__(self) -> str:
        return f"{self.check}-{self.outcome}-{self.code}"


class Stage:
    """Simulated organizations that many cases play on; each case finds its scenario as it was, and an empty history.

    Cases of the same world share one audit: what was read and kept is the same, only the policy and the day differ.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._benches: dict[str, tuple[Bench, Organization]] = {}
        self._empty = folder / "empty.sqlite"
        self._kept: dict[object, Path] = {}
        History.open(str(self._empty)).close()

    def find(self, case: OutcomeCase) -> Finding:
        """The finding of the case: from API bytes over HTTP, collectors and the history to the verdict."""
        world = (case.scenario, case.edit, case.fault, case.others)
        policy = f'{case.policy}\n[[rule]]\ncheck = "{case.check}"\n{case.rule}\n'
        first = world not in self._kept
        if first:
            self._kept[world] = shutil.copyfile(self._empty, self._folder / f"{len(self._kept)}.sqlite")
        bench = self._scene(case)
        with History.open(str(self._kept[world])) as bench.store:
            if first:
                report = bench.audit(policy, now=NOW, others=case.others)
            if case.days_later or not first:
                later = NOW + timedelta(days=case.days_later)
                report = bench.offline(policy, now=later, others=case.others)
            found = of_check(report, case.check, case.about)
        assert len(found) == 1, [(one.subject.id, one.outcome, one.reason) for one in found]
        return found[0]

    def _scene(self, case: OutcomeCase) -> Bench:
        """The scenario's bench, with the case's edit and fault and nothing left of the case before."""
        if case.scenario not in self._benches:
            folder = self._folder / case.scenario
            folder.mkdir()
            bench = self._stack.enter_context(simulated(folder, case.scenario))
            bench.rulebook = REVIEWED_TODAY
            self._benches[case.scenario] = bench, deepcopy(bench.organization)
        bench, pristine = self._benches[case.scenario]
        bench.organization.apps = list(pristine.apps)
        bench.organization.policies = list(pristine.policies)
        bench.organization.revision += 1
        if case.edit is not None:
            case.edit(bench.organization)
        kind, _, endpoint = case.fault.partition("@")
        bench.faults[:] = [Fault(kind, endpoint)] if case.fault else []
        return bench


@contextmanager
def set_stage(factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage for one file's cases; its servers end with it."""
    with ExitStack() as stack:
        yield Stage(factory.mktemp("stage"), stack)


def assert_as_said(case: OutcomeCase, finding: Finding) -> None:
    """The outcome and its reason; no outcome but `unknown` without evidence."""
    assert (finding.outcome, finding.reason_code) == (case.outcome, case.code), finding.reason
    assert finding.underlying_outcome is case.outcome
    assert finding.reason.strip()
    assert not finding.reason.endswith(".")
    assert finding.evidence or case.outcome is Outcome.UNKNOWN
    assert case.scope in finding.reason
    if case.fault.startswith("403"):
        assert case.scope, "a case with a 403 says which scope is missing"


def together(*edits: Edit) -> Edit:
    """Several edits as one."""

    def edit(organization: Organization) -> None:
        for one in edits:
            one(organization)

    return edit


def every_plan(plan: str | None, *besides: str) -> Edit:
    """The same plan for every app but the named ones."""

    def edit(organization: Organization) -> None:
        kept = {organization.app(which).id for which in besides}
        for app in {app.id for app in organization.apps} - kept:
            organization.set_plan(app, plan)

    return edit
