"""How close an inventory comes to what the network alone takes, and whether it asks more than it must."""

from __future__ import annotations

import asyncio
import math
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from benchmarks.serve import KEY, ORGANIZATION, generated
from contribaudit import collectors, wiring
from contribaudit.atlassian.connect import connect
from contribaudit.audit.job import Job, Target
from contribaudit.audit.pipeline import look
from contribaudit.collectors.collect import collect_all, relaxed_gc
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.rulebook import loader
from contribaudit.store.history import History

APPS = 5000
LATENCY_MS = 50.0
ROUNDS = 9
PAGE = 1000


def run() -> None:
    """Print the ratios."""
    pages = math.ceil(APPS / PAGE)
    least_seconds = pages * LATENCY_MS / 1000
    with generated(LATENCY_MS, apps=APPS) as url:
        listed, requests = zip(*(asyncio.run(_listing(url)) for _ in range(ROUNDS)), strict=True)
        whole = [_whole(url) for _ in range(ROUNDS)]
    print(f"inventory of {APPS} apps at {LATENCY_MS:.0f} ms, {pages} pages, median of {ROUNDS} (min to max)")
    print(f"  workspaces collected / (pages x latency)          {_ratio(listed, least_seconds)}   wanted <= 1.2")
    print(f"  inventory, read and resolved / (pages x latency)  {_ratio(whole, least_seconds)}")
    print(f"  requests used / least possible                    {max(requests)} / {pages}   wanted equal")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    print(f"  peak memory                                       {peak:.0f} MiB, interpreter and libraries included")


async def _listing(url: str) -> tuple[float, int]:
    async with connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url) as client:
        began = time.perf_counter()
        with relaxed_gc():
            snapshot = await collect_all(client, (WORKSPACES,))
        seconds = time.perf_counter() - began
        assert snapshot.complete, snapshot.collections
        assert snapshot.collections[0].read == APPS
        return seconds, client.ledger.count("workspaces")


def _whole(url: str) -> float:
    rulebook = loader.load()
    with tempfile.TemporaryDirectory() as folder, History.open(str(Path(folder) / "history.sqlite")) as store:
        target = Target(
            ORGANIZATION, connect=lambda: connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url)
        )
        job = Job((target,), store, rulebook, wiring.load_policy(None, rulebook))
        began = time.perf_counter()
        asyncio.run(look(job, collectors.INVENTORY))
        return time.perf_counter() - began


def _ratio(seconds: tuple[float, ...] | list[float], least: float) -> str:
    ratios = [one / least for one in seconds]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
