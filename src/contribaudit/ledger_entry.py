"""One request that went out, as evidence of what was asked: never a header, never the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One request that went out, in the order in which the requests ended.

    `at` is when it was sent (aware, UTC); `call` is `Call.name`; `path` has the organization in its place and the
    query, with cursors cut short. `status` is None when no answer came (refused, timed out, cancelled): then `bytes`
    is 0 and `sha256` empty. Both tell of the body as decompressed. `seconds` is the time between sending and the last
    byte; `waited_seconds` what was spent before it on limits and pauses.
    """

    at: datetime
    call: str
    method: str
    path: str
    status: int | None
    bytes: int
    sha256: str
    seconds: float
    waited_seconds: float
