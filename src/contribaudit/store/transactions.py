"""One audit per organization at a time, and one export: a lock file beside SQLite's, an advisory lock on a server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from contribaudit.errors import StoreBusy, StoreError
from contribaudit.store.failures import translated

_POLL_SECONDS = 0.2


@contextmanager
def file_lock(database: Path, organization: str, wait_seconds: float) -> Iterator[None]:
    """Hold a lock file beside the database; the operating system drops the lock when the process ends."""
    from filelock import FileLock, Timeout

    name = sha256(organization.encode(errors="surrogatepass")).hexdigest()[:16]
    path = database.with_name(f"{database.name}.{name}.lock")
    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=max(wait_seconds, 0), poll_interval=_POLL_SECONDS)
    except Timeout:
        raise _busy(organization) from None
    except OSError as error:
        raise StoreError(
            f"The lock file {path} cannot be opened: {error.strerror}", hint="Check the permissions of its folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def advisory_lock(
    engine: Engine, shown: str, organization: str, wait_seconds: float, held: dict[str, Connection]
) -> Iterator[None]:
    """Hold an advisory lock on a connection of its own; the server drops it when the connection ends.

    The connection stands in `held` meanwhile: `require_held` asks whether it still holds.
    """
    with translated(shown):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translated(shown):
            key = _key(connection, organization)
            _acquire(connection, key, organization, wait_seconds)
        held[organization] = connection
        try:
            yield
        finally:
            del held[organization]
            with suppress(SQLAlchemyError):  # a broken connection holds no lock
                connection.execute(select(func.pg_advisory_unlock(key)))
    finally:
        connection.close()


def require_held(shown: str, held: Mapping[str, Connection]) -> None:
    """Raise StoreError where a lock's connection broke: since then somebody else may audit that organization."""
    for organization, connection in held.items():
        try:
            connection.execute(select(1))
        except DBAPIError as error:
            raise StoreError(
                f"The connection to the history {shown} broke while the audit of organization {organization} ran, "
                "so nothing of this run was saved: the last complete run still counts",
                hint="Run it again, and check the server's log",
            ) from error


def _acquire(connection: Connection, key: int, organization: str, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while not connection.execute(select(func.pg_try_advisory_lock(key))).scalar():
        left = deadline - time.monotonic()
        if left <= 0:
            raise _busy(organization)
        time.sleep(min(_POLL_SECONDS, left))


def _key(connection: Connection, organization: str) -> int:
    """A signed 64-bit number for the organization in this schema: advisory locks span the whole database."""
    schema = connection.execute(select(func.current_schema())).scalar()
    name = f"contribaudit\n{schema}\n{organization}".encode(errors="surrogatepass")
    return int.from_bytes(sha256(name).digest()[:8], signed=True)


EXPORTS = "evidence of all"
"""Locked in place of an organization, whose ID has no blanks, while evidence is exported."""


def _busy(organization: str) -> StoreBusy:
    if organization == EXPORTS:
        hint = "Wait until it has finished, or look for a hung process"
        return StoreBusy("Evidence is being exported from this history", hint=hint)
    return StoreBusy(
        f"Another audit of organization {organization} is running on this history",
        hint="Wait until it has finished, or look for a hung process",
    )
