"""What asking the GraphQL gateway about 150 sites takes: requests and time, against bare requests in the same run."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import httpx
from pydantic import SecretStr

from benchmarks.serve import KEY, ORGANIZATION, SITE_EMAIL, SITE_WORD, generated
from contribaudit.atlassian.calls import ASK_GATEWAY
from contribaudit.atlassian.connect import connect, connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.graphql import Part, Question
from contribaudit.atlassian.sites import Access, Accesses
from contribaudit.atlassian.transport import IN_FLIGHT
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.site_ai import SITE_AI, collect_site_ai
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.rulebook import loader

SITES, APPS = 150, 4
LATENCY_MS = 100
ROUNDS = 3
MINE = Credential(SecretStr(SITE_WORD), SITE_EMAIL)


def run() -> None:
    """Print the figures. The simulator answers each request after 100 ms, as a gateway far away would."""
    with generated(LATENCY_MS, sites=SITES) as url:
        found = [asyncio.run(_ours(url)) for _ in range(ROUNDS)]
        bare = statistics.median(asyncio.run(_bare(url)) for _ in range(ROUNDS))
    seconds = statistics.median(one["seconds"] for one in found)
    least = -(-SITES // IN_FLIGHT) * LATENCY_MS / 1000
    print(f"{SITES} sites of {APPS} apps, {LATENCY_MS} ms an answer, {IN_FLIGHT} at a time, median of {ROUNDS}")
    print(f"  requests used / least possible    {found[0]['requests']} / {SITES}   wanted equal")
    print(f"  values and reasons                {found[0]['observations']:,}")
    print(f"  read                              {seconds:.2f} s; {least:.2f} s is the least that the latency allows")
    print(f"  against a bare httpx loop         {seconds / bare:.2f} x ({bare:.2f} s)")


async def _ours(url: str) -> dict[str, Any]:
    rulebook = loader.load()
    async with connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url) as client:
        apps = await collect_all(client, (WORKSPACES,))
        async with connect_sites(Accesses(Access(MINE)), api_url=url, ledger=client.ledger) as sites:
            began = time.perf_counter()
            snapshot = await collect_site_ai(apps, sites, rulebook)
            seconds = time.perf_counter() - began
    row = next(one for one in snapshot.collections if one.collector == SITE_AI.name)
    assert row.status is CollectionStatus.OK, row
    assert row.read == SITES
    return {
        "seconds": seconds,
        "requests": row.requests,
        "observations": len(snapshot.by_collector[SITE_AI.name]),
    }


async def _bare(url: str) -> float:
    """The same questions, as many at a time, whose answers nobody looks at."""
    keys = ("jira-software.ondemand", "confluence.ondemand", "jira-servicedesk.ondemand", "jira-product-discovery")
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(headers={"Authorization": MINE.header}, limits=limits, trust_env=False) as http:
        waiting = iter(range(SITES))
        began = time.perf_counter()

        async def worker() -> None:
            for site in waiting:
                question = Question(f"{site:08x}-0000-4000-8000-{site:012x}", tuple(Part), keys)
                answer = await http.post(f"{url}{ASK_GATEWAY.path}", json=question.request().body)
                assert "errors" not in answer.raise_for_status().json()

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(worker())
        return time.perf_counter() - began
