"""What was asked of the API and what came back: a line per request, never a header, never the key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from contribaudit.ledger_entry import LedgerEntry


@dataclass(slots=True)
class Ledger:
    """Every request of one client.

    `clock_skew_seconds` is the API's `Date` header minus our clock, from the last answer that had one (whole seconds
    at best, since `Date` has no finer grain); None before that. Positive: our clock is behind.
    """

    clock_skew_seconds: float | None = None
    _entries: list[LedgerEntry] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        return tuple(self._entries)

    def append(self, entry: LedgerEntry) -> None:
        self._entries.append(entry)
        self._counts[entry.call] += 1

    def count(self, call_name: str) -> int:
        """How many requests of that call went out, retries and cancelled ones included."""
        return self._counts[call_name]
