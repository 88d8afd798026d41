"""The organization, its directories, its audit-log actions and its API keys."""

from __future__ import annotations

from typing import Any

import pytest

from contribaudit.collectors.api_keys import API_KEYS
from contribaudit.collectors.audit_log import EVENT_ACTIONS
from contribaudit.collectors.interface import Collector
from contribaudit.collectors.organization import DIRECTORIES, ORGANIZATION
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.simulator import Options, load_scenario

from .probe import NOW, ORG, collection, drifted, listed, surprises, unkept, values

SOON, LATER, PAST = "2026-12-01T00:00:00.000Z", "2027-06-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"


def key(label: str = "audit", expires: Any = SOON, identity: str = "k") -> dict[str, Any]:
    made = {"id": identity, "label": label, "keyType": "CLOUD_ADMIN", "expiresAt": expires}
    return {name: value for name, value in made.items() if value is not ...}


def ends(*keys: dict[str, Any], label: str = "") -> tuple[object, object]:
    """When the first key ends, and when ours does."""
    snapshot = listed(API_KEYS, [one | {"id": f"k-{number}"} for number, one in enumerate(keys)], label)
    assert collection(snapshot).status is CollectionStatus.OK
    assert unkept(snapshot) == []
    return values(snapshot, "api_key.next_expiry")[ORG], values(snapshot, "api_key.expires_at")[ORG]


def test_the_only_key_is_ours() -> None:
    assert ends(key()) == (SOON, SOON)


def test_among_several_ours_is_told_by_its_label() -> None:
    keys = key("audit", LATER), key("other", SOON)
    assert ends(*keys) == (SOON, "!own_key_not_told")
    assert ends(*keys, label="audit") == (SOON, LATER)
    assert ends(*keys, label="nobody's") == (SOON, "!own_key_not_told")
    assert ends(*keys, key("audit", SOON), label="audit") == (SOON, "!own_key_not_told")


def test_a_key_that_has_ended_is_neither_the_next_nor_ours() -> None:
    """A renewed key has the label of the one before it."""
    assert ends(key("audit", PAST), key("audit", LATER), label="audit") == (LATER, LATER)
    assert ends(key("audit", PAST)) == ("!no_keys", "!own_key_not_told")


def test_a_key_without_an_end_never_ends() -> None:
    assert ends(key(expires=None)) == ("!no_keys", None)
    assert ends(key("a", None), key("b", LATER), label="a") == (LATER, None)


@pytest.mark.parametrize("expires", [..., "some day", 1764547200])
def test_an_end_that_is_not_told_may_be_the_first(expires: object) -> None:
    assert ends(key("a", LATER), key("b", expires), label="a") == ("!expiry_not_told", LATER)


def test_ends_are_compared_as_times_and_not_as_texts() -> None:
    """01:00 at +03:00 is before 23:00 of the day before, UTC."""
    early, late = "2026-12-02T01:00:00+03:00", "2026-12-01T23:00:00Z"
    assert ends(key("a", late), key("b", early))[0] == early


def test_no_key_at_all() -> None:
    """Some say that the list need not hold the key that asks."""
    assert ends() == ("!no_keys", "!own_key_not_told")


@pytest.mark.parametrize("own_listed", [True, False])
def test_keys_of_the_simulator(own_listed: bool) -> None:
    """The label of a key that is not listed tells nothing; the first end is that of the keys that are."""
    snapshot = drifted(API_KEYS, label="contribaudit, read only", options=Options(own_key_listed=own_listed))
    organization = load_scenario("drifted", now=NOW).organization
    first = organization.key("demo-key" if own_listed else "narrow-key").expires_at
    assert values(snapshot, "api_key.next_expiry") == {ORG: f"{first:%Y-%m-%dT%H:%M:%S.000Z}"}
    own = values(snapshot, "api_key.expires_at")[ORG]
    assert own == (f"{first:%Y-%m-%dT%H:%M:%S.000Z}" if own_listed else "!own_key_not_told")


@pytest.mark.parametrize(
    ("collector", "name", "setting"),
    [(DIRECTORIES, "directoryId", "organization.directories"), (EVENT_ACTIONS, "id", "organization.event_actions")],
)
def test_a_list_of_ids(collector: Collector, name: str, setting: str) -> None:
    """Sorted and once each; with a gap there is no list at all; an empty one is a list."""
    snapshot = listed(collector, [{name: "b"}, {name: "a"}, {name: "b"}], meta={"total": 2})
    assert values(snapshot, setting) == {ORG: ("a", "b")}
    assert collection(snapshot).read == 2
    assert values(listed(collector, []), setting) == {ORG: ()}
    for meta in ({}, {"total": 3}):
        hiding = listed(collector, [{name: "b"}, {name: "a"}, {name: "b"}], meta=meta)
        assert values(hiding, setting) == {}
        assert collection(hiding).code == ("count_mismatch" if meta else "repeated_entries")
    for gap in ({}, {name: ""}, {name: " "}, {name: 7}):
        snapshot = listed(collector, [{name: "a"}, gap])
        assert (collection(snapshot).status, collection(snapshot).code) == (
            CollectionStatus.PARTIAL,
            "entry_without_id",
        )
        assert values(snapshot, setting) == {}
        assert len(snapshot.raw) == 2


def test_event_actions_are_kept_with_their_names() -> None:
    snapshot = drifted(EVENT_ACTIONS)
    organization = load_scenario("drifted", now=NOW).organization
    assert values(snapshot, "organization.event_actions") == {
        ORG: tuple(sorted(action.id for action in organization.event_actions))
    }
    assert len(snapshot.raw) == len(organization.event_actions)
    assert surprises(snapshot) == []


@pytest.mark.parametrize(
    ("data", "code", "name"),
    [
        ({"id": ORG, "attributes": {"name": "Acme"}}, "", "Acme"),
        ({"id": ORG, "attributes": {}}, "", "!missing_key"),
        ({"id": ORG}, "", "!missing_key"),
        ({"id": ORG, "attributes": {"name": 5}}, "", "!wrong_type"),
        ({"id": "another", "attributes": {"name": "Acme"}}, "wrong_organization", None),
        ([], "wrong_type", None),
        (None, "wrong_type", None),
    ],
)
def test_the_organization(data: object, code: str, name: str | None) -> None:
    """A name that belongs to another organization is not taken."""
    snapshot = listed(ORGANIZATION, [], data=data)
    assert collection(snapshot).code == code
    assert values(snapshot, "organization.name") == ({} if name is None else {ORG: name})
