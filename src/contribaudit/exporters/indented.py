"""Indented JSON: the text of `json.dumps(value, indent=2)`, which is slow, since only its short form is C."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Any


def indented(value: Any, line: str = "\n") -> str:
    """The value as JSON, ASCII only; `line` begins every line after the first: a line break and the blanks so far.

    Takes objects with texts as keys, lists, tuples, texts, numbers, truth values and null.
    """
    if isinstance(value, str):
        return quoted(value)
    inner = line + "  "
    if isinstance(value, Mapping):
        parts = [f"{quoted(key)}: {indented(one, inner)}" for key, one in value.items()]
        return "{" + inner + f",{inner}".join(parts) + line + "}" if parts else "{}"
    if isinstance(value, (list, tuple)):
        parts = [indented(one, inner) for one in value]
        return "[" + inner + f",{inner}".join(parts) + line + "]" if parts else "[]"
    return json.dumps(value)
