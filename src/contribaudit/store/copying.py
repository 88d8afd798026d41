"""Copies a history into an empty one, SQLite or PostgreSQL on either side, in one transaction, and verifies the copy.

Each table's digest is the sum of its rows' digests, so that it does not depend on the order in which a database gives
them. What is written is read back before it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from contribaudit.errors import StoreError, UsageError
from contribaudit.store.schema import metadata, runs

_ROWS = 1000
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table as it was copied."""

    name: str
    rows: int
    sha256: str
    """The sum of its rows' SHA-256, in hex."""


def copy_tables(source: Connection, target: Connection) -> tuple[CopiedTable, ...]:
    """Copy every table. Raises UsageError for a target that holds runs, StoreError where it reads back another."""
    if target.execute(select(func.count()).select_from(runs)).scalar_one():
        raise UsageError("The history to copy into already holds runs", hint="Name an empty one")
    copied = []
    for table in metadata.sorted_tables:
        rows = _rows(source, table)
        read = _Sum()
        while some := list(islice(rows, _ROWS)):
            read.add(some)
            target.execute(insert(table), [dict(zip(table.c.keys(), row, strict=True)) for row in some])
        kept = _Sum()
        kept_rows = _rows(target, table)
        while some := list(islice(kept_rows, _ROWS)):
            kept.add(some)
        if (read.count, read.value) != (kept.count, kept.value):
            raise StoreError(
                f"The table {table.name} reads back differently; nothing was kept", hint="Report this, with --verbose"
            )
        copied.append(CopiedTable(table.name, read.count, f"{read.value:064x}"))
    return tuple(copied)


def _rows(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    yield from connection.execute(select(table).execution_options(yield_per=_ROWS))


class _Sum:
    """Rows seen, and the sum of their digests."""

    def __init__(self) -> None:
        self.count = 0
        self.value = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        self.count += len(rows)
        for row in rows:
            text = "\x1f".join(_cell(value) for value in row)
            self.value += int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest())
        self.value %= _MODULUS


def _cell(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return f"bytes:{bytes(value).hex()}"
    return f"{type(value).__name__}:{value!r}"
