"""Every app: its type, site, plan and realm.

`POST /admin/v2/orgs/{orgId}/workspaces`, scope `read:workspaces:admin`, a search that changes nothing. One entry is one
app; several share a site. The names of the relationship lists are not published, so plans are read from whichever list
holds them. https://developer.atlassian.com/cloud/admin/organization/rest/api-group-workspaces/
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from contribaudit.atlassian.calls import SEARCH_WORKSPACES
from contribaudit.atlassian.paging import one_spelling
from contribaudit.catalogue import data_residency as residency
from contribaudit.catalogue import organization as catalogue
from contribaudit.catalogue.signals import WORKSPACE_FEATURE, WORKSPACE_POLICY
from contribaudit.collectors.interface import Collector, Reading, id_in, in_two_spellings, not_ours, signal
from contribaudit.core.model import names
from contribaudit.core.model.canonical import letters
from contribaudit.core.model.observation import Grade, Observation, Observed, Unavailable
from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.resolve.signals import SIGNAL_PREFIX

_ENTRY_KEYS = frozenset(("id", "type", "attributes", "links", "relationships", "appType"))
_ATTRIBUTE_KEYS = frozenset(
    (
        "name",
        "type",
        "typeKey",
        "owner",
        "status",
        "statusDetails",
        "sandbox",
        "realm",
        "regions",
        "hostUrl",
        "capacity",
        "usage",
        "createdAt",
        "createdBy",
        "updatedAt",
        "labels",
        "icons",
        "avatars",
        "directory",
        "unit",
    )
)
_LONGEST_NAME = 200
_SWITCHES = frozenset(("enabled", "suspended", "isenabled", "issuspended"))
_SITE_ARI = re.compile(r"::site/([0-9a-fA-F-]{36})$")


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield the content of each app's entry, in server order; a repeated entry counts once.

    The reading is incomplete when an entry has no ID, when the list is empty (as it may also be for a key without the
    scope), and when no total is given.
    """
    first: dict[str, list[Observation]] = {}
    spellings: dict[str, str] = {}
    async for page in reading.client.pages(SEARCH_WORKSPACES):
        reading.pages += 1
        reading.announced = page.announced
        for entry in page.items:
            reading.entries += 1
            identity = id_in(entry)
            if not identity:
                reading.fall_short("entry_without_id", "an entry has no ID, so it cannot be identified")
                continue
            identity = spellings.setdefault(one_spelling(identity), identity)
            app = Subject(reading.client.organization, Kind.APP, identity)
            observations = list(_app(reading, app, entry))
            if identity in first:
                for contradiction in _contradictions(first[identity], observations):
                    yield contradiction
                continue
            first[identity] = observations
            reading.unique += 1
            for observation in observations:
                yield observation
    _reconcile(reading)


def _reconcile(reading: Reading) -> None:
    if reading.entries == 0:
        reading.fall_short("empty_list", "the list of apps is empty, as it also is for a key without the right scope")
    elif reading.announced is None:
        reading.fall_short("no_total", "the API did not give the number of apps, so the list may be incomplete")


def _contradictions(before: Sequence[Observation], now: Sequence[Observation]) -> Iterator[Observation]:
    """The values that a repeated entry contradicts, as unavailable, since either entry may be right.

    A signal that only one of the two entries has is unavailable too, since its absence is a state.
    """
    values = {one.setting: one for one in before}
    others = {one.setting: one for one in now}
    for setting in {**values, **others}:
        one, other = values.get(setting), others.get(setting)
        if isinstance(one, Observed) and isinstance(other, Observed) and one.value == other.value:
            continue
        seen = one if isinstance(one, Observed) else other
        stranger = next((either for either in (one, other) if _is_denied(either)), None)
        if stranger is not None:
            yield stranger
            continue
        if not isinstance(seen, Observed):
            continue  # neither entry has a value
        shown = [repr(either.value) if isinstance(either, Observed) else "nothing" for either in (one, other)]
        reason = f"the app is listed twice, with {shown[0]} and {shown[1]}"
        if setting.startswith(SIGNAL_PREFIX) and (one is None or other is None):
            reason = "the app is listed twice, and only one entry has it"
        yield Unavailable(setting, seen.subject, "contradicting_entries", reason, seen.observed_at, seen.source)


def _is_denied(observation: Observation | None) -> bool:
    return isinstance(observation, Unavailable) and observation.code == names.OTHER_ORGANIZATION


def _app(reading: Reading, app: Subject, entry: Mapping[str, Any]) -> Iterator[Observation]:
    response = reading.keep(entry)
    reading.known_keys("", entry, _ENTRY_KEYS, response)
    attributes = entry.get("attributes")
    if not isinstance(attributes, dict):
        reading.surprise("attributes: not an object", response)
        attributes = {}
    reading.known_keys("attributes", attributes, _ATTRIBUTE_KEYS, response)
    yield reading.text(catalogue.NAME, app, attributes, "name", response)
    doubt = not_ours(reading.client.organization, entry, owner_is_organization=True) or _doubtful_type(entry)
    if doubt is not None:
        code, reason = doubt
        reading.fall_short(code, reason)
        for setting in WORKSPACES.promises:
            if setting != catalogue.NAME.id:
                yield Unavailable(setting, app, code, reason, reading.started_at, reading.source)
        return
    type_key = reading.text(catalogue.TYPE_KEY, app, attributes, "typeKey", response)
    yield type_key
    yield reading.text(catalogue.TYPE_NAME, app, attributes, "type", response)
    host = _host(reading, app, attributes, response)
    yield host
    yield _site(reading, app, response)
    yield from _alias(reading, type_key, host, _workspace_in(attributes.get("hostUrl"), app), response)
    yield reading.text(catalogue.STATUS, app, attributes, "status", response)
    yield from _sandbox(reading, app, attributes, response)
    yield reading.text(catalogue.CREATED_AT, app, attributes, "createdAt", response)
    yield from _related(reading, app, entry, response)
    yield reading.text(residency.REALM, app, attributes, "realm", response)
    yield reading.texts(residency.REGIONS, app, attributes, "regions", response)


def _doubtful_type(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Code and reason why the entry's `type` may not be an app's; None when nothing suggests that.

    `type` is documented as text, without a list of words and not as required. "workspaces" and the app's own name have
    been seen.
    """
    kind = entry.get("type")
    if "type" not in entry:
        return None
    if not isinstance(kind, str):
        return "wrong_type", "the `type` of an entry is not a text, so whether it is an app is unknown"
    attributes = entry.get("attributes")
    details = attributes if isinstance(attributes, dict) else {}
    own = {letters(text) for text in (details.get("type"), details.get("typeKey")) if isinstance(text, str)}
    if letters(kind) in own or re.search("workspace|product|app", letters(kind)):
        return None
    return "unknown_type", f"an entry has the type {kind[:60]!r}, so whether it is an app is unknown"


def _host(reading: Reading, app: Subject, attributes: Mapping[str, Any], response: str) -> Observation:
    address = reading.text(catalogue.HOST, app, attributes, "hostUrl", response)
    if not isinstance(address, Observed) or not isinstance(address.value, str):
        return address
    host = _host_in(address.value)
    if not host:
        return reading.unavailable(catalogue.HOST, app, "unreadable_host", "`hostUrl` holds no host name")
    return reading.observed(catalogue.HOST, app, host, response)


@lru_cache(maxsize=10_000)
def _host_in(url: str) -> str | None:
    """The host of an address with or without a scheme; cached, because all apps of a site share one."""
    text = url.strip()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        return None
    return host.rstrip(".") if host else None  # a final dot names the same host


def place_of(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    """Type key, cloud ID and host of an app's entry; "" for each that is missing."""
    attributes = entry.get("attributes")
    holder = attributes if isinstance(attributes, dict) else {}
    type_key, url = holder.get("typeKey"), holder.get("hostUrl")
    match = _SITE_ARI.search(str(entry.get("id")))
    return (
        type_key if isinstance(type_key, str) else "",
        match.group(1).lower() if match else "",
        (_host_in(url) or "") if isinstance(url, str) else "",
    )


def _site(reading: Reading, app: Subject, response: str) -> Observation:
    """The cloud ID at the end of a `::site/` ARI; null for other ARIs, which name no site."""
    match = _SITE_ARI.search(app.id)
    value = match.group(1).lower() if match else None
    return Observed(catalogue.SITE.id, app, value, Grade.DECODED, reading.started_at, reading.source, response)


def _workspace_in(url: object, app: Subject) -> str:
    """The path "acme" in "https://bitbucket.org/acme", for an app without its own site; "" without such a path.

    Several workspaces share such a host. On a site, the path is the app's ("/wiki"), and the host suffices.
    """
    if not isinstance(url, str) or _SITE_ARI.search(app.id):
        return ""
    try:
        path = urlsplit(url if "//" in url else f"//{url}").path
    except ValueError:
        return ""
    return path.strip("/")[:_LONGEST_NAME]


def _alias(
    reading: Reading, type_key: Observation, host: Observation, workspace: str, response: str
) -> Iterator[Observation]:
    if isinstance(type_key, Observed) and isinstance(type_key.value, str) and type_key.value:
        where = host.value if isinstance(host, Observed) and isinstance(host.value, str) else ""
        where = f"{where}/{workspace}" if where and workspace else where
        alias = f"app:{where}/{type_key.value}" if where else f"app:{type_key.value}/{type_key.subject.id}"
        yield reading.observed(catalogue.ALIAS, type_key.subject, alias, response)


def _sandbox(reading: Reading, app: Subject, attributes: Mapping[str, Any], response: str) -> Iterator[Observation]:
    if "sandbox" not in attributes:
        yield reading.unavailable(catalogue.SANDBOX, app, "missing_key", "the answer has no `sandbox`")
        return
    sandbox = attributes["sandbox"]
    if sandbox is None:
        yield reading.observed(catalogue.SANDBOX, app, None, response)
        return
    if not isinstance(sandbox, dict):
        reading.surprise(f"sandbox: {type(sandbox).__name__}", response)
        yield reading.unavailable(catalogue.SANDBOX, app, "wrong_type", "`sandbox` is not an object")
        return
    yield reading.text(catalogue.SANDBOX, app, sandbox, "type", response)
    if isinstance(sandbox.get("parentId"), str):
        yield reading.observed(catalogue.SANDBOX_PARENT, app, sandbox["parentId"], response)


def _related(reading: Reading, app: Subject, entry: Mapping[str, Any], response: str) -> Iterator[Observation]:
    """The plan word of the app's entitlements, and its other items as signals, whatever their lists are called.

    An item with `plan` or `planKey` is an entitlement, an item with `enabled` or `suspended` the app's AI policy. The
    documented form of a policy has these in `fields`, without saying which; where no item has them, each that calls
    itself a policy may be the one.
    """
    relationships = entry.get("relationships")
    if not isinstance(relationships, dict):
        for setting in (catalogue.PLAN, WORKSPACE_POLICY, WORKSPACE_FEATURE):
            yield reading.unavailable(setting, app, "missing_key", "the answer has no `relationships`")
        return
    plans: list[Mapping[str, Any]] = []
    policies: list[Any] = []
    perhaps: list[Any] = []
    features: list[Any] = []
    for items in relationships.values():
        for item in items if isinstance(items, list) else () if items is None else (items,):
            attributes = item.get("attributes") if isinstance(item, dict) else None
            if isinstance(attributes, dict):
                if "plan" in attributes or "planKey" in attributes:
                    plans.append(attributes)
                    continue
                if _has_switch(attributes) or _has_switch(attributes.get("fields")):
                    policies.append(item)
                    continue
                if "polic" in str(item.get("type")).casefold():
                    perhaps.append(item)
                    continue
            if not (isinstance(item, dict) and str(item.get("type")).startswith("entitlement")):
                features.append(item)
    yield _plan(reading, app, plans, response)
    if policies:
        features += perhaps
    if policies or perhaps:
        yield from signal(reading, WORKSPACE_POLICY, app, policies or perhaps, response)
    if features:
        yield from signal(reading, WORKSPACE_FEATURE, app, features, response)


def _has_switch(attributes: object) -> bool:
    """Whether the object has one of the two fields of an AI policy, in any spelling."""
    return isinstance(attributes, dict) and any(_is_switch(key) for key in attributes)


@lru_cache(maxsize=1000)
def _is_switch(key: str) -> bool:
    """Cached, because all items of a list have the same keys."""
    return letters(key) in _SWITCHES


def _plan(reading: Reading, app: Subject, entitlements: list[Mapping[str, Any]], response: str) -> Observation:
    """The plan word of the entitlements: a list when there are several words, null without an entitlement."""
    words: dict[str, None] = {}
    for attributes in entitlements:
        if doubt := in_two_spellings(attributes, "plan") or in_two_spellings(attributes, "planKey"):
            return reading.unavailable(catalogue.PLAN, app, "contradicting_entries", f"an entitlement {doubt}")
        given = [attributes.get(key) for key in ("plan", "planKey")]
        stray = next((one for one in given if one is not None and not isinstance(one, str)), None)
        if stray is not None:
            reading.surprise(f"plan: {type(stray).__name__}", response)
            reason = f"its plan is a {type(stray).__name__}, not a text"
            return reading.unavailable(catalogue.PLAN, app, "wrong_type", reason)
        if doubt := _two_plans(reading, attributes):
            return reading.unavailable(catalogue.PLAN, app, "contradicting_entries", doubt)
        word = given[0] or given[1]
        if word:
            words[word] = None
    value = next(iter(words)) if len(words) == 1 else tuple(words) or None
    return reading.observed(catalogue.PLAN, app, value, response)


def _two_plans(reading: Reading, attributes: Mapping[str, Any]) -> str:
    """A clause for an entitlement whose `plan` and `planKey` are words of different plans; "" where they are not."""
    words = [word for word in (attributes.get("plan"), attributes.get("planKey")) if isinstance(word, str)]
    plans = [plan for plan in map(reading.plan_of, words) if plan is not None]
    if len(plans) < 2 or plans[0] == plans[1]:
        return ""
    return f"an entitlement has the plan {words[0]!r} and the plan key {words[1]!r}, which are different plans"


WORKSPACES = Collector(
    name=names.WORKSPACES,
    call=SEARCH_WORKSPACES,
    promises=(
        catalogue.NAME.id,
        catalogue.TYPE_KEY.id,
        catalogue.HOST.id,
        catalogue.STATUS.id,
        catalogue.SANDBOX.id,
        catalogue.PLAN.id,
        residency.REALM.id,
        residency.REGIONS.id,
    ),
    read=read,
    proves=(
        "Every app with its site, plan word, sandbox flag, realm and regions. It does not show whether the "
        "realm is pinned, whether the plan is a trial, or what the app contributes."
    ),
)
