"""One form for each JSON value, so that the same object has the same digest wherever and whenever it is read."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Lone surrogates, which JSON can carry, are kept."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def digest(canonical: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(canonical).hexdigest()
