"""Families of lists: apps, policies and what else an organization's key reads, and what residency says of it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.fuzz.damage import Pages, damaged
from benchmarks.fuzz.oracle import LIST_CHECKS, ORGANIZATION, Oracle, Served, same
from benchmarks.fuzz.serving import Asked, Bench, Sent, answer, no_wait
from contribaudit import catalogue, checks, collectors, policy_file
from contribaudit.atlassian.client import AdminClient
from contribaudit.atlassian.connect import connect
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.interface import promises_of
from contribaudit.core.judge.check import by_id
from contribaudit.core.judge.evaluate import evaluate
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.policy import AuditPolicy
from contribaudit.core.model.rulebook import Rulebook
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from contribaudit.rulebook import loader

FAMILIES = {
    "workspaces": ("workspaces",),
    "policies": ("policies",),
    "paging": ("workspaces", "policies", "directories", "api-keys"),
    "directories": ("directories", "api-keys", "search"),
    "events": ("events-stream", "event-actions"),
}
APP_CHECKS = ("DR-01", "DR-02", "DR-04")
POLICY = "".join(
    f'[[rule]]\ncheck = "{check}"\n' + ('expect = ["EU"]\n' if check == "DR-01" else "")
    for check in sorted((*APP_CHECKS, *LIST_CHECKS))
)


# --- valid answers ---------------------------------------------------------------------------------------------------


def valid(chance: random.Random, organization: str = ORGANIZATION) -> dict[str, Pages]:
    """Eight apps on two pages, policies that hold them, and the lists beside them."""
    apps = [app(number, organization) for number in range(8)]
    if chance.random() < 0.5:
        chance.choice(apps)["attributes"]["realm"] = chance.choice(("US", "Global", "AU"))
    ids = [one["id"] for one in apps]
    policies = [
        policy("p1", "data-residency", {"in": ["EU"]}, ids),
        policy("p2", "ip-allowlist", {"in": ["192.0.2.0/24"]}, []),
        policy("p3", "generative-ai", {"off": ["x"]}, ids[:2]),
    ]
    return {
        "workspaces": workspace_pages(apps, 5),
        "policies": policy_pages(policies),
        **beside(datetime.now(UTC), organization),
    }


def workspace_pages(apps: list[dict[str, Any]], first: int) -> Pages:
    """Apps on two pages, of which the first has so many."""
    total = len(apps)
    return [
        {"data": apps[:first], "links": {"self": "s", "next": "c1"}, "meta": {"total": total, "pageSize": first}},
        {"data": apps[first:], "links": {"self": "s", "next": None}, "meta": {"total": total, "pageSize": 3}},
    ]


def policy_pages(policies: list[dict[str, Any]]) -> Pages:
    """Policies on two pages."""
    return [
        {"data": policies[:2], "meta": {"next": "c1", "page_size": 2}, "links": {"self": "s"}},
        {"data": policies[2:], "meta": {"next": None, "page_size": 1}, "links": {"self": "s"}},
    ]


def beside(now: datetime, organization: str = ORGANIZATION) -> dict[str, Pages]:
    """The lists that are neither of apps nor of policies."""
    links: dict[str, Any] = {"self": "s"}
    keys = [
        {"id": f"k{n}", "label": f"key {n}", "keyType": "CLOUD_ADMIN", "expiresAt": f"2999-0{n + 1}-01T00:00:00Z"}
        for n in range(3)
    ]
    events = []
    for number in range(3):
        moment = (now - timedelta(hours=3 - number)).isoformat()
        told = {"time": moment, "processedAt": moment, "action": "a1", "actor": {"id": "u1"}}
        events.append({"id": f"e{number}", "type": "events", "attributes": told})
    return {
        "directories": [
            {"data": [{"directoryId": f"d{n}", "name": "x", "icon": ""} for n in range(2)], "links": {"next": "c1"}},
            {"data": [{"directoryId": "d2", "name": "x", "icon": ""}], "links": dict(links)},
        ],
        "api-keys": [{"data": keys[:2], "links": {"next": "c1"}}, {"data": keys[2:], "links": dict(links)}],
        "search": [{"data": [], "links": dict(links)}],
        "event-actions": [{"data": [{"id": "a1", "type": "eventActions", "attributes": {"displayName": "Policy"}}]}],
        "events-stream": [{"data": events, "meta": {"next": "c1", "page_size": 3}, "links": dict(links)}],
        "org": [{"data": {"id": organization, "type": "orgs", "attributes": {"name": "Acme"}, "links": dict(links)}}],
    }


def app(number: int, organization: str = ORGANIZATION) -> dict[str, Any]:
    """An app in the EU on Enterprise; an even number is Jira, the odd one after it Confluence on the same site."""
    kind = ("jira-software", "confluence")[number % 2]
    return {
        "id": f"ari:cloud:{kind}::site/{cloud_id(number // 2)}",
        "type": "workspaces",
        "attributes": {
            "name": f"acme{number}",
            "typeKey": kind,
            "type": kind,
            "owner": f"ari:cloud:platform::org/{organization}",
            "status": "online",
            "sandbox": {"type": "NONE"},
            "hostUrl": f"https://acme{number // 2}.atlassian.net",
            "realm": "EU",
            "regions": ["eu-central-1"],
        },
        "relationships": {"entitlements": [{"id": "e", "type": "entitlements", "attributes": {"plan": "Enterprise"}}]},
    }


def cloud_id(site: int) -> str:
    """The ID of a site."""
    return f"{site:08d}-1111-4111-8111-11111111111a"


def policy(identity: str, kind: str, rule: Any, apps: list[str]) -> dict[str, Any]:
    """A policy that is in force and applied to these apps."""
    resources = [{"id": ari, "applicationStatus": "applied"} for ari in apps]
    attributes = {"type": kind, "name": kind, "status": "enabled", "rule": rule, "resources": resources}
    return {"id": identity, "type": "policy", "attributes": attributes}


# --- a case ----------------------------------------------------------------------------------------------------------


def replying(pages: Served, organization: str = ORGANIZATION) -> Callable[[Asked], Sent]:
    """What answers requests with these pages."""

    def reply(asked: Asked) -> Sent:
        found = pages.get("org" if asked.endpoint == organization else asked.endpoint, [])
        number = 0 if asked.cursor is None else {f"c{n}": n for n in range(1, len(found))}.get(asked.cursor, -1)
        if asked.endpoint == "events-stream" and asked.cursor == "c1":
            return answer(200, '{"data": [], "meta": {"next": "c1", "page_size": 0}, "links": {"self": "s"}}')
        if not 0 <= number < len(found):
            return answer(400, '{"code": 400, "message": "invalid cursor"}')
        return answer(*found[number])

    return reply


async def case(bench: Bench, family: str, seed: int) -> tuple[list[str], int, list[str]]:
    """What was done to the answers, how many findings passed, and what is wrong."""
    chance = random.Random(f"{family}/{seed}")
    pages, done = damaged(chance, valid(chance), FAMILIES[family])
    bench.reply = replying(pages)
    snapshot, findings, as_of = await judged(bench)
    return done, sum(one.outcome is Outcome.PASS for one in findings), list(wrong(pages, snapshot, findings, as_of))


async def judged(bench: Bench) -> tuple[Snapshot, tuple[Finding, ...], datetime]:
    """What the product reads of the bench, and what it finds."""
    key = SecretStr("fuzz-key")
    async with connect(
        organization=ORGANIZATION, key=key, api_url=bench.url, sleep=no_wait, transport=bench.transport
    ) as client:
        snapshot = await collect_all(at_once(client), collectors.ALL)
    as_of = datetime.now(UTC)
    seen = SeenOrganization(OrganizationState(ORGANIZATION, "Acme"), snapshot)
    state = resolve([seen], rulebook(), as_of, promises_of(collectors.ALL), catalogue.ALL)
    return snapshot, evaluate(state, audit_policy(POLICY), checks.ALL, catalogue.find).findings, as_of


def wrong(
    pages: Served,
    snapshot: Snapshot,
    findings: tuple[Finding, ...],
    as_of: datetime,
    organization: str = ORGANIZATION,
) -> Iterator[str]:
    """Passes that are not true, rows that are missing, readings that are not what they say."""
    oracle = Oracle(pages, organization)
    for finding in findings:
        if finding.outcome is Outcome.PASS and not oracle.true(finding):
            yield f"false pass: {finding.check} {finding.subject.id} ({finding.reason})"
    rows = {finding.subject.id.strip().casefold() for finding in findings if finding.check == "DR-01"}
    short = any(one.collector == "workspaces" and one.status is not CollectionStatus.OK for one in snapshot.collections)
    for one in oracle.apps.entries:
        identity = one.get("id")
        if not isinstance(identity, str) or not identity.strip() or (short and not identity.isprintable()):
            continue  # an ID with hidden characters is none; the list says that it is short
        if not any(same(identity, row) for row in rows):
            yield f"vanished: {identity[:80]}"
    if not {finding.check for finding in findings} >= {*APP_CHECKS, *LIST_CHECKS}:
        yield "vanished: a whole check"
    for collection in snapshot.collections:
        if collection.status is CollectionStatus.OK and not oracle.whole(collection.collector):
            yield f"false pass: {collection.collector} counts as read whole"
    log = snapshot.log_reading
    if log is not None and log.covers_until is not None and log.covers_until > as_of:
        yield "false pass: the audit log was read until after now"


def at_once(client: AdminClient) -> AdminClient:
    """The client without the published limits, which are kept elsewhere and would take minutes here."""
    client._sender._limiter.turn = _no_turn  # type: ignore[method-assign,assignment]
    return client


async def _no_turn(*_args: Any) -> float:
    return 0.0


@cache
def rulebook() -> Rulebook:
    """The shipped one, read once."""
    return loader.load()


@cache
def audit_policy(text: str) -> AuditPolicy:
    """The policy of these rules."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(f'version = 1\nname = "fuzz"\n{text}', encoding="utf-8")
        return policy_file.load(path, policy_file.KnownWords(rulebook(), by_id(checks.ALL), checks.DECIDABLE))
