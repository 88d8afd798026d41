"""The story on one page: collect, keep, understand, judge, report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from contribaudit import __version__, catalogue, checks, collectors
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.ledger import Ledger
from contribaudit.atlassian.sites import SiteClient
from contribaudit.attribution import Span, changes_since, explained_changes
from contribaudit.collectors.collect import collect_all, fewer_collections, utc_now
from contribaudit.collectors.interface import Collector, promises_of
from contribaudit.collectors.spaces import collect_spaces
from contribaudit.core.attestation import Signature
from contribaudit.core.baseline import standing
from contribaudit.core.chain import Chain
from contribaudit.core.deadline import Deadline, ending_soon
from contribaudit.core.deadlines import deadlines, key_days_left
from contribaudit.core.drift import Change
from contribaudit.core.evaluate import EVERYTHING, Selection, evaluate, require_checks
from contribaudit.core.finding import Severity
from contribaudit.core.forecast import Forecast, Ground, Hypothesis, forecast
from contribaudit.core.observation import Observation
from contribaudit.core.past import Past
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
from contribaudit.testimony.objects import with_objects


@dataclass(frozen=True, slots=True)
class Target:
    """One organization that the configuration names."""

    organization: str
    name: str = ""
    connect: Callable[[], AbstractAsyncContextManager[AdminClient]] | None = None
    """None when it cannot be read; `unread_reason` then says why."""
    unread_reason: str = ""
    key_label: str = ""
    connect_sites: Callable[[Ledger], AbstractAsyncContextManager[SiteClient]] | None = None
    """Opens a client of its sites that writes into the audit's ledger; None when spaces are not read."""
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
        snapshots = await _collect(job, collectors.ALL, progress, spaces=True)  # STEP 1: what was seen
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


def judge_at(job: Job, moment: datetime) -> Report:
    """The same as of a past moment: the newest run of each organization that had begun by then, under today's policy.

    What people recorded, confirmed, took back or approved later does not count. Raises UsageError when there was no
    run yet.
    """
    record, snapshots = _as_of(job, moment)
    return judge(job, record, snapshots, moment, keep=False)


def state_at(job: Job, moment: datetime) -> State:
    """What was known at a past moment, by the runs that had begun by then. Raises UsageError when there was none."""
    record, snapshots = _as_of(job, moment)
    return _state(job, record.id, snapshots, moment, collectors.ALL)


def _as_of(job: Job, moment: datetime) -> tuple[RunRecord, dict[str, Snapshot]]:
    by_organization = {
        target.organization: job.store.run_at(moment, target.organization)
        for target in job.targets
        if not target.left_out
    }
    records = [record for record in by_organization.values() if record is not None]
    if not records:
        raise UsageError(
            f"No run had been kept by {moment:%Y-%m-%d %H:%M}Z", hint="contribaudit runs list tells when the first was"
        )
    snapshots = {
        organization: job.store.snapshot(organization, record.id)
        for organization, record in by_organization.items()
        if record is not None
    }
    return max(records, key=lambda one: one.id), snapshots


def last_state(job: Job) -> State:
    """What the newest kept run of each organization means now. Raises UsageError when there is none."""
    record, snapshots = _last(job)
    return _state(job, record.id, snapshots, job.clock(), collectors.ALL)


def last_deadlines(job: Job) -> tuple[State, tuple[Deadline, ...]]:
    """The same state, and what runs out of it, soonest first. Raises UsageError when there is none."""
    state = last_state(job)
    return state, deadlines(state, job.policy, checks.ALL, standing(state))


def forecast_last(job: Job, hypothesis: Hypothesis) -> Forecast:
    """What would change of the same state under a hypothesis; reads nothing and keeps nothing.

    Raises UsageError when there is no kept run, or when the policy asks for no check.
    """
    record, snapshots = _last(job)
    ground = Ground(
        seen=[_seen(job, target, record.id, snapshots.get(target.organization), job.clock()) for target in job.targets],
        rulebook=job.rulebook,
        promises=promises_of(collectors.ALL),
        settings=catalogue.ALL,
        policy=job.policy,
        checks=checks.ALL,
        find_setting=catalogue.find,
        selection=job.selection,
    )
    return forecast(ground, hypothesis, job.clock())


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
    if keep:
        _record_plans(job, record, state)
    changes = _changes(job, record, previous, state)  # STEP 5: what others get
    earlier = max((run for run in previous.values() if run is not None), default=None)
    code = exit_code(verdict.findings, job.fail_on, snapshots.values())
    newly = newly_bad(verdict.findings, job.store.outcomes(earlier) if earlier is not None else None)
    if keep:
        judged = [Judged(one.id, one.subject.organization, one.check, one.outcome.value) for one in verdict.findings]
        job.store.record_verdict(record.id, code, count_outcomes(verdict.findings), judged)
    return Report(
        tool_version=__version__,
        state=state,
        run=RunLine(record.id, earlier, record.started_at, record.finished_at, record.complete, code),
        policy_name=job.policy.name,
        policy_sha256=job.policy.sha256,
        findings=verdict.findings,
        changes=tuple(changes),
        warnings=(
            *verdict.warnings,
            *warnings,
            *_decoders(state),
            *_surprises(snapshots.values()),
            *ending_soon(deadlines(state, job.policy, checks.ALL, standing(state)), as_of),
        ),
        newly=newly,
        key_days_left=key_days_left(state),
    )


def _changes(job: Job, record: RunRecord, previous: Mapping[str, int | None], state: State) -> list[Change]:
    """What differs from the run before, with causes, called as the state calls it."""
    spans = [Span(organization, run, record.id) for organization, run in previous.items() if run is not None]
    return [
        replace(change, name=change.name or state.place(change.subject).name)
        for change in explained_changes(job.store, job.rulebook, spans)
    ]


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
    seen = [_seen(job, target, run, snapshots.get(target.organization), as_of) for target in job.targets]
    return resolve(seen, job.rulebook, as_of, promises_of(sources), catalogue.ALL)


def _record_plans(job: Job, record: RunRecord, state: State) -> None:
    """Keep each organization's highest plan, where this run read it: attestations hold as long as it stays."""
    for place in state.looked_at:
        seen = plan_now(state, place.id)
        if isinstance(seen, PlanSeen):
            job.store.record_plan(place.id, record.id, record.started_at, seen.highest, seen.words)


async def _collect(
    job: Job, sources: Sequence[Collector], progress: Progress, *, spaces: bool = False
) -> dict[str, Snapshot]:
    """A snapshot of each target that can be read, organizations side by side; with `spaces`, spaces too."""

    async def one(target: Target) -> Snapshot:
        assert target.connect is not None
        async with target.connect() as client:
            snapshot = await collect_all(
                client,
                sources,
                progress,
                key_label=target.key_label,
                log_position=job.store.log_position(target.organization),
                log_rules=job.rulebook.log,
                clock=job.clock,
            )
            if spaces and target.connect_sites is not None:
                async with target.connect_sites(client.ledger) as sites:
                    snapshot = await collect_spaces(
                        snapshot, sites, job.rulebook, collectors.SPACES, progress, clock=job.clock
                    )
            ledger = client.ledger
            return replace(snapshot, requests=ledger.entries, clock_skew_seconds=ledger.clock_skew_seconds)

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


def _seen(job: Job, target: Target, run: int, snapshot: Snapshot | None, as_of: datetime) -> Seen:
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
        past=Past(
            partial(changes_since, job.store, job.rulebook, target.organization, run),
            partial(job.store.audit_log, target.organization),
        ),
        testimony=with_objects(job.store.testimony(target.organization), job.store, job.rulebook.decoders, snapshot),
        spaces=job.store.spaces(target.organization, run),
        approvals=job.store.approvals(target.organization),
        departures=job.store.departures(target.organization, until=run),
        chain=partial(_chain, job, target.organization, as_of),
    )


def _chain(job: Job, organization: str, as_of: datetime) -> Chain:
    """The exported evidence of an organization; what checks packs is loaded only where somebody asks."""
    from contribaudit.evidence.chain import chain_of

    return chain_of(job.store, organization, job.operator.host, as_of)


def _last_of(job: Job, target: Target) -> Snapshot | None:
    """What the newest run of an organization saw; None when there was none."""
    for record in job.store.runs(organization=target.organization, limit=1):
        return job.store.snapshot(target.organization, record.id)
    return None


def _decoders(state: State) -> list[str]:
    """What to know of decoders that do not do what they are for."""
    return [told for told in (trust.sentence() for trust in state.decoders) if told]


def _surprises(snapshots: Iterable[Snapshot]) -> list[str]:
    return [
        f"{surprise.collector} of {snapshot.organization}: a shape that this version does not know, {surprise.where}."
        for snapshot in snapshots
        for surprise in snapshot.surprises
    ]
