"""Reading a list of which only the IDs count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contribaudit.collectors.interface import Reading


async def ids_of(
    reading: Reading, key: str, known: frozenset[str], known_attributes: frozenset[str] = frozenset()
) -> tuple[str, ...] | None:
    """The sorted IDs under `key` of every entry on every page, each raw entry kept; None when one has no ID.

    A list with a gap must not pass for the list: what is missing from it would look gone.
    """
    ids: set[str] = set()
    async for page in reading.client.pages(reading.call):
        reading.pages += 1
        reading.announced = page.announced
        take_ids(reading, page.items, ids, key, known, known_attributes)
    return None if reading.shortfalls else tuple(sorted(ids))


def take_ids(
    reading: Reading,
    entries: Iterable[Mapping[str, Any]],
    ids: set[str],
    key: str,
    known: frozenset[str],
    known_attributes: frozenset[str],
) -> None:
    """Put the IDs under `key` of these entries to `ids`, keep each entry, and fall short for one without an ID."""
    for entry in entries:
        reading.entries += 1
        response = reading.keep(entry)
        reading.known_keys("", entry, known, response)
        attributes = entry.get("attributes")
        if isinstance(attributes, dict):
            reading.known_keys("attributes", attributes, known_attributes, response)
        identity = entry.get(key)
        if isinstance(identity, str) and identity:
            ids.add(identity)
        else:
            reading.fall_short("entry_without_id", f"an entry has no `{key}`")
    reading.unique = len(ids)
