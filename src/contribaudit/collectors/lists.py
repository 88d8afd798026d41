"""Reading a list of which only the IDs count."""

from __future__ import annotations

from contribaudit.collectors.interface import Reading


async def ids_of(reading: Reading, key: str) -> tuple[str, ...]:
    """The sorted IDs under `key` of every entry on every page, each raw entry kept."""
    ids: set[str] = set()
    async for page in reading.client.pages(reading.call):
        reading.pages += 1
        for entry in page.items:
            reading.entries += 1
            reading.keep(entry)
            identity = entry.get(key)
            if isinstance(identity, str) and identity:
                ids.add(identity)
            else:
                reading.fall_short("entry_without_id", f"an entry has no `{key}`")
    reading.unique = len(ids)
    return tuple(sorted(ids))
