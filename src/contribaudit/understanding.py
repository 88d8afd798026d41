"""STEP 3: what a run saw, with what was known before it and what people recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from contribaudit import catalogue
from contribaudit.audit.changes import changes_since
from contribaudit.audit.job import Job, Target
from contribaudit.collectors.interface import Collector, promises_of
from contribaudit.core.chain import Chain
from contribaudit.core.model.observation import Observation
from contribaudit.core.past import Past
from contribaudit.core.resolve.resolve import Seen, resolve
from contribaudit.core.resolve.state import State
from contribaudit.core.snapshot import Snapshot
from contribaudit.testimony.objects import with_objects


def state_of(
    job: Job, run: int, snapshots: Mapping[str, Snapshot], as_of: datetime, sources: Sequence[Collector]
) -> State:
    """STEP 3: what the run saw, with what was known before it and what people attested."""
    seen = [seen_of(job, target, run, snapshots.get(target.organization), as_of) for target in job.targets]
    return resolve(seen, job.rulebook, as_of, promises_of(sources), catalogue.ALL)


def seen_of(job: Job, target: Target, run: int, snapshot: Snapshot | None, as_of: datetime) -> Seen:
    """One target as a run found it, with what the history knew before; spaces, changes and evidence only when asked."""
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
