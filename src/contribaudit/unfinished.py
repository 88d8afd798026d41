"""Files and folders while they are written: beside their place, ours by name, and gone whatever ends the process.

A killed process removes nothing. Its leftovers go when the next one writes into the same folder: they bear our name,
belong to this account, and are locked by nobody, since a lock ends with the process that held it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from contribaudit import termination

try:
    import fcntl
except ImportError:  # Windows: what a kill left stays
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\..*\.contribaudit\.partial-[0-9a-f]{12}", re.DOTALL)
_TRIES = 5


@contextmanager
def unfinished(place: Path, *, folder: bool = False) -> Iterator[Path]:
    """A new empty file, or folder, for this account only, beside `place`: fill it, and rename it to its place.

    What was not renamed by the end of the block is removed. Raises OSError.
    """
    _remove_leftovers(place.parent)
    for _ in range(_TRIES):
        path = place.parent / f".{place.name[:40]}.contribaudit.partial-{token_hex(6)}"
        with termination.undoing(lambda path=path: _remove(path)):  # type: ignore[misc]
            lock = _made(path, folder=folder)
            if lock is None:  # another process took it for a leftover, before it was locked
                continue
            try:
                yield path
            finally:
                _remove(path)
                os.close(lock)
            return
    raise OSError(f"{place.parent} does not keep what is made in it")


def _made(path: Path, *, folder: bool) -> int | None:
    """The descriptor that locks the path while it is open; None where somebody else has locked or removed it."""
    if folder:
        path.mkdir(mode=0o700)
        if fcntl is None:
            return os.open(os.devnull, os.O_RDONLY)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
    else:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    if fcntl is not None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            return descriptor  # a file system without locks, on which nothing is taken for a leftover either
        if not path.exists():
            os.close(descriptor)
            return None
    return descriptor


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that are gone left unfinished in the folder; what cannot be removed stays."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if _NAME.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_leftover(folder / name)


def _remove_leftover(path: Path) -> None:
    found = path.lstat()
    if found.st_uid != os.geteuid() or not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(path)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
