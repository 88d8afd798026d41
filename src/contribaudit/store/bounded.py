"""A PostgreSQL connection that does not wait forever for a frozen server or a network that drops packets."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any

from psycopg import Connection, OperationalError

SILENT_SECONDS = 60.0
"""How long the server may stay silent while a statement runs or waits for another session's lock."""
_LOCK_SECONDS = 30
_KEEPALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3}


def connect(*words: Any, **options: Any) -> Connection[Any]:
    """Connect like `psycopg.connect`, with time limits. Raises OperationalError."""
    connection = _Bounded.connect(*words, **(_KEEPALIVE | options))
    with connection.transaction():
        connection.execute(f"SELECT set_config('lock_timeout', '{_LOCK_SECONDS}s', false)")
    return connection


class _Bounded(Connection[Any]):
    def wait(self, gen: Generator[Any, Any, Any], *words: Any, **options: Any) -> Any:
        """The generator's result. Every statement, commit and rollback waits here."""
        return super().wait(_within_silence(gen, self), *words, **options)


def _within_silence(gen: Generator[Any, Any, Any], connection: Connection[Any]) -> Generator[Any, Any, Any]:
    """The same generator, ended with OperationalError when the server has been silent for SILENT_SECONDS."""
    ready: Any = None
    state: Any = None
    last = monotonic()
    while True:
        try:
            state = gen.send(ready) or state
        except StopIteration as ended:
            return ended.value
        ready = yield state
        if ready:
            last = monotonic()
        elif monotonic() - last > SILENT_SECONDS:
            gen.close()
            connection.close()  # otherwise the rollback would wait as long again
            raise OperationalError(f"The server has not answered for {SILENT_SECONDS:g} s")
