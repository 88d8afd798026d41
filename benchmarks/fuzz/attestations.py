"""The family `attestations`: what a person saw, while signals move before, during and after the look.

A value passes only while it is the wanted one and nothing that anchors it moved: another object, a newer date, a list
that was not read. A look around which something moved anchors nothing.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.fuzz import lists
from benchmarks.fuzz.audits import audit_job, organization_of
from benchmarks.fuzz.damage import DAMAGE, STRANGER, Damage, Pages, damaged, entries_of, written
from benchmarks.fuzz.oracle import Read, Served, ours, read_list, same
from benchmarks.fuzz.serving import Bench
from contribaudit import collectors
from contribaudit.attestations.anchoring import ReadingsAround
from contribaudit.attestations.recording import ConsoleVisit, EnteredValue, record_all
from contribaudit.audit.pipeline import audit, look
from contribaudit.core.model.attestation import Attestation, Signature
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.subject import Kind

POLICY = """
[[rule]]
check = "AI-01"
[[rule]]
check = "DC-01"
[[rule]]
check = "DC-03"
[[rule]]
check = "DC-04"
[[rule]]
check = "DR-01"
expect = ["EU"]
"""
ANN = "ann@acme.example"
VOLATILE = ("updatedAt", "links")
_STRANGE = f"::org/{STRANGER}"
"""Whose policy is in the list, so that it may be another organization's."""
AI, USE = ("generative",), ("ugc-data", "hipaa")
"""Stems of the types of policies that anchor a family."""


def valid(organization: str) -> dict[str, Pages]:
    """Four apps, each with its own AI item, and a policy for each family of settings."""
    apps = [lists.app(number, organization) for number in range(4)]
    for one in apps:
        item = {"type": "ai", "enabled": False, "suspended": ""}
        one["relationships"]["policies"] = [{"id": f"ai-{one['id']}", "type": "policies", "attributes": item}]
    ids = [one["id"] for one in apps]
    dated = {"updatedAt": "2026-09-01T10:00:00Z"}
    policies = [
        lists.policy("p1", "ugc-data-use-preferences", {"off": ["in-app", "metadata"]}, ids[:2]),
        lists.policy("p2", "generative-ai", {"in": []}, ids[:3]),
        lists.policy("p3", "data-residency", {"in": ["EU"]}, ids),
    ]
    for one in policies:
        one["attributes"] |= dated
    return {
        "workspaces": lists.workspace_pages(apps, 2),
        "policies": lists.policy_pages(policies),
        **lists.beside(datetime.now(UTC), organization),
    }


def touch(chance: random.Random, pages: Pages) -> None:
    """An object was written again, before or after."""
    moment = chance.choice(("2026-08-01T00:00:00Z", "2026-09-01T12:00:00+02:00", "2026-11-20T00:00:00.5Z", "2999", ""))
    for entry in entries_of(chance.choice(pages)) or []:
        if isinstance(entry, dict) and isinstance(entry.get("attributes"), dict) and chance.random() < 0.6:
            entry["attributes"]["updatedAt"] = moment


def flip(chance: random.Random, pages: Pages) -> None:
    """Somebody switched something."""
    entries = [one for one in entries_of(chance.choice(pages)) or [] if isinstance(one, dict)]
    for entry in entries:
        attributes, related = entry.get("attributes"), entry.get("relationships")
        if isinstance(attributes, dict) and "rule" in attributes and chance.random() < 0.4:
            attributes["rule"] = chance.choice(({"off": ["in-app"]}, {"in": ["x"]}, {"off": []}, None))
        items = related.get("policies") if isinstance(related, dict) else None
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("attributes"), dict) and chance.random() < 0.3:
                item["attributes"][chance.choice(("enabled", "suspended"))] = chance.choice((True, None, "yes"))


def leave(chance: random.Random, pages: Pages) -> None:
    """An entry goes, or an app is taken out of a policy."""
    entries = entries_of(chance.choice(pages))
    if entries:
        one = chance.choice(entries)
        attributes = one.get("attributes") if isinstance(one, dict) else None
        resources = attributes.get("resources") if isinstance(attributes, dict) else None
        held = resources if isinstance(resources, list) and resources and chance.random() < 0.5 else entries
        del held[chance.randrange(len(held))]


WAYS: tuple[Damage, ...] = (*DAMAGE, touch, touch, touch, flip, flip, flip, flip, leave, leave)


@dataclass(frozen=True)
class Moment:
    """What the API held when it was read: nothing of a list that was not served whole."""

    apps: Read
    policies: Read

    @classmethod
    def of(cls, pages: Served) -> Moment:
        """Of these pages."""
        beside = ("meta", "links")
        return cls(read_list(pages["workspaces"], beside, total=True), read_list(pages["policies"], beside))

    def signals(self, stems: tuple[str, ...], app: str = "") -> tuple[list[str], list[str]]:
        """Everything that anchors the organization's settings, or an app's, and when it was written."""
        found: list[str] = []
        dates: list[str] = []

        def take(what: Any) -> None:
            plain = copy.deepcopy(what)
            for holder in (plain, plain.get("attributes") if isinstance(plain, dict) else None):
                if isinstance(holder, dict):
                    dates.extend([str(holder["updatedAt"])] if holder.get("updatedAt") else [])
                    for name in VOLATILE:
                        holder.pop(name, None)
            found.append(json.dumps(plain, sort_keys=True))

        for policy in self.policies.entries:
            attributes = policy.get("attributes")
            kind = attributes.get("type") if isinstance(attributes, dict) else None
            if not isinstance(kind, str) or not any(stem in kind.casefold().replace("_", "-") for stem in stems):
                continue
            resources = attributes.get("resources") if isinstance(attributes, dict) else None
            named = resources if isinstance(resources, list) else []
            for one in named:
                if isinstance(one, dict) and one.get("id") == app:
                    take(one)
            bare = copy.deepcopy(policy)
            if isinstance(resources, list):
                rest = [one for one in resources if not (isinstance(one, dict) and isinstance(one.get("id"), str))]
                bare["attributes"]["resources"] = rest
            take(bare)
        for entry in self.apps.entries if app and stems == AI else ():
            if same(entry.get("id"), app):
                for item in _items(entry.get("relationships")):
                    take(item)
        return sorted(set(found)), dates

    def read(self, stems: tuple[str, ...], app: str) -> bool:
        """Whether everything that anchors it was served: every policy and, for AI, the app's own entry."""
        policies = self.policies.entries
        told = self.policies.whole and all(isinstance(one.get("attributes"), dict) for one in policies)
        told = told and not any(_STRANGE in str(one["attributes"].get("owner")).casefold() for one in policies)
        # What is in the list beside policies leaves open what else it tells: no move between two lists that are whole.
        told = told and all("polic" in str(one.get("type", "policy")).casefold() for one in policies)
        if not told or stems != AI:
            return told
        own = [one.get("relationships") for one in self.apps.entries if same(one.get("id"), app)]
        # Two entries that contradict each other tell nothing, and one that comes twice tells it once.
        alike = all(isinstance(one, dict) and _items(one) == _items(own[0]) for one in own)
        return alike and (self.apps.whole or bool(own))

    def differs(self, then: Moment, stems: tuple[str, ...], app: str) -> bool:
        """Whether something that anchors it is otherwise than then."""
        return self.signals(stems, app)[0] != then.signals(stems, app)[0]

    def moved_since(self, then: Moment, stems: tuple[str, ...], app: str) -> bool:
        """Whether something that anchors it is otherwise than then, or bears a later date."""
        now, before = (max(map(_moment, one.signals(stems, app)[1]), default=None) for one in (self, then))
        return self.differs(then, stems, app) or (now is not None and before is not None and now > before)


def _items(related: Any) -> list[dict[str, Any]]:
    """The items of an app that say what is enabled, or suspended."""
    found = []
    for items in related.values() if isinstance(related, dict) else ():
        for item in items if isinstance(items, list) else (items,):
            inner = item.get("attributes") if isinstance(item, dict) else None
            if isinstance(inner, dict) and {"enabled", "suspended"} & inner.keys():
                found.append(item)
    return found


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


async def case(bench: Bench, family: str, seed: int) -> tuple[list[str], int, list[str]]:
    """What was done to the answers, how many findings passed, and what is wrong."""
    chance = random.Random(f"{family}/{seed}")
    organization = organization_of(seed)
    now = datetime.now(UTC)
    clock = [now - timedelta(days=2)]
    job = audit_job(bench, organization, POLICY, clock=lambda: clock[0])
    told: list[str] = []

    def serve(name: str, likely: float) -> Served:
        pages: Served
        if chance.random() < likely:
            pages, done = damaged(chance, valid(organization), ("policies", "policies", "workspaces"), WAYS)
            told.extend(f"{name}: {one}" for one in done)
        else:
            pages = {each: [(200, written(page)) for page in found] for each, found in valid(organization).items()}
        bench.reply = lists.replying(pages, organization)
        return pages

    first = Moment.of(serve("before the look", 0.1))
    before = await look(job, collectors.INVENTORY)
    clock[0] += timedelta(minutes=5)
    second = Moment.of(serve("after the look", 0.3))
    after = await look(job, collectors.INVENTORY)
    values = _seen(chance)
    held = ReadingsAround(before, after)
    one = ConsoleVisit(ANN, clock[0] - timedelta(minutes=1), Signature(ANN, clock[0], "fuzz", "host"), f"look-{seed}")
    known = {subject.id for subject in after.subjects(Kind.APP, organization)}
    made = record_all(
        after,
        [
            (lambda _organization: held, EnteredValue(subject, setting, value), one)
            for (subject, setting), value in values.items()
            if subject == "organization" or subject in known
        ],
    )
    job.store.add_attestations(made)
    moments = []
    if chance.random() < 0.25:
        clock[0] = now - timedelta(days=1)
        moments.append(Moment.of(serve("a run between", 0.7)))
        await audit(job)
    clock[0] = now
    served = serve("the audit", 0.85)
    moments.append(Moment.of(served))
    report = await audit(job)
    oracle = _Oracle(organization, made, first, second, moments)
    wrong = [*oracle.wrongly_anchored()]
    for finding in report.findings:
        if finding.outcome is Outcome.PASS and finding.check != "DR-01" and not oracle.true(finding):
            wrong.append(f"false pass: {finding.check} {finding.subject.id} ({finding.reason})")
    rows = {finding.subject.id for finding in report.findings if finding.check == "DR-01"}
    for entry in moments[-1].apps.entries:
        identity = entry.get("id")
        if isinstance(identity, str) and identity.strip() and not any(same(identity, row) for row in rows):
            wrong.append(f"vanished: {identity[:80]}")
    passes = sum(each.outcome is Outcome.PASS and each.check != "DR-01" for each in report.findings)
    return told, passes, wrong


def _seen(chance: random.Random) -> dict[tuple[str, str], Any]:
    """What the console shows, mostly as the policy wants it."""
    apps = [lists.app(number)["id"] for number in range(4)]
    good = chance.random() < 0.7

    def word(wanted: str, other: str) -> str:
        return wanted if good or chance.random() < 0.5 else other

    found: dict[tuple[str, str], Any] = {
        ("organization", "contribution.metadata"): word("off", "on"),
        ("organization", "contribution.in_app"): word("off", "on"),
        ("organization", "contribution.in_app.included"): () if good or chance.random() < 0.5 else (apps[1],),
    }
    for app in apps:
        if good or chance.random() < 0.7:
            found[app, "ai.access"] = word("blocked", "allowed")
    return found


@dataclass(frozen=True)
class _Oracle:
    """What may pass, by what was served around and after the look."""

    organization: str
    made: tuple[Attestation, ...]
    before: Moment
    after: Moment
    since: list[Moment]

    def wrongly_anchored(self) -> list[str]:
        """Attestations that hold on to something that moved while somebody looked."""
        return [
            f"false pass: {one.setting} of {one.subject.id} is anchored by what moved during the look"
            for one in self.made
            if one.bound and not self._held_still(self._anchored(one))
        ]

    def true(self, finding: Finding) -> bool:
        """Whether this pass is true."""
        subject = finding.subject.id
        if finding.check == "AI-01":
            wanted: Mapping[str, Any] = {"ai.access": "blocked"}
            entries = [one for one in self.since[-1].apps.entries if same(one.get("id"), subject)]
            if not entries or not all(ours(one, self.organization) for one in entries):
                return False
        elif finding.check == "DC-01":
            wanted = {"contribution.metadata": "off"}
        else:
            wanted = {"contribution.in_app": "off", "contribution.in_app.included": ()}
        if not self._on_enterprise():
            return False
        by_item = finding.check == "AI-01" and self._item_off(subject) and self._agreed()
        return by_item or all(self._holds(subject, *pair) for pair in wanted.items())

    def _item_off(self, app: str) -> bool:
        """Whether the app's entry says, in an item of the kind that was served at first, that AI is not enabled."""
        entries = [one for one in self.since[-1].apps.entries if same(one.get("id"), app)]
        return bool(entries) and all(self._reads_off(one) is True for one in entries)

    def _reads_off(self, entry: dict[str, Any]) -> bool | None:
        """Whether its only item reads as off; None where it reads as neither."""
        items = _items(entry.get("relationships"))
        if len(items) != 1 or not isinstance(items[0].get("attributes"), dict):
            return None
        inner = items[0]["attributes"]
        enabled, suspended = inner.get("enabled"), inner.get("suspended", "")
        if type(enabled) is not bool or (suspended != "" and suspended is not False):
            return None
        return not enabled

    def _agreed(self) -> bool:
        """Whether an anchored value that still holds says of some app what its item says, and none says otherwise."""
        told = [
            (one.value == "blocked", self._reads_off(entry))
            for one in self.made
            if one.setting == "ai.access" and one.bound and not self._moved(one)
            for entry in self.since[-1].apps.entries
            if same(entry.get("id"), one.subject.id)
        ]
        known = [(blocked, off) for blocked, off in told if off is not None]
        return (True, True) in known and all(blocked == off for blocked, off in known)

    def _holds(self, subject: str, setting: str, value: Any) -> bool:
        said = [one for one in self.made if one.setting == setting and same(one.subject.id, subject)]
        return bool(said) and all(one.value == value and not (one.bound and self._moved(one)) for one in said)

    def _moved(self, one: Attestation) -> bool:
        """Whether what anchors it moved since, in any run that read it whole; or the last run did not."""
        stems, app = self._anchored(one)
        if not self.since[-1].read(stems, app):
            return True
        return any(each.read(stems, app) and each.moved_since(self.after, stems, app) for each in self.since)

    def _held_still(self, anchored: tuple[tuple[str, ...], str]) -> bool:
        both = self.before.read(*anchored) and self.after.read(*anchored)
        return both and not self.after.differs(self.before, *anchored)

    def _anchored(self, one: Attestation) -> tuple[tuple[str, ...], str]:
        return (AI, one.subject.id) if one.setting == "ai.access" else (USE, "")

    def _on_enterprise(self) -> bool:
        """The plan of the look, read whole: without it an attestation carries nothing."""
        last = self.since[-1].apps
        words = [written(one.get("relationships")).casefold() for one in last.entries]
        return last.whole and any("enterprise" in one for one in words)
