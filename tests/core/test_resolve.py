"""What a run means: the state behind the checks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, Observed, Unavailable, Value
from contribaudit.core.model.subject import Kind, organization_subject
from contribaudit.core.resolve.plans import highest_plan
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import (
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    SETTINGS,
    UNREAD,
    Gone,
    aged,
    app,
    collection,
    collections,
    facts,
    observed,
    state_of,
)

ORGANIZATION = organization_subject(ORG)


def test_the_highest_plan_is_as_old_as_the_oldest_plan_behind_it() -> None:
    """With the grade and source of the app that has it."""
    state = state_of(*facts(app("a"), plan="PREMIUM"), *aged(facts(app("b")), 1))
    found = highest_plan(state, ORG)
    assert isinstance(found, Observed)
    assert (found.value, found.grade, found.observed_at) == ("premium", Grade.DOCUMENTED, NOW - timedelta(days=1))
    assert state.read(ORGANIZATION, names.HIGHEST_PLAN) == found


@pytest.mark.parametrize(
    ("move", "pinned"),
    [
        ("applied", True),
        ("APPLIED", True),
        ("applying", False),
        ("scheduled", False),
        ("removing", False),
        ("failed", False),
    ],
)
def test_pinned_is_our_reading_of_the_policys_state(move: str, *, pinned: bool) -> None:
    """So it is `decoded`, whatever the state's own grade."""
    found = state_of(*facts(app(), move=move)).read(app(), names.PINNED)
    assert isinstance(found, Observed)
    assert (found.value, found.grade) == (pinned, Grade.DECODED)


@pytest.mark.parametrize(("move", "code"), [("thinking", "unknown_word"), (None, "unknown_word"), (UNREAD, "not_read")])
def test_a_state_that_nobody_knows_pins_nothing(move: Value | Gone, code: str) -> None:
    """Unknown, null and unread."""
    found = state_of(*facts(app(), move=move)).read(app(), names.PINNED)
    assert isinstance(found, Unavailable)
    assert found.code == code


def test_subjects_are_the_apps_of_the_list() -> None:
    """In server order; not what a policy alone names, and not what is no app."""
    state = state_of(
        *facts(app("b")),
        *facts(app("a")),
        *facts(app("admin"), type_key="jira-admin"),
        observed(SETTINGS["policies"], app("gone"), ("p",)),
    )
    assert state.subjects(Kind.APP) == [app("b"), app("a")]
    assert set(state.apps_named_anywhere(ORG)) == {app("a"), app("b"), app("admin"), app("gone")}


def test_an_app_known_from_earlier_stays_a_subject_while_the_list_is_unread() -> None:
    """Its values are unavailable, its name is remembered, and an entry that is no app stays none."""
    known = {"workspaces": [*facts(app(), name="Wiki"), *facts(app("admin"), type_key="jira-admin")]}
    state = state_of(runs=collections(collection("workspaces", "forbidden")), known=known)
    assert state.subjects(Kind.APP) == [app()]
    assert isinstance(state.read(app(), names.REALM), Unavailable)
    assert state.place(app()).name == "Wiki"


def test_an_app_that_left_a_whole_list_is_no_subject_any_more() -> None:
    """What earlier runs knew is used for names, never for judgement."""
    known = {"workspaces": facts(app("gone"))}
    state = state_of(*facts(app()), known=known)
    assert state.subjects(Kind.APP) == [app()]
    assert state.value(app("gone"), names.REALM) is None


def test_an_organization_that_nobody_read_stays_in_the_state() -> None:
    """With its reason, and without a plan."""
    state = resolve(
        [
            SeenOrganization(OrganizationState(ORG, "Acme", unread_reason="no key"), None),
            SeenOrganization(OrganizationState(OTHER_ORG, ""), None),
        ],
        RULEBOOK,
        NOW,
        PROMISES,
    )
    assert [one.id for one in state.subjects(Kind.ORGANIZATION)] == [ORG, OTHER_ORG]
    assert state.organization_name(ORG) == "Acme"
    assert state.organization_name(OTHER_ORG) == OTHER_ORG
    seen = state.read(ORGANIZATION, names.HIGHEST_PLAN)
    assert isinstance(seen, Unavailable)
    assert "no key" in seen.reason
    assert state.organizations[OTHER_ORG].why_not("workspaces") == "workspaces was not read in this run"
