"""An entry of a contribution list means the app that had the name when the list was recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contribaudit.core.model import names
from contribaudit.core.model.finding import Outcome
from contribaudit.core.model.observation import Grade, Observation
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.effective_contribution import in_app
from contribaudit.core.resolve.state import State
from tests.builders import NOW, ORG, app, facts, judge, observed, state_of

OLD, NEW = app("old"), app("new")
WIKI = "app:acme.atlassian.net/confluence"
LOOKED = NOW - timedelta(days=3)
BEFORE, AFTER = LOOKED - timedelta(days=9), LOOKED + timedelta(days=1)
LISTS = {"on": names.EXCLUDED, "off": names.INCLUDED}


def seen(switch: str, *apps: Observation, **holders: object) -> State:
    """The organization with its switch and the list of that position, which names the wiki, as somebody saw them."""
    organization = organization_subject(ORG)
    said = [
        observed(names.IN_APP, organization, switch, grade=Grade.ATTESTED, at=LOOKED),
        observed(LISTS[switch], organization, (WIKI,), grade=Grade.ATTESTED, at=LOOKED),
    ]
    held_by = tuple((one.id, since) for one, since in holders.get("held_by", ()))  # type: ignore[attr-defined]
    return state_of(*apps, *said, alias_holders={WIKI: held_by} if held_by else {})


@pytest.mark.parametrize("switch", ["on", "off"])
def test_an_app_that_took_over_the_name_is_not_what_the_list_names(switch: str) -> None:
    """A site that was deleted and set up again has the name, but another ARI: the console's list does not name it."""
    state = seen(switch, *facts(NEW, alias=WIKI), held_by=((OLD, BEFORE), (NEW, AFTER)))
    answer = in_app(state, NEW)
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "app_name_reused")
    assert in_app(state, organization_subject(ORG)).value == ("contributed" if switch == "on" else None)
    verdict = judge("DC-12", state, NEW)
    assert verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("switch", "value"), [("on", "not_contributed"), ("off", "contributed")])
@pytest.mark.parametrize(
    "held_by", [(), ((OLD, BEFORE),), ((NEW, BEFORE - timedelta(9)), (OLD, BEFORE)), ((OLD, AFTER),)]
)
def test_the_app_that_had_the_name_is(switch: str, value: str, held_by: tuple[object, ...]) -> None:
    assert in_app(seen(switch, *facts(OLD, alias=WIKI), held_by=held_by), OLD).value == value


@pytest.mark.parametrize(("switch", "value"), [("on", "not_contributed"), ("off", "contributed")])
def test_an_app_that_was_renamed_is_still_what_the_list_names(switch: str, value: str) -> None:
    moved = facts(OLD, alias="app:acme-old.atlassian.net/confluence")
    state = seen(switch, *moved, *facts(NEW, alias=WIKI), held_by=((OLD, BEFORE), (NEW, AFTER)))
    assert in_app(state, OLD).value == value
    assert in_app(state, NEW).code == "app_name_reused"


@pytest.mark.parametrize(("created_at", "known"), [(BEFORE, True), (AFTER, False)])
def test_an_app_that_was_made_after_the_look_is_not(created_at: object, *, known: bool) -> None:
    made = observed(names.APP_CREATED_AT, NEW, f"{created_at}")
    assert in_app(seen("on", *facts(NEW, alias=WIKI), made), NEW).known is known


@pytest.mark.parametrize("switch", ["on", "off"])
def test_a_name_that_two_apps_have_or_had_names_neither_for_certain(switch: str) -> None:
    both = ((OLD, BEFORE), (NEW, BEFORE))
    now = seen(switch, *facts(OLD, alias=WIKI), *facts(NEW, alias=WIKI), held_by=both)
    assert {in_app(now, one).code for one in (OLD, NEW)} == {"ambiguous_entry"}
    then = seen(switch, *facts(NEW, alias=WIKI), held_by=both)
    assert in_app(then, NEW).code == "app_name_reused"
