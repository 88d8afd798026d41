"""The spaces of every site: those listed in a scenario, and those computed on demand.

A site has two lists, one for all its Jira apps and one for Confluence. A large organization stores none of its spaces:
they are computed from their number, the same in every run and at every size. Only edited lists are stored, and the
lists of the sites that are being read are cached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal, TypeAlias

from contribaudit.simulator.values import App, Space

Family: TypeAlias = Literal["jira", "confluence"]
Place: TypeAlias = tuple[str, Family]
"""A cloud ID and the product whose list it is."""


def place_of(ari: str) -> Place:
    """The place of the list that holds an app's spaces."""
    return ari.rsplit("/", 1)[-1], "confluence" if ari.startswith("ari:cloud:confluence:") else "jira"


class Spaces:
    """Every space of an organization."""

    def __init__(self, numbered: Callable[[Place], Sequence[Space]] = lambda _: (), count: int = 0) -> None:
        """Take `numbered`, which gives the unedited list of a place, and `count`, the number of all such spaces."""
        self._numbered = numbered
        self._count = count
        self._lists: dict[Place, list[Space]] = {}

    def __len__(self) -> int:
        return self._count + sum(map(len, self._lists.values()))

    def at(self, place: Place) -> Sequence[Space]:
        """The spaces of one list, in order of creation."""
        return self._lists[place] if place in self._lists else self._numbered(place)

    def find(self, which: str, apps: Sequence[App]) -> Space:
        """A space by its short name, `acme/HR` (first label of its site's host, key); raises `KeyError` without one."""
        label, _, key = which.partition("/")
        for place in dict.fromkeys(place_of(app.id) for app in apps if app.host_url and app.name == label):
            for space in self.at(place):
                if space.key == key:
                    return space
        raise KeyError(f"the organization has no space {which!r}")

    def add(self, space: Space) -> None:
        """Add a space at the end of its list."""
        self._edited(place_of(space.app)).append(space)

    def replace(self, old: Space, new: Space | None) -> None:
        """Replace a space with another; None removes it."""
        listed = self._edited(place_of(old.app))
        index = listed.index(old)
        listed[index : index + 1] = [] if new is None else [new]

    def _edited(self, place: Place) -> list[Space]:
        """The list of a place as a stored copy that can be edited."""
        if place not in self._lists:
            self._lists[place] = list(self.at(place))
            self._count -= len(self._lists[place])
        return self._lists[place]


KINDS = (
    ("jira-software", "software"),
    ("jira-servicedesk", "service_desk"),
    ("jira-software", "business"),
    ("jira-product-discovery", "product_discovery"),
)
WIKI_KINDS = (
    "personal",
    "global",
    "collaboration",
    "personal",
    "global",
    "knowledge_base",
    "personal",
    "global",
    "global",
)


OWNERS = tuple(f"557058:{number:04}" for number in range(500))
_CACHED_LISTS = 32
"""More than a client reads at the same time."""


def spread(count: int, cloud_ids: Sequence[str], created_at: datetime) -> Spaces:
    """Spaces spread evenly over these sites: half belong to Jira, and a third of Confluence's are personal."""
    site_numbers = {cloud_id: number for number, cloud_id in enumerate(cloud_ids)}

    @lru_cache(_CACHED_LISTS)
    def numbered(place: Place) -> Sequence[Space]:
        cloud_id, family = place
        site = site_numbers.get(cloud_id)
        if site is None:
            return ()
        own = count // len(cloud_ids) + (site < count % len(cloud_ids))
        if family == "jira":
            return tuple(_project(cloud_id, number, created_at) for number in range((own + 1) // 2))
        return tuple(_wiki_space(cloud_id, number, created_at) for number in range(own // 2))

    return Spaces(numbered, count)


def _project(cloud_id: str, number: int, created_at: datetime) -> Space:
    (owner_app, kind), digits = KINDS[number % 4], f"{number:06}"
    status = "archived" if number % 12 == 11 else "live"
    return Space(
        f"ari:cloud:{owner_app}::site/{cloud_id}",
        str(10_000 + number),
        f"P{digits}",
        f"Project {digits}",
        kind,
        status,
        number % 9 == 8,
        created_at,
        OWNERS[number % 500],
    )


def _wiki_space(cloud_id: str, number: int, created_at: datetime) -> Space:
    kind, digits = WIKI_KINDS[number % 9], f"{number:06}"
    personal = kind == "personal"
    key, name = (f"~{cloud_id[:8]}{digits}", f"Person {digits}") if personal else (f"W{digits}", f"Space {digits}")
    status = "archived" if number % 12 == 11 else "current"
    return Space(
        f"ari:cloud:confluence::site/{cloud_id}",
        str(65_536 + number),
        key,
        name,
        kind,
        status,
        number % 10 == 9,
        created_at,
        OWNERS[number % 500],
    )
