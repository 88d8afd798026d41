"""Drift on request: what each flip changes, that the log tells who did it, and who may ask."""

from __future__ import annotations

import pytest

from contribaudit.simulator import Fault, NotFlipped, Organization, add_control, ask_to_flip, running
from contribaudit.simulator.admin import AdminConsole
from contribaudit.simulator.control import PATH, flip

from .conftest import NOW, Connect, acme

pytestmark = pytest.mark.anyio


@pytest.fixture
def console() -> AdminConsole:
    return AdminConsole(acme().state.organization, lambda: NOW)


def rule(organization: Organization) -> list[str]:
    return next(one.rule["off"] for one in organization.policies if one.type == "ugc-data-use-preferences")


def test_in_app_contribution_goes_off_and_on(console: AdminConsole) -> None:
    """By name, and to the other one without a name."""
    for value, off in (("off", True), ("off", True), ("", False), ("", True), ("on", False)):
        flip(console, "in-app", "", value)
        assert ("in-app" in rule(console.organization)) is off


def test_rovo_of_an_app_changes_its_item_and_what_the_gateway_says(console: AdminConsole) -> None:
    flip(console, "rovo", "acme/confluence", "off")
    assert console.organization.app("acme/confluence").ai_enabled is False
    flip(console, "rovo", "acme/confluence", "")
    assert console.organization.app("acme/confluence").ai_enabled is True
    console.organization.set_app("acme/confluence", rovo=True)
    flip(console, "rovo", "acme/confluence", "blocked")
    assert console.organization.app("acme/confluence").rovo is False


def test_a_trial_begins_and_ends_where_it_began(console: AdminConsole) -> None:
    before = console.organization.app("acme/confluence").plan
    flip(console, "trial", "acme/confluence", "enterprise")
    app = console.organization.app("acme/confluence")
    assert (app.plan, app.trial, app.plan_after_trial) == ("Enterprise", "Enterprise", before)
    assert app.trial_ends_at is not None
    flip(console, "trial", "acme/confluence", "")
    app = console.organization.app("acme/confluence")
    assert (app.plan, app.trial, app.trial_ends_at, app.plan_after_trial) == (before, None, None, None)


def test_data_moves_to_a_realm(console: AdminConsole) -> None:
    for value, realm in (("us", "US"), ("", "EU"), ("", "US"), ("AU", "AU")):
        flip(console, "realm", "acme/confluence", value)
        assert console.organization.app("acme/confluence").realm == realm


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("moon", "", ""), "there is no 'moon'"),
        (("rovo", "acme/nothing", ""), "there is no app 'acme/nothing'; known: acme/jira-software"),
        (("rovo", "acme/confluence", "perhaps"), "neither on nor off"),
        (("in-app", "acme/confluence", ""), "takes no app"),
        (("trial", "acme/confluence", "none"), "no trial runs"),
        (("realm", "acme/confluence", "MOON"), "there is no realm 'MOON'"),
    ],
)
def test_what_cannot_be_flipped_changes_nothing(console: AdminConsole, words: tuple[str, str, str], told: str) -> None:
    organization = console.organization
    before, events = organization.revision, len(organization.events)
    with pytest.raises(NotFlipped, match=told):
        flip(console, *words)
    assert (organization.revision, len(organization.events)) == (before, events)


async def test_only_a_key_of_the_organization_may_ask(connect: Connect) -> None:
    app = acme()
    add_control(app)
    for key in (None, "nobody", "expired-key"):
        async with connect(app, key) as client:
            assert (await client.post(PATH, json={"what": "in-app"})).status_code == 401
    async with connect(app) as client:
        for body in (b"[]", b"{", b'{"what": 7}', b""):
            assert (await client.post(PATH, content=body)).status_code == 400
        assert (await client.get(PATH)).status_code == 404
    assert app.state.organization.revision == 0


async def test_there_is_no_control_unless_it_is_wanted(connect: Connect) -> None:
    async with connect(acme()) as client:
        assert (await client.post(PATH, json={"what": "in-app"})).status_code == 404


def test_a_flip_over_a_socket_is_in_the_log_with_its_actor() -> None:
    app = acme([Fault("500", "org")])
    add_control(app)
    with running(app) as url:
        assert ask_to_flip(url, "demo-key", "rovo", "acme/confluence", "on") == (
            "Allowed Rovo for acme/confluence, by admin@acme.example"
        )
        with pytest.raises(NotFlipped, match="there is no app"):
            ask_to_flip(url, "demo-key", "rovo", "x/y", "")
        with pytest.raises(NotFlipped, match="does not belong to the simulated organization"):
            ask_to_flip(url, "nobody", "in-app", "", "")
    event = app.state.organization.events[-1]
    assert (event.message, event.actor.email) == ("Allowed Rovo for acme/confluence", "admin@acme.example")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.atlassian.com",
        "http://api.atlassian.com",
        "https://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://evil.example#127.0.0.1",
        "http://127.0.0.1@evil.example",
        "ftp://127.0.0.1",
        "",
        "http://[x",
    ],
)
def test_nothing_but_this_machine_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is sent."""
    monkeypatch.setattr("contribaudit.simulator.control.build_opener", None)
    with pytest.raises(NotFlipped, match="not that of a simulator"):
        ask_to_flip(url, "demo-key", "in-app", "", "")


def test_a_simulator_that_is_not_there_or_has_no_control_says_so() -> None:
    with running(acme()) as url, pytest.raises(NotFlipped, match="not started with --control"):
        ask_to_flip(url, "demo-key", "in-app", "", "")
    with pytest.raises(NotFlipped, match="no simulator answers"):
        ask_to_flip(url, "demo-key", "in-app", "", "")
