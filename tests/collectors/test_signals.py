"""Signals of policies and of apps' own items: what moves them, what is said beside them, what is not known of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contribaudit import catalogue
from contribaudit.collectors.policies import POLICIES
from contribaudit.collectors.workspaces import WORKSPACES
from contribaudit.core.model.canonical import canonical_json, digest
from contribaudit.core.model.observation import SettingId
from contribaudit.core.model.subject import Kind

from .probe import ORG, drifted, listed, unkept, values

APP, OTHER = "ari:cloud:jira::site/1", "ari:cloud:jira::site/2"
AI, POLICY, FEATURE = "signal.policy.generative-ai", "signal.workspace.policy", "signal.workspace.feature"
NEW, OLD = "2026-11-20T01:00:00+02:00", "2026-11-19T22:30:00Z"


def policy(identity: str = "ai", *resources: Any, **attributes: Any) -> dict[str, Any]:
    shown = {"type": "generative-ai", "status": "enabled", "rule": {"in": []}, "resources": list(resources)}
    return {"id": identity, "type": "policy", "attributes": shown | attributes}


def resource(ari: str = APP, status: str = "applied", **more: Any) -> dict[str, Any]:
    return {"id": ari, "applicationStatus": status, **more}


def item(identity: str = "i", *, kind: str = "x", **attributes: Any) -> dict[str, Any]:
    return {"id": identity, "type": kind, "attributes": attributes}


def entry(relationships: Any, **more: Any) -> dict[str, Any]:
    shown = {"name": "a", "typeKey": "jira-software", "type": "Jira", "status": "online", "sandbox": None}
    attributes = shown | {"hostUrl": None, "createdAt": None, "realm": "EU", "regions": [], **more}
    return {"id": APP, "type": "workspaces", "attributes": attributes, "relationships": relationships}


def of_app(relationships: Any, setting: str) -> Any:
    """What is observed of the one app; None for nothing."""
    return values(listed(WORKSPACES, [entry(relationships)]), setting).get(APP)


SWITCH = item("p", enabled=True, suspended="no")
RESIDENCY = item("f", fields={"dataResidency": {"realms": ["EU"]}})
PLAN = item("e", kind="entitlements", plan="Premium", planKey="premium")


@pytest.mark.parametrize("key", ["policies", "features", "entitlements", ""])
def test_items_are_told_apart_by_what_they_hold_whatever_their_list_is_called(key: str) -> None:
    relationships = {key: [PLAN, RESIDENCY, SWITCH]}
    assert of_app(relationships, POLICY) == (digest(canonical_json(SWITCH)),)
    assert of_app(relationships, FEATURE) == (digest(canonical_json(RESIDENCY)),)
    assert of_app(relationships, "plan") == "Premium"


@pytest.mark.parametrize("attributes", [{"enabled": None}, {"suspended": ""}, {"enabled": False, "type": "ai"}])
def test_either_field_makes_a_policy(attributes: dict[str, Any]) -> None:
    assert of_app({"x": [item(**attributes)]}, POLICY)
    assert of_app({"x": [item(**attributes)]}, FEATURE) is None


@pytest.mark.parametrize(
    "attributes", [{"fields": {"enabled": True}}, {"Suspended": "no"}, {"fields": {"isEnabled": 0}}]
)
def test_either_field_makes_a_policy_in_the_documented_form_and_in_another_spelling(attributes: dict[str, Any]) -> None:
    assert of_app({"x": [item(**attributes)]}, POLICY)
    assert of_app({"x": [item(**attributes)]}, FEATURE) is None


def test_where_no_item_has_the_fields_each_policy_may_be_the_one() -> None:
    """Else an item whose fields have other names could be turned on behind a look."""
    first, second = item("p", kind="policies", fields={"ai": "off"}), item("q", kind="policy", fields={})
    assert of_app({"x": [first, second]}, POLICY) == tuple(
        sorted(digest(canonical_json(one)) for one in (first, second))
    )
    assert of_app({"x": [first, SWITCH]}, POLICY) == (digest(canonical_json(SWITCH)),)
    assert of_app({"x": [first, SWITCH]}, FEATURE) == (digest(canonical_json(first)),)


def test_an_entitlement_is_no_signal() -> None:
    """By its plan, or by its type where it has none."""
    for held in (PLAN, item(planKey=None), item(kind="entitlement", softCapacityLimit=5)):
        assert (of_app({"x": [held]}, POLICY), of_app({"x": [held]}, FEATURE)) == (None, None)


@pytest.mark.parametrize("strange", ["text", 5, [], {"attributes": []}, {}])
def test_an_item_of_a_shape_that_nobody_knows_is_a_feature(strange: Any) -> None:
    """So that its coming, going and changing is a move."""
    assert of_app({"x": [strange]}, FEATURE) == (digest(canonical_json(strange)),)
    assert of_app({"x": {"no": "list"}}, FEATURE) == (digest(canonical_json({"no": "list"})),)


def test_the_order_of_items_and_keys_and_the_volatile_fields_move_nothing() -> None:
    other = item("q", enabled=False)
    usual = of_app({"x": [SWITCH, other]}, POLICY)
    touched = dict(reversed(SWITCH.items())) | {"links": {"self": "x"}, "updatedAt": NEW}
    assert usual == of_app({"y": [other], "x": [touched]}, POLICY)
    inside = item("p", enabled=True, suspended="no", updatedAt=OLD, links=None)
    assert usual == of_app({"x": [inside, other]}, POLICY)
    assert usual != of_app({"x": [SWITCH, item("q", enabled=True)]}, POLICY)
    assert usual != of_app({"x": [SWITCH]}, POLICY)
    assert len(usual) == 2


def test_an_app_without_such_items_has_no_signal_and_one_without_relationships_is_not_read() -> None:
    """That there is none is a state; that the answer does not say is not."""
    assert (of_app({}, POLICY), of_app({"x": None}, FEATURE)) == (None, None)
    assert (of_app(None, POLICY), of_app([], FEATURE)) == ("!missing_key", "!missing_key")


@pytest.mark.parametrize("turned", [False, True])
def test_a_signal_that_only_one_of_two_repeated_entries_has_is_not_known(turned: bool) -> None:
    entries = [entry({"x": [PLAN, SWITCH]}), entry({"x": [PLAN]})]
    snapshot = listed(WORKSPACES, entries[::-1] if turned else entries)
    assert values(snapshot, POLICY) == {APP: "!contradicting_entries"}
    assert values(snapshot, "plan") == {APP: "Premium"}
    same = listed(WORKSPACES, [entries[0], entries[0]])
    assert values(same, POLICY) == {APP: (digest(canonical_json(SWITCH)),)}


def test_the_revision_of_an_app_is_the_newest_of_its_items() -> None:
    """Told by time, as it was written; there is none where no item has one."""
    shown = {"x": [item("p", enabled=True, updatedAt=OLD), item("q", enabled=True) | {"updatedAt": NEW}, RESIDENCY]}
    assert of_app(shown, f"revision.{POLICY}") == NEW
    assert of_app(shown, f"revision.{FEATURE}") is None


def test_the_revision_of_a_policy_is_its_own_and_each_resource_has_another() -> None:
    whole = [
        policy("one", resource(updatedAt=OLD), resource(OTHER), updatedAt=OLD),
        policy("two", updatedAt=NEW),
        policy("three", updatedAt=None),
    ]
    assert values(listed(POLICIES, whole), f"revision.{AI}") == {ORG: NEW, APP: OLD}
    assert values(listed(POLICIES, [policy()]), f"revision.{AI}") == {}


@pytest.mark.parametrize("status", ["applying", "removing", "scheduled", "APPLYING"])
def test_a_change_being_applied_unsettles_the_signal_of_that_app_alone(status: str) -> None:
    snapshot = listed(POLICIES, [policy("ai", resource(APP, status), resource(OTHER))])
    assert values(snapshot, f"settled.{AI}") == {APP: False}
    assert unkept(snapshot) == []


def test_a_resource_that_belongs_to_no_app_unsettles_the_organizations_signal() -> None:
    nameless = {"applicationStatus": "applying"}
    assert values(listed(POLICIES, [policy("ai", nameless, resource())]), f"settled.{AI}") == {ORG: False}


@pytest.mark.parametrize("status", ["applied", "failed", "enabled", "validating", None, 5])
def test_any_other_state_is_settled(status: Any) -> None:
    assert values(listed(POLICIES, [policy("ai", resource(status=status))]), f"settled.{AI}") == {}


@pytest.mark.parametrize("signal", [AI, "signal.policy.of-tomorrow", POLICY, FEATURE])
def test_the_catalogue_knows_each_signal_and_what_stands_beside_it(signal: str) -> None:
    """What stands beside it is volatile: that it changed is no news."""
    known = catalogue.find(SettingId(signal))
    assert (known.id, known.volatile, known.unit) == (signal, False, "SHA-256")
    assert known.kinds == ((Kind.APP,) if "workspace" in signal else (Kind.ORGANIZATION, Kind.APP))
    for prefix in ("revision.", "settled."):
        beside = catalogue.find(SettingId(prefix + signal))
        assert (beside.id, beside.volatile, beside.kinds) == (prefix + signal, True, known.kinds)
        assert beside.title != known.title
    assert not catalogue.find(SettingId("revision.of-something-else")).volatile


def test_apps_of_the_drifted_organization_have_their_signals() -> None:
    snapshot = drifted(WORKSPACES)
    assert values(snapshot, POLICY)
    assert values(snapshot, FEATURE)
    assert unkept(snapshot) == []


def test_what_a_digest_is_made_of_is_kept_under_it() -> None:
    """Without what changes without meaning: decoders look into it, and a later canonical form is made from it."""
    whole = policy("ai", resource(updatedAt=NEW, more=1), updatedAt=OLD)
    snapshot = listed(POLICIES, [whole])
    of_organization, of_app = values(snapshot, AI)[ORG], values(snapshot, AI)[APP]
    assert isinstance(of_organization, tuple)
    assert isinstance(of_app, tuple)
    (own,), (app,) = of_organization, of_app
    assert json.loads(snapshot.raw[own])["attributes"]["resources"] == []
    assert "updatedAt" not in json.loads(snapshot.raw[own])["attributes"]
    assert json.loads(snapshot.raw[app]) == resource(more=1)
