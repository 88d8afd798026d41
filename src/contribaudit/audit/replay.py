"""Judges saved runs again: the newest, those of a past moment, or under a hypothesis. Reads and saves nothing."""

from __future__ import annotations

from datetime import datetime

from contribaudit import catalogue, checks, collectors
from contribaudit.audit.job import Job
from contribaudit.audit.pipeline import judge, seen_of, state_of
from contribaudit.collectors.interface import promises_of
from contribaudit.core.advise.deadlines import Deadline, deadlines
from contribaudit.core.advise.forecast import Forecast, Ground, Hypothesis, forecast
from contribaudit.core.advise.report import Report
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.resolve.state import State
from contribaudit.errors import UsageError
from contribaudit.store.records import RunRecord


def judge_last(job: Job, moment: datetime | None = None) -> Report:
    """The report on each organization's newest saved run, as of now; reads no API and saves nothing.

    As of a past moment it is the newest run that had begun by then, under today's policy; later attestations,
    confirmations, revocations and approvals do not count. Raises UsageError when there is no such run.
    """
    with job.store.at_once():
        record, snapshots = _newest_run(job, moment)
        return judge(job, record, snapshots, moment or job.clock(), keep=False)


def last_state(job: Job, moment: datetime | None = None) -> State:
    """The state of the runs that `judge_last` judges, as of the same time. Raises UsageError when there is none."""
    with job.store.at_once():
        record, snapshots = _newest_run(job, moment)
        return state_of(job, record.id, snapshots, moment or job.clock(), collectors.ALL)


def last_deadlines(job: Job) -> tuple[State, tuple[Deadline, ...]]:
    """The state of the newest saved run and its deadlines, soonest first. Raises UsageError when there is no run."""
    state = last_state(job)
    return state, deadlines(state, job.policy, checks.ALL, catalogue.find)


def forecast_last(job: Job, hypothesis: Hypothesis) -> Forecast:
    """How the newest saved run's outcomes would change under a hypothesis; reads no API and saves nothing.

    Raises UsageError when there is no saved run, or when the policy asks for no check.
    """
    record, snapshots = _newest_run(job)
    ground = Ground(
        seen=[
            seen_of(job, target, record.id, snapshots.get(target.organization), job.clock()) for target in job.targets
        ],
        rulebook=job.rulebook,
        promises=promises_of(collectors.ALL),
        settings=catalogue.ALL,
        policy=job.policy,
        checks=checks.ALL,
        find_setting=catalogue.find,
        selection=job.selection,
        documents=job.store.documents,
    )
    return forecast(ground, hypothesis, job.clock())


def _newest_run(job: Job, moment: datetime | None = None) -> tuple[RunRecord, dict[str, Snapshot]]:
    """The newest run, and the snapshot of each organization's newest run that had begun by `moment`, if given.

    Raises UsageError when there is none.
    """
    records: dict[str, RunRecord] = {}
    for organization in job.organizations:
        if moment is None:
            record = next(iter(job.store.runs(organization=organization, limit=1)), None)
        else:
            record = job.store.run_at(moment, organization)
        if record is not None:
            records[organization] = record
    if not records and moment is None:
        raise UsageError("There is no saved run", hint="Run `contribaudit audit` first.")
    if not records:
        hint = "`contribaudit runs list` shows the first one"
        raise UsageError(f"No run had been saved by {moment:%Y-%m-%d %H:%M}Z", hint=hint)
    snapshots = {organization: job.store.snapshot(organization, record.id) for organization, record in records.items()}
    return max(records.values(), key=lambda one: one.id), snapshots
