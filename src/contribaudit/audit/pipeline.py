"""The steps of an audit on one page: collect, save, resolve, evaluate, report.

Step 3 combines what a run saw, what was known before it, and what people recorded.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import cache, partial

from contribaudit import __version__, catalogue, checks, collectors
from contribaudit.atlassian.sites import ON_GATEWAY, SPACES
from contribaudit.attestations.decoder_proposals import with_objects
from contribaudit.attestations.due import due_screens
from contribaudit.attestations.files import take_in_folder
from contribaudit.audit.changes import Span, changes_since, explained_changes, named
from contribaudit.audit.job import Job, Target
from contribaudit.collectors.collect import collect_all, relaxed_gc
from contribaudit.collectors.interface import Collector, promises_of
from contribaudit.collectors.site_ai import collect_site_ai
from contribaudit.collectors.spaces import collect_spaces
from contribaudit.core.advise.deadlines import deadline_warnings, key_days_left
from contribaudit.core.advise.remedies import needed_and_unread, needed_collectors
from contribaudit.core.advise.report import Report, RunLine
from contribaudit.core.advise.verdict import count_outcomes, exit_code, newly_bad, nothing_read
from contribaudit.core.judge.evaluate import evaluate, evidence_terms, require_checks
from contribaudit.core.model import names
from contribaudit.core.model.change import Change
from contribaudit.core.model.finding import Finding
from contribaudit.core.model.observation import Observed, SettingId, Value
from contribaudit.core.model.phrases import counted
from contribaudit.core.model.policy import CLOCK_TOLERANCE
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.model.subject import Subject
from contribaudit.core.resolve.attested import dated_ahead
from contribaudit.core.resolve.attested_plans import PlanSeen, plan_now
from contribaudit.core.resolve.gateway import GATEWAY
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import Chain, HistoryReader, OrganizationState, State
from contribaudit.errors import ContribauditError, NothingRead, ServerFailed, StoreBusy
from contribaudit.policy_file.expect import questions
from contribaudit.progress import SILENT, Progress
from contribaudit.store.records import Judged, RunDraft, RunRecord


def state_of(
    job: Job, run: int, snapshots: Mapping[str, Snapshot], as_of: datetime, sources: Sequence[Collector]
) -> State:
    """Step 3: what the run saw, with what was known before it and what people attested."""
    with job.store.at_once():
        seen = [seen_of(job, target, run, snapshots.get(target.organization), as_of) for target in job.targets]
        lists = job.store.subprocessors()  # read now, because a report may be written after the history is closed
        return resolve(
            seen,
            job.rulebook,
            as_of,
            promises_of(sources),
            catalogue.ALL,
            evidence_terms=evidence_terms(job.policy, checks.ALL),
            documents=job.store.documents,
            subprocessors=lambda: lists,
        )


def seen_of(job: Job, target: Target, run: int, snapshot: Snapshot | None, as_of: datetime) -> SeenOrganization:
    """One target as a run found it, with the history before it; spaces, changes and evidence are read on demand."""
    recorded = job.store.attestation_history(target.organization)
    return SeenOrganization(
        OrganizationState(
            target.organization,
            target.name,
            unread_reason="" if snapshot else target.unread_reason or "it was left out of this run",
            left_out=target.left_out,
            alias_holders=job.store.alias_holders(target.organization),
            spaces=job.store.spaces(target.organization, run),
            approvals=job.store.approvals(target.organization),
            departures=job.store.departures(target.organization, until=run),
            past=HistoryReader(
                partial(changes_since, job.store, job.rulebook, target.organization, run),
                partial(job.store.audit_log, target.organization),
                partial(_chain, job, target.organization, as_of),
            ),
        ),
        snapshot or (_last_snapshot(job, target) if target.left_out else None),
        known=job.store.known(target.organization, before=run).by_collector,
        recorded=with_objects(
            replace(recorded, ahead=dated_ahead(recorded.attestations, job.clock())),
            job.store,
            job.rulebook.decoders,
            snapshot,
            job.rulebook.candidates,
        ),
    )


def _chain(job: Job, organization: str, as_of: datetime) -> Chain:
    """The exported evidence of an organization; the code that checks packs is loaded only when needed."""
    from contribaudit.evidence.verify import chain_of

    return chain_of(job.store, organization, job.operator.host, as_of)


def _last_snapshot(job: Job, target: Target) -> Snapshot | None:
    """The snapshot of an organization's newest run; None without one."""
    for record in job.store.runs(organization=target.organization, limit=1):
        return job.store.snapshot(target.organization, record.id)
    return None


async def audit(job: Job, progress: Progress = SILENT) -> Report:
    """Read every target, save what was seen, and judge it.

    Raises UsageError, before anything is read, when the policy and the selection ask for no check. Raises StoreBusy
    when other audits of all the organizations run on the same store; if only some are locked, those are reported as not
    read. Raises StoreError when the history cannot be written, and then nothing of the run is saved. Raises NothingRead
    when no organization could be read for a reason other than the key: no run is saved, but the history records the
    attempt.
    """
    require_checks(job.policy, checks.ALL, job.selection)
    with ExitStack() as locks:
        job = _lock_organizations(job, locks)
        started_at = job.clock()
        snapshots = await _collect(job, collectors.ALL, progress, spaces=True)  # STEP 1: what was seen
        job, snapshots = _without_unreached(job, snapshots, started_at)
        record = job.store.save(_draft(job, started_at), list(snapshots.values()))  # STEP 2: kept
        warnings: list[str] = []
        if job.attestations:
            now = state_of(job, record.id, snapshots, job.clock(), collectors.ALL)
            warnings = take_in_folder(job.store, job.attestations, now, job.operator.signature(job.clock()))
        return judge(job, record, snapshots, job.clock(), warnings=warnings)  # STEPS 3 to 5


def _lock_organizations(job: Job, locks: ExitStack) -> Job:
    """The job with its organizations locked; one that another audit has locked is not read if others can be.

    Raises StoreBusy when no organization is left to read.
    """
    targets: list[Target] = []
    busy: list[StoreBusy] = []
    for target in job.targets:
        entry = target
        if not target.left_out:
            try:
                locks.enter_context(job.store.lock(target.organization))
            except StoreBusy as error:
                busy.append(error)
                entry = replace(target, connect=None, unread_reason="another audit of it is running on this history")
        targets.append(entry)
    if busy and not any(one.connect for one in targets):
        raise busy[0]
    return replace(job, targets=tuple(targets))


def judge(
    job: Job,
    record: RunRecord,
    snapshots: Mapping[str, Snapshot],
    as_of: datetime,
    *,
    keep: bool = True,
    warnings: Sequence[str] = (),
) -> Report:
    """The meaning of a saved run under the job's policy and rulebook, as of a moment.

    `keep` records the outcomes with the run; evaluating an old run again leaves it unchanged.
    """
    with job.store.at_once():
        state = state_of(job, record.id, snapshots, as_of, collectors.ALL)  # STEP 3: what it means
        verdict = evaluate(state, job.policy, checks.ALL, catalogue.find, job.selection)  # STEP 4: what the policy says
    if keep:
        _record_plans(job, record, state)
    with job.store.at_once():
        previous = {target.organization: job.store.compared(target.organization, record.id) for target in job.targets}
        changes = _changes(job, record, previous, state)  # STEP 5: what others get
        earlier = max((run for run in previous.values() if run is not None), default=None)
        newly = newly_bad(verdict.findings, [job.store.outcomes(run) for run in _runs_before(job, record, earlier)])
        compared = None if earlier is None else job.store.run(earlier)
    unread = needed_and_unread(state, verdict.findings, _collectors_needed(job))
    code = exit_code(verdict.findings, job.fail_on, snapshots.values(), unread)
    if keep:
        _keep_verdict(job, record, verdict.findings, code)
    return Report(
        tool_version=__version__,
        state=state,
        run=RunLine(
            id=record.id,
            previous=earlier,
            started_at=record.started_at,
            finished_at=record.finished_at,
            complete=record.complete,
            exit_code=code,
            planned_at=record.planned_at,
            fail_on=job.fail_on,
            previous_finished_at=compared.finished_at if compared is not None else None,
            previous_complete=compared is not None and compared.complete,
            account=record.account,
            trigger=record.trigger,
            selection=str(job.selection),
        ),
        policy_name=job.policy.name,
        policy_sha256=job.policy.sha256,
        questions=questions(job.policy),
        findings=verdict.findings,
        changes=tuple(changes),
        warnings=(
            *verdict.warnings,
            *warnings,
            *_decoder_warnings(state),
            *_surprise_warnings(state, snapshots.values()),
            *_clock_warnings(snapshots.values()),
            *deadline_warnings(state, job.policy, checks.ALL),
        ),
        newly=newly,
        key_days_left=key_days_left(state),
        looks=cache(partial(due_screens, state, verdict.findings, job.policy)),
    )


def _keep_verdict(job: Job, record: RunRecord, findings: Sequence[Finding], code: int) -> None:
    """Keep the outcomes with the run, and the policy that judged it."""
    judged = [Judged(one.id, one.subject.organization, one.check, one.outcome.value) for one in findings]
    if job.policy.resolved_toml:
        job.store.keep_policy(job.policy.sha256, job.policy.resolved_toml)
    job.store.record_verdict(record.id, code, count_outcomes(findings), judged)


def _runs_before(job: Job, record: RunRecord, whole: int | None) -> list[int]:
    """The last complete run and the run before this one; an outcome that either reported is not new."""
    last = [job.store.previous(target.organization, record.id) for target in job.targets]
    return sorted({run for run in (whole, *last) if run is not None})


def _collectors_needed(job: Job) -> frozenset[str]:
    """Names of the collectors that the policy's rules need."""
    required = require_checks(job.policy, checks.ALL, job.selection)
    listings = [source.name for source in collectors.SPACES]
    promises = {**promises_of(collectors.ALL), collectors.SITE_AI.name: collectors.SITE_AI.promises}
    return needed_collectors(required, promises, catalogue.find, listings)


def _changes(job: Job, record: RunRecord, previous: Mapping[str, int | None], state: State) -> list[Change]:
    """The changes since the run before, with their causes, named as in the state."""
    spans = [Span(organization, run, record.id) for organization, run in previous.items() if run is not None]
    return named(state, explained_changes(job.store, job.rulebook, spans))


async def look(
    job: Job, sources: Sequence[Collector], progress: Progress = SILENT, *, onto_last: bool = False
) -> State:
    """What some collectors see now, with what earlier runs knew; nothing is saved or judged.

    `onto_last` takes what all other collectors saw from the last saved run.
    """
    snapshots = await _collect(job, sources, progress)
    latest = job.store.runs(limit=1)
    after = latest[0].id + 1 if latest else 1
    if onto_last:
        saved = {target.organization: _last_snapshot(job, target) for target in job.targets}
        snapshots = {name: _with_renewed_parts(saved[name], fresh) for name, fresh in snapshots.items()}
        sources = collectors.ALL if any(saved.values()) else sources
    return state_of(job, after, snapshots, job.clock(), sources)


def _with_renewed_parts(saved: Snapshot | None, fresh: Snapshot) -> Snapshot:
    """The saved snapshot, with the parts that were read now replaced.

    What the gateway said of an app is left out if the app's plan or regions have changed since: a value of then and
    one of now do not contradict each other.
    """
    if saved is None:
        return fresh
    new = {one.collector: one for one in fresh.collections}
    old = {one.collector: one for one in saved.collections}
    moved = _moved_apps(saved, fresh)
    kept = {
        name: tuple(one for one in seen if one.subject not in moved or not one.setting.startswith(GATEWAY))
        for name, seen in saved.by_collector.items()
    }
    return replace(
        fresh,
        collections=tuple({**old, **new}.values()),
        by_collector={**kept, **{name: fresh.by_collector.get(name, ()) for name in new}},
        raw={**saved.raw, **fresh.raw},
        space_lists=saved.space_lists,
        spaces=saved.spaces,
    )


def _moved_apps(saved: Snapshot, fresh: Snapshot) -> frozenset[Subject]:
    """The apps whose plan or regions are not those of the saved snapshot."""

    def values(snapshot: Snapshot) -> dict[tuple[Subject, SettingId], Value]:
        return {
            (one.subject, one.setting): one.value
            for one in snapshot.by_collector.get(names.WORKSPACES, ())
            if isinstance(one, Observed) and one.setting in (names.PLAN, names.REGIONS)
        }

    before = values(saved)
    return frozenset(key[0] for key, value in values(fresh).items() if key in before and before[key] != value)


def _record_plans(job: Job, record: RunRecord, state: State) -> None:
    """Record each organization's highest plan if this run read it, because attestations hold as long as it stays."""
    for place in state.looked_at:
        seen = plan_now(state, place.id)
        if isinstance(seen, PlanSeen):
            job.store.record_plan(place.id, record.id, record.started_at, seen.highest, seen.words)


async def _collect(
    job: Job, sources: Sequence[Collector], progress: Progress, *, spaces: bool = False
) -> dict[str, Snapshot]:
    """A snapshot of each readable target, read concurrently; with `spaces`, including spaces."""

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
                plan_of=job.rulebook.plan,
                clock=job.clock,
            )
            if spaces and target.connect_sites is not None:
                async with target.connect_sites(client.ledger) as sites:
                    if sites.reads & ON_GATEWAY:
                        snapshot = await collect_site_ai(snapshot, sites, job.rulebook, progress, clock=job.clock)
                    if SPACES in sites.reads:
                        snapshot = await collect_spaces(
                            snapshot, sites, job.rulebook, collectors.SPACES, progress, clock=job.clock
                        )
            ledger = client.ledger
            return replace(snapshot, requests=ledger.entries, clock_skew_seconds=ledger.clock_skew_seconds)

    readable = [target for target in job.targets if target.connect is not None]
    try:
        with relaxed_gc():
            async with asyncio.TaskGroup() as group:
                tasks = {target.organization: group.create_task(one(target)) for target in readable}
    except* ContribauditError as errors:
        raise _first_error(errors) from None
    return {organization: task.result() for organization, task in tasks.items()}


def _first_error(errors: ExceptionGroup[ContribauditError]) -> ContribauditError:
    """The first error of concurrent tasks; any of them would have stopped the run."""
    first = errors.exceptions[0]
    return _first_error(first) if isinstance(first, ExceptionGroup) else first


def _without_unreached(
    job: Job, snapshots: dict[str, Snapshot], started_at: datetime
) -> tuple[Job, dict[str, Snapshot]]:
    """The job and its snapshots without unread organizations, so that their last run stays the newest.

    The history records each of them, and the report lists it as not read. Raises NothingRead when none is left.
    """
    reasons = {one: _why_unreached(snapshot) for one, snapshot in snapshots.items() if nothing_read(snapshot)}
    for organization, reason in reasons.items():
        job.store.record_unreached(organization, started_at, reason)
    reached = {one: snapshot for one, snapshot in snapshots.items() if one not in reasons}
    if reasons and not reached:
        codes = {one.code for snapshot in snapshots.values() for one in snapshot.collections}
        raise NothingRead(
            f"Nothing could be read: {'; '.join(dict.fromkeys(reasons.values()))}. Nothing was judged and no run "
            f"was saved{': the last complete run still counts' if job.store.runs() else ''}",
            hint=_API_DOWN if codes == {ServerFailed.code} else _DOCTOR,
        )
    targets = tuple(
        replace(one, unread_reason=f"nothing could be read: {reasons[one.organization]}")
        if one.organization in reasons
        else one
        for one in job.targets
    )
    return replace(job, targets=targets), reached


_DOCTOR = "Run `contribaudit doctor`; it shows whether the network, a proxy, TLS or the key is the cause"
_API_DOWN = "The API is down: try again later; see https://status.atlassian.com for outages"


def _why_unreached(snapshot: Snapshot) -> str:
    """The most common reason why the collectors failed."""
    codes = Counter(one.code for one in snapshot.collections)
    common = codes.most_common(1)[0][0]
    return next(one.reason for one in snapshot.collections if one.code == common)


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
        planned_at=job.planned_at,
    )


def _decoder_warnings(state: State) -> list[str]:
    """The warnings about decoders, one sentence each."""
    sentences = (one.sentence(state.organization_name(one.organization)) for one in state.decoders)
    return [sentence for sentence in sentences if sentence]


def _clock_warnings(snapshots: Iterable[Snapshot]) -> list[str]:
    """One warning if this machine's clock differs from the API's by more than evidence may: all ages rest on it."""
    off = max((one.clock_skew_seconds or 0.0 for one in snapshots), key=abs, default=0.0)
    if abs(off) <= CLOCK_TOLERANCE.total_seconds():
        return []
    minutes = round(abs(off) / 60)
    many = counted(minutes, "minute") if minutes < 120 else counted(minutes // 60, "hour")
    return [
        f"This machine's clock is {many} {'behind' if off > 0 else 'ahead of'} the API's: ages, waivers and due dates "
        "are judged by a wrong time; synchronize the clock with NTP and audit again."
    ]


def _surprise_warnings(state: State, snapshots: Iterable[Snapshot]) -> list[str]:
    return [
        f"{state.organization_name(snapshot.organization)}: the source {surprise.collector} answered with "
        f"{surprise.where}, which this version does not know; look for a newer one."
        for snapshot in snapshots
        for surprise in snapshot.surprises
    ]
