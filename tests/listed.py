"""Spaces of an organization in a real history, so that a test says only which listings there were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contribaudit.core.model.snapshot import CollectionStatus, Snapshot, Space, SpaceList
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.history import History
from contribaudit.store.records import RunDraft

OK = CollectionStatus.OK
READER = "auditor@acme.example"
_CODES = {OK: "", CollectionStatus.PARTIAL: "timed_out", CollectionStatus.FAILED: "no_token"}


@dataclass(frozen=True)
class Listing:
    """What one run showed of the spaces of one app."""

    app: str
    """Its ID."""
    keys: tuple[str, ...]
    """Keys; "SEC=7" for a space whose number is not its key's own, so that a key can pass on."""
    status: CollectionStatus = OK
    made: datetime | None = None
    """When each was made, as the API tells it; None where it tells nothing."""


def space(app: Subject, word: str, made: datetime | None = None) -> Space:
    """A space by its key, or by key and number."""
    key, _, number = word.partition("=")
    return Space(app, space_id(number or key), key, f"The {key}", "global", "current", made)


def space_id(number: str) -> str:
    """The ARI of a space."""
    return f"ari:cloud:confluence:cloud-1:space/{number}"


def keep(history: History, snapshot: Snapshot, at: datetime, listings: Sequence[Listing]) -> int:
    """Save the snapshot as the run of that moment, with these listings."""
    found: list[Space] = []
    lists: list[SpaceList] = []
    for one in listings:
        app = Subject(snapshot.organization, Kind.APP, one.app)
        found += [space(app, word, one.made) for word in one.keys]
        code = _CODES[one.status]
        lists.append(SpaceList(app, one.status, None, len(one.keys), code, code and "it was so", READER))
    draft = RunDraft(at, at, "manual", "auditor", "host", "1", "a" * 64, "b" * 64, "test", "")
    kept = replace(snapshot, started_at=at, finished_at=at, space_lists=tuple(lists), spaces=found)
    return history.save(draft, [kept]).id
