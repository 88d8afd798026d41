"""Intervals open, stay, close and open again, as far as their collector came."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from contribaudit.core.model.observation import Grade, Unavailable, Value
from contribaudit.errors import UsageError
from contribaudit.store.history import History
from contribaudit.store.schema import facts

from .builders import (
    FAILED,
    OK,
    ORG,
    PARTIAL,
    REALM,
    REGIONS,
    day,
    draft,
    missing,
    observation,
    realms,
    save,
    snapshot,
    sorted_observations,
    values_of,
)


def rows(history: History) -> list[tuple[int, int | None, int | None]]:
    """First, last and ended run of every interval, in the order in which they were opened."""
    with history._reading() as connection:
        query = select(facts.c.first_run, facts.c.last_run, facts.c.ended_run).order_by(facts.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_an_unchanged_value_touches_no_row(history: History) -> None:
    for number in range(3):
        save(history, snapshot(number, realms(one="eu", two="us")))
    assert rows(history) == [(1, None, None), (1, None, None)]


def test_a_changed_value_closes_one_interval_and_opens_the_next(history: History) -> None:
    for number, realm in enumerate(["eu", "eu", "us", "eu"]):
        save(history, snapshot(number, realms(one=realm)))
    assert rows(history) == [(1, 2, 3), (3, 3, 4), (4, None, None)]


def test_a_value_that_is_gone_ends_and_comes_back_as_a_new_interval(history: History) -> None:
    for number, saw in enumerate([realms(one="eu"), realms(), realms(), realms(one="eu")]):
        save(history, snapshot(number, saw))
    assert rows(history) == [(1, 1, 2), (4, None, None)]


@pytest.mark.parametrize(
    ("setting", "before", "after", "same"),
    [
        (REALM, "EU", "eu", True),
        (REGIONS, ("a", "b"), ("b", "a", "A"), True),
        (REGIONS, None, (), True),
        ("contribution.some_list", None, (), False),
        ("any.thing", 1, True, False),
        ("any.thing", 0, False, False),
        ("any.thing", "1", 1, False),
        ("any.thing", "x", "X", False),
        ("any.thing", (), "", False),
        ("any.thing", ("a",), "a", False),
    ],
)
def test_the_catalogue_says_which_values_are_the_same(
    history: History, setting: str, before: object, after: object, same: bool
) -> None:
    for number, value in enumerate([before, after]):
        save(history, snapshot(number, {"apps": {("one", setting): value}}))  # type: ignore[dict-item]
    assert rows(history) == ([(1, None, None)] if same else [(1, 1, 2), (2, None, None)])


def test_another_grade_is_another_fact(history: History) -> None:
    save(history, snapshot(0, realms(one="eu")))
    save(history, snapshot(1, realms(one="eu"), grade=Grade.ATTESTED))
    assert rows(history) == [(1, 1, 2), (2, None, None)]


def test_what_could_not_be_read_is_a_fact_by_its_code(history: History) -> None:
    told: list[Value | Unavailable] = [missing("a"), missing("a", "read:x"), missing("b"), "eu", missing("b")]
    for number, said in enumerate(told):
        save(history, snapshot(number, realms(one=said)))
    assert rows(history) == [(1, 2, 3), (3, 3, 4), (4, 4, 5), (5, None, None)]
    assert values_of(history.known(ORG).by_collector["apps"]) == {("one", REALM): "!b"}


def test_a_failed_collector_touches_nothing(history: History) -> None:
    save(history, snapshot(0, realms(one="eu")))
    failed = snapshot(1, {}, {"apps": FAILED})
    save(history, failed)
    assert rows(history) == [(1, None, None)]
    assert history.snapshot(ORG, 2) == failed
    (fact,) = history.known(ORG).facts
    assert (fact.collector, fact.first_run, fact.last_run) == ("apps", 1, 1)


def test_observations_of_a_failed_collector_are_not_kept(history: History) -> None:
    save(history, snapshot(0, realms(one="eu")))
    failed = snapshot(1, {}, {"apps": FAILED})
    seen = snapshot(1, realms(one="us")).by_collector
    save(history, type(failed)(ORG, failed.started_at, failed.finished_at, failed.collections, seen))
    assert history.snapshot(ORG, 2) == failed
    assert values_of(history.known(ORG).by_collector["apps"]) == {("one", REALM): "eu"}


def test_a_partial_collector_changes_what_it_saw_and_leaves_the_rest(history: History) -> None:
    save(history, snapshot(0, realms(one="eu", two="eu", three="eu")))
    half = snapshot(1, realms(one="us", two="eu"), {"apps": PARTIAL})
    save(history, half)
    assert rows(history) == [(1, 1, 2), (1, None, None), (1, None, None), (2, None, None)]
    assert sorted_observations(history.snapshot(ORG, 2)) == sorted_observations(half)
    reach = {fact.observation.subject.id: (fact.first_run, fact.last_run) for fact in history.known(ORG).facts}
    assert reach == {"one": (2, 2), "two": (1, 2), "three": (1, 1)}


def test_an_interval_ends_where_it_was_last_seen(history: History) -> None:
    """Neither a failed run nor a partial one that did not see it extends a fact."""
    save(history, snapshot(0, realms(one="eu", two="eu")))
    save(history, snapshot(1, realms(two="eu"), {"apps": PARTIAL}))
    save(history, snapshot(2, {}, {"apps": FAILED}))
    save(history, snapshot(3, realms()))
    assert rows(history) == [(1, 1, 4), (1, 2, 4)]


def test_a_collector_left_out_of_a_run_keeps_its_facts(history: History) -> None:
    save(history, snapshot(0, {**realms(one="eu"), "spaces": {("s", REALM): "eu"}}))
    save(history, snapshot(1, {"spaces": {("s", REALM): "us"}}))
    known = history.known(ORG)
    assert [(fact.collector, fact.first_run, fact.last_run) for fact in known.facts] == [
        ("apps", 1, 1),
        ("spaces", 2, 2),
    ]
    assert list(history.snapshot(ORG, 2).by_collector) == ["spaces"]


def test_two_collectors_may_speak_of_the_same_setting(history: History) -> None:
    both = snapshot(0, {"apps": {("one", REALM): "eu"}, "attested": {("one", REALM): "us"}})
    save(history, both)
    assert history.snapshot(ORG, 1) == both


def test_of_two_observations_about_the_same_the_last_is_kept(history: History) -> None:
    once, again = snapshot(0, realms(one="eu")), snapshot(0, realms(one="us"))
    twice = once.by_collector["apps"] + again.by_collector["apps"]
    save(history, type(once)(ORG, once.started_at, once.finished_at, once.collections, {"apps": twice}))
    assert history.snapshot(ORG, 1) == again


def test_observations_without_a_collection_are_a_mistake(history: History) -> None:
    taken = snapshot(0, realms(one="eu"))
    with pytest.raises(ValueError, match="apps"):
        history.save(draft(0), [replace(taken, collections=())])
    assert history.runs() == []


def test_known_looks_back(history: History) -> None:
    for number, realm in enumerate(["eu", "us", "us"]):
        save(history, snapshot(number, realms(one=realm)))
    assert history.known(ORG, before=1).facts == ()
    assert values_of(history.known(ORG, before=2).by_collector["apps"]) == {("one", REALM): "eu"}
    (before,) = history.known(ORG, before=3).facts
    (now,) = history.known(ORG).facts
    assert (before.last_run, now.last_run) == (2, 3)
    assert [before.observation, now.observation] == [observation("one", REALM, "us", day(n)) for n in (1, 2)]
    assert history.known("another").facts == ()


def test_organizations_of_a_run_do_not_mix(history: History) -> None:
    record = history.save(
        draft(0), [snapshot(0, realms(one="eu"), organization="z"), snapshot(0, realms(one="us"), {"apps": OK}, "b")]
    )
    assert record.organizations == ("z", "b")
    save(history, snapshot(1, realms(), organization="z"))
    assert history.known("z").facts == ()
    assert values_of(history.known("b").by_collector["apps"]) == {("one", REALM): "us"}
    with pytest.raises(UsageError, match="did not audit"):
        history.snapshot("b", 2)
