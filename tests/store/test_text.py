"""Names and values come back to the letter, whatever they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.model.observation import Grade, Observed, SettingId, Unavailable, Value
from contribaudit.core.model.snapshot import Snapshot
from contribaudit.core.model.subject import COMPANY, Kind, Subject
from contribaudit.store.columns import escape, read_moment, read_value, unescape, write_moment, write_value
from contribaudit.store.history import History

from .builders import FAILED, OK, app, collection, day, draft, observation, snapshot

ANY_TEXT = st.text(st.characters())  # lone surrogates included
VALUES = st.none() | st.booleans() | st.integers() | ANY_TEXT | st.lists(ANY_TEXT).map(tuple)
HOSTILE = [
    "'; DROP TABLE facts; --",
    'He said "no"',
    "back\\slash \\u0000 %s ? :name",
    "NUL \x00 inside",
    "lone \ud800 surrogate",
    "\u202eright to left\u200f",
    "x" * 300,
    "🦊" * 300,
    "line\nbreak\r\ttab",
    "",
    " ",
]


@given(ANY_TEXT)
def test_texts_are_kept_in_ascii(text: str) -> None:
    assert unescape(escape(text)) == text
    assert escape(text).isascii()
    assert "\x00" not in escape(text)


@given(VALUES)
def test_values_keep_their_type(value: Value) -> None:
    read = read_value(write_value(value))
    assert (type(read), read) == (type(value), value)


@given(st.datetimes(timezones=st.timezones()))
def test_moments_are_kept_to_the_microsecond(moment: datetime) -> None:
    assert read_moment(write_moment(moment)) == moment.astimezone(UTC)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_anywhere(history: History, text: str) -> None:
    at = day(0)
    organization = f"org {text}"
    subject, setting = Subject(text, Kind.SPACE, text), SettingId(text)
    seen = Observed(setting, subject, (text,), Grade.DECODED, at, text)
    unread = Unavailable(setting, app("one"), text, text, at, text, text)
    collections = (
        collection(organization, f"c {text}", OK, at, 2),
        replace(collection(organization, "failed", FAILED, at, 0), reason=text, code=text, missing_scope=text),
    )
    taken = Snapshot(organization, at, at, collections, {f"c {text}": (seen, unread)})
    written = replace(draft(0), account=text, host=text, trigger=text, selection=text, policy_name=text)
    record = history.save(written, [taken])
    assert history.snapshot(organization, 1) == taken
    assert history.run(1) == record
    assert (record.account, record.selection, record.organizations) == (text, text, (organization,))
    history.save(written, [taken])
    assert [fact.first_run for fact in history.known(organization).facts] == [1, 1]
    with history.lock(organization):
        pass


def test_subjects_of_every_kind(history: History) -> None:
    at = day(0)
    subjects = [COMPANY, *(Subject("o", kind, "same") for kind in Kind), app("same", "another")]
    seen = tuple(replace(observation("", "any", "v", at), subject=subject) for subject in subjects)
    taken = Snapshot("o", at, at, (collection("o", "c", OK, at, 1),), {"c": seen})
    history.save(draft(0), [taken])
    assert history.snapshot("o", 1) == taken


@pytest.mark.parametrize("value", [2**80, -(2**63), True, 0, None, (), ("",)])
def test_values_come_back_with_their_type(history: History, value: Value) -> None:
    taken = snapshot(0, {"apps": {("one", "any"): value}})
    history.save(draft(0), [taken])
    (seen,) = history.snapshot(taken.organization, 1).observations
    assert isinstance(seen, Observed)
    assert (type(seen.value), seen.value) == (type(value), value)
