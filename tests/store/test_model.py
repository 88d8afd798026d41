"""Any sequence of runs reads back as if every snapshot had been kept whole."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contribaudit import catalogue
from contribaudit.core.model.observation import Observation, Observed, Value
from contribaudit.core.model.setting import comparable
from contribaudit.core.model.snapshot import CollectionStatus, Snapshot
from contribaudit.store.facts import pack, unpack
from contribaudit.store.history import History

from .builders import FAILED, OK, ORG, PARTIAL, Saw, missing, observation, save, snapshot, sorted_observations

COLLECTORS = ("apps", "spaces")
KEYS = st.tuples(st.sampled_from(["one", "two", "three"]), st.sampled_from(["contribution.x", "residency.realm"]))
VALUES = st.one_of(
    st.sampled_from([None, True, False, 1, 0, "", "eu", "1", (), ("a",), ("a", "b")]),
    st.sampled_from([missing("missing_key"), missing("unknown_word")]),
)
SAW = st.dictionaries(KEYS, VALUES, max_size=4)
RUN = st.dictionaries(st.sampled_from(COLLECTORS), st.tuples(SAW, st.sampled_from([OK, OK, PARTIAL, FAILED])))

Known = dict[tuple[str, str, str], Observation]
"""By collector, app and setting."""
LastRead = dict[tuple[str, str, str], Observation]
"""The same, but what could not be read is as it was last read; Unavailable where it never was."""


def said(seen: Observation) -> tuple[object, ...]:
    """What makes two observations the same fact."""
    if isinstance(seen, Observed):
        value = comparable(catalogue.find(seen.setting), seen.value)
        return type(value).__name__, value, seen.grade
    return ("unavailable", seen.code)


def learn(known: Known, taken: Snapshot) -> Known:
    """The naive model: what is known after one more snapshot."""
    after = dict(known)
    for collection in taken.collections:
        if collection.status is OK:
            after = {key: seen for key, seen in after.items() if key[0] != collection.collector}
        for seen in taken.by_collector.get(collection.collector, ()):
            after[collection.collector, seen.subject.id, seen.setting] = seen
    return after


def look_through(before: LastRead, known: Known) -> LastRead:
    """What is known, with what could not be read as it was last read."""
    return {key: before.get(key, seen) if not isinstance(seen, Observed) else seen for key, seen in known.items()}


def value_changes(
    before: LastRead, after: LastRead, away: frozenset[tuple[str, str, str]] = frozenset()
) -> set[tuple[str, str, str]]:
    """Keys whose value is not what it was; what was there unread changes by being read no more than by staying so.

    `away` are those that were not there for a while in between: what comes back is new.
    """

    def value(known: LastRead, key: tuple[str, str, str]) -> tuple[str, Value] | None:
        seen = known.get(key)
        if not isinstance(seen, Observed):
            return None
        compared = comparable(catalogue.find(seen.setting), seen.value)
        return type(compared).__name__, compared

    unread = {key for key, seen in before.items() if not isinstance(seen, Observed)}
    return {key for key in before.keys() | after.keys() if value(before, key) != value(after, key)} - (unread - away)


@pytest.fixture(scope="module")
def empty_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: migrating takes longer than an example."""
    path = tmp_path_factory.mktemp("model") / "history.db"
    History.open(str(path)).close()
    return path


@settings(max_examples=60)
@given(st.lists(RUN, min_size=1, max_size=7))
def test_every_run_reads_back(empty_history: Path, sequence: list[dict[str, tuple[Saw, CollectionStatus]]]) -> None:
    with TemporaryDirectory() as folder, History.open(shutil.copy(empty_history, folder)) as history:
        kept: list[Snapshot] = []
        model: list[Known] = [{}]
        for number, run in enumerate(sequence):
            saw = {collector: values for collector, (values, _) in run.items()}
            status = {collector: status for collector, (_, status) in run.items()}
            kept.append(snapshot(number, saw, status))
            save(history, kept[-1])
            model.append(learn(model[-1], kept[-1]))
        for number, taken in enumerate(kept, 1):
            read = history.snapshot(ORG, number)
            assert (read.collections, read.started_at) == (taken.collections, taken.started_at)
            assert sorted_observations(read) == sorted_observations(taken)
        for number in range(1, len(model)):
            _check_known(history, number, model)
        read_last: list[LastRead] = [{}]
        for known in model[1:]:
            read_last.append(look_through(read_last[-1], known))
        for (since, before), (until, after) in pairwise(enumerate(read_last)):
            _check_changes(history, since, until, before, after)
        away = frozenset(key for key in model[1] if any(key not in known for known in model[1:]))
        _check_changes(history, 1, len(kept), read_last[1], read_last[-1], away)


def _check_known(history: History, number: int, model: list[Known]) -> None:
    facts = history.known(ORG, before=number + 1).facts
    assert {(f.collector, f.observation.subject.id, str(f.observation.setting)): f.observation for f in facts} == model[
        number
    ]
    for fact in facts:
        key = fact.collector, fact.observation.subject.id, fact.observation.setting
        span = model[fact.first_run : number + 1]
        assert {said(known[key]) for known in span} == {said(fact.observation)}
        earlier = model[fact.first_run - 1].get(key)
        assert earlier is None or said(earlier) != said(fact.observation)


def _check_changes(
    history: History,
    since: int,
    until: int,
    before: LastRead,
    after: LastRead,
    away: frozenset[tuple[str, str, str]] = frozenset(),
) -> None:
    changes = history.changes(ORG, since, until)
    found = {(c.subject.id, str(c.setting)) for c in changes}
    wanted = value_changes(before, after, away)
    assert found == {(subject, setting) for _, subject, setting in wanted}
    assert len(changes) == len(wanted)
    for change in changes:
        assert change.last_seen is None or change.last_seen < change.first_seen
        for known, value, exists in (
            (before, change.before, change.existed_before),
            (after, change.after, change.exists_after),
        ):
            seen = [known.get((collector, change.subject.id, str(change.setting))) for collector in COLLECTORS]
            values = [o.value for o in seen if isinstance(o, Observed)]
            assert not exists or value in values


@given(st.sets(st.integers(1, 10**12) | st.integers(1, 300)))
def test_a_packed_set_is_unpacked(ids: set[int]) -> None:
    assert unpack(pack(ids)) == ids


def test_neighbours_take_no_room() -> None:
    assert len(pack(range(1, 75_000))) < 20


def test_observation_of_the_model_is_the_builders() -> None:
    """The model compares observations whole, their time included."""
    assert said(observation("one", "residency.realm", "EU", snapshot(0, {}).started_at))[1] == "eu"
