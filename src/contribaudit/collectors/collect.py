"""Runs every collector on one organization concurrently, and keeps what each read before it failed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any

from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.transport import utc_now
from contribaudit.catalogue.signals import unknown_shapes
from contribaudit.collectors.interface import Collector, Reading, broken_by
from contribaudit.collectors.policy_apps import match_listed_apps
from contribaudit.core.model.audit_log import NEVER_READ, NO_LOG_RULES, LogPosition, LogRules
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.phrases import first_of
from contribaudit.core.model.rulebook import Plan
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.errors import AdminApiError, ListNotWhole
from contribaudit.progress import SILENT, Progress


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Run the garbage collector less often while observations accumulate: they are many, long-lived and free of cycles.

    It would walk all of them again and again, for about a quarter of the time that an inventory takes. Do not nest:
    leaving restores the thresholds found on entering.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def collect_all(
    client: AdminClient,
    collectors: Sequence[Collector],
    progress: Progress = SILENT,
    *,
    key_label: str = "",
    log_position: LogPosition = NEVER_READ,
    log_rules: LogRules = NO_LOG_RULES,
    plan_of: Callable[[str], Plan | None] = lambda _word: None,
    clock: Callable[[], datetime] = utc_now,
) -> Snapshot:
    """What the collectors see of the client's organization.

    A collector that meets an API error, or a bug of its own, keeps the pages that it read (`partial`), or is `failed`
    when it read none; the others continue.
    """
    started_at = clock()
    asked: dict[str, asyncio.Task[Any]] = {}
    readings = [
        Reading(one.name, client, one.call, clock(), key_label, log_position, log_rules, plan_of, asked)
        for one in collectors
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_run(collector, reading, progress), name=collector.name)
            for collector, reading in zip(collectors, readings, strict=True)
        ]
    results = [task.result() for task in tasks]
    by_collector = {collection.collector: observations for collection, observations in results}
    return Snapshot(
        organization=client.organization,
        started_at=started_at,
        finished_at=clock(),
        collections=tuple(collection for collection, _ in results),
        by_collector=match_listed_apps([collection for collection, _ in results], by_collector),
        surprises=tuple(surprise for reading in readings for surprise in reading.surprises.values()),
        raw={name: body for reading in readings for name, body in reading.raw.items()},
        log_reading=next((one.log_reading for one in readings if one.log_reading is not None), None),
        events=tuple(event for reading in readings for event in reading.events.values()),
    )


async def _run(
    collector: Collector, reading: Reading, progress: Progress
) -> tuple[Collection, tuple[Observation, ...]]:
    organization = reading.client.organization
    progress.collector_started(organization, collector.name)
    began = monotonic()
    seen: list[Observation] = []
    collection = Collection(organization, collector.name, CollectionStatus.OK, reading.started_at, None, 0)
    failure: AdminApiError | None = None
    try:
        async for observation in collector.read(reading):
            seen.append(observation)
    except ListNotWhole as error:
        reading.fall_short(error.code, error.message)
    except AdminApiError as error:
        failure = error
    except Exception as error:  # noqa: BLE001  one unexpected answer must not end the audit of all organizations
        failure = broken_by(error, collector.call)
        progress.collector_broke(organization, collector.name, error)
    if failure is not None:
        status = CollectionStatus.PARTIAL if reading.pages else CollectionStatus.FAILED
        collection = replace(
            collection, status=status, code=failure.code, reason=failure.message, missing_scope=failure.missing_scope
        )
    elif reading.shortfalls:
        reason = first_of([why for _, why in reading.shortfalls])
        collection = replace(collection, status=CollectionStatus.PARTIAL, code=reading.shortfalls[0][0], reason=reason)
    else:
        # Only a complete reading can list all shapes: after a partial one, known shapes would seem gone.
        shapes = tuple(sorted(reading.surprises))
        seen.append(reading.observed(unknown_shapes(collector.name), reading.organization, shapes))
    collection = replace(
        collection,
        announced=reading.announced,
        read=reading.unique,
        requests=sum(reading.client.ledger.count(call.name) for call in collector.calls),
        seconds=round(monotonic() - began, 3),
    )
    if collection.read:  # pages count repeated entries too
        progress.page_read(organization, collector.name, collection.read, collection.announced)
    progress.collector_finished(organization, collector.name, collection.status, collection.reason)
    return collection, tuple(seen)
