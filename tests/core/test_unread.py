"""What a collector could not read is said for every subject that it was known to reach."""

from __future__ import annotations

from contribaudit.core.model import names
from contribaudit.core.model.observation import Observed, Unavailable
from contribaudit.core.model.subject import organization_subject
from contribaudit.core.resolve.resolve import mark_unread
from tests.builders import NOW, ORG, app, collection, collections, facts, observed, snapshot, state_of

SCOPE = "read:workspaces:admin"
FAILED = collections(collection("workspaces", "forbidden", scope=SCOPE))
KNOWN = {"workspaces": [observed(names.REALM, app("one"), "EU"), observed(names.REALM, app("two"), "US")]}


def test_a_whole_reading_owes_nothing() -> None:
    """An app that is gone from a whole list is gone."""
    seen = facts(app("one"), realm="DE")
    marked = list(mark_unread(snapshot(seen), KNOWN, {"workspaces": [names.REALM]}))
    assert set(marked) == set(seen)


def test_a_row_never_vanishes() -> None:
    """A failed reading owes every subject known from earlier, with the reason and the scope that is missing."""
    marked = list(mark_unread(snapshot(runs=FAILED), KNOWN, {}))
    assert [(one.subject, type(one)) for one in marked] == [(app("one"), Unavailable), (app("two"), Unavailable)]
    for one in marked:
        assert isinstance(one, Unavailable)
        assert (one.setting, one.code, one.missing_scope) == (names.REALM, "forbidden", SCOPE)
        assert (one.reason, one.attempted_at) == (FAILED[1].reason, NOW)


def test_a_partial_reading_owes_only_what_it_did_not_bring() -> None:
    """What was read stays; the rest of what is known is owed."""
    runs = collections(collection("workspaces", "count_mismatch"))
    seen = observed(names.REALM, app("one"), "DE")
    marked = list(mark_unread(snapshot([seen], runs), KNOWN, {}))
    assert marked[0] == seen
    assert [(one.subject, type(one)) for one in marked[1:]] == [(app("two"), Unavailable)]


def test_a_promise_is_owed_once_for_the_organization() -> None:
    """For the subjects that nobody ever saw."""
    marked = list(mark_unread(snapshot(runs=FAILED), {}, {"workspaces": [names.REALM, names.PLAN]}))
    owed = [(one.subject, one.setting) for one in marked]
    assert owed == [(organization_subject(ORG), names.REALM), (organization_subject(ORG), names.PLAN)]


def test_only_the_collector_that_failed_owes() -> None:
    """What the others knew is not repeated."""
    known = {**KNOWN, "policies": [observed(names.MOVE, app("one"), "applied")]}
    assert {one.setting for one in mark_unread(snapshot(runs=FAILED), known, {"policies": [names.MOVE]})} == {
        names.REALM
    }


def test_what_is_owed_on_the_organization_stands_for_its_apps() -> None:
    """An app of which policies were never read says why, with the scope, and not "nobody looked"."""
    runs = collections(collection("policies", "forbidden", scope="read:policies:admin"))
    seen = state_of(*facts(app())[:5], runs=runs).read(app(), names.MOVE)
    assert isinstance(seen, Unavailable)
    assert (seen.subject, seen.code, seen.missing_scope) == (app(), "forbidden", "read:policies:admin")
    whole = state_of(*facts(app())[:5]).read(app(), names.MOVE)
    assert isinstance(whole, Unavailable)
    assert whole.code == "not_read"


def test_a_value_of_the_organization_is_none_of_its_apps() -> None:
    """Only what is owed is passed down, never a value."""
    state = state_of(observed(names.REALM, organization_subject(ORG), "EU"), *facts(app())[:1])
    assert not isinstance(state.read(app(), names.REALM), Observed)
