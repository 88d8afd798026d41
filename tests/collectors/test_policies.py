"""Residency policies by app, and every other policy as a signal."""

from __future__ import annotations

from typing import Any

import pytest

from contribaudit.collectors.policies import POLICIES
from contribaudit.core.model.observation import Observed
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.simulator import Options

from .probe import ORG, collection, drifted, listed, seen, surprises, unkept, values

APP, OTHER = "ari:cloud:jira::site/1", "ari:cloud:jira::site/2"
SIGNAL = "signal.policy.generative-ai"


def residency(identity: str = "p-1", *apps: Any, **attributes: Any) -> dict[str, Any]:
    """A residency policy on some apps; `...` leaves an attribute out."""
    resources = [one if isinstance(one, dict) else {"id": one, "applicationStatus": "applied"} for one in apps]
    usual = {"type": "data-residency", "status": "enabled", "rule": {"in": ["EU"]}, "resources": resources}
    shown = {name: value for name, value in (usual | attributes).items() if value is not ...}
    return {"id": identity, "type": "policy", "attributes": shown}


def signal(rule: Any = None, **attributes: Any) -> dict[str, Any]:
    shown = {"type": "generative-ai", "status": "enabled", "rule": rule or {"in": []}}
    return {"id": "ai", "type": "policy", "attributes": shown | attributes}


def test_an_app_has_the_state_and_the_realms_of_its_policy() -> None:
    snapshot = listed(POLICIES, [residency("p-1", APP), residency("p-2", OTHER, rule={"in": ["US", "DE"]})])
    assert values(snapshot, "residency.move") == {APP: "applied", OTHER: "applied"}
    assert values(snapshot, "residency.policy_realms") == {APP: ("EU",), OTHER: ("US", "DE")}
    assert values(snapshot, "residency.app_policies") == {APP: ("p-1",), OTHER: ("p-2",)}
    assert values(snapshot, "residency.policies") == {ORG: ("p-1", "p-2")}
    assert unkept(snapshot) == []


def test_an_app_in_two_policies_has_neither_state() -> None:
    snapshot = listed(POLICIES, [residency("p-1", APP), residency("p-2", APP, OTHER)])
    assert values(snapshot, "residency.move") == {APP: "!several_policies", OTHER: "applied"}
    assert values(snapshot, "residency.policy_realms") == {APP: "!several_policies", OTHER: ("EU",)}
    assert values(snapshot, "residency.app_policies")[APP] == ("p-1", "p-2")


@pytest.mark.parametrize(
    ("changed", "setting", "expected"),
    [
        ({"status": "disabled"}, "residency.move", "!policy_not_enabled"),
        ({"status": ...}, "residency.move", "!policy_not_enabled"),
        ({"rule": []}, "residency.policy_realms", "!wrong_type"),
        ({"rule": ...}, "residency.policy_realms", "!wrong_type"),
        ({"rule": {}}, "residency.policy_realms", "!missing_key"),
        ({"rule": {"in": "EU"}}, "residency.policy_realms", "!wrong_type"),
        ({"rule": {"in": []}}, "residency.policy_realms", ()),
        ({"rule": {"in": ["EU"], "off": ["EU"]}}, "residency.policy_realms", "!contradicting_entries"),
        ({"rule": {"in": ["EU"], "except": ["confluence"]}}, "residency.policy_realms", "!contradicting_entries"),
        ({"rule": {"in": ["EU"], "until": "2026-12-01"}}, "residency.policy_realms", "!contradicting_entries"),
        (
            {"rule": {"in": ["EU"], "off": [], "scopeType": "app"}},
            "residency.policy_realms",
            ("EU",),
        ),
    ],
)
def test_a_policy_that_is_off_or_strange_holds_nothing(changed: dict[str, Any], setting: str, expected: object) -> None:
    assert values(listed(POLICIES, [residency("p-1", APP, **changed)]), setting) == {APP: expected}


def test_an_unknown_state_stays_the_value_and_is_reported() -> None:
    snapshot = listed(POLICIES, [residency("p-1", {"id": APP, "applicationStatus": "validating"})])
    assert values(snapshot, "residency.move") == {APP: "validating"}
    assert surprises(snapshot) == ["applicationStatus=validating"]


@pytest.mark.parametrize("other", ["ApplicationStatus", "application_status", "applicationStatus "])
def test_a_state_that_another_spelling_of_its_key_contradicts_is_open(other: str) -> None:
    snapshot = listed(POLICIES, [residency("p-1", {"id": APP, "applicationStatus": "applied", other: "failed"})])
    assert values(snapshot, "residency.move") == {APP: "!contradicting_entries"}


def test_locations_that_another_spelling_of_their_key_contradicts_are_open() -> None:
    snapshot = listed(POLICIES, [residency("p-1", APP, rule={"in": ["EU"], "In": ["US"]})])
    assert values(snapshot, "residency.policy_realms") == {APP: "!contradicting_entries"}


@pytest.mark.parametrize("spelling", ["migrationEndDataTime", "migrationEndDateTime"])
def test_the_end_of_a_window_is_read_in_both_spellings(spelling: str) -> None:
    meta = {
        "scheduledDate": "2026-12-01",
        "migrationStartDateTime": "2026-12-01T22:00:00Z",
        spelling: "2026-12-02T04:00:00Z",
    }
    moving = {"id": APP, "applicationStatus": "scheduled", "meta": meta, "links": {"ticket": "T-1"}}
    snapshot = listed(POLICIES, [residency("p-1", moving)])
    assert [
        values(snapshot, f"residency.move_{name}")[APP] for name in ("scheduled_for", "starts_at", "ends_at", "ticket")
    ] == ["2026-12-01", "2026-12-01T22:00:00Z", "2026-12-02T04:00:00Z", "T-1"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (None, "2026-12-02T04:00:00Z", "2026-12-02T04:00:00Z"),
        ("2026-12-02T04:00:00Z", None, "2026-12-02T04:00:00Z"),
        ("2026-12-02T04:00:00Z", "2026-12-02T04:00:00Z", "2026-12-02T04:00:00Z"),
        ("2026-11-02T04:00:00Z", "2026-12-02T04:00:00Z", "!contradicting_entries"),
    ],
)
def test_two_ends_of_a_window_that_differ_are_none(first: str | None, second: str | None, expected: str) -> None:
    meta = {"migrationEndDataTime": first, "migrationEndDateTime": second}
    moving = {"id": APP, "applicationStatus": "applied", "meta": meta}
    snapshot = listed(POLICIES, [residency("p-1", moving)])
    assert values(snapshot, "residency.move_ends_at") == {APP: expected}


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([residency("p-1", APP), {"type": "policy", "attributes": {"type": "data-residency"}}], "entry_without_id"),
        ([residency("p-1", APP), {"id": "p-2", "type": "policy"}], "entry_without_id"),
        ([residency(""), residency("p-1", APP)], "entry_without_id"),
        ([residency("p-1", APP), residency(" ")], "entry_without_id"),
        ([residency("p-1", APP), residency("p-1", APP, rule={"in": ["US"]})], "contradicting_entries"),
    ],
)
def test_a_policy_that_cannot_be_told_apart_leaves_every_app_open(entries: list[Any], code: str) -> None:
    """It may list any app, beside the policy that does: no state may be taken from half a list."""
    snapshot = listed(POLICIES, entries)
    assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, code)
    assert list(snapshot.observations) == []
    assert len(snapshot.raw) == 2


@pytest.mark.parametrize(
    "resources", [..., None, {}, [{"applicationStatus": "applied"}], ["x"], [{"id": ""}], [{"id": "\t "}]]
)
def test_a_residency_policy_whose_apps_cannot_be_read_is_partial(resources: object) -> None:
    snapshot = listed(POLICIES, [residency("p-1", resources=resources)])
    assert collection(snapshot).status is CollectionStatus.PARTIAL


def test_a_policy_that_comes_twice_counts_once() -> None:
    snapshot = listed(POLICIES, [residency("p-1", APP), residency("p-1", APP)], meta={"total": 1})
    assert collection(snapshot).status is CollectionStatus.OK
    assert values(snapshot, "residency.app_policies") == {APP: ("p-1",)}
    assert collection(snapshot).read == 1


def digest_of(*entries: dict[str, Any], subject: str = ORG) -> object:
    return values(listed(POLICIES, entries), SIGNAL)[subject]


@pytest.mark.parametrize(
    "same",
    [
        signal(updatedAt="2026-11-20T00:00:00Z"),
        signal(links={"self": "elsewhere"}),
        signal() | {"links": {"self": "x"}},
        dict(reversed(signal().items())),
    ],
    ids=["updated", "linked inside", "linked", "turned"],
)
def test_a_signal_stays_when_nothing_moved_but_its_date_or_links(same: dict[str, Any]) -> None:
    assert digest_of(same) == digest_of(signal())


@pytest.mark.parametrize(
    "other",
    [signal({"in": ["rovo"]}), signal(status="disabled"), signal(name="x"), signal(["x"]), signal(consented=True)],
    ids=["rule", "status", "name", "array", "new key"],
)
def test_a_signal_moves_with_anything_else(other: dict[str, Any]) -> None:
    assert digest_of(other) != digest_of(signal())


def test_an_app_of_a_signal_has_a_digest_of_its_own() -> None:
    """The state of one app moves the signal of that app, and neither the organization's nor another app's."""

    def on(first: str) -> dict[str, Any]:
        apps = [
            {"id": APP, "applicationStatus": first, "updatedAt": first},
            {"id": OTHER, "applicationStatus": "enabled"},
        ]
        return signal(resources=apps)

    for subject, moved in ((APP, True), (OTHER, False), (ORG, False)):
        assert (digest_of(on("enabled"), subject=subject) != digest_of(on("disabled"), subject=subject)) is moved
    snapshot = listed(POLICIES, [on("enabled")])
    at_app = seen(snapshot)[APP, SIGNAL]
    assert isinstance(at_app, Observed)
    assert at_app.response in snapshot.raw


def test_a_type_that_nobody_knows_is_reported_and_kept_as_a_signal() -> None:
    unknown = {"id": "x", "type": "policy", "attributes": {"type": "of-tomorrow", "rule": {}}}
    snapshot = listed(POLICIES, [unknown, {"id": "y", "type": "policy", "attributes": {}}])
    assert surprises(snapshot) == ["type=of-tomorrow", "type=without-type"]
    assert set(values(snapshot, "signal.policy.of-tomorrow")) == {ORG}
    assert set(values(snapshot, "signal.policy.without-type")) == {ORG}
    assert unkept(snapshot) == []


@pytest.mark.parametrize("announced", ["both", "meta", "links"])
def test_every_page_is_read_however_it_is_announced(announced: Any) -> None:
    whole = drifted(POLICIES)
    paged = drifted(POLICIES, options=Options(policies_page_size=1, policies_next=announced))
    assert seen(paged).keys() == seen(whole).keys()
    assert values(paged, "residency.move") == values(whole, "residency.move")
    assert collection(paged).requests == collection(whole).read
    assert unkept(paged) == []


def test_a_list_without_policies_is_read_whole() -> None:
    snapshot = listed(POLICIES, [])
    assert collection(snapshot).status is CollectionStatus.OK
    assert values(snapshot, "residency.policies") == {ORG: ()}


@pytest.mark.parametrize(
    "word",
    ["data_residency", "dataResidency", "data-residency-v2", "DATA-RESIDENCY", "data-residency ", "storage", "", " "],
)
def test_a_policy_of_an_unknown_type_that_lists_an_app_leaves_its_residency_open(word: str) -> None:
    """It may be a residency policy by another name, or its successor; what it says of the app is not known."""
    second = residency("p-2", f" {APP.upper()}")
    second["attributes"]["type"] = word
    snapshot = listed(POLICIES, [residency("p-1", APP), second])
    for setting in ("residency.app_policies", "residency.move", "residency.policy_realms"):
        assert values(snapshot, setting) == {APP: "!unknown_policy_type"}
    assert values(snapshot, "residency.policies") == {ORG: "!unknown_policy_type"}


@pytest.mark.parametrize(
    "named",
    [
        {"attributes": {"type": "storage", "rule": {"in": ["US"], "workspaces": [APP.upper()]}}},
        {"attributes": {"type": "storage", "metadata": {"targets": {APP: {"state": "failed"}}}}},
        {"attributes": {"type": "storage", "resources": []}, "resources": [{"id": APP}]},
        {"attributes": {"type": "storage", "resources": []}, "message": f"Failed for {APP}"},
    ],
)
def test_wherever_a_policy_of_an_unknown_type_names_an_app_its_residency_is_open(named: dict[str, Any]) -> None:
    snapshot = listed(POLICIES, [residency("p-1", APP), {"id": "p-2", "type": "policy", **named}])
    assert values(snapshot, "residency.move") == {APP: "!unknown_policy_type"}


def test_a_policy_of_an_unknown_type_that_names_people_says_nothing_of_apps() -> None:
    other = {"ownerId": "ari:cloud:identity::user/557058:0", "metadata": {"of": "ari:cloud:platform::org/o-1"}}
    second = {"id": "p-2", "type": "policy", "attributes": {"type": "storage", **other}}
    snapshot = listed(POLICIES, [residency("p-1", APP), second])
    assert values(snapshot, "residency.move") == {APP: "applied"}


@pytest.mark.parametrize("word", ["ip_allowlist", "GENERATIVE-AI", "hipaa-v2"])
def test_a_successor_of_another_type_leaves_residency_alone(word: str) -> None:
    second = residency("p-2", APP)
    second["attributes"]["type"] = word
    snapshot = listed(POLICIES, [residency("p-1", APP), second])
    assert values(snapshot, "residency.app_policies") == {APP: ("p-1",)}


STRANGER = "ffffffff-ffff-4fff-8fff-ffffffffffff"
SITE = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee"


@pytest.mark.parametrize(
    "told",
    [
        {"ownerId": f"org/{STRANGER}"},
        {"owner": f"ari:cloud:platform::org/{STRANGER}"},
        {"owner": {"id": f"org:{STRANGER}"}},
        {"orgId": "other-org"},
        {"organization": STRANGER},
    ],
)
@pytest.mark.parametrize("at_entry", [False, True])
def test_a_policy_of_another_organization_says_nothing_of_ours(told: dict[str, Any], at_entry: bool) -> None:
    policy = residency("p-1", APP) | told if at_entry else residency("p-1", APP, **told)
    snapshot = listed(POLICIES, [policy])
    assert (collection(snapshot).status, collection(snapshot).code) == (CollectionStatus.PARTIAL, "other_organization")
    assert values(snapshot, "residency.move") == {}


@pytest.mark.parametrize("owner", ["557058:0000", "5b10a2844c20165700ede21g", None, "", ORG, SITE, STRANGER])
def test_a_policy_may_belong_to_a_person_a_site_or_us(owner: str | None) -> None:
    app = f"ari:cloud:jira::site/{SITE}"
    snapshot = listed(POLICIES, [residency("p-1", app, ownerId=owner)])
    assert collection(snapshot).status is CollectionStatus.OK
    assert values(snapshot, "residency.move") == {app: "applied"}


@pytest.mark.parametrize("kind", ["error", "workspaces", None, 7])
def test_an_entry_of_another_type_is_no_policy(kind: Any) -> None:
    told = collection(listed(POLICIES, [residency("p-1", APP) | {"type": kind}]))
    assert (told.status, told.code) == (CollectionStatus.PARTIAL, "unknown_type")
