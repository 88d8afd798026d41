"""Spaces: Jira's and Confluence's, far too many for an observation each. They are kept apart and asked for by need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contribaudit.core.model.subject import Kind, Subject
from contribaudit.core.snapshot import CollectionStatus


@dataclass(frozen=True, slots=True)
class Space:
    """One space as a listing showed it. Identity is `id`; key and name are aliases, and may be given to another."""

    app: Subject
    """The Jira or Confluence app that it belongs to."""
    id: str
    """Its ARI, "ari:cloud:jira:CLOUD_ID:project/ID" or "ari:cloud:confluence:CLOUD_ID:space/ID"."""
    key: str
    """"" where the listing gave none."""
    name: str
    type: str
    """The API's word: "software", "service_desk", "global", "personal"; "" where it gave none."""
    status: str
    """The API's word: "live", "archived", "current"; "" where it gave none."""
    created_at: datetime | None = None
    """None where the API does not tell: Jira never does."""

    @property
    def subject(self) -> Subject:
        """The space as a subject of settings."""
        return Subject(self.app.organization, Kind.SPACE, self.id)


@dataclass(frozen=True, slots=True)
class SpaceList:
    """How far the listing of one app's spaces came."""

    app: Subject
    status: CollectionStatus
    announced: int | None
    """How many the API said there are; None where it does not tell (Confluence)."""
    read: int
    code: str = ""
    """"" when whole, else a stable word for the cause: an error's code, "no_token", "no_cloud_id"."""
    reason: str = ""
    visible_to: str = ""
    """Whose token it was read with, since a listing shows only what that account may see; "" where none was."""
    requests: int = 0


@dataclass(frozen=True, slots=True)
class KnownSpace:
    """A space with the time since which the history knows it."""

    space: Space
    host: str
    """Host of its site, "" where no app tells it."""
    type_key: str
    first_seen: datetime
    """Start of the first run that saw it."""
    from_the_start: bool
    """True when the first whole listing of its app showed it already: how new it is, nobody can tell."""

    @property
    def alias(self) -> str:
        """What people call it: "space:acme.atlassian.net/confluence/ENG"."""
        return f"space:{self.host or self.space.app.id}/{self.type_key}/{self.space.key or self.space.id}"


class SpaceBook(Protocol):
    """The spaces of one organization as of a run. Listings are asked for by app; nothing is ever held whole."""

    def lists(self) -> Mapping[Subject, SpaceList]:
        """The listing of each app that has spaces, of the run; empty when spaces were not read at all."""

    def count(self, app: Subject) -> int:
        """How many spaces of the app are known."""

    def find(self, text: str) -> Sequence[KnownSpace]:
        """Spaces by ARI, or by `space:HOST/TYPEKEY/KEY` without case; several where a key is ambiguous."""

    def of(self, app: Subject) -> Iterator[KnownSpace]:
        """The app's spaces by key without case, as the history's database sorts texts."""

    def since(self, app: Subject, moment: datetime) -> Iterator[KnownSpace]:
        """Spaces of the app that a run after the moment was the first to see, by key."""

    def bearers(self, app: Subject, key: str) -> Sequence[tuple[str, datetime]]:
        """The IDs of all spaces of the app that ever bore the key, without case, with the start of the first run that
        saw it so, oldest first.
        """

    def read_at(self) -> datetime | None:
        """Start of the run that it is of; None when there was none."""

    def search(self, text: str, limit: int = 50) -> Sequence[KnownSpace]:
        """Spaces whose key or name holds the text, without case; at most `limit`, by key."""

    def page(self, app: Subject, offset: int, limit: int) -> Sequence[KnownSpace]:
        """At most `limit` of the app's spaces from the place `offset` on, 0 for the first, in the order of `of`."""

    def position(self, space: Space) -> int | None:
        """The place of the space among its app's in the order of `of`; None where it is not among them."""


class NoSpaces:
    """The book of an organization whose spaces nobody read."""

    def lists(self) -> Mapping[Subject, SpaceList]:
        """None."""
        return {}

    def count(self, app: Subject) -> int:  # noqa: ARG002
        """None."""
        return 0

    def find(self, text: str) -> Sequence[KnownSpace]:  # noqa: ARG002
        """None."""
        return ()

    def of(self, app: Subject) -> Iterator[KnownSpace]:  # noqa: ARG002
        """None."""
        return iter(())

    def since(self, app: Subject, moment: datetime) -> Iterator[KnownSpace]:  # noqa: ARG002
        """None."""
        return iter(())

    def bearers(self, app: Subject, key: str) -> Sequence[tuple[str, datetime]]:  # noqa: ARG002
        """None."""
        return ()

    def read_at(self) -> datetime | None:
        """Never."""
        return None

    def search(self, text: str, limit: int = 50) -> Sequence[KnownSpace]:  # noqa: ARG002
        """None."""
        return ()

    def page(self, app: Subject, offset: int, limit: int) -> Sequence[KnownSpace]:  # noqa: ARG002
        """None."""
        return ()

    def position(self, space: Space) -> int | None:  # noqa: ARG002
        """Nowhere."""
        return None


NO_SPACES = NoSpaces()
