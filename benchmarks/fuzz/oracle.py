"""What may pass, by what was served. It has a few rules of its own, and calls none of the product's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.fuzz.damage import written
from contribaudit.core.model.finding import Finding

ORGANIZATION = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
LIST_CHECKS = ("DR-14", "DC-10", "GV-01")
"""What they say needs every app and every policy."""
_OTHERS = ("allowlist", "hipaa", "generative", "ugc-data")
"""Stems of the types of policies that nobody holds for residency."""
Served: TypeAlias = Mapping[str, Sequence[tuple[int, str]]]
"""By endpoint, status and text of each page; status 0 for one that never arrives whole."""


@dataclass(frozen=True)
class Read:
    """The entries of a list that can be read, and whether they surely are all."""

    entries: list[dict[str, Any]]
    whole: bool


def parsed(status: int, text: str) -> dict[str, Any] | None:
    """The page, None for one that is none: no success, no JSON object, or a key twice."""
    twice: list[bool] = []

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.append(len(dict(pairs)) < len(pairs))
        return dict(pairs)

    try:
        page = json.loads(text, object_pairs_hook=object_of)
    except ValueError:
        return None
    return page if status == 200 and not any(twice) and isinstance(page, dict) else None


def read_list(pages: Sequence[tuple[int, str]], beside: Sequence[str], key: str = "id", *, total: bool = False) -> Read:
    """A list whose pages have these objects beside their entries; with `total`, the number of entries is told."""
    found: list[dict[str, Any]] = []
    totals: list[Any] = []
    number = 0
    while number < len(pages):
        page = parsed(*pages[number])
        data = page.get("data") if page is not None else None
        if page is None or not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
            return Read(found, False)
        found += data
        if not all(isinstance(page.get(name), dict) for name in beside):
            return Read(found, False)
        links, meta = page["links"], page.get("meta")
        totals.append(meta.get("total") if isinstance(meta, dict) else None)
        following = links.get("next")
        if "meta" in beside and not total:
            following = page["meta"].get("next") or following
        if following in (None, ""):
            break
        if following != f"c{number + 1}":
            return Read(found, False)
        number += 1
    else:
        return Read(found, False)
    ids = [entry.get(key) for entry in found]
    if not all(isinstance(one, str) and one.strip() for one in ids):
        return Read(found, False)
    distinct = len({str(one).strip().casefold() for one in ids})
    told = [one for one in totals if one is not None]
    if not total and not told:
        return Read(found, distinct == len(ids))
    units = len({(str(e[key]), str(e.get("attributes"))) for e in found}) if distinct < len(found) else distinct
    steady = len(told) == len(totals) and type(told[-1]) is int and len(set(map(str, told))) == 1
    return Read(found, bool(found) and steady and told[-1] in (distinct, units))


def same(one: Any, other: str) -> bool:
    """Whether both are the same ID, however they are spelt."""
    return isinstance(one, str) and one.strip().casefold() == other.strip().casefold()


def ours(app: dict[str, Any], organization: str = ORGANIZATION) -> bool:
    """Whether the app's entry names no other organization as its owner."""
    attributes = app.get("attributes")
    owner = attributes.get("owner") if isinstance(attributes, dict) else None
    if not isinstance(owner, str):
        return True
    bare = owner.strip().casefold()
    return not bare.endswith("bbbbbbbbbbbb") and ("::org/" not in bare or bare.endswith(organization))


class Oracle:
    """What may pass of residency."""

    def __init__(self, pages: Served, organization: str = ORGANIZATION) -> None:
        self._pages = pages
        self._organization = organization
        self.apps = read_list(pages["workspaces"], ("meta", "links"), total=True)
        self.policies = read_list(pages["policies"], ("meta", "links"))

    def whole(self, collector: str) -> bool:
        """Whether what the collector reads was served whole."""
        match collector:
            case "workspaces":
                return self.apps.whole
            case "policies":
                return self.policies.whole
            case "directories":
                return read_list(self._pages["directories"], ("links",), "directoryId").whole
            case "api_keys":
                return read_list(self._pages["api-keys"], ("links",)).whole
            case "ai_roles":
                page = parsed(*self._pages["search"][0])
                return page is not None and isinstance(page.get("data"), list)
            case "organization":
                return parsed(*self._pages["org"][0]) is not None
            case "event_actions":
                page = parsed(*self._pages["event-actions"][0])
                return page is not None and isinstance(page.get("data"), list)
            case "events":
                page = parsed(*self._pages["events-stream"][0])
                return page is not None and isinstance(page.get("data"), list) and isinstance(page.get("meta"), dict)
        return False

    def true(self, finding: Finding) -> bool:
        """Whether this pass is true."""
        if finding.check in LIST_CHECKS or finding.subject.id == self._organization:
            return self.apps.whole and self.policies.whole
        found = [one for one in self.apps.entries if same(one.get("id"), finding.subject.id)]
        if not found or not all(ours(one, self._organization) for one in found):
            return False
        if finding.check == "DR-01":
            return all(map(_in_europe, found))
        held = self._held(finding.subject.id)
        if finding.check == "DR-04":
            return held
        return held and all(_in_europe(one) and _paid(one) for one in found)

    def _held(self, app: str) -> bool:
        """One policy of residency's type lists the app, applied, and no other that could be about residency does."""
        if not self.policies.whole:
            return False
        holders = []
        for policy in {str(one): one for one in self.policies.entries}.values():
            attributes = policy.get("attributes")
            if not isinstance(attributes, dict):
                return False
            kind, resources = attributes.get("type"), attributes.get("resources")
            if isinstance(kind, str) and any(stem in kind.casefold().replace("_", "-") for stem in _OTHERS):
                continue
            named = resources if isinstance(resources, list) else []
            holders += [(attributes, one) for one in named if isinstance(one, dict) and same(one.get("id"), app)]
        if len(holders) != 1 or holders[0][0].get("type") != "data-residency":
            return False
        attributes, resource = holders[0]
        move = resource.get("applicationStatus")
        return attributes.get("status") == "enabled" and isinstance(move, str) and move.strip().casefold() == "applied"


def _in_europe(app: dict[str, Any]) -> bool:
    attributes = app.get("attributes")
    realm = attributes.get("realm") if isinstance(attributes, dict) else None
    return isinstance(realm, str) and realm.strip().casefold() in ("eu", "european union")


def _paid(app: dict[str, Any]) -> bool:
    return any(word in written(app.get("relationships")).casefold() for word in ("enterprise", "premium"))
