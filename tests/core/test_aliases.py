"""From what a person writes to the subject that it names, and back."""

from __future__ import annotations

import pytest

from contribaudit.core.model.subject import COMPANY, Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, resolve_alias, spoken
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.errors import UsageError
from tests.builders import (
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    app,
    collection,
    collections,
    facts,
    snapshot,
    state_of,
)

WIKI = "app:acme.atlassian.net/confluence"
ONE, TWO = app("one"), app("two", OTHER_ORG)


def both() -> State:
    """Two organizations, with an app of the same alias in each."""
    seen = [
        SeenOrganization(OrganizationState(ORG, "Acme"), snapshot(facts(ONE, alias=WIKI))),
        SeenOrganization(
            OrganizationState(OTHER_ORG, "Sister"), snapshot(facts(TWO, alias=WIKI), organization=OTHER_ORG)
        ),
    ]
    return resolve(seen, RULEBOOK, NOW, PROMISES)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (WIKI, ONE),
        (f" {WIKI.upper()} ", ONE),
        (ONE.id, ONE),
        (f"app:{ONE.id}", ONE),
        (f"{ORG}:{WIKI}", ONE),
        ("company", COMPANY),
        ("organization", organization_subject(ORG)),
        (f"organization:{ORG}", organization_subject(ORG)),
        (ORG, organization_subject(ORG)),
        (f"{ORG}:organization", organization_subject(ORG)),
        (f"organization:{OTHER_ORG}", None),
        ("app:other.atlassian.net/confluence", None),
        (f"{OTHER_ORG}:{WIKI}", None),
        ("app:jira-admin", None),
        ("", None),
    ],
)
def test_a_text_names_one_subject_or_none(text: str, subject: Subject | None) -> None:
    """In one organization; case and blanks around it do not matter."""
    state = state_of(*facts(ONE, alias=WIKI), *facts(app("admin"), type_key="jira-admin", alias="app:jira-admin"))
    assert resolve_alias(state, text) == subject


@pytest.mark.parametrize("text", [WIKI, "organization"])
def test_with_several_organizations_a_bare_name_may_be_several(text: str) -> None:
    """The error lists the IDs; the prefix says which one is meant."""
    with pytest.raises(UsageError) as caught:
        resolve_alias(both(), text)
    expected = (ONE.id, TWO.id) if text == WIKI else (ORG, OTHER_ORG)
    assert all(one in caught.value.message for one in expected)
    assert resolve_alias(both(), f"{OTHER_ORG}:{WIKI}") == TWO
    assert resolve_alias(both(), f"{OTHER_ORG}:organization") == organization_subject(OTHER_ORG)


def test_an_app_that_was_not_read_keeps_its_name() -> None:
    """A waiver on it still finds it, and the report still calls it by it."""
    known = {"workspaces": facts(ONE, alias=WIKI)}
    state = state_of(runs=collections(collection("workspaces", "forbidden")), known=known)
    assert resolve_alias(state, WIKI) == ONE
    assert alias_of(state, ONE) == WIKI


def test_what_people_read() -> None:
    """The alias, or kind and ID where there is none; an organization by ID where there are several."""
    assert alias_of(both(), ONE) == WIKI
    assert alias_of(both(), app("nobody")) == f"app:{app('nobody').id}"
    assert alias_of(both(), COMPANY) == "company"
    assert alias_of(both(), organization_subject(ORG)) == f"organization:{ORG}"
    assert alias_of(state_of(), organization_subject(ORG)) == "organization"


@pytest.mark.parametrize(
    ("kind", "alias", "name", "type_key", "title", "said"),
    [
        (Kind.APP, "app:a.net/jira-software", "acme", "jira-software", "Jira", "Jira on a.net"),
        (Kind.APP, "app:b.org/code/bitbucket", "x", "bitbucket", "Bitbucket", "Bitbucket on b.org/code"),
        (Kind.APP, "app:acme.atlassian.net/sim-boards", "x", "sim-boards", "", "sim-boards on acme.atlassian.net"),
        (Kind.APP, "app:trello/ari:cloud:trello::workspace/5f", "boards", "trello", "Trello", "Trello (boards)"),
        (Kind.APP, "app:ari:cloud:jira::site/x", "ari:cloud:jira::site/x", "", "", "app:ari:cloud:jira::site/x"),
        (Kind.SPACE, "space:a.net/confluence/HR", "People", "confluence", "Wiki", "space HR in Wiki on a.net"),
        (Kind.SPACE, "space:ari:cloud:confluence:1:space/7", "ari", "", "", "space:ari:cloud:confluence:1:space/7"),
        (Kind.SITE, "site:acme.atlassian.net", "acme.atlassian.net", "", "", "acme.atlassian.net"),
        (Kind.CONNECTOR, "connector:Google Drive", "Google Drive", "", "", "connector Google Drive"),
        (Kind.ORGANIZATION, "organization:o-1", "Acme", "", "", "Acme"),
        (Kind.ORGANIZATION, "organization", "", "", "", "id"),
        (Kind.COMPANY, "company", "company", "", "", "all organizations together"),
        (Kind.GROUP, "group:g-1", "admins", "", "", "admins"),
        (Kind.USER, "user:u-1", "u-1", "", "", "user:u-1"),
    ],
)  # fmt: skip
def test_what_people_say(kind: Kind, alias: str, name: str, type_key: str, title: str, said: str) -> None:
    """By product and site where both are known, never by less than the alias tells."""
    assert spoken(Subject("o", kind, "id"), alias, name, type_key, title) == said
