"""JSON pointers (RFC 6901): one place in a JSON value, or that there is no such place.

https://www.rfc-editor.org/rfc/rfc6901
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

_INDEX = re.compile(r"0|[1-9][0-9]*")


class Nothing(Enum):
    """That there is nothing at a pointer, which is not the same as null."""

    NOTHING = "(nothing)"


NOTHING = Nothing.NOTHING


def parts(pointer: str) -> list[str]:
    """The names and indexes on the way. Raises ValueError for what is no pointer to something within a value."""
    if not pointer.startswith("/"):
        raise ValueError("a JSON pointer begins with /")
    if re.search(r"~(?![01])", pointer):
        raise ValueError("in a JSON pointer ~ is written ~0, and / within a name ~1")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def found_at(value: Any, pointer: str) -> Any:
    """What stands there, NOTHING where nothing does."""
    return _follow(value, parts(pointer))


def holder_at(value: Any, pointer: str) -> Any:
    """The object or list that would hold it, NOTHING where there is none."""
    holder = _follow(value, parts(pointer)[:-1])
    return holder if isinstance(holder, dict | list) else NOTHING


def _follow(value: Any, way: list[str]) -> Any:
    for part in way:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return NOTHING
    return value
