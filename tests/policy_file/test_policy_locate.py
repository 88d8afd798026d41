"""The locator finds what tomllib finds, on the line where it stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contribaudit import policy_file
from contribaudit.policy_file.canonical_toml import toml_string
from contribaudit.policy_file.problems import Place, line_of, locate

TEXT = '''\
# [[rule]] in a comment
version = 1 # = [
name = """
[[rule]]
check = "not one" \\""" still inside
"""""
other = \'\'\'
[evidence]
\'\'\'
"quoted.key" . 'x' = 1979-05-27 07:32:00
dotted.a.b = { c = [ "]", "#", { d = 1 } ], "e" = \'}\' }

[evidence] # [[waiver]]
accept = [ # ]
  "documented", # "
  # nothing
  "a\\"]b",
]
[ evidence . max_age_days ]
attested = 3
[[rule]]
check = "1"
  [rule.where]
  site = "a"
[[ "rule" ]]
check = "2"
where.app = ["x",
  "y"]
[[rule.deep]]
z = -inf
[[rule.deep]]
z = 0x_no
'''.replace("0x_no", "0xff")

EXPECTED: dict[Place, int] = {
    ("version",): 2,
    ("name",): 3,
    ("other",): 7,
    ("quoted.key", "x"): 10,
    ("dotted", "a", "b", "c", 2, "d"): 11,
    ("dotted", "a", "b", "e"): 11,
    ("evidence",): 13,
    ("evidence", "accept"): 14,
    ("evidence", "accept", 0): 15,
    ("evidence", "accept", 1): 17,
    ("evidence", "max_age_days"): 19,
    ("evidence", "max_age_days", "attested"): 20,
    ("rule",): 21,
    ("rule", 0): 21,
    ("rule", 0, "where"): 23,
    ("rule", 0, "where", "site"): 24,
    ("rule", 1): 25,
    ("rule", 1, "where", "app", 1): 28,
    ("rule", 1, "deep", 0, "z"): 30,
    ("rule", 1, "deep", 1): 31,
    ("rule", 1, "deep", 1, "z"): 32,
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_each_key_has_its_line(ending: str) -> None:
    text = TEXT.replace("\n", ending)
    lines = locate(text)
    assert {place: lines.get(place) for place in EXPECTED} == EXPECTED
    assert set(lines) == places(tomllib.loads(text))


@pytest.mark.parametrize("pack", policy_file.packs(), ids=lambda pack: pack.name)
def test_the_shipped_packs_are_located_whole(pack: policy_file.Pack) -> None:
    assert set(locate(pack.text)) == places(tomllib.loads(pack.text))


def test_a_place_that_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = locate(TEXT)
    assert line_of(lines, ("rule", 1, "expect", 3)) == 25
    assert line_of(lines, ("rule", 0, "where", "app")) == 23
    assert line_of(lines, ("nothing",)) == 1
    assert line_of(lines, ()) == 1


def tables(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text(), inner, max_size=3)


@given(st.recursive(st.text() | st.integers() | st.booleans(), lambda inner: st.lists(inner) | tables(inner)))
def test_any_value_is_walked_to_its_end(value: object) -> None:
    """A key after it is found on its own line."""
    text = f"first = {written(value)}\nlast = 1\n"
    lines = locate(text)
    assert set(lines) == places(tomllib.loads(text))
    assert lines[("last",)] == text.count("\n")


def written(value: object) -> str:
    """The value as TOML, lists over several lines with comments that hold brackets."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return toml_string(value)
        case list():
            return "[ # ]\n" + "".join(f"  {written(item)}, # [ '\"\n" for item in value) + "]"
        case dict():
            return "{ " + ", ".join(f"{toml_string(key)} = {written(item)}" for key, item in value.items()) + " }"
    return str(value)


def places(value: object, at: Place = ()) -> set[Place]:
    """Every place below a parsed value."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found: set[Place] = set()
    for key, item in items:
        found |= {(*at, key)} | places(item, (*at, key))
    return found
