"""Data residency policies, and every other policy as a signal.

`GET /admin/v1/orgs/{orgId}/policies`, scope `read:policies:admin`. Only `data-residency` is interpreted. The meaning of
the other types that have been seen (`generative-ai`, `ugc-data-use-preferences` and others) is not published, so they
are kept raw and by digest, which shows that a policy changed but not what it says.
https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import lru_cache
from typing import Any

from contribaudit.atlassian.calls import LIST_POLICIES
from contribaudit.atlassian.paging import one_spelling
from contribaudit.catalogue import data_residency as residency
from contribaudit.catalogue.signals import policy_signal
from contribaudit.collectors.interface import Collector, Reading, id_in, signal
from contribaudit.core.model import names
from contribaudit.core.model.canonical import canonical_json, letters
from contribaudit.core.model.observation import Observation
from contribaudit.core.model.phrases import grouped
from contribaudit.core.model.setting import Setting
from contribaudit.core.model.subject import Kind, Subject

RESIDENCY = "data-residency"
KNOWN = (
    RESIDENCY,
    "ip-allowlist",
    "data-security",
    "generative-ai",
    "ugc-data-use-preferences",
    "hipaa",
    "admin-notification-settings",
    "user-join-settings-default",
)
"""Documented or seen: https://developer.atlassian.com/cloud/admin/organization/rest/api-group-policies/"""
_STEMS = {
    "residency": RESIDENCY,
    "realm": RESIDENCY,
    "pinning": RESIDENCY,
    "allowlist": "ip-allowlist",
    "datasecurity": "data-security",
    "generativeai": "generative-ai",
    "genai": "generative-ai",
    "rovo": "generative-ai",
    "ugcdata": "ugc-data-use-preferences",
    "datause": "ugc-data-use-preferences",
    "contribution": "ugc-data-use-preferences",
    "hipaa": "hipaa",
    "notification": "admin-notification-settings",
    "userjoin": "user-join-settings-default",
}
"""Parts of words in the spellings and successors of a known type, without case, spaces and punctuation."""


@lru_cache(maxsize=1000)
def known_type(policy_type: str) -> str:
    """The known type that this is a spelling or successor of: `data_residency`, `dataResidency-v2`.

    A known type gives itself; "" means that the type resembles none and may be about anything.
    """
    if policy_type in KNOWN:
        return policy_type
    folded = letters(policy_type)
    return next((word for stem, word in _STEMS.items() if stem in folded), "")


_ENTRY_KEYS = frozenset(("id", "type", "attributes", "links", "message"))
_ATTRIBUTE_KEYS = frozenset(
    (
        "id",
        "type",
        "name",
        "status",
        "rule",
        "resources",
        "ownerId",
        "createdAt",
        "updatedAt",
        "metadata",
        "queryData",
    )
)


_APP_ARI = re.compile(r"ari:cloud:(?!platform:|identity:)[\w-]+::(?:site|workspace)/[\w-]+", re.IGNORECASE)
"""ARIs of apps, wherever a policy of an unknown type names them."""


async def read(reading: Reading) -> AsyncIterator[Observation]:
    """Yield residency by app, the list of residency policies, and a signal for each other type.

    Yields nothing when a policy could not be identified, because it may list any app.
    """
    policies: dict[str, dict[str, Any]] = {}
    async for entry, response in reading.listed(_ENTRY_KEYS):
        identity, attributes = id_in(entry), entry.get("attributes")
        if not identity or not isinstance(attributes, dict):
            reading.fall_short("entry_without_id", "a policy has no ID or no attributes")
            continue
        reading.known_keys("attributes", attributes, _ATTRIBUTE_KEYS, response)
        if "type" in entry and not (isinstance(entry["type"], str) and "polic" in entry["type"].casefold()):
            reading.fall_short("unknown_type", f"an entry of the policies has the type {str(entry['type'])[:60]!r}")
        if policies.setdefault(identity, entry) != entry:
            reading.fall_short("contradicting_entries", "a policy is listed twice, with different contents")
    reading.unique = len(policies)
    if reading.shortfalls:
        return
    by_type = grouped(policies.values(), _type_of)
    unsure = _UnsureApps(reading, by_type)
    for observation in _residency(reading, by_type.pop(RESIDENCY, []), unsure):
        yield observation
    for kind, entries in sorted(by_type.items()):
        original = known_type(kind)
        if original not in (kind, "", RESIDENCY):
            # A change in the successor's policy moves the signal to which attestations are anchored.
            by_type[original] = [*by_type.get(original, []), *entries]
    for kind, entries in sorted(by_type.items()):
        for observation in _signals(reading, kind, entries):
            yield observation


def _type_of(entry: Mapping[str, Any]) -> str:
    kind = entry["attributes"].get("type")
    return kind if isinstance(kind, str) and kind.strip() else "without-type"


class _UnsureApps:
    """Apps whose residency may be set by policies of an unknown type that resembles residency's or none at all.

    `everything` holds the type of a policy whose apps are unknown.
    """

    def __init__(self, reading: Reading, by_type: Mapping[str, list[dict[str, Any]]]) -> None:
        self.reading = reading
        self.of: dict[str, tuple[str, str]] = {}
        """Type and ID as listed, by the ID in its normalized spelling."""
        self.everything = ""
        for kind, entries in sorted(by_type.items()):
            if kind == RESIDENCY or known_type(kind) not in ("", RESIDENCY):
                continue
            for entry in entries:
                for ari in _APP_ARI.findall(canonical_json(entry).decode("utf-8", "surrogatepass")):
                    self.of.setdefault(one_spelling(ari), (kind, ari))
                resources = entry["attributes"].get("resources")
                if not isinstance(resources, list):
                    self.everything = self.everything or (kind if known_type(kind) or resources is not None else "")
                    continue
                for resource in resources:
                    if id_in(resource):
                        self.of.setdefault(one_spelling(resource["id"]), (kind, resource["id"]))
                    else:
                        self.everything = self.everything or kind

    @property
    def any(self) -> str:
        """The type of one such policy, "" when there is none."""
        return self.everything or next((kind for kind, _ in self.of.values()), "")

    def why(self, ari: str) -> str:
        """The type of policy that may apply to the app, "" when none does."""
        doubt = self.of.get(one_spelling(ari))
        return doubt[0] if doubt else self.everything

    def lost(self, setting: Setting, subject: Subject, kind: str) -> Observation:
        """The setting as unavailable, because a policy of this unknown type may contradict it."""
        reason = f"a policy of unknown type {kind[:60]!r} may also be about data residency"
        return self.reading.unavailable(setting, subject, "unknown_policy_type", reason)

    def lost_of(self, app: Subject, kind: str) -> Iterator[Observation]:
        """Every residency setting of an app as unavailable, as `lost` does for one."""
        for setting in (residency.APP_POLICIES, residency.MOVE, residency.POLICY_REALMS):
            yield self.lost(setting, app, kind)


def _residency(reading: Reading, entries: list[dict[str, Any]], unsure: _UnsureApps) -> Iterator[Observation]:
    ids = tuple(sorted(entry["id"] for entry in entries))
    if unsure.any:
        yield unsure.lost(residency.POLICIES, reading.organization, unsure.any)
    else:
        yield reading.observed(residency.POLICIES, reading.organization, ids)
    spellings: dict[str, str] = {}
    listed: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    for entry in entries:
        resources = entry["attributes"].get("resources")
        if not isinstance(resources, list):
            reading.fall_short("wrong_type", "a data residency policy lists no apps")
            continue
        for resource in resources:
            if id_in(resource):
                ari = spellings.setdefault(one_spelling(resource["id"]), resource["id"])
                listed[ari].append((entry, resource))
            else:
                reading.fall_short("entry_without_id", "a data residency policy lists an app without an ID")
    digests = {entry["id"]: reading.keep(entry) for entry in entries}
    for folded, (kind, ari) in unsure.of.items():
        if folded not in spellings:
            yield from unsure.lost_of(Subject(reading.client.organization, Kind.APP, ari), kind)
    for ari, holders in listed.items():
        app = Subject(reading.client.organization, Kind.APP, ari)
        if kind := unsure.why(ari):
            yield from unsure.lost_of(app, kind)
            continue
        yield reading.observed(residency.APP_POLICIES, app, tuple(sorted(entry["id"] for entry, _ in holders)))
        if len(holders) > 1:
            for setting in (residency.MOVE, residency.POLICY_REALMS):
                reason = f"{len(holders)} residency policies list this app"
                yield reading.unavailable(setting, app, "several_policies", reason)
        else:
            entry, resource = holders[0]
            yield from _app(reading, app, entry, resource, digests[entry["id"]])


_SAYS_NO_PLACE = frozenset(("scopeType", "consented", "adminApprovalSummary", "notification"))
"""Keys seen in rules that do not change the list of locations."""


def _places(reading: Reading, app: Subject, rule: Mapping[str, Any], response: str) -> Observation:
    """The locations that the rule names; `Unavailable` when another key of the rule may exclude some of them."""
    more = [key for key, value in rule.items() if value and key != "in" and key not in _SAYS_NO_PLACE]
    if "in" not in rule or not more:
        return reading.texts(residency.POLICY_REALMS, app, rule, "in", response)
    for key in more:
        reading.surprise(f"data-residency rule: {key}", response)
    reason = f"the residency policy's rule has `{more[0]}` beside `in`, and no page says what that means"
    return reading.unavailable(residency.POLICY_REALMS, app, "contradicting_entries", reason)


def _app(
    reading: Reading, app: Subject, entry: Mapping[str, Any], resource: Mapping[str, Any], response: str
) -> Iterator[Observation]:
    attributes = entry["attributes"]
    status = attributes.get("status")
    if status != "enabled":
        reason = f"its residency policy has the status {status!r}"
        yield reading.unavailable(residency.MOVE, app, "policy_not_enabled", reason)
    else:
        yield reading.text(residency.MOVE, app, resource, "applicationStatus", response)
    rule = attributes.get("rule")
    if isinstance(rule, dict):
        yield _places(reading, app, rule, response)
    else:
        reading.surprise(f"data-residency rule: {type(rule).__name__}", response)
        yield reading.unavailable(
            residency.POLICY_REALMS, app, "wrong_type", "the residency policy's rule is not an object"
        )
    meta = resource.get("meta")
    window = meta if isinstance(meta, dict) else {}
    # The two published specifications spell the end differently.
    ends = [key for key in ("migrationEndDataTime", "migrationEndDateTime") if window.get(key) is not None]
    end = ends[0] if ends else ""
    if len(ends) > 1 and window[ends[0]] != window[ends[1]]:
        reason = "the end of the move is given twice, with different times"
        yield reading.unavailable(residency.MOVE_ENDS_AT, app, "contradicting_entries", reason)
        end = ""
    for setting, key in (
        (residency.MOVE_SCHEDULED_FOR, "scheduledDate"),
        (residency.MOVE_STARTS_AT, "migrationStartDateTime"),
        (residency.MOVE_ENDS_AT, end),
    ):
        if window.get(key) is not None:
            yield reading.text(setting, app, window, key, response)
    links = resource.get("links")
    if isinstance(links, dict) and links.get("ticket") is not None:
        yield reading.text(residency.MOVE_TICKET, app, links, "ticket", response)


_OF_THE_ORGANIZATION = frozenset(("ugc-data-use-preferences",))
"""Types whose every setting is the organization's: what they list may be the include or the exclude list."""


def _signals(reading: Reading, kind: str, entries: list[dict[str, Any]]) -> Iterator[Observation]:
    """One signal for the organization, and one for each app that policies of this type list.

    `match_listed_apps` gives the organization what is listed without being an app.
    """
    setting = policy_signal(kind)
    if kind not in KNOWN:
        reading.surprise(f"type={kind[:60]}", reading.keep(entries[0]))
    whole: list[dict[str, Any]] = []
    by_app: dict[str, list[dict[str, Any]]] = defaultdict(list)
    responses: dict[str, str] = {}
    for entry in entries:
        response = reading.keep(entry)
        attributes = dict(entry["attributes"])
        resources = attributes.get("resources")
        if isinstance(resources, list) and known_type(kind) not in _OF_THE_ORGANIZATION:
            attributes["resources"] = [one for one in resources if not id_in(one)]
            for resource in filter(id_in, resources):
                by_app[resource["id"]].append(resource)
                responses.setdefault(resource["id"], response)
        whole.append(entry | {"attributes": attributes})
    yield from signal(reading, setting, reading.organization, whole, reading.keep(entries[0]))
    for ari, resources_of_app in by_app.items():
        app = Subject(reading.client.organization, Kind.APP, ari)
        yield from signal(reading, setting, app, resources_of_app, responses[ari])


POLICIES = Collector(
    name=names.POLICIES,
    call=LIST_POLICIES,
    promises=(residency.POLICIES.id, residency.MOVE.id, residency.POLICY_REALMS.id),
    read=read,
    proves=(
        "The residency policy of each app and the state of its move. Policies of other types are kept as raw "
        "objects: they show that something changed, but not what it means."
    ),
)
