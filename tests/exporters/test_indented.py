"""The quick way of writing indented JSON gives the bytes of the standard library's."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from contribaudit.core.model.finding import Outcome
from contribaudit.exporters.json_v1 import indented
from tests.exporters.awkward import TEXTS

TEXT = st.text(st.characters(codec=None), max_size=6) | st.sampled_from(sorted(TEXTS.values()))
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(Outcome)
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=2).map(tuple) | st.dictionaries(TEXT, inner, max_size=3)
    ),
)


@given(VALUE)
def test_the_bytes_are_those_of_the_standard_library(value: object) -> None:
    """Whatever is in it, and further in as well."""
    text = json.dumps(value, indent=2)
    assert indented(value) == text
    assert indented(value, "\n    ") == text.replace("\n", "\n    ")
