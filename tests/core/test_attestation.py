"""Which attestations count at a moment, and who stands behind one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from contribaudit.core.model.attestation import Attachment, in_force, known_by, unrevoked_by
from contribaudit.core.model.subject import pseudonym, same_person
from tests.builders import NOW, app

from .attesting import ANNA, BERT, METADATA, ORGANIZATION, SWITCH, A, days, look, signed

OLD, NEW = look("off", 9), look("on", 3)
KEY = (ORGANIZATION, SWITCH.id)


def test_the_newest_supersedes_by_when_it_was_observed() -> None:
    """Not by when it was typed in, nor by the order of the list."""
    late = replace(OLD, recorded=signed(at=days(1)))
    assert in_force([NEW, late], NOW) == in_force([late, NEW], NOW) == {KEY: [NEW]}


def test_each_setting_and_subject_has_its_own() -> None:
    found = in_force([NEW, look("on", 5, setting=METADATA), replace(OLD, subject=app())], NOW)
    assert set(found) == {KEY, (ORGANIZATION, METADATA.id), (app(), SWITCH.id)}


def test_several_of_the_same_moment_are_all_in_force() -> None:
    other = replace(NEW, id="other", value="off")
    assert in_force([OLD, NEW, other], NOW) == {KEY: [NEW, other]}
    assert in_force([NEW, replace(other, revoked=signed())], NOW) == {KEY: [NEW]}


@pytest.mark.parametrize(
    ("older", "newer", "same"),
    [
        ("12:00:00", "12:00:54.5", True),
        ("12:00:54.5", "12:01:00", False),
        ("11:59:00", "12:00:00", False),
        ("12:00:54", "12:00:54.5", True),
        ("12:00:54", "12:00:55.5", False),
        ("12:00:53.5", "12:00:54.5", False),
        ("12:00:00.5", "12:00:54.5", False),
        ("12:00:30", "12:00:54", False),
    ],
)
def test_a_time_without_seconds_may_be_any_moment_of_its_minute(older: str, newer: str, *, same: bool) -> None:
    """Else a look that is typed in with its minute is superseded by what was recorded some seconds before it."""
    one, other = (
        replace(NEW, id=time, observed_at=datetime.fromisoformat(f"2026-11-20T{time}+00:00")) for time in (older, newer)
    )
    assert in_force([one, other], NOW) == {KEY: [one, other] if same else [other]}


def test_a_superseded_attestation_never_comes_back() -> None:
    revoked = replace(NEW, revoked=signed(at=days(1)))
    assert in_force([OLD, revoked], NOW) == {}
    assert in_force([OLD, revoked], days(2)) == {KEY: [revoked]}


def test_what_is_observed_recorded_or_revoked_later_does_not_count_yet() -> None:
    typed_later = replace(NEW, recorded=signed(at=days(1)))
    assert known_by([OLD, typed_later, look("on", -1)], days(2)) == [OLD]
    revoked = replace(OLD, revoked=signed(at=days(1)))
    assert unrevoked_by([revoked, NEW], days(2)) == [revoked, NEW]
    assert unrevoked_by([revoked, NEW], NOW) == [NEW]


@pytest.mark.parametrize(
    ("typed_by", "confirmed", "expected"),
    [
        (ANNA, (), None),
        (ANNA, (ANNA,), None),
        (ANNA, (f" {ANNA.upper()} ",), None),
        (BERT, (BERT,), None),
        (ANNA, (ANNA, BERT, "carl@acme.example"), BERT),
    ],
)
def test_the_second_person_is_neither_who_looked_nor_who_typed(
    typed_by: str, confirmed: tuple[str, ...], expected: str | None
) -> None:
    shot = replace(NEW, recorded=signed(typed_by, days(3)), confirmed=tuple(signed(one, days(2)) for one in confirmed))
    second = shot.second_person
    assert (second.by if second else None) == expected
    assert shot.witness(NOW).confirmed_by == expected
    assert shot.witness(days(2.5)).confirmed_by is None


def test_a_witness_says_whether_there_is_a_screenshot() -> None:
    assert not NEW.witness(NOW).screenshot
    shown = replace(NEW, attachments=(Attachment("a.png", "ab", 1),)).witness(NOW, anchored=True)
    assert (shown.by, shown.screenshot, shown.anchored) == (ANNA, True, True)


def test_anchors_bind_unless_something_says_that_they_do_not() -> None:
    assert look("on", 1, A).bound
    assert not look("on", 1, A, unanchored_reason="it moved").bound
    assert not look("on", 1, None, unanchored_reason="").bound


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann@acme.example", "Ann Looker <ANN@acme.example>", True),
        ("Ann, ann@acme.example", "mailto:ann@acme.example", True),
        ("Ann <ann@acme.example>", pseudonym("ann@acme.example"), True),
        ("Ann <ann@acme.example>", "Ann <bert@acme.example>", False),
        ("ann@acme.example", "ann@acme.example.org", False),
        ("Ann <ann@acme.example>", "Ann", False),
        ("Ann Looker", "ANN LOOKER ", True),
        ("ann@acme.example", "ann\u200b@acme.example\u202e", True),
        ("ann@acme.example", "\u0430nn@\u0430cm\u0435.example", True),
        ("\u0430nn@acme.example", pseudonym("\u0430nn@acme.example"), True),
        ("\u0430nn@acme.example", pseudonym("ann@acme.example"), True),
        ("ann@acme.example", "ann+2@acme.example", False),
    ],
)
def test_one_person_by_the_mail_address_in_whatever_they_are_called(one: str, other: str, same: bool) -> None:
    assert (same_person(one, other), same_person(other, one)) == (same, same)
