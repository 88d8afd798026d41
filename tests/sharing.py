"""What thousands of tests share that a process of the product makes once: it is as good as new, and costs half the run.

Each is something that SQLAlchemy, SQLite or Python keeps for one engine or one process, and that no test looks at.
"""

from __future__ import annotations

import gc
import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, event

_COMPILED: dict[tuple[Any, ...], Any] = {}


class _Compiled:
    """Statements that were compiled, for all engines of a kind: SQLAlchemy keeps them for one engine each."""

    def __init__(self, kind: tuple[Any, ...]) -> None:
        self._kind = kind

    def get(self, key: tuple[Any, ...]) -> Any:
        """What was compiled; None for what was not."""
        return _COMPILED.get((self._kind, key[1:]))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        _COMPILED[self._kind, key[1:]] = compiled


def share() -> None:
    """From now on, in this process; until the tests are collected nothing is garbage."""
    gc.disable()
    event.listen(Engine, "engine_connect", _share_statements)
    event.listen(Engine, "connect", _never_wait_for_the_disk)


def _share_statements(connection: Connection) -> None:
    dialect = connection.dialect
    kind = (dialect.name, dialect.driver, dialect.paramstyle, dialect.server_version_info)
    connection.execution_options(compiled_cache=_Compiled(kind))


def _never_wait_for_the_disk(connection: object, _record: object) -> None:
    """A history need not outlive a failure of power, which no test causes."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF").close()


def spare_what_stays() -> None:
    """Python looks through the modules and 10,000 collected tests for garbage again and again; a fifth of all time."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 5, 5)
