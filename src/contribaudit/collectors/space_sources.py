"""Spaces of Jira and Confluence, including archived and personal ones, entry by entry, in a temporary file.

`GET /rest/api/3/project/search`, scope `read:jira-work`; Jira's API calls its spaces projects. It lists and counts the
spaces that the account may browse. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/

`GET /wiki/api/v2/spaces`, scope `read:space:confluence`. It lists the spaces that the account may view, but does not
count them. https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space/

Both need the token of a person or a service account. Hundreds of thousands of spaces do not belong in memory.
"""

from __future__ import annotations

import json
import re
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from contribaudit.atlassian.calls import LIST_SPACES, SEARCH_PROJECTS, Call
from contribaudit.core.model.snapshot import Space
from contribaudit.core.model.subject import Subject
from contribaudit.core.model.times import parse_utc
from contribaudit.errors import StoreError

_CHUNK_BYTES = 1 << 16


class SpaceSpool:
    """Spaces in a temporary file that only this account can read; it is deleted with the object, or at exit.

    Iterating gives the spaces in the order of arrival, any number of times. Raises StoreError when the temporary folder
    is full or cannot be written.
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
        """Append these spaces, ideally a page at a time."""
        rows = [self._row(space) for space in spaces]
        # ASCII, so that an unpaired surrogate in a name survives.
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
    what = f"The spaces could not be written to the temporary folder: {error.strerror or 'it failed'}"
    return StoreError(what, hint="Free some disk space, or set TMPDIR to another folder")


_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class SpaceEntry:
    """The content of an entry. `id` is "" without a usable ID; a text is "" when the entry does not give it."""

    id: str
    key: str
    name: str
    type: str
    status: str
    created_at: datetime | None = None
    missing: tuple[str, ...] = ()
    """The required keys that this entry lacks, or has with another type than text."""


@dataclass(frozen=True, slots=True)
class SpaceSource:
    """Where the spaces of one kind of app are listed, site by site."""

    name: str
    """The collector's name, which is also its call's name."""
    apps: str
    """The rulebook's word for the apps that have these spaces."""
    call: Call
    ari: str
    """A space's ARI, with {site} and {id}."""
    announces: bool
    """Whether the API gives the number of spaces."""
    parse: Callable[[Mapping[str, Any]], SpaceEntry]
    proves: str
    """What the source's answer proves, and what it does not; shown in the documentation."""


def identity(entry: Mapping[str, Any]) -> str:
    """The entry's ID, "" without a usable one."""
    value = entry.get("id")
    text = str(value) if type(value) in (str, int) else ""
    return text if _ID.fullmatch(text) else ""


def texts(entry: Mapping[str, Any], names: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The texts under these keys, "" where missing, and the keys without a text."""
    values = {name: entry.get(name) for name in names}
    missing = tuple(name for name, value in values.items() if not isinstance(value, str))
    return {name: value if isinstance(value, str) else "" for name, value in values.items()}, missing


TYPE_KEY = "projectTypeKey"


def parse_jira(entry: Mapping[str, Any]) -> SpaceEntry:
    """A project as an entry. The status is "" when the answer omits the `archived` flag."""
    values, missing = texts(entry, ("key", "name", TYPE_KEY))
    archived = entry.get("archived")
    status = {True: "archived", False: "live"}[archived] if type(archived) is bool else ""
    return SpaceEntry(identity(entry), values["key"], values["name"], values[TYPE_KEY], status, missing=missing)


SPACES_JIRA = SpaceSource(
    name="spaces_jira",
    apps="jira",
    call=SEARCH_PROJECTS,
    ari="ari:cloud:jira:{site}:project/{id}",
    announces=True,
    parse=parse_jira,
    proves=(
        "Every Jira space, including archived ones, that the token's account may browse. Other spaces are not returned."
    ),
)


def parse_confluence(entry: Mapping[str, Any]) -> SpaceEntry:
    """A space as an entry, with its creation time when the answer gives one."""
    values, missing = texts(entry, ("key", "name", "type", "status"))
    return SpaceEntry(identity(entry), **values, created_at=parse_utc(entry.get("createdAt")), missing=missing)


SPACES_CONFLUENCE = SpaceSource(
    name="spaces_confluence",
    apps="confluence",
    call=LIST_SPACES,
    ari="ari:cloud:confluence:{site}:space/{id}",
    announces=False,
    parse=parse_confluence,
    proves=(
        "Every Confluence space, including personal and archived ones, that the token's account may view. The "
        "number of other spaces is not returned."
    ),
)
