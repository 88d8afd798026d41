"""Turns database errors into StoreError and its subclasses, each with a next step and without the URL's password."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import (
    SQLITE_AUTH,
    SQLITE_BUSY,
    SQLITE_CANTOPEN,
    SQLITE_CONSTRAINT,
    SQLITE_CORRUPT,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_IOERR_SHORT_READ,
    SQLITE_LOCKED,
    SQLITE_MISMATCH,
    SQLITE_NOTADB,
    SQLITE_PERM,
    SQLITE_READONLY,
)
from sqlite3 import Error as Sqlite

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contribaudit.errors import StoreBusy, StoreDamaged, StoreError

_DAMAGED_HINT = "Restore it from a backup, or move the file away to begin a new history"
_WRITABLE_HINT = "Check that the file and its folder are readable and writable for this account"
_OTHER_HINT = "Check the disk, or the database server and its log"
_LOST_HINT = "Nothing that was being written was saved: try again, and check the server's log"
_SERVER_HINT = "Check the server's address, the account and that the database exists"

_SQLITE: dict[int, tuple[type[StoreError], str, str]] = {
    SQLITE_NOTADB: (StoreDamaged, "is not a readable database", _DAMAGED_HINT),
    SQLITE_CORRUPT: (StoreDamaged, "is damaged", _DAMAGED_HINT),
    SQLITE_CONSTRAINT: (StoreDamaged, "is damaged: its rows contradict each other", _DAMAGED_HINT),
    SQLITE_MISMATCH: (StoreDamaged, "is damaged", _DAMAGED_HINT),
    SQLITE_BUSY: (StoreBusy, "is in use by another process", "Try again when it has finished"),
    SQLITE_LOCKED: (StoreBusy, "is in use by another process", "Try again when it has finished"),
    SQLITE_FULL: (
        StoreError,
        "could not be written: the disk is full",
        "Free some space; nothing of this run was saved",
    ),
    SQLITE_READONLY: (StoreError, "cannot be written", _WRITABLE_HINT),
    SQLITE_CANTOPEN: (StoreError, "cannot be opened", _WRITABLE_HINT),
    SQLITE_PERM: (StoreError, "cannot be opened", _WRITABLE_HINT),
    SQLITE_AUTH: (StoreError, "cannot be opened", _WRITABLE_HINT),
    SQLITE_IOERR: (StoreError, "could not be read or written", "Check the disk or the network drive it is on"),
}

_NOT_AS_MADE = ("no such table", "no such column", "has no column", "already exists", "malformed", "Could not decode")
"""Messages of SQLite and its driver that have no error code but show that the schema or the content is damaged."""

_POSTGRESQL: tuple[tuple[str, type[StoreError], str, str], ...] = (
    ("XX001", StoreDamaged, "is damaged", "Restore the database from a backup"),
    ("XX002", StoreDamaged, "is damaged", "Restore the database from a backup"),
    ("42P01", StoreDamaged, "is damaged: a table is missing", "Restore the database from a backup"),
    (
        "42P07",
        StoreDamaged,
        "is damaged: its tables do not match its recorded version",
        "Restore the database from a backup",
    ),
    ("42703", StoreDamaged, "is damaged: a column is missing", "Restore the database from a backup"),
    ("23", StoreDamaged, "is damaged: its rows contradict each other", "Restore the database from a backup"),
    ("53100", StoreError, "could not be written: the disk is full", "Free some space; nothing of this run was saved"),
    ("53", StoreError, "has run out of a resource", "Try again when the server is less busy"),
    ("55P03", StoreBusy, "is in use by another process", "Try again when it has finished"),
    ("40", StoreBusy, "is in use by another process", "Try again when it has finished"),
    (
        "42501",
        StoreError,
        "refuses this account",
        "Use an account that may do this: docs/postgresql.md lists what the owner, a runner and a reader may do",
    ),
    ("25006", StoreError, "cannot be written", "The server is read-only; name the primary server"),
    ("57", StoreError, "closed the connection", _LOST_HINT),
    ("28", StoreError, "refuses this account", _SERVER_HINT),
    ("3D", StoreError, "does not exist", _SERVER_HINT),
)


@contextmanager
def database_errors(shown: str) -> Iterator[None]:
    """Turn errors of the database into StoreError and its subclasses. `shown` names the history, without a password."""
    try:
        yield
    except PoolTimeout as error:
        raise StoreBusy(f"The history {shown} has no free connection", hint="Try again") from error
    except DBAPIError as error:
        raise _ours(error, shown) from error


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Turn errors of the database and of its content into StoreError and its subclasses.

    For blocks that do nothing but read and write the history: any other bug in them would be reported as damage.
    """
    try:
        with database_errors(shown):
            yield
    except UnicodeEncodeError:
        raise  # caused by the text to be written, not by the database
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, zlib.error) as error:
        # Invalid JSON, or a row that refers to a missing one.
        problem = f"contains data that contribaudit did not write ({type(error).__name__}: {str(error)[:80]})"
        raise StoreDamaged(f"The history {shown} {problem}", hint=_DAMAGED_HINT) from error


def _ours(error: DBAPIError, shown: str) -> StoreError:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(error.orig, Sqlite) and any(words in str(error.orig) for words in _NOT_AS_MADE):
        return StoreDamaged(f"The history {shown} is damaged: {_driver_message(error)}", hint=_DAMAGED_HINT)
    if code == SQLITE_IOERR_SHORT_READ:
        return StoreDamaged(f"The history {shown} is truncated", hint=_DAMAGED_HINT)
    if code is not None:
        kind, problem, hint = _SQLITE.get(code & 0xFF, (StoreError, _driver_message(error), _OTHER_HINT))
        return kind(f"The history {shown} {problem}", hint=hint)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # psycopg sets no state when a connection failed or broke
        return StoreError(f"The history {shown} cannot be reached", hint=f"{_SERVER_HINT}. {_driver_message(error)}")
    for prefix, kind, problem, hint in _POSTGRESQL:
        if state.startswith(prefix):
            return kind(f"The history {shown} {problem}", hint=hint)
    return StoreError(f"The history {shown} failed: {_driver_message(error)}", hint=_OTHER_HINT)


def _driver_message(error: DBAPIError) -> str:
    """The first line of the driver's message, which contains neither the statement's values nor the password."""
    return str(error.orig).strip().partition("\n")[0].rstrip(".") or type(error.orig).__name__
