"""What differs between two JSON values, by JSON pointer (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contribaudit.core.model.canonical import NOTHING, Nothing


def differences(before: Any, after: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Pointer, old and new value of each difference; "(nothing)" where one side has none."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield from differences(_at(before, key), _at(after, key), place)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else NOTHING
            new = after[index] if index < len(after) else NOTHING
            yield from differences(old, new, f"{pointer}/{index}")
    elif type(before) is not type(after) or before != after:
        yield pointer, _shown(before), _shown(after)


def _at(holder: dict[str, Any], key: str) -> Any:
    return holder.get(key, NOTHING)


def _shown(value: Any) -> Any:
    return value.value if isinstance(value, Nothing) else value
