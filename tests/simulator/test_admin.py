"""An administrator's deeds change the organization and leave an event; a vendor's leave none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contribaudit.simulator import Organization, load_scenario
from contribaudit.simulator.admin import ADMIN_ACTIONS
from contribaudit.simulator.spaces import place_of
from contribaudit.simulator.values import Actor, Event, Space
from tests.administrator import AdminConsole

from .conftest import NOW, POLICIES, STREAM, Connect, acme

pytestmark = pytest.mark.anyio

Deed = Callable[[AdminConsole], Event]


@pytest.fixture
def organization() -> Organization:
    return load_scenario("drifted", now=NOW).organization


def console_of(organization: Organization) -> AdminConsole:
    return AdminConsole(organization, lambda: NOW)


def _new_space(console: AdminConsole) -> Space:
    ari = console.organization.app("acme/confluence").id
    return Space(ari, "70000", "NEW", "New", "global", "current", False, NOW, "557058:0000")


DEEDS: dict[str, tuple[Deed, str]] = {
    "switch": (lambda c: c.set_contribution("metadata", on=False), "contribution"),
    "include": (lambda c: c.include("acme/confluence"), "contribution"),
    "exclude": (lambda c: c.exclude("10000"), "contribution"),
    "rovo": (lambda c: c.set_rovo("acme/jira-software", False), "rovo"),
    "rovo allowed": (lambda c: c.set_rovo("acme-us/confluence", True), "rovo"),
    "intelligence": (lambda c: c.set_intelligence(on=False), "intelligence"),
    "group": (lambda c: c.set_ai_access("ai-pilot", "acme/confluence", True), "ai "),
    "pin": (lambda c: c.pin("acme/jira-product-discovery", "DE"), "residency"),
    "unpin": (lambda c: c.unpin("acme/confluence"), "residency"),
    "schedule": (lambda c: c.schedule_move("acme-us/confluence", "EU"), "residency"),
    "move": (lambda c: c.move("acme-us/confluence", "EU", ("eu-central-1",)), "residency"),
    "plan": (lambda c: c.change_plan("acme/confluence", "Enterprise"), "plan"),
    "trial": (lambda c: c.start_trial("acme/confluence", "Premium"), "trial"),
    "trial over": (lambda c: c.end_trial("acme-us/jira-software", "Standard"), "trial"),
    "app": (lambda c: c.add_app(replace(c.organization.app("acme/confluence"), id="ari:x", type_key="loom")), "app"),
    "no app": (lambda c: c.remove_app("acme/confluence"), "app"),
    "site": (
        lambda c: c.add_site(replace(c.organization.app("acme/confluence"), host_url="https://new.example")),
        "site",
    ),
    "sandbox": (
        lambda c: c.add_site(replace(c.organization.app("acme/confluence"), sandbox="CHILD", id="ari:y")),
        "sandbox",
    ),
    "no site": (lambda c: c.remove_site("acme-labs"), "site"),
    "space": (lambda c: c.add_space(_new_space(c)), "space"),
    "renamed": (lambda c: c.rename_space("acme/HR", "Humans"), "space"),
    "archived": (lambda c: c.archive_space("acme/ENG"), "space"),
    "no space": (lambda c: c.remove_space("acme/LEGAL"), "space"),
    "key": (lambda c: c.create_key(replace(c.organization.key("demo-key"), word="w", id="k")), "api key"),
    "no key": (lambda c: c.revoke_key("narrow-key"), "api key"),
}


@pytest.mark.parametrize(("deed", "word"), DEEDS.values(), ids=DEEDS)
def test_each_deed_changes_something_and_writes_one_event(organization: Organization, deed: Deed, word: str) -> None:
    """Of an action in the catalogue whose name holds the word that an auditor would look for."""
    before, written = organization.revision, len(organization.events)
    event = deed(console_of(organization))
    assert organization.revision > before
    assert organization.events[written:] == [event]
    assert event.time == NOW
    assert event.context
    shown = {action.id: f"{action.name} " for action in organization.event_actions}[event.action]
    assert word in shown.casefold()


@pytest.mark.parametrize("deed", [deed for deed, _ in DEEDS.values()], ids=DEEDS)
def test_done_silently_the_change_is_the_same_and_nothing_is_written(deed: Deed) -> None:
    loud, silent = (load_scenario("drifted", now=NOW).organization for _ in range(2))
    deed(console_of(loud))
    deed(console_of(silent).silently())
    assert len(silent.events) == len(loud.events) - 1 == 14
    for name in ("apps", "policies", "keys", "groups"):
        assert getattr(silent, name) == getattr(loud, name)
    places = {place_of(app.id) for app in silent.apps}
    assert [list(silent.spaces.at(place)) for place in places] == [list(loud.spaces.at(place)) for place in places]


def test_what_the_switches_do_to_the_policies(organization: Organization) -> None:
    console = console_of(organization)
    console.set_contribution("in-app", on=False)
    console.set_contribution("metadata", on=False)
    console.set_contribution("metadata", on=True)
    console.exclude("10000")
    console.include("acme/confluence")
    rule = organization.policy("acme-data-use").rule
    assert (rule["off"], rule["in"]) == (["in-app", "10000"], [organization.app("acme/confluence").id])
    assert (rule["scopeType"], rule["consented"]) == ("organization", True)
    console.set_rovo("acme/jira-software", False)
    assert organization.app("acme/jira-software").ai_enabled is False
    assert organization.policy("acme-generative-ai").resources == ()
    console.pin("acme-us/jira-software", "US")
    pinned = {p.id: {r.id for r in p.resources or ()} for p in organization.policies if p.type == "data-residency"}
    moved = organization.app("acme-us/jira-software").id
    assert (moved in pinned["acme-residency-us"], moved in pinned["acme-residency-eu"]) == (True, False)


def test_policies_that_are_not_there_are_made() -> None:
    organization = load_scenario("small", now=NOW).organization
    console = console_of(organization)
    console.set_contribution("in-app", on=False)
    console.set_rovo("corner-shop/confluence", True)
    console.pin("corner-shop/confluence", "EU")
    types = [policy.type for policy in organization.policies]
    assert types == ["ugc-data-use-preferences", "generative-ai", "data-residency"]


@pytest.mark.parametrize(
    "deed",
    [
        lambda c: c.set_rovo("acme/nothing", True),
        lambda c: c.include("acme/nothing"),
        lambda c: c.remove_site("nowhere"),
        lambda c: c.rename_space("acme/NOTHING", "x"),
        lambda c: c.set_ai_access("nobody", "acme/confluence", True),
    ],
)
def test_a_deed_to_nothing_writes_nothing(organization: Organization, deed: Deed) -> None:
    with pytest.raises(KeyError):
        deed(console_of(organization))
    assert len(organization.events) == 14


async def test_a_deed_shows_in_the_policies_and_in_the_stream(connect: Connect) -> None:
    """By whoever did it."""
    app = acme()
    organization: Organization = app.state.organization
    console = console_of(organization).by(Actor("557058:0007", "F. Fixer"))
    async with connect(app) as client:
        stored = (await client.get(STREAM)).json()["meta"]["next"]
        console.set_contribution("in-app", on=False)
        # At the same instant as the last: the order of writing decides.
        console.note("user_login", "Logged in")
        events: list[Any] = (await client.get(STREAM, params={"cursor": stored})).json()["data"]
        found = {p["id"]: p["attributes"] for p in (await client.get(POLICIES)).json()["data"]}
    assert [entry["attributes"]["action"] for entry in events] == ["sim_made_up_contribution_changed", "user_login"]
    assert events[0]["attributes"]["actor"]["name"] == "F. Fixer"
    assert events[0]["attributes"]["context"][0]["id"] == "acme-data-use"
    assert found["acme-data-use"]["rule"]["off"] == ["in-app"]


def test_an_event_can_be_late(organization: Organization) -> None:
    event = console_of(organization).note(
        "user_login", "Logged in", at=NOW - timedelta(hours=3), processed_at=NOW + timedelta(hours=1)
    )
    assert event.processed_at is not None
    assert event.processed_at - event.time == timedelta(hours=4)


def test_every_made_up_action_says_that_it_is() -> None:
    """And is in the catalogue of each scenario that has a log."""
    assert all(action.id.startswith("sim_made_up_") for action in ADMIN_ACTIONS)
    assert len({action.id for action in ADMIN_ACTIONS}) == len(ADMIN_ACTIONS)
    for name in ("drifted", "tidy", "generated"):
        catalogue = load_scenario(name, now=NOW, apps=4 if name == "generated" else None).organization.event_actions
        assert set(ADMIN_ACTIONS) <= set(catalogue)
        assert len({action.id for action in catalogue}) == len(catalogue)
