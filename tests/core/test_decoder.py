"""What a decoder reads out of an object, and what of it counts as its state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contribaudit.core.model.canonical import NOTHING, canonical_json, found_at, parts, stable
from contribaudit.core.model.decoder import Decoder, ValueCondition, decode, reaches, selected
from contribaudit.core.model.subject import Kind
from tests.builders import ORG, app

from .attesting import EXCLUDED, ORGANIZATION, SWITCH, USE

ON = ValueCondition("on", equal=(("/off", canonical_json(["in-app"])),))
OFF = ValueCondition("off", equal=(("/off", b"[]"),), without=("/paused",))
ABSENT = ValueCondition("off", absent=True)
ONE = Decoder("one.toml", SWITCH.id, USE, Kind.ORGANIZATION, ("/off", "/paused"), (ON, OFF, ABSENT))


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/m~0n", 8),
        ("/~01", 9),
        ("/null", None),
        ("/foo/2", NOTHING),
        ("/foo/-", NOTHING),
        ("/foo/01", NOTHING),
        ("/foo/bar", NOTHING),
        ("/null/x", NOTHING),
    ],
)
def test_pointers_are_those_of_rfc_6901(pointer: str, expected: object) -> None:
    """Null is something; an index has no leading zero."""
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "~1": 9, "null": None}
    assert found_at(document, pointer) == expected


@pytest.mark.parametrize("pointer", ["", "foo", "/a~2", "/a~"])
def test_what_points_at_no_place_within_is_refused(pointer: str) -> None:
    with pytest.raises(ValueError, match="JSON pointer"):
        parts(pointer)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"off": ["in-app"]}, "on"),
        ({"off": ["in-app"], "more": 1}, "on"),
        ({"off": []}, "off"),
        ({"off": [], "paused": None}, "no value for /off = [], /paused = null"),
        ({"off": ["in-app", "x"]}, "no value for"),
        ({"off": None}, "no value for /off = null"),
        ({}, "no value for /off = (nothing), /paused = (nothing)"),
        (["off"], "no value for"),
        (None, "no value for"),
    ],
)
def test_a_state_that_no_row_names_has_no_value(found: Any, expected: str) -> None:
    """Never a default."""
    value, why_not = decode(ONE, ("d",), {"d": found})
    assert (value == expected and not why_not) or (value is None and expected in why_not)


def test_absence_and_objects_that_were_not_kept() -> None:
    assert decode(ONE, None, {}) == ("off", "")
    assert decode(replace(ONE, values=(ON,)), None, {})[0] is None
    assert decode(ONE, ("d",), {}) == (None, "the object behind the digest was not kept")
    assert decode(ONE, (), {})[0] is None


def test_several_objects_must_say_the_same() -> None:
    objects = {"a": {"off": []}, "b": {"off": [], "x": 1}, "c": {"off": ["in-app"]}}
    assert decode(ONE, ("a", "b"), objects) == ("off", "")
    assert decode(ONE, ("a", "c"), objects) == (None, "the objects of the signal disagree")


def test_rows_that_overlap_with_different_values_give_none() -> None:
    both = replace(ONE, values=(*ONE.values, ValueCondition("on", equal=(("/off", b"[]"),))))
    assert "several values" in decode(both, ("d",), {"d": {"off": []}})[1]


def test_a_truth_value_is_no_number_and_no_text() -> None:
    one = replace(ONE, pointers=("/x",), values=(ValueCondition("on", equal=(("/x", b"true"),)),))
    assert decode(one, ("d",), {"d": {"x": True}}) == ("on", "")
    for other in (1, "true", 1.0, None):
        assert decode(one, ("d",), {"d": {"x": other}})[0] is None


@pytest.mark.parametrize(
    ("listed", "expected"),
    [([], ()), (["b", "a"], ("b", "a")), (None, None), ("a", None), ([1], None), ({}, None)],
)
def test_a_list_is_taken_as_it_stands(listed: object, expected: object) -> None:
    """What is no list of texts is not the empty list."""
    one = replace(ONE, setting=EXCLUDED.id, pointers=("/l",), values=(), texts="/l")
    assert decode(one, ("d",), {"d": {"l": listed}})[0] == expected
    assert decode(one, ("d",), {"d": {}})[1] == "there is no list of texts at /l"
    assert one.reads


def test_only_what_the_pointers_select_is_the_state() -> None:
    objects = {"a": {"off": [], "x": 1}, "b": {"off": [], "x": 2}, "c": {"off": None}, "d": {}, "e": {"off": [1]}}

    def state(*names: str) -> object:
        return selected(("/off",), names, objects)

    assert state("a") == state("b")
    assert len({state("a"), state("c"), state("d"), state("e")}) == 4
    assert state("a", "e") == state("e", "b")
    assert state("lost") == ("lost",)
    assert selected(("/off",), None, objects) is None
    assert selected(("/off", "/x"), ("a",), objects) == selected(("/x", "/off"), ("a",), objects)


def test_a_misspelt_way_reaches_nothing() -> None:
    """What would hold the place must be there; that the place itself is empty is a state."""
    found = [{"rule": {"off": []}}, {"rule": {}}]
    assert reaches(("/rule/off", "/rule/later"), found)
    assert not reaches(("/rule/off", "/rul/off"), found)
    assert not reaches(("/rule/off/0/x",), found)


def test_whose_object_it_looks_into() -> None:
    assert ONE.owner_of(app()) == ORGANIZATION
    assert replace(ONE, owner=Kind.APP).owner_of(app()) == app()
    assert replace(ONE, owner=Kind.APP).owner_of(ORGANIZATION) is None
    assert ORGANIZATION.id == ORG


def test_the_object_of_a_signal_is_without_its_volatile_fields() -> None:
    """On the object and in its attributes, and no deeper; what is no object stays as it is."""
    found = {"updatedAt": "1", "links": 2, "a": {"updatedAt": 3}, "attributes": {"updatedAt": "4", "links": 5, "b": 6}}
    updates: list[str] = []
    assert stable(found, updates) == {"a": {"updatedAt": 3}, "attributes": {"b": 6}}
    assert sorted(updates) == ["1", "4"]
    assert stable([{"updatedAt": 1}]) == [{"updatedAt": 1}]
