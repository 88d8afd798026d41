"""A case of the outcome tables: what is changed in a simulated organization, and what one check then says."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from contribaudit.audit.job import Job, Target
from contribaudit.audit.replay import last_state
from contribaudit.core.model.attestation import Attestation, Baseline, Signature
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import CONFLICT_CODE, STALE_CODES, SettingId, Value
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.aliases import resolve_alias
from contribaudit.core.resolve.attested_plans import PlanSeen, plan_now
from contribaudit.core.resolve.state import State
from contribaudit.simulator import Fault, Organization
from contribaudit.store.history import History
from tests.flow.audits import RULEBOOK, Bench, of_check, simulated
from tests.listed import Listing, keep

NOW = datetime.now(UTC)
TODAY = NOW.date()
USED_SINCE = TODAY - timedelta(days=20)
REVIEWED_TODAY = replace(
    RULEBOOK, files=tuple(replace(file, reviewed=TODAY) for file in RULEBOOK.files), effective=USED_SINCE
)
"""The shipped rulebook as if reviewed today, and data used for 20 days, so that no case grows old with it."""

Edit: TypeAlias = Callable[[Organization], object]


@dataclass(frozen=True)
class Said:
    """What a person saw of one setting, before the run that the case is about."""

    setting: str
    value: Value
    about: str = "organization"
    """An alias; "every app" for all of them."""
    days_ago: int = 0
    highest_plan: str = ""
    """The highest plan at the look; "" for the one of the run."""
    or_else: Value = None
    """What a second person saw at the same moment; None where nobody did."""
    screen: str = ""
    path: str = ""


EVERY_APP = "every app"


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
    said: tuple[Said, ...] = ()
    earlier: tuple[tuple[int, Edit | None], ...] = ()
    """Audits of the days before: how many days ago, and what was otherwise then."""
    exports: Callable[[Bench, Job, Path], object] | None = None
    """What is exported of the kept run, into a folder, before it is judged again; and what becomes of that."""
    listings: tuple[tuple[int, tuple[Listing, ...]], ...] = ()
    """Further runs, each so many days ago, with the spaces that they listed; apps by alias."""
    approved: int | None = None
    """The run that somebody approved as the baseline."""

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
        world = (case.scenario, case.edit, case.fault, case.others, case.earlier)
        policy = f'{case.policy}\n[[rule]]\ncheck = "{case.check}"\n{case.rule}\n'
        first = world not in self._kept
        if first:
            self._kept[world] = shutil.copyfile(self._empty, self._folder / f"{len(self._kept)}.sqlite")
        for days_ago, edit in case.earlier if first else ():
            bench = self._scene(replace(case, edit=edit, fault=""))
            with History.open(str(self._kept[world])) as bench.store:
                bench.audit(policy, now=NOW - timedelta(days=days_ago), others=case.others)
        bench = self._scene(case)
        attested = case.said or case.listings or case.exports
        if first or not attested:
            found = self._found(bench, case, self._kept[world], policy, first=first)
        if attested:
            found = self._attested(bench, case, self._kept[world], policy)
        assert len(found) == 1, [(one.subject.id, one.outcome, one.reason) for one in found]
        return found[0]

    def _found(self, bench: Bench, case: OutcomeCase, kept: Path, policy: str, *, first: bool) -> list[Finding]:
        """What an audit finds, the first of the world, or what its kept run is judged to be."""
        with History.open(str(kept)) as bench.store:
            if first:
                report = bench.audit(policy, now=NOW, others=case.others)
            if case.days_later or not first:
                later = NOW + timedelta(days=case.days_later)
                report = bench.offline(policy, now=later, others=case.others)
            return of_check(report, case.check, case.about)

    def _attested(self, bench: Bench, case: OutcomeCase, kept: Path, policy: str) -> list[Finding]:
        """The kept run judged with what people recorded before it, in a history of its own."""
        copy = shutil.copyfile(kept, self._folder / "attested.sqlite")
        with History.open(str(copy)) as bench.store:
            job = bench.job(policy, now=NOW, others=case.others)
            state = last_state(job)
            for days_ago, listings in case.listings:
                snapshot = bench.store.snapshot(bench.organization.id, 1)
                listed = [replace(one, app=_subject(state, one.app).id) for one in listings]
                keep(bench.store, snapshot, NOW - timedelta(days=days_ago), listed)
            if case.listings:
                state = last_state(job)
            bench.store.add_attestations(attestations(state, case.said))
            if case.approved is not None:
                signed = Signature("cara@acme.example", NOW, "", "")
                bench.store.add_baseline(Baseline(bench.organization.id, case.approved, signed, "reviewed", None))
            if case.exports is not None:
                case.exports(bench, job, Path(tempfile.mkdtemp(dir=self._folder)))
            later = NOW + timedelta(days=case.days_later)
            return of_check(bench.offline(policy, now=later, others=case.others), case.check, case.about)

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
        bench.organization.groups = list(pristine.groups)
        bench.organization.users = list(pristine.users)
        bench.organization.revision += 1
        if case.edit is not None:
            case.edit(bench.organization)
        kind, _, endpoint = case.fault.partition("@")
        bench.faults[:] = [Fault(kind, endpoint)] if case.fault else []
        return bench


def _subject(state: State, about: str) -> Subject:
    """What a case names: by alias, or by "connector:NAME"."""
    found = resolve_alias(state, about)
    if found is None and about.startswith("connector:"):
        return Subject(next(iter(state.organizations)), Kind.CONNECTOR, about.removeprefix("connector:"))
    assert found is not None, about
    return found


def attestations(state: State, said: Sequence[Said]) -> list[Attestation]:
    """What people said as attestations without anchors, each of one moment and under one plan."""
    made: list[Attestation] = []
    for one in said:
        subjects = (
            state.subjects(Kind.APP, next(iter(state.organizations)))
            if one.about == EVERY_APP
            else [_subject(state, one.about)]
        )
        for subject in subjects:
            plan = plan_now(state, subject.organization)
            known = plan if isinstance(plan, PlanSeen) else None
            looked = NOW - timedelta(days=one.days_ago)
            values = {"ann@acme.example": one.value} | ({"bob@acme.example": one.or_else} if one.or_else else {})
            made += [
                Attestation(
                    id=f"{len(made)}-{by}",
                    setting=SettingId(one.setting),
                    subject=subject,
                    value=value,
                    by=by,
                    observed_at=looked,
                    recorded=Signature(by, looked, "", ""),
                    look="one look",
                    screen=one.screen,
                    console_path=one.path,
                    unanchored_reason="nothing was read around the look",
                    highest_plan=one.highest_plan or (known.highest if known else None),
                    plan_words=known.words if known and not one.highest_plan else (),
                )
                for by, value in values.items()
            ]
    return made


@contextmanager
def set_stage(factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage for one file's cases; its servers end with it."""
    with ExitStack() as stack:
        yield Stage(factory.mktemp("stage"), stack)


_CLAIM_NOTHING = (Outcome.UNKNOWN, Outcome.NOT_YET_EFFECTIVE)
_WITHOUT_VALUE = (*STALE_CODES, CONFLICT_CODE)


def assert_as_said(case: OutcomeCase, finding: Finding) -> None:
    """The outcome and its reason; evidence behind all that claims something of a value."""
    assert (finding.outcome, finding.reason_code) == (case.outcome, case.code), finding.reason
    assert finding.underlying_outcome is case.outcome
    assert finding.reason.strip()
    assert not finding.reason.endswith(".")
    assert finding.evidence or case.outcome in _CLAIM_NOTHING or case.code in _WITHOUT_VALUE
    assert case.scope in finding.reason
    if case.fault.startswith("403"):
        assert case.scope, "a case with a 403 says which scope is missing"


def doubted(case: OutcomeCase, said: Said, or_else: Value) -> tuple[OutcomeCase, ...]:
    """What becomes of a case when nobody said it, when the plan has changed since, and when two people differ."""

    def told(outcome: Outcome, code: str, *more: Said) -> OutcomeCase:
        return replace(case, outcome=outcome, code=code, said=(*case.said, *more))

    return (
        told(Outcome.UNKNOWN, "not_read"),
        told(Outcome.STALE, "plan_changed", replace(said, highest_plan="free")),
        told(Outcome.CONFLICT, CONFLICT_CODE, replace(said, or_else=or_else)),
    )


def together(*edits: Edit) -> Edit:
    """Several edits as one."""

    def edit(organization: Organization) -> None:
        for one in edits:
            one(organization)

    return edit


def only_outside(organization: Organization) -> None:
    """Nothing is left but an app that data residency does not reach."""
    for app in [app.id for app in organization.apps if app.type_key != "trello"]:
        organization.remove_app(app)


def only_on_free(organization: Organization) -> None:
    """Nothing is left but apps of Rovo access, and those are on a plan that has no Rovo."""
    for app in [app.id for app in organization.apps if app.type_key == "trello"]:
        organization.remove_app(app)
    every_plan("Free")(organization)


def every_plan(plan: str | None, *besides: str) -> Edit:
    """The same plan for every app but the named ones."""

    def edit(organization: Organization) -> None:
        kept = {organization.app(which).id for which in besides}
        for app in {app.id for app in organization.apps} - kept:
            organization.set_plan(app, plan)

    return edit
