"""Who carried an alias, also before."""

from __future__ import annotations

from contribaudit.core.model.observation import Unavailable, Value
from contribaudit.store.history import History

from .builders import ALIAS, ORG, day, missing, save, snapshot


def aliases(history: History, *runs: dict[str, Value | Unavailable]) -> None:
    for number, names in enumerate(runs):
        save(history, snapshot(number, {"apps": {(name, ALIAS): alias for name, alias in names.items()}}))


def test_holders_oldest_first_ended_ones_included(history: History) -> None:
    aliases(history, {"old": "Jira"}, {"old": "Jira", "new": "wiki"}, {"new": "JIRA"}, {"new": "JIRA", "old": "wiki"})
    assert history.alias_holders(ORG) == {
        "jira": (("old", day(0)), ("new", day(2))),
        "wiki": (("new", day(1)), ("old", day(3))),
    }


def test_a_holder_that_comes_back_is_named_once(history: History) -> None:
    aliases(history, {"one": "a"}, {"one": "b"}, {"one": "A"})
    assert history.alias_holders(ORG) == {"a": (("one", day(0)),), "b": (("one", day(1)),)}


def test_a_holder_that_gets_it_back_from_another_is_named_again(history: History) -> None:
    """Else a waiver that was approved for the other would count for it."""
    aliases(history, {"one": "a"}, {"two": "a"}, {"one": "a"})
    assert history.alias_holders(ORG) == {"a": (("one", day(0)), ("two", day(1)), ("one", day(2)))}


def test_what_is_no_alias_is_left_out(history: History) -> None:
    aliases(history, {"one": None, "two": missing()})
    assert history.alias_holders(ORG) == {}
    assert history.alias_holders("nobody") == {}
