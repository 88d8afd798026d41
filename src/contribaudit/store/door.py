"""An open database, and the two ways in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from contribaudit.store.database import Database
from contribaudit.store.failures import translated


class Door:
    """Transactions on an open database; every database error comes out as a StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self._database.shown), self._database.reader.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(self._database.shown), self._database.writer.begin() as connection:
            yield connection
