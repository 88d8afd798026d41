"""When two values of a setting are the same."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.model.observation import Grade, SettingId, Value
from contribaudit.core.model.setting import Family, Setting, same_value
from contribaudit.core.model.subject import Kind


def setting(*, ignores_case: bool = False, unordered: bool = False, null_is_empty: bool = False) -> Setting:
    """A setting that is compared this way."""
    return Setting(
        SettingId("x"),
        Family.ORGANIZATION,
        (Kind.APP,),
        "",
        Grade.DOCUMENTED,
        "",
        ignores_case=ignores_case,
        unordered=unordered,
        null_is_empty=null_is_empty,
    )


PLAIN = setting()
FOLDED = setting(ignores_case=True)
SET = setting(unordered=True)
FOLDED_SET = setting(ignores_case=True, unordered=True)
NULLABLE = setting(null_is_empty=True)


@pytest.mark.parametrize(
    ("how", "left", "right", "same"),
    [
        (PLAIN, "EU", "EU", True),
        (PLAIN, "EU", "eu", False),
        (FOLDED, "EU", "eu", True),
        (FOLDED, "STRASSE", "straße", True),
        (PLAIN, ("a", "b"), ("b", "a"), False),
        (SET, ("a", "b"), ("b", "a"), True),
        (SET, ("a", "a", "b"), ("a", "b"), True),
        (PLAIN, ("a", "a"), ("a",), False),
        (SET, ("A",), ("a",), False),
        (FOLDED_SET, ("A", "b"), ("B", "a", "A"), True),
        (SET, ("a",), ("a", "b"), False),
        (PLAIN, None, (), False),
        (SET, None, (), False),
        (NULLABLE, None, (), True),
        (NULLABLE, None, "", False),
        (PLAIN, None, None, True),
        (PLAIN, None, "", False),
        (PLAIN, None, False, False),
        (PLAIN, True, 1, False),
        (PLAIN, False, 0, False),
        (PLAIN, True, "true", False),
        (FOLDED, 1, "1", False),
        (PLAIN, "a", ("a",), False),
    ],
)
def test_same_value(how: Setting, left: Value, right: Value, *, same: bool) -> None:
    """Order, case and null count where the catalogue does not say otherwise."""
    assert same_value(how, left, right) is same
    assert same_value(how, right, left) is same


@given(st.lists(st.text()), st.randoms(use_true_random=False))
def test_an_unordered_list_stays_the_same_when_mixed_and_repeated(texts: list[str], random: Random) -> None:
    """However often and in whatever order, it is the same set; a new member makes another."""
    mixed = texts + random.choices(texts, k=3) if texts else []
    random.shuffle(mixed)
    assert same_value(SET, tuple(texts), tuple(mixed))
    assert not same_value(SET, tuple(texts), (*texts, "".join(texts) + "x"))


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_case_is_no_difference_where_it_is_ignored(text: str) -> None:
    """Alone and in a list."""
    assert same_value(FOLDED, text.casefold(), text)
    assert same_value(FOLDED_SET, (text.casefold(), text), (text,))


@given(st.lists(st.text()), st.lists(st.text()))
def test_two_sets_are_the_same_when_their_members_are(left: list[str], right: list[str]) -> None:
    """No more and no less."""
    assert same_value(SET, tuple(left), tuple(right)) is (set(left) == set(right))
