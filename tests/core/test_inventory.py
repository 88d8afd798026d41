"""Organizations, sites and apps as people count them."""

from __future__ import annotations

from contribaudit.core.model.subject import Kind
from contribaudit.core.resolve.inventory import inventory_rows, sites_of
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from tests.builders import (
    ABSENT,
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    SETTINGS,
    UNLISTED,
    app,
    collection,
    collections,
    facts,
    observed,
    state_of,
)


def test_apps_of_one_cloud_id_or_one_host_share_a_site() -> None:
    """The ID is the cloud ID where one is known, else the host."""
    state = state_of(
        *facts(app("a"), site="cloud-1", host="acme.atlassian.net"),
        *facts(app("b"), site="cloud-1"),
        *facts(app("c"), host="other.atlassian.net"),
        *facts(app("d"), host="other.atlassian.net"),
        *facts(app("e")),
    )
    assert [(one.id, one.host, one.apps) for one in sites_of(state, ORG)] == [
        ("cloud-1", "acme.atlassian.net", (app("a"), app("b"))),
        ("other.atlassian.net", "other.atlassian.net", (app("c"), app("d"))),
    ]


def test_an_app_with_both_joins_two_groups_into_one_site() -> None:
    """The site stays where its first app was, in server order."""
    state = state_of(
        *facts(app("a"), host="acme.atlassian.net"),
        *facts(app("b"), host="zeta.atlassian.net"),
        *facts(app("c"), site="cloud-1"),
        *facts(app("d"), site="cloud-1", host="acme.atlassian.net"),
    )
    found = [(one.id, one.host, one.apps) for one in sites_of(state, ORG)]
    assert found == [
        ("cloud-1", "acme.atlassian.net", (app("a"), app("c"), app("d"))),
        ("zeta.atlassian.net", "zeta.atlassian.net", (app("b"),)),
    ]


def test_rows_say_what_does_not_count_and_what_was_not_seen() -> None:
    """Entries that are no apps, apps that only a policy names, and apps of a list that was not read."""
    state = state_of(
        *facts(app("a"), name="Acme wiki", **UNLISTED),
        *facts(app("admin"), type_key="jira-admin"),
        observed(SETTINGS["policies"], app("gone"), ("p",)),
    )
    notes = {row.id: row.note for row in inventory_rows(state) if row.kind is Kind.APP}
    assert notes[app("a").id] == ""
    assert "not an app" in notes[app("admin").id]
    assert "only by a policy" in notes[app("gone").id]
    known = {"workspaces": facts(app("a"), name="Acme wiki", move=ABSENT)}
    unread = state_of(runs=collections(collection("workspaces", "forbidden")), known=known)
    (row,) = [row for row in inventory_rows(unread) if row.kind is Kind.APP]
    assert (row.name, row.type_key, row.realm) == ("Acme wiki", "confluence", None)
    assert row.note.startswith("not seen in this run: workspaces answered forbidden")


def test_every_organization_has_a_row_read_or_not() -> None:
    """One without a key says so."""
    state = resolve(
        [
            SeenOrganization(OrganizationState(ORG, "Acme", unread_reason="no key"), None),
            SeenOrganization(OrganizationState(OTHER_ORG, "Sister", unread_reason="left out"), None),
        ],
        RULEBOOK,
        NOW,
        PROMISES,
    )
    assert [(row.kind, row.name, row.plan, row.note) for row in inventory_rows(state)] == [
        (Kind.ORGANIZATION, "Acme", None, "no key"),
        (Kind.ORGANIZATION, "Sister", None, "left out"),
    ]
