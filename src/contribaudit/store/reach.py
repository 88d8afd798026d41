"""How far intervals reach: which facts a partial collection saw, and which run saw a fact last."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection, func, select

from contribaudit.core.snapshot import CollectionStatus
from contribaudit.store.schema import collections


def pack(ids: Iterable[int]) -> bytes:
    """The set of IDs as bytes: compressed pairs of (gap, length), since neighbours are mostly seen together."""
    numbers = bytearray()
    start = end = previous_end = 0  # [start, end)
    for number in sorted(set(ids)):
        if number != end:
            if end > start:
                _append(numbers, start - previous_end, end - start)
                previous_end = end
            start = number
        end = number + 1
    if end > start:
        _append(numbers, start - previous_end, end - start)
    return zlib.compress(bytes(numbers))


def unpack(packed: bytes) -> set[int]:
    """The set that `pack` was given."""
    ids: set[int] = set()
    numbers = _numbers(zlib.decompress(packed))
    end = 0
    for gap, length in zip(numbers, numbers, strict=True):
        start = end + gap
        end = start + length
        ids.update(range(start, end))
    return ids


def last_seen(
    connection: Connection, organization: int, collector: str, facts: Mapping[int, int], before: int | None
) -> dict[int, int]:
    """By fact, the newest run before `before` (None: of all) whose collection saw it.

    `facts` maps facts of this collector that are open just before `before` to their first run.
    """
    rows = collections.c
    mine = (rows.organization == organization) & (rows.collector == collector)
    if before is not None:
        mine &= rows.run < before
    whole = connection.execute(select(func.max(rows.run)).where(mine, rows.status == CollectionStatus.OK)).scalar() or 0
    seen = {fact: max(whole, first_run) for fact, first_run in facts.items()}
    partial = select(rows.run, rows.seen).where(mine, rows.run > whole, rows.status == CollectionStatus.PARTIAL)
    for run, packed in connection.execute(partial.order_by(rows.run)):
        for fact in unpack(packed) & facts.keys():
            seen[fact] = max(run, seen[fact])
    return seen


def _append(numbers: bytearray, *values: int) -> None:
    """Seven bits a byte, lowest first, the eighth says that more follow."""
    for value in values:
        rest = value
        while rest > 0x7F:
            numbers.append(rest & 0x7F | 0x80)
            rest >>= 7
        numbers.append(rest)


def _numbers(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value = shift = 0
