"""`python -m benchmarks.fuzz --family workspaces --cases 3000 --seed 1`: mutated answers, and whether one passes.

A whole valid answer is mutated and served over HTTP, the product reads and judges it, and an oracle that knows what was
served says which passes are true. The oracle has a few lines of its own and calls no rule of the product.

A family is a name and the endpoints whose answers it mutates: a new one is a line in `FAMILIES`; a new kind of damage
is a function in `MUTATIONS` (of the parsed answers) or `WIRE` (of the text that is sent).
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import json
import random
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from contribaudit import catalogue, checks, collectors, policy_file
from contribaudit.atlassian.connect import connect
from contribaudit.collectors.collect import collect_all
from contribaudit.collectors.interface import promises_of
from contribaudit.core.check import by_id
from contribaudit.core.evaluate import evaluate
from contribaudit.core.finding import Finding, Outcome
from contribaudit.core.policy import AuditPolicy
from contribaudit.core.resolve import Seen, resolve
from contribaudit.core.snapshot import CollectionStatus, Snapshot
from contribaudit.rulebook import loader

ORGANIZATION = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
FAMILIES = {
    "workspaces": ("workspaces",),
    "policies": ("policies",),
    "paging": ("workspaces", "policies", "directories", "api-keys"),
    "directories": ("directories", "api-keys", "search"),
    "events": ("events-stream", "event-actions"),
}
APP_CHECKS = {"DR-01", "DR-02", "DR-04"}
LIST_CHECKS = {"DR-14", "DC-10", "GV-01"}
"""What they say needs every app and every policy."""
POLICY = "".join(
    f'[[rule]]\ncheck = "{check}"\n' + ('expect = ["EU"]\n' if check == "DR-01" else "")
    for check in sorted(APP_CHECKS | LIST_CHECKS)
)
BENIGN = ("ip-allowlist", "hipaa", "generative-ai")
"""Types of policies that the valid answers hold beside residency's: nobody holds them for residency."""
Answers = dict[str, list[Any]]


class Twice(dict[str, Any]):
    """An object that is written with one of its keys twice."""

    extra: tuple[str, Any] = ("", None)


@dataclass
class Case:
    """What is served: by endpoint, status and text of each page."""

    seed: int
    pages: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)


# --- valid answers ---------------------------------------------------------------------------------------------------


def valid(chance: random.Random) -> Answers:
    """Eight apps on two pages, policies that hold them, and the lists beside them."""
    apps = [_app(number) for number in range(8)]
    if chance.random() < 0.5:
        chance.choice(apps)["attributes"]["realm"] = chance.choice(("US", "Global", "AU"))
    ids = [app["id"] for app in apps]
    policies = [
        _policy("p1", "data-residency", {"in": ["EU"]}, ids),
        _policy("p2", "ip-allowlist", {"in": ["192.0.2.0/24"]}, []),
        _policy("p3", "generative-ai", {"off": ["x"]}, ids[:2]),
    ]
    now = datetime.now(UTC)
    events = [
        {
            "id": f"e{number}",
            "type": "events",
            "attributes": {
                "time": (now - timedelta(hours=3 - number)).isoformat(),
                "processedAt": (now - timedelta(hours=3 - number)).isoformat(),
                "action": "a1",
                "actor": {"id": "u1"},
            },
        }
        for number in range(3)
    ]
    keys = [
        {"id": f"k{n}", "label": f"key {n}", "keyType": "CLOUD_ADMIN", "expiresAt": f"2027-0{n + 1}-01T00:00:00Z"}
        for n in range(3)
    ]
    links: dict[str, Any] = {"self": "s"}
    return {
        "workspaces": [
            {"data": apps[:5], "links": links | {"next": "c1"}, "meta": {"total": 8, "pageSize": 5}},
            {"data": apps[5:], "links": links | {"next": None}, "meta": {"total": 8, "pageSize": 3}},
        ],
        "policies": [
            {"data": policies[:2], "meta": {"next": "c1", "page_size": 2}, "links": links},
            {"data": policies[2:], "meta": {"next": None, "page_size": 1}, "links": links},
        ],
        "directories": [
            {"data": [{"directoryId": f"d{n}", "name": "x", "icon": ""} for n in range(3)], "links": links}
        ],
        "api-keys": [{"data": keys[:2], "links": links | {"next": "c1"}}, {"data": keys[2:], "links": links}],
        "search": [{"data": [], "links": links}],
        "event-actions": [{"data": [{"id": "a1", "type": "eventActions", "attributes": {"displayName": "Policy"}}]}],
        "events-stream": [{"data": events, "meta": {"next": "z", "page_size": 3}, "links": links}],
        "org": [{"data": {"id": ORGANIZATION, "type": "orgs", "attributes": {"name": "Acme"}, "links": links}}],
    }


def _app(number: int) -> dict[str, Any]:
    kind = ("jira-software", "confluence")[number % 2]
    site = f"{number // 2:08d}-1111-4111-8111-11111111111a"
    return {
        "id": f"ari:cloud:{kind}::site/{site}",
        "type": "workspaces",
        "attributes": {
            "name": f"acme{number}",
            "typeKey": kind,
            "type": kind,
            "owner": f"ari:cloud:platform::org/{ORGANIZATION}",
            "status": "online",
            "sandbox": {"type": "NONE"},
            "hostUrl": f"https://acme{number // 2}.atlassian.net",
            "realm": "EU",
            "regions": ["eu-central-1"],
        },
        "relationships": {"entitlements": [{"id": "e", "type": "entitlements", "attributes": {"plan": "Enterprise"}}]},
    }


def _policy(identity: str, kind: str, rule: Any, apps: list[str]) -> dict[str, Any]:
    resources = [{"id": ari, "applicationStatus": "applied"} for ari in apps]
    attributes = {"type": kind, "name": kind, "status": "enabled", "rule": rule, "resources": resources}
    return {"id": identity, "type": "policy", "attributes": attributes}


# --- mutations -------------------------------------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (
    None, "", " ", True, False, 0, -1, 8.5, 10**30, [], {}, "US", "eu ", "EU", "\uff25\u200bU", "Atlantis", "x" * 5000,
    "applied", "enabled", "removing", "ENABLED", "data_residency", "dataResidency", "data-residency-v2", "storage",
    "Free", "Premium", ["EU", "US"], {"in": ["US"]}, "c1",
    "ari:cloud:platform::org/bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
    "2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
)  # fmt: skip


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) in the answer."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


def _spot(chance: random.Random, page: Any, kind: type) -> tuple[Any, Any] | None:
    # Deep places outnumber the envelope, so that the depth is drawn first.
    spots = [place for place in _places(page) if isinstance(place[0], kind)]
    return chance.choice(spots) if spots else None


def set_value(chance: random.Random, pages: list[Any]) -> None:
    if spot := _spot(chance, chance.choice(pages), object):
        spot[0][spot[1]] = copy.deepcopy(chance.choice(VALUES))


def drop(chance: random.Random, pages: list[Any]) -> None:
    if spot := _spot(chance, chance.choice(pages), object):
        del spot[0][spot[1]]


def respell(chance: random.Random, pages: list[Any]) -> None:
    spots = [spot for spot in _places(chance.choice(pages)) if isinstance(spot[0][spot[1]], str)]
    if spots:
        holder, key = chance.choice(spots)
        word = holder[key]
        holder[key] = chance.choice((word.upper(), word + " ", word.replace("-", "_"), word + "-v2", word[::-1]))


def repeat_entry(chance: random.Random, pages: list[Any]) -> None:
    entries = [entry for page in pages if isinstance(page.get("data"), list) for entry in page["data"]]
    target = chance.choice(pages)
    if entries and isinstance(target.get("data"), list):
        entry = copy.deepcopy(chance.choice(entries))
        if chance.random() < 0.5 and (spot := _spot(chance, entry, dict)):
            spot[0][spot[1]] = copy.deepcopy(chance.choice(VALUES))
        if target["data"] and chance.random() < 0.5:
            target["data"][chance.randrange(len(target["data"]))] = entry
        else:
            target["data"].append(entry)


def shuffle(chance: random.Random, pages: list[Any]) -> None:
    page = chance.choice(pages)
    if isinstance(page.get("data"), list):
        chance.shuffle(page["data"])


def key_twice(chance: random.Random, pages: list[Any]) -> None:
    page = chance.choice(pages)
    spots = [spot for spot in _places(page) if isinstance(spot[0][spot[1]], dict) and spot[0][spot[1]]]
    if spots:
        holder, key = chance.choice(spots)
        made = Twice(holder[key])
        made.extra = (chance.choice(list(made)), copy.deepcopy(chance.choice(VALUES)))
        holder[key] = made


def envelope(chance: random.Random, pages: list[Any]) -> None:
    page = chance.choice(pages)
    name = chance.choice([name for name in page if name != "data"] or ["meta"])
    if chance.random() < 0.5 or not isinstance(page.get(name), dict):
        page.pop(name, None)
    else:
        page[name][chance.choice(["next", "total"])] = copy.deepcopy(chance.choice((*VALUES, 7, 8, 9)))


def second_policy(chance: random.Random, pages: list[Any]) -> None:
    words = ("data_residency", "dataResidency", "Data-Residency", "data-residency-v2", "data-residency", "storage", "")
    page = chance.choice(pages)
    data = page.get("data")
    entries = data if isinstance(data, list) else []
    for policy in [one for one in entries if isinstance(one, dict) and isinstance(one.get("attributes"), dict)][:1]:
        made = copy.deepcopy(policy)
        made["id"] = "p9"
        made["attributes"]["type"] = chance.choice(words)
        resources = made["attributes"].get("resources")
        for resource in resources if isinstance(resources, list) else ():
            if isinstance(resource, dict):
                resource["applicationStatus"] = "failed"
        entries.append(made)


MUTATIONS: tuple[Callable[[random.Random, list[Any]], None], ...] = (
    set_value, set_value, drop, respell, repeat_entry, shuffle, key_twice, envelope, second_policy,
)  # fmt: skip


def cut(chance: random.Random, status: int, text: str) -> tuple[int, str]:
    return status, text[: chance.randrange(len(text) + 1)]


def other_status(chance: random.Random, _status: int, text: str) -> tuple[int, str]:
    return chance.choice((201, 202, 203, 204, 206, 207, 301, 304, 400, 403, 404, 500)), text


def other_text(chance: random.Random, status: int, _text: str) -> tuple[int, str]:
    return status, chance.choice(("", "[]", "null", "<html></html>", '{"data": []}', "{}"))


WIRE: tuple[Callable[[random.Random, int, str], tuple[int, str]], ...] = (cut, other_status, other_text)


def written(value: Any) -> str:
    """JSON text; an object of `Twice` has its extra pair last, where parsers take it from."""
    if isinstance(value, dict):
        pairs = [*value.items(), *([value.extra] if isinstance(value, Twice) else ())]
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def made(family: str, seed: int) -> Case:
    """The case of a seed: the same each time."""
    chance = random.Random(f"{family}/{seed}")
    answers, case = valid(chance), Case(seed)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        where, how = chance.choice(FAMILIES[family]), chance.choice(MUTATIONS)
        how(chance, answers[where])
        case.damage.append(f"{how.__name__} {where}")
    case.pages = {name: [(200, written(page)) for page in pages] for name, pages in answers.items()}
    if chance.random() < 0.2:
        where, harm = chance.choice(FAMILIES[family]), chance.choice(WIRE)
        number = chance.randrange(len(case.pages[where]))
        case.pages[where][number] = harm(chance, *case.pages[where][number])
        case.damage.append(f"{harm.__name__} {where}")
    return case


# --- the oracle ------------------------------------------------------------------------------------------------------


class Oracle:
    """What may pass, by what was served."""

    def __init__(self, case: Case) -> None:
        self.apps, self.apps_whole = self._list(case.pages["workspaces"], "id", total=True)
        self.policies, self.policies_whole = self._list(case.pages["policies"], "id", total=False)

    @staticmethod
    def _list(pages: list[tuple[int, str]], key: str, *, total: bool) -> tuple[list[dict[str, Any]], bool]:
        """The entries that can be read, and whether they surely are all."""
        found: list[dict[str, Any]] = []
        totals: list[Any] = []
        whole, number = True, 0
        while number < len(pages):
            status, text = pages[number]
            twice: list[bool] = []

            def object_of(pairs: list[tuple[str, Any]], twice: list[bool] = twice) -> dict[str, Any]:
                twice.append(len(dict(pairs)) < len(pairs))
                return dict(pairs)

            try:
                page = json.loads(text, object_pairs_hook=object_of)
            except ValueError:
                return found, False
            if status != 200 or any(twice) or not isinstance(page, dict):
                return found, False
            data = page.get("data")
            if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
                return found, False
            found += data
            meta, links = page.get("meta"), page.get("links")
            if not isinstance(meta, dict) or not isinstance(links, dict):
                return found, False
            totals.append(meta.get("total"))
            following = meta.get("next") or links.get("next") if not total else links.get("next")
            if not following:
                break
            if following != f"c{number + 1}":
                return found, False
            number += 1
        else:
            whole = False
        ids = [entry.get(key) for entry in found]
        if not all(isinstance(one, str) and one for one in ids):
            return found, False
        distinct = {str(one).strip().casefold() for one in ids}
        if total:
            units = {(e["id"], str(e.get("attributes"))) for e in found if len(found) > len(distinct)}
            whole = whole and bool(found) and (totals[-1] == len(distinct) or totals[-1] == len(units))
            whole = whole and type(totals[-1]) is int and len(set(map(str, totals))) == 1
        return found, whole

    def true(self, finding: Finding) -> bool:
        """Whether this pass is true."""
        if finding.check in LIST_CHECKS or finding.subject.id == ORGANIZATION:
            return self.apps_whole and self.policies_whole
        same = [one for one in self.apps if _same(one.get("id"), finding.subject.id)]
        if finding.check == "DR-01":
            return bool(same) and all(self._in_europe(app) for app in same)
        held = self._held(finding.subject.id)
        if finding.check == "DR-04":
            return held
        return held and bool(same) and all(self._in_europe(app) and self._paid(app) for app in same)

    @staticmethod
    def _in_europe(app: dict[str, Any]) -> bool:
        attributes = app.get("attributes")
        if not isinstance(attributes, dict):
            return False
        realm, owner = attributes.get("realm"), attributes.get("owner")
        ours = not isinstance(owner, str) or "org/bbbb" not in owner
        return ours and isinstance(realm, str) and realm.strip().casefold() in ("eu", "european union")

    @staticmethod
    def _paid(app: dict[str, Any]) -> bool:
        return any(word in written(app.get("relationships")).casefold() for word in ("enterprise", "premium"))

    def _held(self, app: str) -> bool:
        """One policy of residency's type lists the app, applied, and no other that could be about residency does."""
        if not self.policies_whole:
            return False
        holders = []
        for policy in self.policies:
            attributes = policy.get("attributes")
            if not isinstance(attributes, dict):
                return False
            resources = attributes.get("resources")
            named = resources if isinstance(resources, list) else []
            for one in named:
                if isinstance(one, dict) and _same(one.get("id"), app) and attributes.get("type") not in BENIGN:
                    kind = attributes.get("type")
                    # A spelling of a benign type is no residency policy.
                    if isinstance(kind, str) and any(
                        stem in kind.casefold().replace("_", "-") for stem in ("allowlist", "hipaa", "generative")
                    ):
                        continue
                    holders.append((attributes, one))
        if len(holders) != 1 or holders[0][0].get("type") != "data-residency":
            return False
        attributes, resource = holders[0]
        status = resource.get("applicationStatus")
        return attributes.get("status") == "enabled" and isinstance(status, str) and status.casefold() == "applied"


def _same(one: Any, other: str) -> bool:
    return isinstance(one, str) and one.strip().casefold() == other.strip().casefold()


# --- the run ---------------------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    case = Case(0)
    disable_nagle_algorithm = True

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        self._answer(body.get("cursor"))

    def do_GET(self) -> None:
        self._answer(parse_qs(urlsplit(self.path).query).get("cursor", [None])[0])

    def _answer(self, cursor: str | None) -> None:
        name = urlsplit(self.path).path.rstrip("/").rpartition("/")[2]
        pages = self.case.pages.get("org" if name == ORGANIZATION else name, [])
        number = 0 if cursor is None else {f"c{n}": n for n in range(1, len(pages))}.get(cursor, -1)
        known = 0 <= number < len(pages)
        status, text = pages[number] if known else (400, '{"code": 400, "message": "invalid cursor"}')
        content = b"" if status in (204, 304) else text.encode("utf-8", "surrogatepass")
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self.wfile.write(head.encode() + content)


@contextmanager
def serving() -> Iterator[str]:
    """A server on loopback whose answers are `_Handler.case`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


async def no_wait(_seconds: float) -> None:
    """Retries take no time."""


def audit_policy() -> AuditPolicy:
    """The rules that the oracle has an answer to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(f'version = 1\nname = "fuzz"\n{POLICY}', encoding="utf-8")
        rulebook = loader.load()
        plans = tuple(plan.name.casefold() for plan in rulebook.plans)
        return policy_file.load(path, checks=by_id(checks.ALL), vocabularies=rulebook.vocabularies(), plans=plans)


def run(family: str, cases: int, seed: int) -> Counter[str]:
    """What the cases gave: "cases", "findings", "passes", and what must be none: "false pass", "crash", "vanished"."""
    rulebook, policy = loader.load(), audit_policy()
    counted: Counter[str] = Counter(
        dict.fromkeys(("cases", "findings", "passes", "false pass", "crash", "vanished"), 0)
    )

    async def all_of_them(url: str) -> None:
        for number in range(seed, seed + cases):
            case = made(family, number)
            _Handler.case = case
            counted["cases"] += 1
            try:
                key = SecretStr("fuzz-key")
                async with connect(organization=ORGANIZATION, key=key, api_url=url, sleep=no_wait) as client:
                    client._sender._limiter.turn = _at_once  # type: ignore[method-assign,assignment]
                    snapshot = await collect_all(client, collectors.ALL)
                as_of = datetime.now(UTC)
                seen = Seen(ORGANIZATION, "Acme", snapshot)
                state = resolve([seen], rulebook, as_of, promises_of(collectors.ALL), catalogue.ALL)
                findings = evaluate(state, policy, checks.ALL, catalogue.find).findings
            except Exception:  # noqa: BLE001 a crash is what is looked for
                counted["crash"] += 1
                print(f"crash: {family} seed {number} {case.damage}\n{traceback.format_exc(limit=-3)}")
                continue
            for told in _wrong(case, snapshot, findings, as_of):
                counted[told.partition(":")[0]] += 1
                print(f"{told}; {family} seed {number} {case.damage}")
            counted["findings"] += len(findings)
            counted["passes"] += sum(one.outcome is Outcome.PASS for one in findings)

    with serving() as url:
        asyncio.run(all_of_them(url))
    return counted


async def _at_once(*_args: Any) -> float:
    """Published limits are kept elsewhere; here they would take minutes."""
    return 0.0


def _wrong(case: Case, snapshot: Snapshot, findings: tuple[Finding, ...], as_of: datetime) -> Iterator[str]:
    oracle = Oracle(case)
    for finding in findings:
        if finding.outcome is Outcome.PASS and not oracle.true(finding):
            yield f"false pass: {finding.check} {finding.subject.id} ({finding.reason})"
    rows = {finding.subject.id.strip().casefold() for finding in findings if finding.check == "DR-01"}
    for app in oracle.apps:
        identity = app.get("id")
        if isinstance(identity, str) and identity and not any(_same(identity, row) for row in rows):
            yield f"vanished: {identity[:80]}"
    if not {finding.check for finding in findings} >= (APP_CHECKS | LIST_CHECKS):
        yield "vanished: a whole check"
    for one in snapshot.collections:
        whole = {"workspaces": oracle.apps_whole, "policies": oracle.policies_whole}.get(one.collector, True)
        if one.status is CollectionStatus.OK and not whole:
            yield f"false pass: {one.collector} counts as read whole"
    log = snapshot.log_reading
    if log is not None and log.covers_until is not None and log.covers_until > as_of:
        yield "false pass: the audit log was read until after now"


def main() -> None:
    """Print what one family, or each, gave."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--family", choices=[*FAMILIES, "all"], default="all")
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    bad = 0
    for family in FAMILIES if asked.family == "all" else (asked.family,):
        counted = run(family, asked.cases, asked.seed)
        print(f"{family}: " + ", ".join(f"{count} {what}" for what, count in counted.items()), flush=True)
        bad += counted["false pass"] + counted["crash"] + counted["vanished"]
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
