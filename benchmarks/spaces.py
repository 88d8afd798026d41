"""What reading 200 000 spaces of 150 sites takes: time, memory, requests; and against bare requests in the same run."""

from __future__ import annotations

import asyncio
import json
import math
import resource
import subprocess
import sys
import time
from typing import Any

import httpx
from pydantic import SecretStr

from benchmarks.serve import KEY, ORGANIZATION, SITE_EMAIL, SITE_WORD, generated
from contribaudit import collectors
from contribaudit.atlassian import calls
from contribaudit.atlassian.calls import Call
from contribaudit.atlassian.connect import connect, connect_sites
from contribaudit.atlassian.credential import Credential
from contribaudit.atlassian.sites import Access, Accesses
from contribaudit.collectors.collect import collect_all, relaxed_gc
from contribaudit.collectors.spaces import collect_spaces
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.rulebook import loader

SITES = 150
SPACES, FEW = 200_000, 2_000
ROUNDS = 3
PAGES = {calls.SEARCH_PROJECTS: 100, calls.LIST_SPACES: 250}
MINE = Credential(SecretStr(SITE_WORD), SITE_EMAIL)


def run() -> None:
    """Print the figures. Every measurement is a process of its own, since a process's peak never goes down."""
    figures = {}
    for spaces in (FEW, SPACES):
        with generated(0, sites=SITES, spaces=spaces) as url:
            figures[spaces] = [_measured(url, "ours") for _ in range(ROUNDS)]
            if spaces == SPACES:
                bare = [_measured(url, "bare") for _ in range(ROUNDS)]
    many, few = figures[SPACES], figures[FEW]
    assert {one["read"] for one in many} == {SPACES}
    assert {one["read"] for one in few} == {FEW}
    seconds, bare_seconds = (sorted(one["seconds"] for one in runs)[ROUNDS // 2] for runs in (many, bare))
    peak, few_peak = (max(one["peak_mib"] for one in runs) for runs in (many, few))
    print(f"{SPACES:,} spaces over {SITES} sites, from a simulator in another process, median of {ROUNDS}")
    print(f"  read and put aside                {seconds:.1f} s, {SPACES / seconds:,.0f} spaces a second")
    print(f"  against a bare httpx loop         {seconds / bare_seconds:.2f} x ({bare_seconds:.1f} s)")
    print(f"  requests used / least possible    {many[0]['requests']:,} / {_least():,}   wanted equal")
    print(f"  peak memory                       {peak:.0f} MiB, {peak / few_peak:.2f} x that of {FEW:,} spaces")


def _least() -> int:
    """Pages of full size; half of a site's spaces are Jira's, of an odd number one more."""
    total = 0
    for site in range(SITES):
        here = SPACES // SITES + (site < SPACES % SITES)
        for call, size in PAGES.items():
            count = (here + 1) // 2 if call is calls.SEARCH_PROJECTS else here // 2
            total += math.ceil(count / size)
    return total


def _measured(url: str, what: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.spaces", what, url]
    found: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


async def _ours(url: str) -> dict[str, Any]:
    rulebook = loader.load()
    async with connect(organization=ORGANIZATION, key=SecretStr(KEY), api_url=url) as client:
        apps = await collect_all(client, (WORKSPACES,))
        async with connect_sites(Accesses(Access(MINE)), api_url=url, ledger=client.ledger) as sites:
            began = time.perf_counter()
            with relaxed_gc():
                snapshot = await collect_spaces(apps, sites, rulebook, collectors.SPACES)
            seconds = time.perf_counter() - began
    read = sum(1 for _ in snapshot.spaces)
    assert snapshot.complete, snapshot.collections
    requests = sum(one.requests for one in snapshot.collections if one.collector != WORKSPACES.name)
    return {"seconds": seconds, "requests": requests, "read": read, "peak_mib": _peak_mib()}


async def _bare(url: str) -> dict[str, Any]:
    """The same pages, as many at a time, of which nothing but the address of the next one is looked at."""
    async with httpx.AsyncClient(
        headers={"Authorization": MINE.header}, limits=httpx.Limits(max_connections=10), trust_env=False
    ) as http:
        places = [(site, call) for site in range(SITES) for call in PAGES]
        waiting = iter(places)
        began = time.perf_counter()

        async def worker() -> None:
            for site, call in waiting:
                await _chain(http, url, f"{site:08x}-0000-4000-8000-{site:012x}", call)

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(worker())
        return {"seconds": time.perf_counter() - began}


async def _chain(http: httpx.AsyncClient, url: str, cloud_id: str, call: Call) -> None:
    base = f"{url}{call.path.replace('{cloudId}', cloud_id)}"
    query, start = httpx.QueryParams(call.query), 0
    while True:
        answer = (await http.get(base, params=query)).raise_for_status().json()
        if call is calls.SEARCH_PROJECTS:
            start += len(answer["values"])
            if answer["isLast"]:
                return
            query = query.set("startAt", start)
        else:
            following = answer["_links"].get("next")
            if not following:
                return
            query = httpx.URL(following).params


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(asyncio.run({"ours": _ours, "bare": _bare}[sys.argv[1]](sys.argv[2]))))
