"""One collector against a simulated API, without a socket, or against entries that a test writes itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr

from contribaudit.atlassian.connect import connect
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.interface import Collector
from contribaudit.core.model.observation import Observation, Observed, Value
from contribaudit.core.model.snapshot import Collection, Snapshot
from contribaudit.rulebook import loader
from contribaudit.simulator import Options, Organization, load_scenario, make_app

NOW = datetime(2026, 11, 21, 8, 0, 30, tzinfo=UTC)
RULEBOOK = loader.load()
ORG = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"


async def no_wait(_seconds: float) -> None:
    """Retries take no time."""


def collect(transport: httpx.AsyncBaseTransport, collector: Collector, label: str = "") -> Snapshot:
    """What one collector sees through a real client."""

    async def run() -> Snapshot:
        async with connect(
            organization=ORG, key=SecretStr("demo-key"), api_url="http://localhost", transport=transport, sleep=no_wait
        ) as client:
            return await collect_all(client, [collector], key_label=label, plan_of=RULEBOOK.plan, clock=lambda: NOW)

    return asyncio.run(run())


def drifted(
    collector: Collector,
    edit: Callable[[Organization], object] = lambda _: None,
    *,
    options: Options | None = None,
    label: str = "",
) -> Snapshot:
    """What one collector sees of the drifted organization."""
    scenario = load_scenario("drifted", now=NOW)
    edit(scenario.organization)
    app = make_app(scenario.organization, options=options or scenario.options, clock=lambda: NOW)
    return collect(httpx.ASGITransport(app), collector, label)


def listed(collector: Collector, entries: Sequence[Any], label: str = "", **beside: Any) -> Snapshot:
    """What one collector makes of a list with these entries."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": list(entries), "meta": {"total": len(entries)}, "links": {}} | beside)

    return collect(httpx.MockTransport(answer), collector, label)


def collection(snapshot: Snapshot) -> Collection:
    return snapshot.collections[0]


def seen(snapshot: Snapshot) -> dict[tuple[str, str], Observation]:
    """Everything observed, by subject and setting."""
    return {(one.subject.id, one.setting): one for one in snapshot.observations}


def values(snapshot: Snapshot, setting: str) -> dict[str, Value | str]:
    """By subject: the value, or "!code" where it could not be read."""
    return {
        one.subject.id: one.value if isinstance(one, Observed) else f"!{one.code}"
        for one in snapshot.observations
        if one.setting == setting
    }


def surprises(snapshot: Snapshot) -> list[str]:
    return [one.where for one in snapshot.surprises]


def unkept(snapshot: Snapshot) -> list[Observation]:
    """Observations that name a raw object which was not kept."""
    return [
        one
        for one in snapshot.observations
        if isinstance(one, Observed) and one.response and one.response not in snapshot.raw
    ]
