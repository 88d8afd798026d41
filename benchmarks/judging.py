"""How long a million observations take to be understood and judged, and how much memory they hold."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import SecretStr

from benchmarks.serve import KEY, ORGANIZATION, generated
from contribaudit import catalogue, checks, collectors, wiring
from contribaudit.atlassian.connect import connect
from contribaudit.collectors.collect import collect_all, relaxed_gc
from contribaudit.collectors.interface import promises_of
from contribaudit.core.judge.evaluate import evaluate
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from contribaudit.rulebook import loader

OBSERVATIONS = 1_000_000
APPS = 72_000


def run() -> None:
    """Print time and memory, the time also against making a copy of each observation in the same run."""
    rulebook = loader.load()
    policy = wiring.load_policy(None, rulebook)
    with generated(0, apps=APPS) as url:
        before = _peak_mib()
        snapshot = asyncio.run(_collected(url))
    held = _peak_mib()
    seen = list(snapshot.observations)
    assert len(seen) >= OBSERVATIONS, len(seen)
    with relaxed_gc():
        began = time.perf_counter()
        copies = [replace(one) for one in seen]
        copied = time.perf_counter() - began
        del copies
        began = time.perf_counter()
        state = resolve(
            [SeenOrganization(OrganizationState(ORGANIZATION, ""), snapshot)],
            rulebook,
            datetime.now(UTC),
            promises_of(collectors.ALL),
            catalogue.ALL,
        )
        resolved = time.perf_counter() - began
        began = time.perf_counter()
        verdict = evaluate(state, policy, checks.ALL, catalogue.find)
        judged = time.perf_counter() - began
    print(
        f"{len(seen):,} observations of {APPS:,} apps, under the pack `essentials`: {len(verdict.findings):,} findings"
    )
    print(f"  resolved                          {resolved:.1f} s, {resolved / copied:.1f} x copying every observation")
    print(f"  evaluated                         {judged:.1f} s, {judged / copied:.1f} x copying every observation")
    print(f"  peak memory of the collection     {held - before:.0f} MiB")
    print(f"  and of resolving and evaluating   {_peak_mib() - held:.0f} MiB more")


async def _collected(url: str) -> Snapshot:
    async with connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url) as client:
        with relaxed_gc():
            snapshot = await collect_all(client, collectors.INVENTORY)
        assert snapshot.complete, snapshot.collections
        return snapshot


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
