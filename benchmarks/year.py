"""A year of daily runs: how the history grows, and how long it takes to ask it about any day."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contribaudit.catalogue import organization as catalogue
from contribaudit.core.model.observation import Grade, Observation, Observed
from contribaudit.core.model.snapshot import Collection, CollectionStatus, Snapshot
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.store.history import History
from contribaudit.store.records import RunDraft

FACTS = 200_000
DAYS = int(os.environ.get("CONTRIBAUDIT_BENCH_DAYS", "365"))
CHANGED_A_DAY = FACTS // 1000
ORGANIZATION = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
_START = datetime(2025, 11, 1, 2, tzinfo=UTC)
_SETTINGS = (catalogue.NAME, catalogue.TYPE_KEY, catalogue.STATUS, catalogue.SANDBOX)
_ASKED = 9


def run() -> None:
    """Print sizes and times; times also against reading the newest day, in the same run."""
    dice = random.Random(20261122)
    facts = list(_facts())
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "history.sqlite")
        saving: list[float] = []
        with History.open(place) as store:
            _save(store, facts, 0)
        first = _size(folder)
        with History.open(place) as store:
            for day in range(1, DAYS):
                for _ in range(CHANGED_A_DAY):
                    number = dice.randrange(len(facts))
                    facts[number] = replace(facts[number], value=f"v{day}-{number}")
                began = time.perf_counter()
                _save(store, facts, day)
                saving.append(time.perf_counter() - began)
        size = _size(folder)
        opening = [_timed(lambda: History.open(place).close()) for _ in range(_ASKED)]
        with History.open(place) as store:
            newest = _timed(lambda: store.snapshot(ORGANIZATION, DAYS))
            days = [dice.randint(1, DAYS) for _ in range(_ASKED)]
            states = [_timed(lambda day=day: store.snapshot(ORGANIZATION, day)) for day in days]  # type: ignore[misc]
            pairs = [sorted(dice.sample(range(1, DAYS + 1), 2)) for _ in range(_ASKED)]
            changes = [_timed(lambda a=a, b=b: store.changes(ORGANIZATION, a, b)) for a, b in pairs]  # type: ignore[misc]
            neighbours = [_timed(lambda day=day: store.changes(ORGANIZATION, max(1, day - 1), day)) for day in days]  # type: ignore[misc]
    print(f"history of {FACTS:,} facts over {DAYS} daily runs, {CHANGED_A_DAY} changed a day, SQLite")
    print(f"  first run                         {first / 2**20:.1f} MiB; the whole at the end {size / 2**20:.1f} MiB")
    print(f"  a run adds                        {(size - first) / max(1, DAYS - 1) / 1024:.1f} KiB")
    print(f"  saving a run                      {statistics.median(saving):.2f} s")
    print(f"  opening                           {statistics.median(opening) * 1000:.0f} ms")
    print(f"  state as of the newest day        {newest:.2f} s")
    print(f"  state as of any day               {_ratios(states, newest)} x the newest")
    print(f"  changes between any two days      {_ratios(changes, newest)} x the newest state")
    print(f"  changes between neighbouring days {_ratios(neighbours, newest)} x the newest state")


def _facts() -> list[Observed]:
    apps = (
        Subject(ORGANIZATION, Kind.APP, f"ari:cloud:confluence::site/{number:08d}")
        for number in range(FACTS // len(_SETTINGS))
    )
    return [
        Observed(
            setting.id,
            app,
            f"v-{app.id[-8:]}",
            Grade.DOCUMENTED,
            _START,
            "POST /admin/v2/orgs/{orgId}/workspaces",
        )
        for app in apps
        for setting in _SETTINGS
    ]


def _save(store: History, facts: list[Observed], day: int) -> None:
    at = _START + timedelta(days=day)
    collection = Collection(ORGANIZATION, "workspaces", CollectionStatus.OK, at, len(facts), len(facts))
    seen: tuple[Observation, ...] = tuple(facts)
    snapshot = Snapshot(ORGANIZATION, at, at, (collection,), {"workspaces": seen})
    draft = RunDraft(at, at, "schedule", "audit", "bench", "0", "r" * 64, "p" * 64, "bench")
    store.record_verdict(store.save(draft, [snapshot]).id, 0, {"pass": len(facts)})


def _size(folder: str) -> int:
    """Bytes on disk while nobody has the history open."""
    return sum(path.stat().st_size for path in Path(folder).glob("history.sqlite*"))


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _ratios(seconds: list[float], one: float) -> str:
    ratios = [each / one for each in seconds]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
