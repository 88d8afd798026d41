"""JSON pointers (RFC 6901), and one canonical form for each JSON value and each name.

An object has the same digest wherever and whenever it is read. https://www.rfc-editor.org/rfc/rfc6901
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from typing import Any

_INDEX = re.compile(r"0|[1-9][0-9]*")


class Nothing(Enum):
    """Marks that there is nothing at a pointer, which is not the same as null."""

    NOTHING = "(nothing)"


NOTHING = Nothing.NOTHING


def parts(pointer: str) -> list[str]:
    """The names and indexes in a pointer. Raises ValueError for text that points to nothing within a value."""
    if not pointer.startswith("/"):
        raise ValueError("a JSON pointer begins with /")
    if re.search(r"~(?![01])", pointer):
        raise ValueError("in a JSON pointer ~ is written ~0, and / within a name ~1")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def found_at(value: Any, pointer: str) -> Any:
    """The value at the pointer; NOTHING if there is none."""
    return _follow(value, parts(pointer))


def holder_at(value: Any, pointer: str) -> Any:
    """The object or list in which the pointer's last step is taken; NOTHING if there is none."""
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


VERSION = 1
"""The version of the canonical form. An anchor records its own: digests of two versions are never compared."""
VOLATILE = frozenset(("updatedAt", "links"))
"""Fields of a signal's object, and of its `attributes`, that change without meaning anything."""
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Lone surrogates, which JSON can carry, are kept."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


LEAST_DIGITS = 32
"""The fewest hex digits of a digest that identifies something: 8 were forged in minutes, 32 take 2**128 tries."""


def digest(canonical: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(canonical).hexdigest()


def stable(item: Any, updates: list[str] | None = None) -> Any:
    """The object of a signal without its volatile fields: the part that its digest covers.

    The `updatedAt` of the object and of its attributes are appended to `updates`.
    """
    return _stable(item, updates if updates is not None else []) if type(item) is dict else item


def _stable(item: Mapping[str, Any], updates: list[str]) -> Mapping[str, Any]:
    attributes = item.get("attributes")
    if isinstance(attributes, dict) and not VOLATILE.isdisjoint(attributes):
        item = {**item, "attributes": _stable(attributes, updates)}
    if VOLATILE.isdisjoint(item):
        return item
    if item.get("updatedAt"):
        updates.append(str(item["updatedAt"]))
    return {key: value for key, value in item.items() if key not in VOLATILE}


def letters(text: str) -> str:
    """Only the letters and digits of the text, without case and width, for comparing spellings."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
