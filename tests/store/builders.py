"""Snapshots in a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TypeAlias

from contribaudit.core.model.observation import Grade, Observation, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.history import History
from contribaudit.store.records import RunDraft, RunRecord

ORG = "a1b2c3"
OK, PARTIAL, FAILED = CollectionStatus.OK, CollectionStatus.PARTIAL, CollectionStatus.FAILED
REALM, REGIONS, ALIAS = "residency.realm", "residency.regions", "app.alias"
FIRST_DAY = datetime(2026, 1, 1, 6, 0, 0, 123456, tzinfo=UTC)

Saw: TypeAlias = Mapping[tuple[str, str], Value | Unavailable]
"""What a collector saw: value by app and setting. An Unavailable's own names and times are made to fit."""


def day(number: int) -> datetime:
    """When run `number` begins."""
    return FIRST_DAY + timedelta(days=number)


def app(name: str, organization: str = ORG) -> Subject:
    return Subject(organization, Kind.APP, name)


def missing(code: str = "missing_key", scope: str | None = None) -> Unavailable:
    return Unavailable(SettingId(""), app(""), code, f"because of {code}", FIRST_DAY, "", scope)


def observation(
    subject: str, setting: str, value: Value | Unavailable, at: datetime, grade: Grade = Grade.DOCUMENTED
) -> Observation:
    if isinstance(value, Unavailable):
        return Unavailable(
            SettingId(setting), app(subject), value.code, value.reason, at, "GET /apps", value.missing_scope
        )
    return Observed(SettingId(setting), app(subject), value, grade, at, "GET /apps")


def snapshot(
    number: int,
    saw: Mapping[str, Saw],
    status: Mapping[str, CollectionStatus] | None = None,
    organization: str = ORG,
    grade: Grade = Grade.DOCUMENTED,
) -> Snapshot:
    """What the run of day `number` saw, by collector; every collector OK unless `status` says otherwise."""
    at = day(number)
    told = status or {}
    made = tuple(
        collection(organization, name, told.get(name, OK), at + timedelta(seconds=place), len(saw.get(name, {})))
        for place, name in enumerate(dict.fromkeys([*saw, *told]))
    )
    by_collector = {
        c.collector: tuple(
            observation(subject, setting, value, c.started_at, grade)
            for (subject, setting), value in saw.get(c.collector, {}).items()
        )
        for c in made
        if c.status is not FAILED
    }
    return Snapshot(organization, at, at + timedelta(minutes=2), made, by_collector)


def collection(organization: str, name: str, status: CollectionStatus, at: datetime, read: int) -> Collection:
    if status is OK:
        return Collection(organization, name, status, at, read, read, requests=3, seconds=1.25)
    return Collection(
        organization, name, status, at, None, read, "forbidden", "the key lacks a scope", "read:x", 1, 0.5
    )


def draft(number: int, selection: str = "") -> RunDraft:
    return RunDraft(
        day(number),
        day(number) + timedelta(minutes=3),
        trigger="schedule",
        account="auditor",
        host="runner-1",
        tool_version="0.1.0",
        rulebook_sha256="a" * 64,
        policy_sha256="b" * 64,
        policy_name="policy.toml",
        selection=selection,
    )


def save(history: History, *taken: Snapshot) -> RunRecord:
    """Save a run that began with the first of the snapshots."""
    return history.save(draft((taken[0].started_at - FIRST_DAY).days), taken)


def realms(**values: Value | Unavailable) -> dict[str, Saw]:
    """What the collector "apps" saw, by app."""
    return {"apps": {(name, REALM): value for name, value in values.items()}}


def sorted_observations(snap: Snapshot) -> dict[str, list[Observation]]:
    """Observations by collector in an order of their own, to compare snapshots that name subjects in another order."""
    return {
        collector: sorted(seen, key=lambda o: (o.subject, o.setting)) for collector, seen in snap.by_collector.items()
    }


def raw_object(body: Mapping[str, object]) -> tuple[str, bytes]:
    """Digest and compressed canonical JSON."""
    canonical = json.dumps(body, sort_keys=True).encode()
    return sha256(canonical).hexdigest(), canonical


def values_of(observations: Sequence[Observation]) -> dict[tuple[str, str], Value | str]:
    """By app and setting: the value, or "!code" where it could not be read."""
    return {(o.subject.id, o.setting): o.value if isinstance(o, Observed) else f"!{o.code}" for o in observations}
