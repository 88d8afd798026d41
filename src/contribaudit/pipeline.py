"""The story on one page: collect, keep, understand, judge, report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from contribaudit import __version__, catalogue, checks, collectors
from contribaudit.atlassian.client import AdminClient
from contribaudit.collectors.collect import collect_all, fewer_collections, utc_now
from contribaudit.collectors.interface import Collector, promises_of
from contribaudit.core.attestation import Signature
from contribaudit.core.deadlines import key_days_left
from contribaudit.core.evaluate import EVERYTHING, Selection, evaluate, require_checks
from contribaudit.core.finding import Severity
from contribaudit.core.observation import Observation
from contribaudit.core.plan_moves import PlanSeen, plan_now
from contribaudit.core.policy import AuditPolicy
from contribaudit.core.report import Report, RunLine
from contribaudit.core.resolve import Seen, resolve
from contribaudit.core.rules import Rulebook
from contribaudit.core.snapshot import Snapshot
from contribaudit.core.state import State
from contribaudit.core.verdict import count_outcomes, exit_code, newly_bad
from contribaudit.errors import ContribauditError, UsageError
from contribaudit.progress import SILENT, Progress
from contribaudit.store.history import History
from contribaudit.store.records import Judged, RunDraft, RunRecord
from contribaudit.testimony.attestation_file import Row
from contribaudit.testimony.importing import take_in_folder


@dataclass(frozen=True, slots=True)
class Target:
    """One organization that the configuration names."""

    organization: str
    name: str = ""
    connect: Callable[[], AbstractAsyncContextManager[AdminClient]] | None = None
    """None when it cannot be read; `unread_reason` then says why."""
    unread_reason: str = ""
    key_label: str = ""
    left_out: bool = False
    """True when the run was told to look at others: whether it is covered is then asked of its last run."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who and what runs an audit, for the history."""

    trigger: str = "manual"
    """ "manual" or "schedule"."""
    account: str = ""
    host: str = ""

    def signature(self, at: datetime, by: str = "") -> Signature:
        """Under something that a person does with an attestation here."""
        return Signature(by, at, self.account, self.host)


UNNAMED = Operator()


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that an audit needs, built by `wiring`."""

    targets: tuple[Target, ...]
    store: History
    rulebook: Rulebook
    policy: AuditPolicy
    fail_on: Severity = Severity.HIGH
    selection: Selection = EVERYTHING
    operator: Operator = UNNAMED
    clock: Callable[[], datetime] = utc_now
    attestations: tuple[Row, ...] = ()
    """What the configured folder of attestation files holds; each row is taken into the history once."""


async def audit(job: Job, progress: Progress = SILENT) -> Report:
    """Read every target, keep what was seen, judge it.

    Raises UsageError, before anything is read, when the policy and the selection ask for no check; StoreBusy when
    another audit of one of the organizations runs on the same store; StoreError when the history cannot be written,
    and then nothing of the run is kept.
    """
    require_checks(job.policy, checks.ALL, job.selection)
    with ExitStack() as locks:
        for target in job.targets:
            if not target.left_out:
                locks.enter_context(job.store.lock(target.organization))
        started_at = job.clock()
        snapshots = await _collect(job, collectors.ALL, progress)  # STEP 1: what was seen
        record = job.store.save(_draft(job, started_at), list(snapshots.values()))  # STEP 2: kept
        warnings: list[str] = []
        if job.attestations:
            now = _state(job, record.id, snapshots, job.clock(), collectors.ALL)
            warnings = take_in_folder(job.store, job.attestations, now, job.operator.signature(job.clock()))
        return judge(job, record, snapshots, job.clock(), warnings=warnings)  # STEPS 3 to 5


def judge_last(job: Job) -> Report:
    """The newest kept run of the job's organizations, judged anew as of now; reads nothing and keeps nothing.

    Raises UsageError when none of them was ever read.
    """
    record, snapshots = _last(job)
    return judge(job, record, snapshots, job.clock(), keep=False)


def last_state(job: Job) -> State:
    """What the newest kept run of each organization means now. Raises UsageError when there is none."""
    record, snapshots = _last(job)
    return _state(job, record.id, snapshots, job.clock(), collectors.ALL)


def _last(job: Job) -> tuple[RunRecord, dict[str, Snapshot]]:
    snapshots: dict[str, Snapshot] = {}
    records: list[RunRecord] = []
    for target in job.targets:
        for record in () if target.left_out else job.store.runs(organization=target.organization, limit=1):
            records.append(record)
            snapshots[target.organization] = job.store.snapshot(target.organization, record.id)
    if not records:
        raise UsageError("There is no kept run", hint="Run contribaudit audit without --offline first.")
    return max(records, key=lambda one: one.id), snapshots


def judge(
    job: Job,
    record: RunRecord,
    snapshots: Mapping[str, Snapshot],
    as_of: datetime,
    *,
    keep: bool = True,
    warnings: Sequence[str] = (),
) -> Report:
    """What a kept run means under the job's policy and rulebook, as of a moment.

    `keep` records the outcomes with the run; an evaluation of an old run leaves it as it was.
    """
    state = _state(job, record.id, snapshots, as_of, collectors.ALL)  # STEP 3: what it means
    verdict = evaluate(state, job.policy, checks.ALL, catalogue.find, job.selection)  # STEP 4: what the policy says
    previous = {target.organization: job.store.previous(target.organization, record.id) for target in job.targets}
    changes = [  # STEP 5: what others get
        replace(change, name=state.place(change.subject).name)
        for organization, before in previous.items()
        if before is not None
        for change in job.store.changes(organization, before, record.id)
    ]
    earlier = max((run for run in previous.values() if run is not None), default=None)
    code = exit_code(verdict.findings, job.fail_on, snapshots.values())
    newly = newly_bad(verdict.findings, job.store.outcomes(earlier) if earlier is not None else None)
    if keep:
        judged = [Judged(one.id, one.subject.organization, one.check, one.outcome.value) for one in verdict.findings]
        _record_plans(job, record, state)
        job.store.record_verdict(record.id, code, count_outcomes(verdict.findings), judged)
    return Report(
        tool_version=__version__,
        state=state,
        run=RunLine(record.id, earlier, record.started_at, record.finished_at, record.complete, code),
        policy_name=job.policy.name,
        policy_sha256=job.policy.sha256,
        findings=verdict.findings,
        changes=tuple(changes),
        warnings=(*verdict.warnings, *warnings, *_surprises(snapshots.values())),
        newly=newly,
        key_days_left=key_days_left(state),
    )


async def look(job: Job, sources: Sequence[Collector], progress: Progress = SILENT) -> State:
    """What some collectors see now, with what earlier runs knew; nothing is kept or judged."""
    snapshots = await _collect(job, sources, progress)
    latest = job.store.runs(limit=1)
    after = latest[0].id + 1 if latest else 1
    return _state(job, after, snapshots, job.clock(), sources)


def _state(
    job: Job, run: int, snapshots: Mapping[str, Snapshot], as_of: datetime, sources: Sequence[Collector]
) -> State:
    """STEP 3: what the run saw, with what was known before it and what people attested."""
    seen = [_seen(job, target, run, snapshots.get(target.organization)) for target in job.targets]
    return resolve(seen, job.rulebook, as_of, promises_of(sources), catalogue.ALL)


def _record_plans(job: Job, record: RunRecord, state: State) -> None:
    """Keep each organization's highest plan, where this run read it: attestations hold as long as it stays."""
    for place in state.looked_at:
        seen = plan_now(state, place.id)
        if isinstance(seen, PlanSeen):
            job.store.record_plan(place.id, record.id, record.started_at, seen.highest, seen.words)


async def _collect(job: Job, sources: Sequence[Collector], progress: Progress) -> dict[str, Snapshot]:
    """A snapshot of each target that can be read, organizations side by side."""

    async def one(target: Target) -> Snapshot:
        assert target.connect is not None
        async with target.connect() as client:
            return await collect_all(client, sources, progress, key_label=target.key_label, clock=job.clock)

    readable = [target for target in job.targets if target.connect is not None]
    try:
        with fewer_collections():
            async with asyncio.TaskGroup() as group:
                tasks = {target.organization: group.create_task(one(target)) for target in readable}
    except* ContribauditError as errors:
        raise _first(errors) from None
    return {organization: task.result() for organization, task in tasks.items()}


def _first(errors: ExceptionGroup[ContribauditError]) -> ContribauditError:
    """One of the errors of tasks that ran side by side: each would have stopped the run."""
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def _draft(job: Job, started_at: datetime) -> RunDraft:
    return RunDraft(
        started_at=started_at,
        finished_at=job.clock(),
        trigger=job.operator.trigger,
        account=job.operator.account,
        host=job.operator.host,
        tool_version=__version__,
        rulebook_sha256=job.rulebook.sha256,
        policy_sha256=job.policy.sha256,
        policy_name=job.policy.name,
        selection=str(job.selection),
    )


def _seen(job: Job, target: Target, run: int, snapshot: Snapshot | None) -> Seen:
    known: dict[str, list[Observation]] = {}
    for fact in job.store.known(target.organization, before=run).facts:
        known.setdefault(fact.collector, []).append(fact.observation)
    return Seen(
        organization=target.organization,
        name=target.name,
        snapshot=snapshot or (_last_of(job, target) if target.left_out else None),
        unread_reason="" if snapshot else target.unread_reason or "it was left out of this run",
        left_out=target.left_out,
        known=known,
        alias_holders=job.store.alias_holders(target.organization),
        testimony=job.store.testimony(target.organization),
    )


def _last_of(job: Job, target: Target) -> Snapshot | None:
    """What the newest run of an organization saw; None when there was none."""
    for record in job.store.runs(organization=target.organization, limit=1):
        return job.store.snapshot(target.organization, record.id)
    return None


def _surprises(snapshots: Iterable[Snapshot]) -> list[str]:
    return [
        f"{surprise.collector} of {snapshot.organization}: a shape that this version does not know, {surprise.where}."
        for snapshot in snapshots
        for surprise in snapshot.surprises
    ]
