"""What differs between two runs, and between which runs it happened."""

from __future__ import annotations

import pytest

from contribaudit.core.model.change import Change
from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.errors import UsageError
from contribaudit.store.history import History

from .builders import FAILED, ORG, PARTIAL, REALM, app, day, missing, realms, save, snapshot


def change(before: Value, after: Value, last: int | None, first: int, *, gone: bool = False) -> Change:
    """A change of app "one": `before` last seen on day `last` (None: was not there), `after` first on day `first`."""
    last_seen = None if last is None else day(last)
    return Change(app("one"), SettingId(REALM), before, after, last is not None, not gone, day(first), last_seen)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (["eu", "us"], change("eu", "us", 0, 1)),
        (["eu", "EU", "us", "us"], change("eu", "us", 1, 2)),
        (["eu", "us", "eu"], None),
        (["eu", "jp", "us"], change("eu", "us", 0, 2)),
        (["eu", "us", "jp", "us"], change("eu", "us", 0, 3)),
        ([None, "eu"], change(None, "eu", 0, 1)),
        (["eu", "absent", "absent"], change("eu", None, 0, 1, gone=True)),
        (["absent", "absent", "eu"], change(None, "eu", None, 2)),
        (["absent", "eu", "absent"], None),
        (["eu", "us", "absent"], change("eu", None, 0, 2, gone=True)),
        # What cannot be read is as it was last read: neither gone nor, once it can be read again, new.
        (["eu", missing("a"), missing("b")], None),
        ([missing("a"), missing("b"), "eu"], None),
        (["absent", missing("a"), "eu"], change(None, "eu", None, 2)),
        (["eu", missing("a"), "absent"], change("eu", None, 0, 2, gone=True)),
        (["eu", missing("a"), "eu", "us"], change("eu", "us", 2, 3)),
        (["eu", missing("a"), missing("b"), "us", "us"], change("eu", "us", 0, 3)),
        ([missing("a"), missing("b"), "absent"], None),
        (["eu", missing("a"), "eu"], None),
        (["eu", missing("a"), "us"], change("eu", "us", 0, 2)),
        (["eu", "failed", "failed", "us"], change("eu", "us", 0, 3)),
        (["eu", "partial", "us"], change("eu", "us", 0, 2)),
        (["eu", "partial"], None),
    ],
)
def test_between_the_first_run_and_the_last(history: History, seen: list[object], expected: Change | None) -> None:
    for number, value in enumerate(seen):
        if value in ("absent", "failed", "partial"):
            status = {"failed": FAILED, "partial": PARTIAL}
            told = {"apps": status[value]} if value in status else None
            save(history, snapshot(number, realms(), told))
        else:
            save(history, snapshot(number, realms(one=value)))  # type: ignore[arg-type]
    assert history.changes(ORG, 1, len(seen)) == ([] if expected is None else [expected])


def test_a_longer_story_is_cut_at_both_ends(history: History) -> None:
    for number, realm in enumerate(["eu", "us", "us", "jp", "au"]):
        save(history, snapshot(number, realms(one=realm)))
    assert history.changes(ORG, 3, 4) == [change("us", "jp", 2, 3)]
    assert history.changes(ORG, 2, 3) == history.changes(ORG, 3, 3) == []
    assert history.changes(ORG, 1, 3) == [change("eu", "us", 0, 1)]


def test_a_change_of_grade_alone_is_none_and_hides_none(history: History) -> None:
    """The value was seen through two intervals on either side."""
    for number, (realm, grade) in enumerate(
        [("eu", "documented"), ("eu", "decoded"), ("us", "documented"), ("us", "attested")]
    ):
        save(history, snapshot(number, realms(one=realm), grade=Grade(grade)))
    assert history.changes(ORG, 1, 2) == []
    assert history.changes(ORG, 1, 4) == [change("eu", "us", 1, 2)]


def test_changes_stand_in_the_order_of_their_subjects(history: History) -> None:
    save(history, snapshot(0, realms(two="eu", one="eu", three="eu")))
    save(history, snapshot(1, realms(three="us", one="us", two="us", four="us")))
    assert [c.subject.id for c in history.changes(ORG, 1, 2)] == ["two", "one", "three", "four"]


def test_the_newer_run_first_is_a_mistake(history: History) -> None:
    with pytest.raises(UsageError, match="newer than run 1"):
        history.changes(ORG, 2, 1)


def test_what_was_there_unread_is_not_new_whatever_it_held_afterwards(history: History) -> None:
    for number, value in enumerate([missing("a"), "us", "eu"]):
        save(history, snapshot(number, realms(one=value)))  # type: ignore[arg-type]
    assert history.changes(ORG, 1, 3) == []
    assert history.changes(ORG, 2, 3) == [change("us", "eu", 1, 2)]


def test_a_value_is_looked_for_behind_what_could_not_be_read(history: History) -> None:
    """At the run to compare with it was unreadable: what it was before then counts."""
    for number, realm in enumerate(["eu", missing("a"), missing("b"), "us"]):
        save(history, snapshot(number, realms(one=realm)))  # type: ignore[arg-type]
    for since in (2, 3):
        assert history.changes(ORG, since, 4) == [change("eu", "us", 0, 3)]
    assert history.changes(ORG, 2, 3) == []


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (["eu", "us", "eu"], [change("eu", "us", 0, 1), change("us", "eu", 1, 2)]),
        (["eu", "absent", "eu"], [change("eu", None, 0, 1, gone=True), change(None, "eu", None, 2)]),
        (["absent", "eu", "absent"], [change(None, "eu", None, 1), change("eu", None, 1, 2, gone=True)]),
        (["eu", missing("a"), "us", "eu"], [change("eu", "us", 0, 2), change("us", "eu", 2, 3)]),
        ([missing("a"), "eu", "us"], [change("eu", "us", 1, 2)]),
        (["eu", "partial", "EU"], []),
    ],
)
def test_every_step_on_the_way(history: History, seen: list[object], expected: list[Change]) -> None:
    for number, value in enumerate(seen):
        told = {"apps": PARTIAL} if value == "partial" else None
        saw = realms() if value in ("absent", "partial") else realms(one=value)  # type: ignore[arg-type]
        save(history, snapshot(number, saw, told))
    assert history.changes(ORG, 1, len(seen), steps=True) == expected
