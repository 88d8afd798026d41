"""The part of the history that keeps spaces."""

from __future__ import annotations

from collections.abc import Iterator

from contribaudit.core.model.change import Change
from contribaudit.core.model.snapshot import SpaceBook
from contribaudit.store.door import Door
from contribaudit.store.space_book import StoredSpaces
from contribaudit.store.space_changes import space_changes


class SpaceDoor(Door):
    """Spaces are asked for one by one, or streamed: there may be hundreds of thousands."""

    def spaces(self, organization: str, run: int | None = None) -> SpaceBook:
        """The spaces known after that run, None: after the organization's newest one."""
        return StoredSpaces(self._reading, organization, run)

    def space_changes(self, organization: str, since: int, until: int) -> Iterator[Change]:
        """Spaces that are new, gone or called otherwise after run `until` than after run `since`, app by app.

        One change per setting of the space, in the meaning of `changes`. What the first whole listing of an app
        shows is not new. Raises UsageError when `since` is the newer one.
        """
        return space_changes(self._reading, organization, since, until)
