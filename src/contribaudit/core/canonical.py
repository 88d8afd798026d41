"""One form for each JSON value, so that the same object has the same digest wherever and whenever it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

VERSION = 1
"""Of this form. An anchor says under which it was made: digests of two versions are never compared."""
VOLATILE = frozenset(("updatedAt", "links"))
"""What changes in an object of a signal, and in its `attributes`, without meaning anything."""
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Lone surrogates, which JSON can carry, are kept."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


LEAST_DIGITS = 32
"""Of a digest by which somebody is to know a thing again: 8 hex digits were forged in minutes, 32 take 2**128 tries."""


def digest(canonical: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(canonical).hexdigest()


def stable(found: Any, updates: list[str] | None = None) -> Any:
    """The object of a signal without its volatile fields, which is what its digest is made of.

    Its `updatedAt`, and that of its attributes, are put into `updates`.
    """
    return _stable(found, updates if updates is not None else []) if type(found) is dict else found


def _stable(found: Mapping[str, Any], updates: list[str]) -> Mapping[str, Any]:
    attributes = found.get("attributes")
    if isinstance(attributes, dict) and not VOLATILE.isdisjoint(attributes):
        found = {**found, "attributes": _stable(attributes, updates)}
    if VOLATILE.isdisjoint(found):
        return found
    if found.get("updatedAt"):
        updates.append(str(found["updatedAt"]))
    return {key: value for key, value in found.items() if key not in VOLATILE}
