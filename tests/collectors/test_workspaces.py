"""Apps as the workspace list tells them."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest

from contribaudit.collectors.interface import Collector
from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from contribaudit.simulator import Options, load_scenario

from .probe import NOW, collect, collection, drifted, listed, seen, surprises, unkept, values

ARI = "ari:cloud:confluence::site/11111111-1111-4111-8111-111111111111"
ENTRY: dict[str, Any] = {
    "id": ARI,
    "type": "workspaces",
    "attributes": {
        "name": "acme",
        "typeKey": "confluence",
        "type": "Confluence",
        "status": "online",
        "sandbox": {"type": "NONE"},
        "createdAt": None,
        "hostUrl": "https://acme.atlassian.net",
        "realm": "EU",
        "regions": ["eu-central-1"],
    },
    "relationships": {"entitlements": [{"id": "e", "type": "entitlements", "attributes": {"plan": "Premium"}}]},
}


def entry(ari: str = ARI, plans: object = None, **attributes: Any) -> dict[str, Any]:
    """The usual entry, with other attributes (`...` leaves one out) or other relationships."""
    made = copy.deepcopy(ENTRY)
    made["id"] = ari
    made["attributes"] = {name: value for name, value in (made["attributes"] | attributes).items() if value is not ...}
    if plans is not None:
        made["relationships"] = plans
    return made


def one(setting: str, plans: object = None, **attributes: Any) -> object:
    """What is observed of the one app."""
    return values(listed(WORKSPACES, [entry(plans=plans, **attributes)]), setting)[ARI]


def plan(*words: object, key: str = "plan") -> list[dict[str, Any]]:
    return [{"id": "e", "type": "entitlements", "attributes": {key: word}} for word in words]


def both(word: str, key: str) -> list[dict[str, Any]]:
    return [{"id": "e", "type": "entitlements", "attributes": {"plan": word, "planKey": key}}]


def test_apps_come_in_server_order_and_once_each() -> None:
    """Confluence is listed twice, under two units, and counts once."""
    snapshot = drifted(WORKSPACES)
    organization = load_scenario("drifted", now=NOW).organization
    expected = list(dict.fromkeys(app.id for app in organization.apps))
    assert list(values(snapshot, "app.type_key")) == expected
    assert len(organization.apps) == len(expected) + 1
    assert (collection(snapshot).announced, collection(snapshot).read) == (len(expected) + 1, len(expected))
    assert collection(snapshot).status is CollectionStatus.OK


def test_a_repeated_entry_may_be_announced_once() -> None:
    snapshot = drifted(WORKSPACES, options=Options(total="distinct"))
    assert collection(snapshot).status is CollectionStatus.OK
    assert collection(snapshot).announced == collection(snapshot).read


@pytest.mark.parametrize("turned", [False, True])
def test_repeated_entries_that_contradict_leave_the_value_open(turned: bool) -> None:
    """Nobody tells which is right; what they agree on holds. A third entry settles nothing."""
    entries = [entry(), entry(realm="US"), entry()]
    snapshot = listed(WORKSPACES, entries[::-1] if turned else entries)
    assert values(snapshot, "residency.realm") == {ARI: "!contradicting_entries"}
    assert values(snapshot, "plan") == {ARI: "Premium"}
    assert collection(snapshot).read == 1


@pytest.mark.parametrize(
    ("setting", "other", "value"),
    [
        ("residency.realm", "Realm", "US"),
        ("residency.realm", "realm ", None),
        ("residency.realm", "\uff52\uff45\uff41\uff4c\uff4d", "US"),
        ("residency.regions", "REGIONS", ["us-east-1"]),
        ("app.type_key", "type_key", "jira-software"),
    ],
)
def test_a_value_that_another_spelling_of_its_key_contradicts_is_open(setting: str, other: str, value: Any) -> None:
    snapshot = listed(WORKSPACES, [entry(**{other: value})])
    assert values(snapshot, setting) == {ARI: "!contradicting_entries"}
    assert (collection(snapshot).status, collection(snapshot).code) == (
        CollectionStatus.PARTIAL,
        "contradicting_entries",
    )


def test_another_spelling_that_says_the_same_contradicts_nothing() -> None:
    snapshot = listed(WORKSPACES, [entry(Realm="EU", realm_name="US")])
    assert values(snapshot, "residency.realm") == {ARI: "EU"}
    assert collection(snapshot).status is CollectionStatus.OK


@pytest.mark.parametrize("name", ["entitlements", "products", "", "policies"])
def test_the_plan_is_taken_from_whatever_relationship_holds_it(name: str) -> None:
    ai = {"id": "p", "type": "policies", "attributes": {"type": "ai", "enabled": True}}
    assert one("plan", plans={"features": [], name: [ai, *plan("Standard")]}) == "Standard"


_NO_TEXTS: tuple[Any, ...] = (0, False, [], {}, ["enterprise"], True)


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        ({"a": plan("Premium", "Premium")}, "Premium"),
        ({"a": plan("Free"), "b": plan("Premium")}, ("Free", "Premium")),
        ({"a": plan("standard", key="planKey")}, "standard"),
        ({"a": [{"attributes": {"plan": None, "planKey": "standard"}}]}, "standard"),
        ({"a": plan(None)}, None),
        ({"a": []}, None),
        ({}, None),
        ({"a": plan(5)}, "!wrong_type"),
        *(
            ({"a": [{"attributes": {one: odd, other: "enterprise"}}]}, "!wrong_type")
            for one, other in (("plan", "planKey"), ("planKey", "plan"))
            for odd in _NO_TEXTS
        ),
        ({"a": [{"attributes": {"plan": "Premium", "Plan": "Free"}}]}, "!contradicting_entries"),
        ({"a": [{"attributes": {"planKey": "premium", "plan_key": "free"}}]}, "!contradicting_entries"),
        ({"a": both("Enterprise", "free")}, "!contradicting_entries"),
        ({"a": both("Free", "enterprise")}, "!contradicting_entries"),
        ({"a": plan("Premium"), "b": both("standard", " Premium ")}, "!contradicting_entries"),
        ({"a": both("Enterprise", "ENTERPRISE")}, "Enterprise"),
        ({"a": both("Enterprise", "jira-cloud-7")}, "Enterprise"),
        ({"a": both("Plus", "free")}, "Plus"),
        ({"a": None, "b": ["x"], "c": {"d": 1}}, None),
        ([], "!missing_key"),
    ],
)
def test_plan_words(plans: object, expected: object) -> None:
    """Several words make a list, no entitlement makes null, a word that is no text is not read.

    A plan key contradicts the plan only where the rulebook knows both words, and they are of different plans.
    """
    assert one("plan", plans=plans) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://acme.atlassian.net", "acme.atlassian.net"),
        ("https://ACME.atlassian.net:443/wiki?x=1", "acme.atlassian.net"),
        ("acme.atlassian.net", "acme.atlassian.net"),
        ("acme.atlassian.net/wiki", "acme.atlassian.net"),
        ("//acme.atlassian.net", "acme.atlassian.net"),
        ("https://user:secret@acme.atlassian.net", "acme.atlassian.net"),
        (None, None),
        (..., "!missing_key"),
        (" https://acme.atlassian.net./ ", "acme.atlassian.net"),
        ("", "!unreadable_host"),
        ("https://", "!unreadable_host"),
        ("https://[::1", "!unreadable_host"),
        (7, "!wrong_type"),
    ],
)
def test_hosts(url: object, expected: object) -> None:
    assert one("app.host", hostUrl=url) == expected


@pytest.mark.parametrize(
    ("ari", "site"),
    [
        (ARI, "11111111-1111-4111-8111-111111111111"),
        ("ari:cloud:jira::site/AAAAAAAA-1111-4111-8111-111111111111", "aaaaaaaa-1111-4111-8111-111111111111"),
        ("ari:cloud:bitbucket::workspace/99999999-9999-4999-8999-999999999999", None),
        ("ari:cloud:trello::workspace/5f0000000000000000000001", None),
        ("not an ARI", None),
    ],
)
def test_the_site_is_told_only_by_a_site_ari(ari: str, site: str | None) -> None:
    """From the other forms nothing can be told, and their alias names the app by its ID when there is no host."""
    snapshot = listed(WORKSPACES, [entry(ari, hostUrl=None)])
    assert values(snapshot, "app.site") == {ari: site}
    assert values(snapshot, "app.alias") == {ari: f"app:confluence/{ari}"}


@pytest.mark.parametrize(
    ("host", "key", "space"),
    [("bitbucket.org", "bitbucket", "{}"), ("trello.com", "trello", "w/{}"), ("loom.com", "loom", "{}/")],
)
def test_workspaces_that_share_a_host_have_aliases_of_their_own(host: str, key: str, space: str) -> None:
    arises = {f"ari:cloud:{key}::workspace/{number}": f"acme-{number}" for number in range(3)}
    entries = [entry(ari, typeKey=key, hostUrl=f"https://{host}/{space.format(name)}") for ari, name in arises.items()]
    aliases = values(listed(WORKSPACES, entries), "app.alias")
    assert aliases == {ari: f"app:{host}/{space.format(name).strip('/')}/{key}" for ari, name in arises.items()}


def test_the_path_of_a_site_is_no_part_of_an_alias() -> None:
    assert one("app.alias", hostUrl="https://acme.atlassian.net/wiki/") == "app:acme.atlassian.net/confluence"


@pytest.mark.parametrize(
    ("sandbox", "expected", "parent"),
    [
        ({"type": "CHILD"}, "CHILD", None),
        ({"type": "CHILD", "parentId": "p-1"}, "CHILD", "p-1"),
        ({"type": "NONE"}, "NONE", None),
        (None, None, None),
        (..., "!missing_key", None),
        ({}, "!missing_key", None),
        ("CHILD", "!wrong_type", None),
        ({"type": 1}, "!wrong_type", None),
    ],
)
def test_sandboxes(sandbox: object, expected: object, parent: str | None) -> None:
    snapshot = listed(WORKSPACES, [entry(sandbox=sandbox)])
    assert values(snapshot, "app.sandbox") == {ARI: expected}
    assert values(snapshot, "app.sandbox_parent") == ({} if parent is None else {ARI: parent})


@pytest.mark.parametrize(
    ("entries", "total", "code", "read"),
    [
        ([entry()], 3, "count_mismatch", 1),
        ([entry()], 0, "count_mismatch", 1),
        ([entry()], None, "no_total", 1),
        ([entry()], True, "no_total", 1),
        ([], 0, "empty_list", 0),
        ([entry(), {"id": ARI, "attributes": "x"}], 2, "count_mismatch", 1),
        ([entry(), {"id": ARI}], 2, "count_mismatch", 1),
        ([{"id": ARI, "attributes": None}, entry()], 2, "count_mismatch", 1),
        ([entry(), entry("")], 2, "entry_without_id", 1),
        ([entry(), entry("  ")], 2, "entry_without_id", 1),
        ([entry(), {"id": 5}], 2, "entry_without_id", 1),
        ([entry(), entry("ari:\u202etwo")], 2, "entry_without_id", 1),
        ([entry(), entry("ari:\0")], 2, "entry_without_id", 1),
    ],
)
def test_a_list_that_may_have_gaps_is_partial(entries: list[Any], total: object, code: str, read: int) -> None:
    """What was read is kept; that it is not all is said."""
    snapshot = listed(WORKSPACES, entries, meta={"total": total})
    assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, code)
    assert collection(snapshot).read == read == len(values(snapshot, "residency.realm"))


@pytest.mark.parametrize("collector", [WORKSPACES, POLICIES], ids=lambda one: str(one.name))
@pytest.mark.parametrize("totals", [(2, 3), (3, 2), (2, None), (None, 2), (2, "2"), (2, True)])
def test_a_total_that_changes_from_page_to_page_is_none(collector: Collector, totals: tuple[Any, Any]) -> None:
    """The list moved while it was read, or is another one: what each page announces fits, and nothing says which."""

    def answer(request: httpx.Request) -> httpx.Response:
        second = b"c1" in request.content or "cursor" in request.url.params
        found = (entry("ari:two") if second else entry()) | ({"type": "policy"} if collector is POLICIES else {})
        beside = {} if second else {"next": "c1"}
        meta = {"total": totals[second], **(beside if collector is POLICIES else {})}
        return httpx.Response(200, json={"data": [found], "meta": meta, "links": beside})

    snapshot = collect(httpx.MockTransport(answer), collector)
    assert collection(snapshot).status is CollectionStatus.PARTIAL
    assert collection(snapshot).code in ("total_changed", "no_total")


def test_unknown_words_and_keys_are_reported_and_stay_the_value() -> None:
    strange = entry(status="PAUSED", madeUp=1) | {"extra": {}}
    snapshot = listed(WORKSPACES, [strange, entry("ari:other", status="PAUSED")])
    assert values(snapshot, "app.status") == {ARI: "PAUSED", "ari:other": "PAUSED"}
    assert sorted(surprises(snapshot)) == ["attributes.madeUp", "extra", "status=PAUSED"]
    assert all(one.response in snapshot.raw for one in snapshot.surprises)


def test_attributes_that_are_no_object_leave_everything_open() -> None:
    snapshot = listed(WORKSPACES, [{"id": ARI, "attributes": []}])
    assert {found for setting in WORKSPACES.promises for found in values(snapshot, setting).values()} == {
        "!missing_key"
    }
    assert "attributes: not an object" in surprises(snapshot)


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        (["a", "b"], ("a", "b")),
        ([], ()),
        (None, None),
        (..., "!missing_key"),
        ("a", "!wrong_type"),
        ([1], "!wrong_type"),
    ],
)
def test_regions(regions: object, expected: object) -> None:
    assert one("residency.regions", regions=regions) == expected


def test_every_value_points_at_a_raw_object_that_is_kept() -> None:
    snapshot = drifted(WORKSPACES)
    assert unkept(snapshot) == []
    named = [found for (_, setting), found in seen(snapshot).items() if setting == "residency.realm"]
    assert all(isinstance(found, Observed) and found.response for found in named)


def test_an_entry_that_comes_twice_does_not_stand_for_one_that_never_came() -> None:
    """Two are announced and one is listed twice, even with its ID spelt otherwise."""
    for again in (entry(), entry(ARI.upper()), entry(f"{ARI} ")):
        snapshot = listed(WORKSPACES, [entry(), again])
        assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, "count_mismatch")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("realm", ["EU", "US"])
def test_one_entry_of_two_is_enough_to_make_it_another_organizations(turned: bool, realm: str) -> None:
    entries = [entry(), entry(owner="other-org", realm=realm), entry()]
    snapshot = listed(WORKSPACES, entries[::-1] if turned else entries)
    for setting in ("app.type_key", "residency.realm", "plan", "app.host"):
        assert values(snapshot, setting) == {ARI: "!other_organization"}
    assert values(snapshot, "app.name") == {ARI: "acme"}
    assert collection(snapshot).code == "other_organization"


@pytest.mark.parametrize(
    "owner",
    [
        "ari:cloud:platform::org/bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
        "ari:cloud:platform::org/bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb/",
        "https://admin.atlassian.com/o/bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb/overview",
        "org:other-org",
        "other-org",
    ],
)
def test_an_app_of_another_organization_is_not_judged_as_ours(owner: str) -> None:
    snapshot = listed(WORKSPACES, [entry(owner=owner)])
    assert collection(snapshot).code == "other_organization"
    assert values(snapshot, "residency.realm") == {ARI: "!other_organization"}
    ours = listed(WORKSPACES, [entry(owner=f"ari:cloud:platform::org/{collection(snapshot).organization.upper()}")])
    assert values(ours, "residency.realm") == {ARI: "EU"}


@pytest.mark.parametrize("owner", [{"id": "ari:cloud:platform::org/other-org"}, ["other-org"], 7, True])
def test_an_owner_that_is_no_text_leaves_it_open_whose_the_app_is(owner: Any) -> None:
    told = collection(listed(WORKSPACES, [entry(owner=owner)]))
    assert (told.status, told.code) == (CollectionStatus.PARTIAL, "wrong_type")


@pytest.mark.parametrize("owner", ["ari:cloud:identity::user/557058:0000", "", None])
def test_an_owner_that_names_no_organization_contradicts_nothing(owner: str | None) -> None:
    assert collection(listed(WORKSPACES, [entry(owner=owner)])).status is CollectionStatus.OK


@pytest.mark.parametrize("key", ["orgId", "organizationId", "org_id", "ownerOrgId", "organisation", "ownerId"])
@pytest.mark.parametrize("at_entry", [False, True])
def test_an_app_that_names_another_organization_under_any_key_is_not_judged_as_ours(key: str, at_entry: bool) -> None:
    def told(whose: str) -> Snapshot:
        return listed(WORKSPACES, [entry() | {key: whose} if at_entry else entry(**{key: whose})])

    other = told("ffffffff-ffff-4fff-8fff-ffffffffffff")
    assert collection(other).code == "other_organization"
    assert values(other, "residency.realm") == {ARI: "!other_organization"}
    ours = told(collection(other).organization.upper())
    assert collection(ours).status is CollectionStatus.OK
    assert values(ours, "residency.realm") == {ARI: "EU"}


@pytest.mark.parametrize(
    ("beside", "code"),
    [
        ({"links": {"self": "https://api.atlassian.com/admin/v2/orgs/other-org/workspaces/1"}}, "other_organization"),
        (
            {"relationships": {"organization": {"data": {"id": "ari:cloud:platform::org/other-org"}}}},
            "other_organization",
        ),
        ({"relationships": {"orgs": [{"id": "ffffffff-ffff-4fff-8fff-ffffffffffff"}]}}, "other_organization"),
        ({"orgId": 7}, "wrong_type"),
        ({"orgId": [True]}, "wrong_type"),
    ],
)
def test_whose_an_app_is_may_stand_elsewhere_in_its_entry(beside: dict[str, Any], code: str) -> None:
    snapshot = listed(WORKSPACES, [entry() | beside])
    assert collection(snapshot).code == code
    assert values(snapshot, "residency.realm") == {ARI: f"!{code}"}


def test_what_names_no_organization_contradicts_nothing() -> None:
    self = "https://api.atlassian.com/admin/v2/orgs/aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa/workspaces/1"
    harmless = entry(organization="Acme GmbH", orgName="Acme", orgId=None) | {"links": {"self": self}}
    assert collection(listed(WORKSPACES, [harmless])).status is CollectionStatus.OK


@pytest.mark.parametrize("kind", ["error", "policy", "entitlements", "users", "", None, 7, ["workspaces"]])
def test_an_entry_of_another_type_is_no_app_that_is_judged(kind: Any) -> None:
    snapshot = listed(WORKSPACES, [entry() | {"type": kind}])
    code = "unknown_type" if isinstance(kind, str) else "wrong_type"
    assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, code)
    assert values(snapshot, "residency.realm") == {ARI: f"!{code}"}


@pytest.mark.parametrize("kind", ["workspaces", "Workspace", "Confluence", "confluence", ...])
def test_the_type_of_an_app_may_be_its_name_or_missing(kind: Any) -> None:
    """Documented is a text, no word, and the API's users have seen both."""
    told = {key: value for key, value in (entry() | {"type": kind}).items() if value is not ...}
    assert collection(listed(WORKSPACES, [told])).status is CollectionStatus.OK


@pytest.mark.parametrize(("other", "status"), [("US", CollectionStatus.PARTIAL), ("EU", CollectionStatus.OK)])
def test_a_key_in_two_spellings_says_nothing_where_the_two_differ(other: str, status: CollectionStatus) -> None:
    assert collection(listed(WORKSPACES, [entry(Realm=other)])).status is status
