"""Spaces by what people write, now and at the time of a look; and what is contributed of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.observation import Grade, Observation
from contribaudit.core.model.snapshot import CollectionStatus
from contribaudit.core.model.subject import Kind, Subject, organization_subject
from contribaudit.core.resolve.aliases import alias_of, meant, resolve_alias
from contribaudit.core.resolve.effective_contribution import in_app, metadata
from contribaudit.core.resolve.resolve import SeenOrganization, resolve
from contribaudit.core.resolve.state import OrganizationState, State
from contribaudit.errors import UsageError
from contribaudit.store.history import History
from tests.builders import NOW, ORG, PROMISES, RULEBOOK, app, facts, observed, snapshot
from tests.listed import Listing, keep, space_id

HOST = "acme.atlassian.net"
WIKI, JIRA, DESK = app("wiki"), app("jira"), app("desk")
ORGANIZATION = organization_subject(ORG)
APPS = [
    *facts(WIKI, alias=f"app:{HOST}/confluence", host=HOST, site="cloud-1"),
    *facts(JIRA, alias=f"app:{HOST}/jira-software", host=HOST, type_key="jira-software", site="cloud-1"),
    *facts(DESK, alias=f"app:{HOST}/jira-servicedesk", host=HOST, type_key="jira-servicedesk", site="cloud-1"),
]
SEC = f"space:{HOST}/confluence/SEC"
LOOKED = NOW - timedelta(days=3)
PARTIAL = CollectionStatus.PARTIAL


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(str(tmp_path / "history.sqlite")) as opened:
        yield opened


def state(history: History, *runs: tuple[int, tuple[Listing, ...]], said: tuple[Observation, ...] = ()) -> State:
    """The organization after runs of so many days ago with these listings."""
    seen = snapshot([*APPS, *said])
    for days_ago, listings in runs:
        keep(history, snapshot(APPS), NOW - timedelta(days=days_ago), listings)
    return resolve(
        [SeenOrganization(OrganizationState(ORG, "Acme", spaces=history.spaces(ORG)), seen)], RULEBOOK, NOW, PROMISES
    )


def wiki(
    *keys: str, days_ago: int = 0, status: CollectionStatus = CollectionStatus.OK
) -> tuple[int, tuple[Listing, ...]]:
    return days_ago, (Listing(WIKI.id, keys, status),)


def lists(switch: str, *entries: str) -> tuple[Observation, ...]:
    """The switch and the list that belongs to it, looked at three days ago."""
    setting = names.INCLUDED if switch == "off" else names.EXCLUDED
    return (
        observed(names.IN_APP, ORGANIZATION, switch, grade=Grade.ATTESTED, at=LOOKED),
        observed(setting, ORGANIZATION, entries, grade=Grade.ATTESTED, at=LOOKED),
    )


def space(number: str) -> Subject:
    return Subject(ORG, Kind.SPACE, space_id(number))


@pytest.mark.parametrize("text", [SEC, SEC.upper().replace("SPACE:", "space:"), space_id("SEC"), f"{ORG}:{SEC}"])
def test_a_listed_space_is_found_by_key_and_by_id(history: History, text: str) -> None:
    """And is called by what people write, whichever way it was named."""
    found = state(history, wiki("SEC"))
    assert resolve_alias(found, text) == space("SEC")
    assert alias_of(found, space("SEC")) == SEC
    assert alias_of(found, Subject(ORG, Kind.SPACE, f"{HOST}/confluence/sec")) == SEC
    assert found.place(space("SEC")).name == "The SEC"


@pytest.mark.parametrize("type_key", ["jira-software", "jira-servicedesk", "jira"])
def test_any_app_of_the_jira_family_finds_a_project_of_the_site(history: History, type_key: str) -> None:
    """People rarely know which one it belongs to."""
    found = state(history, (0, (Listing(JIRA.id, ("ENG",)), Listing(DESK.id, ("HELP",)))))
    assert resolve_alias(found, f"space:{HOST}/{type_key}/HELP") == space("HELP")
    assert resolve_alias(found, f"space:{HOST}/{type_key}/eng") == space("ENG")
    assert resolve_alias(found, f"space:{HOST}/confluence/HELP") == Subject(ORG, Kind.SPACE, f"{HOST}/confluence/HELP")


def test_a_key_of_two_is_refused_with_both_ids(history: History) -> None:
    found = state(history, (0, (Listing(JIRA.id, ("HR=1",)), Listing(DESK.id, ("HR=2",)))))
    with pytest.raises(UsageError) as caught:
        resolve_alias(found, f"space:{HOST}/jira-software/HR")
    assert space_id("1") in caught.value.message
    assert space_id("2") in caught.value.message


def test_a_space_that_a_whole_listing_does_not_show_is_none(history: History) -> None:
    """One that no whole listing could show is taken at its word."""
    assert resolve_alias(state(history, wiki("SEC")), f"space:{HOST}/confluence/GONE") is None
    partial = state(history, wiki("SEC", status=PARTIAL))
    assert resolve_alias(partial, f"space:{HOST}/confluence/GONE") is not None
    assert resolve_alias(partial, "space:elsewhere/confluence/GONE") is None
    assert resolve_alias(partial, space_id("GONE")) is None


def test_sites_and_connectors_have_aliases_too(history: History) -> None:
    fax = observed(names.CONNECTOR_STATE, Subject(ORG, Kind.CONNECTOR, "Fax"), "connected", grade=Grade.ATTESTED)
    found = state(history, said=(fax,))
    assert resolve_alias(found, f"site:{HOST.upper()}") == Subject(ORG, Kind.SITE, HOST)
    assert resolve_alias(found, "site:cloud-1") == Subject(ORG, Kind.SITE, HOST)
    assert resolve_alias(found, "connector:fax") == Subject(ORG, Kind.CONNECTOR, "Fax")
    assert [resolve_alias(found, text) for text in ("site:", "site:x", "connector:", "connector:Nobody")] == [None] * 4


@pytest.mark.parametrize(
    ("runs", "ids", "reused"),
    [
        ((wiki("SEC=1", days_ago=5), wiki("SEC=1")), {"1"}, False),
        ((wiki("SEC=1"),), {"1"}, False),
        ((wiki("SEC=1", days_ago=5), wiki("SAFE=1")), {"1"}, False),
        ((wiki("SEC=1", days_ago=5), wiki()), {"1"}, False),
        ((wiki("SEC=1", days_ago=5), wiki("SEC=2")), {"1", "2"}, True),
        ((wiki("SEC=1", days_ago=5), wiki("SAFE=1", "SEC=2", days_ago=4), wiki("SAFE=1", "SEC=2")), {"2"}, False),
        ((wiki("SEC=1", days_ago=5), wiki("SEC=2", days_ago=4), wiki("SEC=1", days_ago=1)), {"1", "2"}, True),
        ((wiki("A", days_ago=5), wiki("A", "SEC=2")), {"2"}, False),
        ((wiki("A"),), set(), False),
        ((), set(), False),
    ],
)
def test_what_a_key_meant_three_days_ago(
    history: History, runs: tuple[tuple[int, tuple[Listing, ...]], ...], ids: set[str], reused: bool
) -> None:
    """The space that bore it then; where it has passed on since, nobody can tell."""
    found = meant(state(history, *runs), ORG, SEC, LOOKED)
    assert found.ids == {space_id(one) for one in ids}
    assert found.reused is reused


@pytest.mark.parametrize("entry", [SEC, space_id("SEC"), f"space:{space_id('SEC')}", f"{ORG}:{SEC}"])
@pytest.mark.parametrize(("switch", "value"), [("on", "not_contributed"), ("off", "contributed")])
def test_an_entry_by_key_and_one_by_id_are_the_same(history: History, entry: str, switch: str, value: str) -> None:
    """Whichever way the entry and the subject are written."""
    found = state(history, wiki("SEC", "ENG"), said=lists(switch, entry))
    for subject in (space("SEC"), Subject(ORG, Kind.SPACE, f"{HOST}/confluence/sec")):
        assert in_app(found, subject).value == value
    assert in_app(found, space("ENG")).value != value
    assert in_app(found, WIKI).value == "contributed"
    assert metadata(found, space("SEC")).subject == space("SEC")


def test_a_space_in_no_list_has_an_answer_with_its_app_in_the_chain(history: History) -> None:
    found = state(history, wiki("SEC"), said=lists("on"))
    answer = in_app(found, space("SEC"))
    assert (answer.value, answer.code) == ("contributed", "not_listed")
    assert any("Confluence and its spaces can be put on the lists" in one.sentence for one in answer.chain)


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ((wiki("SEC=1", days_ago=5), wiki("SEC=2")), "space_key_reused"),
        ((wiki("A"),), "space_not_found"),
        ((wiki("A", status=PARTIAL),), "space_not_seen"),
        ((wiki(status=CollectionStatus.FAILED),), "space_not_seen"),
    ],
)
def test_what_no_listing_settles_is_unknown(
    history: History, runs: tuple[tuple[int, tuple[Listing, ...]], ...], code: str
) -> None:
    """A key that has passed on, one that no listing shows, one that a broken listing might have shown."""
    found = state(history, *runs, said=lists("on", SEC))
    answer = in_app(found, Subject(ORG, Kind.SPACE, f"{HOST}/confluence/SEC"))
    assert (answer.outcome, answer.code) == ("unknown", code)


def test_an_excluded_app_settles_it_even_for_a_key_that_passed_on(history: History) -> None:
    runs = (wiki("SEC=1", days_ago=5), wiki("SEC=2"))
    found = state(history, *runs, said=lists("on", SEC, f"app:{HOST}/confluence"))
    assert in_app(found, space("2")).value == "not_contributed"


def test_an_id_that_no_listing_knows_may_be_anything_on_an_include_list(history: History) -> None:
    found = state(history, wiki("SEC"), said=lists("off", space_id("9")))
    assert in_app(found, space("SEC")).code == "unknown_entry"
    known = state(history, wiki("SEC", "9"), said=lists("off", space_id("9")))
    assert in_app(known, space("SEC")).value == "not_contributed"
    assert in_app(known, WIKI).code == "space_listed"
