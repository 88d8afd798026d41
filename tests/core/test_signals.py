"""How a signal stands, and whether it moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contribaudit.core.model.attestation import Anchor
from contribaudit.core.model.observation import SettingId
from contribaudit.core.resolve.signals import (
    Presence,
    departed,
    newer,
    newest,
    readings,
    revision_of,
    settled_of,
    signal_name,
    what_moved,
)
from tests.builders import NOW, app, collection, collections, observed, unavailable

from .attesting import FAMILY, HIPAA, ORGANIZATION, USE, A, anchors, days, look, state_of

KEY = (ORGANIZATION, USE)


def test_the_organizations_signals_anchor_it_and_everything_in_it() -> None:
    """An app has its own beside them, of the kinds of signal that apps can have; another family has others."""
    state = state_of(A, more=[observed(USE, app(), ("x",))])
    assert [(one.signal, one.owner) for one in readings(state, ORGANIZATION, FAMILY)] == [
        (USE, ORGANIZATION),
        (HIPAA, ORGANIZATION),
    ]
    assert [(one.signal, one.owner, one.state) for one in readings(state, app(), FAMILY)] == [
        (USE, ORGANIZATION, ("a",)),
        (USE, app(), ("x",)),
        (HIPAA, ORGANIZATION, None),
    ]


def test_present_absent_and_its_revision() -> None:
    use, hipaa = readings(state_of(A, revision="2026-11-01"), ORGANIZATION, FAMILY)
    assert (use.presence, use.state, use.revision, use.settled) == (Presence.PRESENT, ("a",), "2026-11-01", True)
    assert (hipaa.presence, hipaa.state, hipaa.revision, hipaa.settled) == (Presence.ABSENT, None, "", True)
    assert not readings(state_of(A, unsettled=[USE]), ORGANIZATION, FAMILY)[0].settled


def test_absent_only_from_a_complete_list() -> None:
    """What a partial list holds was read; what it does not hold was not."""
    partial = state_of(A, runs=collections(collection("policies", "count_mismatch")))
    use, hipaa = readings(partial, ORGANIZATION, FAMILY)
    assert (use.presence, hipaa.presence) == (Presence.PRESENT, Presence.UNREAD)
    assert "count_mismatch" in hipaa.reason
    assert readings(state_of({}, runs=()), ORGANIZATION, FAMILY)[0].presence is Presence.UNREAD


@pytest.mark.parametrize(
    "said",
    [
        unavailable(USE, ORGANIZATION, "contradicting_entries"),
        unavailable(revision_of(USE), ORGANIZATION, "contradicting_entries"),
        observed(USE, ORGANIZATION, "no digests"),
    ],
)
def test_what_a_whole_list_could_not_say_is_unread(said: object) -> None:
    """Not absent."""
    state = state_of(A, more=[])
    state.add(said)  # type: ignore[arg-type]
    assert readings(state, ORGANIZATION, FAMILY)[0].presence is Presence.UNREAD


def test_the_settings_beside_a_signal_are_named_after_it() -> None:
    assert (revision_of(USE), settled_of(USE)) == ("revision.signal.policy.use", "settled.signal.policy.use")


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        ("", "", False),
        ("", "2026-11-01", False),
        ("2026-11-01", "", True),
        ("2026-11-02T00:00:00Z", "2026-11-01T23:00:00-02:00", False),
        ("2026-11-01T23:00:00-02:00", "2026-11-02T00:00:00Z", True),
        ("2026-11-01T00:00:00.000Z", "2026-11-01T00:00:00Z", False),
        ("1763683200000", "1763683200001", True),
        ("x", "x", False),
    ],
)
def test_newer(now: str, then: str, expected: bool) -> None:
    """Two revisions that cannot be ordered are not the same one."""
    assert newer(now, then) is expected


def test_newest_is_told_by_time_and_not_by_spelling() -> None:
    assert newest([]) == ""
    assert newest(["2026-11-01T23:00:00-02:00", "2026-11-02T00:30:00Z", "soon"]) == "2026-11-01T23:00:00-02:00"


HISTORY = {KEY: ((days(9), ("a",)), (days(5), None), (days(2), ("a",)))}


def test_departed_is_when_a_run_first_saw_another_state_after_the_look() -> None:
    anchor = Anchor(USE, ORGANIZATION, ("a",))
    assert departed(HISTORY, anchor, days(7), NOW) == days(5)
    assert departed(HISTORY, anchor, days(7), days(6)) is None
    assert departed(HISTORY, anchor, days(3), NOW) is None
    assert departed(HISTORY, replace(anchor, state=None), days(3), NOW) == days(2)
    assert departed({}, anchor, days(7), NOW) is None
    assert departed({KEY: HISTORY[KEY][::-1]}, anchor, days(10), NOW) == days(5)


def test_what_moved_names_the_first_signal_that_did() -> None:
    shot = look("off", 3, A, anchors=anchors(A, "2026-11-01"))

    def moved(**changed: object) -> str:
        use, hipaa = readings(state_of(A, revision="2026-11-01"), ORGANIZATION, FAMILY)
        read = {KEY: replace(use, **changed), (ORGANIZATION, HIPAA): hipaa}  # type: ignore[arg-type]
        found = what_moved({}, shot, read, NOW)
        assert found is None or found.anchor.signal == USE
        return "" if found is None else found.what

    assert moved() == ""
    assert moved(state=("b",)) == "the signal use moved, first seen in this run"
    assert moved(revision="2026-11-09") == "the signal use was updated on 2026-11-09"
    assert moved(state=None, revision="") == "the signal use moved, first seen in this run"


def test_a_sentence_names_a_signal_in_words() -> None:
    """By the policy's type, whatever characters that has."""
    assert signal_name(SettingId("signal.policy.generative-ai")) == "the signal generative-ai"
    assert signal_name(SettingId("signal.policy.new.kind")) == "the signal new.kind"
    assert signal_name(SettingId("signal.workspace.policy")) == "the signal workspace policy"
