"""What a collector could not read is said for every subject that it was known to reach: a row never vanishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from contribaudit.core.model.observation import Observation, SettingId, Unavailable
from contribaudit.core.model.subject import Subject, organization_subject
from contribaudit.core.snapshot import Collection, CollectionStatus, Snapshot


def mark_unread(
    snapshot: Snapshot,
    known: Mapping[str, Iterable[Observation]],
    promises: Mapping[str, Iterable[SettingId]],
) -> Iterator[Observation]:
    """Yield the snapshot's observations, and an `Unavailable` for each one that a collector owes.

    `known` holds, by collector, what was last seen in earlier runs; `promises` the settings that each collector
    promises. A collector that did not come to its end owes every subject and setting known from earlier, and its
    promises on the organization itself, which also stands for the subjects that nobody ever saw.
    """
    yield from snapshot.observations
    for collection in snapshot.collections:
        if collection.status is CollectionStatus.OK:
            continue
        seen = {(one.subject, one.setting) for one in snapshot.by_collector.get(collection.collector, ())}
        owed: dict[tuple[Subject, SettingId], None] = {}
        for observation in known.get(collection.collector, ()):
            owed[(observation.subject, observation.setting)] = None
        for setting in promises.get(collection.collector, ()):
            owed[(organization_subject(snapshot.organization), setting)] = None
        for subject, setting in owed:
            if (subject, setting) not in seen:
                yield _unavailable(collection, subject, setting)


def _unavailable(collection: Collection, subject: Subject, setting: SettingId) -> Unavailable:
    return Unavailable(
        setting,
        subject,
        collection.code,
        collection.reason,
        collection.started_at,
        collection.collector,
        collection.missing_scope,
    )
