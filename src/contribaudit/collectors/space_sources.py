"""Spaces on disk until they are kept: hundreds of thousands do not belong into memory."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

from contribaudit.core.model.snapshot import Space
from contribaudit.core.model.subject import Subject
from contribaudit.errors import StoreError

_CHUNK_BYTES = 1 << 16


class SpaceSpool:
    """Spaces in a temporary file that only this account can read; it goes with the object, and at exit.

    Iterating gives them in the order in which they came, as often as wanted. Raises StoreError when the temporary
    folder is full or cannot be written.
    """

    def __init__(self) -> None:
        try:
            self._file: IO[bytes] = TemporaryFile(prefix="contribaudit-spaces-")  # noqa: SIM115  as long as the object
        except OSError as error:
            raise _unwritable(error) from None
        self._closing = weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._apps: dict[Subject, int] = {}
        self._count = 0

    def __repr__(self) -> str:
        return f"SpaceSpool({self._count} spaces)"

    def __len__(self) -> int:
        return self._count

    def extend(self, spaces: Iterable[Space]) -> None:
        """Put these at the end; best a page at a time."""
        rows = [self._row(space) for space in spaces]
        # ASCII, so that half a surrogate pair in a name comes back as it was.
        line = json.dumps(rows).encode("ascii") + b"\n"
        try:
            with self._lock:
                self._file.seek(0, 2)
                self._file.write(line)
                self._file.flush()
        except OSError as error:
            raise _unwritable(error) from None
        self._count += len(rows)

    def __iter__(self) -> Iterator[Space]:
        apps = list(self._apps)
        at, rest = 0, b""
        while True:
            with self._lock:
                self._file.seek(at)
                chunk = self._file.read(_CHUNK_BYTES)
            if not chunk:
                return
            at += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                for app, identity, key, name, kind, status, created in json.loads(line):
                    moment = datetime.fromisoformat(created) if created is not None else None
                    yield Space(apps[app], identity, key, name, kind, status, moment)

    def close(self) -> None:
        """Delete the file."""
        self._closing()

    def _row(self, space: Space) -> tuple[int | str | None, ...]:
        app = self._apps.setdefault(space.app, len(self._apps))
        created = space.created_at.isoformat() if space.created_at is not None else None
        return app, space.id, space.key, space.name, space.type, space.status, created


def _unwritable(error: OSError) -> StoreError:
    what = f"The spaces could not be written into the temporary folder: {error.strerror or 'it failed'}"
    return StoreError(what, hint="Free some space there, or name another folder in TMPDIR")
