"""The map: apps by location, sites by question, the worst first; and that nothing unread looks good on it."""

from __future__ import annotations

from contribaudit.core.advise.site_map import QUESTIONS, MapCell, MapRow, site_map
from contribaudit.core.model import names
from contribaudit.core.model.finding import Finding, Outcome
from contribaudit.core.model.observation import Observation, Value
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState
from contribaudit.exporters.site_map import cell_sentence, fact, letter
from contribaudit.tui.rows.site_map import filter_of
from tests.builders import (
    NOW,
    ORG,
    OTHER_ORG,
    PROMISES,
    RULEBOOK,
    UNREAD,
    app,
    facts,
    finding,
    observed,
    state_of,
)

EU, US, LAB = app("eu"), app("us"), app("lab")
COLUMN = {question.name: place for place, question in enumerate(QUESTIONS)}


def _seen(**realms: Value) -> list[Observation]:
    apps = {"eu": EU, "us": US, "lab": LAB}
    return [
        one
        for name, subject in apps.items()
        for one in facts(subject, host=f"{name}.atlassian.net", realm=realms.get(name, "EU"))
    ]


def _cell(row: MapRow, name: str) -> MapCell:
    return row.cells[COLUMN[name]]


def _about(subject: Subject, outcome: Outcome, setting: str) -> Finding:
    return finding(outcome, subject=subject, setting=setting)


def test_apps_are_counted_by_location_and_what_is_not_told_stands_last() -> None:
    state = state_of(*_seen(us="usa", lab=None), *facts(app("x"), host="eu.atlassian.net", realm="Mars"))
    found = site_map(state, [_about(US, Outcome.FAIL, names.REALM)])
    assert [(one.name, one.title, one.apps, one.outcome) for one in found.locations] == [
        ("EU", "Frankfurt and Dublin", 1, None),
        ("Mars", "", 1, None),
        ("US", "US East and West", 1, Outcome.FAIL),
        ("unknown", "", 1, None),
    ]
    assert found.apps == 4


def test_sites_stand_worst_first() -> None:
    state = state_of(*_seen())
    found = site_map(
        state,
        [
            _about(EU, Outcome.PASS, names.REALM),
            _about(US, Outcome.UNKNOWN, names.REALM),
            _about(LAB, Outcome.FAIL, names.REALM),
        ],
    )
    assert [row.site.partition(".")[0] for row in found.rows] == ["lab", "us", "eu"]


def test_the_worst_finding_of_a_site_is_its_outcome() -> None:
    state = state_of(*facts(EU, host="a.atlassian.net"), *facts(US, host="a.atlassian.net"))
    [row] = site_map(state, [_about(EU, Outcome.PASS, names.PINNED), _about(US, Outcome.STALE, names.PINNED)]).rows
    assert _cell(row, "pinned").outcome is Outcome.STALE
    assert _cell(row, "pinned").findings == 2
    assert _cell(row, "trial").outcome is None


def test_what_was_not_read_is_unknown_and_not_a_good_value() -> None:
    """A realm that is null, that could not be read, and a pin of neither."""
    state = state_of(*facts(EU, host="a.atlassian.net", realm=UNREAD), *facts(US, host="a.atlassian.net", realm=None))
    [row] = site_map(state, []).rows
    assert _cell(row, "location").values == (("unknown", 2),)
    assert _cell(row, "trial").values == (("unknown", 2),)
    assert fact(_cell(row, "location")) == "?"


def test_a_finding_about_the_organization_counts_at_every_site_but_one_that_is_known_to_be_well() -> None:
    organization = organization_subject(ORG)
    state = state_of(
        *_seen(),
        observed(names.TRIAL, EU, "none"),
        observed(names.TRIAL, US, "running"),
    )
    found = site_map(state, [_about(organization, Outcome.FAIL, names.TRIAL)])
    outcomes = {row.site.partition(".")[0]: _cell(row, "trial") for row in found.rows}
    assert {name: cell.outcome for name, cell in outcomes.items()} == {
        "us": Outcome.FAIL,
        "lab": Outcome.FAIL,
        "eu": None,
    }
    assert outcomes["us"].wide


def test_risky_values_stand_first() -> None:
    apps = [app(f"n{number}") for number in range(4)]
    words = ("none", "none", "running", "none")
    state = state_of(
        *(one for subject in apps for one in facts(subject, host="a.atlassian.net")),
        *(observed(names.TRIAL, subject, word) for subject, word in zip(apps, words, strict=True)),
    )
    [row] = site_map(state, []).rows
    assert _cell(row, "trial").values == (("running", 1), ("none", 3))
    assert fact(_cell(row, "trial")) == "yes+1"


def test_apps_without_a_site_and_organizations_of_which_nothing_was_read_have_a_row() -> None:
    state = resolve(
        [
            SeenOrganization(OrganizationState(ORG, "Acme", unread_reason="no key"), None),
            SeenOrganization(OrganizationState(OTHER_ORG, "Bank", unread_reason="no key"), None),
        ],
        RULEBOOK,
        NOW,
        PROMISES,
    )
    assert [(row.site, row.apps) for row in site_map(state, []).rows] == [("", 0), ("", 0)]
    [row] = site_map(state_of(*facts(EU)), []).rows
    assert (row.site, row.apps) == ("", 1)


def test_a_finding_about_a_site_counts_there() -> None:
    site = Subject(ORG, Kind.SITE, "eu.atlassian.net")
    found = site_map(state_of(*_seen()), [_about(site, Outcome.FAIL, names.EFFECTIVE_AI)])
    assert _cell(found.rows[0], "AI").outcome is Outcome.FAIL
    assert found.rows[0].site == "eu.atlassian.net"


def test_a_cell_is_told_by_letter_fact_sentence_and_filter() -> None:
    state = state_of(*_seen(us="US"))
    row = site_map(state, [_about(US, Outcome.FAIL, names.REALM)]).rows[0]
    question, cell = QUESTIONS[COLUMN["location"]], _cell(row, "location")
    assert (letter(cell), fact(cell)) == ("F", "US")
    assert cell_sentence(row, question, cell) == "us.atlassian.net, location: US 1 (1 app): fail"
    assert filter_of(row, question, cell) == (
        "site:us.atlassian.net setting:residency.realm,residency.regions,residency.move outcome:fail"
    )
    unasked = _cell(row, "BYOK")
    assert (letter(unasked), filter_of(row, QUESTIONS[COLUMN["BYOK"]], unasked)) == ("\N{MIDDLE DOT}", "")


def test_a_map_of_some_sites_tells_nothing_of_the_others() -> None:
    """Neither a row nor the location of an app; that nobody placed an app is one of the others."""
    found = site_map(state_of(*_seen(us="US"), *facts(app("x"), realm="AU")), [], ("eu.atlassian.net",))
    assert [row.site for row in found.rows] == ["eu.atlassian.net"]
    assert [one.name for one in found.locations] == ["EU"]
